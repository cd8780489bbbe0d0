/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The screen's reports to the decoder, bytes to typed values and back. */
#include "proto/view-layout.h"

static bool asked_ok(const struct view_asked *a) {
	switch ((int)a->what) {
	case CTL_CLIP_GET:
	case CTL_CLIP_CANCEL:
		return !a->text;
	case CTL_CLIP_LOOK:
	case CTL_CLIP_PUT:
	case CTL_CLIP_PUT_RAW:
		return true;
	default:
		return false;
	}
}

static bool screen_ok(const struct view_screen *s) {
	if (s->frame < 1 || s->frame > VIEW_FRAME_MAX || s->monitors.count > EXT_MONITORS_MAX)
		return false;
	for (uint32_t i = 0; i < s->monitors.count; i++)
		if (rect_empty(s->usable[i]) || s->usable[i].w > GUI_SCREEN_MAX ||
			s->usable[i].h > GUI_SCREEN_MAX)
			return false;
	return true;
}

/* A message of the second port, as it travels there. */
static int take_ext(struct span *in, enum ext_type type, struct ext_msg *ret) {
	const uint8_t *head = span_take(in, EXT_HEADER_SIZE);
	struct ext_header h;
	const uint8_t *body;
	int r;

	if (!head || ext_decode_header(span_over(head, EXT_HEADER_SIZE), &h))
		return VIEW_E_LENGTH;
	body = span_take(in, h.length);
	if (!body)
		return VIEW_E_LENGTH;
	r = ext_decode_body(&h, span_over(body, h.length), ret);
	if (r)
		return r == EXT_E_LENGTH ? VIEW_E_LENGTH : VIEW_E_RANGE;
	return ret->type == type ? 0 : VIEW_E_RANGE;
}

static int take_screen(struct span *in, struct view_screen *s) {
	struct ext_msg m;
	int r;

	s->frame = span_u32(in);
	s->depth = span_u32(in);
	r = take_ext(in, EXT_MONITORS, &m);
	if (r)
		return r;
	s->monitors = m.monitors;
	for (uint32_t i = 0; i < s->monitors.count; i++)
		s->usable[i] = view_take_rect(in);
	if (in->bad)
		return VIEW_E_LENGTH;
	return screen_ok(s) ? 0 : VIEW_E_RANGE;
}

static int take_input(struct span *in, struct gui_from_daemon *ret) {
	const uint8_t *head = span_take(in, GUI_HEADER_SIZE), *body = NULL;
	struct gui_header h;

	if (!head)
		return VIEW_E_LENGTH;
	if (gui_decode_daemon_header(span_over(head, GUI_HEADER_SIZE), &h) ||
		h.type == GUI_CLIPBOARD_DATA)
		return VIEW_E_RANGE;
	body = span_take(in, h.length);
	if (in->bad)
		return VIEW_E_LENGTH;
	return gui_decode_daemon_body(&h, span_over(body, h.length), ret) ? VIEW_E_RANGE : 0;
}

static int take_body(struct span *in, struct view_report *r) {
	struct ext_msg m;
	int bad;

	switch ((int)r->type) {
	case VIEW_SCREEN:
		return take_screen(in, &r->screen);
	case VIEW_KEYBOARD:
		bad = take_ext(in, EXT_KEYBOARD, &m);
		if (!bad)
			r->keyboard = m.keyboard;
		return bad;
	case VIEW_PLACED:
		r->placed = view_take_rect(in);
		break;
	case VIEW_IMAGED:
	case VIEW_DESTROYED:
	case VIEW_PAINTED:
		break;
	case VIEW_INPUT:
		bad = take_input(in, &r->input);
		return bad || r->input.window == r->window ? bad : VIEW_E_RANGE;
	case VIEW_CLIP_ASK:
		r->asked.what = (enum ctl_type)span_u32(in);
		r->asked.number = span_u32(in);
		r->asked.text = view_take_bool(in);
		if (!in->bad && !asked_ok(&r->asked))
			return VIEW_E_RANGE;
		break;
	default:
		return VIEW_E_TYPE;
	}
	return in->bad ? VIEW_E_LENGTH : 0;
}

int view_decode_report(struct span *in, struct view_report *ret) {
	struct view_report v;
	int r;

	memset(&v, 0, sizeof(v));
	v.type = (enum view_type)span_u32(in);
	v.window = span_u32(in);
	if (in->bad)
		return VIEW_E_LENGTH;
	r = take_body(in, &v);
	if (!r)
		*ret = v;
	return r;
}

static void put_ext(struct sink *out, const struct ext_msg *m) {
	size_t n = out->bad ? 0 : ext_encode(m, out->at, out->left);

	out->bad |= n == 0;
	out->at += n;
	out->left -= n;
}

static void put_screen(struct sink *out, const struct view_screen *s) {
	struct ext_msg m = {.type = EXT_MONITORS, .monitors = s->monitors};

	out->bad |= !screen_ok(s);
	sink_u32(out, s->frame);
	sink_u32(out, s->depth);
	put_ext(out, &m);
	for (uint32_t i = 0; !out->bad && i < s->monitors.count; i++)
		view_put_rect(out, s->usable[i]);
}

static void put_input(struct sink *out, const struct view_report *r) {
	size_t n = 0;

	if (!out->bad && r->input.type != GUI_CLIPBOARD_DATA && r->input.window == r->window)
		n = gui_encode_from_daemon(&r->input, out->at, out->left);
	out->bad |= n == 0;
	out->at += n;
	out->left -= n;
}

static void put_body(struct sink *out, const struct view_report *r) {
	struct ext_msg m;

	switch ((int)r->type) {
	case VIEW_SCREEN:
		put_screen(out, &r->screen);
		break;
	case VIEW_KEYBOARD:
		m = (struct ext_msg){.type = EXT_KEYBOARD, .keyboard = r->keyboard};
		put_ext(out, &m);
		break;
	case VIEW_PLACED:
		view_put_rect(out, r->placed);
		break;
	case VIEW_IMAGED:
	case VIEW_DESTROYED:
	case VIEW_PAINTED:
		break;
	case VIEW_INPUT:
		put_input(out, r);
		break;
	case VIEW_CLIP_ASK:
		out->bad |= !asked_ok(&r->asked);
		sink_u32(out, (uint32_t)r->asked.what);
		sink_u32(out, r->asked.number);
		sink_u32(out, r->asked.text);
		break;
	default:
		out->bad = true;
		break;
	}
}

size_t view_encode_report(const struct view_report *r, void *buf, size_t size) {
	struct sink out = sink_over(buf, size);

	view_begin(&out, r->type, r->window);
	put_body(&out, r);
	return out.bad ? 0 : size - out.left;
}
