/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every member is checked for its type before it is read; unknown members are left alone. */
#include "policy/system-json.h"

#include <gio/gio.h>
#include <string.h>

#define BAD(...) g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, __VA_ARGS__)

static JsonNode *member(JsonObject *object, const char *key, GType type) {
	JsonNode *node = json_object_get_member(object, key);

	return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type ? node
											     : NULL;
}

/* NULL for a missing, null or empty member. */
static const char *text(JsonObject *object, const char *key) {
	JsonNode *node = member(object, key, G_TYPE_STRING);
	const char *s = node ? json_node_get_string(node) : NULL;

	return s && *s ? s : NULL;
}

static gboolean flag(JsonObject *object, const char *key) {
	JsonNode *node = member(object, key, G_TYPE_BOOLEAN);

	return node ? json_node_get_boolean(node) : text(object, key) != NULL;
}

static gboolean read_tags(JsonObject *object, const char *name, GPtrArray *keep,
	struct policy_domain *ret, GError **error) {
	JsonNode *node = json_object_get_member(object, "tags");
	JsonArray *list = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
	guint count = list ? json_array_get_length(list) : 0;
	const char **tags = g_new0(const char *, count + 1);

	g_ptr_array_add(keep, tags);
	for (guint i = 0; i < count; i++) {
		JsonNode *tag = json_array_get_element(list, i);

		if (!JSON_NODE_HOLDS_VALUE(tag) || json_node_get_value_type(tag) != G_TYPE_STRING) {
			BAD("the tags of %s are not all texts", name);
			return FALSE;
		}
		tags[i] = json_node_get_string(tag);
	}
	ret->tags = tags;
	ret->tag_count = count;
	return TRUE;
}

static gboolean read_domain(JsonNode *node, const char *name, GPtrArray *keep,
	struct policy_domain *ret, GError **error) {
	JsonObject *object;

	if (!JSON_NODE_HOLDS_OBJECT(node)) {
		BAD("the domain %s is no object", name);
		return FALSE;
	}
	object = json_node_get_object(node);
	*ret = (struct policy_domain){
		.name = name,
		.uuid = text(object, "uuid"),
		.type = text(object, "type"),
		.default_dispvm = text(object, "default_dispvm"),
		.template_for_dispvms = flag(object, "template_for_dispvms"),
		.running = g_strcmp0(text(object, "power_state"), "Running") == 0,
		.internal = flag(object, "internal"),
		.relayvm = text(object, "relayvm"),
		.transport_rpc = text(object, "transport_rpc"),
		.netvm = text(object, "netvm"),
	};
	return read_tags(object, name, keep, ret, error);
}

static JsonObject *find_domains(JsonNode *node) {
	JsonObject *object = node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node)
								  : NULL;
	JsonNode *inner = object ? json_object_get_member(object, "system_info") : NULL;

	if (inner && JSON_NODE_HOLDS_OBJECT(inner))
		object = json_node_get_object(inner);
	inner = object ? json_object_get_member(object, "domains") : NULL;
	return inner && JSON_NODE_HOLDS_OBJECT(inner) ? json_node_get_object(inner) : NULL;
}

static int by_name(gconstpointer a, gconstpointer b) {
	return strcmp(
		((const struct policy_domain *)a)->name, ((const struct policy_domain *)b)->name);
}

struct policy_system *policy_system_from_json(JsonNode *node, GError **error) {
	JsonObject *domains = find_domains(node);
	g_autoptr(GPtrArray) keep = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GArray) records = g_array_new(FALSE, TRUE, sizeof(struct policy_domain));
	struct policy_system *system = NULL;
	JsonObjectIter iter;
	const char *name;
	JsonNode *each;
	size_t bad = 0;
	int answer;

	if (!domains) {
		BAD("there is no object \"domains\" in it");
		return NULL;
	}
	json_object_iter_init(&iter, domains);
	while (json_object_iter_next(&iter, &name, &each)) {
		struct policy_domain record;

		if (!read_domain(each, name, keep, &record, error))
			return NULL;
		g_array_append_val(records, record);
	}
	g_array_sort(records, by_name);
	answer = policy_system_new(
		(struct policy_domain *)(void *)records->data, records->len, &system, &bad);
	if (answer)
		BAD("the domain \"%s\": %s",
			bad < records->len ? g_array_index(records, struct policy_domain, bad).name
					   : "",
			policy_system_error(answer));
	return system;
}

struct policy_system *policy_system_from_file(const char *path, GError **error) {
	g_autoptr(JsonParser) parser = json_parser_new();

	if (!json_parser_load_from_file(parser, path, error))
		return NULL;
	return policy_system_from_json(json_parser_get_root(parser), error);
}
