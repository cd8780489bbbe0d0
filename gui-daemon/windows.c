/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of a domain's windows: their life, their quotas, their titles' pace. */
#include "gui-daemon/windows-private.h"

#include "gui-daemon/view.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define TITLES_BURST      32
#define TITLES_PER_SECOND 10

static const char *const refusals[REFUSED_COUNT] = {
	[REFUSED_WINDOWS] = "opened more windows than it may: the new ones are not shown",
	[REFUSED_PAGES] = "shared more memory for its windows than it may: some have no image",
	[REFUSED_POPUPS] = "covered a monitor with pop-up windows: they became ordinary windows",
	[REFUSED_ICONS] = "put more icons in the tray than it may: the new ones are not shown",
	[REFUSED_HOST] = "has a window without image: this machine could not map its memory",
};

static void window_free(void *data) {
	struct window *w = data;

	charge_release(&w->count);
	charge_release(&w->pages);
	g_free(w);
}

struct windows *windows_new(const struct windows_config *config) {
	struct windows *t = g_try_new0(struct windows, 1);

	if (!t)
		return NULL;
	t->config = *config;
	t->by_id = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, window_free);
	t->windows.limit = WINDOWS_MAX;
	t->ghosts.limit = WINDOWS_GHOSTS_MAX;
	t->pages.limit = WINDOWS_PAGES_MAX;
	t->docked.limit = WINDOWS_DOCKED_MAX;
	t->titles = rate_new(TITLES_BURST, TITLES_PER_SECOND, 0);
	t->changes = rate_new(WINDOWS_CHANGES_BURST, WINDOWS_CHANGES_RATE, 0);
	return t;
}

struct windows *windows_free(struct windows *t) {
	GHashTableIter iter;
	gpointer value;

	if (!t)
		return NULL;
	g_hash_table_iter_init(&iter, t->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		view_destroy(t->config.view, ((struct window *)value)->id);
	}
	g_hash_table_destroy(t->by_id);
	g_assert(t->windows.used == 0 && t->ghosts.used == 0 && t->pages.used == 0);
	g_free(t);
	return NULL;
}

struct window *windows_find(const struct windows *t, uint32_t id) {
	return g_hash_table_lookup(t->by_id, GUINT_TO_POINTER(id));
}

bool windows_known(const struct windows *t, uint32_t id) {
	const struct window *w = windows_find(t, id);

	return w && !w->ghost;
}

int window_new(struct windows *t, uint32_t id, struct window **ret) {
	struct window *w;

	if (windows_find(t, id))
		return windows_violation(
			t, "sent CREATE for window 0x%x, which exists already", id);
	w = g_try_new0(struct window, 1);
	if (!w)
		return -ENOMEM;
	w->in = t;
	w->id = id;
	if (quota_take(&t->windows, 1, &w->count)) {
		w->ghost = true;
		windows_refuse(t, REFUSED_WINDOWS);
		if (quota_take(&t->ghosts, 1, &w->count)) {
			g_free(w);
			return windows_violation(
				t, "opened more than %u windows", WINDOWS_MAX + WINDOWS_GHOSTS_MAX);
		}
	}
	g_hash_table_insert(t->by_id, GUINT_TO_POINTER(id), w);
	*ret = w;
	return 0;
}

void window_remove(struct window *w) {
	struct windows *t = w->in;

	window_set_mapped(w, false);
	if (w->title_pending)
		t->titles_pending--;
	if (w->docked)
		t->docked.used--;
	g_hash_table_remove(t->by_id, GUINT_TO_POINTER(w->id));
}

int windows_violation(struct windows *t, const char *format, ...) {
	va_list args;

	va_start(args, format);
	vsnprintf(t->reason, sizeof(t->reason), format, args);
	va_end(args);
	return WINDOWS_E_VIOLATION;
}

const char *windows_reason(const struct windows *t) {
	return t->reason;
}

void windows_refuse(struct windows *t, enum refusal why) {
	if (t->refused[why])
		return;
	t->refused[why] = true;
	t->config.refused(t->config.data, refusals[why]);
}

void window_set_mapped(struct window *w, bool mapped) {
	if (w->mapped == mapped)
		return;
	w->mapped = mapped;
	if (mapped)
		w->in->mapped++;
	else
		w->in->mapped--;
}

uint32_t windows_mapped(const struct windows *t) {
	return t->mapped;
}

int64_t windows_wait_us(struct windows *t, int64_t now_us) {
	return t->dumps >= WINDOWS_DUMPS_MAX ? -1 : rate_wait_us(&t->changes, 0, now_us);
}

void window_show_title(struct window *w) {
	if (w->title_pending) {
		w->title_pending = false;
		w->in->titles_pending--;
	}
	view_title(w->in->config.view, w->id, w->title);
}

int64_t windows_next_tick(struct windows *t, int64_t now_us) {
	return t->titles_pending ? rate_wait_us(&t->titles, 1, now_us) : -1;
}

void windows_tick(struct windows *t, int64_t now_us) {
	GHashTableIter iter;
	gpointer value;

	if (!t->titles_pending)
		return;
	g_hash_table_iter_init(&iter, t->by_id);
	while (t->titles_pending && g_hash_table_iter_next(&iter, NULL, &value)) {
		struct window *w = value;

		if (!w->title_pending)
			continue;
		if (!rate_take(&t->titles, 1, now_us))
			return;
		window_show_title(w);
	}
}

bool window_too_much(const struct window *w, struct rect content) {
	const struct windows_config *c = &w->in->config;
	struct place_cover cover = {{0}};
	GHashTableIter iter;
	gpointer value;

	place_cover_add(&c->screen, place_outer(content, c->frame), &cover);
	g_hash_table_iter_init(&iter, w->in->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct window *other = value;

		if (other != w && other->popup && other->mapped)
			place_cover_add(&c->screen, place_outer(other->at, c->frame), &cover);
	}
	return place_covers_too_much(&c->screen, &cover);
}

void window_become_managed(struct window *w) {
	struct view_map map = {.popup = false};

	windows_refuse(w->in, REFUSED_POPUPS);
	w->popup = false;
	view_unmap(w->in->config.view, w->id);
	view_map(w->in->config.view, w->id, &map);
}
