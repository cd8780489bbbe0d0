/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `bulkhead policy files`: which files make up the policy, in the order in which they are read. */
#include "domains/cli/cmd-policy.h"

#include <stdio.h>
#include <string.h>

struct file {
	const char *folder;
	char *name;
};

static void file_free(gpointer p) {
	struct file *f = p;

	g_free(f->name);
	g_free(f);
}

static bool is_known(const GPtrArray *files, const char *name) {
	for (guint i = 0; i < files->len; i++)
		if (!strcmp(((struct file *)files->pdata[i])->name, name))
			return true;
	return false;
}

/* Of two files with one name the one in the folder that stands first. */
static void add_folder(GPtrArray *files, const char *folder) {
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		struct file *f;

		if (*name == '.' || !g_str_has_suffix(name, ".policy") || is_known(files, name))
			continue;
		f = g_new(struct file, 1);
		*f = (struct file){folder, g_strdup(name)};
		g_ptr_array_add(files, f);
	}
}

static int by_name(gconstpointer a, gconstpointer b) {
	const struct file *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static void json_text(JsonBuilder *json, const char *key, const char *text) {
	g_autofree char *escaped = text ? policy_cli_escape(text) : NULL;

	json_builder_set_member_name(json, key);
	json_builder_add_string_value(json, escaped);
}

static void print_json(const GPtrArray *files, const char *own) {
	g_autoptr(JsonBuilder) json = json_builder_new();

	json_builder_begin_object(json);
	json_text(json, "own", own);
	json_builder_set_member_name(json, "files");
	json_builder_begin_array(json);
	for (guint i = 0; i < files->len; i++) {
		const struct file *f = files->pdata[i];

		json_builder_begin_object(json);
		json_text(json, "folder", f->folder);
		json_text(json, "name", f->name);
		json_builder_set_member_name(json, "own");
		json_builder_add_boolean_value(json, !g_strcmp0(f->folder, own));
		json_builder_end_object(json);
	}
	json_builder_end_array(json);
	json_builder_end_object(json);
	policy_cli_json_print(json);
}

static void print_text(const GPtrArray *files) {
	for (guint i = 0; i < files->len; i++) {
		const struct file *f = files->pdata[i];
		g_autofree char *path = g_build_filename(f->folder, f->name, NULL),
				*shown = policy_cli_escape(path);

		puts(shown);
	}
}

int cmd_policy_files(int argc, char **argv) {
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(file_free);
	struct policy_folders folders = {0};
	gboolean json = FALSE;
	const GOptionEntry entries[] = {
		{"json", 0, 0, G_OPTION_ARG_NONE, &json, "answer in JSON", NULL}, {NULL}};

	if (!policy_cli_options(&argc, &argv, entries, "",
		    "Lists the files of the policy, in the order in which they are read.\nExit "
		    "status: 0, 4 wrong option."))
		return POLICY_EXIT_REQUEST;
	if (policy_folders_default(&folders)) {
		fputs("bulkhead policy: there is not enough memory\n", stderr);
		return POLICY_EXIT_REQUEST;
	}
	for (size_t i = 0; i < folders.count; i++)
		add_folder(files, folders.list[i]);
	g_ptr_array_sort(files, by_name);
	if (json)
		print_json(files, folders.own);
	else
		print_text(files);
	policy_folders_deinit(&folders);
	return 0;
}
