/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/health.h"

#include "common/text-filter.h"

#include <string.h>

struct health {
	GPtrArray *items; /* struct health_item, by kind and domain */
	health_changed changed;
	void *user;
};

struct health *health_new(health_changed changed, void *user) {
	struct health *h = g_new0(struct health, 1);

	h->items = g_ptr_array_new_with_free_func(g_free);
	h->changed = changed;
	h->user = user;
	return h;
}

struct health *health_free(struct health *h) {
	if (!h)
		return NULL;
	g_ptr_array_unref(h->items);
	g_free(h);
	return NULL;
}

guint health_count(const struct health *h) {
	return h->items->len;
}

const struct health_item *health_at(const struct health *h, guint i) {
	return i < h->items->len ? h->items->pdata[i] : NULL;
}

static int compare(gconstpointer a, gconstpointer b) {
	const struct health_item *const *x = a, *const *y = b;

	if ((*x)->kind != (*y)->kind)
		return (*x)->kind < (*y)->kind ? -1 : 1;
	return strcmp((*x)->domain, (*y)->domain);
}

static struct health_item *find(struct health *h, enum health_kind kind, const char *domain) {
	for (guint i = 0; i < h->items->len; i++) {
		struct health_item *item = h->items->pdata[i];

		if (item->kind == kind && !strcmp(item->domain, domain))
			return item;
	}
	return NULL;
}

static void add(struct health *h, enum health_kind kind, const char *domain, const char *text) {
	struct health_item *item;

	if (h->items->len >= HEALTH_MAX || strlen(domain) > DOMAIN_NAME_MAX)
		return;
	item = g_new0(struct health_item, 1);
	item->kind = kind;
	g_strlcpy(item->domain, domain, sizeof(item->domain));
	text_filter(text, strlen(text), item->text, sizeof(item->text));
	g_ptr_array_add(h->items, item);
	g_ptr_array_sort(h->items, compare);
	h->changed(h->user, item);
}

void health_set(struct health *h, enum health_kind kind, const char *domain, const char *text) {
	struct health_item *item = find(h, kind, domain);
	char filtered[HEALTH_TEXT_SIZE];

	if (!text || !*text) {
		if (item && g_ptr_array_remove(h->items, item))
			h->changed(h->user, NULL);
		return;
	}
	if (!item) {
		add(h, kind, domain, text);
		return;
	}
	text_filter(text, strlen(text), filtered, sizeof(filtered));
	if (!strcmp(filtered, item->text))
		return;
	memcpy(item->text, filtered, sizeof(filtered));
	h->changed(h->user, NULL);
}

void health_forget(struct health *h, const char *domain) {
	guint before = h->items->len;

	for (guint i = before; i > 0; i--)
		if (!strcmp(((struct health_item *)h->items->pdata[i - 1])->domain, domain))
			g_ptr_array_remove_index(h->items, i - 1);
	if (h->items->len != before)
		h->changed(h->user, NULL);
}
