/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of what is wrong with a policy's text. */
#include "policy/parse-inner.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE_SHOWN_MAX 400

static void error_deinit(struct policy_error *error) {
	free(error->file);
	free(error->text);
	free(error->words);
}

void policy_errors_deinit(struct policy_errors *errors) {
	for (size_t i = 0; i < errors->count; i++)
		error_deinit(&errors->list[i]);
	free(errors->list);
	*errors = (struct policy_errors){0};
}

static int keep(
	struct policy_errors *errors, const struct place *at, uint32_t column, char *words) {
	size_t shown = at->len < LINE_SHOWN_MAX ? at->len : LINE_SHOWN_MAX;
	struct policy_error error = {.file = strdup(at->file),
		.line = at->line,
		.column = column,
		.text = at->text ? strndup(at->text, shown) : strdup(""),
		.words = words};
	struct policy_error *fresh = realloc(
		errors->list, (errors->count + 1) * sizeof(*errors->list));

	if (fresh)
		errors->list = fresh;
	if (!fresh || !error.file || !error.text) {
		error_deinit(&error);
		return -ENOMEM;
	}
	errors->list[errors->count++] = error;
	return 0;
}

void parse_error(
	struct parser *p, const struct place *at, uint32_t column, const char *format, ...) {
	char *words = NULL;
	va_list args;
	int n;

	if (p->errors->count >= POLICY_ERRORS_MAX) {
		p->errors->more++;
		return;
	}
	va_start(args, format);
	n = vasprintf(&words, format, args);
	va_end(args);
	if (n < 0 || keep(p->errors, at, column, words))
		p->fatal = -ENOMEM;
}
