/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Throw-away domains: made like another one that allows it, gone with all their data when they
 * end. They are the disposable ones that are called dispN; a disposable with another name stays. */
#include "domains/manager.h"

#include <string.h>

#define PREFIX  "disp"
#define NUMBERS 10000

static bool is_throw_away(const struct domain *d) {
	const char *name = domain_name(d);

	return domain_definition(d)->kind == KIND_DISPOSABLE && g_str_has_prefix(name, PREFIX) &&
	       strspn(name + strlen(PREFIX), "0123456789") == strlen(name + strlen(PREFIX));
}

/* N at random, so that what was said of one does not soon hold for another (bug class E12). */
static char *choose_name(struct manager *m) {
	guint first = (guint)g_random_int_range(0, NUMBERS);

	for (guint i = 0; i < NUMBERS; i++) {
		char *name = g_strdup_printf(PREFIX "%u", (first + i) % NUMBERS);

		if (!manager_find(m, name))
			return name;
		g_free(name);
	}
	return NULL;
}

/* Everything like the model but what a throw-away domain has of its own. What it may reach is so
 * what its model may (bug class E8). */
static char **like(const struct definition *model) {
	static const char *const own[] = {
		"kind", "autostart", "template_for_dispvms", "default_dispvm", "notes", NULL};
	GPtrArray *pairs = g_ptr_array_new();

	g_ptr_array_add(pairs, g_strdup("kind"));
	g_ptr_array_add(pairs, g_strdup("disposable"));
	g_ptr_array_add(pairs, g_strdup("default_dispvm"));
	g_ptr_array_add(pairs, g_strdup(model->name.s));
	for (size_t i = 0; i < property_count; i++) {
		if (g_strv_contains(own, properties[i].key))
			continue;
		g_ptr_array_add(pairs, g_strdup(properties[i].key));
		g_ptr_array_add(pairs, definition_get(model, &properties[i]));
	}
	g_ptr_array_add(pairs, NULL);
	return (char **)g_ptr_array_free(pairs, FALSE);
}

struct domain *manager_create_disposable(struct manager *m, const char *model, GError **error) {
	struct domain *from = manager_find(m, model);
	g_autofree char *name = choose_name(m), *shown = g_strescape(model, NULL);
	g_auto(GStrv) pairs = NULL;

	if (!from) {
		g_set_error(
			error, DOMAIN_ERROR, DOMAIN_E_NONE, "there is no domain \"%.80s\"", shown);
		return NULL;
	}
	if (!domain_definition(from)->template_for_dispvms) {
		g_set_error(error, DOMAIN_ERROR, DOMAIN_E_STATE,
			"%s may not be the model of throw-away domains; `bulkhead domain set %s "
			"template_for_dispvms=yes` allows it",
			shown, shown);
		return NULL;
	}
	if (!name) {
		g_set_error(error, DOMAIN_ERROR, DOMAIN_E_FAILED,
			"there are too many throw-away domains");
		return NULL;
	}
	pairs = like(domain_definition(from));
	return manager_create(m, name, (const char *const *)pairs, error);
}

struct over {
	struct manager *in;
	char *name;
};

static gboolean on_over(gpointer user) {
	struct over *o = user;
	struct domain *d = manager_find(o->in, o->name);

	if (d && domain_may(REQUEST_REMOVE, domain_get_state(d)) == ANSWER_DO)
		manager_remove(o->in, d, false, manager_ignore, NULL);
	g_free(o->name);
	g_free(o);
	return G_SOURCE_REMOVE;
}

void manager_domain_over(struct manager *m, struct domain *d) {
	struct over *o;

	if (!is_throw_away(d))
		return;
	o = g_new0(struct over, 1);
	o->in = m;
	o->name = g_strdup(domain_name(d));
	/* Not while those who waited for its end are told. */
	g_idle_add(on_over, o);
}
