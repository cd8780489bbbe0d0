/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/bounded-log.h"

#include <errno.h>
#include <stdio.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/stat.h>

#define LINE_SIZE   400
#define READ_A_TURN 65536

struct bounded_log {
	int dir, file, from;
	char *name, *old_name;
	size_t size;
	guint source;
	char line[LINE_SIZE], last[LINE_SIZE];
	size_t n_line;
};

static int open_file(struct bounded_log *l, int flags) {
	return openat(l->dir, l->name,
		O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags, 0600);
}

static void rotate(struct bounded_log *l) {
	int fresh;

	if (renameat(l->dir, l->name, l->dir, l->old_name))
		return;
	fresh = open_file(l, 0);
	if (fresh < 0)
		return;
	close(l->file);
	l->file = fresh;
	l->size = 0;
}

static void put(struct bounded_log *l, const char *text, size_t n) {
	if (l->size + n > BOUNDED_LOG_MAX)
		rotate(l);
	/* A full disk loses lines of a log, no more. */
	if (write(l->file, text, n) > 0)
		l->size += n;
}

static void remember(struct bounded_log *l, char c) {
	if (c == '\n') {
		if (l->n_line > 0) {
			memcpy(l->last, l->line, l->n_line);
			l->last[l->n_line] = 0;
		}
		l->n_line = 0;
	} else if (l->n_line < sizeof(l->line) - 1) {
		l->line[l->n_line++] = c >= 0x20 && c < 0x7f ? c : '?';
	}
}

static void take(struct bounded_log *l, const char *untrusted, size_t n) {
	g_autoptr(GString) out = g_string_sized_new(n + 64);

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)untrusted[i];

		remember(l, (char)c);
		/* 0x80..0x9f are controls too when a terminal is not in UTF-8. */
		if (c == '\n' || c == '\t' ||
			(c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0)) ||
			(c >= 0x80 && c < 0xa0 && i > 0 && (unsigned char)untrusted[i - 1] >= 0xc3))
			g_string_append_c(out, (char)c);
		else
			g_string_append_printf(out, "\\x%02x", c);
	}
	put(l, out->str, out->len);
}

/* Bytes taken; 0 nothing now; -1 end. */
static ssize_t read_some(struct bounded_log *l) {
	char buffer[8192];
	ssize_t n = read(l->from, buffer, sizeof(buffer));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (n == 0)
		return -1;
	take(l, buffer, (size_t)n);
	return n;
}

static gboolean on_readable(gint fd, GIOCondition cond, gpointer user) {
	struct bounded_log *l = user;
	size_t done = 0;

	while (done < READ_A_TURN) {
		ssize_t n = read_some(l);

		if (n < 0) {
			l->source = 0;
			return G_SOURCE_REMOVE;
		}
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return G_SOURCE_CONTINUE;
}

void bounded_log_note(struct bounded_log *l, const char *text) {
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autofree char *when = g_date_time_format_iso8601(now),
			*line = g_strdup_printf("[%s] %s\n", when, text);

	put(l, line, strlen(line));
}

void bounded_log_flush(struct bounded_log *l) {
	for (int i = 0; i < 8 && read_some(l) > 0; i++)
		continue;
}

const char *bounded_log_last(struct bounded_log *l) {
	bounded_log_flush(l);
	return l->last;
}

struct bounded_log *bounded_log_new(int dir, const char *name, int from, GError **error) {
	struct bounded_log *l = g_new0(struct bounded_log, 1);
	struct stat st;

	l->name = g_strdup(name);
	l->old_name = g_strconcat(name, ".1", NULL);
	l->from = from;
	l->file = -1;
	l->dir = fcntl(dir, F_DUPFD_CLOEXEC, 3);
	if (l->dir >= 0)
		l->file = open_file(l, 0);
	if (l->file < 0 || fstat(l->file, &st) || !S_ISREG(st.st_mode)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "the log %s cannot be opened: %s",
			name, g_strerror(errno));
		return bounded_log_free(l);
	}
	l->size = (size_t)st.st_size;
	g_unix_set_fd_nonblocking(from, TRUE, NULL);
	l->source = g_unix_fd_add(from, G_IO_IN | G_IO_HUP, on_readable, l);
	return l;
}

struct bounded_log *bounded_log_free(struct bounded_log *l) {
	if (!l)
		return NULL;
	g_clear_handle_id(&l->source, g_source_remove);
	auto_close(&l->from);
	auto_close(&l->file);
	auto_close(&l->dir);
	g_free(l->name);
	g_free(l->old_name);
	g_free(l);
	return NULL;
}
