/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The domain's screen follows the person's: one output of the dummy driver per monitor, each with a
 * mode of exactly that size, by RandR and without a restart (docs/decisions/x-server.md). Where the
 * server has fewer outputs, the ones it has are used; where it cannot grow, it stays.
 */
#include "gui-agent/x11-display.h"

#define MODES_MAX 32

struct mode {
	struct size size;
	xcb_randr_mode_t id;
	uint32_t outputs; /* bit i: added to output i */
};

struct x11_screen {
	unsigned n; /* outputs, each with the crtc of the same index */
	xcb_randr_output_t output[EXT_MONITORS_MAX];
	xcb_randr_crtc_t crtc[EXT_MONITORS_MAX];
	bool on[EXT_MONITORS_MAX];
	struct mode modes[MODES_MAX]; /* ours */
	unsigned mode_count, modes_asked;
	struct ext_monitors wanted, applied;
	struct ext_monitors asked; /* the modes under way are for these */
	bool due;
};

static bool same(const struct ext_monitors *a, const struct ext_monitors *b) {
	bool r = a->screen.w == b->screen.w && a->screen.h == b->screen.h && a->count == b->count;

	for (uint32_t i = 0; r && i < a->count; i++)
		r = rect_equal(a->monitors[i].at, b->monitors[i].at) &&
		    a->monitors[i].millimetres.w == b->monitors[i].millimetres.w &&
		    a->monitors[i].millimetres.h == b->monitors[i].millimetres.h;
	return r;
}

static struct mode *find_mode(struct x11_screen *s, struct rect at) {
	for (unsigned i = 0; i < s->mode_count; i++) {
		if (s->modes[i].size.w == at.w && s->modes[i].size.h == at.h)
			return &s->modes[i];
	}
	return NULL;
}

static void on_applied(struct x11 *x, uint32_t window, uint32_t arg, void *reply) {
	x->events->screen_set(x->user);
}

static void set_size(struct x11 *x, const struct ext_monitors *m) {
	const struct ext_monitor *first = &m->monitors[0];
	uint32_t mm_w = m->screen.w * 254 / 960, mm_h = m->screen.h * 254 / 960; /* 96 dpi */

	if (first->millimetres.w && first->millimetres.h) {
		mm_w = m->screen.w * first->millimetres.w / first->at.w;
		mm_h = m->screen.h * first->millimetres.h / first->at.h;
	}
	xcb_randr_set_screen_size(
		x->c, x->root, (uint16_t)m->screen.w, (uint16_t)m->screen.h, mm_w, mm_h);
}

static void switch_off(struct x11 *x, struct x11_screen *s, unsigned i) {
	xcb_discard_reply(x->c,
		xcb_randr_set_crtc_config(x->c, s->crtc[i], XCB_CURRENT_TIME, XCB_CURRENT_TIME, 0,
			0, XCB_NONE, XCB_RANDR_ROTATION_ROTATE_0, 0, NULL)
			.sequence);
	s->on[i] = false;
}

static unsigned switch_on(struct x11 *x, struct x11_screen *s, unsigned i, struct rect at) {
	struct mode *mode = find_mode(s, at);

	if (!mode)
		return 0;
	if (!(mode->outputs >> i & 1))
		xcb_randr_add_output_mode(x->c, s->output[i], mode->id);
	mode->outputs |= 1u << i;
	s->on[i] = true;
	return xcb_randr_set_crtc_config(x->c, s->crtc[i], XCB_CURRENT_TIME, XCB_CURRENT_TIME,
		(int16_t)at.x, (int16_t)at.y, mode->id, XCB_RANDR_ROTATION_ROTATE_0, 1,
		&s->output[i])
		.sequence;
}

/* All at once for the clients: a screen must never be smaller than what is on. */
static void apply(struct x11 *x) {
	struct x11_screen *s = x->screens;
	unsigned last = 0, n = MIN(s->n, s->wanted.count);

	s->due = false;
	s->applied = s->wanted;
	xcb_grab_server(x->c);
	for (unsigned i = 0; i < s->n; i++) {
		if (s->on[i])
			switch_off(x, s, i);
	}
	set_size(x, &s->wanted);
	for (unsigned i = 0; i < n; i++) {
		if (last)
			xcb_discard_reply(x->c, last);
		last = switch_on(x, s, i, s->wanted.monitors[i].at);
	}
	if (n > 0)
		xcb_randr_set_output_primary(x->c, x->root, s->output[0]);
	xcb_ungrab_server(x->c);
	if (last)
		x11_await(x, last, on_applied, 0, 0);
	else
		x->events->screen_set(x->user);
}

static void prepare(struct x11 *x);

static void on_mode(struct x11 *x, uint32_t w, uint32_t h, void *reply) {
	const xcb_randr_create_mode_reply_t *m = reply;
	struct x11_screen *s = x->screens;

	s->modes_asked--;
	if (m && s->mode_count < MODES_MAX)
		s->modes[s->mode_count++] = (struct mode){{w, h}, m->mode, 0};
	if (s->modes_asked > 0 || !s->due)
		return;
	/* What came meanwhile may need other modes; one that was refused is not asked for again. */
	if (same(&s->asked, &s->wanted))
		apply(x);
	else
		prepare(x);
}

static void make_mode(struct x11 *x, struct rect at) {
	char name[32];
	xcb_randr_mode_info_t info = {.width = (uint16_t)at.w, .height = (uint16_t)at.h};

	info.hsync_start = info.hsync_end = info.htotal = (uint16_t)(at.w + 1);
	info.vsync_start = info.vsync_end = info.vtotal = (uint16_t)(at.h + 1);
	info.dot_clock = (uint32_t)info.htotal * info.vtotal * 60;
	info.name_len = (uint16_t)g_snprintf(name, sizeof(name), "bulkhead-%ux%u", at.w, at.h);
	x11_await(x, xcb_randr_create_mode(x->c, x->root, info, info.name_len, name).sequence,
		on_mode, at.w, at.h);
	x->screens->modes_asked++;
}

/* Forgets sizes that nobody needs now, so that a day of resizing does not fill the server. */
static void prune(struct x11 *x, struct x11_screen *s) {
	if (s->mode_count + EXT_MONITORS_MAX <= MODES_MAX)
		return;
	for (unsigned i = 0; i < s->n; i++) {
		if (s->on[i])
			switch_off(x, s, i);
	}
	for (unsigned i = 0; i < s->mode_count; i++) {
		for (unsigned o = 0; o < s->n; o++) {
			if (s->modes[i].outputs >> o & 1)
				xcb_randr_delete_output_mode(x->c, s->output[o], s->modes[i].id);
		}
		xcb_randr_destroy_mode(x->c, s->modes[i].id);
	}
	s->mode_count = 0;
}

/* Makes the modes that are missing, then applies what is wanted. */
static void prepare(struct x11 *x) {
	struct x11_screen *s = x->screens;

	s->asked = s->wanted;
	prune(x, s);
	for (unsigned i = 0; i < MIN(s->n, s->wanted.count); i++) {
		struct rect at = s->wanted.monitors[i].at;
		bool twice = false;

		for (unsigned k = 0; k < i; k++)
			twice |= s->wanted.monitors[k].at.w == at.w &&
				 s->wanted.monitors[k].at.h == at.h;
		if (!twice && !find_mode(s, at))
			make_mode(x, at);
	}
	if (s->modes_asked == 0)
		apply(x);
}

void x11_screen_set(struct x11 *x, const struct ext_monitors *monitors) {
	struct x11_screen *s = x->screens;

	s->wanted = *monitors;
	if (s->modes_asked == 0 && same(monitors, &s->applied)) {
		/* A change makes every client draw anew: not for nothing. */
		x->events->screen_set(x->user);
		return;
	}
	s->due = true;
	if (s->modes_asked > 0)
		return;
	prepare(x);
}

void x11_screen_start(struct x11 *x) {
	struct x11_screen *s = x->screens = g_new0(struct x11_screen, 1);
	AUTO(auto_free)
	void *reply = xcb_randr_get_screen_resources_current_reply(
		x->c, xcb_randr_get_screen_resources_current(x->c, x->root), NULL);
	const xcb_randr_get_screen_resources_current_reply_t *r = reply;

	s->applied.screen = (struct size){x->screen->width_in_pixels, x->screen->height_in_pixels};
	s->applied.count = 1;
	s->applied.monitors[0].at = (struct rect){0, 0, s->applied.screen.w, s->applied.screen.h};
	if (!r)
		return;
	s->n = MIN(MIN(r->num_crtcs, r->num_outputs), EXT_MONITORS_MAX);
	for (unsigned i = 0; i < s->n; i++) {
		s->output[i] = xcb_randr_get_screen_resources_current_outputs(r)[i];
		s->crtc[i] = xcb_randr_get_screen_resources_current_crtcs(r)[i];
		s->on[i] = true; /* perhaps: switching off twice does no harm */
	}
}

void x11_screen_stop(struct x11 *x) {
	g_free(x->screens);
	x->screens = NULL;
}
