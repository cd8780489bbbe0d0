/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdbool.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct place {
	char *dir, *path;
};

static void set_up(struct place *p, gconstpointer data) {
	(void)data;
	p->dir = g_dir_make_tmp("audit-XXXXXX", NULL);
	p->path = g_build_filename(p->dir, "audit.jsonl", NULL);
}

static void tear_down(struct place *p, gconstpointer data) {
	GDir *dir = g_dir_open(p->dir, 0, NULL);
	const char *name;

	(void)data;
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(p->dir, name, NULL);

		g_unlink(path);
	}
	g_dir_close(dir);
	g_rmdir(p->dir);
	g_free(p->dir);
	g_free(p->path);
}

static struct audit *open_it(const char *path, const char *journal) {
	struct audit *a = NULL;

	g_assert_cmpint(audit_open(path, journal, &a), ==, 0);
	return a;
}

static int put(struct audit *a, const char *text, uint64_t number) {
	struct audit_line l;

	audit_begin(&l, "call");
	audit_text(&l, "source", text);
	audit_number(&l, "n", number);
	return audit_end(a, &l);
}

static char *read_file(const char *path) {
	char *text = NULL;

	g_file_get_contents(path, &text, NULL, NULL);
	return text ? text : g_strdup("");
}

static void test_one_line(struct place *p, gconstpointer data) {
	struct audit *a = open_it(p->path, NULL);
	g_autofree char *text = NULL;
	struct audit_line l;

	(void)data;
	audit_begin(&l, "call");
	audit_text(&l, "source", "a\"b\\c\x1b[2J\n\xc3\xa9\x7f");
	audit_text(&l, "absent", NULL);
	audit_text(&l, "empty", "");
	audit_number(&l, "n", UINT64_MAX);
	g_assert_cmpint(audit_end(a, &l), ==, 0);
	audit_close(a);
	text = read_file(p->path);
	g_assert_true(g_str_has_prefix(text, "{\"time\":"));
	g_assert_nonnull(
		strstr(text, ",\"event\":\"call\",\"source\":\"a\\\"b\\\\c\\u001b[2J\\u000a"
			     "\\u00c3\\u00a9\\u007f\",\"n\":18446744073709551615}\n"));
	for (const char *c = text; *c; c++)
		g_assert_true((*c >= 0x20 && *c < 0x7f) || (*c == '\n' && !c[1]));
}

/* Appended, never cut: what stands there stays. */
static void test_append(struct place *p, gconstpointer data) {
	struct audit *a;
	g_autofree char *text = NULL;

	(void)data;
	g_file_set_contents(p->path, "before\n", -1, NULL);
	a = open_it(p->path, NULL);
	put(a, "x", 1);
	audit_close(a);
	text = read_file(p->path);
	g_assert_true(g_str_has_prefix(text, "before\n{"));
}

static void test_link(struct place *p, gconstpointer data) {
	struct audit *a = NULL;

	(void)data;
	g_assert_cmpint(symlink("elsewhere", p->path), ==, 0);
	g_assert_cmpint(audit_open(p->path, NULL, &a), ==, -ELOOP);
}

static unsigned count_lines(const char *path, bool *seen, unsigned records) {
	g_autofree char *text = read_file(path);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	unsigned n = 0;

	for (char **line = lines; *line && **line; line++, n++) {
		const char *at = strstr(*line, "\"n\":");
		guint64 id = at ? g_ascii_strtoull(at + 4, NULL, 10) : records;

		g_assert_true(g_str_has_suffix(*line, "}"));
		g_assert_cmpuint(id, <, records);
		g_assert_false(seen[id]);
		seen[id] = true;
	}
	return n;
}

/* Several writers, and new files begun all the time: each record whole, each once. */
static void test_rotate(struct place *p, gconstpointer data) {
	enum { WRITERS = 4, EACH = 60 };
	bool seen[WRITERS * EACH] = {false};
	unsigned n = 0;

	(void)data;
	for (unsigned w = 0; w < WRITERS; w++) {
		struct audit *a;

		if (fork())
			continue;
		a = open_it(p->path, NULL);
		/* All fits into the files that are kept, whoever turns when. */
		audit_set_limit(a, 8000);
		for (unsigned i = 0; i < EACH; i++)
			if (put(a, "a text of some length", w * EACH + i))
				_exit(1);
		_exit(0);
	}
	for (unsigned w = 0; w < WRITERS; w++) {
		int status = -1;

		g_assert_cmpint(wait(&status), >, 0);
		g_assert_cmpint(status, ==, 0);
	}
	for (int i = 0; i <= AUDIT_KEPT; i++) {
		g_autofree char *path = i ? g_strdup_printf("%s.%d", p->path, i)
					  : g_strdup(p->path);

		n += count_lines(path, seen, WRITERS * EACH);
	}
	g_assert_cmpuint(n, ==, WRITERS * EACH);
	g_assert_true(g_file_test(p->path, G_FILE_TEST_EXISTS));
}

/* A full disk, played by the limit of a file's size. */
static void test_full(struct place *p, gconstpointer data) {
	struct audit *a = open_it(p->path, NULL);
	struct rlimit old, small;
	g_autofree char *text = NULL;

	(void)data;
	put(a, "first", 1);
	getrlimit(RLIMIT_FSIZE, &old);
	small = (struct rlimit){100, old.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	g_assert_cmpint(put(a, "lost one", 2), <, 0);
	g_assert_cmpint(put(a, "lost two", 3), <, 0);
	setrlimit(RLIMIT_FSIZE, &old);
	g_assert_cmpint(put(a, "last", 4), ==, 0);
	audit_close(a);
	text = read_file(p->path);
	g_assert_nonnull(strstr(text, "\"event\":\"lost\",\"count\":2}\n"));
	g_assert_nonnull(strstr(text, "\n{\"time\":"));
	g_assert_true(g_str_has_suffix(text, "\"source\":\"last\",\"n\":4}\n"));
}

static void test_journal(struct place *p, gconstpointer data) {
	g_autofree char *path = g_build_filename(p->dir, "journal", NULL);
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct audit *a = open_it(p->path, path);
	char got[1024] = "";

	(void)data;
	g_assert_cmpint(put(a, "nobody listens", 0), ==, 0);
	g_strlcpy(at.sun_path, path, sizeof(at.sun_path));
	g_assert_cmpint(bind(fd, (struct sockaddr *)&at, sizeof(at)), ==, 0);
	g_assert_cmpint(put(a, "x\nPRIORITY=0", 7), ==, 0);
	audit_close(a);
	g_assert_cmpint(read(fd, got, sizeof(got) - 1), >, 0);
	close(fd);
	g_assert_true(g_str_has_prefix(
		got, "SYSLOG_IDENTIFIER=bulkhead\nPRIORITY=6\nMESSAGE={\"time\":"));
	g_assert_nonnull(strstr(got, "\"source\":\"x\\u000aPRIORITY=0\",\"n\":7}\n"));
	g_assert_null(strstr(got, "\nPRIORITY=0"));
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add("/audit/one-line", struct place, NULL, set_up, test_one_line, tear_down);
	g_test_add("/audit/append", struct place, NULL, set_up, test_append, tear_down);
	g_test_add("/audit/link", struct place, NULL, set_up, test_link, tear_down);
	g_test_add("/audit/rotate", struct place, NULL, set_up, test_rotate, tear_down);
	g_test_add("/audit/full-disk", struct place, NULL, set_up, test_full, tear_down);
	g_test_add("/audit/journal", struct place, NULL, set_up, test_journal, tear_down);
	return g_test_run();
}
