/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which data ports are in use between two domains, whoever calls whom. A port is given again only
 * when both sides said that they are done with it, and then as late as possible: a new client must
 * never meet the last call's listener.
 */
#include "proto/qrexec.h"
#include "qrexec/broker/broker.h"

#define COUNT (QREXEC_PORT_LAST - QREXEC_PORT_FIRST + 1)

struct pair {
	uint64_t key;
	uint32_t next;
	bool used[COUNT];
};

struct ports {
	GHashTable *pairs;
};

static uint64_t key_of(uint32_t a, uint32_t b) {
	return a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a;
}

struct ports *ports_new(void) {
	struct ports *p = g_new0(struct ports, 1);

	p->pairs = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
	return p;
}

struct ports *ports_free(struct ports *p) {
	if (p)
		g_hash_table_destroy(p->pairs);
	g_free(p);
	return NULL;
}

uint32_t ports_take(struct ports *p, uint32_t a, uint32_t b) {
	uint64_t key = key_of(a, b);
	struct pair *pair = g_hash_table_lookup(p->pairs, &key);

	if (!pair) {
		pair = g_new0(struct pair, 1);
		pair->key = key;
		g_hash_table_insert(p->pairs, &pair->key, pair);
	}
	for (uint32_t i = 0; i < COUNT; i++) {
		uint32_t at = (pair->next + i) % COUNT;

		if (pair->used[at])
			continue;
		pair->used[at] = true;
		pair->next = at + 1;
		return QREXEC_PORT_FIRST + at;
	}
	return 0;
}

void ports_give(struct ports *p, uint32_t a, uint32_t b, uint32_t port) {
	uint64_t key = key_of(a, b);
	struct pair *pair = g_hash_table_lookup(p->pairs, &key);

	if (pair && port >= QREXEC_PORT_FIRST && port <= QREXEC_PORT_LAST)
		pair->used[port - QREXEC_PORT_FIRST] = false;
}

static gboolean names(gpointer key, gpointer value, gpointer data) {
	const uint64_t k = *(const uint64_t *)key;
	const uint32_t domain = *(const uint32_t *)data;

	(void)value;
	return (uint32_t)k == domain || (uint32_t)(k >> 32) == domain;
}

void ports_forget(struct ports *p, uint32_t domain) {
	g_hash_table_foreach_remove(p->pairs, names, &domain);
}
