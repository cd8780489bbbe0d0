/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/notices.h"

#include "common/text-filter.h"

#include <string.h>

struct account {
	char name[DOMAIN_NAME_MAX + 1];
	unsigned left;                    /* what may be shown at once */
	gint64 counted;                   /* when `left` was right */
	struct notice held[NOTICE_KINDS]; /* merged 0: none */
};

struct notices {
	GHashTable *accounts; /* name -> struct account */
	notices_show show;
	void *user;
};

struct notices *notices_new(notices_show show, void *user) {
	struct notices *n = g_new0(struct notices, 1);

	n->accounts = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
	n->show = show;
	n->user = user;
	return n;
}

struct notices *notices_free(struct notices *n) {
	if (!n)
		return NULL;
	g_hash_table_unref(n->accounts);
	g_free(n);
	return NULL;
}

static struct account *account_of(struct notices *n, const char *domain, gint64 now) {
	struct domain_name name;
	struct account *a;

	if (domain_name_parse(domain, &name))
		return NULL;
	a = g_hash_table_lookup(n->accounts, name.s);
	if (a || g_hash_table_size(n->accounts) >= NOTICE_DOMAINS)
		return a;
	a = g_new0(struct account, 1);
	memcpy(a->name, name.s, sizeof(a->name));
	a->left = NOTICE_BURST;
	a->counted = now;
	g_hash_table_insert(n->accounts, a->name, a);
	return a;
}

static void refill(struct account *a, gint64 now) {
	gint64 more = (now - a->counted) / NOTICE_EVERY;

	if (more <= 0)
		return;
	a->counted += more * NOTICE_EVERY;
	a->left = (unsigned)MIN(more + a->left, NOTICE_BURST);
}

static void merge(struct account *a, enum notice_kind kind, const char *text) {
	struct notice *held = &a->held[kind];

	memcpy(held->domain, a->name, sizeof(held->domain));
	held->kind = kind;
	text_filter(text, strlen(text), held->text, sizeof(held->text));
	if (held->merged < G_MAXUINT)
		held->merged++;
}

/* The gravest first. */
static void let_go(struct notices *n, struct account *a) {
	for (int kind = NOTICE_KINDS - 1; kind >= 0 && a->left > 0; kind--) {
		struct notice out = a->held[kind];

		if (!out.merged)
			continue;
		a->held[kind].merged = 0;
		a->left--;
		n->show(n->user, &out);
	}
}

void notices_tell(struct notices *n, const char *domain, enum notice_kind kind, const char *text,
	gint64 now) {
	struct account *a = account_of(n, domain, now);

	if (!a)
		return;
	refill(a, now);
	/* "stopped" makes a held "started" untrue, and the other way round. */
	if (kind == NOTICE_STARTED || kind == NOTICE_STOPPED)
		a->held[kind == NOTICE_STARTED ? NOTICE_STOPPED : NOTICE_STARTED].merged = 0;
	merge(a, kind, text);
	let_go(n, a);
}

gint64 notices_due(const struct notices *n) {
	GHashTableIter i;
	gpointer p;
	gint64 due = -1;

	g_hash_table_iter_init(&i, n->accounts);
	while (g_hash_table_iter_next(&i, NULL, &p)) {
		const struct account *a = p;
		bool held = false;

		for (int k = 0; k < NOTICE_KINDS; k++)
			held |= a->held[k].merged > 0;
		if (held && (due < 0 || a->counted + NOTICE_EVERY < due))
			due = a->counted + NOTICE_EVERY;
	}
	return due;
}

void notices_turn(struct notices *n, gint64 now) {
	g_autoptr(GList) all = g_hash_table_get_values(n->accounts);

	for (GList *l = all; l; l = l->next) {
		refill(l->data, now);
		let_go(n, l->data);
	}
}

void notices_forget(struct notices *n, const char *domain) {
	g_hash_table_remove(n->accounts, domain);
}
