/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dialog's decisions without a dialog. */
#include "tray/ask-logic.h"

#include <glib.h>

#define MS 1000

/* A day at the dialog: what happens when, and what is true after it. */
struct step {
	int at_ms;
	char what; /* F focus, L focus lost, K key, H hurried click, T the timer looks */
	enum ask_key key;
	bool armed, awake;
};

static const struct step waits[] = {{0, 'F', 0, false, false}, {999, 'T', 0, false, false},
	{1000, 'T', 0, true, true}, {5000, 'K', ASK_KEY_LIVES, false, true},
	{5500, 'K', ASK_KEY_MOVES, false, true}, {6499, 'T', 0, false, true},
	{6500, 'T', 0, true, true}, {7000, 'L', 0, false, false}, {9000, 'T', 0, false, false},
	{9100, 'F', 0, false, false}, {9200, 'K', ASK_KEY_DEAD, false, false},
	{10150, 'T', 0, false, false}, {10200, 'T', 0, true, true}, {0, 0, 0, false, false}};
/* Typed on: what was begun before the dialog came never does anything in it. */
static const struct step typed_on[] = {{0, 'K', ASK_KEY_DEAD, false, false},
	{10, 'F', 0, false, false}, {900, 'K', ASK_KEY_DEAD, false, false},
	{1800, 'K', ASK_KEY_DEAD, false, false}, {2700, 'K', ASK_KEY_DEAD, false, false},
	{3600, 'T', 0, false, false}, {3650, 'K', ASK_KEY_DEAD, false, false},
	{0, 0, 0, false, false}};
static const struct step never_focused[] = {
	{0, 'T', 0, false, false}, {100000, 'T', 0, false, false}, {0, 0, 0, false, false}};
/* A hand that was clicking already. */
static const struct step hurried[] = {{0, 'F', 0, false, false}, {500, 'H', 0, false, false},
	{1200, 'H', 0, false, false}, {2100, 'T', 0, false, false}, {2200, 'T', 0, true, true},
	{2300, 'H', 0, true, true}, {0, 0, 0, false, false}};

static void test_arming(gconstpointer data) {
	struct ask_arming a = {0};

	for (const struct step *s = data; s->what; s++) {
		int64_t now = 77 + (int64_t)s->at_ms * MS;

		if (s->what == 'F' || s->what == 'L')
			ask_arming_focus(&a, s->what == 'F', now);
		else if (s->what == 'K')
			g_assert_cmpint(ask_arming_key(&a, now), ==, s->key);
		else if (s->what == 'H')
			ask_arming_hurry(&a, now);
		else
			g_assert_cmpint(ask_arming_tick(&a, now), ==, s->armed);
		g_assert_cmpint(a.armed, ==, s->armed);
		g_assert_cmpint(a.awake, ==, s->awake);
	}
}

/* Whatever happens in whatever order: armed means one second of focus without a key. */
static void test_arming_random(void) {
	struct ask_arming a = {0};
	int64_t now = 1, quiet_since = 0;
	bool focused = false;

	for (int i = 0; i < 200000; i++) {
		now += g_random_int_range(1, 600 * MS);
		switch (g_random_int_range(0, 5)) {
		case 0:
			focused = g_random_boolean();
			ask_arming_focus(&a, focused, now);
			quiet_since = now;
			break;
		case 1:
			g_assert_cmpint(ask_arming_key(&a, now) == ASK_KEY_LIVES, <=,
				focused && now - quiet_since >= ASK_QUIET_US);
			quiet_since = now;
			break;
		default:
			ask_arming_tick(&a, now);
		}
		if (a.armed)
			g_assert_true(focused && now - quiet_since >= ASK_QUIET_US);
		g_assert_true(!a.armed || a.awake);
	}
}

static struct ask_question question(uint32_t value, const char *asked, unsigned targets) {
	static const char *const three[] = {
		"banking", "red", "s * work banking allow", "dom0", "black", "", "vault", "", "r"};
	static struct broker_msg m;
	struct ask_question q;

	m = (struct broker_msg){.type = BROKER_QUESTION,
		.id = 7,
		.value = value,
		.count = 6 + 3 * targets,
		.texts = {"work", "s", "+a", asked, "f:1", "blue"}};
	for (unsigned i = 0; i < 3 * targets; i++)
		m.texts[6 + i] = three[i];
	ask_question_read(&m, &q);
	return q;
}

static void test_question(void) {
	struct ask_question q = question(2, "banking", 3);

	g_assert_cmpuint(q.target_count, ==, 3);
	g_assert_cmpint(q.preselected, ==, 1);
	g_assert_cmpstr(q.targets[2].text, ==, "vault");
	g_assert_cmpstr(q.source_label, ==, "blue");
	g_assert_cmpint(question(0, "vault", 3).preselected, ==, 2);
	g_assert_cmpint(question(0, "", 3).preselected, ==, -1);
	g_assert_cmpint(question(0, "", 1).preselected, ==, 0);
	g_assert_cmpint(question(4, "", 3).preselected, ==, -1);
	g_assert_cmpint(question(UINT32_MAX, "", 3).preselected, ==, -1);
}

static void test_answers(void) {
	struct ask_question q = question(0, "", 3);
	static const struct {
		bool armed;
		int target;
		enum broker_choice choice, answer;
	} rows[] = {{true, 0, BROKER_ONCE, BROKER_ONCE}, {false, 0, BROKER_ONCE, BROKER_DENY},
		{true, 0, BROKER_MINUTES, BROKER_MINUTES},
		{true, 2, BROKER_SESSION, BROKER_SESSION}, {true, 0, BROKER_ALWAYS, BROKER_ALWAYS},
		{false, 0, BROKER_ALWAYS, BROKER_DENY}, {true, 1, BROKER_ALWAYS, BROKER_DENY},
		{true, 1, BROKER_ONCE, BROKER_ONCE}, {true, -1, BROKER_ONCE, BROKER_DENY},
		{true, 3, BROKER_ONCE, BROKER_DENY}, {true, 0, BROKER_DENY, BROKER_DENY},
		{true, 0, BROKER_CHOICES, BROKER_DENY}};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		g_assert_cmpint(ask_allow(&q, rows[i].armed, rows[i].target, rows[i].choice), ==,
			rows[i].answer);
}

static void test_names(void) {
	bool disposable;

	g_assert_cmpuint(ask_match("", "work"), ==, 2);
	g_assert_cmpuint(ask_match("Work", "work"), ==, 3);
	g_assert_cmpuint(ask_match("wo", "work"), ==, 2);
	g_assert_cmpuint(ask_match("or", "work"), ==, 1);
	g_assert_cmpuint(ask_match("works", "work"), ==, 0);
	g_assert_cmpstr(ask_domain("@dispvm:dvm", &disposable), ==, "dvm");
	g_assert_true(disposable);
	g_assert_cmpstr(ask_domain("@dispvm", &disposable), ==, "@dispvm");
	g_assert_false(disposable);
}

static void test_escape(void) {
	static const struct {
		const char *in, *out;
		size_t most;
	} rows[] = {{"", "", 9}, {"a+b.c", "a+b.c", 9}, {"a\\b", "a\\\\b", 9},
		{"a\nb", "a\\x0ab", 9}, {"\x1b[31m", "\\x1b[31m", 99},
		{"\xe2\x80\xae"
		 "fdp",
			"\\xe2\\x80\\xae"
			"fdp",
			99}, /* right-to-left override */
		{"\xe2\x80\x8b", "\\xe2\\x80\\x8b", 99}, {"\xff\xc3", "\\xff\\xc3", 99},
		{"\xc3\xa9", "\xc3\xa9", 1}, {"<b>&amp;", "<b>&amp;", 99}, {"abcd", "abc…", 3},
		{"abc", "abc", 3}, {"ab\n", "ab…", 3}, {"\xcc\x81", "\\xcc\\x81", 99},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80", 99}};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		char out[256];
		bool cut = ask_escape(rows[i].in, rows[i].most, out, sizeof(out));

		g_assert_cmpstr(out, ==, rows[i].out);
		g_assert_cmpint(cut, ==, g_str_has_suffix(out, "…"));
	}
}

/* Any bytes, any room: valid text without controls, in its bounds. */
static void test_escape_random(void) {
	for (int i = 0; i < 20000; i++) {
		char in[64], out[80];
		size_t n = (size_t)g_random_int_range(0, 63);
		size_t size = (size_t)g_random_int_range(1, sizeof(out));

		for (size_t k = 0; k < n; k++)
			in[k] = (char)g_random_int_range(1, 256);
		in[n] = 0;
		memset(out, 0x7f, sizeof(out));
		ask_escape(in, ASK_ARGUMENT, out, size);
		g_assert_cmpuint(strlen(out), <, size);
		g_assert_true(g_utf8_validate(out, -1, NULL));
		for (const char *c = out; *c; c = g_utf8_next_char(c))
			g_assert_true(g_unichar_type(g_utf8_get_char(c)) > G_UNICODE_FORMAT);
	}
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_data_func("/bug-class/B3/a-second-of-quiet", waits, test_arming);
	g_test_add_data_func("/bug-class/B3/typed-on", typed_on, test_arming);
	g_test_add_data_func("/bug-class/B3/never-focused", never_focused, test_arming);
	g_test_add_data_func("/bug-class/B3/hurried-clicks", hurried, test_arming);
	g_test_add_func("/bug-class/B3/any-order", test_arming_random);
	g_test_add_func("/ask/question", test_question);
	g_test_add_func("/ask/answers", test_answers);
	g_test_add_func("/ask/names", test_names);
	g_test_add_func("/bug-class/E15/argument-escaped", test_escape);
	g_test_add_func("/bug-class/E15/any-bytes", test_escape_random);
	return g_test_run();
}
