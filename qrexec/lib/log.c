/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qrexec/lib/log.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char head[128];

static const char *level_word(GLogLevelFlags level) {
	if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
		return "error: ";
	return level & G_LOG_LEVEL_WARNING ? "warning: " : "";
}

static GLogWriterOutput write_line(
	GLogLevelFlags level, const GLogField *fields, gsize count, gpointer data) {
	const char *text = "";
	char line[1024];
	int n;

	(void)data;
	if (level & (G_LOG_LEVEL_DEBUG | G_LOG_LEVEL_INFO))
		return G_LOG_WRITER_HANDLED;
	for (gsize i = 0; i < count; i++)
		if (!strcmp(fields[i].key, "MESSAGE"))
			text = fields[i].value;
	n = snprintf(line, sizeof(line) - 1, "%s%s%s", head, level_word(level), text);
	n = n < 0 ? 0 : MIN(n, (int)sizeof(line) - 2);
	for (int i = 0; i < n; i++)
		if ((unsigned char)line[i] < 0x20 || (unsigned char)line[i] > 0x7e)
			line[i] = '_';
	line[n] = '\n';
	if (write(STDERR_FILENO, line, (size_t)n + 1) < 0)
		return G_LOG_WRITER_UNHANDLED;
	return G_LOG_WRITER_HANDLED;
}

void log_use(const char *program, const char *about) {
	snprintf(head, sizeof(head), "%s%s%s: ", program, about ? " " : "", about ? about : "");
	g_log_set_writer_func(write_line, NULL, NULL);
}
