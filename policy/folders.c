/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where policies live when nobody says otherwise. */
#include "policy/loader.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define BELOW "/bulkhead/policy.d"

/* NULL if base is no absolute path or there is no memory. */
static char *below(const char *base, const char *middle) {
	char *path = NULL;

	if (!base || *base != '/' || asprintf(&path, "%s%s%s", base, middle, BELOW) < 0)
		return NULL;
	return path;
}

static int add(struct policy_folders *folders, char *path) {
	char **fresh;

	if (!path)
		return -ENOMEM;
	fresh = realloc(folders->list, (folders->count + 1) * sizeof(*fresh));
	if (!fresh) {
		free(path);
		return -ENOMEM;
	}
	folders->list = fresh;
	fresh[folders->count++] = path;
	return 0;
}

static int add_existing(struct policy_folders *folders, char *path) {
	struct stat st;

	if (path && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return add(folders, path);
	free(path);
	return 0;
}

static int add_list(struct policy_folders *folders, const char *text) {
	while (*text) {
		size_t len = strcspn(text, ":");
		int r = len ? add(folders, strndup(text, len)) : 0;

		if (r)
			return r;
		text += len + (text[len] == ':');
	}
	return 0;
}

int policy_folders_default(struct policy_folders *ret) {
	const char *given = getenv("BULKHEAD_POLICY_PATH"), *config = getenv("XDG_CONFIG_HOME");
	int r;

	*ret = (struct policy_folders){0};
	ret->own = config && *config == '/' ? below(config, "") : below(getenv("HOME"), "/.config");
	if (given && *given)
		return add_list(ret, given);
	r = add_existing(ret, below(getenv("XDG_RUNTIME_DIR"), ""));
	if (!r && ret->own)
		r = add_existing(ret, strdup(ret->own));
	if (!r)
		r = add_existing(ret, below("/run", ""));
	if (!r)
		r = add_existing(ret, below("/etc", ""));
	/* The shipped rules are always named: without them nothing may pass unnoticed. */
	if (!r)
		r = add(ret, strdup(POLICY_SHIPPED_FOLDER));
	return r;
}

void policy_folders_deinit(struct policy_folders *folders) {
	for (size_t i = 0; i < folders->count; i++)
		free(folders->list[i]);
	free(folders->list);
	free(folders->own);
	*folders = (struct policy_folders){0};
}
