/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A window of a domain as the search knows it. Pure: what it was named goes through the text filter
 * once more (common/text-filter.h), although gui-daemons have done that. */
#include <glib.h>
#include <stdint.h>

#define OPEN_WINDOWS_MAX      500
#define OPEN_WINDOW_TITLE_MAX 160

struct open_window {
	uint32_t id; /* of X */
	char *domain;
	char *title;  /* without "[domain] " */
	char *folded; /* for searches */
};

/* Neither text need end with a NUL. NULL: it is no domain's. */
struct open_window *open_window_new(
	uint32_t id, const char *domain, size_t domain_size, const char *title, size_t title_size);
struct open_window *open_window_free(struct open_window *w);
/* A list that owns its windows. */
GPtrArray *open_windows_new(void);
