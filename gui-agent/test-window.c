/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-agent/window.h"

#include <glib.h>

#define PLACE ((struct rect){1, 2, 30, 40})

/* The types that are due, as one letter each. */
static const char *told(struct window *w) {
	static char out[64];
	struct gui_from_agent m;
	size_t n = 0;

	while (n + 1 < sizeof(out) && window_next(w, &m)) {
		static const struct {
			enum gui_type type;
			char letter;
		} letters[] = {{GUI_CREATE, 'C'}, {GUI_DESTROY, 'X'}, {GUI_MAP, 'M'},
			{GUI_UNMAP, 'U'}, {GUI_CONFIGURE, 'G'}, {GUI_SHMIMAGE, 'I'},
			{GUI_WMNAME, 'N'}, {GUI_DOCK, 'K'}, {GUI_WINDOW_HINTS, 'H'},
			{GUI_WINDOW_FLAGS, 'F'}, {GUI_WMCLASS, 'L'}, {GUI_WINDOW_DUMP, 'D'},
			{GUI_CURSOR, 'P'}};

		g_assert_cmpuint(m.window, ==, w->id);
		for (size_t i = 0; i < G_N_ELEMENTS(letters); i++) {
			if (letters[i].type == m.type)
				out[n++] = letters[i].letter;
		}
	}
	out[n] = '\0';
	return out;
}

static void test_order(void) {
	struct windows *t = windows_new();
	struct window *w = windows_add(t, 5, PLACE, false);

	g_assert_cmpstr(told(w), ==, ""); /* never mapped: nothing to tell */
	w->mapped = true;
	g_assert_cmpstr(told(w), ==, "CLHNM");
	g_assert_cmpstr(told(w), ==, "");
	w->dump_due = true;
	region_add(&w->ready, (struct rect){0, 0, 30, 40});
	w->at.x = 9;
	window_flags(w, GUI_FLAG_ATTENTION, 0);
	window_changed(w, WINDOW_TITLE | WINDOW_CLASS);
	g_assert_cmpstr(told(w), ==, "NFGDI"); /* the class is fixed once it is mapped */
	g_assert_cmpuint(w->dumps_open, ==, 1);
	g_assert_true(w->frame_open);
	w->mapped = false;
	g_assert_cmpstr(told(w), ==, "UL"); /* now it can be told again */
	w->mapped = true;
	g_assert_cmpstr(told(w), ==, "M");
	windows_free(t);
}

static void test_nothing_about_pixels_while_unmapped(void) {
	struct windows *t = windows_new();
	struct window *w = windows_add(t, 5, PLACE, false);

	w->mapped = true;
	told(w);
	w->mapped = false;
	w->dump_due = true;
	region_add(&w->ready, (struct rect){0, 0, 5, 5});
	g_assert_cmpstr(told(w), ==, "U");
	w->mapped = true;
	g_assert_cmpstr(told(w), ==, "M"); /* what was ready is of before */
	windows_free(t);
}

static void test_echo(void) {
	struct windows *t = windows_new();
	struct window *w = windows_add(t, 5, PLACE, false);

	w->mapped = true;
	told(w);
	window_changed(w, WINDOW_CONFIGURE);
	g_assert_cmpstr(told(w), ==, "G");
	g_assert_cmpstr(told(w), ==, "");
	windows_free(t);
}

static void test_change_of_kind(void) {
	struct windows *t = windows_new();
	struct window *w = windows_add(t, 5, PLACE, true);

	w->mapped = true;
	told(w);
	w->mapped = false;
	told(w);
	w->override_redirect = false;
	w->at.w = 500;
	w->mapped = true;
	g_assert_cmpstr(told(w), ==, "MG"); /* managed before it grows */
	w->mapped = false;
	told(w);
	w->override_redirect = true;
	w->at.w = 50;
	w->mapped = true;
	g_assert_cmpstr(told(w), ==, "GM"); /* small before it is a pop-up */
	w->override_redirect = false;       /* unmapped and mapped again within one turn */
	g_assert_cmpstr(told(w), ==, "UM");
	windows_free(t);
}

static void test_docked(void) {
	struct windows *t = windows_new();
	struct window *w = windows_add(t, 5, PLACE, false);

	w->docked = true;
	g_assert_cmpstr(told(w), ==, "CLHNK");
	w->at.x = 99; /* its place is the daemon's */
	g_assert_cmpstr(told(w), ==, "");
	window_changed(w, WINDOW_CONFIGURE);
	w->dump_due = true;
	g_assert_cmpstr(told(w), ==, "GD");
	windows_free(t);
}

static unsigned freed;

static void count_freed(void *user, struct window *w) {
	freed++;
}

static void test_id_is_not_used_again(void) {
	struct windows *t = windows_new();
	struct window *old = windows_add(t, 5, PLACE, false), *young;

	freed = 0;
	windows_on_gone(t, count_freed, NULL);
	old->mapped = true;
	told(old);
	windows_remove(t, old);
	g_assert_null(windows_find(t, 5));
	young = windows_add(t, 5, PLACE, false);
	young->mapped = true;
	g_assert_true(windows_find(t, 5) == young);
	g_assert_true(windows_find_told(t, 5) == old);
	g_assert_cmpstr(told(young), ==, "");
	windows_destroyed(t, 5); /* not told yet: somebody's nonsense */
	g_assert_true(windows_find_told(t, 5) == old);
	g_assert_cmpstr(told(old), ==, "X");
	g_assert_cmpstr(told(young), ==, "");
	windows_destroyed(t, 5);
	g_assert_cmpuint(freed, ==, 1);
	g_assert_cmpstr(told(young), ==, "CLHNM");
	windows_remove(t, young);
	young = windows_add(t, 5, PLACE, false);
	windows_remove(t, young); /* the second life ends before it was told */
	g_assert_cmpuint(freed, ==, 2);
	windows_destroyed(t, 5);
	windows_destroyed(t, 6);
	windows_free(t);
	g_assert_cmpuint(freed, ==, 3);
}

static void test_never_told_is_gone_at_once(void) {
	struct windows *t = windows_new();

	windows_remove(t, windows_add(t, 5, PLACE, false));
	g_assert_cmpuint(windows_count(t), ==, 0);
	windows_free(t);
}

static void test_forget(void) {
	struct windows *t = windows_new();
	struct window *w = windows_add(t, 5, PLACE, false), *gone = windows_add(t, 6, PLACE, false);

	w->mapped = gone->mapped = true;
	window_flags(w, GUI_FLAG_FULLSCREEN, 0);
	g_assert_cmpstr(told(w), ==, "CLHNFM");
	told(gone);
	windows_remove(t, gone);
	windows_forget(t);
	g_assert_cmpuint(windows_count(t), ==, 1);
	w->cursor = 0x100;
	windows_forget(t);
	g_assert_cmpstr(told(w), ==, "CLHNFMP");
	windows_free(t);
}

static void visit(void *user, struct window *w) {
	(*(unsigned *)user)++;
}

static void test_work_visits_what_was_touched(void) {
	struct windows *t = windows_new();
	unsigned n = 0;

	for (uint32_t id = 1; id <= 100; id++)
		windows_add(t, id, PLACE, false);
	windows_work(t, visit, &n);
	n = 0;
	windows_work(t, visit, &n);
	g_assert_cmpuint(n, ==, 0);
	windows_find(t, 7);
	windows_find(t, 7);
	windows_find(t, 200);
	windows_work(t, visit, &n);
	g_assert_cmpuint(n, ==, 1);
	windows_find(t, 8);
	windows_remove(t, windows_find(t, 8)); /* its memory is gone: must not be visited */
	n = 0;
	windows_work(t, visit, &n);
	g_assert_cmpuint(n, ==, 0);
	windows_free(t);
}

static void test_bounds(void) {
	static const struct {
		struct rect in, out;
	} cases[] = {
		{{0, 0, 0, 0}, {0, 0, 1, 1}},
		{{-16385, 6145, 16385, 6145}, {-16384, 6144, 16384, 6144}},
		{{-16384, -6144, 16384, 6144}, {-16384, -6144, 16384, 6144}},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		g_assert_true(rect_equal(window_bounded(cases[i].in), cases[i].out));
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/window/order", test_order);
	g_test_add_func("/window/unmapped-has-no-pixels", test_nothing_about_pixels_while_unmapped);
	g_test_add_func("/window/echo", test_echo);
	g_test_add_func("/window/change-of-kind", test_change_of_kind);
	g_test_add_func("/window/docked", test_docked);
	g_test_add_func("/bug-class/A14/id-is-not-used-again", test_id_is_not_used_again);
	g_test_add_func("/window/never-told", test_never_told_is_gone_at_once);
	g_test_add_func("/window/forget", test_forget);
	g_test_add_func("/window/work", test_work_visits_what_was_touched);
	g_test_add_func("/window/bounds", test_bounds);
	return g_test_run();
}
