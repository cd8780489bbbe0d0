/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The domains there are, for `bulkhead policy`: asked from bulkheadd if it runs, never starting it.
 */
#include "domains/cli/cli.h"
#include "domains/cli/cmd-policy.h"

#include <stdio.h>
#include <string.h>

/* The class of Qubes OS' policies for a kind of ours. */
static const char *class_of(const char *kind) {
	static const struct {
		const char *kind, *class;
	} rows[] = {{"disposable", "DispVM"}, {"template", "TemplateVM"},
		{"standalone", "StandaloneVM"}};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (!g_strcmp0(kind, rows[i].kind))
			return rows[i].class;
	return "AppVM";
}

/* A text of the properties, which live as long as they do; NULL for none or an empty one. */
static const char *text(GVariant *properties, const char *key) {
	const char *value = NULL;

	g_variant_lookup(properties, key, "&s", &value);
	return value && *value ? value : NULL;
}

static struct policy_domain record_of(const char *name, GVariant *properties, char ***tags) {
	const char *state = text(properties, "State");
	gboolean template = FALSE;

	g_variant_lookup(properties, "TemplateForDispvms", "b", &template);
	if (text(properties, "Tags"))
		*tags = g_strsplit(text(properties, "Tags"), " ", -1);
	return (struct policy_domain){.name = name,
		.uuid = text(properties, "Uuid"),
		.tags = (const char *const *)*tags,
		.tag_count = *tags ? g_strv_length(*tags) : 0,
		.type = class_of(text(properties, "Kind")),
		.default_dispvm = text(properties, "DefaultDispvm"),
		.template_for_dispvms = template,
		.running = !g_strcmp0(state, "running") || !g_strcmp0(state, "paused"),
		.netvm = text(properties, "Netvm")};
}

static struct policy_system *system_of(GVariant *all) {
	size_t count = g_variant_n_children(all), bad = 0;
	g_autofree char ***tags = g_new0(char **, count + 1);
	g_autofree struct policy_domain *records = g_new0(struct policy_domain, count + 1);
	g_autoptr(GPtrArray) keep = g_ptr_array_new_with_free_func((GDestroyNotify)g_variant_unref);
	struct policy_system *system = NULL;

	for (size_t i = 0; i < count; i++) {
		GVariant *properties = NULL;
		const char *name;

		g_variant_get_child(all, i, "{&s@a{sv}}", &name, &properties);
		g_ptr_array_add(keep, properties);
		records[i] = record_of(name, properties, &tags[i]);
	}
	if (policy_system_new(records, count, &system, &bad))
		system = NULL;
	for (size_t i = 0; i < count; i++)
		g_strfreev(tags[i]);
	return system;
}

struct policy_system *policy_cli_live_domains(void) {
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) all = NULL;
	struct cli c;

	if (cli_connect(&c, false))
		return NULL;
	all = cli_domains(&c, &error);
	cli_disconnect(&c);
	if (all)
		return system_of(all);
	fprintf(stderr, "bulkhead policy: bulkheadd tells no domains: %s\n", error->message);
	return NULL;
}
