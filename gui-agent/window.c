/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The window table and the order of messages (gui-protocol 3.6 and 10). Must never send for an id
 * that was not created, nor use an id again that the daemon still knows. */
#include "gui-agent/window.h"

struct windows {
	GHashTable *by_id; /* id -> struct window, the first life */
	GPtrArray *work;   /* listed windows */
	windows_gone_fn *on_gone;
	void *user;
};

void window_touch(struct window *w) {
	if (!w->listed)
		g_ptr_array_add(w->in->work, w);
	w->listed = true;
}

static void window_free(struct windows *t, struct window *w) {
	g_ptr_array_remove_fast(t->work, w);
	if (t->on_gone)
		t->on_gone(t->user, w);
	g_free(w);
}

struct windows *windows_new(void) {
	struct windows *t = g_new0(struct windows, 1);

	t->by_id = g_hash_table_new(NULL, NULL);
	t->work = g_ptr_array_new();
	return t;
}

struct windows *windows_free(struct windows *t) {
	GHashTableIter iter;
	gpointer value;

	if (!t)
		return NULL;
	g_hash_table_iter_init(&iter, t->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct window *w = value;

		if (w->next_life)
			window_free(t, w->next_life);
		window_free(t, w);
	}
	g_hash_table_destroy(t->by_id);
	g_ptr_array_free(t->work, TRUE);
	g_free(t);
	return NULL;
}

void windows_on_gone(struct windows *t, windows_gone_fn *fn, void *user) {
	t->on_gone = fn;
	t->user = user;
}

struct window *windows_find_told(struct windows *t, uint32_t id) {
	struct window *w = g_hash_table_lookup(t->by_id, GUINT_TO_POINTER(id));

	if (w)
		window_touch(w);
	return w;
}

struct window *windows_find(struct windows *t, uint32_t id) {
	struct window *w = windows_find_told(t, id);

	if (w && w->gone)
		w = w->next_life;
	if (w)
		window_touch(w);
	return w;
}

struct rect window_bounded(struct rect at) {
	return (struct rect){CLAMP(at.x, -GUI_MAX_W, GUI_MAX_W), CLAMP(at.y, -GUI_MAX_H, GUI_MAX_H),
		CLAMP(at.w, 1, GUI_MAX_W), CLAMP(at.h, 1, GUI_MAX_H)};
}

struct window *windows_add(struct windows *t, uint32_t id, struct rect at, bool override_redirect) {
	struct window *old = windows_find_told(t, id), *w = windows_find(t, id);

	if (w)
		return w;
	w = g_new0(struct window, 1);
	w->id = id;
	w->in = t;
	w->at = window_bounded(at);
	w->override_redirect = override_redirect;
	w->dirty = WINDOW_ALL;
	if (old)
		old->next_life = w;
	else
		g_hash_table_insert(t->by_id, GUINT_TO_POINTER(id), w);
	return w;
}

/* Frees a first life; the next one takes its place. */
static void forget_window(struct windows *t, struct window *w) {
	struct window *next = w->next_life;

	if (next)
		window_touch(next);
	if (next)
		g_hash_table_insert(t->by_id, GUINT_TO_POINTER(w->id), next);
	else
		g_hash_table_remove(t->by_id, GUINT_TO_POINTER(w->id));
	window_free(t, w);
}

void windows_remove(struct windows *t, struct window *w) {
	struct window *first = windows_find_told(t, w->id);

	if (first != w) { /* the second life ended before it was told */
		first->next_life = NULL;
		window_free(t, w);
		return;
	}
	w->gone = true;
	w->mapped = false;
	if (!w->announced)
		forget_window(t, w);
}

void windows_destroyed(struct windows *t, uint32_t id) {
	struct window *w = windows_find_told(t, id);

	if (w && w->told_gone)
		forget_window(t, w);
}

static void forget_one(void *user, struct window *w) {
	w->announced = w->told_gone = w->told_docked = w->told_mapped = false;
	w->told_override_redirect = false;
	w->told_flags = 0;
	w->dump_due = false;
	w->dumps_open = 0;
	w->frame_open = false;
	w->dirty = WINDOW_ALL | (w->cursor ? WINDOW_CURSOR : 0);
	region_clear(&w->ready);
	window_touch(w);
	if (w->gone)
		forget_window(user, w);
}

void windows_forget(struct windows *t) {
	windows_each(t, forget_one, t);
}

unsigned windows_count(struct windows *t) {
	return g_hash_table_size(t->by_id);
}

void windows_each(struct windows *t, windows_fn *fn, void *user) {
	g_autoptr(GList) all = g_hash_table_get_values(t->by_id);

	for (GList *l = all; l; l = l->next)
		fn(user, l->data);
}

void windows_work(struct windows *t, windows_fn *fn, void *user) {
	GPtrArray *work = t->work;

	if (work->len == 0)
		return;
	t->work = g_ptr_array_new();
	for (guint i = 0; i < work->len; i++)
		((struct window *)work->pdata[i])->listed = false;
	for (guint i = 0; i < work->len; i++)
		fn(user, work->pdata[i]);
	g_ptr_array_free(work, TRUE);
}

void window_changed(struct window *w, unsigned what) {
	w->dirty |= what;
}

void window_flags(struct window *w, uint32_t set, uint32_t unset) {
	w->flags = (w->flags | set) & ~unset;
}

static bool tell_create(struct window *w, struct gui_from_agent *ret) {
	if (!w->mapped && !w->docked)
		return false;
	ret->type = GUI_CREATE;
	ret->create = (struct gui_create){.at = w->at, .override_redirect = w->override_redirect};
	w->announced = true;
	w->told_at = w->at;
	w->told_override_redirect = w->override_redirect;
	w->dirty &= ~WINDOW_CONFIGURE;
	return true;
}

static bool take_dirty(struct window *w, unsigned what) {
	bool was = w->dirty & what;

	w->dirty &= ~what;
	return was;
}

static bool tell_properties(struct window *w, struct gui_from_agent *ret) {
	if (!w->told_mapped && take_dirty(w, WINDOW_CLASS)) {
		ret->type = GUI_WMCLASS;
		ret->wmclass = w->wmclass;
		return true;
	}
	if (take_dirty(w, WINDOW_HINTS)) {
		ret->type = GUI_WINDOW_HINTS;
		ret->hints = w->hints;
		return true;
	}
	if (take_dirty(w, WINDOW_TITLE)) {
		ret->type = GUI_WMNAME;
		ret->wmname = w->title;
		return true;
	}
	return false;
}

static bool tell_configure(struct window *w, struct gui_from_agent *ret) {
	if (!take_dirty(w, WINDOW_CONFIGURE) && (w->docked || rect_equal(w->at, w->told_at)))
		return false;
	ret->type = GUI_CONFIGURE;
	ret->configure = (struct gui_configure){w->at, w->override_redirect};
	w->told_at = w->at;
	return true;
}

static bool tell_flags(struct window *w, struct gui_from_agent *ret) {
	if (w->flags == w->told_flags)
		return false;
	ret->type = GUI_WINDOW_FLAGS;
	ret->flags.set = w->flags & ~w->told_flags;
	ret->flags.unset = w->told_flags & ~w->flags;
	w->told_flags = w->flags;
	return true;
}

static bool tell_dock(struct window *w, struct gui_from_agent *ret) {
	if (!w->docked || w->told_docked)
		return false;
	ret->type = GUI_DOCK;
	w->told_docked = true;
	return true;
}

static void note_unmapped(struct window *w) {
	w->told_mapped = false;
	w->dump_due = false;
	w->frame_open = false;
	region_clear(&w->ready);
}

static bool tell_mapped(struct window *w, struct gui_from_agent *ret) {
	bool other_kind = w->told_mapped && w->override_redirect != w->told_override_redirect;

	if (w->docked || (w->mapped == w->told_mapped && !other_kind))
		return false;
	if (w->told_mapped) {
		ret->type = GUI_UNMAP;
		note_unmapped(w);
		return true;
	}
	ret->type = GUI_MAP;
	ret->map = (struct gui_map){w->transient_for, w->override_redirect};
	w->told_mapped = true;
	w->told_override_redirect = w->override_redirect;
	return true;
}

/* A window that stops being override-redirect is mapped as managed before it grows; one that
 * becomes so takes its size before (gui-protocol 10, agent's item 7). */
static bool tell_place(struct window *w, struct gui_from_agent *ret) {
	bool first_map = w->mapped && !w->told_mapped && w->told_override_redirect &&
			 !w->override_redirect;

	if (first_map)
		return tell_mapped(w, ret) || tell_configure(w, ret);
	return tell_configure(w, ret) || tell_mapped(w, ret);
}

static bool tell_pixels(struct window *w, struct gui_from_agent *ret) {
	if (!w->mapped && !w->docked)
		return false;
	if (w->dump_due) {
		ret->type = GUI_WINDOW_DUMP;
		ret->dump = (struct gui_dump){.size = {w->at.w, w->at.h}};
		w->dump_due = false;
		w->dumps_open++;
		return true;
	}
	if (region_empty(&w->ready))
		return false;
	ret->type = GUI_SHMIMAGE;
	ret->shmimage.area = w->ready.r[--w->ready.n];
	w->frame_open = true;
	return true;
}

static bool tell_cursor(struct window *w, struct gui_from_agent *ret) {
	if (!take_dirty(w, WINDOW_CURSOR))
		return false;
	ret->type = GUI_CURSOR;
	ret->cursor.glyph = w->cursor;
	return true;
}

static bool tell_gone(struct window *w, struct gui_from_agent *ret) {
	if (!w->announced || w->told_gone)
		return false;
	ret->type = GUI_DESTROY;
	w->told_gone = true;
	return true;
}

bool window_next(struct window *w, struct gui_from_agent *ret) {
	*ret = (struct gui_from_agent){.window = w->id};
	if (g_hash_table_lookup(w->in->by_id, GUINT_TO_POINTER(w->id)) != w)
		return false; /* the daemon still knows this id's life before */
	if (w->gone)
		return tell_gone(w, ret);
	if (!w->announced)
		return tell_create(w, ret);
	return tell_properties(w, ret) || tell_dock(w, ret) || tell_flags(w, ret) ||
	       tell_place(w, ret) || tell_cursor(w, ret) || tell_pixels(w, ret);
}
