/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The qfile stream: names, links, limits, and every way to cut it. */
#include "proto/filecopy.h"

#include <errno.h>
#include <glib.h>
#include <sys/stat.h>

/* a.txt "hi\n" 0640, folder d 0750, d/l -> x, d again, end: bytes of a recorded sender. */
static const char golden[] =
	"06000000a08100000300000000000000e803000005000000d007000007000000" /* a.txt */
	"612e74787400"
	"68690a"
	"02000000e84100000000000000000000b80b000000000000a00f000000000000" /* d */
	"6400"
	"04000000ffa10000010000000000000088130000000000007017000000000000" /* d/l -> x */
	"642f6c00"
	"78"
	"02000000e84100000000000000000000b80b000000000000a00f000000000000" /* d, again */
	"6400"
	"0000000000000000000000000000000000000000000000000000000000000000";

static GByteArray *from_hex(const char *hex) {
	GByteArray *a = g_byte_array_new();

	for (; *hex; hex += 2) {
		uint8_t b = (uint8_t)(g_ascii_xdigit_value(hex[0]) << 4 |
				      g_ascii_xdigit_value(hex[1]));

		g_byte_array_append(a, &b, 1);
	}
	return a;
}

/* Feeds `size` bytes in pieces of `piece`; what was seen as text. */
static char *run(const uint8_t *bytes, size_t size, size_t piece, unsigned flags) {
	struct filecopy_decoder *d = g_new(struct filecopy_decoder, 1);
	GString *log = g_string_new(NULL);
	enum filecopy_event ev = FILECOPY_MORE;
	size_t at = 0;

	filecopy_decoder_init(d, flags);
	while (at < size && ev != FILECOPY_END && ev != FILECOPY_BAD) {
		struct span in = span_over(bytes + at, MIN(piece, size - at)), data;

		do {
			ev = filecopy_step(d, &in, &data);
			if (ev == FILECOPY_ENTRY)
				g_string_append_printf(log, "%d %s %o %u.%u%s%s\n", d->entry.kind,
					d->entry.name, d->entry.perm, d->entry.mtime.sec,
					d->entry.mtime.nsec, d->entry.link[0] ? " " : "",
					d->entry.link);
			if (ev == FILECOPY_DATA)
				g_string_append_len(log, (const char *)data.at, (gssize)data.left);
		} while (ev != FILECOPY_MORE && ev != FILECOPY_END && ev != FILECOPY_BAD);
		at += MIN(piece, size - at) - in.left;
	}
	if (ev == FILECOPY_BAD)
		g_string_append_printf(log, "bad %d", d->error);
	else
		g_string_append(log, ev == FILECOPY_END ? "end" : "more");
	g_free(d);
	return g_string_free(log, FALSE);
}

static const char golden_says[] = "1 a.txt 640 2000.7\nhi\n2 d 750 4000.0\n3 d/l 777 6000.0 x\n"
				  "2 d 750 4000.0\nend";

static void test_golden(void) {
	g_autoptr(GByteArray) b = from_hex(golden);

	g_assert_cmpuint(b->len, ==, 178);
	for (size_t piece = 1; piece <= b->len; piece++) {
		g_autofree char *log = run(b->data, b->len, piece, 0);

		g_assert_cmpstr(log, ==, golden_says);
	}
}

/* Bug class F5: a stream that was cut is never whole. */
static void test_truncated(void) {
	g_autoptr(GByteArray) b = from_hex(golden);

	for (size_t n = 0; n < b->len; n++) {
		g_autofree char *log = run(b->data, n, 7, 0);

		g_assert_true(g_str_has_suffix(log, "more"));
	}
}

/* Bug class F2: encoded twice over dirty memory, the same bytes. */
static void test_encode(void) {
	g_autoptr(GByteArray) b = from_hex(golden);
	struct filecopy_entry *e = g_new(struct filecopy_entry, 1);
	uint8_t out[64];

	memset(e, 0xa5, sizeof(*e));
	memset(out, 0x5a, sizeof(out));
	e->kind = FILECOPY_FILE;
	e->perm = 0640;
	e->size = 3;
	e->atime = (struct filecopy_time){1000, 5};
	e->mtime = (struct filecopy_time){2000, 7};
	g_strlcpy(e->name, "a.txt", sizeof(e->name));
	g_assert_cmpuint(filecopy_encode_entry(e, out, sizeof(out)), ==, 38);
	g_assert_cmpmem(out, 38, b->data, 38);
	g_assert_cmpuint(filecopy_encode_entry(e, out, 37), ==, 0);

	e->kind = FILECOPY_LINK;
	e->perm = 0777;
	e->atime = (struct filecopy_time){5000, 0};
	e->mtime = (struct filecopy_time){6000, 0};
	g_strlcpy(e->name, "d/l", sizeof(e->name));
	g_strlcpy(e->link, "x", sizeof(e->link));
	g_assert_cmpuint(filecopy_encode_entry(e, out, sizeof(out)), ==, 37);
	g_assert_cmpmem(out, 37, b->data + 41 + 34, 37);
	g_free(e);
}

static void test_names(void) {
	static const struct {
		const char *name;
		size_t len;
		int answer;
	} rows[] = {
		{"a", 1, 0}, {"a/b", 3, 0}, {"a b", 3, 0}, {"...", 3, 0}, {"a/..b", 5, 0},
		{"gr\xc3\xbc\xc3\x9f", 6, 0}, {"", 0, EILSEQ}, {"/a", 2, EILSEQ}, {"a/", 2, EILSEQ},
		{"a//b", 4, EILSEQ}, {".", 1, EILSEQ}, {"..", 2, EILSEQ}, {"a/..", 4, EILSEQ},
		{"../a", 4, EILSEQ}, {"a/./b", 5, EILSEQ}, {"a\0b", 3, EILSEQ}, {"a\nb", 3, EILSEQ},
		{"a\x1b[0m", 5, EILSEQ}, {"a\x7f", 2, EILSEQ}, {"a\xff", 2, EILSEQ},
		{"a\xc3", 2, EILSEQ},
		{"a\xe2\x80\xae"
		 "b",
			5, EILSEQ},           /* right-to-left override */
		{"a\xee\x80\x80", 4, EILSEQ}, /* private use */
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		g_assert_cmpint(
			filecopy_check_name(rows[i].name, rows[i].len, 0), ==, rows[i].answer);
	g_assert_cmpint(filecopy_check_name("a\nb", 3, FILECOPY_ALL_NAMES), ==, 0);
	g_assert_cmpint(filecopy_check_name("../b", 4, FILECOPY_ALL_NAMES), ==, EILSEQ);
	g_assert_cmpint(filecopy_check_name("a\0b", 3, FILECOPY_ALL_NAMES), ==, EILSEQ);
}

static void test_links(void) {
	static const struct {
		const char *name, *target;
		int answer;
	} rows[] = {
		{"l", "x", ENOLINK},
		{"d/l", "x", 0},
		{"d/l", "x/y", 0},
		{"d/l", "", ENOLINK},
		{"d/l", "/x", ENOLINK},
		{"d/l", "..", ENOLINK},
		{"d/l", "../x", ENOLINK},
		{"d/l", "x/..", ENOLINK},
		{"d/e/l", "..", 0},
		{"d/e/l", "../x", 0},
		{"d/e/l", "../..", ENOLINK},
		{"d/e/l", "./../..", ENOLINK},
		{"d/e/l", "x/..", ENOLINK},
		{"d/e/l", ".//x", 0},
		{"d/e/f/l", "../../x", 0},
		{"d/e/f/l", "../../../x", ENOLINK},
		{"d/l", "a\nb", EILSEQ},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		g_assert_cmpint(filecopy_check_link(
					rows[i].name, rows[i].target, strlen(rows[i].target), 0),
			==, rows[i].answer);
}

static char *run_header(uint32_t namelen, uint32_t mode, uint64_t size, uint32_t nsec) {
	uint8_t b[FILECOPY_HEADER_SIZE + 8] = {0};
	struct sink s = sink_over(b, sizeof(b));

	sink_u32(&s, namelen);
	sink_u32(&s, mode);
	sink_u64(&s, size);
	sink_u64(&s, 0);
	sink_u32(&s, 1);
	sink_u32(&s, nsec);
	sink_bytes(&s, "abcdefg", 7);
	return run(b, FILECOPY_HEADER_SIZE + (namelen < 7 ? namelen : 7), 64, 0);
}

static void test_headers(void) {
	static const struct {
		uint32_t namelen, mode;
		uint64_t size;
		uint32_t nsec;
		const char *want;
	} rows[] = {
		{1, S_IFREG | 0644, 0, 0, "1 a 644 1.0\nmore"},
		{1, S_IFREG | 07777, 0, 0, "1 a 777 1.0\nmore"}, /* no setuid */
		{1, S_IFDIR | 01777, 5, 0, "2 a 777 1.0\nmore"},
		{1, S_IFREG, 0, 999999999, "1 a 0 1.999999999\nmore"},
		{1, S_IFREG, 0, 1000000000, "bad 22"},
		{1, S_IFREG, 0, 0x3fffffff, "bad 22"}, /* UTIME_NOW */
		{1, S_IFREG, INT64_MAX, 0, "1 a 0 1.0\nmore"},
		{1, S_IFREG, (uint64_t)INT64_MAX + 1, 0, "bad 22"},
		{1, S_IFREG, UINT64_MAX, 0, "bad 22"},
		{0, S_IFREG, 0, 0, "bad 22"},
		{16384, S_IFREG, 0, 0, "more"},
		{16385, S_IFREG, 0, 0, "bad 36"},
		{UINT32_MAX, S_IFREG, 0, 0, "bad 36"},
		{1, S_IFLNK, 16384, 0, "bad 36"},
		{1, S_IFLNK, 0, 0, "bad 67"},
		{1, S_IFCHR, 0, 0, "bad 22"},
		{1, S_IFBLK, 0, 0, "bad 22"},
		{1, S_IFIFO, 0, 0, "bad 22"},
		{1, S_IFSOCK, 0, 0, "bad 22"},
		{1, 0, 0, 0, "bad 22"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *log = run_header(
			rows[i].namelen, rows[i].mode, rows[i].size, rows[i].nsec);

		g_assert_cmpstr(log, ==, rows[i].want);
	}
}

static void test_name_longest(void) {
	for (size_t len = FILECOPY_NAME_MAX - 2; len <= FILECOPY_NAME_MAX; len++) {
		uint8_t *b = g_malloc0(FILECOPY_HEADER_SIZE + len);
		struct sink s = sink_over(b, FILECOPY_HEADER_SIZE);
		g_autofree char *log = NULL;

		sink_u32(&s, (uint32_t)len);
		sink_u32(&s, S_IFREG);
		memset(b + FILECOPY_HEADER_SIZE, 'n', len);
		log = run(b, FILECOPY_HEADER_SIZE + len, 999, 0);
		if (len == FILECOPY_NAME_MAX)
			g_assert_cmpstr(log, ==, "bad 36");
		else
			g_assert_true(g_str_has_prefix(log, "1 nnn"));
		g_free(b);
	}
}

/* Bug class F7: limits hold before a byte of the file is taken. */
static void test_limits(void) {
	g_autoptr(GByteArray) b = from_hex(golden);
	static const struct {
		uint64_t bytes, files;
		int error;
	} rows[] = {{3, 4, 0}, {2, 4, EDQUOT}, {3, 3, EDQUOT}, {0, 0, 0}};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct filecopy_decoder *d = g_new(struct filecopy_decoder, 1);
		struct span in = span_over(b->data, b->len), data;
		enum filecopy_event ev;

		filecopy_decoder_init(d, 0);
		d->bytes_max = rows[i].bytes;
		d->files_max = rows[i].files;
		do
			ev = filecopy_step(d, &in, &data);
		while (ev != FILECOPY_END && ev != FILECOPY_BAD);
		g_assert_cmpint(d->error, ==, rows[i].error);
		g_free(d);
	}
}

static void test_result(void) {
	static const uint8_t want[] = {
		0, 0, 0, 0, 0, 0, 0, 0, 0x90, 0x5d, 0x70, 0x5f, 0, 0, 0, 0, 1, 0, 0, 0, 'd'};
	struct filecopy_result *r = g_new0(struct filecopy_result, 1);
	uint8_t b[64];

	r->crc = 0x5f705d90;
	g_assert_cmpuint(filecopy_encode_result(r, b, sizeof(b)), ==, 16);
	r->last[0] = 'd';
	g_assert_cmpuint(filecopy_encode_result(r, b, sizeof(b)), ==, 21);
	g_assert_cmpmem(b, 21, want, 21);
	for (size_t n = 0; n <= 22; n++) {
		int answer = filecopy_decode_result(span_over(b, n), r);

		g_assert_cmpint(answer, ==, n == 16 || n == 21 ? 0 : 1);
	}
	g_free(r);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/filecopy/golden", test_golden);
	g_test_add_func("/bug-class/F5/truncated-stream", test_truncated);
	g_test_add_func("/bug-class/F2/encode-leaks-nothing", test_encode);
	g_test_add_func("/bug-class/F6/names", test_names);
	g_test_add_func("/bug-class/F3/links", test_links);
	g_test_add_func("/bug-class/F4/headers", test_headers);
	g_test_add_func("/filecopy/name-longest", test_name_longest);
	g_test_add_func("/bug-class/F7/limits", test_limits);
	g_test_add_func("/filecopy/result", test_result);
	return g_test_run();
}
