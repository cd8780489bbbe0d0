/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/policy-cli.h"

#include "common/text-filter.h"

#include <glib/gi18n-lib.h>
#include <string.h>

struct run {
	policy_cli_answer answer;
	void *user;
};

static void tell(struct run *run, GBytes *out, GBytes *err) {
	g_autoptr(JsonParser) parser = json_parser_new();
	char words[512];
	gsize size = 0;
	const char *data = out ? g_bytes_get_data(out, &size) : NULL;

	if (size > 0 && size <= POLICY_CLI_OUTPUT_MAX &&
		json_parser_load_from_data(parser, data, (gssize)size, NULL)) {
		run->answer(run->user, json_parser_get_root(parser), NULL);
		return;
	}
	data = err ? g_bytes_get_data(err, &size) : NULL;
	text_filter(data && size ? data : "", size, words, sizeof(words));
	run->answer(run->user, NULL, *words ? words : _("`bulkhead policy` gave no answer."));
}

static void on_done(GObject *source, GAsyncResult *result, gpointer user) {
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) out = NULL, err = NULL;
	struct run *run = user;

	g_subprocess_communicate_finish(G_SUBPROCESS(source), result, &out, &err, &error);
	if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		tell(run, out, err);
	g_free(run);
}

void policy_cli_run(const char *const *arguments, GBytes *input, GCancellable *cancel,
	policy_cli_answer answer, void *user) {
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(GSubprocess) child = NULL;
	struct run *run;

	g_ptr_array_add(argv, (gpointer) "bulkhead");
	g_ptr_array_add(argv, (gpointer) "policy");
	for (; *arguments; arguments++)
		g_ptr_array_add(argv, (gpointer)*arguments);
	g_ptr_array_add(argv, NULL);
	child = g_subprocess_newv((const char *const *)argv->pdata,
		G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE |
			(input ? G_SUBPROCESS_FLAGS_STDIN_PIPE : G_SUBPROCESS_FLAGS_NONE),
		&error);
	if (!child) {
		answer(user, NULL, error->message);
		return;
	}
	run = g_new(struct run, 1);
	*run = (struct run){answer, user};
	g_subprocess_communicate_async(child, input, cancel, on_done, run);
}

static JsonNode *member(JsonObject *o, const char *key, GType type) {
	JsonNode *node = json_object_get_member(o, key);

	return node && json_node_get_value_type(node) == type ? node : NULL;
}

const char *policy_json_text(JsonObject *o, const char *key) {
	JsonNode *node = member(o, key, G_TYPE_STRING);

	return node ? json_node_get_string(node) : "";
}

gint64 policy_json_number(JsonObject *o, const char *key) {
	JsonNode *node = member(o, key, G_TYPE_INT64);

	return node ? json_node_get_int(node) : 0;
}

JsonArray *policy_json_array(JsonNode *root, const char *key) {
	JsonNode *node = root && JSON_NODE_HOLDS_OBJECT(root)
				 ? json_object_get_member(json_node_get_object(root), key)
				 : NULL;

	return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}
