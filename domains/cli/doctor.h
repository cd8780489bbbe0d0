/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* One thing that `bulkhead doctor` looked at. */
#include <glib.h>

enum result { RESULT_OK, RESULT_LESS, RESULT_MISSING };

struct finding {
	enum result result;
	char *what;         /* what was seen */
	const char *advice; /* how to get what is missing; NULL: nothing is */
};

static inline struct finding found(enum result r, const char *what, const char *advice) {
	return (struct finding){r, g_strdup(what), advice};
}

/* doctor-own.c: what belongs to Bulkhead and to the person's session */
struct finding doctor_programs(void);
struct finding doctor_policy(void);
struct finding doctor_disk(void);
struct finding doctor_memory(void);
struct finding doctor_panel(void);
