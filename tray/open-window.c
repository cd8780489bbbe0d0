/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/open-window.h"

#include "common/domain-name.h"
#include "common/text-filter.h"

#include <string.h>

struct open_window *open_window_new(
	uint32_t id, const char *domain, size_t domain_size, const char *title, size_t title_size) {
	g_autofree char *text = g_strndup(domain, domain_size), *prefix = NULL;
	char clean[OPEN_WINDOW_TITLE_MAX];
	struct open_window *w;
	struct domain_name name;
	const char *shown = clean;

	if (domain_name_parse(text, &name))
		return NULL;
	text_filter(title, title_size, clean, sizeof(clean));
	prefix = g_strdup_printf("[%s] ", name.s);
	if (g_str_has_prefix(clean, prefix))
		shown += strlen(prefix);
	w = g_new0(struct open_window, 1);
	w->id = id;
	w->domain = g_strdup(name.s);
	w->title = g_strdup(shown);
	w->folded = g_utf8_casefold(shown, -1);
	return w;
}

struct open_window *open_window_free(struct open_window *w) {
	if (!w)
		return NULL;
	g_free(w->domain);
	g_free(w->title);
	g_free(w->folded);
	g_free(w);
	return NULL;
}

static void free_one(gpointer w) {
	open_window_free(w);
}

GPtrArray *open_windows_new(void) {
	return g_ptr_array_new_with_free_func(free_one);
}
