/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The messages of proto/hv.h as bytes (docs/protocols/hv.md). A request is eight u32: type, id,
 * peer, three fields by type, two zeros. An answer: type, id, status, value, four zeros. */
#include "proto/hv.h"

#define FIELDS 3

struct range {
	uint32_t least, most;
};

#define ANY                                                                                        \
	{ 0, UINT32_MAX }
#define POSITIVE                                                                                   \
	{ 1, UINT32_MAX }
#define ZERO                                                                                       \
	{ 0, 0 }
#define DOMAIN                                                                                     \
	{ 0, HV_DOMAIN_MAX }
#define GUEST                                                                                      \
	{ 1, HV_DOMAIN_MAX }
#define PORT                                                                                       \
	{ 0, HV_PORT_MAX }
#define RING                                                                                       \
	{ 1, HV_RING_MAX }
#define COUNT                                                                                      \
	{ 1, HV_PAGES_MAX }

/* What an honest process may put where. No row, no such request. */
static const struct row {
	struct range peer, field[FIELDS];
} rows[] = {
	[HV_VCHAN_SERVER] = {DOMAIN, {PORT, RING, RING}},
	[HV_VCHAN_CLIENT] = {DOMAIN, {PORT, ZERO, ZERO}},
	[HV_PAGES_SHARE] = {DOMAIN, {ZERO, COUNT, ZERO}},
	[HV_PAGES_UNSHARE] = {ZERO, {ANY, ZERO, ZERO}},
	[HV_PAGES_MAP] = {DOMAIN, {ANY, COUNT, ZERO}},
	[HV_DOMAIN_CREATE] = {DOMAIN, {POSITIVE, POSITIVE, POSITIVE}},
	[HV_DOMAIN_DESTROY] = {GUEST, {ZERO, ZERO, ZERO}},
	[HV_ADMIT] = {GUEST, {ZERO, ZERO, ZERO}},
	[HV_DOMAIN_NEXT] = {DOMAIN, {ZERO, ZERO, ZERO}},
};

static bool in_range(uint32_t v, struct range r) {
	return v >= r.least && v <= r.most;
}

static void fields_in(struct hv_request *r, const uint32_t f[FIELDS]) {
	if (r->type == HV_VCHAN_SERVER || r->type == HV_VCHAN_CLIENT) {
		r->vchan.port = f[0];
		r->vchan.read_min = f[1];
		r->vchan.write_min = f[2];
	} else if (r->type == HV_DOMAIN_CREATE) {
		r->quota.max_pages = f[0];
		r->quota.max_vchans = f[1];
		r->quota.max_connections = f[2];
	} else {
		r->pages.first = f[0];
		r->pages.count = f[1];
	}
}

static void fields_out(const struct hv_request *r, uint32_t f[FIELDS]) {
	f[0] = f[1] = f[2] = 0;
	if (r->type == HV_VCHAN_SERVER || r->type == HV_VCHAN_CLIENT) {
		f[0] = r->vchan.port;
		f[1] = r->vchan.read_min;
		f[2] = r->vchan.write_min;
	} else if (r->type == HV_DOMAIN_CREATE) {
		f[0] = r->quota.max_pages;
		f[1] = r->quota.max_vchans;
		f[2] = r->quota.max_connections;
	} else if (r->type == HV_PAGES_SHARE || r->type == HV_PAGES_UNSHARE ||
		   r->type == HV_PAGES_MAP) {
		f[0] = r->pages.first;
		f[1] = r->pages.count;
	}
}

int hv_decode_request(struct span in, struct hv_request *ret) {
	uint32_t type = span_u32(&in), f[FIELDS];
	struct hv_request r = {0};
	uint64_t rest;

	r.id = span_u32(&in);
	r.peer = span_u32(&in);
	for (unsigned i = 0; i < FIELDS; i++)
		f[i] = span_u32(&in);
	rest = span_u64(&in);
	if (!span_done(&in) || rest != 0)
		return 1;
	if (type < HV_VCHAN_SERVER || type > HV_DOMAIN_NEXT || !in_range(r.peer, rows[type].peer))
		return 1;
	for (unsigned i = 0; i < FIELDS; i++)
		if (!in_range(f[i], rows[type].field[i]))
			return 1;

	r.type = (enum hv_type)type;
	fields_in(&r, f);
	*ret = r;
	return 0;
}

int hv_decode_answer(struct span in, struct hv_answer *ret) {
	uint32_t type = span_u32(&in), id = span_u32(&in), status = span_u32(&in);
	uint32_t value = span_u32(&in);
	uint64_t rest = span_u64(&in) | span_u64(&in);

	if (!span_done(&in) || rest != 0 || type != HV_ANSWER || status > HV_E_HOST)
		return 1;
	*ret = (struct hv_answer){.id = id, .status = (enum hv_status)status, .value = value};
	return 0;
}

void hv_encode_request(const struct hv_request *r, uint8_t ret[HV_MESSAGE_SIZE]) {
	struct sink out = sink_over(ret, HV_MESSAGE_SIZE);
	uint32_t f[FIELDS];

	fields_out(r, f);
	sink_u32(&out, (uint32_t)r->type);
	sink_u32(&out, r->id);
	sink_u32(&out, r->peer);
	for (unsigned i = 0; i < FIELDS; i++)
		sink_u32(&out, f[i]);
	sink_u64(&out, 0);
}

void hv_encode_answer(const struct hv_answer *a, uint8_t ret[HV_MESSAGE_SIZE]) {
	struct sink out = sink_over(ret, HV_MESSAGE_SIZE);

	sink_u32(&out, HV_ANSWER);
	sink_u32(&out, a->id);
	sink_u32(&out, (uint32_t)a->status);
	sink_u32(&out, a->value);
	sink_u64(&out, 0);
	sink_u64(&out, 0);
}

const char *hv_status_text(enum hv_status status) {
	switch (status) {
	case HV_OK:
		return "done";
	case HV_E_REQUEST:
		return "the request is malformed or not allowed on this connection";
	case HV_E_QUOTA:
		return "the domain holds as much as it may; it must give something back first";
	case HV_E_NO_DOMAIN:
		return "there is no such domain";
	case HV_E_BUSY:
		return "that port or id is taken already";
	case HV_E_REFS:
		return "the pages were not shared so";
	case HV_E_HOST:
		return "this machine ran out of memory or file descriptors";
	}
	return "an answer that bulkhead-hv does not give";
}
