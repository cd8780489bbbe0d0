/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages between bulkheadd and its daemons, at their edges. */
#include "proto/ctl.h"

#include <glib.h>

static const struct {
	uint32_t type, most;
	bool text;
} types[] = {
	{CTL_GUI_STARTED, 0, false},
	{CTL_GUI_CONNECTED, 8, false},
	{CTL_GUI_WINDOWS, UINT32_MAX, false},
	{CTL_GUI_FOCUS, 1, false},
	{CTL_GUI_REFUSED, 0, true},
	{CTL_GUI_AGENT_GONE, 0, false},
	{CTL_GUI_FIRST_IMAGE, 0, false},
	{CTL_CLIP_CHORD, 2, false},
	{CTL_CLIP_TEXT, UINT32_MAX, true},
	{CTL_CLIP_LARGE, UINT32_MAX, false},
	{CTL_CLIP_FAILED, UINT32_MAX, true},
	{CTL_CLIP_DONE, UINT32_MAX, false},
	{CTL_SCREEN_LOCKED, 1, false},
	{CTL_HIDE_ALL, 1, false},
	{CTL_KEYBOARD_LOCK, 0x7fef, false},
	{CTL_PAUSED, 1, false},
	{CTL_SCREEN_CHANGED, 0, false},
	{CTL_FOCUSED_DOMAIN, 0x7fef, true},
	{CTL_CLIP_GET, UINT32_MAX, false},
	{CTL_CLIP_LOOK, UINT32_MAX, false},
	{CTL_CLIP_PUT, UINT32_MAX, false},
	{CTL_CLIP_PUT_RAW, UINT32_MAX, false},
	{CTL_CLIP_CANCEL, UINT32_MAX, false},
	{CTL_COPY_KEY, UINT32_MAX, false},
	{CTL_PASTE_KEY, UINT32_MAX, false},
	{CTL_CLIP_FROM, 255, true},
	{CTL_CLIP_TO, 255, true},
	{CTL_CLIP_LINE, 16777216, true},
	{CTL_CLIP_SHOW, 3, false},
	{CTL_LAUNCHED, 0, false},
};

static int decode(const uint8_t *bytes, size_t n) {
	struct ctl_msg m, before;
	int r;

	memset(&m, 0xaa, sizeof(m));
	before = m;
	r = ctl_decode(span_over(bytes, n), &m);
	if (r != 0)
		g_assert_cmpmem(&m, sizeof(m), &before, sizeof(m));
	return r;
}

static int decode_words(uint32_t type, uint32_t value, const char *text) {
	uint8_t buf[CTL_SIZE] = {0};
	struct sink s = sink_over(buf, sizeof(buf));

	sink_u32(&s, type);
	sink_u32(&s, value);
	memcpy(buf + 8, text, strlen(text));
	return decode(buf, sizeof(buf));
}

static void test_values(void) {
	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		g_assert_cmpint(decode_words(types[i].type, 0, ""), ==, 0);
		g_assert_cmpint(decode_words(types[i].type, types[i].most, ""), ==, 0);
		if (types[i].most < UINT32_MAX) {
			g_assert_cmpint(decode_words(types[i].type, types[i].most + 1, ""), ==, 1);
			g_assert_cmpint(decode_words(types[i].type, UINT32_MAX, ""), ==, 1);
		}
		g_assert_cmpint(decode_words(types[i].type, 0, "text"), ==, types[i].text ? 0 : 1);
	}
}

static void test_types(void) {
	for (uint32_t type = 0; type < 1000; type++) {
		bool known = false;

		for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
			known = known || types[i].type == type;
		g_assert_cmpint(decode_words(type, 0, ""), ==, known ? 0 : 1);
	}
	g_assert_cmpint(decode_words(UINT32_MAX, 0, ""), ==, 1);
	g_assert_cmpint(decode_words(0x80000001, 0, ""), ==, 1);
}

static void test_lengths(void) {
	uint8_t buf[CTL_SIZE + 1];

	memset(buf, 0, sizeof(buf));
	buf[0] = CTL_GUI_STARTED;
	for (size_t n = 0; n <= sizeof(buf); n++)
		g_assert_cmpint(decode(buf, n), ==, n == CTL_SIZE ? 0 : 1);
}

static void test_text(void) {
	static const char *const bad[] = {"\x1b[31m", "\n", "\x7f", "\xff", "\xc0\xaf",
		"\xe2\x80\xae"
		"abc",
		"\xc2\x85"};
	uint8_t buf[CTL_SIZE] = {CTL_GUI_REFUSED};

	g_assert_cmpint(decode_words(CTL_GUI_REFUSED, 0, "gr\xc3\xbc\xc3\x9f \xe2\x80\xa6"), ==, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
		g_assert_cmpint(decode_words(CTL_GUI_REFUSED, 0, bad[i]), ==, 1);

	memset(buf + 8, 'x', CTL_TEXT_SIZE - 1);
	g_assert_cmpint(decode(buf, CTL_SIZE), ==, 0);
	buf[8 + CTL_TEXT_SIZE - 1] = 'x'; /* no NUL */
	g_assert_cmpint(decode(buf, CTL_SIZE), ==, 1);
	memset(buf + 8, 0, CTL_TEXT_SIZE);
	buf[8 + 5] = 'x'; /* something behind the NUL */
	g_assert_cmpint(decode(buf, CTL_SIZE), ==, 1);
	buf[8 + 5] = 0;
	buf[CTL_SIZE - 1] = 1; /* something in the zeros */
	g_assert_cmpint(decode(buf, CTL_SIZE), ==, 1);
}

/* Text that quotes a domain goes out filtered, whole bytes and all. */
static void test_encode(void) {
	struct ctl_msg m, back;
	uint8_t one[CTL_SIZE], two[CTL_SIZE];

	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		memset(one, 0xaa, sizeof(one));
		memset(two, 0x55, sizeof(two));
		memset(&m, 0xaa, sizeof(m));
		m.type = types[i].type;
		m.value = types[i].most;
		strncpy(m.text, "says \x1b]0;title\x07 \xff", sizeof(m.text));
		ctl_encode(&m, one);
		memset(m.text, 0x55, sizeof(m.text));
		strncpy(m.text, "says \x1b]0;title\x07 \xff", sizeof(m.text));
		ctl_encode(&m, two);
		g_assert_cmpmem(one, sizeof(one), two, sizeof(two));

		g_assert_cmpint(ctl_decode(span_over(one, sizeof(one)), &back), ==, 0);
		g_assert_cmpuint(back.type, ==, types[i].type);
		g_assert_cmpuint(back.value, ==, types[i].most);
		g_assert_cmpstr(back.text, ==, types[i].text ? "says _]0;title_ _" : "");
	}
	/* full to the last byte, without a NUL */
	m = (struct ctl_msg){.type = CTL_GUI_REFUSED};
	memset(m.text, 'x', sizeof(m.text));
	ctl_encode(&m, one);
	g_assert_cmpint(ctl_decode(span_over(one, sizeof(one)), &back), ==, 0);
	g_assert_cmpuint(strlen(back.text), ==, CTL_TEXT_SIZE - 1);
}

static void test_chord(void) {
	static const struct ctl_chord rows[] = {
		{'c', 5}, {0, 0}, {0x1ffffff, 1 | 4 | 8 | 64}, {0xffc9, 64}, {'v', 8}};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct ctl_chord c = ctl_chord_unpack(ctl_chord_pack(rows[i]));

		g_assert_cmpuint(c.keysym, ==, rows[i].keysym);
		g_assert_cmpuint(c.modifiers, ==, rows[i].modifiers);
	}
	/* Caps Lock, Num Lock and buttons are no part of one. */
	g_assert_cmpuint(
		ctl_chord_unpack(ctl_chord_pack((struct ctl_chord){'c', 0xffff})).modifiers, ==,
		1 | 4 | 8 | 64);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/proto/ctl/values", test_values);
	g_test_add_func("/proto/ctl/types", test_types);
	g_test_add_func("/proto/ctl/lengths", test_lengths);
	g_test_add_func("/proto/ctl/text", test_text);
	g_test_add_func("/proto/ctl/chord", test_chord);
	g_test_add_func("/bug-class/D5/ctl-every-byte-written", test_encode);
	return g_test_run();
}
