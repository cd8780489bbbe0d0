/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Framing and phases of a daemon's connection. Must never decode a field itself: that is proto/. */
#include "gui-agent/session.h"

void session_init(struct session *s) {
	*s = (struct session){.phase = SESSION_WAITS_VERSION};
}

size_t session_hello(void *buf, size_t size) {
	struct gui_version ours = {GUI_VERSION_MAJOR, GUI_VERSION_MINOR};

	return gui_encode_version(ours, buf, size);
}

/* A part of `in`, or nothing if it is not there as a whole. */
static bool front(struct span in, size_t n, struct span *ret) {
	if (in.left < n)
		return false;
	*ret = span_over(in.at, n);
	return true;
}

static int take_version(struct session *s, struct span in, size_t *used, struct session_item *ret) {
	struct gui_version v;
	struct span part;

	if (!front(in, 4, &part))
		return SESSION_E_MORE;
	if (gui_decode_version(part, &v))
		return SESSION_E_BROKEN;
	if (v.major != GUI_VERSION_MAJOR || v.minor > GUI_VERSION_MINOR ||
		v.minor < GUI_MINOR_TWO_WAY)
		return SESSION_E_VERSION;
	s->minor = v.minor;
	s->phase = SESSION_WAITS_XCONF;
	*used = 4;
	ret->kind = SESSION_NOTHING;
	return 0;
}

static int take_xconf(struct session *s, struct span in, size_t *used, struct session_item *ret) {
	struct gui_xconf xconf;
	struct span part;

	if (!front(in, GUI_XCONF_SIZE, &part))
		return SESSION_E_MORE;
	if (gui_decode_xconf(part, &xconf))
		return SESSION_E_BROKEN;
	s->phase = SESSION_RUNS;
	*used = GUI_XCONF_SIZE;
	*ret = (struct session_item){.kind = SESSION_STARTED, .xconf = xconf};
	return 0;
}

static int take_skipped(struct session *s, struct span in, size_t *used, struct session_item *ret) {
	size_t n = in.left < s->skip ? in.left : s->skip;

	if (n == 0)
		return SESSION_E_MORE;
	s->skip -= (uint32_t)n;
	*used = n;
	ret->kind = SESSION_NOTHING;
	return 0;
}

static int take_message(struct session *s, struct span in, size_t *used, struct session_item *ret) {
	struct gui_header header;
	struct span part;
	int r;

	if (!front(in, GUI_HEADER_SIZE, &part))
		return SESSION_E_MORE;
	r = gui_decode_daemon_header(part, &header);
	if (r == GUI_E_TYPE) {
		s->skip = header.length;
		*used = GUI_HEADER_SIZE;
		ret->kind = SESSION_NOTHING;
		return 0;
	}
	if (r != 0)
		return SESSION_E_BROKEN;

	span_take(&in, GUI_HEADER_SIZE);
	if (!front(in, header.length, &part))
		return SESSION_E_MORE;
	r = gui_decode_daemon_body(&header, part, &ret->message);
	if (r != 0 && r != GUI_E_RANGE)
		return SESSION_E_BROKEN;
	ret->kind = r == 0 ? SESSION_MESSAGE : SESSION_NOTHING;
	*used = GUI_HEADER_SIZE + header.length;
	return 0;
}

int session_take(struct session *s, struct span in, size_t *used, struct session_item *ret) {
	if (s->phase == SESSION_WAITS_VERSION)
		return take_version(s, in, used, ret);
	if (s->phase == SESSION_WAITS_XCONF)
		return take_xconf(s, in, used, ret);
	if (s->skip > 0)
		return take_skipped(s, in, used, ret);
	return take_message(s, in, used, ret);
}
