/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The admin's screen: monitors, the part that panels leave, the keyboard's names, whether there is
 * a window manager. Asked for all together, at the start and when something of it changed.
 */
#include "gui-daemon/x11-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define XKB_WORDS       256
#define WORKAREA_WORDS  256
#define RESOURCES_WORDS 16384

enum question {
	ASK_ROOT,
	ASK_MONITORS,
	ASK_WM,
	ASK_WORKAREA,
	ASK_DESKTOP,
	ASK_KEYBOARD,
	ASK_RESOURCES,
	ASK_COUNT
};

struct answers {
	xcb_get_geometry_reply_t *root;
	xcb_randr_get_monitors_reply_t *monitors;
	xcb_get_property_reply_t *wm, *workarea, *desktop, *keyboard, *resources;
};

static unsigned ask(struct x11 *v, enum question q) {
	xcb_window_t root = v->screen->root;

	switch (q) {
	case ASK_ROOT:
		return xcb_get_geometry(v->c, root).sequence;
	case ASK_MONITORS:
		return xcb_randr_get_monitors(v->c, root, 1).sequence;
	case ASK_WM:
		return xcb_get_property(v->c, 0, root, v->atoms[ATOM__NET_SUPPORTING_WM_CHECK],
			XCB_ATOM_WINDOW, 0, 1)
			.sequence;
	case ASK_WORKAREA:
		return xcb_get_property(v->c, 0, root, v->atoms[ATOM__NET_WORKAREA],
			XCB_ATOM_CARDINAL, 0, WORKAREA_WORDS)
			.sequence;
	case ASK_DESKTOP:
		return xcb_get_property(
			v->c, 0, root, v->atoms[ATOM__NET_CURRENT_DESKTOP], XCB_ATOM_CARDINAL, 0, 1)
			.sequence;
	case ASK_RESOURCES:
		return xcb_get_property(v->c, 0, root, XCB_ATOM_RESOURCE_MANAGER, XCB_ATOM_STRING,
			0, RESOURCES_WORDS)
			.sequence;
	case ASK_KEYBOARD:
	case ASK_COUNT:
		break;
	}
	return xcb_get_property(
		v->c, 0, root, v->atoms[ATOM__XKB_RULES_NAMES], XCB_ATOM_STRING, 0, XKB_WORDS)
		.sequence;
}

/* An X client can ask for what it likes; physical sizes are told coarsely (gui-protocol 6.3). */
static struct size coarse_millimetres(struct rect at, uint32_t mm_w) {
	static const uint32_t dpis[] = {96, 150, 200, 300};
	uint32_t dpi = 96;

	if (mm_w > 0)
		for (size_t i = 0; i < G_N_ELEMENTS(dpis); i++)
			if ((uint64_t)at.w * 254 / (mm_w * 10u) >= dpis[i])
				dpi = dpis[i];
	return (struct size){at.w * 254 / (dpi * 10), at.h * 254 / (dpi * 10)};
}

static void add_monitor(struct ext_monitors *m, struct rect at, uint32_t mm_w) {
	struct rect screen = {0, 0, m->screen.w, m->screen.h};

	at = rect_intersect(at, screen);
	if (rect_empty(at) || m->count >= EXT_MONITORS_MAX)
		return;
	m->monitors[m->count++] = (struct ext_monitor){
		.at = at, .millimetres = coarse_millimetres(at, mm_w)};
}

static void read_monitors(const struct answers *a, struct ext_monitors *m) {
	xcb_randr_monitor_info_iterator_t it;

	*m = (struct ext_monitors){.screen = {MIN(a->root->width, (unsigned)GUI_MAX_W),
					   MIN(a->root->height, (unsigned)GUI_MAX_H)}};
	if (a->monitors) {
		it = xcb_randr_get_monitors_monitors_iterator(a->monitors);
		for (; it.rem; xcb_randr_monitor_info_next(&it))
			add_monitor(m,
				(struct rect){
					it.data->x, it.data->y, it.data->width, it.data->height},
				it.data->width_in_millimeters);
	}
	if (m->count == 0)
		add_monitor(m, (struct rect){0, 0, m->screen.w, m->screen.h}, 0);
}

/* The current desktop's work area, or the whole screen if there is none that makes sense. */
static struct rect read_workarea(const struct answers *a, struct size screen) {
	struct rect all = {0, 0, screen.w, screen.h}, work;
	uint32_t desktop = 0;
	const uint32_t *v;

	if (!a->workarea || a->workarea->format != 32)
		return all;
	if (a->desktop && a->desktop->format == 32 && a->desktop->value_len == 1)
		desktop = *(const uint32_t *)xcb_get_property_value(a->desktop);
	if (desktop > WORKAREA_WORDS || (desktop + 1) * 4 > a->workarea->value_len)
		return all;
	v = (const uint32_t *)xcb_get_property_value(a->workarea) + desktop * 4;
	if (v[0] > GUI_MAX_W || v[1] > GUI_MAX_H || v[2] > GUI_MAX_W || v[3] > GUI_MAX_H)
		return all;
	work = rect_intersect(all, (struct rect){(int32_t)v[0], (int32_t)v[1], v[2], v[3]});
	return rect_empty(work) ? all : work;
}

static void read_usable(const struct answers *a, struct xscreen *s) {
	struct rect work = read_workarea(a, s->monitors.screen);

	s->usable.count = s->monitors.count;
	for (uint32_t i = 0; i < s->monitors.count; i++) {
		struct rect all = s->monitors.monitors[i].at, part = rect_intersect(all, work);

		/* A sliver is no place for windows: then panels are ignored. */
		s->usable.usable[i] = part.w < 64 || part.h < 64 ? all : part;
	}
}

static bool allowed_in_names(char c) {
	return g_ascii_isalnum(c) || (c && strchr("_,:.()+-", c));
}

/* Five strings, each with its NUL; what is missing stays empty. */
static void read_keyboard(const xcb_get_property_reply_t *r, struct ext_keyboard *k) {
	char *fields[] = {k->rules, k->model, k->layout, k->variant, k->options};
	const char *at = r && r->format == 8 ? xcb_get_property_value(r) : NULL;
	size_t left = at ? (size_t)xcb_get_property_value_length(r) : 0;

	*k = (struct ext_keyboard){{0}};
	for (size_t i = 0; i < G_N_ELEMENTS(fields) && left > 0; i++) {
		size_t len = strnlen(at, left), n = 0;

		for (size_t j = 0; j < len && n < EXT_XKB_TEXT - 1; j++)
			if (allowed_in_names(at[j]))
				fields[i][n++] = at[j];
		at += MIN(len + 1, left);
		left -= MIN(len + 1, left);
	}
}

/* The screen's scale is what desktops write into Xft.dpi: 96 is one, 192 two. */
static uint32_t read_frame(const xcb_get_property_reply_t *r, uint32_t logical) {
	const char *text = r && r->format == 8 ? xcb_get_property_value(r) : NULL;
	AUTO(auto_free)
	char *copy = text ? g_strndup(text, (gsize)xcb_get_property_value_length(r)) : NULL;

	return place_frame(copy ? copy : "", logical);
}

static void take(struct x11 *v, struct answers *a, struct xscreen *ret) {
	*ret = v->at;
	ret->frame = read_frame(a->resources, v->config.frame);
	read_monitors(a, &ret->monitors);
	read_usable(a, ret);
	read_keyboard(a->keyboard, &ret->keyboard);
	ret->has_wm = a->wm && a->wm->value_len == 1;
}

static void answers_clear(struct answers *a) {
	free(a->root);
	free(a->monitors);
	free(a->wm);
	free(a->workarea);
	free(a->desktop);
	free(a->keyboard);
	free(a->resources);
}

static void **slot(struct answers *a, enum question q) {
	void **slots[ASK_COUNT] = {[ASK_ROOT] = (void **)&a->root,
		[ASK_MONITORS] = (void **)&a->monitors,
		[ASK_WM] = (void **)&a->wm,
		[ASK_WORKAREA] = (void **)&a->workarea,
		[ASK_DESKTOP] = (void **)&a->desktop,
		[ASK_KEYBOARD] = (void **)&a->keyboard,
		[ASK_RESOURCES] = (void **)&a->resources};

	return slots[q];
}

void x11_screen_select(struct x11 *v, bool tops) {
	uint32_t events = XCB_EVENT_MASK_STRUCTURE_NOTIFY | XCB_EVENT_MASK_PROPERTY_CHANGE |
			  (tops ? XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY : 0);

	xcb_change_window_attributes(v->c, v->screen->root, XCB_CW_EVENT_MASK, &events);
}

/* At the start, when waiting is allowed. */
int x11_screen_init(struct x11 *v, const char **ret_why) {
	const xcb_query_extension_reply_t *randr = xcb_get_extension_data(v->c, &xcb_randr_id);
	struct answers a = {0};
	unsigned asked[ASK_COUNT];
	int r = 0;

	*ret_why = "the X server has no RandR";
	if (!randr || !randr->present)
		return -EPROTO;
	v->at.randr_event = randr->first_event;
	free(xcb_randr_query_version_reply(v->c, xcb_randr_query_version(v->c, 1, 5), NULL));
	x11_screen_select(v, false);
	xcb_randr_select_input(v->c, v->screen->root,
		XCB_RANDR_NOTIFY_MASK_SCREEN_CHANGE | XCB_RANDR_NOTIFY_MASK_CRTC_CHANGE |
			XCB_RANDR_NOTIFY_MASK_OUTPUT_CHANGE);
	for (int q = 0; q < ASK_COUNT; q++)
		asked[q] = ask(v, (enum question)q);
	for (int q = 0; q < ASK_COUNT; q++)
		*slot(&a, (enum question)q) = xcb_wait_for_reply(v->c, asked[q], NULL);
	*ret_why = "the X server did not answer";
	if (a.root)
		take(v, &a, &v->at);
	else
		r = -EPROTO;
	answers_clear(&a);
	return r;
}

/* Later: the answers gather in v->asked until the last is there. */
static void on_all_known(struct x11 *v, struct answers *a) {
	struct xscreen now;

	if (!a->root)
		return;
	take(v, a, &now);
	v->at.has_wm = now.has_wm;
	if (now.frame != v->at.frame) {
		v->at.frame = now.frame;
		x11_window_reframe(v);
		v->on->on_screen(v->data, &v->at.usable, &v->at.monitors);
	}
	if (memcmp(&now.monitors, &v->at.monitors, sizeof(now.monitors)) ||
		memcmp(&now.usable, &v->at.usable, sizeof(now.usable))) {
		v->at.monitors = now.monitors;
		v->at.usable = now.usable;
		v->on->on_screen(v->data, &v->at.usable, &v->at.monitors);
	}
	if (memcmp(&now.keyboard, &v->at.keyboard, sizeof(now.keyboard))) {
		v->at.keyboard = now.keyboard;
		v->on->on_keyboard(v->data, &v->at.keyboard);
	}
}

static void finish(struct x11 *v) {
	struct answers *a = v->asked;

	v->at.refreshing = false;
	on_all_known(v, a);
	answers_clear(a);
	*a = (struct answers){0};
	if (v->at.refresh_again)
		x11_screen_refresh(v);
}

/* `q` travels where other questions have a window. */
static void on_answer(struct x11 *v, uint32_t q, void *data, const xcb_generic_error_t *error) {
	const xcb_generic_reply_t *r = data;

	if (r) {
		size_t size = 32 + 4 * (size_t)r->length; /* as the X protocol has it */
		void *copy = malloc(size);

		if (copy)
			*slot(v->asked, (enum question)q) = memcpy(copy, r, size);
	}
	if (q == ASK_COUNT - 1)
		finish(v);
}

void x11_screen_refresh(struct x11 *v) {
	v->at.refresh_again = v->at.refreshing;
	if (v->at.refreshing)
		return;
	v->at.refreshing = true;
	if (!v->asked)
		v->asked = g_new0(struct answers, 1);
	for (int q = 0; q < ASK_COUNT; q++)
		x11_await(v, ask(v, (enum question)q), (uint32_t)q, on_answer);
}

void x11_screen_deinit(struct x11 *v) {
	if (v->asked)
		answers_clear(v->asked);
	g_free(v->asked);
}

void x11_view_refresh_screen(struct x11 *v) {
	x11_screen_refresh(v);
}

void x11_view_screen(const struct x11 *v, struct place_screen *ret_screen,
	struct ext_monitors *ret_monitors, struct ext_keyboard *ret_keyboard) {
	*ret_screen = v->at.usable;
	*ret_monitors = v->at.monitors;
	*ret_keyboard = v->at.keyboard;
}

uint32_t x11_view_frame(const struct x11 *v) {
	return v->at.frame;
}

static bool of_interest(const struct x11 *v, xcb_atom_t atom) {
	return atom == v->atoms[ATOM__NET_SUPPORTING_WM_CHECK] ||
	       atom == v->atoms[ATOM__NET_WORKAREA] ||
	       atom == v->atoms[ATOM__NET_CURRENT_DESKTOP] ||
	       atom == v->atoms[ATOM__XKB_RULES_NAMES] || atom == XCB_ATOM_RESOURCE_MANAGER;
}

bool x11_screen_on_event(struct x11 *v, const xcb_generic_event_t *e) {
	uint8_t type = e->response_type & 0x7f;
	bool ours = type == v->at.randr_event || type == v->at.randr_event + XCB_RANDR_NOTIFY;

	if (type == XCB_PROPERTY_NOTIFY) {
		const xcb_property_notify_event_t *p = (const void *)e;

		if (p->window != v->screen->root)
			return false;
		if (of_interest(v, p->atom))
			x11_screen_refresh(v);
		return true;
	}
	if (type == XCB_CONFIGURE_NOTIFY)
		ours = ((const xcb_configure_notify_event_t *)e)->window == v->screen->root;
	if (ours)
		x11_screen_refresh(v);
	return ours;
}
