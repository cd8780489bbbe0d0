/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The audit file: one JSON object a line, one write a record, only ever appended to. */
#include "qrexec/broker/broker.h"

#include <errno.h>
#include <fcntl.h>

struct audit {
	int fd;
	unsigned lost;
};

struct audit *audit_open(const char *path) {
	struct audit *a;
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0) {
		g_warning("no audit file %s: %s", path, g_strerror(errno));
		return NULL;
	}
	a = g_new0(struct audit, 1);
	a->fd = fd;
	return a;
}

struct audit *audit_close(struct audit *a) {
	if (!a)
		return NULL;
	close(a->fd);
	g_free(a);
	return NULL;
}

static void put_text(GString *line, const char *key, const char *text) {
	if (!text)
		return;
	g_string_append_printf(line, ",\"%s\":\"", key);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			g_string_append_printf(line, "\\%c", c);
		else if (c < 0x20 || c > 0x7e)
			g_string_append_printf(line, "\\u%04x", c);
		else
			g_string_append_c(line, (char)c);
	}
	g_string_append_c(line, '"');
}

static void put_stage(GString *line, const char *key, gint64 from, gint64 to) {
	if (from && to)
		g_string_append_printf(line, ",\"%s_us\":%" G_GINT64_FORMAT, key, to - from);
}

static void begin(GString *line, const char *event) {
	gint64 now = g_get_real_time();

	g_string_append_printf(line, "{\"time\":%" G_GINT64_FORMAT ".%06d,\"event\":\"%s\"",
		now / G_USEC_PER_SEC, (int)(now % G_USEC_PER_SEC), event);
}

static void end(struct audit *a, GString *line) {
	g_string_append(line, "}\n");
	if (write(a->fd, line->str, line->len) != (ssize_t)line->len && a->lost++ == 0)
		g_warning("an audit record is lost: %s", g_strerror(errno));
}

void audit_write_clipboard(struct audit *a, const struct audit_clipboard *r) {
	g_autoptr(GString) line = g_string_new(NULL);

	if (!a)
		return;
	begin(line, r->event);
	put_text(line, "source", r->source);
	put_text(line, "target", *r->target ? r->target : NULL);
	put_text(line, "outcome", r->outcome);
	put_text(line, "reason", *r->reason ? r->reason : NULL);
	put_text(line, "file", r->file);
	if (r->file)
		g_string_append_printf(line, ",\"line\":%u", r->line);
	put_text(line, "rule", r->rule);
	g_string_append_printf(line, ",\"bytes\":%u,\"kind\":\"text\"", r->bytes);
	end(a, line);
}

void audit_write(struct audit *a, const struct audit_record *r) {
	g_autoptr(GString) line = g_string_new(NULL);

	if (!a)
		return;
	begin(line, "call");
	put_text(line, "source", r->source);
	put_text(line, "target", r->target);
	put_text(line, "service", r->service);
	put_text(line, "outcome", r->outcome);
	put_text(line, "final_target", r->final_target);
	put_text(line, "reason", r->reason);
	put_text(line, "file", r->file);
	if (r->file)
		g_string_append_printf(line, ",\"line\":%u", r->line);
	put_text(line, "rule", r->rule);
	put_text(line, "passes_deny_file", r->passes_file);
	if (r->passes_file)
		g_string_append_printf(line, ",\"passes_deny_line\":%u", r->passes_line);
	put_text(line, "choice", r->choice);
	put_stage(line, "policy", r->began, r->decided);
	put_stage(line, "ask", r->decided, r->asked);
	put_stage(line, "start", r->asked ? r->asked : r->decided, r->started);
	put_stage(line, "connect", r->began, r->connected);
	end(a, line);
}
