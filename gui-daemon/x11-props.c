/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What our windows say about themselves: whose they are (before they are ever mapped; bug class
 * A9), titles with the domain's name in front, size hints for content plus frame. Of what a domain
 * asks for, nothing is passed on that is not named here (bug class A15).
 */
#include "gui-daemon/x11-private.h"

#include "gui-daemon/label-icon.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HINTS_WORDS        18
#define HINTS_GRAVITY_FLAG 512u
#define GRAVITY_STATIC     10u
#define PROGRAM_SIZE_FLAG  8u
#define USER_POSITION_FLAG 1u
#define STATE_NORMAL       1u
#define STATE_ICONIC       3u

static void set(struct xwin *w, xcb_atom_t name, xcb_atom_t type, uint8_t format, size_t count,
	const void *data) {
	xcb_change_property(w->in->c, XCB_PROP_MODE_REPLACE, w->outer, name, type, format,
		(uint32_t)count, data);
}

static void set_cardinal(struct xwin *w, enum x11_atom name, uint32_t value) {
	set(w, w->in->atoms[name], XCB_ATOM_CARDINAL, 32, 1, &value);
}

static void set_icon(struct xwin *w) {
	struct x11 *v = w->in;
	size_t pixels = LABEL_ICON_SIZE * LABEL_ICON_SIZE;

	if (!v->icon) {
		v->icon = g_new(uint32_t, pixels + 2);
		v->icon[0] = v->icon[1] = LABEL_ICON_SIZE;
		label_icon_draw(&v->config.label, v->config.letter, v->icon + 2);
	}
	set(w, v->atoms[ATOM__NET_WM_ICON], XCB_ATOM_CARDINAL, 32, pixels + 2, v->icon);
}

static void set_identity(struct xwin *w) {
	struct x11 *v = w->in;
	const char *pattern = label_pattern_name(v->config.label.pattern);
	uint8_t index = (uint8_t)v->config.label.index;

	set(w, v->atoms[ATOM__QUBES_LABEL], XCB_ATOM_CARDINAL, 8, 1, &index);
	set_cardinal(w, ATOM__QUBES_LABEL_COLOR, v->config.label.rgb);
	set(w, v->atoms[ATOM__QUBES_VMNAME], XCB_ATOM_STRING, 8, strlen(v->config.domain),
		v->config.domain);
	set(w, v->atoms[ATOM__QUBES_VMWINDOWID], XCB_ATOM_WINDOW, 32, 1, &w->id);
	set(w, v->atoms[ATOM__BULKHEAD_PATTERN], XCB_ATOM_STRING, 8, strlen(pattern), pattern);
}

static void set_process(struct xwin *w) {
	char host[65] = "";

	gethostname(host, sizeof(host) - 1);
	set(w, XCB_ATOM_WM_CLIENT_MACHINE, XCB_ATOM_STRING, 8, strlen(host), host);
	set_cardinal(w, ATOM__NET_WM_PID, (uint32_t)getpid());
}

/* WM_HINTS: flags InputHint and StateHint, input, initial state. */
static void set_start(struct xwin *w, uint32_t state) {
	uint32_t hints[9] = {3, 1, state};

	set(w, XCB_ATOM_WM_HINTS, XCB_ATOM_WM_HINTS, 32, 9, hints);
}

void x11_props_set_fixed(struct xwin *w) {
	struct x11 *v = w->in;
	xcb_atom_t protocols[] = {v->atoms[ATOM_WM_DELETE_WINDOW], v->atoms[ATOM__NET_WM_PING]};

	set_identity(w);
	set_process(w);
	set(w, v->atoms[ATOM_WM_PROTOCOLS], XCB_ATOM_ATOM, 32, 2, protocols);
	set_start(w, STATE_NORMAL);
	set_icon(w);
	x11_props_set_class(w);
	x11_props_set_title(w);
	x11_props_set_hints(w);
}

void x11_props_set_title(struct xwin *w) {
	struct x11 *v = w->in;
	char text[256];
	size_t len;

	snprintf(text, sizeof(text), "[%s] %s%s", v->config.domain, w->title ? w->title : "",
		v->paused ? " (paused)" : "");
	len = strlen(text);
	set(w, XCB_ATOM_WM_NAME, v->atoms[ATOM_UTF8_STRING], 8, len, text);
	set(w, v->atoms[ATOM__NET_WM_NAME], v->atoms[ATOM_UTF8_STRING], 8, len, text);
	set(w, XCB_ATOM_WM_ICON_NAME, v->atoms[ATOM_UTF8_STRING], 8, len, text);
	set(w, v->atoms[ATOM__NET_WM_ICON_NAME], v->atoms[ATOM_UTF8_STRING], 8, len, text);
}

void x11_view_title(struct x11 *v, uint32_t id, const char *text) {
	struct xwin *w = x11_by_id(v, id);

	if (!w)
		return;
	g_free(w->title);
	w->title = g_strdup(text);
	x11_props_set_title(w);
}

void x11_view_paused(struct x11 *v, bool paused) {
	GHashTableIter iter;
	gpointer value;

	v->paused = paused;
	g_hash_table_iter_init(&iter, v->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		x11_props_set_title(value);
}

/* WM_CLASS is two strings, each with its NUL: "work:name", "work:class". */
void x11_props_set_class(struct xwin *w) {
	const char *class = w->class ? w->class : w->in->config.domain;
	size_t len = strlen(class) + 1;

	if (!w->class) {
		AUTO(auto_free) char *both = g_malloc(2 * len);

		memcpy(both, class, len);
		memcpy(both + len, class, len);
		set(w, XCB_ATOM_WM_CLASS, XCB_ATOM_STRING, 8, 2 * len, both);
		return;
	}
	len += strlen(class + len) + 1;
	set(w, XCB_ATOM_WM_CLASS, XCB_ATOM_STRING, 8, len, class);
}

void x11_view_class(struct x11 *v, uint32_t id, const char *class, const char *name) {
	struct xwin *w = x11_by_id(v, id);

	if (!w)
		return;
	g_free(w->class);
	/* %c keeps the NUL between the two; one more stands at the end. */
	w->class = g_strdup_printf(
		"%s:%s%c%s:%s", v->config.domain, name, 0, v->config.domain, class);
	x11_props_set_class(w);
}

/* Content sizes to outer sizes; a size that would not fit is left out by the decoder already. */
static void put_size(uint32_t *at, struct size s, uint32_t add) {
	at[0] = s.w + add;
	at[1] = s.h + add;
}

void x11_props_set_hints(struct xwin *w) {
	const struct gui_hints *h = &w->hints;
	uint32_t f = 2 * w->frame, p[HINTS_WORDS] = {0};
	struct rect outer = place_outer(w->at, w->frame);

	p[0] = h->flags | PROGRAM_SIZE_FLAG | HINTS_GRAVITY_FLAG;
	p[1] = (uint32_t)outer.x;
	p[2] = (uint32_t)outer.y;
	p[3] = outer.w;
	p[4] = outer.h;
	/* Back to where the person had it; otherwise the window manager finds the place. */
	if (w->returns)
		p[0] |= USER_POSITION_FLAG;
	/* Not smaller than the frame itself, whatever the domain says. */
	p[0] |= GUI_HINT_MIN_SIZE;
	put_size(p + 5, h->flags & GUI_HINT_MIN_SIZE ? h->min : (struct size){1, 1}, f);
	put_size(p + 7, h->max, f);
	p[9] = h->inc.w;
	p[10] = h->inc.h;
	if (h->flags & GUI_HINT_RESIZE_INC || h->flags & GUI_HINT_BASE_SIZE)
		p[0] |= GUI_HINT_BASE_SIZE;
	put_size(p + 15, h->flags & GUI_HINT_BASE_SIZE ? h->base : (struct size){0, 0}, f);
	p[17] = GRAVITY_STATIC;
	set(w, XCB_ATOM_WM_NORMAL_HINTS, XCB_ATOM_WM_SIZE_HINTS, 32, HINTS_WORDS, p);
}

static struct size at_most(struct size s, struct size most) {
	return (struct size){MIN(s.w, most.w), MIN(s.h, most.h)};
}

/* A window manager makes a window as large as its least size: that fits a monitor (A6). */
void x11_view_hints(struct x11 *v, uint32_t id, const struct gui_hints *hints) {
	struct xwin *w = x11_by_id(v, id);
	struct gui_hints bounded = *hints;
	struct size most;

	if (!w)
		return;
	most = place_managed_most(&v->at.usable, w->frame);
	bounded.min = at_most(hints->min, most);
	bounded.base = at_most(hints->base, most);
	bounded.inc = at_most(hints->inc, most);
	if (!memcmp(&bounded, &w->hints, sizeof(bounded)))
		return;
	w->hints = bounded;
	x11_props_set_hints(w);
}

/* Time 0: the window manager shows it without giving it the focus (EWMH). */
void x11_props_before_map(struct xwin *w, bool take_focus) {
	const struct x11 *v = w->in;
	const struct xwin *parent = w->transient_for ? x11_by_id(v, w->transient_for) : NULL;

	/* A pop-up is nothing that a person asked for. */
	xcb_timestamp_t launched = take_focus || w->popup ? 0 : x11_launch_take(w->in);

	set_cardinal(w, ATOM__NET_WM_USER_TIME, take_focus ? v->user_time : launched);
	if (parent)
		set(w, XCB_ATOM_WM_TRANSIENT_FOR, XCB_ATOM_WINDOW, 32, 1, &parent->outer);
	else
		xcb_delete_property(v->c, w->outer, XCB_ATOM_WM_TRANSIENT_FOR);
	x11_props_set_hints(w);
	set_start(w, w->returns && (w->kept & XSTATE_HIDDEN) ? STATE_ICONIC : STATE_NORMAL);
}

/* Once a turn, after real keys and buttons only. */
void x11_props_user_time(struct x11 *v) {
	if (v->user_time_changed && v->user_time_of)
		set_cardinal(v->user_time_of, ATOM__NET_WM_USER_TIME, v->user_time);
	v->user_time_changed = false;
}

static xcb_cursor_t cursor(struct x11 *v, uint32_t glyph) {
	uint32_t n = glyph >= 0x100 && glyph < 0x100 + X11_CURSOR_GLYPHS ? (glyph - 0x100) / 2 : 0;
	xcb_cursor_t *c = &v->cursors[n];
	uint16_t g = (uint16_t)(n * 2);

	if (glyph == 0 || glyph % 2)
		return XCB_NONE;
	if (!*c) {
		*c = xcb_generate_id(v->c);
		xcb_create_glyph_cursor(v->c, *c, v->cursor_font, v->cursor_font, g,
			(uint16_t)(g + 1), 0, 0, 0, 0xffff, 0xffff, 0xffff);
	}
	return *c;
}

void x11_view_cursor(struct x11 *v, uint32_t id, uint32_t glyph) {
	struct xwin *w = x11_by_id(v, id);
	uint32_t value;

	if (!w || w->cursor == glyph)
		return;
	w->cursor = glyph;
	value = cursor(v, glyph);
	xcb_change_window_attributes(v->c, w->content, XCB_CW_CURSOR, &value);
}
