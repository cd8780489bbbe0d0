/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decoder's orders to the screen, bytes to typed values and back. */
#include "proto/view-layout.h"

#define HINTS_KNOWN                                                                                \
	(GUI_HINT_US_POSITION | GUI_HINT_P_POSITION | GUI_HINT_MIN_SIZE | GUI_HINT_MAX_SIZE |      \
		GUI_HINT_RESIZE_INC | GUI_HINT_BASE_SIZE)
#define FLAGS_KNOWN (GUI_FLAG_FULLSCREEN | GUI_FLAG_ATTENTION | GUI_FLAG_MINIMIZE)
#define GLYPH_FIRST 0x100u
#define GLYPH_COUNT 0x9au

static bool size_ok(struct size s) {
	return s.w >= 1 && s.w <= GUI_MAX_W && s.h >= 1 && s.h <= GUI_MAX_H;
}

static bool place_ok(struct rect r) {
	return size_ok((struct size){r.w, r.h}) && r.x >= -GUI_MAX_W && r.x <= GUI_MAX_W &&
	       r.y >= -GUI_MAX_H && r.y <= GUI_MAX_H;
}

static bool area_ok(struct rect r) {
	return size_ok((struct size){r.w, r.h}) && r.x >= 0 && r.y >= 0 &&
	       (uint32_t)r.x <= GUI_MAX_W - r.w && (uint32_t)r.y <= GUI_MAX_H - r.h;
}

static bool at_most(struct size s) {
	return s.w <= GUI_MAX_W && s.h <= GUI_MAX_H;
}

static bool hints_ok(const struct gui_hints *h) {
	return !(h->flags & ~HINTS_KNOWN) && at_most(h->min) && at_most(h->max) &&
	       at_most(h->inc) && at_most(h->base) && h->max.w >= 1 && h->max.h >= 1 &&
	       h->min.w <= h->max.w && h->min.h <= h->max.h && h->inc.w >= 1 && h->inc.h >= 1;
}

static bool flags_ok(struct gui_flags f) {
	return !((f.set | f.unset) & ~FLAGS_KNOWN) && !(f.set & f.unset) &&
	       !(f.unset & GUI_FLAG_MINIMIZE);
}

static bool image_ok(const struct view_image *i) {
	return size_ok(i->size) && i->page < GUI_MAX_REFS && (i->pages || i->page == 0);
}

static bool said_ok(const struct view_said *s) {
	switch ((int)s->what) {
	case CTL_CLIP_TEXT:
	case CTL_CLIP_LARGE:
		return true;
	case CTL_CLIP_FAILED:
	case CTL_CLIP_DONE:
		return !s->text;
	default:
		return false;
	}
}

static bool order_ok(const struct view_order *o) {
	switch ((int)o->type) {
	case VIEW_CONNECTED:
		return o->minor <= GUI_VERSION_MINOR;
	case VIEW_CLIP_SAID:
		return said_ok(&o->said);
	case VIEW_CREATE:
		return place_ok(o->create.at);
	case VIEW_PLACE:
		return place_ok(o->place);
	case VIEW_HINTS:
		return hints_ok(&o->hints);
	case VIEW_FLAGS:
		return flags_ok(o->flags);
	case VIEW_CURSOR:
		return o->glyph == 0 || o->glyph - GLYPH_FIRST < GLYPH_COUNT;
	case VIEW_IMAGE:
		return image_ok(&o->image);
	case VIEW_PAINT:
		return area_ok(o->area);
	default:
		return true;
	}
}

static struct size take_size(struct span *in) {
	struct size s;

	s.w = span_u32(in);
	s.h = span_u32(in);
	return s;
}

static void put_size(struct sink *out, struct size s) {
	sink_u32(out, s.w);
	sink_u32(out, s.h);
}

/* What stands behind the NUL must be zero: a message says one thing in one way. */
static void take_text(struct span *in, char *text, size_t size) {
	const uint8_t *p = span_take(in, size);
	size_t len = p ? strnlen((const char *)p, size) : 0;

	if (!p)
		return;
	in->bad |= len == size;
	for (size_t i = len; i < size; i++)
		in->bad |= p[i] != 0;
	memcpy(text, p, size);
}

static void take_hints(struct span *in, struct gui_hints *h) {
	h->flags = span_u32(in);
	h->min = take_size(in);
	h->max = take_size(in);
	h->inc = take_size(in);
	h->base = take_size(in);
}

static void put_hints(struct sink *out, const struct gui_hints *h) {
	sink_u32(out, h->flags);
	put_size(out, h->min);
	put_size(out, h->max);
	put_size(out, h->inc);
	put_size(out, h->base);
}

static void take_image(struct span *in, struct view_image *i) {
	i->size = take_size(in);
	i->pages = view_take_bool(in);
	i->page = span_u32(in);
}

static void take_said(struct span *in, struct view_said *s) {
	s->what = (enum ctl_type)span_u32(in);
	s->number = span_u32(in);
	s->text = view_take_bool(in);
	take_text(in, s->untrusted_line, sizeof(s->untrusted_line));
}

static int take_body(struct span *in, struct view_order *o) {
	switch ((int)o->type) {
	case VIEW_READY:
	case VIEW_END:
	case VIEW_DESTROY:
	case VIEW_UNMAP:
	case VIEW_DOCK:
	case VIEW_DROP_IMAGE:
		break;
	case VIEW_CONNECTED:
		o->minor = span_u32(in);
		break;
	case VIEW_REFUSED:
		take_text(in, o->untrusted_refused, sizeof(o->untrusted_refused));
		break;
	case VIEW_CLIP_SAID:
		take_said(in, &o->said);
		break;
	case VIEW_CREATE:
		o->create.at = view_take_rect(in);
		o->create.popup = view_take_bool(in);
		break;
	case VIEW_MAP:
		o->map.popup = view_take_bool(in);
		o->map.transient_for = span_u32(in);
		break;
	case VIEW_PLACE:
		o->place = view_take_rect(in);
		break;
	case VIEW_TITLE:
		take_text(in, o->untrusted_title, sizeof(o->untrusted_title));
		break;
	case VIEW_CLASS:
		take_text(in, o->class.untrusted_class, VIEW_CLASS_SIZE);
		take_text(in, o->class.untrusted_name, VIEW_CLASS_SIZE);
		break;
	case VIEW_HINTS:
		take_hints(in, &o->hints);
		break;
	case VIEW_FLAGS:
		o->flags.set = span_u32(in);
		o->flags.unset = span_u32(in);
		break;
	case VIEW_CURSOR:
		o->glyph = span_u32(in);
		break;
	case VIEW_IMAGE:
		take_image(in, &o->image);
		break;
	case VIEW_PAINT:
		o->area = view_take_rect(in);
		break;
	default:
		return VIEW_E_TYPE;
	}
	return in->bad ? VIEW_E_LENGTH : 0;
}

int view_decode_order(struct span *in, struct view_order *ret) {
	struct view_order o;
	int r;

	memset(&o, 0, sizeof(o));
	o.type = (enum view_type)span_u32(in);
	o.window = span_u32(in);
	if (in->bad)
		return VIEW_E_LENGTH;
	r = take_body(in, &o);
	if (r)
		return r;
	if (!order_ok(&o))
		return VIEW_E_RANGE;
	*ret = o;
	return 0;
}

static void put_said(struct sink *out, const struct view_said *s) {
	sink_u32(out, (uint32_t)s->what);
	sink_u32(out, s->number);
	sink_u32(out, s->text);
	sink_text(out, s->untrusted_line, sizeof(s->untrusted_line));
}

static void put_image(struct sink *out, const struct view_image *i) {
	put_size(out, i->size);
	sink_u32(out, i->pages);
	sink_u32(out, i->page);
}

static void put_body(struct sink *out, const struct view_order *o) {
	switch ((int)o->type) {
	case VIEW_READY:
	case VIEW_END:
	case VIEW_DESTROY:
	case VIEW_UNMAP:
	case VIEW_DOCK:
	case VIEW_DROP_IMAGE:
		break;
	case VIEW_CONNECTED:
		sink_u32(out, o->minor);
		break;
	case VIEW_REFUSED:
		sink_text(out, o->untrusted_refused, sizeof(o->untrusted_refused));
		break;
	case VIEW_CLIP_SAID:
		put_said(out, &o->said);
		break;
	case VIEW_CREATE:
		view_put_rect(out, o->create.at);
		sink_u32(out, o->create.popup);
		break;
	case VIEW_MAP:
		sink_u32(out, o->map.popup);
		sink_u32(out, o->map.transient_for);
		break;
	case VIEW_PLACE:
		view_put_rect(out, o->place);
		break;
	case VIEW_TITLE:
		sink_text(out, o->untrusted_title, sizeof(o->untrusted_title));
		break;
	case VIEW_CLASS:
		sink_text(out, o->class.untrusted_class, VIEW_CLASS_SIZE);
		sink_text(out, o->class.untrusted_name, VIEW_CLASS_SIZE);
		break;
	case VIEW_HINTS:
		put_hints(out, &o->hints);
		break;
	case VIEW_FLAGS:
		sink_u32(out, o->flags.set);
		sink_u32(out, o->flags.unset);
		break;
	case VIEW_CURSOR:
		sink_u32(out, o->glyph);
		break;
	case VIEW_IMAGE:
		put_image(out, &o->image);
		break;
	case VIEW_PAINT:
		view_put_rect(out, o->area);
		break;
	default:
		out->bad = true;
		break;
	}
}

size_t view_encode_order(const struct view_order *o, void *buf, size_t size) {
	struct sink out = sink_over(buf, size);

	if (!order_ok(o))
		return 0;
	view_begin(&out, o->type, o->window);
	put_body(&out, o);
	return out.bad ? 0 : size - out.left;
}
