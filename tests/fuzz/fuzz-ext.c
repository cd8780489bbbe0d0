/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The second port's stream: what the decoders accept keeps what proto/ext.h promises, and encodes
 * to the same bytes. */
#include "proto/ext.h"

#include "proto/gui.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool promise) {
	if (!promise)
		abort();
}

static void check_monitors(const struct ext_monitors *m) {
	must(m->screen.w - 1 < GUI_SCREEN_MAX && m->screen.h - 1 < GUI_SCREEN_MAX);
	must(m->count >= 1 && m->count <= EXT_MONITORS_MAX);
	for (uint32_t i = 0; i < m->count; i++) {
		struct rect r = m->monitors[i].at;

		must(r.x >= 0 && r.y >= 0 && r.w - 1 < GUI_MAX_W && r.h - 1 < GUI_MAX_H);
		must((int64_t)r.x + r.w <= m->screen.w && (int64_t)r.y + r.h <= m->screen.h);
		must(m->monitors[i].millimetres.w <= EXT_MILLIMETRES_MAX);
		must(m->monitors[i].millimetres.h <= EXT_MILLIMETRES_MAX);
	}
}

static void check_name(const char *s) {
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_,:.()+-";

	must(strnlen(s, EXT_XKB_TEXT) < EXT_XKB_TEXT && s[strspn(s, allowed)] == '\0');
}

static void check_promises(const struct ext_msg *m) {
	switch (m->type) {
	case EXT_HELLO:
		must(m->version >= 1);
		break;
	case EXT_MONITORS:
		check_monitors(&m->monitors);
		break;
	case EXT_KEYBOARD:
		check_name(m->keyboard.rules);
		check_name(m->keyboard.model);
		check_name(m->keyboard.layout);
		check_name(m->keyboard.variant);
		check_name(m->keyboard.options);
		break;
	case EXT_FRAME_DONE:
	case EXT_READY:
	case EXT_CLIPBOARD_OWNER:
		break;
	default:
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct span in = span_over(data, size);

	while (in.left >= EXT_HEADER_SIZE) {
		const uint8_t *start = span_take(&in, EXT_HEADER_SIZE);
		uint8_t again[EXT_HEADER_SIZE + EXT_BODY_MAX];
		struct ext_header h;
		struct ext_msg m;

		if (ext_decode_header(span_over(start, EXT_HEADER_SIZE), &h))
			break;
		must(h.length <= EXT_BODY_MAX);
		if (h.length > in.left) {
			must(ext_decode_body(&h, in, &m) != 0);
			break;
		}
		if (ext_decode_body(&h, span_over(span_take(&in, h.length), h.length), &m))
			continue;
		check_promises(&m);
		must(ext_encode(&m, again, sizeof(again)) == EXT_HEADER_SIZE + h.length);
		must(!memcmp(again, start, EXT_HEADER_SIZE + h.length));
	}
	return 0;
}
