/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-daemon/gate.h"

#include "common/quota.h"
#include "common/text-filter.h"
#include "gui-daemon/rate.h"
#include "gui-daemon/sealed.h"
#include "gui-daemon/windows.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>

/* More than an honest decoder lets through: what waited on the way may come at once. */
#define TITLES_BURST      64
#define TITLES_PER_SECOND 20

struct pane {
	struct gate *in;
	uint32_t id;
	struct rect at;
	bool popup, mapped, docked;
	struct charge count, pages, icon;
};

struct gate {
	struct gate_config config;
	GHashTable *by_id; /* uint32_t -> struct pane, owned */
	struct quota windows, pages, icons;
	struct rate changes, titles;
	unsigned images; /* waiting for the X server */
	uint32_t mapped;
	char reason[96];
};

static void pane_free(void *data) {
	struct pane *p = data;

	charge_release(&p->count);
	charge_release(&p->pages);
	charge_release(&p->icon);
	g_free(p);
}

struct gate *gate_new(const struct gate_config *config) {
	struct gate *g = g_try_new0(struct gate, 1);

	if (!g)
		return NULL;
	g->config = *config;
	g->by_id = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, pane_free);
	g->windows.limit = WINDOWS_MAX;
	g->pages.limit = WINDOWS_PAGES_MAX;
	g->icons.limit = WINDOWS_DOCKED_MAX;
	g->changes = rate_new(WINDOWS_CHANGES_BURST, WINDOWS_CHANGES_RATE, 0);
	g->titles = rate_new(TITLES_BURST, TITLES_PER_SECOND, 0);
	return g;
}

struct gate *gate_free(struct gate *g) {
	if (!g)
		return NULL;
	g_hash_table_destroy(g->by_id);
	g_assert(g->windows.used == 0 && g->pages.used == 0 && g->icons.used == 0);
	g_free(g);
	return NULL;
}

static struct pane *find(const struct gate *g, uint32_t id) {
	return g_hash_table_lookup(g->by_id, GUINT_TO_POINTER(id));
}

bool gate_known(const struct gate *g, uint32_t window) {
	return find(g, window) != NULL;
}

uint32_t gate_mapped(const struct gate *g) {
	return g->mapped;
}

const char *gate_reason(const struct gate *g) {
	return g->reason;
}

int64_t gate_wait_us(struct gate *g, int64_t now_us) {
	int64_t changes = rate_wait_us(&g->changes, 0, now_us);
	int64_t titles = rate_wait_us(&g->titles, 0, now_us);

	return g->images > WINDOWS_DUMPS_MAX ? GATE_BUSY : MAX(changes, titles);
}

static int violation(struct gate *g, const char *what) {
	snprintf(g->reason, sizeof(g->reason), "%s", what);
	return GATE_E_VIOLATION;
}

static void emit(struct gate *g, const struct view_order *o) {
	g->config.order(g->config.data, o, -1);
}

static void set_mapped(struct pane *p, bool mapped) {
	if (p->mapped == mapped)
		return;
	p->mapped = mapped;
	if (mapped)
		p->in->mapped++;
	else
		p->in->mapped--;
}

/* Would the domain's pop-ups cover too much of a monitor with this one where it is? */
static bool too_much(const struct pane *p) {
	const struct gate_config *c = &p->in->config;
	struct place_cover cover = {{0}};
	GHashTableIter iter;
	gpointer value;

	place_cover_add(&c->screen, place_outer(p->at, c->frame), &cover);
	g_hash_table_iter_init(&iter, p->in->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct pane *other = value;

		if (other != p && other->popup && other->mapped)
			place_cover_add(&c->screen, place_outer(other->at, c->frame), &cover);
	}
	return place_covers_too_much(&c->screen, &cover);
}

static void emit_place(struct pane *p) {
	struct view_order o = {.type = VIEW_PLACE, .window = p->id, .place = p->at};

	emit(p->in, &o);
}

static void put(struct pane *p, struct rect place) {
	if (rect_equal(place, p->at))
		return;
	p->at = place;
	emit_place(p);
}

/* What a domain may ask for an ordinary window. */
static struct rect managed(const struct pane *p, struct rect wanted) {
	return place_managed(&p->in->config.screen, wanted, p->in->config.frame);
}

/* A pop-up that may not be one goes on as an ordinary window. */
static void become_managed(struct pane *p) {
	struct view_order unmap = {.type = VIEW_UNMAP, .window = p->id};
	struct view_order map = {.type = VIEW_MAP, .window = p->id};

	p->popup = false;
	emit(p->in, &unmap);
	put(p, managed(p, p->at));
	emit(p->in, &map);
}

/* A mapped pop-up lies on one monitor, with its frame, and within the domain's share (A6, A7). */
static void settle(struct pane *p) {
	const struct gate_config *c = &p->in->config;

	put(p, place_popup(&c->screen, p->at, c->frame));
	if (too_much(p))
		become_managed(p);
}

static int on_create(struct gate *g, struct view_order *o) {
	struct pane *p;

	if (find(g, o->window))
		return 0;
	p = g_try_new0(struct pane, 1);
	if (!p)
		return -ENOMEM;
	if (quota_take(&g->windows, 1, &p->count)) {
		g_free(p);
		return violation(g, "opened more windows than it may");
	}
	o->create.popup = o->create.popup && g->config.popups_allowed;
	p->in = g;
	p->id = o->window;
	p->at = o->create.at;
	p->popup = o->create.popup;
	g_hash_table_insert(g->by_id, GUINT_TO_POINTER(p->id), p);
	emit(g, o);
	return 0;
}

static int on_destroy(struct gate *g, struct view_order *o) {
	struct pane *p = find(g, o->window);

	if (p) {
		set_mapped(p, false);
		g_hash_table_remove(g->by_id, GUINT_TO_POINTER(p->id));
	}
	emit(g, o); /* answered in any case */
	return 0;
}

static int on_image(struct gate *g, struct view_order *o, int fd) {
	struct pane *p = find(g, o->window);
	uint64_t bytes = (uint64_t)o->image.size.w * o->image.size.h * 4;

	g->images++;
	if (o->image.pages && !sealed_has_image(fd, o->image.page, o->image.size))
		return violation(g, "gave an image memory that the X server must not map");
	if (p) {
		charge_release(&p->pages);
		if (o->image.pages &&
			quota_take(&g->pages, (bytes + GUI_PAGE - 1) / GUI_PAGE, &p->pages))
			return violation(g, "shared more memory for its windows than it may");
	}
	g->config.order(g->config.data, o, p && o->image.pages ? fd : -1); /* always answered */
	return 0;
}

static int on_map(struct pane *p, struct view_order *o) {
	struct gate *g = p->in;

	if (p->mapped || p->docked)
		return 0;
	p->popup = o->map.popup && g->config.popups_allowed;
	if (!gate_known(g, o->map.transient_for) || o->map.transient_for == p->id)
		o->map.transient_for = 0;
	if (p->popup) {
		put(p, place_popup(&g->config.screen, p->at, g->config.frame));
		p->popup = !too_much(p);
	}
	if (!p->popup)
		put(p, managed(p, p->at));
	o->map.popup = p->popup;
	set_mapped(p, true);
	emit(g, o);
	return 0;
}

static int on_unmap(struct pane *p, struct view_order *o) {
	if (p->docked)
		return 0;
	set_mapped(p, false);
	emit(p->in, o);
	return 0;
}

static int on_place(struct pane *p, struct view_order *o) {
	const struct gate_config *c = &p->in->config;
	bool floats = p->popup && p->mapped;

	if (floats)
		p->at = place_popup(&c->screen, o->place, c->frame);
	else if (p->mapped && !rect_contains(p->at, o->place))
		p->at = managed(p, o->place);
	else
		p->at = o->place;
	emit_place(p);
	if (floats && too_much(p))
		become_managed(p);
	return 0;
}

static int on_dock(struct pane *p, struct view_order *o) {
	if (p->mapped || p->docked)
		return 0;
	if (quota_take(&p->in->icons, 1, &p->icon))
		return violation(p->in, "put more icons in the tray than it may");
	p->docked = true;
	p->popup = false;
	emit(p->in, o);
	return 0;
}

static int on_title(struct pane *p, struct view_order *o) {
	char text[VIEW_TITLE_SIZE];

	text_filter(o->untrusted_title, sizeof(o->untrusted_title), text, sizeof(text));
	g_strlcpy(o->untrusted_title, text, sizeof(o->untrusted_title));
	emit(p->in, o);
	return 0;
}

static int on_class(struct pane *p, struct view_order *o) {
	struct view_class clean = {{0}};

	if (p->mapped)
		return 0;
	text_filter_ascii(
		o->class.untrusted_class, VIEW_CLASS_SIZE, clean.untrusted_class, VIEW_CLASS_SIZE);
	text_filter_ascii(
		o->class.untrusted_name, VIEW_CLASS_SIZE, clean.untrusted_name, VIEW_CLASS_SIZE);
	o->class = clean;
	emit(p->in, o);
	return 0;
}

static int on_flags(struct pane *p, struct view_order *o) {
	if (!p->docked)
		emit(p->in, o);
	return 0;
}

static int on_drop_image(struct pane *p, struct view_order *o) {
	charge_release(&p->pages);
	emit(p->in, o);
	return 0;
}

static int pass(struct pane *p, struct view_order *o) {
	emit(p->in, o);
	return 0;
}

/* What may be ordered of a window that is known. */
static int on_window(struct pane *p, struct view_order *o) {
	switch ((int)o->type) {
	case VIEW_MAP:
		return on_map(p, o);
	case VIEW_UNMAP:
		return on_unmap(p, o);
	case VIEW_PLACE:
		return on_place(p, o);
	case VIEW_DOCK:
		return on_dock(p, o);
	case VIEW_TITLE:
		return on_title(p, o);
	case VIEW_CLASS:
		return on_class(p, o);
	case VIEW_FLAGS:
		return on_flags(p, o);
	case VIEW_DROP_IMAGE:
		return on_drop_image(p, o);
	case VIEW_HINTS:
	case VIEW_CURSOR:
	case VIEW_PAINT:
		return pass(p, o);
	default:
		return violation(p->in, "gave an order that is not for windows");
	}
}

/* What keeps the X server and the window manager busy (bug class A11). */
static void spend(struct gate *g, enum view_type type, int64_t now_us) {
	if (type == VIEW_TITLE)
		rate_spend(&g->titles, 1, now_us);
	else if (type == VIEW_CREATE || type == VIEW_DESTROY || type == VIEW_MAP ||
		 type == VIEW_UNMAP || type == VIEW_DOCK)
		rate_spend(&g->changes, 1, now_us);
}

int gate_take(struct gate *g, const struct view_order *order, int fd, int64_t now_us) {
	struct view_order o = *order;
	struct pane *p = find(g, o.window);

	if (fd >= 0 && (o.type != VIEW_IMAGE || !o.image.pages))
		return violation(g, "sent a descriptor that belongs to nothing");
	spend(g, o.type, now_us);
	if (o.type == VIEW_CREATE)
		return on_create(g, &o);
	if (o.type == VIEW_DESTROY)
		return on_destroy(g, &o);
	if (o.type == VIEW_IMAGE)
		return on_image(g, &o, fd);
	return p ? on_window(p, &o) : 0;
}

void gate_on_placed(struct gate *g, uint32_t window, struct rect content) {
	struct pane *p = find(g, window);

	if (p && !rect_empty(content))
		p->at = place_clamp(content);
}

void gate_on_imaged(struct gate *g) {
	if (g->images > 0)
		g->images--;
}

void gate_on_screen(struct gate *g, const struct place_screen *screen, uint32_t frame) {
	GHashTableIter iter;
	gpointer value;

	g->config.screen = *screen;
	g->config.frame = frame;
	g_hash_table_iter_init(&iter, g->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct pane *p = value;

		if (p->popup && p->mapped)
			settle(p);
	}
}
