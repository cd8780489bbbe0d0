/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two processes of a gui-daemon say to each other, at its edges. */
#include "proto/view.h"

#include <glib.h>

static int decode_order(const void *bytes, size_t n, struct view_order *ret) {
	struct span in = span_over(bytes, n);
	int r = view_decode_order(&in, ret);

	g_assert_true(r != 0 || span_done(&in));
	return r;
}

static int decode_report(const void *bytes, size_t n, struct view_report *ret) {
	struct span in = span_over(bytes, n);

	return view_decode_report(&in, ret);
}

/* One of every kind. */
static const struct view_order orders[] = {
	{.type = VIEW_READY},
	{.type = VIEW_CONNECTED, .minor = 8},
	{.type = VIEW_REFUSED, .untrusted_refused = "did it"},
	{.type = VIEW_CLIP_SAID, .said = {CTL_CLIP_TEXT, 7, true, "line"}},
	{.type = VIEW_END},
	{.type = VIEW_CREATE, .window = 5, .create = {{-1, 2, 3, 4}, true}},
	{.type = VIEW_DESTROY, .window = 5},
	{.type = VIEW_MAP, .window = 5, .map = {true, 9}},
	{.type = VIEW_UNMAP, .window = 5},
	{.type = VIEW_PLACE, .window = 5, .place = {GUI_MAX_W, -GUI_MAX_H, 1, GUI_MAX_H}},
	{.type = VIEW_DOCK, .window = 5},
	{.type = VIEW_TITLE, .window = 5, .untrusted_title = "title"},
	{.type = VIEW_CLASS, .window = 5, .class = {"class", "name"}},
	{.type = VIEW_HINTS,
		.window = 5,
		.hints = {GUI_HINT_MIN_SIZE, {10, 10}, {GUI_MAX_W, GUI_MAX_H}, {1, 1}, {0, 0}}},
	{.type = VIEW_FLAGS, .window = 5, .flags = {GUI_FLAG_MINIMIZE, GUI_FLAG_ATTENTION}},
	{.type = VIEW_CURSOR, .window = 5, .glyph = 0x199},
	{.type = VIEW_IMAGE, .window = 5, .image = {{GUI_MAX_W, 1}, true, GUI_MAX_REFS - 1}},
	{.type = VIEW_DROP_IMAGE, .window = 5},
	{.type = VIEW_PAINT, .window = 5, .area = {GUI_MAX_W - 1, 0, 1, GUI_MAX_H}},
};

static void test_orders_and_back(void) {
	for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
		uint8_t bytes[VIEW_PACKET_MAX], again[VIEW_PACKET_MAX];
		size_t n = view_encode_order(&orders[i], bytes, sizeof(bytes));
		struct view_order o = {0};

		g_assert_cmpuint(n, >, 0);
		g_assert_cmpint(decode_order(bytes, n, &o), ==, 0);
		g_assert_cmpint(o.type, ==, orders[i].type);
		g_assert_cmpuint(o.window, ==, orders[i].window);
		g_assert_cmpuint(view_encode_order(&o, again, sizeof(again)), ==, n);
		g_assert_cmpmem(again, n, bytes, n);
		/* Neither a byte less nor room for a byte less. */
		for (size_t less = 0; less < n; less++) {
			g_assert_cmpint(decode_order(bytes, less, &o), ==, VIEW_E_LENGTH);
			g_assert_cmpuint(view_encode_order(&orders[i], again, less), ==, 0);
		}
	}
}

static void refuse_order(struct view_order o) {
	uint8_t bytes[VIEW_PACKET_MAX];

	g_assert_cmpuint(view_encode_order(&o, bytes, sizeof(bytes)), ==, 0);
}

static void test_promises_of_encoder(void) {
	refuse_order((struct view_order){.type = VIEW_CONNECTED, .minor = GUI_VERSION_MINOR + 1});
	refuse_order((struct view_order){.type = VIEW_SCREEN});
	refuse_order((struct view_order){.type = (enum view_type)0});
	refuse_order(
		(struct view_order){.type = VIEW_CLIP_SAID, .said = {CTL_CLIP_GET, 1, false, ""}});
	refuse_order(
		(struct view_order){.type = VIEW_CLIP_SAID, .said = {CTL_CLIP_DONE, 1, true, ""}});
	refuse_order((struct view_order){.type = VIEW_CURSOR, .glyph = 0x100 + 0x9a});
	refuse_order((struct view_order){.type = VIEW_CURSOR, .glyph = 1});
}

/* The words of an order, changed one at a time. */
struct wrong {
	enum view_type type;
	uint32_t words[9];
	size_t count;
	unsigned at;
	uint32_t value;
};

static const struct wrong wrongs[] = {
	{VIEW_CREATE, {0, 0, 1, 1, 0}, 5, 0, GUI_MAX_W + 1},
	{VIEW_CREATE, {0, 0, 1, 1, 0}, 5, 0, (uint32_t)-GUI_MAX_W - 1},
	{VIEW_CREATE, {0, 0, 1, 1, 0}, 5, 1, GUI_MAX_H + 1},
	{VIEW_CREATE, {0, 0, 1, 1, 0}, 5, 1, 0x80000000},
	{VIEW_CREATE, {0, 0, 1, 1, 0}, 5, 2, 0},
	{VIEW_CREATE, {0, 0, 1, 1, 0}, 5, 2, GUI_MAX_W + 1},
	{VIEW_CREATE, {0, 0, 1, 1, 0}, 5, 3, 0},
	{VIEW_CREATE, {0, 0, 1, 1, 0}, 5, 3, 0xffffffff},
	{VIEW_CREATE, {0, 0, 1, 1, 0}, 5, 4, 2},
	{VIEW_PLACE, {0, 0, 1, 1}, 4, 3, GUI_MAX_H + 1},
	{VIEW_MAP, {0, 0}, 2, 0, 2},
	{VIEW_PAINT, {0, 0, 1, 1}, 4, 0, 0xffffffff},
	{VIEW_PAINT, {0, 0, 1, 1}, 4, 0, GUI_MAX_W},
	{VIEW_PAINT, {0, 0, 1, 1}, 4, 1, GUI_MAX_H},
	{VIEW_PAINT, {0, 0, 1, 1}, 4, 2, 0},
	{VIEW_PAINT, {1, 0, 1, 1}, 4, 2, GUI_MAX_W},
	{VIEW_PAINT, {0, 0, 1, 1}, 4, 3, 0xffffffff},
	{VIEW_IMAGE, {1, 1, 1, 0}, 4, 0, 0},
	{VIEW_IMAGE, {1, 1, 1, 0}, 4, 0, GUI_MAX_W + 1},
	{VIEW_IMAGE, {1, 1, 1, 0}, 4, 1, GUI_MAX_H + 1},
	{VIEW_IMAGE, {1, 1, 1, 0}, 4, 2, 2},
	{VIEW_IMAGE, {1, 1, 1, 0}, 4, 3, GUI_MAX_REFS},
	{VIEW_IMAGE, {1, 1, 0, 0}, 4, 3, 1},
	{VIEW_CONNECTED, {0}, 1, 0, GUI_VERSION_MINOR + 1},
	{VIEW_CURSOR, {0}, 1, 0, 0x19a},
	{VIEW_CURSOR, {0}, 1, 0, 0xff},
	{VIEW_FLAGS, {1, 2}, 2, 0, 8},
	{VIEW_FLAGS, {1, 2}, 2, 0, 3},
	{VIEW_FLAGS, {1, 2}, 2, 1, 4},
	{VIEW_HINTS, {16, 1, 1, 2, 2, 1, 1, 0, 0}, 9, 0, 2},
	{VIEW_HINTS, {16, 1, 1, 2, 2, 1, 1, 0, 0}, 9, 1, 3},
	{VIEW_HINTS, {16, 1, 1, 2, 2, 1, 1, 0, 0}, 9, 2, 3},
	{VIEW_HINTS, {16, 0, 0, 2, 2, 1, 1, 0, 0}, 9, 3, 0},
	{VIEW_HINTS, {16, 0, 0, 2, 2, 1, 1, 0, 0}, 9, 4, GUI_MAX_H + 1},
	{VIEW_HINTS, {16, 0, 0, 2, 2, 1, 1, 0, 0}, 9, 5, 0},
	{VIEW_HINTS, {16, 0, 0, 2, 2, 1, 1, 0, 0}, 9, 6, 0},
	{VIEW_HINTS, {16, 0, 0, 2, 2, 1, 1, 0, 0}, 9, 7, GUI_MAX_W + 1},
};

static int decode_words(enum view_type type, const uint32_t *words, size_t count) {
	uint8_t bytes[64];
	struct sink out = sink_over(bytes, sizeof(bytes));
	struct view_order o;

	sink_u32(&out, type);
	sink_u32(&out, 5);
	for (size_t i = 0; i < count; i++)
		sink_u32(&out, words[i]);
	return decode_order(bytes, sizeof(bytes) - out.left, &o);
}

static void test_values_out_of_range(void) {
	for (size_t i = 0; i < G_N_ELEMENTS(wrongs); i++) {
		struct wrong w = wrongs[i];

		g_assert_cmpint(decode_words(w.type, w.words, w.count), ==, 0);
		w.words[w.at] = w.value;
		g_assert_cmpint(decode_words(w.type, w.words, w.count), !=, 0);
	}
}

static void test_kinds(void) {
	uint32_t none[9] = {0};

	for (uint32_t type = 0; type < 200; type++) {
		bool order = (type >= VIEW_READY && type <= VIEW_END) ||
			     (type >= VIEW_CREATE && type <= VIEW_PAINT);

		if (!order)
			g_assert_cmpint(decode_words(type, none, 9), ==, VIEW_E_TYPE);
	}
	g_assert_cmpint(decode_words(0xffffffff, none, 9), ==, VIEW_E_TYPE);
}

/* No NUL, or something behind it: no text. */
static void test_texts(void) {
	uint8_t bytes[VIEW_PACKET_MAX];
	struct view_order o = {.type = VIEW_TITLE, .untrusted_title = "ab"};
	size_t n = view_encode_order(&o, bytes, sizeof(bytes));

	bytes[8 + 3] = 'x';
	g_assert_cmpint(decode_order(bytes, n, &o), ==, VIEW_E_LENGTH);
	memset(bytes + 8, 'x', VIEW_TITLE_SIZE);
	g_assert_cmpint(decode_order(bytes, n, &o), ==, VIEW_E_LENGTH);
	bytes[8 + VIEW_TITLE_SIZE - 1] = 0;
	g_assert_cmpint(decode_order(bytes, n, &o), ==, 0);
	g_assert_cmpuint(strlen(o.untrusted_title), ==, VIEW_TITLE_SIZE - 1);
}

/* Several messages of one packet, the last one cut. */
static void test_packet(void) {
	uint8_t bytes[VIEW_PACKET_MAX];
	size_t n = 0;
	struct view_order o;
	struct span in;

	for (size_t i = 0; i < G_N_ELEMENTS(orders); i++)
		n += view_encode_order(&orders[i], bytes + n, sizeof(bytes) - n);
	in = span_over(bytes, n - 1);
	for (size_t i = 0; i + 1 < G_N_ELEMENTS(orders); i++) {
		g_assert_cmpint(view_decode_order(&in, &o), ==, 0);
		g_assert_cmpint(o.type, ==, orders[i].type);
	}
	g_assert_cmpint(view_decode_order(&in, &o), ==, VIEW_E_LENGTH);
}

static struct view_report a_screen(void) {
	struct view_report r = {.type = VIEW_SCREEN};

	r.screen.frame = 4;
	r.screen.depth = 24;
	r.screen.monitors = (struct ext_monitors){
		{100, 50}, 2, {{{0, 0, 50, 50}, {0, 0}}, {{50, 0, 50, 50}, {10, 10}}}};
	r.screen.usable[0] = (struct rect){0, 10, 50, 40};
	r.screen.usable[1] = (struct rect){50, 0, 50, 50};
	return r;
}

static void test_reports_and_back(void) {
	struct gui_from_daemon key = {.type = GUI_KEYPRESS, .window = 5, .key = {2, 1, 1, 0, 38}};
	struct view_report all[] = {a_screen(),
		{.type = VIEW_KEYBOARD, .keyboard = {"evdev", "pc105", "de", "", ""}},
		{.type = VIEW_PLACED, .window = 5, .placed = {1, 2, 3, 4}},
		{.type = VIEW_IMAGED, .window = 5}, {.type = VIEW_DESTROYED, .window = 5},
		{.type = VIEW_PAINTED, .window = 5},
		{.type = VIEW_INPUT, .window = 5, .input = key},
		{.type = VIEW_CLIP_ASK, .window = 5, .asked = {CTL_CLIP_PUT, 3, true}}};

	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		uint8_t bytes[VIEW_PACKET_MAX], again[VIEW_PACKET_MAX];
		size_t n = view_encode_report(&all[i], bytes, sizeof(bytes));
		struct view_report r = {0};

		g_assert_cmpuint(n, >, 0);
		g_assert_cmpint(decode_report(bytes, n, &r), ==, 0);
		g_assert_cmpuint(view_encode_report(&r, again, sizeof(again)), ==, n);
		g_assert_cmpmem(again, n, bytes, n);
		for (size_t less = 0; less < n; less++)
			g_assert_cmpint(decode_report(bytes, less, &r), !=, 0);
	}
}

static void refuse_report(struct view_report r) {
	uint8_t bytes[VIEW_PACKET_MAX];

	g_assert_cmpuint(view_encode_report(&r, bytes, sizeof(bytes)), ==, 0);
}

static void test_reports_refused(void) {
	struct view_report r = a_screen();

	r.screen.usable[1].w = 0;
	refuse_report(r);
	r = a_screen();
	r.screen.frame = 0;
	refuse_report(r);
	r = a_screen();
	r.screen.frame = VIEW_FRAME_MAX + 1;
	refuse_report(r);
	refuse_report((struct view_report){.type = VIEW_MAP});
	refuse_report((struct view_report){
		.type = VIEW_INPUT, .window = 1, .input = {.type = GUI_CLOSE, .window = 2}});
	refuse_report(
		(struct view_report){.type = VIEW_CLIP_ASK, .asked = {CTL_CLIP_GET, 1, true}});
	refuse_report(
		(struct view_report){.type = VIEW_CLIP_ASK, .asked = {CTL_CLIP_DONE, 1, false}});
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/view/orders-and-back", test_orders_and_back);
	g_test_add_func("/view/promises-of-encoder", test_promises_of_encoder);
	g_test_add_func("/view/values-out-of-range", test_values_out_of_range);
	g_test_add_func("/view/kinds", test_kinds);
	g_test_add_func("/view/texts", test_texts);
	g_test_add_func("/view/packet", test_packet);
	g_test_add_func("/view/reports-and-back", test_reports_and_back);
	g_test_add_func("/view/reports-refused", test_reports_refused);
	return g_test_run();
}
