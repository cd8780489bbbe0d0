/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An agent's stream: minor version, then headers and bodies. What the decoders accept keeps every
 * promise of proto/gui.h, and what is encoded from it decodes to the same again.
 */
#include "proto/gui.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool promise) {
	if (!promise)
		abort();
}

static void check_rect(struct rect r) {
	must(r.x >= -GUI_MAX_W && r.x <= GUI_MAX_W && r.y >= -GUI_MAX_H && r.y <= GUI_MAX_H);
	must(r.w >= 1 && r.w <= GUI_MAX_W && r.h >= 1 && r.h <= GUI_MAX_H);
}

static void check_area(struct rect r) {
	must(r.x >= 0 && r.x <= GUI_MAX_W && r.y >= 0 && r.y <= GUI_MAX_H);
	must(r.w <= GUI_MAX_W && r.h <= GUI_MAX_H);
}

static void check_hints(const struct gui_hints *h) {
	must((h->flags & ~0x175u) == 0);
	must(h->min.w <= GUI_MAX_W && h->min.h <= GUI_MAX_H);
	must(h->max.w >= 1 && h->max.w <= GUI_MAX_W && h->max.h >= 1 && h->max.h <= GUI_MAX_H);
	must(h->max.w >= h->min.w && h->max.h >= h->min.h);
	must(h->inc.w >= 1 && h->inc.w <= GUI_MAX_W && h->inc.h >= 1 && h->inc.h <= GUI_MAX_H);
	must(h->base.w <= GUI_MAX_W && h->base.h <= GUI_MAX_H);
}

static void check_dump(const struct gui_dump *d) {
	must(d->size.w >= 1 && d->size.w <= GUI_MAX_W && d->size.h >= 1 && d->size.h <= GUI_MAX_H);
	must(d->ref_count <= GUI_MAX_REFS);
	must((uint64_t)d->ref_count * GUI_PAGE >= (uint64_t)d->size.w * d->size.h * 4);
	gui_dump_ref(d, 0);
	gui_dump_ref(d, d->ref_count - 1);
}

static void check_promises(const struct gui_from_agent *m, unsigned minor) {
	switch ((unsigned)m->type) {
	case GUI_CREATE:
		check_rect(m->create.at);
		break;
	case GUI_CONFIGURE:
		check_rect(m->configure.at);
		break;
	case GUI_SHMIMAGE:
		check_area(m->shmimage.area);
		break;
	case GUI_WMNAME:
		must(strnlen(m->wmname.untrusted_text, 128) < 128);
		break;
	case GUI_WMCLASS:
		must(strnlen(m->wmclass.untrusted_class, 64) < 64);
		must(strnlen(m->wmclass.untrusted_name, 64) < 64);
		break;
	case GUI_WINDOW_HINTS:
		check_hints(&m->hints);
		break;
	case GUI_WINDOW_FLAGS:
		must((m->flags.set & m->flags.unset) == 0);
		must(((m->flags.set | m->flags.unset) & ~7u) == 0 && !(m->flags.unset & 4));
		break;
	case GUI_WINDOW_DUMP:
		check_dump(&m->dump);
		break;
	case GUI_CURSOR:
		must(m->cursor.glyph == 0 || m->cursor.glyph - 0x100 < 0x9a);
		break;
	case GUI_CLIPBOARD_DATA:
		must(m->clipboard.size <= (minor < 8 ? 65000u : 256001u));
		break;
	default:
		must(m->type == GUI_DESTROY || m->type == GUI_MAP || m->type == GUI_UNMAP ||
			m->type == GUI_DOCK);
	}
}

/* Encoded, decoded and encoded again: the same bytes; what is clamped stays where it is. */
static void check_again(const struct gui_from_agent *m) {
	static uint8_t one[GUI_HEADER_SIZE + GUI_BODY_MAX], two[sizeof(one)];
	size_t n = gui_encode_from_agent(m, one, sizeof(one));
	struct gui_from_agent back;
	struct gui_header h;

	must(n >= GUI_HEADER_SIZE);
	must(!gui_decode_agent_header(span_over(one, GUI_HEADER_SIZE), 8, &h));
	must(h.length == n - GUI_HEADER_SIZE && h.window == m->window);
	must(!gui_decode_agent_body(&h, span_over(one + GUI_HEADER_SIZE, h.length), 8, &back));
	must(gui_encode_from_agent(&back, two, sizeof(two)) == n && !memcmp(one, two, n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct span in = span_over(data, size);
	unsigned minor = span_u8(&in) % 10;

	while (in.left >= GUI_HEADER_SIZE) {
		struct span head = span_over(span_take(&in, GUI_HEADER_SIZE), GUI_HEADER_SIZE);
		struct gui_from_agent m;
		struct gui_header h;

		if (gui_decode_agent_header(head, minor, &h))
			break;
		must(h.length <= GUI_BODY_MAX);
		if (h.length > in.left) {
			must(gui_decode_agent_body(&h, in, minor, &m) == GUI_E_LENGTH);
			break;
		}
		if (gui_decode_agent_body(
			    &h, span_over(span_take(&in, h.length), h.length), minor, &m))
			continue;
		must(m.type == h.type && m.window == h.window);
		check_promises(&m, minor);
		check_again(&m);
	}
	return 0;
}
