/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of the call path's own processes; see broker.h. */
#include "proto/broker.h"
#include "proto/qrexec.h"

static const struct row {
	enum broker_type type;
	enum broker_from from;
	uint32_t least, most; /* texts */
} rows[] = {
	{BROKER_READY, BROKER_FROM_DAEMON, 0, 0},
	{BROKER_CALL, BROKER_FROM_DAEMON, 3, 3},
	{BROKER_TERMINATED, BROKER_FROM_DAEMON, 0, 0},
	{BROKER_FAULT, BROKER_FROM_DAEMON, 1, 1},
	{BROKER_EXEC, BROKER_TO_DAEMON, 1, 1},
	{BROKER_CONNECT, BROKER_TO_DAEMON, 0, 0},
	{BROKER_REFUSE, BROKER_TO_DAEMON, 0, 0},
	{BROKER_DOMAIN, BROKER_FROM_MANAGER, BROKER_ABOUT_TAGS, BROKER_ABOUT_TAGS + 256},
	{BROKER_DOMAIN_GONE, BROKER_FROM_MANAGER, 1, 1},
	{BROKER_DAEMON, BROKER_FROM_MANAGER, 1, 1},
	{BROKER_DONE, BROKER_FROM_MANAGER, 1, 1},
	{BROKER_PASTE, BROKER_FROM_MANAGER, 2, 2},
	{BROKER_CLIPBOARD, BROKER_FROM_MANAGER, 5, 5},
	{BROKER_PASTE_DECIDED, BROKER_TO_MANAGER, 1, 1},
	{BROKER_START, BROKER_TO_MANAGER, 1, 1},
	{BROKER_DISPOSABLE, BROKER_TO_MANAGER, 1, 1},
	{BROKER_KILL, BROKER_TO_MANAGER, 1, 1},
	{BROKER_VCHAN, BROKER_TO_MANAGER, 0, 0},
	{BROKER_NOTE, BROKER_TO_MANAGER, 4, 4},
	{BROKER_QUESTION, BROKER_TO_DIALOG, 9, BROKER_TEXTS_MAX},
	{BROKER_CHOICE, BROKER_FROM_DIALOG, 1, 1},
	{BROKER_RUN, BROKER_FROM_CLIENT, 2, 2},
	{BROKER_RUNNING, BROKER_TO_CLIENT, 0, 0},
	{BROKER_FAILED, BROKER_TO_CLIENT, 1, 1},
	{BROKER_LEASES, BROKER_FROM_CLIENT, 0, 0},
	{BROKER_LEASE, BROKER_TO_CLIENT, 6, 6},
	{BROKER_LEASES_END, BROKER_TO_CLIENT, 0, 0},
};

static const struct row *find(uint32_t type) {
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if ((uint32_t)rows[i].type == type)
			return &rows[i];
	return NULL;
}

static bool in_alphabet(const char *text, const char *also, size_t max) {
	size_t n = 0;

	for (; text[n]; n++) {
		char c = text[n];
		bool alnum = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			     (c >= '0' && c <= '9');

		if (n == max || (!alnum && !strchr(also, c)))
			return false;
	}
	return true;
}

static bool call_is_clean(const struct broker_msg *m) {
	const char *service = m->texts[2];

	return in_alphabet(m->texts[0], "_.-@:", QREXEC_NAME_SIZE - 1) &&
	       in_alphabet(m->texts[1], "_.-@:", QREXEC_NAME_SIZE - 1) &&
	       in_alphabet(service, "_.-+", QREXEC_SERVICE_MAX - 1) && service[0] &&
	       service[0] != '+';
}

static bool is_clean(const struct broker_msg *m) {
	switch ((unsigned)m->type) {
	case BROKER_CALL:
		return call_is_clean(m);
	case BROKER_TERMINATED:
		return m->port >= QREXEC_PORT_FIRST && m->port <= QREXEC_PORT_LAST;
	case BROKER_CHOICE:
		return m->value < BROKER_CHOICES;
	case BROKER_PASTE_DECIDED:
		return (m->value & ~(uint32_t)BROKER_PASTE_RAW) <= BROKER_PASTE_ASK;
	case BROKER_QUESTION:
		return m->count % 3 == 0;
	case BROKER_LEASES:
		return m->value <= 1;
	default:
		return true;
	}
}

int broker_decode(enum broker_from from, struct span in, struct broker_msg *ret) {
	const struct row *row;
	uint32_t type = span_u32(&in);

	ret->id = span_u64(&in);
	ret->domain = span_u32(&in);
	ret->port = span_u32(&in);
	ret->value = span_u32(&in);
	ret->count = span_u32(&in);
	span_u32(&in);
	row = find(type);
	if (in.bad || !row || row->from != from || ret->count < row->least ||
		ret->count > row->most)
		return 1;
	ret->type = row->type;
	for (uint32_t i = 0; i < ret->count; i++) {
		const uint8_t *end = in.left ? memchr(in.at, 0, in.left) : NULL;

		if (!end)
			return 1;
		ret->texts[i] = (const char *)span_take(&in, (size_t)(end - in.at) + 1);
	}
	return span_done(&in) && is_clean(ret) ? 0 : 1;
}

size_t broker_encode(const struct broker_msg *m, void *buf, size_t size) {
	struct sink s = sink_over(buf, size);

	sink_u32(&s, (uint32_t)m->type);
	sink_u64(&s, m->id);
	sink_u32(&s, m->domain);
	sink_u32(&s, m->port);
	sink_u32(&s, m->value);
	sink_u32(&s, m->count);
	sink_u32(&s, 0);
	for (uint32_t i = 0; i < m->count; i++)
		sink_bytes(&s, m->texts[i], strlen(m->texts[i]) + 1);
	return s.bad ? 0 : size - s.left;
}
