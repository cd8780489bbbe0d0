/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/answers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MARK "# answer "

static const char head[] =
	"# Answers \"always\" to questions, written by Bulkhead; the newest is the last.\n"
	"# `bulkhead policy undo` takes the newest back, `bulkhead policy undo NUMBER` another.\n";

static const struct policy_target *find_target(
	const struct policy_decision *ask, const char *text) {
	for (size_t i = 0; i < ask->target_count; i++)
		if (!strcmp(ask->targets[i].text, text))
			return &ask->targets[i];
	return NULL;
}

int policy_answer_rule(const struct policy_request *request, const struct policy_decision *ask,
	const char *chosen, char *ret, size_t size) {
	const struct policy_target *target = find_target(ask, chosen);
	bool redirects;
	int n;

	if (ask->outcome != POLICY_ASK || !target || target->kind == TARGET_UNKNOWN)
		return 1;
	redirects = strcmp(ask->requested_target, target->text) != 0;
	n = snprintf(ret, size, "%s %s %s %s allow%s%s%s%s%s%s", request->service,
		request->argument, ask->source->name, ask->requested_target,
		redirects ? " target=" : "", redirects ? target->text : "",
		ask->user ? " user=" : "", ask->user ? ask->user : "",
		ask->autostart ? "" : " autostart=no", ask->notify ? " notify=yes" : "");
	return n < 0 || (size_t)n >= size;
}

static size_t line_length(const char *text) {
	return strcspn(text, "\n");
}

static const char *next_line(const char *line) {
	line += line_length(line);
	return *line ? line + 1 : line;
}

/* "answer 3...": what stands in a heading. No rule does: its argument begins with '+' or '*'. */
static bool is_heading_text(const char *text) {
	static const char word[] = "answer ";
	size_t len = strlen(word);

	return !strncmp(text, word, len) && text[len] >= '0' && text[len] <= '9';
}

static bool is_heading(const char *line) {
	return line[0] == '#' && line[1] == ' ' && is_heading_text(line + 2);
}

/* "# answer 3 (...): ..." and the rule in the next line, which "# " in front of it takes back. */
static bool read_entry(const char *line, struct policy_answer_entry *ret) {
	const char *rule = next_line(line);
	unsigned long number;
	char *end;

	if (!is_heading(line))
		return false;
	number = strtoul(line + strlen(MARK), &end, 10);
	if (number == 0 || number > 1000000000 || *end != ' ')
		return false;
	*ret = (struct policy_answer_entry){.number = (unsigned)number, .rule = rule};
	if (rule[0] == '#' && rule[1] == ' ' && !is_heading(rule)) {
		ret->undone = true;
		ret->rule += 2;
	}
	ret->rule_len = line_length(ret->rule);
	return ret->rule_len > 0 && *ret->rule != '#' && !is_heading_text(ret->rule);
}

size_t policy_answers_list(const char *text, struct policy_answer_entry *ret, size_t room) {
	size_t count = 0;

	for (const char *line = text; *line; line = next_line(line)) {
		struct policy_answer_entry entry;

		if (!read_entry(line, &entry))
			continue;
		if (count < room)
			ret[count] = entry;
		count++;
	}
	return count;
}

static unsigned last_number(const char *text) {
	unsigned last = 0;

	for (const char *line = text; *line; line = next_line(line)) {
		struct policy_answer_entry entry;

		if (read_entry(line, &entry) && entry.number > last)
			last = entry.number;
	}
	return last;
}

int policy_answers_add(const char *text, const char *rule, const char *when, const char *asked_by,
	char **ret, unsigned *ret_number) {
	size_t len = text ? strlen(text) : 0;
	unsigned number = text ? last_number(text) + 1 : 1;

	if (asprintf(ret, "%s%s" MARK "%u (%s, asked by %s):\n%s\n", len ? text : head,
		    len && text[len - 1] != '\n' ? "\n" : "", number, when, asked_by, rule) < 0) {
		*ret = NULL;
		return -ENOMEM;
	}
	*ret_number = number;
	return 0;
}

static bool find_entry(const char *text, unsigned number, struct policy_answer_entry *ret) {
	bool found = false;

	for (const char *line = text; *line; line = next_line(line)) {
		struct policy_answer_entry entry;

		if (read_entry(line, &entry) && !entry.undone &&
			(number == 0 || entry.number == number)) {
			*ret = entry;
			found = true;
		}
	}
	return found;
}

int policy_answers_undo(
	const char *text, unsigned number, const char *when, char **ret, unsigned *ret_number) {
	struct policy_answer_entry entry;
	size_t before;

	if (!find_entry(text, number, &entry))
		return 1;
	before = (size_t)(entry.rule - text);
	if (asprintf(ret, "%.*s# %.*s\n# (answer %u taken back %s)%s", (int)before, text,
		    (int)entry.rule_len, entry.rule, entry.number, when,
		    entry.rule + entry.rule_len) < 0) {
		*ret = NULL;
		return -ENOMEM;
	}
	*ret_number = entry.number;
	return 0;
}
