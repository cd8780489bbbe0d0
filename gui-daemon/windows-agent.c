/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the domain's messages do to its windows (gui-protocol 3.4, 5.2, 5.3). */
#include "gui-daemon/windows-private.h"

#include "common/text-filter.h"
#include "gui-daemon/view.h"
#include "vchan/pages.h"

#include <errno.h>

void window_tell_place(struct window *w) {
	struct gui_from_daemon m = {.type = GUI_CONFIGURE, .window = w->id};

	if (w->configure_pending)
		return;
	w->configure_pending = w->id != GUI_WINDOW_SCREEN;
	m.configure.at = w->at;
	w->in->config.send(w->in->config.data, &m);
}

static void tell_place_again(struct window *w) {
	w->configure_pending = false;
	window_tell_place(w);
}

static int on_create(struct windows *t, const struct gui_from_agent *m) {
	struct window *w;
	int r = window_new(t, m->window, &w);

	if (r)
		return r;
	w->at = m->create.at;
	w->popup = m->create.override_redirect && t->config.popups_allowed;
	if (!w->ghost)
		view_create(t->config.view, w->id, w->at, w->popup);
	return 0;
}

static int on_destroy(struct window *w, const struct gui_from_agent *m) {
	struct windows *t = w->in;
	uint32_t id = w->id;

	window_remove(w);
	view_destroy(t->config.view, id);
	return 0;
}

static int on_map(struct window *w, const struct gui_from_agent *m) {
	struct windows *t = w->in;
	struct view_map map = {0};
	struct rect place = w->at;

	if (w->mapped || w->docked)
		return 0;
	w->popup = m->map.override_redirect && t->config.popups_allowed;
	if (w->popup) {
		place = place_popup(&t->config.screen, w->at, t->config.frame);
		/* What was asked counts, not what was left of it by the monitor's edge. */
		if (window_too_much(w, w->at) || window_too_much(w, place)) {
			windows_refuse(t, REFUSED_POPUPS);
			w->popup = false;
		}
	}
	if (!w->popup && w->id != GUI_WINDOW_SCREEN)
		place = place_managed(&t->config.screen, w->at, t->config.frame);
	if (windows_known(t, m->map.transient_for) && m->map.transient_for != w->id)
		map.transient_for = m->map.transient_for;
	map.popup = w->popup;
	window_set_mapped(w, true);
	w->corrections = 0;
	if (!rect_equal(place, w->at)) {
		w->at = place;
		view_place(t->config.view, w->id, place);
		window_tell_place(w);
	}
	view_map(t->config.view, w->id, &map);
	return 0;
}

static void drop_image(struct window *w) {
	w->image = (struct size){0, 0};
	charge_release(&w->pages);
	view_drop_image(w->in->config.view, w->id);
}

static int on_unmap(struct window *w, const struct gui_from_agent *m) {
	if (!w->mapped || w->docked)
		return 0;
	window_set_mapped(w, false);
	view_unmap(w->in->config.view, w->id);
	if (w->id != GUI_WINDOW_SCREEN)
		drop_image(w);
	return 0;
}

static void adopt(struct window *w, struct rect wanted) {
	struct windows *t = w->in;
	struct rect place = wanted;

	if (w->popup && w->mapped) {
		place = place_popup(&t->config.screen, wanted, t->config.frame);
		if (window_too_much(w, wanted) || window_too_much(w, place))
			window_become_managed(w);
	}
	/* Within what the person or the window manager gave it, it may be as it likes. */
	if (!w->popup && w->mapped && !rect_contains(w->at, wanted))
		place = place_managed(&t->config.screen, wanted, t->config.frame);
	w->at = place;
	view_place(t->config.view, w->id, place);
	if (!rect_equal(place, wanted))
		window_tell_place(w);
}

static int on_configure(struct window *w, const struct gui_from_agent *m) {
	bool same = rect_equal(m->configure.at, w->at);

	if (w->configure_pending) {
		w->configure_pending = false;
		if (!same)
			tell_place_again(w);
	} else if (w->docked) {
		if (!same)
			tell_place_again(w);
	} else if (!same) {
		adopt(w, m->configure.at);
	}
	return 0;
}

static int on_shmimage(struct window *w, const struct gui_from_agent *m) {
	struct windows *t = w->in;
	const struct window *screen = windows_find(t, GUI_WINDOW_SCREEN);
	struct rect area = m->shmimage.area, image = {0, 0, w->image.w, w->image.h};

	if (!w->mapped && !w->docked)
		return 0;
	if (rect_empty(image) && screen)
		image = (struct rect){-w->at.x, -w->at.y, screen->image.w, screen->image.h};
	area = rect_intersect(area, image);
	area = rect_intersect(area, (struct rect){0, 0, w->at.w, w->at.h});
	if (!rect_empty(area))
		view_paint(t->config.view, w->id, area);
	return 0;
}

static int on_wmname(struct window *w, const struct gui_from_agent *m) {
	struct windows *t = w->in;

	text_filter(m->wmname.untrusted_text, sizeof(m->wmname.untrusted_text), w->title,
		sizeof(w->title));
	if (w->title_pending)
		return 0;
	if (rate_take(&t->titles, 1, g_get_monotonic_time())) {
		window_show_title(w);
	} else {
		w->title_pending = true;
		t->titles_pending++;
	}
	return 0;
}

static int on_wmclass(struct window *w, const struct gui_from_agent *m) {
	char class[64], name[64];

	if (w->mapped)
		return 0;
	text_filter_ascii(m->wmclass.untrusted_class, sizeof(m->wmclass.untrusted_class), class,
		sizeof(class));
	text_filter_ascii(
		m->wmclass.untrusted_name, sizeof(m->wmclass.untrusted_name), name, sizeof(name));
	view_class(w->in->config.view, w->id, class, name);
	return 0;
}

static int on_hints(struct window *w, const struct gui_from_agent *m) {
	view_hints(w->in->config.view, w->id, &m->hints);
	return 0;
}

static int on_flags(struct window *w, const struct gui_from_agent *m) {
	if (!w->docked)
		view_flags(w->in->config.view, w->id, m->flags);
	return 0;
}

static int on_cursor(struct window *w, const struct gui_from_agent *m) {
	view_cursor(w->in->config.view, w->id, m->cursor.glyph);
	return 0;
}

static int on_dock(struct window *w, const struct gui_from_agent *m) {
	struct windows *t = w->in;

	if (w->mapped || w->docked)
		return 0;
	if (t->docked.used >= t->docked.limit) {
		windows_refuse(t, REFUSED_ICONS);
		return 0;
	}
	t->docked.used++;
	w->docked = true;
	w->popup = false;
	view_dock(t->config.view, w->id);
	return 0;
}

/* The pages of an image; NULL if it gets none although the domain did nothing wrong. */
static int map_pages(struct window *w, const struct gui_dump *dump, struct pages_view **ret) {
	struct windows *t = w->in;
	int r;

	*ret = NULL;
	charge_release(&w->pages); /* the old image goes in any case */
	if (quota_take(&t->pages, dump->ref_count, &w->pages)) {
		windows_refuse(t, REFUSED_PAGES);
		return 0;
	}
	r = pages_view_new(t->config.domain_id, dump->refs, dump->ref_count, ret);
	if (r > 0)
		return windows_violation(
			t, "sent WINDOW_DUMP with memory that it never shared with this domain");
	if (r < 0)
		windows_refuse(t, REFUSED_HOST);
	return 0;
}

static int on_dump(struct window *w, const struct gui_from_agent *m) {
	struct windows *t = w->in;
	struct pages_view *pages;
	int r = map_pages(w, &m->dump, &pages);

	if (r)
		return r;
	w->image = pages ? m->dump.size : (struct size){0, 0};
	t->dumps++;
	view_image(t->config.view, w->id, m->dump.size, pages);
	return 0;
}

/* What may be said about a window, and who does it. No row, no service. */
static const struct {
	enum gui_type type;
	int (*fn)(struct window *w, const struct gui_from_agent *m);
} rules[] = {
	{GUI_SHMIMAGE, on_shmimage},
	{GUI_WINDOW_DUMP, on_dump},
	{GUI_CONFIGURE, on_configure},
	{GUI_MAP, on_map},
	{GUI_UNMAP, on_unmap},
	{GUI_DESTROY, on_destroy},
	{GUI_WMNAME, on_wmname},
	{GUI_WMCLASS, on_wmclass},
	{GUI_WINDOW_HINTS, on_hints},
	{GUI_WINDOW_FLAGS, on_flags},
	{GUI_CURSOR, on_cursor},
	{GUI_DOCK, on_dock},
};

/* A window that is never shown: only what the agent waits for is answered. */
static int on_ghost(struct window *w, const struct gui_from_agent *m) {
	if (m->type == GUI_DESTROY)
		return on_destroy(w, m);
	if (m->type == GUI_WINDOW_DUMP) { /* the answer keeps its turn behind the others' */
		w->in->dumps++;
		view_image(w->in->config.view, w->id, m->dump.size, NULL);
	}
	return 0;
}

/* What keeps the X server and the window manager busy (bug class A11). */
static bool is_change(enum gui_type type) {
	return type == GUI_CREATE || type == GUI_DESTROY || type == GUI_MAP || type == GUI_UNMAP ||
	       type == GUI_DOCK;
}

int windows_on_message(struct windows *t, const struct gui_from_agent *m, unsigned minor) {
	struct window *w;

	if (is_change(m->type))
		rate_spend(&t->changes, 1, g_get_monotonic_time());
	if (m->type == GUI_CREATE)
		return on_create(t, m);
	w = windows_find(t, m->window);
	if (!w)
		return windows_violation(t, "sent message %d for window 0x%x, which does not exist",
			(int)m->type, m->window);
	if (w->ghost)
		return on_ghost(w, m);
	for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
		if (rules[i].type == m->type)
			return rules[i].fn(w, m);
	return windows_violation(t, "sent message %d, which is not for windows", (int)m->type);
}
