/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nothing of a domain above trusted windows (bug class A8). A pop-up of ours is outside the window
 * manager's order, so before it is mapped the top-levels are looked through, and it is put beneath
 * the lowest that is trusted: one with the property _BULKHEAD_TRUSTED on itself or, inside a window
 * manager's frame, on a descendant; or a screen locker by its class. While pop-ups are there,
 * whatever window appears later starts another look, and they are put beneath it if it is trusted.
 * All asynchronous. What could not be looked at counts as trusted.
 */
#include "gui-daemon/x11-private.h"

#include <string.h>

#define CLASS_WORDS   32
#define DEPTH_MAX     2 /* frame, wrapper, client */
#define QUESTIONS_MAX 16384u
#define AGAIN_MS      100 /* between two looks that others' windows ask for */

static const char *const lockers[] = {"xscreensaver", "light-locker", "xsecurelock", "i3lock",
	"slock", "xfce4-screensaver", "gnome-screensaver", "bulkhead-lock"};

enum { NEW = 0, VIEWABLE = 1, MANAGED = 2, MARKED = 4, LOCKER = 8, UNSEEN = 16, OURS = 32 };

struct top {
	xcb_window_t xid;
	unsigned flags;
};

struct x11_scan {
	GArray *tops;      /* struct top, from the bottom to the top */
	GHashTable *owner; /* window looked at -> index in tops + 1 */
	GHashTable *depth;
	unsigned open, asked;
};

static struct x11_scan *scan_new(void) {
	struct x11_scan *s = g_new0(struct x11_scan, 1);

	s->tops = g_array_new(FALSE, FALSE, sizeof(struct top));
	s->owner = g_hash_table_new(g_direct_hash, g_direct_equal);
	s->depth = g_hash_table_new(g_direct_hash, g_direct_equal);
	return s;
}

static struct x11_scan *scan_free(struct x11_scan *s) {
	if (!s)
		return NULL;
	g_array_free(s->tops, TRUE);
	g_hash_table_destroy(s->owner);
	g_hash_table_destroy(s->depth);
	g_free(s);
	return NULL;
}

static struct top *top_of(struct x11_scan *s, xcb_window_t xid) {
	guint i = GPOINTER_TO_UINT(g_hash_table_lookup(s->owner, GUINT_TO_POINTER(xid)));

	return i ? &g_array_index(s->tops, struct top, i - 1) : NULL;
}

static bool top_trusted(const struct top *t) {
	if (!(t->flags & VIEWABLE))
		return false;
	return (t->flags & (MARKED | UNSEEN)) || (t->flags & (LOCKER | MANAGED)) == LOCKER;
}

static void put_below(struct xwin *w, xcb_window_t sibling) {
	uint32_t below[] = {sibling, XCB_STACK_MODE_BELOW};

	xcb_configure_window(w->in->c, w->outer,
		XCB_CONFIG_WINDOW_SIBLING | XCB_CONFIG_WINDOW_STACK_MODE, below);
}

static void map_at(struct xwin *w, xcb_window_t lowest) {
	uint32_t above = XCB_STACK_MODE_ABOVE;

	if (lowest)
		put_below(w, lowest);
	else
		xcb_configure_window(w->in->c, w->outer, XCB_CONFIG_WINDOW_STACK_MODE, &above);
	xcb_map_window(w->in->c, w->outer);
}

static void scan_begin(struct x11 *v);

static bool floats(const struct xwin *w) {
	return w->popup && w->shown && w->stacking == XSTACK_NONE;
}

/* Which window is trusted is known until the next look: if one of these moves, there is one. */
static xcb_window_t note_trusted(struct x11 *v, const struct x11_scan *s) {
	xcb_window_t lowest = XCB_NONE;

	g_hash_table_remove_all(v->stack.trusted);
	for (guint i = 0; i < s->tops->len; i++) {
		const struct top *t = &g_array_index(s->tops, struct top, i);

		if (!top_trusted(t))
			continue;
		lowest = lowest ? lowest : t->xid;
		g_hash_table_add(v->stack.trusted, GUINT_TO_POINTER(t->xid));
	}
	return lowest;
}

/* Pop-ups that are there already and lie above the lowest trusted window. */
static void sink(struct x11 *v, const struct x11_scan *s, xcb_window_t lowest) {
	bool above = false;

	for (guint i = 0; i < s->tops->len; i++) {
		const struct top *t = &g_array_index(s->tops, struct top, i);
		struct xwin *w = t->flags & OURS ? x11_by_xid(v, t->xid) : NULL;

		above |= t->xid == lowest;
		if (above && w && w->outer == t->xid && floats(w))
			put_below(w, lowest);
	}
}

/* Others' windows are told of only while a pop-up is there that they could be under. */
static void watch(struct x11 *v) {
	GHashTableIter iter;
	gpointer value;
	bool any = false;

	g_hash_table_iter_init(&iter, v->by_id);
	while (!any && g_hash_table_iter_next(&iter, NULL, &value))
		any = ((struct xwin *)value)->popup && ((struct xwin *)value)->shown;
	if (any != v->stack.watched)
		x11_screen_select(v, any);
	v->stack.watched = any;
}

static void finish(struct x11 *v) {
	struct x11_scan *s = v->stack.scan;
	xcb_window_t lowest = note_trusted(v, s);
	GHashTableIter iter;
	gpointer value;
	bool again = TAKE(v->stack.again);

	if (lowest)
		sink(v, s, lowest);
	g_hash_table_iter_init(&iter, v->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct xwin *w = value;

		if (w->stacking == XSTACK_SCANNED && w->shown)
			map_at(w, lowest);
		again |= w->stacking == XSTACK_WAITS && w->shown;
		if (w->stacking == XSTACK_SCANNED)
			w->stacking = XSTACK_NONE;
	}
	v->stack.scan = scan_free(s);
	if (again)
		scan_begin(v);
}

/* An answer was taken in: is the look through all windows done? */
static void closed(struct x11 *v) {
	if (--v->stack.scan->open == 0)
		finish(v);
}

static void ask(struct x11 *v, unsigned sequence, xcb_window_t xid, x11_answer answer) {
	v->stack.scan->open++;
	v->stack.scan->asked++;
	x11_await(v, sequence, xid, answer);
}

static void on_mark(struct x11 *v, uint32_t xid, void *data, const xcb_generic_error_t *error) {
	const xcb_get_property_reply_t *r = data;
	struct top *t = top_of(v->stack.scan, xid);

	if (r && t && r->type != XCB_NONE)
		t->flags |= MARKED;
	closed(v);
}

static void on_class(struct x11 *v, uint32_t xid, void *data, const xcb_generic_error_t *error) {
	const xcb_get_property_reply_t *r = data;
	struct top *t = top_of(v->stack.scan, xid);
	const char *name = r ? xcb_get_property_value(r) : NULL;
	size_t len = r ? strnlen(name, (size_t)xcb_get_property_value_length(r)) : 0;

	for (size_t i = 0; t && i < G_N_ELEMENTS(lockers); i++)
		if (len == strlen(lockers[i]) && !memcmp(name, lockers[i], len))
			t->flags |= LOCKER;
	closed(v);
}

static void on_children(struct x11 *v, uint32_t xid, void *data, const xcb_generic_error_t *error);

/* At a window that can be seen, or one inside it. Our own are not trusted, nor what is inside. */
static void look_at(struct x11 *v, xcb_window_t xid, guint owner, guint depth) {
	struct x11_scan *s = v->stack.scan;
	xcb_connection_t *c = v->c;

	if (x11_by_xid(v, xid))
		return;
	if (s->asked > QUESTIONS_MAX) {
		g_array_index(s->tops, struct top, owner - 1).flags |= UNSEEN;
		return;
	}
	g_hash_table_insert(s->owner, GUINT_TO_POINTER(xid), GUINT_TO_POINTER(owner));
	g_hash_table_insert(s->depth, GUINT_TO_POINTER(xid), GUINT_TO_POINTER(depth));
	ask(v,
		xcb_get_property(c, 0, xid, v->atoms[ATOM__BULKHEAD_TRUSTED], XCB_ATOM_ANY, 0, 0)
			.sequence,
		xid, on_mark);
	if (depth == 0)
		ask(v,
			xcb_get_property(
				c, 0, xid, XCB_ATOM_WM_CLASS, XCB_ATOM_STRING, 0, CLASS_WORDS)
				.sequence,
			xid, on_class);
	if (depth < DEPTH_MAX)
		ask(v, xcb_query_tree(c, xid).sequence, xid, on_children);
}

static void on_children(struct x11 *v, uint32_t xid, void *data, const xcb_generic_error_t *error) {
	const xcb_query_tree_reply_t *r = data;
	struct x11_scan *s = v->stack.scan;
	guint owner = GPOINTER_TO_UINT(g_hash_table_lookup(s->owner, GUINT_TO_POINTER(xid)));
	guint depth = GPOINTER_TO_UINT(g_hash_table_lookup(s->depth, GUINT_TO_POINTER(xid)));

	for (int i = 0; r && i < xcb_query_tree_children_length(r); i++)
		look_at(v, xcb_query_tree_children(r)[i], owner, depth + 1);
	closed(v);
}

static void on_attributes(
	struct x11 *v, uint32_t xid, void *data, const xcb_generic_error_t *error) {
	const xcb_get_window_attributes_reply_t *r = data;
	struct x11_scan *s = v->stack.scan;
	guint owner = GPOINTER_TO_UINT(g_hash_table_lookup(s->owner, GUINT_TO_POINTER(xid)));

	if (r && owner && r->map_state == XCB_MAP_STATE_VIEWABLE) {
		g_array_index(s->tops, struct top, owner - 1).flags |=
			VIEWABLE | (r->override_redirect ? 0 : MANAGED);
		look_at(v, xid, owner, 0);
	}
	closed(v);
}

static void on_tops(struct x11 *v, uint32_t xid, void *data, const xcb_generic_error_t *error) {
	const xcb_query_tree_reply_t *r = data;
	struct x11_scan *s = v->stack.scan;

	for (int i = 0; r && i < xcb_query_tree_children_length(r); i++) {
		struct top t = {.xid = xcb_query_tree_children(r)[i]};
		bool ours = x11_by_xid(v, t.xid);

		t.flags = ours ? OURS : NEW;
		g_array_append_val(s->tops, t);
		if (ours)
			continue;
		g_hash_table_insert(
			s->owner, GUINT_TO_POINTER(t.xid), GUINT_TO_POINTER(s->tops->len));
		s->open++;
		x11_await(v, xcb_get_window_attributes(v->c, t.xid).sequence, t.xid, on_attributes);
	}
	closed(v);
}

static void scan_begin(struct x11 *v) {
	GHashTableIter iter;
	gpointer value;

	watch(v);
	v->stack.scan = scan_new();
	v->stack.last = g_get_monotonic_time();
	g_hash_table_iter_init(&iter, v->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		if (((struct xwin *)value)->stacking == XSTACK_WAITS)
			((struct xwin *)value)->stacking = XSTACK_SCANNED;
	ask(v, xcb_query_tree(v->c, v->screen->root).sequence, v->screen->root, on_tops);
}

void x11_stack_then_map(struct xwin *w) {
	w->stacking = XSTACK_WAITS;
	if (!w->in->stack.scan)
		scan_begin(w->in);
}

static gboolean on_time(gpointer user) {
	struct x11 *v = user;

	v->stack.timer = 0;
	if (v->stack.scan)
		v->stack.again = true;
	else
		scan_begin(v);
	return G_SOURCE_REMOVE;
}

/* Many windows of others that come at once are one reason to look. */
static void look_again(struct x11 *v) {
	gint64 wait = AGAIN_MS - (g_get_monotonic_time() - v->stack.last) / 1000;

	if (!v->stack.timer)
		v->stack.timer = g_timeout_add(wait > 0 ? (guint)wait : 0, on_time, v);
}

bool x11_stack_on_event(struct x11 *v, const xcb_generic_event_t *e) {
	const xcb_map_notify_event_t *map = (const void *)e;
	const xcb_configure_notify_event_t *configure = (const void *)e;
	uint8_t type = e->response_type & 0x7f;

	/* These all begin alike: the window that was asked about stands first. */
	if (type < XCB_CREATE_NOTIFY || type > XCB_CIRCULATE_NOTIFY ||
		map->event != v->screen->root)
		return false;
	if (type == XCB_MAP_NOTIFY && !x11_by_xid(v, map->window))
		look_again(v);
	else if (type == XCB_CONFIGURE_NOTIFY &&
		 g_hash_table_contains(v->stack.trusted, GUINT_TO_POINTER(configure->window)))
		look_again(v);
	return true;
}

void x11_stack_init(struct x11 *v) {
	v->stack.trusted = g_hash_table_new(g_direct_hash, g_direct_equal);
}

void x11_stack_deinit(struct x11 *v) {
	g_clear_handle_id(&v->stack.timer, g_source_remove);
	v->stack.scan = scan_free(v->stack.scan);
	g_clear_pointer(&v->stack.trusted, g_hash_table_destroy);
}
