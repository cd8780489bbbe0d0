/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of answers, as a person may have edited it: an entry that is added is there, is the
 * newest, is taken back alone, and every other byte stays. */
#include "policy/answers.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *text) {
	char *added = NULL, *undone = NULL;
	unsigned number = 0, taken = 0;
	size_t before = policy_answers_list(text, NULL, 0);

	if (policy_answers_add(text, "s + a b allow", "now", "x:1", &added, &number))
		abort();
	if (policy_answers_list(added, NULL, 0) < before ||
		(*text && strncmp(added, text, strlen(text)) != 0))
		abort();
	if (policy_answers_undo(added, number, "later", &undone, &taken) || taken != number)
		abort();
	if (policy_answers_list(undone, NULL, 0) != policy_answers_list(added, NULL, 0) ||
		strncmp(undone, added, strlen(added) - strlen("s + a b allow\n")) != 0)
		abort();
	free(added);
	free(undone);
	undone = NULL;
	if (policy_answers_undo(text, 0, "later", &undone, &taken) == 0 &&
		policy_answers_list(undone, NULL, 0) != before)
		abort();
	free(undone);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	check(text);
	free(text);
	return 0;
}
