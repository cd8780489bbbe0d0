/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/apps-lines.h"

#include "proto/appmenu.h"

#include <string.h>

static void take_line(GHashTable *files, const char *line, size_t size) {
	struct appmenu_line l;
	GString *text;

	if (appmenu_decode(span_over(line, size), &l))
		return;
	text = g_hash_table_lookup(files, l.id);
	if (!text) {
		if (g_hash_table_size(files) >= APPS_FILES_MAX)
			return;
		text = g_string_new("[Desktop Entry]\nType=Application\n");
		g_hash_table_insert(files, g_strdup(l.id), text);
	}
	/* The value has no control character: it stays one line of its group. */
	if (text->len + APPMENU_LINE_MAX < APPS_FILE_SIZE)
		g_string_append_printf(text, "%s=%s\n", appmenu_key_name(l.key), l.value);
}

static void text_free(gpointer text) {
	g_string_free(text, TRUE);
}

struct apps *apps_from_lines(const char *data, size_t size) {
	g_autoptr(GHashTable)
		files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, text_free);
	struct apps *apps = apps_new();
	gpointer id, text;
	GHashTableIter i;

	size = MIN(size, APPS_LINES_BYTES);
	for (guint lines = 0; size > 0 && lines < APPS_LINES_MAX; lines++) {
		const char *end = memchr(data, '\n', size);
		size_t n = end ? (size_t)(end - data) : size;

		take_line(files, data, n);
		n += end ? 1 : 0;
		data += n;
		size -= n;
	}
	g_hash_table_iter_init(&i, files);
	while (g_hash_table_iter_next(&i, &id, &text)) {
		struct app *a = NULL;

		if (!app_parse(id, ((GString *)text)->str, ((GString *)text)->len, &a))
			apps_add(apps, a);
	}
	apps_finish(apps);
	return apps;
}
