/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/init.h"

#define STATUS_MAX 0xffffu
#define ERRNO_MAX  4095u

static int event_valid(const struct init_event *e) {
	switch (e->type) {
	case INIT_HELLO:
		return e->id == 0 && e->value == INIT_VERSION;
	case INIT_READY:
		return e->id == 0 && e->value == 0;
	case INIT_SERVICE_STARTED:
		return e->id >= 1 && e->id <= INIT_SERVICE_MAX && e->value == 0;
	case INIT_SERVICE_ENDED:
		return e->id >= 1 && e->id <= INIT_SERVICE_MAX && e->value <= STATUS_MAX;
	case INIT_COMMAND_STARTED:
		return e->id >= 1 && e->value == 0;
	case INIT_COMMAND_FAILED:
		return e->id >= 1 && e->value >= 1 && e->value <= ERRNO_MAX;
	case INIT_COMMAND_ENDED:
		return e->id >= 1 && e->value <= STATUS_MAX;
	}
	return 0;
}

int init_decode_event(struct span in, struct init_event *ret) {
	struct init_event e;
	uint32_t zero;

	e.type = (enum init_event_type)span_u32(&in);
	e.id = span_u32(&in);
	e.value = span_u32(&in);
	zero = span_u32(&in);
	if (!span_done(&in) || zero != 0 || !event_valid(&e))
		return 1;
	*ret = e;
	return 0;
}

void init_encode_event(const struct init_event *e, uint8_t ret[INIT_EVENT_SIZE]) {
	struct sink out = sink_over(ret, INIT_EVENT_SIZE);

	sink_u32(&out, (uint32_t)e->type);
	sink_u32(&out, e->id);
	sink_u32(&out, e->value);
	sink_u32(&out, 0);
}

/* Are these bytes exactly n strings with their NULs? */
static int strings_valid(const uint8_t *data, size_t size, uint32_t n) {
	uint32_t found = 0;

	if (size == 0)
		return n == 0;
	for (size_t i = 0; i < size; i++)
		found += data[i] == 0;
	return found == n && data[size - 1] == 0;
}

int init_decode_request(struct span in, struct init_request *ret) {
	struct init_request r;
	uint32_t zero;

	if (in.left > INIT_REQUEST_MAX)
		return 1;
	r.type = (enum init_request_type)span_u32(&in);
	r.id = span_u32(&in);
	r.n_args = span_u32(&in);
	zero = span_u32(&in);
	if (in.bad || zero != 0 || r.n_args > INIT_ARGS_MAX ||
		!strings_valid(in.at, in.left, r.n_args))
		return 1;
	r.args = (const char *)in.at;
	switch (r.type) {
	case INIT_RUN:
		if (r.id == 0 || r.n_args == 0 || r.args[0] == '\0')
			return 1;
		break;
	case INIT_STOP:
		if (r.id != 0 || r.n_args != 0)
			return 1;
		break;
	default:
		return 1;
	}
	*ret = r;
	return 0;
}

size_t init_encode_request(enum init_request_type type, uint32_t id, const char *const *args,
	uint8_t *ret, size_t size) {
	struct sink out = sink_over(ret, size < INIT_REQUEST_MAX ? size : INIT_REQUEST_MAX);
	struct init_request check;
	uint32_t n = 0;
	size_t used;

	while (args && args[n])
		if (++n > INIT_ARGS_MAX)
			return 0;
	sink_u32(&out, (uint32_t)type);
	sink_u32(&out, id);
	sink_u32(&out, n);
	sink_u32(&out, 0);
	for (uint32_t i = 0; i < n; i++)
		sink_bytes(&out, args[i], strlen(args[i]) + 1);
	used = (size_t)(out.at - ret);
	if (out.bad || init_decode_request(span_over(ret, used), &check))
		return 0;
	return used;
}

const char *init_service_name(enum init_service service) {
	switch (service) {
	case INIT_X_SERVER:
		return "X server";
	case INIT_SESSION_BUS:
		return "session bus";
	case INIT_GUI_AGENT:
		return "GUI agent";
	case INIT_QREXEC_AGENT:
		return "qrexec agent";
	case INIT_NOTIFY_AGENT:
		return "notification service";
	}
	return "unknown service";
}
