/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rule file that is not written yet, from standard input. */
#include "domains/cli/cmd-policy.h"

#include <errno.h>
#include <string.h>

#define DRAFT_MAX (1024 * 1024)

int policy_cli_draft(const char *name, const char *own, struct policy_override *ret) {
	g_autoptr(GString) text = g_string_new(NULL);
	char buffer[4096];
	ssize_t n;

	if (!own || strchr(name, '/') || *name == '.' || !g_str_has_suffix(name, ".policy"))
		return -EINVAL;
	while ((n = read(STDIN_FILENO, buffer, sizeof(buffer))) != 0) {
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			g_string_append_len(text, buffer, n);
		if (text->len > DRAFT_MAX)
			return -E2BIG;
	}
	/* A text with NUL would be read as a shorter one. */
	if (strlen(text->str) != text->len)
		return -EINVAL;
	*ret = (struct policy_override){own, name, g_string_free(g_steal_pointer(&text), FALSE)};
	return 0;
}
