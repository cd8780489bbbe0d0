/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every case of tests/data/policy-vectors.json through the library. */
#include "policy/reply.h"
#include "policy/system-json.h"
#include "policy/test-memory.h"

#include <errno.h>
#include <string.h>

static JsonObject *root;
static struct policy_system *vm_system;

struct case_files {
	struct memory_file list[16];
	size_t count;
};

static void add_file(struct case_files *files, char *path, const char *text) {
	g_assert_cmpuint(files->count, <, G_N_ELEMENTS(files->list));
	/* The policy file of a case may be empty: a comment is as good. */
	files->list[files->count++] = (struct memory_file){path, *text ? text : "#", 0};
}

static void add_files(struct case_files *files, JsonObject *map, const char *folder) {
	JsonObjectIter iter;
	const char *name;
	JsonNode *node;

	json_object_iter_init(&iter, map);
	while (json_object_iter_next(&iter, &name, &node))
		add_file(files,
			!strcmp(name, "__main__") ? g_strdup("p/main.policy")
						  : g_strdup_printf("%s/%s", folder, name),
			json_node_get_string(node));
}

static struct policy *parse_case(JsonObject *vector) {
	static const char *const folders[] = {"p"};
	const struct policy_places places = {folders, 1, "compat-or-empty"};
	JsonNode *text = json_object_get_member(vector, "policy");
	struct case_files files = {.count = 0};
	struct memory memory = {files.list, 0, NULL};
	struct policy_reader reader = memory_reader(&memory);
	struct policy_errors errors = {0};
	struct policy *policy = NULL;
	int r;

	if (JSON_NODE_HOLDS_OBJECT(text))
		add_files(&files, json_node_get_object(text), "p");
	else
		add_file(&files, g_strdup("p/main.policy"), json_node_get_string(text));
	if (json_object_has_member(vector, "compat_files"))
		add_files(&files, json_object_get_object_member(vector, "compat_files"),
			"compat-or-empty");
	memory.count = files.count;
	r = policy_parse(&places, &reader, &policy, &errors);
	g_assert_true(r == 0 || r == POLICY_E_BROKEN);
	g_assert_true((r == 0) == (errors.count == 0));
	policy_errors_deinit(&errors);
	memory_deinit(&memory);
	for (size_t i = 0; i < files.count; i++)
		g_free((char *)files.list[i].path);
	return policy;
}

static void check_text(JsonObject *expect, const char *key, const char *is) {
	JsonNode *node = json_object_get_member(expect, key);

	if (node)
		g_assert_cmpstr(
			is, ==, JSON_NODE_HOLDS_NULL(node) ? NULL : json_node_get_string(node));
}

static void check_flag(JsonObject *expect, const char *key, bool is) {
	if (json_object_has_member(expect, key))
		g_assert_cmpint(is, ==, json_object_get_boolean_member(expect, key));
}

static void check_targets(JsonObject *expect, const struct policy_decision *d) {
	JsonArray *list;

	if (!json_object_has_member(expect, "targets"))
		return;
	list = json_object_get_array_member(expect, "targets");
	g_assert_cmpuint(json_array_get_length(list), ==, d->target_count);
	for (guint i = 0; i < d->target_count; i++)
		g_assert_cmpstr(json_array_get_string_element(list, i), ==, d->targets[i].text);
	check_text(expect, "default_target",
		d->default_target < 0 ? NULL : d->targets[d->default_target].text);
}

static void check_reply(
	JsonObject *expect, const struct policy_request *request, const struct policy_decision *d) {
	g_autoptr(GString) lines = g_string_new(NULL);
	char reply[8192];
	JsonArray *list;

	if (!json_object_has_member(expect, "reply"))
		return;
	list = json_object_get_array_member(expect, "reply");
	for (guint i = 0; i < json_array_get_length(list); i++)
		g_string_append_printf(
			lines, "%s%s", i ? "\n" : "", json_array_get_string_element(list, i));
	g_assert_cmpint(policy_reply(vm_system, request, d, reply, sizeof(reply)), ==, 0);
	g_assert_cmpstr(reply, ==, lines->str);
}

static const char *member_or(JsonObject *vector, const char *key, const char *otherwise) {
	return json_object_has_member(vector, key) ? json_object_get_string_member(vector, key)
						   : otherwise;
}

static void check_decision(JsonObject *vector, const struct policy *policy) {
	JsonObject *expect = json_object_get_object_member(vector, "expect");
	const struct policy_request request = {
		.source = json_object_get_string_member(vector, "source"),
		.target = json_object_get_string_member(vector, "target"),
		.service = json_object_get_string_member(vector, "service"),
		.argument = json_object_get_string_member(vector, "argument"),
		.requested_source = member_or(vector, "requested_source", NULL),
	};
	struct policy_decision d, again;
	struct policy_trace trace;
	bool refused;

	g_assert_cmpint(policy_explain(policy, vm_system, &request, &trace, &d), ==, 0);
	g_assert_cmpint(policy_decide(policy, vm_system, &request, &again), ==, 0);
	g_assert_cmpint(d.outcome, ==, again.outcome);
	g_assert_true(d.rule == again.rule);
	g_assert_cmpint(d.reason, !=, POLICY_INTERNAL);
	g_assert_cmpstr(
		policy_decision_word(&d), ==, json_object_get_string_member(expect, "outcome"));
	refused = json_object_has_member(expect, "execute_denied");
	g_assert_cmpint(d.by_rules != d.outcome, ==, refused);
	if (policy && !policy_reason_is_request(d.reason)) {
		check_text(expect, "requested_target", d.requested_target);
		check_text(expect, "target", d.target.text);
		check_text(expect, "user", d.user);
		check_flag(expect, "autostart", d.autostart);
		check_flag(expect, "notify", d.notify);
		check_targets(expect, &d);
		check_reply(expect, &request, &d);
	}
	policy_trace_deinit(&trace);
	policy_decision_deinit(&d);
	policy_decision_deinit(&again);
}

static void test_vector(gconstpointer data) {
	JsonObject *vector = (JsonObject *)data;
	AUTO(policy_unref_p) struct policy *policy = parse_case(vector);

	check_decision(vector, policy);
}

int main(int argc, char **argv) {
	g_autoptr(JsonParser) parser = json_parser_new();
	g_autoptr(GError) error = NULL;
	JsonArray *vectors;
	int failed;

	g_test_init(&argc, &argv, NULL);
	if (argc < 2 || !json_parser_load_from_file(parser, argv[1], &error))
		g_error("vectors: %s", error ? error->message : "no file named");
	root = json_node_get_object(json_parser_get_root(parser));
	vm_system = policy_system_from_json(json_parser_get_root(parser), &error);
	g_assert_no_error(error);
	vectors = json_object_get_array_member(root, "vectors");
	g_assert_cmpuint(json_array_get_length(vectors), ==, 146);
	for (guint i = 0; i < json_array_get_length(vectors); i++) {
		JsonObject *vector = json_array_get_object_element(vectors, i);
		g_autofree char *path = g_strdup_printf(
			"/policy/vectors/%03u-%s", i, json_object_get_string_member(vector, "id"));

		g_test_add_data_func(path, vector, test_vector);
	}
	failed = g_test_run();
	policy_system_free(vm_system);
	return failed;
}
