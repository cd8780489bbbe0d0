/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Orders of a decoder that was taken over, against a screen that writes down what it is told. */
#include "gui-daemon/gate.h"

#include "gui-daemon/windows.h"

#include <fcntl.h>
#include <glib.h>
#include <sys/mman.h>
#include <unistd.h>

static unsigned seen[VIEW_PAINT + 1];
static struct view_order last[VIEW_PAINT + 1];
static int last_fd;

static void on_order(void *data, const struct view_order *o, int fd) {
	g_assert_cmpint(o->type, >=, VIEW_CREATE);
	g_assert_cmpint(o->type, <=, VIEW_PAINT);
	seen[o->type]++;
	last[o->type] = *o;
	last_fd = fd;
}

static struct gate *start_with(bool popups) {
	struct gate_config c = {.screen = {1, {{0, 0, 1000, 800}}},
		.frame = 4,
		.popups_allowed = popups,
		.order = on_order};

	memset(seen, 0, sizeof(seen));
	memset(last, 0, sizeof(last));
	last_fd = -1;
	return gate_new(&c);
}

static struct gate *start(void) {
	return start_with(true);
}

static int give(struct gate *g, struct view_order o) {
	return gate_take(g, &o, -1, 0);
}

static int plain(struct gate *g, enum view_type type, uint32_t window) {
	return give(g, (struct view_order){.type = type, .window = window});
}

static void create(struct gate *g, uint32_t window, struct rect at, bool popup) {
	struct view_order o = {.type = VIEW_CREATE, .window = window, .create = {at, popup}};

	g_assert_cmpint(give(g, o), ==, 0);
}

static void map(struct gate *g, uint32_t window, bool popup) {
	struct view_order o = {.type = VIEW_MAP, .window = window, .map = {popup, 0}};

	g_assert_cmpint(give(g, o), ==, 0);
}

static void place(struct gate *g, uint32_t window, struct rect at) {
	g_assert_cmpint(
		give(g, (struct view_order){.type = VIEW_PLACE, .window = window, .place = at}), ==,
		0);
}

static struct view_order image_of(uint32_t window, struct size size) {
	return (struct view_order){.type = VIEW_IMAGE, .window = window, .image = {size, true, 0}};
}

static int memory(size_t pages) {
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	g_assert_cmpint(ftruncate(fd, (off_t)pages * GUI_PAGE), ==, 0);
	g_assert_cmpint(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), ==, 0);
	return fd;
}

static const struct rect small = {100, 100, 50, 50};

/* A14: only destroying and imaging are answered for a window that is not there. */
static void test_unknown_windows(void) {
	struct gate *g = start();

	for (int type = VIEW_MAP; type <= VIEW_PAINT; type++)
		if (type != VIEW_IMAGE)
			g_assert_cmpint(plain(g, (enum view_type)type, 7), ==, 0);
	for (int type = VIEW_CREATE; type <= VIEW_PAINT; type++)
		g_assert_cmpuint(seen[type], ==, 0);
	g_assert_cmpint(plain(g, VIEW_DESTROY, 7), ==, 0);
	g_assert_cmpuint(seen[VIEW_DESTROY], ==, 1);
	g_assert_cmpint(give(g, (struct view_order){.type = VIEW_IMAGE,
					.window = 7,
					.image = {{1, 1}, false, 0}}),
		==, 0);
	g_assert_cmpuint(seen[VIEW_IMAGE], ==, 1);
	gate_free(g);
}

static void test_too_many_windows(void) {
	struct gate *g = start();

	for (uint32_t i = 0; i < WINDOWS_MAX; i++)
		create(g, i, small, false);
	create(g, 0, small, false); /* once more: nothing */
	g_assert_cmpuint(seen[VIEW_CREATE], ==, WINDOWS_MAX);
	g_assert_cmpint(plain(g, VIEW_DESTROY, 3), ==, 0);
	create(g, WINDOWS_MAX, small, false);
	g_assert_cmpint(plain(g, VIEW_CREATE, WINDOWS_MAX + 1), ==, GATE_E_VIOLATION);
	gate_free(g);
}

static void test_too_many_icons(void) {
	struct gate *g = start();

	for (uint32_t i = 0; i <= WINDOWS_DOCKED_MAX; i++) {
		create(g, i, small, false);
		g_assert_cmpint(
			plain(g, VIEW_DOCK, i), ==, i < WINDOWS_DOCKED_MAX ? 0 : GATE_E_VIOLATION);
	}
	/* An icon is not mapped, nor becomes one twice. */
	map(g, 0, false);
	g_assert_cmpuint(seen[VIEW_MAP], ==, 0);
	g_assert_cmpuint(gate_mapped(g), ==, 0);
	gate_free(g);
}

static void test_memory(void) {
	struct gate *g = start();
	struct view_order largest = image_of(1, (struct size){GUI_MAX_W, GUI_MAX_H});
	int fd = memory(GUI_MAX_REFS);

	for (uint32_t i = 1; i <= 4; i++) {
		create(g, i, small, false);
		largest.window = i;
		g_assert_cmpint(gate_take(g, &largest, fd, 0), ==, 0);
		g_assert_cmpint(last_fd, ==, fd);
	}
	g_assert_cmpint(gate_take(g, &largest, fd, 0), ==, 0); /* instead of its last */
	g_assert_cmpint(plain(g, VIEW_DROP_IMAGE, 2), ==, 0);
	create(g, 5, small, false);
	largest.window = 5;
	g_assert_cmpint(gate_take(g, &largest, fd, 0), ==, 0);
	create(g, 6, small, false);
	largest.window = 6;
	g_assert_cmpint(gate_take(g, &largest, fd, 0), ==, GATE_E_VIOLATION);
	close(fd);
	gate_free(g);
}

/* D3: memory that ends the X server, and descriptors that belong to nothing. */
static void test_descriptors(void) {
	struct gate *g = start();
	struct view_order image = image_of(1, (struct size){32, 33}), paint = {.type = VIEW_PAINT};
	int page = memory(1), two = memory(2);

	create(g, 1, small, false);
	g_assert_cmpint(gate_take(g, &image, -1, 0), ==, GATE_E_VIOLATION);
	g_assert_cmpint(gate_take(g, &image, page, 0), ==, GATE_E_VIOLATION);
	g_assert_cmpint(gate_take(g, &image, two, 0), ==, 0);
	image.image.pages = false;
	g_assert_cmpint(gate_take(g, &image, two, 0), ==, GATE_E_VIOLATION);
	g_assert_cmpint(gate_take(g, &paint, two, 0), ==, GATE_E_VIOLATION);
	/* Of a window that is not there: checked, answered, not attached. */
	image = image_of(9, (struct size){32, 32});
	g_assert_cmpint(gate_take(g, &image, two, 0), ==, 0);
	g_assert_cmpint(last_fd, ==, -1);
	close(page);
	close(two);
	gate_free(g);
}

static bool on_monitor(struct rect content) {
	struct rect outer = place_outer(content, 4), all = {0, 0, 1000, 800};

	return rect_equal(rect_intersect(outer, all), outer);
}

static void test_popup_lies_on_one_monitor(void) {
	struct gate *g = start();

	create(g, 1, (struct rect){-500, -500, 200, 200}, true);
	map(g, 1, true);
	g_assert_true(last[VIEW_MAP].map.popup);
	g_assert_true(on_monitor(last[VIEW_PLACE].place));
	place(g, 1, (struct rect){2000, 900, 100, 100});
	g_assert_true(on_monitor(last[VIEW_PLACE].place));
	gate_free(g);
}

/* Its frame is to be seen too; but what the person did to it stands. */
static void test_ordinary_window_lies_on_one_monitor(void) {
	struct gate *g = start();

	create(g, 2, (struct rect){-100, -100, 2000, 1400}, false);
	map(g, 2, false);
	g_assert_false(last[VIEW_MAP].map.popup);
	g_assert_true(on_monitor(last[VIEW_PLACE].place));
	place(g, 2, (struct rect){2000, 900, 100, 100});
	g_assert_true(on_monitor(last[VIEW_PLACE].place));
	gate_on_placed(g, 2, (struct rect){950, 700, 300, 200});
	place(g, 2, (struct rect){950, 700, 290, 190}); /* smaller, where the person put it */
	g_assert_cmpint(last[VIEW_PLACE].place.x, ==, 950);
	place(g, 2, (struct rect){950, 700, 310, 190});
	g_assert_true(on_monitor(last[VIEW_PLACE].place));
	gate_free(g);
}

static void test_popups_cover_too_much(void) {
	struct gate *g = start();

	create(g, 1, (struct rect){4, 4, 992, 700}, true);
	map(g, 1, true);
	g_assert_true(last[VIEW_MAP].map.popup);
	create(g, 2, (struct rect){4, 400, 992, 390}, true);
	map(g, 2, true);
	g_assert_false(last[VIEW_MAP].map.popup); /* it is shown as an ordinary window */
	g_assert_cmpuint(gate_mapped(g), ==, 2);
	/* Grown afterwards. */
	place(g, 1, (struct rect){4, 4, 992, 792});
	g_assert_cmpuint(seen[VIEW_UNMAP], ==, 1);
	g_assert_cmpuint(last[VIEW_MAP].window, ==, 1);
	g_assert_false(last[VIEW_MAP].map.popup);
	gate_free(g);
}

static void test_screen_shrinks(void) {
	struct gate *g = start();

	create(g, 1, (struct rect){800, 600, 150, 150}, true);
	map(g, 1, true);
	gate_on_screen(g, &(struct place_screen){1, {{0, 0, 640, 480}}}, 4);
	g_assert_cmpint(last[VIEW_PLACE].place.x, <=, 640 - 150 - 4);
	g_assert_cmpuint(seen[VIEW_UNMAP], ==, 0);
	gate_on_screen(g, &(struct place_screen){1, {{0, 0, 160, 160}}}, 4);
	g_assert_cmpuint(seen[VIEW_UNMAP], ==, 1);
	g_assert_false(last[VIEW_MAP].map.popup);
	gate_free(g);
}

static void test_no_popups(void) {
	struct gate *g = start_with(false);

	create(g, 1, small, true);
	g_assert_false(last[VIEW_CREATE].create.popup);
	map(g, 1, true);
	g_assert_false(last[VIEW_MAP].map.popup);
	gate_free(g);
}

static void test_map_and_unmap(void) {
	struct gate *g = start();
	struct view_order m = {.type = VIEW_MAP, .window = 1, .map = {false, 1}};

	create(g, 1, small, false);
	create(g, 2, small, false);
	g_assert_cmpint(give(g, m), ==, 0);
	g_assert_cmpuint(last[VIEW_MAP].map.transient_for, ==, 0); /* not its own parent */
	map(g, 1, true);                                           /* nothing: it is mapped */
	g_assert_cmpuint(seen[VIEW_MAP], ==, 1);
	m = (struct view_order){.type = VIEW_MAP, .window = 2, .map = {false, 1}};
	g_assert_cmpint(give(g, m), ==, 0);
	g_assert_cmpuint(last[VIEW_MAP].map.transient_for, ==, 1);
	g_assert_cmpuint(gate_mapped(g), ==, 2);
	g_assert_cmpint(plain(g, VIEW_UNMAP, 1), ==, 0);
	g_assert_cmpint(plain(g, VIEW_DESTROY, 2), ==, 0);
	g_assert_cmpuint(gate_mapped(g), ==, 0);
	gate_free(g);
}

static void test_texts(void) {
	struct gate *g = start();
	struct view_order title = {.type = VIEW_TITLE, .window = 1};
	struct view_order class = {.type = VIEW_CLASS, .window = 1};

	create(g, 1, small, false);
	g_strlcpy(title.untrusted_title,
		"a\x1b[2J\xe2\x80\xae"
		"b",
		sizeof(title.untrusted_title));
	g_assert_cmpint(give(g, title), ==, 0);
	g_assert_cmpstr(last[VIEW_TITLE].untrusted_title, ==, "a_[2J_b");
	g_strlcpy(class.class.untrusted_class, "\xc3\xa9", VIEW_CLASS_SIZE);
	g_strlcpy(class.class.untrusted_name, "ok", VIEW_CLASS_SIZE);
	g_assert_cmpint(give(g, class), ==, 0);
	g_assert_cmpint(last[VIEW_CLASS].class.untrusted_class[0], ==, '_');
	g_assert_cmpstr(last[VIEW_CLASS].class.untrusted_name, ==, "ok");
	map(g, 1, false);
	g_assert_cmpint(give(g, class), ==, 0);
	g_assert_cmpuint(seen[VIEW_CLASS], ==, 1); /* not once it is shown */
	gate_free(g);
}

/* What comes too fast waits and is not lost. */
static void test_storms_are_slowed(void) {
	struct gate *g = start();
	struct view_order title = {.type = VIEW_TITLE, .window = 1, .untrusted_title = "t"};

	create(g, 1, small, false);
	g_assert_cmpint(gate_wait_us(g, 0), ==, 0);
	for (unsigned i = 0; i < WINDOWS_CHANGES_BURST; i++)
		g_assert_cmpint(plain(g, i % 2 ? VIEW_UNMAP : VIEW_MAP, 1), ==, 0);
	g_assert_cmpint(gate_wait_us(g, 0), >, 0);
	g_assert_cmpint(gate_wait_us(g, 1000000), ==, 0);
	for (unsigned i = 0; i < 100; i++)
		g_assert_cmpint(gate_take(g, &title, -1, 1000000), ==, 0);
	g_assert_cmpuint(seen[VIEW_TITLE], ==, 100);
	g_assert_cmpint(gate_wait_us(g, 1000000), >, 1000000);
	gate_free(g);
}

static void test_images_wait_for_the_server(void) {
	struct gate *g = start();
	struct view_order none = {.type = VIEW_IMAGE, .window = 9, .image = {{1, 1}, false, 0}};

	for (unsigned i = 0; i <= WINDOWS_DUMPS_MAX; i++)
		g_assert_cmpint(give(g, none), ==, 0);
	g_assert_cmpint(gate_wait_us(g, 0), ==, GATE_BUSY);
	gate_on_imaged(g);
	g_assert_cmpint(gate_wait_us(g, 0), ==, 0);
	gate_free(g);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/bug-class/A14/gate-ignores-unknown-windows", test_unknown_windows);
	g_test_add_func("/bug-class/A11/gate-too-many-windows", test_too_many_windows);
	g_test_add_func("/gate/too-many-icons", test_too_many_icons);
	g_test_add_func("/gate/memory", test_memory);
	g_test_add_func("/gate/descriptors", test_descriptors);
	g_test_add_func(
		"/bug-class/A6/gate-popup-lies-on-one-monitor", test_popup_lies_on_one_monitor);
	g_test_add_func("/bug-class/A6/gate-ordinary-window-lies-on-one-monitor",
		test_ordinary_window_lies_on_one_monitor);
	g_test_add_func("/bug-class/A7/gate-popups-cover-too-much", test_popups_cover_too_much);
	g_test_add_func("/gate/screen-shrinks", test_screen_shrinks);
	g_test_add_func("/gate/no-popups", test_no_popups);
	g_test_add_func("/gate/map-and-unmap", test_map_and_unmap);
	g_test_add_func("/bug-class/A12/gate-filters-texts", test_texts);
	g_test_add_func("/bug-class/A11/gate-slows-storms", test_storms_are_slowed);
	g_test_add_func("/gate/images-wait-for-the-server", test_images_wait_for_the_server);
	return g_test_run();
}
