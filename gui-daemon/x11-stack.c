/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nothing of a domain above trusted windows (bug class A8). A pop-up of ours is outside the window
 * manager's order, so before it is mapped the top-levels are looked through, and it is put beneath
 * the lowest that is trusted: one with the property _BULKHEAD_TRUSTED on itself or, inside a window
 * manager's frame, on a descendant; or a screen locker by its class. All asynchronous.
 */
#include "gui-daemon/x11-private.h"

#include <string.h>

#define CLASS_WORDS   32
#define DEPTH_MAX     2 /* frame, wrapper, client */
#define QUESTIONS_MAX 8192u

static const char *const lockers[] = {"xscreensaver", "light-locker", "xsecurelock", "i3lock",
	"slock", "xfce4-screensaver", "gnome-screensaver", "bulkhead-lock"};

enum { NEW = 0, VIEWABLE = 1, MANAGED = 2, MARKED = 4, LOCKER = 8 };

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

struct x11_scan *x11_scan_free(struct x11_scan *s) {
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
	return (t->flags & MARKED) || (t->flags & (LOCKER | MANAGED)) == LOCKER;
}

static void map_at(struct xwin *w, xcb_window_t lowest) {
	uint32_t above = XCB_STACK_MODE_ABOVE, below[] = {lowest, XCB_STACK_MODE_BELOW};
	xcb_connection_t *c = w->in->c;

	if (lowest)
		xcb_configure_window(c, w->outer,
			XCB_CONFIG_WINDOW_SIBLING | XCB_CONFIG_WINDOW_STACK_MODE, below);
	else
		xcb_configure_window(c, w->outer, XCB_CONFIG_WINDOW_STACK_MODE, &above);
	xcb_map_window(c, w->outer);
}

static void scan_begin(struct x11 *v);

static void finish(struct x11 *v) {
	struct x11_scan *s = v->scan;
	xcb_window_t lowest = XCB_NONE;
	GHashTableIter iter;
	gpointer value;
	bool again = false;

	for (guint i = 0; i < s->tops->len && !lowest; i++) {
		const struct top *t = &g_array_index(s->tops, struct top, i);

		if (top_trusted(t))
			lowest = t->xid;
	}
	g_hash_table_iter_init(&iter, v->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct xwin *w = value;

		if (w->stacking == XSTACK_SCANNED && w->shown)
			map_at(w, lowest);
		again |= w->stacking == XSTACK_WAITS && w->shown;
		if (w->stacking == XSTACK_SCANNED)
			w->stacking = XSTACK_NONE;
	}
	v->scan = x11_scan_free(s);
	if (again)
		scan_begin(v);
}

/* An answer was taken in: is the look through all windows done? */
static void closed(struct x11 *v) {
	if (--v->scan->open == 0)
		finish(v);
}

static void ask(struct x11 *v, unsigned sequence, xcb_window_t xid, x11_answer answer) {
	v->scan->open++;
	v->scan->asked++;
	x11_await(v, sequence, xid, answer);
}

static void on_attributes(
	struct x11 *v, uint32_t xid, void *data, const xcb_generic_error_t *error) {
	const xcb_get_window_attributes_reply_t *r = data;
	struct top *t = top_of(v->scan, xid);

	if (r && t && r->map_state == XCB_MAP_STATE_VIEWABLE)
		t->flags |= VIEWABLE | (r->override_redirect ? 0 : MANAGED);
	closed(v);
}

static void on_mark(struct x11 *v, uint32_t xid, void *data, const xcb_generic_error_t *error) {
	const xcb_get_property_reply_t *r = data;
	struct top *t = top_of(v->scan, xid);

	if (r && t && r->type != XCB_NONE)
		t->flags |= MARKED;
	closed(v);
}

static void on_class(struct x11 *v, uint32_t xid, void *data, const xcb_generic_error_t *error) {
	const xcb_get_property_reply_t *r = data;
	struct top *t = top_of(v->scan, xid);
	const char *name = r ? xcb_get_property_value(r) : NULL;
	size_t len = r ? strnlen(name, (size_t)xcb_get_property_value_length(r)) : 0;

	for (size_t i = 0; t && i < G_N_ELEMENTS(lockers); i++)
		if (len == strlen(lockers[i]) && !memcmp(name, lockers[i], len))
			t->flags |= LOCKER;
	closed(v);
}

static void on_children(struct x11 *v, uint32_t xid, void *data, const xcb_generic_error_t *error);

static void look_at(struct x11 *v, xcb_window_t xid, guint owner, guint depth) {
	struct x11_scan *s = v->scan;
	xcb_connection_t *c = v->c;

	/* Our own windows are not trusted, nor is anything inside them. */
	if (x11_by_xid(v, xid) || s->asked > QUESTIONS_MAX)
		return;
	g_hash_table_insert(s->owner, GUINT_TO_POINTER(xid), GUINT_TO_POINTER(owner));
	g_hash_table_insert(s->depth, GUINT_TO_POINTER(xid), GUINT_TO_POINTER(depth));
	ask(v,
		xcb_get_property(c, 0, xid, v->atoms[ATOM__BULKHEAD_TRUSTED], XCB_ATOM_ANY, 0, 0)
			.sequence,
		xid, on_mark);
	if (depth == 0) {
		ask(v, xcb_get_window_attributes(c, xid).sequence, xid, on_attributes);
		ask(v,
			xcb_get_property(
				c, 0, xid, XCB_ATOM_WM_CLASS, XCB_ATOM_STRING, 0, CLASS_WORDS)
				.sequence,
			xid, on_class);
	}
	if (depth < DEPTH_MAX)
		ask(v, xcb_query_tree(c, xid).sequence, xid, on_children);
}

static void on_children(struct x11 *v, uint32_t xid, void *data, const xcb_generic_error_t *error) {
	const xcb_query_tree_reply_t *r = data;
	struct x11_scan *s = v->scan;
	guint owner = GPOINTER_TO_UINT(g_hash_table_lookup(s->owner, GUINT_TO_POINTER(xid)));
	guint depth = GPOINTER_TO_UINT(g_hash_table_lookup(s->depth, GUINT_TO_POINTER(xid)));

	for (int i = 0; r && i < xcb_query_tree_children_length(r); i++)
		look_at(v, xcb_query_tree_children(r)[i], owner, depth + 1);
	closed(v);
}

static void on_tops(struct x11 *v, uint32_t xid, void *data, const xcb_generic_error_t *error) {
	const xcb_query_tree_reply_t *r = data;
	struct x11_scan *s = v->scan;

	for (int i = 0; r && i < xcb_query_tree_children_length(r); i++) {
		struct top t = {.xid = xcb_query_tree_children(r)[i], .flags = NEW};

		g_array_append_val(s->tops, t);
		look_at(v, t.xid, s->tops->len, 0);
	}
	closed(v);
}

static void scan_begin(struct x11 *v) {
	GHashTableIter iter;
	gpointer value;

	v->scan = scan_new();
	g_hash_table_iter_init(&iter, v->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		if (((struct xwin *)value)->stacking == XSTACK_WAITS)
			((struct xwin *)value)->stacking = XSTACK_SCANNED;
	ask(v, xcb_query_tree(v->c, v->screen->root).sequence, v->screen->root, on_tops);
}

void x11_stack_then_map(struct xwin *w) {
	w->stacking = XSTACK_WAITS;
	if (!w->in->scan)
		scan_begin(w->in);
}
