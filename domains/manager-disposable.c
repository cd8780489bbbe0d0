/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Throw-away domains: made like another one that allows it, gone with all their data when they
 * end. They are the disposable ones that are called dispN; a disposable with another name stays. */
#include "domains/manager.h"
#include "domains/pool.h"

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
struct definition *disposable_definition(const struct definition *model, struct domain_name name) {
	static const char *const own[] = {"kind", "autostart", "template_for_dispvms",
		"disposable_pool", "default_dispvm", "notes", "uuid", NULL};
	AUTO(definition_free_p) struct definition *d = definition_new(name);

	if (!definition_set(d, "kind", "disposable", NULL) ||
		!definition_set(d, "default_dispvm", model->name.s, NULL))
		return NULL;
	for (size_t i = 0; i < property_count; i++) {
		g_autofree char *text = definition_get(model, &properties[i]);

		if (!g_strv_contains(own, properties[i].key) &&
			!definition_set(d, properties[i].key, text, NULL))
			return NULL;
	}
	if (model->kind == KIND_TEMPLATE && !definition_set(d, "template", model->name.s, NULL))
		return NULL;
	return TAKE(d);
}

struct domain *manager_make_disposable(
	struct manager *m, struct domain *model, bool prepared, GError **error) {
	g_autofree char *text = choose_name(m);
	struct domain_name name;
	struct definition *d = NULL;

	if (text && !domain_name_parse(text, &name))
		d = disposable_definition(domain_definition(model), name);
	if (d)
		return manager_add(m, d, prepared ? domain_name(model) : NULL, error);
	g_set_error(error, DOMAIN_ERROR, DOMAIN_E_FAILED, "%s",
		text ? "the model has a value that a throw-away domain cannot have"
		     : "there are too many throw-away domains");
	return NULL;
}

static struct domain *find_model(struct manager *m, const char *name, GError **error) {
	struct domain *model = manager_find(m, name);
	g_autofree char *shown = g_strescape(name, NULL);

	if (!model)
		g_set_error(
			error, DOMAIN_ERROR, DOMAIN_E_NONE, "there is no domain \"%.80s\"", shown);
	else if (domain_definition(model)->template_for_dispvms)
		return model;
	else
		g_set_error(error, DOMAIN_ERROR, DOMAIN_E_STATE,
			"%s may not be the model of throw-away domains; `bulkhead domain set %s "
			"template_for_dispvms=yes` allows it",
			shown, shown);
	return NULL;
}

struct taking {
	struct manager *in;
	struct domain *taken;
	void (*done)(void *user, struct domain *d, const GError *error);
	void *user;
};

static void on_awake(void *user, const GError *error) {
	struct taking *t = user;

	if (error)
		domain_kill(t->taken, manager_ignore, NULL);
	else
		manager_show(t->in, t->taken);
	t->done(t->user, error ? NULL : t->taken, error);
	g_free(t);
}

void manager_create_disposable(struct manager *m, const char *name,
	void (*done)(void *user, struct domain *d, const GError *error), void *user) {
	g_autoptr(GError) error = NULL;
	struct domain *model = find_model(m, name, &error), *d;
	struct taking *t;

	d = model ? pool_take(m->pool, model) : NULL;
	if (!d) {
		d = model ? manager_make_disposable(m, model, false, &error) : NULL;
		done(user, d, error);
		return;
	}
	g_message("domain %s: taken", domain_name(d));
	t = g_new0(struct taking, 1);
	t->in = m;
	t->taken = d;
	t->done = done;
	t->user = user;
	domain_pause(d, false, on_awake, t);
}

struct over {
	struct manager *in;
	char *name;
};

static void on_gone(void *user, const GError *error) {
	struct manager *m = user;

	if (error)
		g_warning("%s", error->message);
	m->leaving--;
	manager_left(m);
}

static gboolean on_over(gpointer user) {
	struct over *o = user;
	struct domain *d = manager_find(o->in, o->name);

	if (d && domain_may(REQUEST_REMOVE, domain_get_state(d)) == ANSWER_DO)
		manager_remove(o->in, d, false, on_gone, o->in);
	else
		on_gone(o->in, NULL);
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
	m->leaving++;
	/* Not while those who waited for its end are told. */
	g_idle_add(on_over, o);
}
