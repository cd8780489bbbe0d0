/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names, labels, quotas, spans and rectangles, at their edges. */
#include "common/domain-name.h"
#include "common/geometry.h"
#include "common/label.h"
#include "common/quota.h"
#include "common/span.h"

#include <glib.h>

static void test_names(void) {
	const struct {
		const char *text;
		int answer;
	} names[] = {
		{"work", 0},
		{"a", 0},
		{"Z9_.-", 0},
		{"dom0", 0},
		{"abcdefghijklmnopqrstuvwxyz01234", 0},
		{"abcdefghijklmnopqrstuvwxyz012345", DOMAIN_NAME_E_LENGTH},
		{"", DOMAIN_NAME_E_EMPTY},
		{"1work", DOMAIN_NAME_E_FIRST},
		{"-work", DOMAIN_NAME_E_FIRST},
		{".work", DOMAIN_NAME_E_FIRST},
		{"_work", DOMAIN_NAME_E_FIRST},
		{"@anyvm", DOMAIN_NAME_E_FIRST},
		{"\xc3\xbc", DOMAIN_NAME_E_FIRST},
		{"wo rk", DOMAIN_NAME_E_CHAR},
		{"work\n", DOMAIN_NAME_E_CHAR},
		{"wo/rk", DOMAIN_NAME_E_CHAR},
		{"wo:rk", DOMAIN_NAME_E_CHAR},
		{"w\xc3\xb6rk", DOMAIN_NAME_E_CHAR},
		{"none", DOMAIN_NAME_E_RESERVED},
		{"default", DOMAIN_NAME_E_RESERVED},
		{"Domain-0", DOMAIN_NAME_E_RESERVED},
		{"work-dm", DOMAIN_NAME_E_RESERVED},
		{"none1", 0},
		{"work-dm1", 0},
		{"dm", 0},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		struct domain_name n, before;

		memset(&n, 0xaa, sizeof(n));
		before = n;
		g_assert_cmpint(domain_name_parse(names[i].text, &n), ==, names[i].answer);
		g_assert_nonnull(domain_name_error(names[i].answer));
		if (names[i].answer != 0) {
			g_assert_cmpmem(&n, sizeof(n), &before, sizeof(n));
			continue;
		}
		g_assert_cmpstr(n.s, ==, names[i].text);
		for (size_t k = strlen(n.s); k < sizeof(n.s); k++)
			g_assert_cmpint(n.s[k], ==, 0);
	}
	for (int c = 1; c < 256; c++) {
		const char text[3] = {'a', (char)c, 0};
		struct domain_name n;
		bool ok = g_ascii_isalnum((char)c) || c == '_' || c == '.' || c == '-';

		g_assert_cmpint(domain_name_parse(text, &n), ==, ok ? 0 : DOMAIN_NAME_E_CHAR);
	}
}

static void draw(enum label_pattern pattern, uint8_t ret[LABEL_TILE][LABEL_TILE]) {
	for (unsigned y = 0; y < LABEL_TILE; y++)
		for (unsigned x = 0; x < LABEL_TILE; x++) {
			int mark = label_pattern_mark(pattern, x, y);

			g_assert_cmpint(label_pattern_mark(pattern, x + 16, y + 32), ==, mark);
			ret[y][x] = mark != 0;
		}
}

static bool same_shifted(uint8_t a[LABEL_TILE][LABEL_TILE], uint8_t b[LABEL_TILE][LABEL_TILE],
	unsigned dx, unsigned dy) {
	for (unsigned y = 0; y < LABEL_TILE; y++)
		for (unsigned x = 0; x < LABEL_TILE; x++)
			if (a[y][x] != b[(y + dy) % LABEL_TILE][(x + dx) % LABEL_TILE])
				return false;
	return true;
}

/* No pattern is another one moved; each but the solid one has marks and ground in plenty, also in
 * the four rows and columns that a frame shows. */
static void test_patterns(void) {
	uint8_t tiles[PATTERN_COUNT][LABEL_TILE][LABEL_TILE];

	for (unsigned p = 0; p < PATTERN_COUNT; p++) {
		unsigned marks = 0, bar = 0, post = 0;
		enum label_pattern back;

		draw((enum label_pattern)p, tiles[p]);
		for (unsigned i = 0; i < LABEL_TILE * LABEL_TILE; i++)
			marks += tiles[p][i / LABEL_TILE][i % LABEL_TILE];
		for (unsigned i = 0; i < 4 * LABEL_TILE; i++) {
			bar += tiles[p][i % 4][i / 4];
			post += tiles[p][i / 4][i % 4];
		}
		if (p == PATTERN_SOLID) {
			g_assert_cmpuint(marks, ==, 0);
		} else {
			g_assert_cmpuint(marks, >=, 256 / 10);
			g_assert_cmpuint(marks, <=, 256 * 6 / 10);
			g_assert_true(bar >= 6 && bar <= 58 && post >= 6 && post <= 58);
		}
		g_assert_cmpint(label_pattern_parse(label_pattern_name(p), &back), ==, 0);
		g_assert_cmpint(back, ==, p);
		for (unsigned q = 0; q < p; q++)
			for (unsigned s = 0; s < 256; s++)
				g_assert_false(same_shifted(tiles[p], tiles[q], s % 16, s / 16));
	}
}

static void test_labels(void) {
	enum label_pattern p;

	g_assert_cmpuint(label_count, >=, 12);
	for (size_t i = 0; i < label_count; i++) {
		g_assert_true(label_by_name(labels[i].name) == &labels[i]);
		g_assert_cmpuint(labels[i].rgb, <=, 0xffffff);
		for (size_t k = 0; k < i; k++) {
			g_assert_cmpuint(labels[i].index, !=, labels[k].index);
			g_assert_cmpuint(labels[i].rgb, !=, labels[k].rgb);
			g_assert_cmpstr(labels[i].name, !=, labels[k].name);
		}
	}
	g_assert_null(label_by_name(""));
	g_assert_null(label_by_name("RED"));
	g_assert_cmpint(label_pattern_parse("Solid", &p), ==, 1);
	g_assert_cmpint(label_pattern_parse("", &p), ==, 1);
	g_assert_cmphex(label_mark_rgb(0x000000), ==, 0xffffff);
	g_assert_cmphex(label_mark_rgb(0xffffff), ==, 0x000000);
}

static void test_quota(void) {
	struct quota q = {.limit = 10};
	struct charge a = {0}, b = {0};

	g_assert_cmpint(quota_take(&q, 11, &a), ==, QUOTA_E_FULL);
	g_assert_cmpint(quota_take(&q, UINT64_MAX, &a), ==, QUOTA_E_FULL);
	g_assert_cmpuint(q.used, ==, 0);
	g_assert_null(a.from);
	g_assert_cmpint(quota_take(&q, 7, &a), ==, 0);
	g_assert_cmpint(quota_take(&q, 4, &b), ==, QUOTA_E_FULL);
	g_assert_cmpint(quota_take(&q, 3, &b), ==, 0);
	g_assert_cmpuint(q.used, ==, 10);
	g_assert_cmpint(charge_resize(&a, 8), ==, QUOTA_E_FULL);
	g_assert_cmpint(charge_resize(&a, UINT64_MAX), ==, QUOTA_E_FULL);
	g_assert_cmpuint(a.amount, ==, 7);
	g_assert_cmpint(charge_resize(&a, 2), ==, 0);
	g_assert_cmpuint(q.used, ==, 5);
	g_assert_cmpint(charge_resize(&b, 8), ==, 0);
	g_assert_cmpuint(q.used, ==, 10);
	/* A limit below what is held: nothing more is given, going down is. */
	q.limit = 9;
	g_assert_cmpint(charge_resize(&b, 7), ==, 0);
	charge_release(&a);
	charge_release(&a);
	charge_release(&b);
	g_assert_cmpuint(q.used, ==, 0);
}

/* Lowering the limit below what is used must not open the account. */
static void test_quota_lowered(void) {
	struct quota q = {.limit = 10};
	struct charge a = {0}, b = {0};

	g_assert_cmpint(quota_take(&q, 10, &a), ==, 0);
	q.limit = 4;
	g_assert_cmpint(quota_take(&q, 1, &b), ==, QUOTA_E_FULL);
	g_assert_cmpint(charge_resize(&a, 11), ==, QUOTA_E_FULL);
	g_assert_cmpint(charge_resize(&a, 10), ==, 0);
	charge_release(&a);
}

static void test_span(void) {
	const uint8_t data[] = {1, 2, 3, 4, 5, 6, 7, 0x88};
	struct span s = span_over(data, sizeof(data));

	g_assert_cmphex(span_u64(&s), ==, 0x8807060504030201);
	g_assert_true(span_done(&s));
	g_assert_true(span_take(&s, 0) && !s.bad);
	g_assert_cmpuint(span_u8(&s), ==, 0);
	g_assert_true(s.bad);

	s = span_over(data, 7);
	g_assert_cmphex(span_u16(&s), ==, 0x0201);
	g_assert_cmphex(span_u32(&s), ==, 0x06050403);
	g_assert_cmphex(span_u32(&s), ==, 0);
	g_assert_true(s.bad && !span_done(&s));
	g_assert_cmpuint(span_u8(&s), ==, 0); /* one byte is left, but the fault sticks */
	g_assert_null(span_take(&s, SIZE_MAX));

	s = span_over(data + 4, 4);
	g_assert_cmpint(span_i32(&s), <, 0);
	s = span_over(NULL, 0);
	g_assert_true(span_done(&s));
	g_assert_null(span_take(&s, 1));
}

static void test_sink(void) {
	uint8_t buf[9];
	struct sink s = sink_over(buf, sizeof(buf));

	memset(buf, 0xaa, sizeof(buf));
	sink_u64(&s, 0x8807060504030201);
	g_assert_cmpmem(buf, 8, "\x01\x02\x03\x04\x05\x06\x07\x88", 8);
	sink_u32(&s, 1);
	g_assert_true(s.bad);
	g_assert_cmphex(buf[8], ==, 0xaa);
	sink_bytes(&s, "x", 1); /* there is room, but the fault sticks */
	g_assert_cmphex(buf[8], ==, 0xaa);

	s = sink_over(buf, 4);
	memset(buf, 0xaa, sizeof(buf));
	sink_text(&s, "ab", 4);
	g_assert_true(!s.bad && s.left == 0);
	g_assert_cmpmem(buf, 5, "ab\0\0\xaa", 5);
	s = sink_over(buf, 4);
	sink_text(&s, "abcd", 4);
	g_assert_true(s.bad);
	s = sink_over(buf, 4);
	sink_text(&s, "", 5);
	g_assert_true(s.bad);
	s = sink_over(buf, 0);
	sink_bytes(&s, NULL, 0);
	g_assert_false(s.bad);
}

static void test_rects(void) {
	const struct rect all = {INT32_MIN, INT32_MIN, UINT32_MAX, UINT32_MAX};
	const struct {
		struct rect a, b, both;
	} cases[] = {
		{{0, 0, 10, 10}, {5, 5, 10, 10}, {5, 5, 5, 5}},
		{{0, 0, 10, 10}, {10, 0, 10, 10}, {0, 0, 0, 0}},
		{{0, 0, 10, 10}, {9, 9, 1, 1}, {9, 9, 1, 1}},
		{{-5, -5, 10, 10}, {0, 0, 1, 1}, {0, 0, 1, 1}},
		{{0, 0, 0, 10}, {0, 0, 10, 10}, {0, 0, 0, 0}},
		{{INT32_MAX, INT32_MAX, UINT32_MAX, UINT32_MAX}, {0, 0, 10, 10}, {0, 0, 0, 0}},
		{all, {1, 2, 3, 4}, {1, 2, 3, 4}},
		{all, all, all},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_assert_true(rect_equal(rect_intersect(cases[i].a, cases[i].b), cases[i].both));
		g_assert_true(rect_equal(rect_intersect(cases[i].b, cases[i].a), cases[i].both));
	}
	g_assert_true(rect_equal(rect_union((struct rect){0, 0, 1, 1}, (struct rect){-5, 5, 2, 2}),
		(struct rect){-5, 0, 6, 7}));
	g_assert_true(rect_equal(rect_union((struct rect){9, 9, 0, 5}, (struct rect){1, 1, 1, 1}),
		(struct rect){1, 1, 1, 1}));
	g_assert_true(rect_equal(rect_union((struct rect){1, 1, 1, 1}, (struct rect){9, 9, 5, 0}),
		(struct rect){1, 1, 1, 1}));
	g_assert_true(
		rect_empty((struct rect){1, 1, 0, 1}) && !rect_empty((struct rect){0, 0, 1, 1}));
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/common/domain-name", test_names);
	g_test_add_func("/common/label/patterns", test_patterns);
	g_test_add_func("/common/label/table", test_labels);
	g_test_add_func("/common/quota", test_quota);
	g_test_add_func("/common/quota/lowered", test_quota_lowered);
	g_test_add_func("/common/span", test_span);
	g_test_add_func("/common/sink", test_sink);
	g_test_add_func("/common/rects", test_rects);
	return g_test_run();
}
