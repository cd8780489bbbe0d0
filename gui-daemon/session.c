/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-daemon/session.h"

#include "gui-daemon/windows.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>

#define VERSION_SIZE 4

enum phase { PHASE_VERSION, PHASE_HEADER, PHASE_BODY, PHASE_OVER };

struct session {
	struct session_config config;
	enum phase phase;
	unsigned minor;
	struct gui_header header;
	char reason[96];
};

struct session *session_new(const struct session_config *config) {
	struct session *s = g_try_new0(struct session, 1);

	if (s)
		s->config = *config;
	return s;
}

struct session *session_free(struct session *s) {
	g_free(s);
	return NULL;
}

const char *session_reason(const struct session *s) {
	return s->reason;
}

size_t session_need(const struct session *s) {
	switch (s->phase) {
	case PHASE_VERSION:
		return VERSION_SIZE;
	case PHASE_BODY:
		return s->header.length;
	case PHASE_HEADER:
	case PHASE_OVER:
		break;
	}
	return GUI_HEADER_SIZE;
}

static void send_bytes(struct session *s, const void *bytes, size_t size) {
	g_assert(size > 0); /* 0 would be a message of ours that cannot be written */
	s->config.write(s->config.data, bytes, size);
}

static int take_version(struct session *s, struct span bytes) {
	struct gui_version agent, both;
	uint8_t out[GUI_XCONF_SIZE];
	int r;

	if (gui_decode_version(bytes, &agent)) {
		snprintf(s->reason, sizeof(s->reason), "sent no version");
		return SESSION_E_VIOLATION;
	}
	r = gui_negotiate(agent, &both);
	if (r) {
		snprintf(s->reason, sizeof(s->reason),
			"speaks GUI protocol %u.%u, which is too %s for this version (%u.%u)",
			agent.major, agent.minor, r == 1 ? "old" : "new", GUI_VERSION_MAJOR,
			GUI_VERSION_MINOR);
		return SESSION_E_VERSION;
	}
	s->minor = both.minor;
	if (s->minor >= GUI_MINOR_TWO_WAY)
		send_bytes(s, out, gui_encode_version(both, out, sizeof(out)));
	send_bytes(s, out, gui_encode_xconf(&s->config.xconf, out, sizeof(out)));
	s->phase = PHASE_HEADER;
	s->config.on_connected(s->config.data, s->minor);
	return 0;
}

static int violation(struct session *s, const char *what, unsigned type) {
	snprintf(s->reason, sizeof(s->reason), "sent message %u %s", type, what);
	return SESSION_E_VIOLATION;
}

/* A value that no honest agent sends. Without these two later messages would have no meaning; any
 * other is dropped alone. */
static int out_of_range(struct session *s) {
	if (s->header.type == GUI_CREATE || s->header.type == GUI_WINDOW_DUMP)
		return violation(s, "with a value out of range", s->header.type);
	if (s->header.type != GUI_SHMIMAGE)
		s->config.on_dropped(s->config.data, "sent a message with a value out of range");
	return 0;
}

static int take_clipboard(struct session *s, const struct gui_clipboard *clipboard) {
	const char *wrong = s->config.on_clipboard(s->config.data, clipboard);

	if (wrong)
		s->config.on_dropped(s->config.data, wrong);
	return 0;
}

static int take_body(struct session *s, struct span bytes) {
	struct gui_from_agent m;
	int r = gui_decode_agent_body(&s->header, bytes, s->minor, &m);

	s->phase = PHASE_HEADER;
	if (r == GUI_E_RANGE)
		return out_of_range(s);
	if (r)
		return violation(s, r == GUI_E_TYPE ? "of an unknown kind" : "of a wrong length",
			s->header.type);
	if (m.type == GUI_CLIPBOARD_DATA)
		return take_clipboard(s, &m.clipboard);
	r = windows_on_message(s->config.windows, &m, s->minor);
	if (r != WINDOWS_E_VIOLATION)
		return r;
	snprintf(s->reason, sizeof(s->reason), "%s", windows_reason(s->config.windows));
	return SESSION_E_VIOLATION;
}

static int take_header(struct session *s, struct span bytes) {
	struct span raw = bytes;
	uint32_t type = span_u32(&raw);
	int r = gui_decode_agent_header(bytes, s->minor, &s->header);

	if (r)
		return violation(
			s, r == GUI_E_TYPE ? "of an unknown kind" : "of a wrong length", type);
	if (s->header.length == 0)
		return take_body(s, span_over(NULL, 0));
	s->phase = PHASE_BODY;
	return 0;
}

int session_take(struct session *s, struct span bytes) {
	int r = -EINVAL;

	g_assert(bytes.left == session_need(s));
	switch (s->phase) {
	case PHASE_VERSION:
		r = take_version(s, bytes);
		break;
	case PHASE_HEADER:
		r = take_header(s, bytes);
		break;
	case PHASE_BODY:
		r = take_body(s, bytes);
		break;
	case PHASE_OVER:
		break;
	}
	if (r)
		s->phase = PHASE_OVER;
	return r;
}

/* From which version on an agent knows a message. */
static unsigned since(enum gui_type type) {
	if (type == GUI_DESTROY)
		return GUI_MINOR_DESTROY_ACK;
	return type == GUI_WINDOW_DUMP_ACK ? GUI_MINOR_DUMP_ACK : 0;
}

void session_send(struct session *s, const struct gui_from_daemon *m) {
	size_t size = GUI_MESSAGE_MAX;
	g_autofree uint8_t *out = NULL;

	if (s->phase == PHASE_VERSION || s->phase == PHASE_OVER || s->minor < since(m->type))
		return;
	if (m->type == GUI_CLIPBOARD_DATA)
		size = GUI_HEADER_SIZE + m->clipboard.size;
	out = g_malloc(size);
	send_bytes(s, out, gui_encode_from_daemon(m, out, size));
}
