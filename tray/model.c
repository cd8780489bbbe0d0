/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/model.h"

#include "common/domain-name.h"
#include "common/text-filter.h"

#include <string.h>

#define INTERFACE      "org.bulkhead.Domain1"
#define PROPERTIES_MAX 64

struct model {
	GPtrArray *domains; /* struct model_domain, sorted by name */
	GHashTable *by_path;
	struct apps *host_apps;
	char focused[DOMAIN_NAME_MAX + 1];
	GVariant *broken;
	bool online;
	model_heard heard;
	void *user;
};

static const char *const states[MODEL_STATES] = {
	"stopped", "starting", "running", "paused", "stopping", "failed", "unknown"};

/* One bit per state in which it can be asked for. */
#define IN(s) (1u << (s))
static const unsigned allowed[ACTION_COUNT] = {
	[ACTION_START] = IN(MODEL_STOPPED) | IN(MODEL_FAILED),
	[ACTION_STOP] = IN(MODEL_RUNNING) | IN(MODEL_PAUSED) | IN(MODEL_STARTING),
	[ACTION_PAUSE] = IN(MODEL_RUNNING),
	[ACTION_UNPAUSE] = IN(MODEL_PAUSED),
	[ACTION_KILL] = IN(MODEL_STARTING) | IN(MODEL_RUNNING) | IN(MODEL_PAUSED) |
			IN(MODEL_STOPPING),
	[ACTION_CANCEL_START] = IN(MODEL_STARTING),
	[ACTION_CANCEL_COPY] = IN(MODEL_STOPPED) | IN(MODEL_FAILED),
	[ACTION_TERMINAL] = IN(MODEL_STOPPED) | IN(MODEL_FAILED) | IN(MODEL_STARTING) |
			    IN(MODEL_RUNNING),
	[ACTION_FILES] = IN(MODEL_STOPPED) | IN(MODEL_FAILED) | IN(MODEL_STARTING) |
			 IN(MODEL_RUNNING),
	[ACTION_THROW_AWAY_BROWSER] = ~IN(MODEL_UNKNOWN),
	[ACTION_THROW_AWAY_TERMINAL] = ~IN(MODEL_UNKNOWN),
	[ACTION_SETTINGS] = ~IN(MODEL_UNKNOWN),
	[ACTION_LOG] = ~0u,
};

static bool yes(const struct model_domain *d, const char *property) {
	GVariant *v = g_hash_table_lookup(d->properties, property);

	return v && g_variant_is_of_type(v, G_VARIANT_TYPE_BOOLEAN) && g_variant_get_boolean(v);
}

bool model_is_copied(const struct model_domain *d) {
	const char *job = model_text(d, "Job");

	return !strcmp(job, "snapshot") || !strcmp(job, "rollback");
}

bool model_may(const struct model_domain *d, enum model_action a) {
	const struct app *needed = NULL;

	if ((a == ACTION_THROW_AWAY_BROWSER || a == ACTION_THROW_AWAY_TERMINAL) &&
		!yes(d, "TemplateForDispvms"))
		return false;
	if (a == ACTION_CANCEL_COPY && !model_is_copied(d))
		return false;
	if (a == ACTION_TERMINAL || a == ACTION_FILES) {
		needed = d->apps ? (a == ACTION_TERMINAL ? d->apps->terminal : d->apps->files)
				 : NULL;
		if (!needed)
			return false;
	}
	return allowed[a] & IN(d->state);
}

static void domain_free(gpointer p) {
	struct model_domain *d = p;

	g_free(d->path);
	g_free(d->name);
	g_free(d->folded);
	g_hash_table_unref(d->properties);
	apps_unref(d->apps);
	apps_unref(d->own_apps);
	g_free(d);
}

struct model *model_new(model_heard heard, void *user) {
	struct model *m = g_new0(struct model, 1);

	m->domains = g_ptr_array_new_with_free_func(domain_free);
	m->by_path = g_hash_table_new(g_str_hash, g_str_equal);
	m->heard = heard;
	m->user = user;
	return m;
}

struct model *model_free(struct model *m) {
	if (!m)
		return NULL;
	g_hash_table_unref(m->by_path);
	g_ptr_array_unref(m->domains);
	apps_unref(m->host_apps);
	if (m->broken)
		g_variant_unref(m->broken);
	g_free(m);
	return NULL;
}

static void tell(struct model *m, enum model_event e, struct model_domain *d, enum model_state s) {
	m->heard(m->user, e, d, s);
}

static void filtered(const char *text, char *ret, size_t size) {
	text_filter(text, strlen(text), ret, size);
}

const char *model_text(const struct model_domain *d, const char *property) {
	GVariant *v = g_hash_table_lookup(d->properties, property);

	return v && g_variant_is_of_type(v, G_VARIANT_TYPE_STRING) ? g_variant_get_string(v, NULL)
								   : "";
}

static unsigned number(const struct model_domain *d, const char *property) {
	GVariant *v = g_hash_table_lookup(d->properties, property);

	return v && g_variant_is_of_type(v, G_VARIANT_TYPE_UINT32) ? g_variant_get_uint32(v) : 0;
}

static enum model_state state_parse(const char *text) {
	for (unsigned i = 0; i < MODEL_STATES; i++)
		if (!strcmp(states[i], text))
			return i;
	return MODEL_UNKNOWN;
}

static uint32_t rgb_parse(const char *text) {
	guint64 n;

	if (text[0] != '#' || strlen(text) != 7 ||
		!g_ascii_string_to_unsigned(text + 1, 16, 0, 0xffffff, &n, NULL))
		return 0x808080;
	return (uint32_t)n;
}

/* What is shown, out of the properties. */
static void derive(struct model *m, struct model_domain *d) {
	d->state = state_parse(model_text(d, "State"));
	d->progress = MIN(number(d, "JobProgress"), 100);
	d->windows = number(d, "Windows");
	d->rgb = rgb_parse(model_text(d, "Color"));
	if (label_pattern_parse(model_text(d, "Pattern"), &d->pattern))
		d->pattern = PATTERN_SOLID;
	filtered(model_text(d, "FailureReason"), d->reason, sizeof(d->reason));
	apps_unref(d->apps);
	d->apps = !strcmp(model_text(d, "Template"), "host") ? apps_ref(m->host_apps)
							     : apps_ref(d->own_apps);
}

static void take_properties(struct model_domain *d, GVariant *vardict) {
	GVariantIter i;
	const char *name;
	GVariant *value;

	g_variant_iter_init(&i, vardict);
	while (g_variant_iter_loop(&i, "{&sv}", &name, &value))
		if (g_hash_table_size(d->properties) < PROPERTIES_MAX ||
			g_hash_table_contains(d->properties, name))
			g_hash_table_replace(d->properties, g_strdup(name), g_variant_ref(value));
}

static int by_name(gconstpointer a, gconstpointer b) {
	const struct model_domain *const *x = a, *const *y = b;

	return g_ascii_strcasecmp((*x)->name, (*y)->name) ?: strcmp((*x)->name, (*y)->name);
}

void model_add(struct model *m, const char *path, GVariant *interfaces) {
	g_autoptr(GVariant)
		own = g_variant_lookup_value(interfaces, INTERFACE, G_VARIANT_TYPE_VARDICT);
	struct domain_name name;
	const char *text = NULL;
	struct model_domain *d;

	if (!own || !g_variant_lookup(own, "Name", "&s", &text) || domain_name_parse(text, &name))
		return;
	if (g_hash_table_contains(m->by_path, path)) {
		model_change(m, path, own);
		return;
	}
	if (m->domains->len >= MODEL_DOMAINS_MAX || model_find(m, name.s))
		return;
	d = g_new0(struct model_domain, 1);
	d->path = g_strdup(path);
	d->name = g_strdup(name.s);
	d->folded = g_ascii_strdown(name.s, -1);
	d->properties = g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_variant_unref);
	take_properties(d, own);
	derive(m, d);
	g_ptr_array_add(m->domains, d);
	g_ptr_array_sort(m->domains, by_name);
	g_hash_table_insert(m->by_path, d->path, d);
	tell(m, MODEL_ADDED, d, MODEL_UNKNOWN);
}

void model_change(struct model *m, const char *path, GVariant *changed) {
	struct model_domain *d = g_hash_table_lookup(m->by_path, path);
	enum model_state before;

	if (!d)
		return;
	before = d->state;
	take_properties(d, changed);
	derive(m, d);
	tell(m, MODEL_CHANGED, d, before);
}

void model_remove(struct model *m, const char *path) {
	struct model_domain *d = g_hash_table_lookup(m->by_path, path);

	if (!d)
		return;
	tell(m, MODEL_REMOVED, d, d->state);
	g_hash_table_remove(m->by_path, path);
	g_ptr_array_remove(m->domains, d);
}

void model_set_all(struct model *m, GVariant *objects) {
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	GVariantIter i;
	const char *path;
	GVariant *interfaces;

	m->online = true;
	g_variant_iter_init(&i, objects);
	while (g_variant_iter_loop(&i, "{&o@a{sa{sv}}}", &path, &interfaces)) {
		g_hash_table_add(seen, g_strdup(path));
		model_add(m, path, interfaces);
	}
	for (guint n = m->domains->len; n > 0; n--) {
		struct model_domain *d = g_ptr_array_index(m->domains, n - 1);

		if (!g_hash_table_contains(seen, d->path))
			model_remove(m, d->path);
	}
	tell(m, MODEL_GLOBAL, NULL, MODEL_UNKNOWN);
}

static void take_broken(struct model *m, GVariant *broken) {
	if (m->broken)
		g_variant_unref(m->broken);
	m->broken = broken;
}

void model_offline(struct model *m) {
	m->online = false;
	take_broken(m, NULL);
	m->focused[0] = '\0';
	for (guint i = 0; i < m->domains->len; i++) {
		struct model_domain *d = g_ptr_array_index(m->domains, i);
		enum model_state before = d->state;

		d->state = MODEL_UNKNOWN;
		d->windows = 0;
		tell(m, MODEL_CHANGED, d, before);
	}
	tell(m, MODEL_GLOBAL, NULL, MODEL_UNKNOWN);
}

bool model_online(const struct model *m) {
	return m->online;
}

void model_global(struct model *m, GVariant *changed) {
	GVariant *broken = g_variant_lookup_value(changed, "Broken", G_VARIANT_TYPE("a(ss)"));
	const char *text;
	bool focus = g_variant_lookup(changed, "FocusedDomain", "&s", &text);

	if (focus)
		filtered(text, m->focused, sizeof(m->focused));
	if (broken)
		take_broken(m, broken);
	if (focus || broken)
		tell(m, MODEL_GLOBAL, NULL, MODEL_UNKNOWN);
}

GVariant *model_broken(const struct model *m) {
	return m->broken;
}

const char *model_focused(const struct model *m) {
	return m->focused;
}

void model_set_host_apps(struct model *m, struct apps *apps) {
	apps_unref(m->host_apps);
	m->host_apps = apps_ref(apps);
	for (guint i = 0; i < m->domains->len; i++) {
		struct model_domain *d = g_ptr_array_index(m->domains, i);

		if (strcmp(model_text(d, "Template"), "host") != 0)
			continue;
		apps_unref(d->apps);
		d->apps = apps_ref(apps);
		tell(m, MODEL_APPS, d, d->state);
	}
}

void model_set_own_apps(struct model *m, struct model_domain *d, struct apps *apps) {
	apps_unref(d->own_apps);
	d->own_apps = apps_ref(apps);
	if (!strcmp(model_text(d, "Template"), "host"))
		return;
	apps_unref(d->apps);
	d->apps = apps_ref(apps);
	tell(m, MODEL_APPS, d, d->state);
}

guint model_count(const struct model *m) {
	return m->domains->len;
}

struct model_domain *model_at(struct model *m, guint i) {
	return i < m->domains->len ? g_ptr_array_index(m->domains, i) : NULL;
}

struct model_domain *model_find(struct model *m, const char *name) {
	for (guint i = 0; i < m->domains->len; i++) {
		struct model_domain *d = g_ptr_array_index(m->domains, i);

		if (!strcmp(d->name, name))
			return d;
	}
	return NULL;
}
