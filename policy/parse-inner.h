/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the two halves of the parser share: files and directives (parse.c), one rule
 * (parse-rule.c), errors (errors.c). */
#include "policy/rules-inner.h"

struct parser {
	struct policy *policy;
	const struct policy_reader *reader;
	const struct policy_places *places;
	struct policy_errors *errors;
	const char *base; /* relative includes start here */
	unsigned depth, files;
	size_t bytes;
	int fatal; /* -errno: stop */
};

/* Where the parser stands, for messages. */
struct place {
	const char *file; /* in the arena */
	uint32_t line;
	const char *text; /* the trimmed line */
	size_t len;
	uint32_t indent; /* columns before the text */
};

/* One word of a line and where it begins. */
struct word {
	char *s;
	uint32_t column; /* from 1 */
};

/* The service and argument that an old-format file is read for; service "*" or "+x" checked. */
struct call_words {
	struct word service, argument;
};

#define LINE_WORDS_MAX 24

/* Splits a NUL-terminated text in place; returns how many words there were, at most max + 1. */
size_t split_words(char *text, uint32_t indent, struct word *words, size_t max);

void parse_error(struct parser *p, const struct place *at, uint32_t column, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Checks both words; the reason is in the errors when the answer is false. Fills the rule's fields.
 */
bool parse_call(struct parser *p, const struct place *at, const struct call_words *call,
	struct policy_rule *rule);

/* words: SOURCE TARGET ACTION [KEY=VALUE...] */
void parse_rule(struct parser *p, const struct place *at, const struct call_words *call,
	struct word *words, size_t count);
