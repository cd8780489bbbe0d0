/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The GUI protocol's bytes to typed values. What each field's decoder refuses, clamps or leaves is
 * in docs/protocols/gui.md. Never opens, allocates or logs anything, never reads beyond a body.
 */
#include "proto/gui-layout.h"

#define EXACT_LENGTHS_MINOR    6 /* below it headers give fixed bodies any length */
#define CLIPBOARD_LENGTH_MINOR 2 /* below it a clipboard's length is in the header's window */

static int32_t clamp_i32(int32_t v, int32_t most) {
	return v < -most ? -most : v > most ? most : v;
}

static uint32_t clamp_u32(uint32_t v, uint32_t most) {
	return v < most ? v : most;
}

static bool negative(uint32_t v) {
	return v > INT32_MAX;
}

static int decode_nothing(struct span *in, void *ret) {
	return 0;
}

static struct size decode_size(struct span *in) {
	uint32_t w = span_u32(in);

	return (struct size){.w = w, .h = span_u32(in)};
}

/* A window's place: clamped, but no honest peer has an empty or negative one. */
static int decode_rect(struct span *in, struct rect *ret) {
	int32_t x = span_i32(in), y = span_i32(in);
	struct size s = decode_size(in);

	if (s.w == 0 || s.h == 0 || negative(s.w) || negative(s.h))
		return GUI_E_RANGE;
	*ret = (struct rect){clamp_i32(x, GUI_MAX_W), clamp_i32(y, GUI_MAX_H),
		clamp_u32(s.w, GUI_MAX_W), clamp_u32(s.h, GUI_MAX_H)};
	return 0;
}

static int decode_create(struct span *in, void *ret) {
	struct gui_create *m = ret;
	int r = decode_rect(in, &m->at);

	m->parent = span_u32(in);
	m->override_redirect = span_u32(in) != 0;
	return r;
}

static int decode_map(struct span *in, void *ret) {
	struct gui_map *m = ret;

	m->transient_for = span_u32(in);
	m->override_redirect = span_u32(in) != 0;
	return 0;
}

/* Qubes' daemon leaves memory of its own where transient_for stands. */
static int decode_daemon_map(struct span *in, void *ret) {
	int r = decode_map(in, ret);

	((struct gui_map *)ret)->transient_for = 0;
	return r;
}

static int decode_configure(struct span *in, void *ret) {
	struct gui_configure *m = ret;
	int r = decode_rect(in, &m->at);

	m->override_redirect = span_u32(in) != 0;
	return r;
}

static int decode_shmimage(struct span *in, void *ret) {
	int32_t x = span_i32(in), y = span_i32(in);
	struct size s = decode_size(in);

	if (x < 0 || y < 0 || negative(s.w) || negative(s.h))
		return GUI_E_RANGE;
	((struct gui_shmimage *)ret)->area = (struct rect){clamp_i32(x, GUI_MAX_W),
		clamp_i32(y, GUI_MAX_H), clamp_u32(s.w, GUI_MAX_W), clamp_u32(s.h, GUI_MAX_H)};
	return 0;
}

/* A fixed field of text, its last byte made NUL. */
static void decode_text(struct span *in, char *ret, size_t n) {
	const uint8_t *p = span_take(in, n);

	if (!p)
		return;
	memcpy(ret, p, n - 1);
	ret[n - 1] = '\0';
}

static int decode_wmname(struct span *in, void *ret) {
	struct gui_wmname *m = ret;

	decode_text(in, m->untrusted_text, sizeof(m->untrusted_text));
	return 0;
}

static int decode_wmclass(struct span *in, void *ret) {
	struct gui_wmclass *m = ret;

	decode_text(in, m->untrusted_class, sizeof(m->untrusted_class));
	decode_text(in, m->untrusted_name, sizeof(m->untrusted_name));
	return 0;
}

static int decode_hints(struct span *in, void *ret) {
	struct gui_hints *m = ret;

	m->flags = span_u32(in);
	m->min = decode_size(in);
	m->max = decode_size(in);
	m->inc = decode_size(in);
	m->base = decode_size(in);

	m->flags = gui_hints_sane(m);
	if (!(m->flags & GUI_HINT_MIN_SIZE))
		m->min = (struct size){0, 0};
	if (!(m->flags & GUI_HINT_MAX_SIZE))
		m->max = (struct size){GUI_MAX_W, GUI_MAX_H};
	if (!(m->flags & GUI_HINT_RESIZE_INC))
		m->inc = (struct size){1, 1};
	if (!(m->flags & GUI_HINT_BASE_SIZE))
		m->base = (struct size){0, 0};
	return 0;
}

static int decode_flags(struct span *in, void *ret) {
	const uint32_t known = GUI_FLAG_FULLSCREEN | GUI_FLAG_ATTENTION | GUI_FLAG_MINIMIZE;
	uint32_t set = span_u32(in), unset = span_u32(in);

	if (set & unset)
		return GUI_E_RANGE;
	*(struct gui_flags *)ret = (struct gui_flags){.set = set & known, .unset = unset & known};
	return 0;
}

/* Nothing is clamped here: another width would be another stride. */
static int decode_dump(struct span *in, void *ret) {
	struct gui_dump *m = ret;
	uint32_t kind = span_u32(in);

	m->size = decode_size(in);
	m->bpp = span_u32(in);
	if (in->bad)
		return GUI_E_LENGTH;
	m->ref_count = (uint32_t)(in->left / 4);
	m->refs = span_take(in, in->left);
	return kind == 0 && gui_dump_ok(m->size, m->ref_count) ? 0 : GUI_E_RANGE;
}

static int decode_cursor(struct span *in, void *ret) {
	uint32_t glyph = span_u32(in);

	((struct gui_cursor *)ret)->glyph = glyph;
	return gui_cursor_ok(glyph) ? 0 : GUI_E_RANGE;
}

static int decode_clipboard(struct span *in, void *ret) {
	struct gui_clipboard *m = ret;

	m->size = (uint32_t)in->left;
	m->data = span_take(in, in->left);
	return 0;
}

static int decode_key(struct span *in, void *ret) {
	struct gui_key *m = ret;

	m->type = span_u32(in);
	m->x = span_i32(in);
	m->y = span_i32(in);
	m->state = span_u32(in);
	m->keycode = span_u32(in);
	if (m->keycode < 8 || m->keycode > 255)
		return GUI_E_RANGE;
	return gui_event_type_ok(GUI_KEYPRESS, m->type) ? 0 : GUI_E_RANGE;
}

static int decode_button(struct span *in, void *ret) {
	struct gui_button *m = ret;

	m->type = span_u32(in);
	m->x = span_i32(in);
	m->y = span_i32(in);
	m->state = span_u32(in);
	m->button = span_u32(in);
	if (m->button < 1 || m->button > 255)
		return GUI_E_RANGE;
	return gui_event_type_ok(GUI_BUTTON, m->type) ? 0 : GUI_E_RANGE;
}

static int decode_motion(struct span *in, void *ret) {
	struct gui_motion *m = ret;

	m->x = span_i32(in);
	m->y = span_i32(in);
	m->state = span_u32(in);
	m->is_hint = span_u32(in);
	return 0;
}

static int decode_crossing(struct span *in, void *ret) {
	struct gui_crossing *m = ret;

	m->type = span_u32(in);
	m->x = span_i32(in);
	m->y = span_i32(in);
	m->state = span_u32(in);
	m->mode = span_u32(in);
	m->detail = span_u32(in);
	m->focus = span_u32(in);
	return gui_event_type_ok(GUI_CROSSING, m->type) ? 0 : GUI_E_RANGE;
}

static int decode_focus(struct span *in, void *ret) {
	struct gui_focus *m = ret;

	m->type = span_u32(in);
	m->mode = span_u32(in);
	m->detail = span_u32(in);
	return gui_event_type_ok(GUI_FOCUS, m->type) ? 0 : GUI_E_RANGE;
}

static int decode_keymap(struct span *in, void *ret) {
	struct gui_keymap *m = ret;
	const uint8_t *p = span_take(in, sizeof(m->keys));

	if (p)
		memcpy(m->keys, p, sizeof(m->keys));
	return 0;
}

typedef int decode_fn(struct span *in, void *ret);

#define AT(type) [type - GUI_KEYPRESS]

static decode_fn *const agent_decoders[] = {
	AT(GUI_CREATE) = decode_create,
	AT(GUI_DESTROY) = decode_nothing,
	AT(GUI_MAP) = decode_map,
	AT(GUI_UNMAP) = decode_nothing,
	AT(GUI_CONFIGURE) = decode_configure,
	AT(GUI_SHMIMAGE) = decode_shmimage,
	AT(GUI_CLIPBOARD_DATA) = decode_clipboard,
	AT(GUI_WMNAME) = decode_wmname,
	AT(GUI_DOCK) = decode_nothing,
	AT(GUI_WINDOW_HINTS) = decode_hints,
	AT(GUI_WINDOW_FLAGS) = decode_flags,
	AT(GUI_WMCLASS) = decode_wmclass,
	AT(GUI_WINDOW_DUMP) = decode_dump,
	AT(GUI_CURSOR) = decode_cursor,
	AT(GUI_WINDOW_DUMP_ACK) = NULL,
};

static decode_fn *const daemon_decoders[] = {
	AT(GUI_KEYPRESS) = decode_key,
	AT(GUI_BUTTON) = decode_button,
	AT(GUI_MOTION) = decode_motion,
	AT(GUI_CROSSING) = decode_crossing,
	AT(GUI_FOCUS) = decode_focus,
	AT(GUI_DESTROY) = decode_nothing,
	AT(GUI_MAP) = decode_daemon_map,
	AT(GUI_CONFIGURE) = decode_configure,
	AT(GUI_CLOSE) = decode_nothing,
	AT(GUI_CLIPBOARD_REQ) = decode_nothing,
	AT(GUI_CLIPBOARD_DATA) = decode_clipboard,
	AT(GUI_KEYMAP_NOTIFY) = decode_keymap,
	AT(GUI_WINDOW_FLAGS) = decode_flags,
	AT(GUI_WINDOW_DUMP_ACK) = decode_nothing,
};

/* The header's three words; false if it is not exactly a header. */
static bool read_header(struct span *in, struct gui_header *ret) {
	ret->type = (enum gui_type)span_u32(in);
	ret->window = span_u32(in);
	ret->length = span_u32(in);
	return span_done(in);
}

int gui_decode_agent_header(struct span in, unsigned minor, struct gui_header *ret) {
	const struct gui_layout *layout;
	struct gui_header h;

	if (!read_header(&in, &h))
		return GUI_E_LENGTH;
	layout = gui_layout_of(h.type);
	if (!layout || !layout->from_agent)
		return GUI_E_TYPE;

	if (h.type == GUI_CLIPBOARD_DATA && minor < CLIPBOARD_LENGTH_MINOR) {
		h.length = h.window;
		h.window = 0;
	} else if (layout->unit == 0 && minor < EXACT_LENGTHS_MINOR) {
		h.length = layout->fixed;
	}
	if (!gui_layout_fits(layout, h.length))
		return GUI_E_LENGTH;
	if (h.type == GUI_CLIPBOARD_DATA && h.length > gui_clipboard_most(minor))
		return GUI_E_LENGTH;
	*ret = h;
	return 0;
}

int gui_decode_agent_body(const struct gui_header *header, struct span body, unsigned minor,
	struct gui_from_agent *ret) {
	struct gui_from_agent m = {.type = header->type, .window = header->window};
	const struct gui_layout *layout = gui_layout_of(header->type);
	int r;

	if (!layout || !layout->from_agent)
		return GUI_E_TYPE;
	if (body.bad || body.left != header->length || !gui_layout_fits(layout, header->length))
		return GUI_E_LENGTH;
	if (m.type == GUI_CLIPBOARD_DATA && header->length > gui_clipboard_most(minor))
		return GUI_E_LENGTH;

	r = agent_decoders[m.type - GUI_KEYPRESS](&body, &m.create);
	if (r != 0)
		return r;
	/* A domain may not bring a window back that the person put away. */
	if (m.type == GUI_WINDOW_FLAGS)
		m.flags.unset &= ~GUI_FLAG_MINIMIZE;
	*ret = m;
	return 0;
}

int gui_decode_daemon_header(struct span in, struct gui_header *ret) {
	const struct gui_layout *layout;
	struct gui_header h;

	if (!read_header(&in, &h))
		return GUI_E_LENGTH;
	layout = gui_layout_of(h.type);
	if (!layout || !layout->from_daemon) {
		*ret = h;
		return GUI_E_TYPE;
	}
	if (!gui_layout_fits(layout, h.length))
		return GUI_E_LENGTH;
	*ret = h;
	return 0;
}

int gui_decode_daemon_body(
	const struct gui_header *header, struct span body, struct gui_from_daemon *ret) {
	struct gui_from_daemon m = {.type = header->type, .window = header->window};
	const struct gui_layout *layout = gui_layout_of(header->type);
	int r;

	if (!layout || !layout->from_daemon)
		return GUI_E_TYPE;
	if (body.bad || body.left != header->length || !gui_layout_fits(layout, header->length))
		return GUI_E_LENGTH;

	r = daemon_decoders[m.type - GUI_KEYPRESS](&body, &m.key);
	if (r != 0)
		return r;
	*ret = m;
	return 0;
}
