/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The domains, as the manager tells of them, and the sockets of their daemons. */
#include "qrexec/broker/broker.h"

#include <string.h>

struct domains {
	struct broker *broker;
	GHashTable *by_name;
	struct picture *picture; /* NULL: to be made anew */
};

static void domain_free(void *data) {
	struct domain *d = data;

	d->daemon = packets_free(d->daemon);
	g_free(d->name);
	g_free(d->uuid);
	g_free(d->type);
	g_free(d->user);
	g_free(d->default_dispvm);
	g_free(d->label);
	g_free(d->netvm);
	g_strfreev(d->tags);
	g_free(d);
}

struct domains *domains_new(struct broker *b) {
	struct domains *all = g_new0(struct domains, 1);

	all->broker = b;
	all->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, domain_free);
	return all;
}

struct domains *domains_free(struct domains *all) {
	if (!all)
		return NULL;
	picture_unref(all->picture);
	g_hash_table_destroy(all->by_name);
	g_free(all);
	return NULL;
}

struct domain *domains_find(struct domains *all, const char *name) {
	return g_hash_table_lookup(all->by_name, name);
}

struct domain *domains_find_id(struct domains *all, uint32_t id) {
	GHashTableIter i;
	struct domain *d;

	g_hash_table_iter_init(&i, all->by_name);
	while (g_hash_table_iter_next(&i, NULL, (gpointer *)&d))
		if (id && d->id == id)
			return d;
	return NULL;
}

static void stale(struct domains *all) {
	picture_unref(all->picture);
	all->picture = NULL;
}

/* The channel is over, or the domain has another id now: nothing of the old one goes on. */
static void detach(struct domain *d) {
	bool had = d->daemon != NULL;

	d->daemon = packets_free(d->daemon);
	d->ready = false;
	if (!had)
		return;
	calls_domain_gone(d->broker->calls, d);
	ports_forget(d->broker->ports, d->id);
}

static void set(char **field, const char *text) {
	g_free(*field);
	*field = *text ? g_strdup(text) : NULL;
}

void domains_update(struct domains *all, const struct broker_msg *m) {
	struct domain *d = domains_find(all, m->texts[BROKER_ABOUT_NAME]);

	if (!d) {
		d = g_new0(struct domain, 1);
		d->broker = all->broker;
		d->name = g_strdup(m->texts[BROKER_ABOUT_NAME]);
		g_hash_table_insert(all->by_name, d->name, d);
	}
	if (d->id != m->domain)
		detach(d);
	d->id = m->domain;
	d->flags = m->value;
	set(&d->uuid, m->texts[BROKER_ABOUT_UUID]);
	set(&d->type, m->texts[BROKER_ABOUT_TYPE]);
	set(&d->user, m->texts[BROKER_ABOUT_USER]);
	set(&d->default_dispvm, m->texts[BROKER_ABOUT_DEFAULT_DISPVM]);
	set(&d->label, m->texts[BROKER_ABOUT_LABEL]);
	set(&d->netvm, m->texts[BROKER_ABOUT_NETVM]);
	g_strfreev(d->tags);
	d->tags = g_new0(char *, m->count - BROKER_ABOUT_TAGS + 1);
	for (uint32_t i = BROKER_ABOUT_TAGS; i < m->count; i++)
		d->tags[i - BROKER_ABOUT_TAGS] = g_strdup(m->texts[i]);
	stale(all);
}

void domains_remove(struct domains *all, const char *name) {
	struct domain *d = domains_find(all, name);

	if (!d)
		return;
	detach(d);
	policy_leases_forget(d->broker->leases, name);
	g_hash_table_remove(all->by_name, name);
	stale(all);
}

static void on_message(void *data, const struct broker_msg *m, int fd) {
	struct domain *d = data;
	struct calls *calls = d->broker->calls;

	(void)fd;
	switch ((unsigned)m->type) {
	case BROKER_READY:
		d->ready = true;
		calls_domain_ready(calls, d);
		break;
	case BROKER_CALL:
		calls_request(calls, d, m);
		break;
	case BROKER_TERMINATED:
		calls_terminated(calls, d, m->domain, m->port);
		break;
	default:
		g_message("%s: %s", d->name, m->texts[0]);
		break;
	}
}

static void on_ended(void *data, bool bad) {
	struct domain *d = data;

	if (bad)
		g_warning("%s: its qrexec-daemon sent what it must not send", d->name);
	detach(d);
}

void domains_attach(struct domains *all, uint32_t id, const char *name, int fd) {
	struct domain *d = domains_find(all, name);
	struct packets_plan plan = {
		.fd = fd, .theirs = BROKER_FROM_DAEMON, .message = on_message, .ended = on_ended};

	if (!d || d->id != id || id == 0) {
		g_warning("a qrexec-daemon of %s, which does not run under that id", name);
		close(fd);
		return;
	}
	detach(d);
	plan.data = d;
	d->daemon = packets_new(&plan);
}

static void fill(const struct domain *d, struct policy_domain *ret) {
	*ret = (struct policy_domain){.name = d->name,
		.uuid = d->uuid,
		.type = d->type ? d->type : "AppVM",
		.tags = (const char *const *)d->tags,
		.tag_count = g_strv_length(d->tags),
		.default_dispvm = d->default_dispvm,
		.template_for_dispvms = d->flags & BROKER_IS_TEMPLATE,
		.running = d->id != 0,
		.internal = d->flags & BROKER_IS_INTERNAL,
		.netvm = d->netvm};
}

static void make_picture(struct domains *all) {
	guint count = g_hash_table_size(all->by_name);
	g_autofree struct policy_domain *records = g_new0(struct policy_domain, count + 1);
	struct policy_system *system;
	GHashTableIter i;
	struct domain *d;
	size_t n = 0, bad = 0;
	int r;

	g_hash_table_iter_init(&i, all->by_name);
	while (g_hash_table_iter_next(&i, NULL, (gpointer *)&d))
		fill(d, &records[n++]);
	r = policy_system_new(records, n, &system, &bad);
	if (r) {
		g_warning("no picture of the domains: %s",
			r > 0 ? policy_system_error(r) : g_strerror(-r));
		return;
	}
	all->picture = g_new0(struct picture, 1);
	all->picture->refs = 1;
	all->picture->system = system;
}

struct picture *domains_picture(struct domains *all) {
	if (!all->picture)
		make_picture(all);
	if (all->picture)
		all->picture->refs++;
	return all->picture;
}

void picture_unref(struct picture *p) {
	if (!p || --p->refs > 0)
		return;
	policy_system_free(p->system);
	g_free(p);
}
