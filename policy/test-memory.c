/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/test-memory.h"

#include <errno.h>
#include <string.h>

static int memory_read(void *ctx, const char *path, struct policy_text *ret) {
	struct memory *memory = ctx;

	for (size_t i = 0; i < memory->count; i++)
		if (!strcmp(memory->files[i].path, path)) {
			const struct memory_file *file = &memory->files[i];

			*ret = (struct policy_text){
				file->text, file->size ? file->size : strlen(file->text)};
			return 0;
		}
	return -ENOENT;
}

/* A folder is there if a file is in it, or if it is called "p" or "empty". */
static int memory_list(void *ctx, const char *folder, const char *const **ret, size_t *ret_count) {
	struct memory *memory = ctx;
	size_t len = strlen(folder), count = 0;

	free(memory->names);
	memory->names = calloc(memory->count + 1, sizeof(*memory->names));
	if (!memory->names)
		return -ENOMEM;
	for (size_t i = 0; i < memory->count; i++) {
		const char *path = memory->files[i].path;

		if (!strncmp(path, folder, len) && path[len] == '/' && !strchr(path + len + 1, '/'))
			memory->names[count++] = path + len + 1;
	}
	if (count == 0 && strcmp(folder, "p") != 0 && !strstr(folder, "empty"))
		return -ENOENT;
	*ret = memory->names;
	*ret_count = count;
	return 0;
}

struct policy_reader memory_reader(struct memory *memory) {
	return (struct policy_reader){memory, memory_read, memory_list};
}

void memory_deinit(struct memory *memory) {
	free(memory->names);
	memory->names = NULL;
}

struct policy *memory_policy(const char *text, struct policy_errors *errors) {
	static const char *const folders[] = {"p"};
	const struct memory_file file = {"p/main.policy", text, strlen(text)};
	struct memory memory = {&file, *text ? 1 : 0, NULL};
	struct policy_reader reader = memory_reader(&memory);
	const struct policy_places places = {folders, 1, NULL};
	struct policy *policy = NULL;
	int r = policy_parse(&places, &reader, &policy, errors);

	memory_deinit(&memory);
	return r ? NULL : policy;
}
