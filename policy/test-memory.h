/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* For tests and fuzz targets: a policy_reader over texts in memory. */
#include "policy/rules.h"

struct memory_file {
	const char *path; /* FOLDER/NAME */
	const char *text;
	size_t size; /* 0: up to the NUL */
};

struct memory {
	const struct memory_file *files;
	size_t count;
	const char **names; /* the last answer of list */
};

struct policy_reader memory_reader(struct memory *memory);
void memory_deinit(struct memory *memory);

/* One file p/main.policy; NULL and errors if it is no policy. */
struct policy *memory_policy(const char *text, struct policy_errors *errors);
