/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The window model against a screen and an agent that only write down what they are told. */
#include "gui-daemon/view.h"
#include "gui-daemon/windows.h"
#include "vchan/pages.h"

#include <glib.h>
#include <string.h>

/* The screen: what windows.c orders through view.h. */
struct shown {
	bool exists, mapped, popup, docked;
	struct rect at;
};
static struct shown screen[8];
static unsigned images, painted, destroyed;
static char last_title[128];

static struct shown *shown(uint32_t id) {
	static struct shown other;

	return id < G_N_ELEMENTS(screen) ? &screen[id] : &other;
}

void view_create(struct view *v, uint32_t id, struct rect content, bool popup) {
	if (id < G_N_ELEMENTS(screen))
		g_assert_false(shown(id)->exists);
	*shown(id) = (struct shown){.exists = true, .popup = popup, .at = content};
}
void view_destroy(struct view *v, uint32_t id) {
	*shown(id) = (struct shown){0};
	destroyed++;
}
void view_map(struct view *v, uint32_t id, const struct view_map *map) {
	g_assert_false(shown(id)->docked);
	shown(id)->mapped = true;
	shown(id)->popup = map->popup;
}
void view_unmap(struct view *v, uint32_t id) {
	shown(id)->mapped = false;
}
void view_place(struct view *v, uint32_t id, struct rect content) {
	shown(id)->at = content;
}
void view_dock(struct view *v, uint32_t id) {
	g_assert_false(shown(id)->mapped);
	shown(id)->docked = true;
	shown(id)->popup = false;
}
void view_title(struct view *v, uint32_t id, const char *text) {
	g_strlcpy(last_title, text, sizeof(last_title));
}
void view_class(struct view *v, uint32_t id, const char *class, const char *name) {
}
void view_hints(struct view *v, uint32_t id, const struct gui_hints *hints) {
}
void view_flags(struct view *v, uint32_t id, struct gui_flags flags) {
}
void view_cursor(struct view *v, uint32_t id, uint32_t glyph) {
}
void view_image(struct view *v, uint32_t id, struct size size, struct pages_view *pages) {
	images++;
}
void view_drop_image(struct view *v, uint32_t id) {
}
void view_paint(struct view *v, uint32_t id, struct rect area) {
	painted += area.w * area.h;
}

static int pages_answer;

int pages_view_new(int owner, const uint8_t *refs, uint32_t count, struct pages_view **ret) {
	static int something;

	if (!pages_answer)
		*ret = (struct pages_view *)&something;
	return pages_answer;
}

/* The agent: counts what it hears, remembers the last CONFIGURE. */
static unsigned heard[256], refusals;
static struct rect told;

static void send(void *data, const struct gui_from_daemon *m) {
	heard[m->type]++;
	if (m->type == GUI_CONFIGURE)
		told = m->configure.at;
}

static void refused(void *data, const char *what) {
	refusals++;
}

static struct windows *table_new(void) {
	struct windows_config c = {.screen = {1, {{0, 0, 1000, 800}}},
		.frame = 4,
		.popups_allowed = true,
		.send = send,
		.refused = refused};

	memset(screen, 0, sizeof(screen));
	memset(heard, 0, sizeof(heard));
	images = painted = destroyed = refusals = 0;
	pages_answer = 0;
	return windows_new(&c);
}

static int tell(struct windows *t, struct gui_from_agent m) {
	return windows_on_message(t, &m, 8);
}

static int create(struct windows *t, uint32_t id, struct rect at, bool popup) {
	return tell(t, (struct gui_from_agent){.type = GUI_CREATE,
			       .window = id,
			       .create = {.at = at, .override_redirect = popup}});
}

static int map(struct windows *t, uint32_t id, bool popup) {
	return tell(t, (struct gui_from_agent){
			       .type = GUI_MAP, .window = id, .map = {.override_redirect = popup}});
}

static int configure(struct windows *t, uint32_t id, struct rect at) {
	return tell(t, (struct gui_from_agent){
			       .type = GUI_CONFIGURE, .window = id, .configure = {.at = at}});
}

static int plain(struct windows *t, enum gui_type type, uint32_t id) {
	return tell(t, (struct gui_from_agent){.type = type, .window = id});
}

static int dump(struct windows *t, uint32_t id, uint32_t pages) {
	return tell(t, (struct gui_from_agent){.type = GUI_WINDOW_DUMP,
			       .window = id,
			       .dump = {.size = {100, 100}, .ref_count = pages}});
}

static const struct rect somewhere = {100, 100, 200, 150};

/* What the structure of the X side frames is whatever was created there and lives: so one window of
 * the domain must be one on the screen, in the state that the domain was granted. */
static void check_one_frame(bool exists, unsigned docked_at_most) {
	g_assert_cmpint(screen[1].exists, ==, exists);
	if (!exists)
		g_assert_false(screen[1].mapped || screen[1].docked);
	if (screen[1].docked)
		g_assert_false(screen[1].mapped || screen[1].popup);
}

enum step { CREATE, CREATE_POPUP, MAP, MAP_POPUP, CONFIGURE, UNMAP, DOCK, DESTROY, STEPS };

static int take_step(struct windows *t, enum step s, uint32_t n) {
	switch (s) {
	case CREATE:
	case CREATE_POPUP:
		return create(t, 1, somewhere, s == CREATE_POPUP);
	case MAP:
	case MAP_POPUP:
		return map(t, 1, s == MAP_POPUP);
	case CONFIGURE:
		return configure(t, 1, (struct rect){10 + (int32_t)n, 20, 300 + n, 200});
	case UNMAP:
		return plain(t, GUI_UNMAP, 1);
	case DOCK:
		return plain(t, GUI_DOCK, 1);
	case DESTROY:
	case STEPS:
		break;
	}
	return plain(t, GUI_DESTROY, 1);
}

/* A2, A5: all sequences of length 6. The kind of a mapped window never changes under it. */
static void test_all_sequences(void) {
	unsigned total = 1;

	for (int i = 0; i < 6; i++)
		total *= STEPS;
	for (unsigned n = 0; n < total; n++) {
		struct windows *t = table_new();
		bool exists = false;
		unsigned rest = n;
		int r = 0;

		for (uint32_t i = 0; i < 6 && r == 0; i++, rest /= STEPS) {
			struct shown before = screen[1];
			enum step s = (enum step)(rest % STEPS);
			bool creates = s == CREATE || s == CREATE_POPUP;

			r = take_step(t, s, i);
			g_assert_cmpint(r, ==, creates == exists ? WINDOWS_E_VIOLATION : 0);
			if (r == 0)
				exists = s != DESTROY;
			check_one_frame(exists, 1);
			if (before.mapped && screen[1].mapped)
				g_assert_cmpint(before.popup, ==, screen[1].popup);
			if (before.docked && exists)
				g_assert_true(screen[1].docked);
		}
		windows_free(t);
		g_assert_false(screen[1].exists);
	}
}

static void test_stale_ids(void) {
	struct windows *t = table_new();

	g_assert_cmpint(map(t, 7, false), ==, WINDOWS_E_VIOLATION);
	g_assert_cmpint(create(t, 7, somewhere, false), ==, 0);
	g_assert_cmpint(plain(t, GUI_DESTROY, 7), ==, 0);
	g_assert_cmpint(dump(t, 7, 1), ==, WINDOWS_E_VIOLATION);
	/* Reuse: late reports of the old one do no harm to the new one. */
	g_assert_cmpint(create(t, 7, somewhere, true), ==, 0);
	windows_on_placed(t, 6, somewhere);
	windows_on_imaged(t, 7);
	g_assert_cmpint(create(t, 7, somewhere, false), ==, WINDOWS_E_VIOLATION);
	windows_free(t);
}

static void test_one_configure_outstanding(void) {
	struct windows *t = table_new();
	struct rect a = {10, 10, 50, 50}, b = {20, 20, 50, 50}, c = {30, 30, 60, 60};

	g_assert_cmpint(create(t, 1, somewhere, false), ==, 0);
	g_assert_cmpint(map(t, 1, false), ==, 0);
	windows_on_placed(t, 1, a);
	windows_on_placed(t, 1, a);
	windows_on_placed(t, 1, b);
	g_assert_cmpuint(heard[GUI_CONFIGURE], ==, 1);
	g_assert_true(rect_equal(told, a));
	g_assert_cmpint(configure(t, 1, a), ==, 0); /* the echo: out of date, told again */
	g_assert_cmpuint(heard[GUI_CONFIGURE], ==, 2);
	g_assert_true(rect_equal(told, b));
	g_assert_cmpint(configure(t, 1, c), ==, 0); /* a wish against ours: overruled */
	g_assert_cmpuint(heard[GUI_CONFIGURE], ==, 3);
	g_assert_true(rect_equal(told, b));
	g_assert_cmpint(configure(t, 1, b), ==, 0);
	g_assert_cmpint(configure(t, 1, c), ==, 0); /* now it is granted */
	g_assert_cmpuint(heard[GUI_CONFIGURE], ==, 3);
	g_assert_true(rect_equal(screen[1].at, c));
	windows_free(t);
}

static void test_docked_keeps_its_place(void) {
	struct windows *t = table_new();
	struct rect tray = {700, 2, 20, 20}, wished = {0, 0, 900, 700};
	unsigned heard_before;

	g_assert_cmpint(create(t, 1, somewhere, false), ==, 0);
	g_assert_cmpint(plain(t, GUI_DOCK, 1), ==, 0);
	windows_on_placed(t, 1, tray);
	g_assert_cmpint(configure(t, 1, tray), ==, 0);
	heard_before = heard[GUI_CONFIGURE];
	g_assert_cmpint(configure(t, 1, wished), ==, 0);
	g_assert_cmpuint(heard[GUI_CONFIGURE], ==, heard_before + 1);
	g_assert_true(rect_equal(told, tray));
	g_assert_true(rect_equal(screen[1].at, somewhere)); /* as created: never told to move */
	g_assert_cmpint(map(t, 1, true), ==, 0);
	g_assert_cmpint(plain(t, GUI_UNMAP, 1), ==, 0);
	g_assert_true(screen[1].docked);
	windows_free(t);
}

static void test_popup_is_moved_and_told(void) {
	struct windows *t = table_new();
	struct rect asked = {990, 790, 100, 50}, granted = {896, 746, 100, 50};

	g_assert_cmpint(create(t, 1, asked, true), ==, 0);
	g_assert_cmpint(map(t, 1, true), ==, 0);
	g_assert_true(screen[1].popup);
	g_assert_true(rect_equal(screen[1].at, granted));
	g_assert_true(rect_equal(told, granted));
	windows_free(t);
}

/* A6: the frame counts on every report, whoever moved it. */
static void test_popup_moved_by_others(void) {
	struct windows *t = table_new();

	g_assert_cmpint(create(t, 1, somewhere, true), ==, 0);
	g_assert_cmpint(map(t, 1, true), ==, 0);
	windows_on_placed(t, 1, (struct rect){-50, 100, 200, 150});
	g_assert_true(rect_equal(screen[1].at, (struct rect){4, 100, 200, 150}));
	for (int i = 0; i < 100; i++) /* somebody insists: hidden in the end */
		windows_on_placed(t, 1, (struct rect){-50, 100, 200, 150});
	g_assert_false(screen[1].mapped);
	windows_free(t);
}

/* A7: the pop-ups of a domain together. */
static void test_popups_are_summed(void) {
	struct windows *t = table_new();

	for (uint32_t i = 1; i <= 3; i++) {
		struct rect at = {4, (int32_t)(4 + (i - 1) * 260), 992, 252};

		g_assert_cmpint(create(t, i, at, true), ==, 0);
		g_assert_cmpint(map(t, i, true), ==, 0);
	}
	g_assert_true(screen[1].popup && screen[2].popup);
	g_assert_false(screen[3].popup);
	g_assert_true(screen[3].mapped);
	g_assert_cmpuint(refusals, ==, 1);
	/* A small one that grows. */
	g_assert_cmpint(plain(t, GUI_UNMAP, 1), ==, 0);
	g_assert_cmpint(create(t, 4, (struct rect){5, 5, 10, 10}, true), ==, 0);
	g_assert_cmpint(map(t, 4, true), ==, 0);
	g_assert_true(screen[4].popup);
	g_assert_cmpint(configure(t, 4, (struct rect){0, 0, 1000, 800}), ==, 0);
	g_assert_false(screen[4].popup);
	g_assert_true(screen[4].mapped);
	windows_free(t);
}

static void test_too_many_windows(void) {
	struct windows *t = table_new();
	uint32_t most = WINDOWS_MAX + WINDOWS_GHOSTS_MAX;

	for (uint32_t i = 1; i <= most; i++) {
		g_assert_cmpint(create(t, i, somewhere, false), ==, 0);
		g_assert_cmpint(map(t, i, false), ==, 0);
	}
	g_assert_cmpuint(windows_mapped(t), ==, WINDOWS_MAX);
	g_assert_cmpuint(refusals, ==, 1);
	g_assert_false(windows_known(t, WINDOWS_MAX + 1));
	g_assert_cmpint(dump(t, WINDOWS_MAX + 1, 10), ==, 0); /* answered, but not shown */
	g_assert_cmpuint(images, ==, 1);
	g_assert_cmpint(plain(t, GUI_DESTROY, WINDOWS_MAX + 1), ==, 0);
	g_assert_cmpuint(destroyed, ==, 1);
	g_assert_cmpint(create(t, WINDOWS_MAX + 1, somewhere, false), ==, 0);
	g_assert_cmpint(create(t, most + 1, somewhere, false), ==, WINDOWS_E_VIOLATION);
	windows_free(t);
}

static void test_too_many_pages(void) {
	struct windows *t = table_new();

	for (uint32_t i = 1; i <= 5; i++) {
		g_assert_cmpint(create(t, i, somewhere, false), ==, 0);
		g_assert_cmpint(dump(t, i, GUI_MAX_REFS), ==, 0);
	}
	g_assert_cmpuint(refusals, ==, 1); /* the fifth */
	g_assert_cmpuint(images, ==, 5);   /* each is answered */
	g_assert_cmpint(plain(t, GUI_DESTROY, 1), ==, 0);
	g_assert_cmpint(dump(t, 5, GUI_MAX_REFS), ==, 0);
	for (int i = 0; i < 1000; i++) /* a new image takes the old one's place */
		g_assert_cmpint(dump(t, 5, GUI_MAX_REFS), ==, 0);
	g_assert_cmpuint(refusals, ==, 1);
	windows_free(t);
}

static void test_foreign_pages(void) {
	struct windows *t = table_new();

	g_assert_cmpint(create(t, 1, somewhere, false), ==, 0);
	pages_answer = PAGES_E_REFS;
	g_assert_cmpint(dump(t, 1, 10), ==, WINDOWS_E_VIOLATION);
	pages_answer = -12;
	g_assert_cmpint(dump(t, 1, 10), ==, 0);
	g_assert_cmpuint(images, ==, 1);
	windows_free(t);
}

static void test_busy_with_dumps(void) {
	struct windows *t = table_new();

	g_assert_cmpint(create(t, 1, somewhere, false), ==, 0);
	for (unsigned i = 0; i < WINDOWS_DUMPS_MAX; i++) {
		g_assert_cmpint(windows_wait_us(t, 0), ==, 0);
		g_assert_cmpint(dump(t, 1, 10), ==, 0);
	}
	g_assert_cmpint(windows_wait_us(t, 0), ==, -1);
	windows_on_imaged(t, 1);
	g_assert_cmpint(windows_wait_us(t, 0), ==, 0);
	g_assert_cmpuint(heard[GUI_WINDOW_DUMP_ACK], ==, 1);
	windows_free(t);
}

static int damage(struct windows *t, uint32_t id, struct rect area) {
	return tell(t, (struct gui_from_agent){
			       .type = GUI_SHMIMAGE, .window = id, .shmimage = {.area = area}});
}

static void test_damage_is_clipped(void) {
	struct windows *t = table_new();
	struct rect all = {0, 0, GUI_MAX_W, GUI_MAX_H};

	g_assert_cmpint(create(t, 1, somewhere, false), ==, 0);
	g_assert_cmpint(dump(t, 1, 10), ==, 0);
	g_assert_cmpint(damage(t, 1, all), ==, 0);
	g_assert_cmpuint(painted, ==, 0); /* not mapped */
	g_assert_cmpint(map(t, 1, false), ==, 0);
	g_assert_cmpint(damage(t, 1, all), ==, 0);
	g_assert_cmpuint(painted, ==, 100 * 100); /* the image's size */
	g_assert_cmpint(damage(t, 1, (struct rect){100, 0, 5, 5}), ==, 0);
	g_assert_cmpuint(painted, ==, 100 * 100);
	windows_free(t);
}

/* Without an image of its own a window shows its part of window 0. */
static void test_screen_window(void) {
	struct windows *t = table_new();

	g_assert_cmpint(create(t, 0, (struct rect){0, 0, 100, 100}, false), ==, 0);
	g_assert_cmpint(dump(t, 0, 10), ==, 0);
	g_assert_cmpint(create(t, 1, (struct rect){60, 70, 200, 150}, false), ==, 0);
	g_assert_cmpint(map(t, 1, false), ==, 0);
	g_assert_cmpint(damage(t, 1, (struct rect){0, 0, 200, 150}), ==, 0);
	g_assert_cmpuint(painted, ==, 40 * 30);
	g_assert_cmpint(map(t, 0, false), ==, 0);
	g_assert_cmpint(plain(t, GUI_UNMAP, 0), ==, 0); /* keeps its image */
	g_assert_cmpint(damage(t, 1, (struct rect){0, 0, 200, 150}), ==, 0);
	g_assert_cmpuint(painted, ==, 2 * 40 * 30);
	windows_on_placed(t, 0, (struct rect){1, 1, 100, 100});
	windows_on_placed(t, 0, (struct rect){2, 2, 100, 100});
	g_assert_cmpuint(heard[GUI_CONFIGURE], ==, 2); /* never waits for an echo */
	windows_free(t);
}

/* A domain that maps and unmaps without end waits, and is not refused. */
static void test_storm_is_slowed(void) {
	struct windows *t = table_new();
	int64_t now;

	g_assert_cmpint(create(t, 1, somewhere, false), ==, 0);
	g_assert_cmpint(windows_wait_us(t, g_get_monotonic_time()), ==, 0);
	for (unsigned i = 0; i < 5 * WINDOWS_CHANGES_BURST; i++)
		g_assert_cmpint(i % 2 ? plain(t, GUI_UNMAP, 1) : map(t, 1, false), ==, 0);
	now = g_get_monotonic_time();
	g_assert_cmpint(windows_wait_us(t, now), >, 1000000);
	g_assert_cmpint(windows_wait_us(t, now + 60000000), ==, 0);
	windows_free(t);
}

static void test_titles(void) {
	struct windows *t = table_new();
	struct gui_from_agent m = {.type = GUI_WMNAME, .window = 1};
	int64_t later = g_get_monotonic_time() + 60000000;

	g_assert_cmpint(create(t, 1, somewhere, false), ==, 0);
	g_strlcpy(m.wmname.untrusted_text,
		"a\n\xe2\x80\xae"
		"b",
		128);
	g_assert_cmpint(tell(t, m), ==, 0);
	g_assert_cmpstr(last_title, ==, "a__b");
	for (int i = 0; i < 1000; i++) {
		g_snprintf(m.wmname.untrusted_text, 128, "%d", i);
		g_assert_cmpint(tell(t, m), ==, 0);
	}
	g_assert_cmpstr(last_title, !=, "999");
	g_assert_cmpint(windows_next_tick(t, g_get_monotonic_time()), >, 0);
	windows_tick(t, later);
	g_assert_cmpstr(last_title, ==, "999"); /* the last one always arrives */
	g_assert_cmpint(windows_next_tick(t, later), ==, -1);
	windows_free(t);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/bug-class/A2/every-sequence-of-six-messages", test_all_sequences);
	g_test_add_func("/bug-class/A14/stale-and-reused-ids", test_stale_ids);
	g_test_add_func("/windows/one-configure-outstanding", test_one_configure_outstanding);
	g_test_add_func("/bug-class/A5/docked-keeps-its-place", test_docked_keeps_its_place);
	g_test_add_func("/windows/popup-is-moved-and-told", test_popup_is_moved_and_told);
	g_test_add_func("/bug-class/A6/popup-moved-by-others", test_popup_moved_by_others);
	g_test_add_func("/bug-class/A7/popups-of-a-domain-together", test_popups_are_summed);
	g_test_add_func("/bug-class/A11/too-many-windows", test_too_many_windows);
	g_test_add_func("/bug-class/A11/storm-is-slowed", test_storm_is_slowed);
	g_test_add_func("/windows/too-many-pages", test_too_many_pages);
	g_test_add_func("/windows/foreign-pages", test_foreign_pages);
	g_test_add_func("/windows/busy-with-dumps", test_busy_with_dumps);
	g_test_add_func("/bug-class/A1/damage-is-clipped", test_damage_is_clipped);
	g_test_add_func("/windows/screen-window", test_screen_window);
	g_test_add_func("/bug-class/A12/titles-are-filtered-and-paced", test_titles);
	return g_test_run();
}
