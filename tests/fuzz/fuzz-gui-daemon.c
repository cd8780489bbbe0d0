/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A daemon's stream, as our agent reads it: version, what the screen is, then headers and bodies.
 * What the decoders accept keeps every promise of proto/gui.h; unknown types can be skipped.
 */
#include "proto/gui.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool promise) {
	if (!promise)
		abort();
}

static void check_promises(const struct gui_from_daemon *m) {
	struct rect r = m->configure.at;

	switch ((unsigned)m->type) {
	case GUI_KEYPRESS:
		must(m->key.type == 2 || m->key.type == 3);
		must(m->key.keycode >= 8 && m->key.keycode <= 255);
		break;
	case GUI_BUTTON:
		must(m->button.type == 4 || m->button.type == 5);
		must(m->button.button >= 1 && m->button.button <= 255);
		break;
	case GUI_CROSSING:
		must(m->crossing.type == 7 || m->crossing.type == 8);
		break;
	case GUI_FOCUS:
		must(m->focus.type == 9 || m->focus.type == 10);
		break;
	case GUI_MAP:
		must(m->map.transient_for == 0);
		break;
	case GUI_CONFIGURE:
		must(r.x >= -GUI_MAX_W && r.x <= GUI_MAX_W && r.w >= 1 && r.w <= GUI_MAX_W);
		must(r.y >= -GUI_MAX_H && r.y <= GUI_MAX_H && r.h >= 1 && r.h <= GUI_MAX_H);
		break;
	case GUI_WINDOW_FLAGS:
		must((m->flags.set & m->flags.unset) == 0);
		must(((m->flags.set | m->flags.unset) & ~7u) == 0);
		break;
	case GUI_CLIPBOARD_DATA:
		must(m->clipboard.size <= GUI_CLIPBOARD_MAX + 1);
		break;
	default:
		must(m->type == GUI_MOTION || m->type == GUI_DESTROY || m->type == GUI_CLOSE ||
			m->type == GUI_CLIPBOARD_REQ || m->type == GUI_KEYMAP_NOTIFY ||
			m->type == GUI_WINDOW_DUMP_ACK);
	}
}

static void check_again(const struct gui_from_daemon *m) {
	static uint8_t one[GUI_HEADER_SIZE + GUI_CLIPBOARD_MAX + 1], two[sizeof(one)];
	size_t n = gui_encode_from_daemon(m, one, sizeof(one));
	struct gui_from_daemon back;
	struct gui_header h;

	must(n >= GUI_HEADER_SIZE);
	must(!gui_decode_daemon_header(span_over(one, GUI_HEADER_SIZE), &h));
	must(h.length == n - GUI_HEADER_SIZE && h.window == m->window);
	must(!gui_decode_daemon_body(&h, span_over(one + GUI_HEADER_SIZE, h.length), &back));
	must(gui_encode_from_daemon(&back, two, sizeof(two)) == n && !memcmp(one, two, n));
}

static bool preface(struct span *in) {
	struct span version = span_over(span_take(in, 4), 4);
	struct span xconf = span_over(span_take(in, GUI_XCONF_SIZE), GUI_XCONF_SIZE);
	struct gui_version v;
	struct gui_xconf x;

	if (in->bad)
		return false;
	must(!gui_decode_version(version, &v));
	if (!gui_negotiate(v, &v))
		must(v.major == GUI_VERSION_MAJOR && v.minor <= GUI_VERSION_MINOR);
	if (!gui_decode_xconf(xconf, &x))
		must(x.screen.w - 1 < GUI_SCREEN_MAX && x.screen.h - 1 < GUI_SCREEN_MAX);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct span in = span_over(data, size);

	if (!preface(&in))
		return 0;
	while (in.left >= GUI_HEADER_SIZE) {
		struct span head = span_over(span_take(&in, GUI_HEADER_SIZE), GUI_HEADER_SIZE);
		struct gui_from_daemon m;
		struct gui_header h;
		int r = gui_decode_daemon_header(head, &h);

		if (r == GUI_E_LENGTH || h.length > in.left)
			break;
		head = span_over(span_take(&in, h.length), h.length);
		if (r == GUI_E_TYPE) {
			must(gui_decode_daemon_body(&h, head, &m) == GUI_E_TYPE);
			continue;
		}
		if (gui_decode_daemon_body(&h, head, &m))
			continue;
		check_promises(&m);
		check_again(&m);
	}
	return 0;
}
