/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/pool.h"

#include "domains/backoff.h"
#include "domains/domain-private.h"

#include <string.h>

/* After one was taken, what the person waits for has the processors to itself for a while. */
#define REST_MS 3000

struct pool {
	struct manager *in;
	guint soon, timer;
	gint64 rest_until_ms;
	struct backoff backoff;
	char *told; /* what there was when it was told last */
};

static gint64 now_ms(void) {
	return g_get_monotonic_time() / 1000;
}

static gboolean on_timer(gpointer user) {
	struct pool *p = user;

	p->timer = 0;
	pool_look(p);
	return G_SOURCE_REMOVE;
}

static void look_in(struct pool *p, gint64 ms) {
	if (!p->timer)
		p->timer = g_timeout_add((guint)MAX(ms, 0), on_timer, p);
}

static unsigned wanted(const struct domain *model) {
	const struct definition *d = model->definition;

	return d->template_for_dispvms ? d->disposable_pool : 0;
}

/* Is it still what would be made today? */
static bool up_to_date(const struct domain *d, const struct domain *model) {
	AUTO(definition_free_p)
	struct definition *today = disposable_definition(model->definition, d->definition->name);
	g_autofree char *has = definition_format(d->definition), *should = NULL;

	if (!today || !d->machine)
		return false;
	/* Each has a uuid of its own. */
	if (!definition_set(today, "uuid", d->definition->uuid, NULL))
		return false;
	should = definition_format(today);
	return !strcmp(has, should) && (!d->in->ops->outdated || !d->in->ops->outdated(d->machine));
}

static bool settled(const struct domain *d) {
	return d->state == DOMAIN_RUNNING &&
	       (!strcmp(d->gui_state, "connected") || g_str_has_prefix(d->gui_state, "missing"));
}

static void on_paused(void *user, const GError *error) {
	struct domain *d = user;

	d->pausing = false;
	if (error && domain_get_state(d) == DOMAIN_RUNNING)
		g_message("a prepared throw-away domain runs idle instead of being frozen: %s",
			error->message);
	pool_look(d->in->pool);
}

static void settle(struct domain *d) {
	if (d->rests || !settled(d))
		return;
	d->rests = d->pausing = true;
	domain_pause(d, true, on_paused, d);
}

static void throw_away(struct domain *d) {
	if (d->machine && d->state != DOMAIN_STOPPING && !d->discarded) {
		d->discarded = true;
		domain_kill(d, manager_ignore, NULL);
	}
}

/* How many of this model there are or are on their way; keeps no more than n. */
static unsigned keep(struct pool *p, struct domain *model, unsigned n, bool *ret_busy) {
	unsigned count = 0;
	GHashTableIter i;
	gpointer value;

	g_hash_table_iter_init(&i, p->in->domains);
	while (g_hash_table_iter_next(&i, NULL, &value)) {
		struct domain *d = value;

		if (!d->prepared_for || d->taken || strcmp(d->prepared_for, domain_name(model)))
			continue;
		if (d->discarded || count >= n || !up_to_date(d, model)) {
			throw_away(d);
			continue;
		}
		count++;
		d->rests |= d->state == DOMAIN_PAUSED; /* of a former manager */
		*ret_busy |= !d->rests;
		settle(d);
	}
	return count;
}

static void on_started(void *user, const GError *error) {
	struct manager *m = user;

	if (error)
		g_message("no throw-away domain could be prepared: %s", error->message);
	else if (m->pool)
		m->pool->backoff.failures = 0;
}

static void prepare(struct pool *p, struct domain *model) {
	g_autoptr(GError) error = NULL;
	struct domain *d;
	gint64 wait = p->rest_until_ms - now_ms();

	if (wait > 0 || p->timer) {
		look_in(p, wait);
		return;
	}
	/* One that fails is tried again later and later. */
	p->rest_until_ms = now_ms() + backoff_ended(&p->backoff, now_ms());
	backoff_started(&p->backoff, now_ms());
	d = manager_make_disposable(p->in, model, true, &error);
	if (d)
		domain_start(d, on_started, p->in);
	else
		on_started(p->in, error);
}

/* Those whose model is gone. */
static void drop_orphans(struct pool *p) {
	GHashTableIter i;
	gpointer value;

	g_hash_table_iter_init(&i, p->in->domains);
	while (g_hash_table_iter_next(&i, NULL, &value)) {
		struct domain *d = value;

		if (d->prepared_for && !d->taken && !manager_find(p->in, d->prepared_for))
			throw_away(d);
	}
}

static void tell(struct pool *p) {
	GString *now = g_string_new(NULL);
	GHashTableIter i;
	gpointer value;

	g_hash_table_iter_init(&i, p->in->domains);
	while (g_hash_table_iter_next(&i, NULL, &value)) {
		struct domain *d = value;

		if (d->prepared_for && !d->taken)
			g_string_append_printf(now, "%s %d ", domain_name(d), (int)d->state);
	}
	if (g_strcmp0(p->told, now->str))
		p->in->events->global_changed(p->in->user, "Prepared");
	g_free(p->told);
	p->told = g_string_free(now, FALSE);
}

/* One at a time is started. */
static gboolean on_soon(gpointer user) {
	struct pool *p = user;
	struct domain *next = NULL;
	bool busy = false;
	g_autoptr(GList) all = g_hash_table_get_values(p->in->domains);

	p->soon = 0;
	drop_orphans(p);
	for (GList *l = all; l; l = l->next) {
		struct domain *model = l->data;
		unsigned n = model->prepared_for ? 0 : wanted(model);

		if (keep(p, model, n, &busy) < n)
			next = model;
	}
	if (next && !busy)
		prepare(p, next);
	tell(p);
	return G_SOURCE_REMOVE;
}

void pool_look(struct pool *p) {
	if (p && !p->soon)
		p->soon = g_idle_add_full(G_PRIORITY_LOW, on_soon, p, NULL);
}

static bool ready(const struct domain *d, const struct domain *model) {
	return d->prepared_for && !strcmp(d->prepared_for, domain_name(model)) && !d->pausing &&
	       !d->taken && !d->discarded &&
	       (d->state == DOMAIN_PAUSED || d->state == DOMAIN_RUNNING) && up_to_date(d, model);
}

struct domain *pool_take(struct pool *p, struct domain *model) {
	GHashTableIter i;
	gpointer value;

	if (!p)
		return NULL;
	pool_look(p);
	p->rest_until_ms = MAX(p->rest_until_ms, now_ms() + REST_MS);
	g_hash_table_iter_init(&i, p->in->domains);
	while (g_hash_table_iter_next(&i, NULL, &value)) {
		struct domain *d = value;

		/* The mark first: whatever happens, it is never given out twice. */
		if (ready(d, model) &&
			!store_mark(&p->in->store, domain_name(d), MARK_PREPARED, false)) {
			d->taken = true;
			return d;
		}
	}
	return NULL;
}

struct pool *pool_new(struct manager *m) {
	struct pool *p = g_new0(struct pool, 1);

	p->in = m;
	pool_look(p);
	return p;
}

struct pool *pool_free(struct pool *p) {
	if (!p)
		return NULL;
	g_clear_handle_id(&p->soon, g_source_remove);
	g_clear_handle_id(&p->timer, g_source_remove);
	g_free(p->told);
	g_free(p);
	return NULL;
}
