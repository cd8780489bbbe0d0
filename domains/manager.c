/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/manager.h"

#include "common/audit.h"
#include "domains/calls.h"
#include "domains/domain-private.h"
#include "domains/paths.h"
#include "domains/pool.h"

#include <string.h>

void manager_changed(struct manager *m, struct domain *d, const char *first, ...) {
	const char *names[16];
	size_t n = 0;
	va_list ap;

	va_start(ap, first);
	for (const char *name = first; name && n < G_N_ELEMENTS(names) - 1;
		name = va_arg(ap, const char *))
		names[n++] = name;
	va_end(ap);
	names[n] = NULL;
	/* Not before the domain is shown, nor after. */
	if (manager_find(m, domain_name(d)) != d)
		return;
	if (d->prepared_for || strcmp(first, "Windows") != 0)
		pool_look(m->pool);
	if (d->prepared_for)
		return;
	m->events->changed(m->user, d, names);
	/* Windows come and go often, and no rule looks at them. */
	if (strcmp(first, "Windows") != 0 && strcmp(first, "Gui") != 0)
		calls_domain(m->calls, d);
}

struct domain *manager_find(struct manager *m, const char *name) {
	return g_hash_table_lookup(m->domains, name);
}

struct domain *manager_find_shown(struct manager *m, const char *name) {
	struct domain *d = manager_find(m, name);

	return d && !d->prepared_for ? d : NULL;
}

static struct domain *add(
	struct manager *m, struct definition *definition, const char *prepared_for) {
	struct domain *d = domain_new(m, definition);

	d->prepared_for = g_strdup(prepared_for);
	g_hash_table_insert(m->domains, g_strdup(domain_name(d)), d);
	if (!prepared_for)
		manager_show(m, d);
	return d;
}

void manager_show(struct manager *m, struct domain *d) {
	g_clear_pointer(&d->prepared_for, g_free);
	m->events->added(m->user, d);
	calls_domain(m->calls, d);
	pool_look(m->pool);
}

static const char *owner_of(struct manager *m, const char *uuid, const char *but) {
	GHashTableIter i;
	gpointer d;

	g_hash_table_iter_init(&i, m->domains);
	while (g_hash_table_iter_next(&i, NULL, &d))
		if (!strcmp(domain_definition(d)->uuid, uuid) && strcmp(domain_name(d), but) != 0)
			return domain_name(d);
	return NULL;
}

/* A uuid of its own, made if it has none: what rules say of one domain never holds for two. */
static bool give_uuid(struct manager *m, struct definition *d, GError **error) {
	const char *owner = *d->uuid ? owner_of(m, d->uuid, d->name.s) : NULL;

	if (owner) {
		g_set_error(error, DOMAIN_ERROR, DOMAIN_E_EXISTS,
			"%s: its uuid is that of %s; leave the line out, and a new one is made",
			d->name.s, owner);
		return false;
	}
	if (!*d->uuid) {
		g_free(d->uuid);
		d->uuid = g_uuid_string_random();
	}
	return true;
}

struct domain *manager_add(
	struct manager *m, struct definition *d, const char *prepared_for, GError **error) {
	AUTO(definition_free_p) struct definition *mine = d;

	if (!give_uuid(m, mine, error) || !definition_check(mine, error) ||
		!store_save(&m->store, mine, error))
		return NULL;
	if (prepared_for && store_mark(&m->store, mine->name.s, MARK_PREPARED, true)) {
		g_set_error(error, DOMAIN_ERROR, DOMAIN_E_FAILED, "%s: its data cannot be written",
			mine->name.s);
		store_remove(&m->store, mine->name, NULL);
		return NULL;
	}
	g_message("domain %s: created%s", mine->name.s, prepared_for ? " (prepared)" : "");
	return add(m, TAKE(mine), prepared_for);
}

static bool check_name(
	struct manager *m, const char *text, struct domain_name *ret, GError **error) {
	int r = domain_name_parse(text, ret);
	g_autofree char *shown = g_strescape(text, NULL);

	if (r || !strcmp(text, "dom0")) {
		g_set_error(error, DOMAIN_ERROR, DOMAIN_E_NAME,
			"\"%.80s\" cannot be a domain's name: %s", shown,
			r ? domain_name_error(r) : "dom0 is the admin domain's own name");
		return false;
	}
	if (manager_find(m, text)) {
		g_set_error(
			error, DOMAIN_ERROR, DOMAIN_E_EXISTS, "there is a domain %s already", text);
		return false;
	}
	if (store_is_marked(&m->store, text, MARK_REMOVED)) {
		g_set_error(error, DOMAIN_ERROR, DOMAIN_E_EXISTS,
			"the data of a removed domain %s is still there and being removed", text);
		return false;
	}
	return true;
}

struct domain *manager_create(
	struct manager *m, const char *text, const char *const *pairs, GError **error) {
	AUTO(definition_free_p) struct definition *d = NULL;
	struct domain_name name;

	if (!check_name(m, text, &name, error))
		return NULL;
	d = definition_new(name);
	for (const char *const *p = pairs; *p; p += 2)
		if (!definition_set(d, p[0], p[1], error))
			return NULL;
	return manager_add(m, TAKE(d), NULL, error);
}

static void on_bad(void *user, const char *file, const char *why) {
	struct manager *m = user;

	g_warning("definition ignored: %s", why);
	g_hash_table_insert(m->broken, g_strdup(file), g_strdup(why));
}

struct domain *manager_clone(
	struct manager *m, const struct domain *from, const char *name, GError **error) {
	g_autoptr(GPtrArray) pairs = g_ptr_array_new_with_free_func(g_free);

	for (size_t i = 0; i < property_count; i++) {
		if (!strcmp(properties[i].key, "uuid"))
			continue;
		g_ptr_array_add(pairs, g_strdup(properties[i].key));
		g_ptr_array_add(pairs, definition_get(from->definition, &properties[i]));
	}
	g_ptr_array_add(pairs, NULL);
	return manager_create(m, name, (const char *const *)pairs->pdata, error);
}

static void on_good(void *user, struct definition *definition) {
	AUTO(definition_free_p) struct definition *mine = definition;
	struct manager *m = user;
	struct domain *d = manager_find(m, mine->name.s);
	bool is_new = !*mine->uuid;
	g_autoptr(GError) error = NULL;

	if (is_new && d) { /* edited, and the line left out */
		g_free(mine->uuid);
		mine->uuid = g_strdup(domain_definition(d)->uuid);
	}
	if (!give_uuid(m, mine, &error) || (is_new && !store_save(&m->store, mine, &error)))
		on_bad(m, mine->name.s, error->message);
	else if (d)
		domain_redefine(d, TAKE(mine));
	else
		add(m, TAKE(mine),
			store_is_marked(&m->store, definition->name.s, MARK_PREPARED)
				? definition->default_dispvm
				: NULL);
}

void manager_reload(struct manager *m) {
	g_hash_table_remove_all(m->broken);
	store_load(&m->store, on_good, on_bad, m);
	m->events->global_changed(m->user, "Broken");
}

void manager_ignore(void *user, const GError *error) {
}

static void on_ready(void *user, const char *error) {
	struct manager *m = user;
	GHashTableIter i;
	gpointer d;

	if (error)
		g_warning("no domain can be started: %s", error);
	manager_remove_rest(m);
	m->calls = calls_new(m, m->runtime_path);
	g_hash_table_iter_init(&i, m->domains);
	while (g_hash_table_iter_next(&i, NULL, &d)) {
		domain_adopt(d);
		if (domain_get_state(d) == DOMAIN_STOPPED)
			manager_domain_over(m, d); /* left by a manager that died */
		if (!error && domain_get_state(d) == DOMAIN_STOPPED &&
			domain_definition(d)->autostart)
			domain_start(d, manager_ignore, NULL);
	}
	manager_start_desk(m);
	if (!error)
		m->pool = pool_new(m);
	m->ready(m->ready_user, error);
}

static void open_audit(struct manager *m) {
	g_autofree char *state = paths_state(),
			*path = g_build_filename(state, "audit.jsonl", NULL);
	int r;

	g_mkdir_with_parents(state, 0700);
	r = audit_open(path, AUDIT_JOURNAL, &m->audit);
	if (r)
		g_warning("no audit file %s: %s", path, g_strerror(-r));
}

int manager_init(struct manager *m, const struct backend_ops *ops, int runtime,
	const char *runtime_path, const char *session_path, const struct manager_events *events,
	void *user, void (*ready)(void *user, const char *error), void *ready_user,
	GError **error) {
	const char *display = g_getenv("DISPLAY");

	memset(m, 0, sizeof(*m));
	m->ops = ops;
	m->runtime_path = g_strdup(session_path);
	m->events = events;
	m->user = user;
	m->ready = ready;
	m->ready_user = ready_user;
	m->display = g_strdup(display ? display : "");
	m->focused_name = g_strdup("");
	m->clipboard = manager_clipboard_new(m);
	m->domains = g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free, (GDestroyNotify)(void (*)(void))domain_free);
	m->broken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	m->jobs = g_hash_table_new(NULL, NULL);
	if (store_init(&m->store, error))
		return -1;
	open_audit(m);
	store_load(&m->store, on_good, on_bad, m);
	m->backend = m->ops->open(runtime, session_path, on_ready, m);
	return 0;
}

void manager_deinit(struct manager *m) {
	m->desk = daemon_free(m->desk);
	m->clipboard = manager_clipboard_free(m->clipboard);
	m->calls = calls_free(m->calls);
	m->pool = pool_free(m->pool);
	if (m->domains)
		g_hash_table_unref(m->domains);
	if (m->broken)
		g_hash_table_unref(m->broken);
	if (m->jobs)
		jobs_free(m->jobs);
	if (m->backend)
		m->ops->close(m->backend);
	m->audit = audit_close(m->audit);
	store_deinit(&m->store);
	g_free(m->display);
	g_free(m->runtime_path);
	g_free(m->focused_name);
}

struct stop_all {
	unsigned left;
	void (*done)(void *user);
	void *user;
};

static bool runs(const struct domain *d) {
	enum domain_state s = domain_get_state(d);

	return s != DOMAIN_STOPPED && s != DOMAIN_FAILED;
}

struct domain *manager_needs(struct manager *m, const struct domain *d) {
	GHashTableIter i;
	gpointer other;

	g_hash_table_iter_init(&i, m->domains);
	while (g_hash_table_iter_next(&i, NULL, &other))
		if (runs(other) && domain_needs(other) == d)
			return other;
	return NULL;
}

void manager_left(struct manager *m) {
	struct stop_all *s = m->stop_all;

	if (!s || s->left > 0 || m->leaving > 0)
		return;
	m->stop_all = NULL;
	s->done(s->user);
	g_free(s);
}

static void stop_next(struct manager *m);

static void on_stopped(void *user, const GError *error) {
	struct manager *m = user;

	m->stop_all->left--;
	stop_next(m);
}

/* The reverse of the order of the start: first those that no other needs. */
static void stop_next(struct manager *m) {
	g_autoptr(GList) all = g_hash_table_get_values(m->domains);
	struct stop_all *s = m->stop_all;

	s->left++; /* until all were asked */
	for (GList *l = all; l; l = l->next) {
		struct domain *d = l->data;

		if (!runs(d) || d->stop_asked || manager_needs(m, d))
			continue;
		d->stop_asked = true;
		s->left++;
		if (d->prepared_for)
			domain_kill(d, on_stopped, m);
		else
			domain_stop(d, false, on_stopped, m);
	}
	s->left--;
	manager_left(m);
}

void manager_stop_all(struct manager *m, void (*done)(void *user), void *user) {
	struct stop_all *s = g_new0(struct stop_all, 1);

	m->pool = pool_free(m->pool);
	m->stop_all = s;
	s->done = done;
	s->user = user;
	stop_next(m);
}
