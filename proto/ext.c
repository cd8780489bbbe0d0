/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The second vchan port's messages, bytes to typed values and back. Never opens, allocates or logs
 * anything, never reads beyond a body.
 */
#include "proto/ext.h"

#include "proto/gui.h"

#define MONITORS_HEAD 12u /* screen w, h, count */
#define MONITOR_SIZE  24u

static bool within(uint32_t v, uint32_t least, uint32_t most) {
	return v >= least && v <= most;
}

static bool monitor_ok(const struct ext_monitor *m, struct size screen) {
	struct rect r = m->at;

	return r.x >= 0 && r.y >= 0 && within(r.w, 1, GUI_MAX_W) && within(r.h, 1, GUI_MAX_H) &&
	       (uint32_t)r.x <= screen.w && r.w <= screen.w - (uint32_t)r.x &&
	       (uint32_t)r.y <= screen.h && r.h <= screen.h - (uint32_t)r.y &&
	       m->millimetres.w <= EXT_MILLIMETRES_MAX && m->millimetres.h <= EXT_MILLIMETRES_MAX;
}

static bool monitors_ok(const struct ext_monitors *m) {
	if (!within(m->screen.w, 1, GUI_SCREEN_MAX) || !within(m->screen.h, 1, GUI_SCREEN_MAX) ||
		!within(m->count, 1, EXT_MONITORS_MAX))
		return false;
	for (uint32_t i = 0; i < m->count; i++)
		if (!monitor_ok(&m->monitors[i], m->screen))
			return false;
	return true;
}

static int decode_monitors(struct span *in, struct ext_monitors *ret) {
	ret->screen.w = span_u32(in);
	ret->screen.h = span_u32(in);
	ret->count = span_u32(in);
	if (in->bad)
		return EXT_E_LENGTH;
	if (!within(ret->count, 1, EXT_MONITORS_MAX))
		return EXT_E_RANGE;
	for (uint32_t i = 0; i < ret->count; i++) {
		struct ext_monitor *m = &ret->monitors[i];

		m->at.x = span_i32(in);
		m->at.y = span_i32(in);
		m->at.w = span_u32(in);
		m->at.h = span_u32(in);
		m->millimetres.w = span_u32(in);
		m->millimetres.h = span_u32(in);
	}
	if (!span_done(in))
		return EXT_E_LENGTH;
	return monitors_ok(ret) ? 0 : EXT_E_RANGE;
}

static bool is_xkb_char(uint8_t c) {
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c != 0 && strchr("_,:.()+-", c));
}

/* A name of allowed bytes, then zeros to the field's end and at least one. */
static bool xkb_text_ok(const char *text) {
	size_t len = strnlen(text, EXT_XKB_TEXT);

	if (len == EXT_XKB_TEXT)
		return false;
	for (size_t i = 0; i < EXT_XKB_TEXT; i++)
		if (i < len ? !is_xkb_char((uint8_t)text[i]) : text[i] != 0)
			return false;
	return true;
}

/* The five names, in the order in which they travel. */
static void keyboard_texts(const struct ext_keyboard *k, const char *ret[5]) {
	ret[0] = k->rules;
	ret[1] = k->model;
	ret[2] = k->layout;
	ret[3] = k->variant;
	ret[4] = k->options;
}

static bool keyboard_ok(const struct ext_keyboard *k) {
	const char *texts[5];

	keyboard_texts(k, texts);
	for (size_t i = 0; i < 5; i++)
		if (!xkb_text_ok(texts[i]))
			return false;
	return true;
}

static int decode_keyboard(struct span *in, struct ext_keyboard *ret) {
	char *texts[] = {ret->rules, ret->model, ret->layout, ret->variant, ret->options};

	for (size_t i = 0; i < 5; i++) {
		const uint8_t *p = span_take(in, EXT_XKB_TEXT);

		if (p)
			memcpy(texts[i], p, EXT_XKB_TEXT);
	}
	if (!span_done(in))
		return EXT_E_LENGTH;
	return keyboard_ok(ret) ? 0 : EXT_E_RANGE;
}

static int decode_u32(struct span *in, uint32_t *ret) {
	*ret = span_u32(in);
	return span_done(in) ? 0 : EXT_E_LENGTH;
}

static int decode_version(struct span *in, uint32_t *ret) {
	int r = decode_u32(in, ret);

	return r == 0 && *ret == 0 ? EXT_E_RANGE : r;
}

int ext_decode_header(struct span in, struct ext_header *ret) {
	struct ext_header h = {.type = span_u32(&in)};

	h.length = span_u32(&in);
	if (!span_done(&in) || h.length > EXT_BODY_MAX)
		return EXT_E_LENGTH;
	*ret = h;
	return 0;
}

int ext_decode_body(const struct ext_header *header, struct span body, struct ext_msg *ret) {
	struct ext_msg m = {.type = (enum ext_type)header->type};
	int r = EXT_E_TYPE;

	if (body.bad || body.left != header->length)
		return EXT_E_LENGTH;
	switch (m.type) {
	case EXT_HELLO:
		r = decode_version(&body, &m.version);
		break;
	case EXT_MONITORS:
		r = decode_monitors(&body, &m.monitors);
		break;
	case EXT_KEYBOARD:
		r = decode_keyboard(&body, &m.keyboard);
		break;
	case EXT_FRAME_DONE:
		r = decode_u32(&body, &m.window);
		break;
	case EXT_READY:
	case EXT_CLIPBOARD_OWNER:
		r = body.left == 0 ? 0 : EXT_E_LENGTH;
		break;
	}
	if (r == 0)
		*ret = m;
	return r;
}

static bool encode_monitors(const struct ext_monitors *m, struct sink *out) {
	if (!monitors_ok(m))
		return false;
	sink_u32(out, m->screen.w);
	sink_u32(out, m->screen.h);
	sink_u32(out, m->count);
	for (uint32_t i = 0; i < m->count; i++) {
		sink_i32(out, m->monitors[i].at.x);
		sink_i32(out, m->monitors[i].at.y);
		sink_u32(out, m->monitors[i].at.w);
		sink_u32(out, m->monitors[i].at.h);
		sink_u32(out, m->monitors[i].millimetres.w);
		sink_u32(out, m->monitors[i].millimetres.h);
	}
	return true;
}

/* What stands behind a name's end in memory is not looked at and does not travel. */
static bool encode_keyboard(const struct ext_keyboard *k, struct sink *out) {
	const char *texts[5];

	keyboard_texts(k, texts);
	for (size_t i = 0; i < 5; i++) {
		char text[EXT_XKB_TEXT] = "";
		size_t len = strnlen(texts[i], EXT_XKB_TEXT);

		memcpy(text, texts[i], len);
		if (!xkb_text_ok(text))
			return false;
		sink_bytes(out, text, EXT_XKB_TEXT);
	}
	return true;
}

static bool encode_body(const struct ext_msg *m, struct sink *out) {
	switch (m->type) {
	case EXT_HELLO:
		sink_u32(out, m->version);
		return m->version != 0;
	case EXT_MONITORS:
		return encode_monitors(&m->monitors, out);
	case EXT_KEYBOARD:
		return encode_keyboard(&m->keyboard, out);
	case EXT_FRAME_DONE:
		sink_u32(out, m->window);
		return true;
	case EXT_READY:
	case EXT_CLIPBOARD_OWNER:
		return true;
	}
	return false;
}

size_t ext_encode(const struct ext_msg *m, void *buf, size_t size) {
	struct sink head = sink_over(buf, EXT_HEADER_SIZE), out;
	size_t length;

	if (size < EXT_HEADER_SIZE)
		return 0;
	out = sink_over((uint8_t *)buf + EXT_HEADER_SIZE, size - EXT_HEADER_SIZE);
	if (!encode_body(m, &out) || out.bad)
		return 0;
	length = size - EXT_HEADER_SIZE - out.left;
	sink_u32(&head, m->type);
	sink_u32(&head, (uint32_t)length);
	return EXT_HEADER_SIZE + length;
}
