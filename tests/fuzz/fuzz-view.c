/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets between the two processes of a gui-daemon, in either direction: what is accepted keeps
 * what proto/view.h promises, and encodes to the same bytes. The first byte chooses the direction,
 * two bytes before each packet tell its length.
 */
#include "proto/view.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool promise) {
	if (!promise)
		abort();
}

static void check_size(uint32_t w, uint32_t h) {
	must(w - 1 < GUI_MAX_W && h - 1 < GUI_MAX_H);
}

static void check_place(struct rect r) {
	check_size(r.w, r.h);
	must(llabs(r.x) <= GUI_MAX_W && llabs(r.y) <= GUI_MAX_H);
}

static void check_text(const char *text, size_t size) {
	size_t len = strnlen(text, size);

	must(len < size);
	for (size_t i = len; i < size; i++)
		must(text[i] == 0);
}

static void check_hints(const struct gui_hints *h) {
	check_size(h->max.w, h->max.h);
	must(h->min.w <= h->max.w && h->min.h <= h->max.h);
	must(h->inc.w >= 1 && h->inc.h >= 1 && h->base.w <= GUI_MAX_W && h->base.h <= GUI_MAX_H);
}

static void check_order(const struct view_order *o) {
	switch ((int)o->type) {
	case VIEW_CONNECTED:
		must(o->minor <= GUI_VERSION_MINOR);
		break;
	case VIEW_REFUSED:
		check_text(o->untrusted_refused, sizeof(o->untrusted_refused));
		break;
	case VIEW_CLIP_SAID:
		must(o->said.what >= CTL_CLIP_TEXT && o->said.what <= CTL_CLIP_DONE);
		check_text(o->said.untrusted_line, sizeof(o->said.untrusted_line));
		break;
	case VIEW_CREATE:
		check_place(o->create.at);
		break;
	case VIEW_PLACE:
		check_place(o->place);
		break;
	case VIEW_TITLE:
		check_text(o->untrusted_title, sizeof(o->untrusted_title));
		break;
	case VIEW_CLASS:
		check_text(o->class.untrusted_class, VIEW_CLASS_SIZE);
		check_text(o->class.untrusted_name, VIEW_CLASS_SIZE);
		break;
	case VIEW_HINTS:
		check_hints(&o->hints);
		break;
	case VIEW_FLAGS:
		must(!(o->flags.set & o->flags.unset) && (o->flags.set | o->flags.unset) <= 7);
		break;
	case VIEW_CURSOR:
		must(o->glyph == 0 || (o->glyph >= 0x100 && o->glyph <= 0x199));
		break;
	case VIEW_IMAGE:
		check_size(o->image.size.w, o->image.size.h);
		must(o->image.page < GUI_MAX_REFS);
		break;
	case VIEW_PAINT:
		check_size(o->area.w, o->area.h);
		must(o->area.x >= 0 && o->area.y >= 0);
		must((int64_t)o->area.x + o->area.w <= GUI_MAX_W);
		must((int64_t)o->area.y + o->area.h <= GUI_MAX_H);
		break;
	default:
		break;
	}
}

static void check_report(const struct view_report *r) {
	if (r->type == VIEW_SCREEN) {
		must(r->screen.frame - 1 < VIEW_FRAME_MAX);
		must(r->screen.monitors.count - 1 < EXT_MONITORS_MAX);
		for (uint32_t i = 0; i < r->screen.monitors.count; i++)
			must(!rect_empty(r->screen.usable[i]));
	} else if (r->type == VIEW_INPUT) {
		must(r->input.window == r->window && r->input.type != GUI_CLIPBOARD_DATA);
	}
}

static size_t take(struct span *in, bool orders, uint8_t again[VIEW_PACKET_MAX]) {
	struct view_order o;
	struct view_report r;

	if (orders) {
		if (view_decode_order(in, &o))
			return 0;
		check_order(&o);
		return view_encode_order(&o, again, VIEW_PACKET_MAX);
	}
	if (view_decode_report(in, &r))
		return 0;
	check_report(&r);
	return view_encode_report(&r, again, VIEW_PACKET_MAX);
}

static void take_packet(struct span in, bool orders) {
	uint8_t again[VIEW_PACKET_MAX];

	while (in.left > 0) {
		const uint8_t *start = in.at;
		struct span before = in;
		size_t n = take(&in, orders, again);

		if (n == 0) {
			struct view_order o;
			struct view_report r;

			/* Refused, and not accepted without being writable. */
			must(orders ? view_decode_order(&before, &o)
				    : view_decode_report(&before, &r));
			return;
		}
		must(n == (size_t)(in.at - start) && !memcmp(again, start, n));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct span in = span_over(data, size);
	bool orders = span_u8(&in) % 2 == 0;

	while (in.left > 2) {
		size_t n = span_u16(&in);

		n = n < in.left ? n : in.left;
		take_packet(span_over(span_take(&in, n), n), orders);
	}
	return 0;
}
