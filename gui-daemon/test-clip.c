/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One domain's end of the clipboard: who asks what when, and what comes of it. */
#include "gui-daemon/clip.h"

#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct clip c;
static enum ctl_type told;
static uint32_t told_number;
static char told_text[CTL_TEXT_SIZE];
static GByteArray *told_data, *sent_data;
static unsigned requests, brought;
static uint32_t sent_window;

static void on_send(void *data, const struct gui_from_daemon *m) {
	sent_window = m->window;
	if (m->type == GUI_CLIPBOARD_REQ) {
		requests++;
		return;
	}
	brought++;
	g_byte_array_set_size(sent_data, 0);
	g_byte_array_append(sent_data, m->clipboard.data, m->clipboard.size);
}

static void on_tell(void *data, enum ctl_type type, uint32_t number, const char *text, int fd) {
	told = type;
	told_number = number;
	g_strlcpy(told_text, text ? text : "", sizeof(told_text));
	g_byte_array_set_size(told_data, 0);
	if (fd < 0)
		return;
	g_assert_cmpint(fcntl(fd, F_GET_SEALS), ==,
		F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	g_byte_array_set_size(told_data, (guint)lseek(fd, 0, SEEK_END));
	g_assert_cmpint(pread(fd, told_data->data, told_data->len, 0), ==, told_data->len);
}

static void begin(unsigned minor) {
	const struct clip_config config = {.send = on_send, .tell = on_tell};

	told = 0;
	told_number = requests = brought = 0;
	g_byte_array_set_size(told_data, 0);
	clip_init(&c, &config);
	clip_connected(&c, minor);
}

static const char *answer(const void *data, uint32_t size) {
	return clip_data(&c, &(struct gui_clipboard){data, size});
}

static void test_copy(void) {
	begin(8);
	clip_get(&c, 7, 0x22, 0);
	g_assert_cmpuint(requests, ==, 1);
	g_assert_cmphex(sent_window, ==, 0x22);
	g_assert_null(answer("\n first\nsecond", 14));
	g_assert_cmpint(told, ==, CTL_CLIP_TEXT);
	g_assert_cmpuint(told_number, ==, 7);
	g_assert_cmpstr(told_text, ==, "first");
	g_assert_cmpmem(told_data->data, told_data->len, "\n first\nsecond", 14);
}

/* An answer belongs to one request; without one it is nothing. */
static void test_unasked(void) {
	begin(8);
	g_assert_nonnull(answer("x", 1));
	clip_get(&c, 1, 1, 0);
	g_assert_null(answer("x", 1));
	told = 0;
	g_assert_nonnull(answer("y", 1));
	g_assert_cmpint(told, ==, 0);
}

/* An agent that sleeps: what it says when it wakes is not the answer to what is asked now. */
static void test_late(void) {
	begin(8);
	clip_get(&c, 1, 1, 0);
	clip_cancel(&c, 1);
	g_assert_nonnull(answer("old", 3));
	g_assert_cmpint(told, ==, 0);

	clip_get(&c, 2, 1, 0);
	clip_get(&c, 3, 1, CLIP_OWED_US - 1); /* not two at once */
	g_assert_cmpuint(requests, ==, 2);
	g_assert_cmpint(told, ==, CTL_CLIP_FAILED);
	g_assert_cmpuint(told_number, ==, 3);
	told = 0;
	g_assert_nonnull(answer("of 2", 4));
	g_assert_cmpint(told, ==, 0);
	clip_get(&c, 4, 1, 1);
	g_assert_null(answer("of 4", 4));
	g_assert_cmpuint(told_number, ==, 4);

	clip_get(&c, 5, 1, 10); /* one that never answers can be asked again at last */
	clip_get(&c, 6, 1, 10 + CLIP_OWED_US);
	g_assert_cmpuint(requests, ==, 5);
	clip_cancel(&c, 5); /* too late itself */
	g_assert_null(answer("of 6", 4));
	g_assert_cmpuint(told_number, ==, 6);
}

/* A fresh agent owes nothing. */
static void test_reconnect(void) {
	begin(8);
	clip_get(&c, 1, 1, 0);
	clip_connected(&c, 8);
	g_assert_nonnull(answer("x", 1));
	clip_get(&c, 2, 1, 1);
	g_assert_null(answer("x", 1));
}

static void test_limits(void) {
	static const struct {
		unsigned minor;
		uint32_t size;
		enum ctl_type want;
	} rows[] = {
		{8, 0, CTL_CLIP_FAILED},
		{8, 1, CTL_CLIP_TEXT},
		{8, 256000, CTL_CLIP_TEXT},
		{8, 256001, CTL_CLIP_LARGE},
		{7, 64000, CTL_CLIP_TEXT},
		{7, 64001, CTL_CLIP_LARGE},
		{7, 65000, CTL_CLIP_LARGE},
		{0, 64000, CTL_CLIP_TEXT},
	};
	g_autofree char *text = g_strnfill(256001, 'x');

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		begin(rows[i].minor);
		clip_get(&c, 1, 1, 0);
		g_assert_null(answer(text, rows[i].size));
		g_assert_cmpint(told, ==, rows[i].want);
		g_assert_cmpuint(
			told_data->len, ==, rows[i].want == CTL_CLIP_TEXT ? rows[i].size : 0);
	}
}

static int file_of(const void *data, size_t size) {
	int fd = memfd_create("test", MFD_CLOEXEC);

	g_assert_cmpint(write(fd, data, size), ==, size);
	return fd;
}

static void put(const void *data, size_t size, bool raw) {
	AUTO(auto_close) int fd = file_of(data, size);

	told = 0;
	brought = 0;
	clip_put(&c, 9, fd, raw);
	g_assert_cmpuint(told_number, ==, 9);
}

static void test_paste(void) {
	static const char bad[] = "a\x1b[31mb\xe2\x80\xae\r\n";

	begin(8);
	put(bad, sizeof(bad) - 1, false);
	g_assert_cmpint(told, ==, CTL_CLIP_DONE);
	g_assert_cmpmem(sent_data->data, sent_data->len, "a[31mb\n", 7);
	g_assert_cmphex(sent_window, ==, 0);
	put(bad, sizeof(bad) - 1, true);
	g_assert_cmpmem(sent_data->data, sent_data->len, bad, sizeof(bad) - 1);
	put("\x1b\x07", 2, false); /* nothing is left */
	g_assert_cmpint(told, ==, CTL_CLIP_FAILED);
	g_assert_cmpuint(brought, ==, 0);
	begin(1); /* the length stands in the header's window */
	put("abc", 3, false);
	g_assert_cmphex(sent_window, ==, 3);
}

/* More than the port takes goes another way, whole. */
static void test_paste_large(void) {
	g_autofree char *text = g_strnfill(256001, 'x');

	text[0] = '\x1b';
	begin(8);
	put(text, 256001, false); /* cleaned it fits */
	g_assert_cmpint(told, ==, CTL_CLIP_DONE);
	g_assert_cmpuint(sent_data->len, ==, 256000);
	put(text, 256001, true);
	g_assert_cmpint(told, ==, CTL_CLIP_LARGE);
	g_assert_cmpuint(brought, ==, 0);
	g_assert_cmpmem(told_data->data, told_data->len, text, 256001);
	begin(7);
	put(text, 64002, false);
	g_assert_cmpint(told, ==, CTL_CLIP_LARGE);
	g_assert_cmpuint(told_data->len, ==, 64001);
}

static void test_not_there(void) {
	const struct clip_config config = {.send = on_send, .tell = on_tell};

	clip_init(&c, &config);
	requests = brought = 0;
	clip_get(&c, 3, 1, 0);
	g_assert_cmpint(told, ==, CTL_CLIP_FAILED);
	put("x", 1, false);
	g_assert_cmpint(told, ==, CTL_CLIP_FAILED);
	clip_connected(&c, 8);
	clip_put(&c, 9, -1, false);
	g_assert_cmpint(told, ==, CTL_CLIP_FAILED);
	put("", 0, false);
	g_assert_cmpint(told, ==, CTL_CLIP_FAILED);
	g_assert_cmpuint(requests + brought, ==, 0);
}

static void test_look(void) {
	AUTO(auto_close) int fd = file_of("\n\x1bline\nmore", 11);

	begin(8);
	clip_look(&c, 4, fd);
	g_assert_cmpint(told, ==, CTL_CLIP_TEXT);
	g_assert_cmpstr(told_text, ==, "_line");
	g_assert_cmpuint(told_data->len, ==, 0);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	told_data = g_byte_array_new();
	sent_data = g_byte_array_new();
	g_test_add_func("/clip/copy", test_copy);
	g_test_add_func("/bug-class/C5/answer-without-request", test_unasked);
	g_test_add_func("/bug-class/C2/late-answer", test_late);
	g_test_add_func("/clip/reconnect", test_reconnect);
	g_test_add_func("/bug-class/C3/limits-of-the-port", test_limits);
	g_test_add_func("/bug-class/C4/pasted-clean", test_paste);
	g_test_add_func("/bug-class/C3/paste-beyond-the-port", test_paste_large);
	g_test_add_func("/clip/not-there", test_not_there);
	g_test_add_func("/clip/look", test_look);
	return g_test_run();
}
