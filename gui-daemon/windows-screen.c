/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the screen reports about a domain's windows, and what the agent hears of it. */
#include "gui-daemon/windows-private.h"

#include "gui-daemon/view.h"

/* A window manager that insists on moving a pop-up elsewhere wins after this: it is hidden. */
#define CORRECTIONS_MAX 16

static void answer(struct windows *t, enum gui_type type, uint32_t id) {
	struct gui_from_daemon m = {.type = type, .window = id};

	t->config.send(t->config.data, &m);
}

void windows_on_imaged(struct windows *t, uint32_t id) {
	if (t->dumps > 0)
		t->dumps--;
	answer(t, GUI_WINDOW_DUMP_ACK, id);
}

void windows_on_destroyed(struct windows *t, uint32_t id) {
	answer(t, GUI_DESTROY, id);
}

/* A6: whoever moved it, a pop-up is put back so that its frame is on one monitor. */
static struct rect correct_popup(struct window *w, struct rect content) {
	const struct windows_config *c = &w->in->config;
	struct rect place = place_popup(&c->screen, content, c->frame);

	if (rect_equal(place, content)) {
		w->corrections = 0;
		return place;
	}
	if (w->corrections++ < CORRECTIONS_MAX) {
		view_place(c->view, w->id, place);
	} else {
		window_set_mapped(w, false);
		view_unmap(c->view, w->id);
	}
	return place;
}

void windows_on_placed(struct windows *t, uint32_t id, struct rect content) {
	struct window *w = windows_find(t, id);

	if (!w || w->ghost || rect_empty(content))
		return;
	content = place_clamp(content);
	if (w->popup && w->mapped)
		content = correct_popup(w, content);
	if (rect_equal(content, w->at))
		return;
	w->at = content;
	window_tell_place(w);
}

void windows_on_screen(struct windows *t, const struct place_screen *screen, uint32_t frame) {
	GHashTableIter iter;
	gpointer value;

	t->config.screen = *screen;
	t->config.frame = frame;
	g_hash_table_iter_init(&iter, t->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct window *w = value;
		struct rect place;

		if (!w->popup || !w->mapped)
			continue;
		place = place_popup(screen, w->at, t->config.frame);
		if (window_too_much(w, place)) {
			window_become_managed(w);
			continue;
		}
		if (rect_equal(place, w->at))
			continue;
		w->at = place;
		view_place(t->config.view, w->id, place);
		window_tell_place(w);
	}
}

static void report_flags(struct window *w, struct gui_flags flags) {
	struct gui_from_daemon m = {.type = GUI_WINDOW_FLAGS, .window = w->id};

	m.flags.set = flags.set & ~w->told_flags;
	m.flags.unset = flags.unset & w->told_flags;
	w->told_flags = (w->told_flags | m.flags.set) & ~m.flags.unset;
	if (m.flags.set || m.flags.unset)
		w->in->config.send(w->in->config.data, &m);
}

void windows_on_report(struct windows *t, const struct gui_from_daemon *m) {
	struct window *w = windows_find(t, m->window);

	if (!w || w->ghost)
		return;
	if (m->type == GUI_WINDOW_FLAGS)
		report_flags(w, m->flags);
	else
		t->config.send(t->config.data, m);
}
