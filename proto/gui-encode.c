/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Typed values to the GUI protocol's bytes. Writes every byte of a message (bug class D5) and
 * nothing that an honest peer would refuse or clamp. Never opens, allocates or logs anything.
 */
#include "proto/gui-layout.h"

static bool encode_nothing(const void *m, struct sink *out) {
	return true;
}

static void encode_size(struct size s, struct sink *out) {
	sink_u32(out, s.w);
	sink_u32(out, s.h);
}

static bool encode_rect(struct rect r, struct sink *out) {
	sink_i32(out, r.x);
	sink_i32(out, r.y);
	encode_size((struct size){r.w, r.h}, out);
	return gui_rect_ok(r);
}

static bool encode_create(const void *from, struct sink *out) {
	const struct gui_create *m = from;
	bool ok = encode_rect(m->at, out);

	sink_u32(out, m->parent);
	sink_u32(out, m->override_redirect);
	return ok;
}

static bool encode_map(const void *from, struct sink *out) {
	const struct gui_map *m = from;

	sink_u32(out, m->transient_for);
	sink_u32(out, m->override_redirect);
	return true;
}

static bool encode_daemon_map(const void *from, struct sink *out) {
	const struct gui_map *m = from;

	return encode_map(&(struct gui_map){.override_redirect = m->override_redirect}, out);
}

static bool encode_configure(const void *from, struct sink *out) {
	const struct gui_configure *m = from;
	bool ok = encode_rect(m->at, out);

	sink_u32(out, m->override_redirect);
	return ok;
}

static bool encode_shmimage(const void *from, struct sink *out) {
	const struct gui_shmimage *m = from;
	struct rect r = m->area;

	sink_i32(out, r.x);
	sink_i32(out, r.y);
	encode_size((struct size){r.w, r.h}, out);
	return r.x >= 0 && r.x <= GUI_MAX_W && r.y >= 0 && r.y <= GUI_MAX_H && r.w <= GUI_MAX_W &&
	       r.h <= GUI_MAX_H;
}

static bool encode_text(const char *text, size_t n, struct sink *out) {
	if (strnlen(text, n) == n)
		return false;
	sink_text(out, text, n);
	return true;
}

static bool encode_wmname(const void *from, struct sink *out) {
	const struct gui_wmname *m = from;

	return encode_text(m->untrusted_text, sizeof(m->untrusted_text), out);
}

static bool encode_wmclass(const void *from, struct sink *out) {
	const struct gui_wmclass *m = from;

	return encode_text(m->untrusted_class, sizeof(m->untrusted_class), out) &&
	       encode_text(m->untrusted_name, sizeof(m->untrusted_name), out);
}

/* Groups that are not in flags go out as zeros. */
static bool encode_hints(const void *from, struct sink *out) {
	const struct gui_hints *m = from;
	const struct size none = {0, 0};
	uint32_t f = m->flags;

	sink_u32(out, f);
	encode_size(f & GUI_HINT_MIN_SIZE ? m->min : none, out);
	encode_size(f & GUI_HINT_MAX_SIZE ? m->max : none, out);
	encode_size(f & GUI_HINT_RESIZE_INC ? m->inc : none, out);
	encode_size(f & GUI_HINT_BASE_SIZE ? m->base : none, out);
	return gui_hints_sane(m) == f;
}

static bool encode_flags(const void *from, struct sink *out) {
	const uint32_t known = GUI_FLAG_FULLSCREEN | GUI_FLAG_ATTENTION | GUI_FLAG_MINIMIZE;
	const struct gui_flags *m = from;

	sink_u32(out, m->set);
	sink_u32(out, m->unset);
	return (m->set & m->unset) == 0 && ((m->set | m->unset) & ~known) == 0;
}

static void encode_dump_head(struct size size, uint32_t bpp, struct sink *out) {
	sink_u32(out, 0); /* WINDOW_DUMP's only kind: references to shared pages */
	encode_size(size, out);
	sink_u32(out, bpp);
}

static bool encode_dump(const void *from, struct sink *out) {
	const struct gui_dump *m = from;

	if (!gui_dump_ok(m->size, m->ref_count))
		return false;
	encode_dump_head(m->size, m->bpp, out);
	sink_bytes(out, m->refs, (size_t)m->ref_count * 4);
	return true;
}

static bool encode_cursor(const void *from, struct sink *out) {
	const struct gui_cursor *m = from;

	sink_u32(out, m->glyph);
	return gui_cursor_ok(m->glyph);
}

static bool encode_clipboard(const void *from, struct sink *out) {
	const struct gui_clipboard *m = from;

	if (m->size > GUI_CLIPBOARD_MAX + 1)
		return false;
	sink_bytes(out, m->data, m->size);
	return true;
}

static bool encode_key(const void *from, struct sink *out) {
	const struct gui_key *m = from;

	sink_u32(out, m->type);
	sink_i32(out, m->x);
	sink_i32(out, m->y);
	sink_u32(out, m->state);
	sink_u32(out, m->keycode);
	return m->keycode >= 8 && m->keycode <= 255 && gui_event_type_ok(GUI_KEYPRESS, m->type);
}

static bool encode_button(const void *from, struct sink *out) {
	const struct gui_button *m = from;

	sink_u32(out, m->type);
	sink_i32(out, m->x);
	sink_i32(out, m->y);
	sink_u32(out, m->state);
	sink_u32(out, m->button);
	return m->button >= 1 && m->button <= 255 && gui_event_type_ok(GUI_BUTTON, m->type);
}

static bool encode_motion(const void *from, struct sink *out) {
	const struct gui_motion *m = from;

	sink_i32(out, m->x);
	sink_i32(out, m->y);
	sink_u32(out, m->state);
	sink_u32(out, m->is_hint);
	return true;
}

static bool encode_crossing(const void *from, struct sink *out) {
	const struct gui_crossing *m = from;

	sink_u32(out, m->type);
	sink_i32(out, m->x);
	sink_i32(out, m->y);
	sink_u32(out, m->state);
	sink_u32(out, m->mode);
	sink_u32(out, m->detail);
	sink_u32(out, m->focus);
	return gui_event_type_ok(GUI_CROSSING, m->type);
}

static bool encode_focus(const void *from, struct sink *out) {
	const struct gui_focus *m = from;

	sink_u32(out, m->type);
	sink_u32(out, m->mode);
	sink_u32(out, m->detail);
	return gui_event_type_ok(GUI_FOCUS, m->type);
}

static bool encode_keymap(const void *from, struct sink *out) {
	const struct gui_keymap *m = from;

	sink_bytes(out, m->keys, sizeof(m->keys));
	return true;
}

typedef bool encode_fn(const void *from, struct sink *out);

#define AT(type) [type - GUI_KEYPRESS]

static encode_fn *const agent_encoders[] = {
	AT(GUI_CREATE) = encode_create,
	AT(GUI_DESTROY) = encode_nothing,
	AT(GUI_MAP) = encode_map,
	AT(GUI_UNMAP) = encode_nothing,
	AT(GUI_CONFIGURE) = encode_configure,
	AT(GUI_SHMIMAGE) = encode_shmimage,
	AT(GUI_CLIPBOARD_DATA) = encode_clipboard,
	AT(GUI_WMNAME) = encode_wmname,
	AT(GUI_DOCK) = encode_nothing,
	AT(GUI_WINDOW_HINTS) = encode_hints,
	AT(GUI_WINDOW_FLAGS) = encode_flags,
	AT(GUI_WMCLASS) = encode_wmclass,
	AT(GUI_WINDOW_DUMP) = encode_dump,
	AT(GUI_CURSOR) = encode_cursor,
	AT(GUI_WINDOW_DUMP_ACK) = NULL,
};

static encode_fn *const daemon_encoders[] = {
	AT(GUI_KEYPRESS) = encode_key,
	AT(GUI_BUTTON) = encode_button,
	AT(GUI_MOTION) = encode_motion,
	AT(GUI_CROSSING) = encode_crossing,
	AT(GUI_FOCUS) = encode_focus,
	AT(GUI_DESTROY) = encode_nothing,
	AT(GUI_MAP) = encode_daemon_map,
	AT(GUI_CONFIGURE) = encode_configure,
	AT(GUI_CLOSE) = encode_nothing,
	AT(GUI_CLIPBOARD_REQ) = encode_nothing,
	AT(GUI_CLIPBOARD_DATA) = encode_clipboard,
	AT(GUI_KEYMAP_NOTIFY) = encode_keymap,
	AT(GUI_WINDOW_FLAGS) = encode_flags,
	AT(GUI_WINDOW_DUMP_ACK) = encode_nothing,
};

static void encode_header(uint32_t type, uint32_t window, uint32_t length, struct sink *out) {
	sink_u32(out, type);
	sink_u32(out, window);
	sink_u32(out, length);
}

/* The body first, then the header, which needs the body's length. */
static size_t encode(enum gui_type type, uint32_t window, encode_fn *body, const void *from,
	void *buf, size_t size) {
	struct sink head = sink_over(buf, GUI_HEADER_SIZE), out;
	size_t length;

	if (size < GUI_HEADER_SIZE)
		return 0;
	out = sink_over((uint8_t *)buf + GUI_HEADER_SIZE, size - GUI_HEADER_SIZE);
	if (!body(from, &out) || out.bad)
		return 0;
	length = size - GUI_HEADER_SIZE - out.left;
	encode_header(type, window, (uint32_t)length, &head);
	return GUI_HEADER_SIZE + length;
}

size_t gui_encode_from_agent(const struct gui_from_agent *m, void *buf, size_t size) {
	const struct gui_layout *layout = gui_layout_of(m->type);

	if (!layout || !layout->from_agent)
		return 0;
	return encode(
		m->type, m->window, agent_encoders[m->type - GUI_KEYPRESS], &m->create, buf, size);
}

size_t gui_encode_from_daemon(const struct gui_from_daemon *m, void *buf, size_t size) {
	const struct gui_layout *layout = gui_layout_of(m->type);

	if (!layout || !layout->from_daemon)
		return 0;
	return encode(
		m->type, m->window, daemon_encoders[m->type - GUI_KEYPRESS], &m->key, buf, size);
}

size_t gui_encode_dump(uint32_t window, struct size size, const uint32_t *refs, uint32_t n,
	void *buf, size_t buf_size) {
	struct sink out = sink_over(buf, buf_size);

	if (!gui_dump_ok(size, n))
		return 0;
	encode_header(GUI_WINDOW_DUMP, window, 16 + 4 * n, &out);
	encode_dump_head(size, 32, &out);
	for (uint32_t i = 0; i < n; i++)
		sink_u32(&out, refs[i]);
	return out.bad ? 0 : buf_size - out.left;
}
