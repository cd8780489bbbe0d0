/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/copies.h"

#include <string.h>

#define SENDS    COPYREPORT_SENDS
#define RECEIVES COPYREPORT_RECEIVES

struct copies {
	GPtrArray *list;
	const struct copies_events *events;
	void *user;
};

struct copies *copies_new(const struct copies_events *events, void *user) {
	struct copies *c = g_new0(struct copies, 1);

	c->list = g_ptr_array_new_with_free_func(g_free);
	c->events = events;
	c->user = user;
	return c;
}

struct copies *copies_free(struct copies *c) {
	if (!c)
		return NULL;
	g_ptr_array_unref(c->list);
	g_free(c);
	return NULL;
}

static enum copyreport_role speaker(const struct copy *c) {
	return c->last[RECEIVES].kind ? RECEIVES : SENDS;
}

const struct copyreport *copy_word(const struct copy *c) {
	return &c->last[speaker(c)];
}

const char *copy_speaker(const struct copy *c) {
	return speaker(c) == RECEIVES ? c->target : c->source;
}

enum copy_state copy_state(const struct copy *c) {
	switch (copy_word(c)->kind) {
	case COPYREPORT_DONE:
		return COPY_DONE;
	case COPYREPORT_FAILED:
		return COPY_FAILED;
	case COPYREPORT_RUNNING:
	case COPYREPORT_TAKEN:
		break;
	}
	return c->ends[speaker(c)] ? COPY_RUNNING : COPY_LOST;
}

bool copy_asks(const struct copy *c) {
	return c->last[RECEIVES].kind == COPYREPORT_TAKEN && c->ends[RECEIVES];
}

guint64 copy_total(const struct copy *c) {
	guint64 total = c->last[SENDS].total;

	return total < copy_word(c)->bytes ? 0 : total;
}

double copy_rate(const struct copy *c, gint64 now) {
	gint64 took = (c->ended ? c->ended : now) - c->began;

	return took > 0 ? (double)copy_word(c)->bytes * G_USEC_PER_SEC / (double)took : 0;
}

double copy_left(const struct copy *c, gint64 now) {
	guint64 total = copy_total(c);
	double rate = copy_rate(c, now);

	return total && rate > 0 ? (double)(total - copy_word(c)->bytes) / rate : -1;
}

static struct copy *find(struct copies *all, const void *end) {
	for (guint i = 0; i < all->list->len; i++) {
		struct copy *c = all->list->pdata[i];

		if (c->ends[SENDS] == end || c->ends[RECEIVES] == end)
			return c;
	}
	return NULL;
}

/* The other end of this one's copy: it reported already, and nobody was found for it yet. */
static struct copy *find_other(
	struct copies *all, enum copyreport_role role, const char *source, const char *target) {
	for (guint i = 0; i < all->list->len; i++) {
		struct copy *c = all->list->pdata[i];

		if (!c->ended && !c->last[role].kind && !strcmp(c->source, source) &&
			(!*c->target || !*target || !strcmp(c->target, target)))
			return c;
	}
	return NULL;
}

static struct copy *join(
	struct copies *all, void *end, const char *domain, const struct copyreport *r, gint64 now) {
	bool sends = r->role == SENDS;
	const char *source = sends ? domain : r->peer.s, *target = sends ? r->peer.s : domain;
	struct copy *c = find_other(all, r->role, source, target);
	bool begun = !c;

	if (begun) {
		c = g_new0(struct copy, 1);
		g_strlcpy(c->source, source, sizeof(c->source));
		c->began = now;
		g_ptr_array_add(all->list, c);
	}
	if (*target)
		g_strlcpy(c->target, target, sizeof(c->target));
	c->ends[r->role] = end;
	c->last[r->role] = *r;
	if (begun)
		all->events->begun(all->user, c);
	return c;
}

void copies_forget(struct copies *all, struct copy *c) {
	g_ptr_array_remove(all->list, c);
}

void copies_report(
	struct copies *all, void *end, const char *domain, const struct copyreport *r, gint64 now) {
	struct copy *c = find(all, end);

	if (c && r) {
		c->last[r->role] = *r;
	} else if (c) {
		for (int i = SENDS; i <= RECEIVES; i++)
			if (c->ends[i] == end)
				c->ends[i] = NULL;
	} else if (r && r->kind == COPYREPORT_RUNNING) {
		c = join(all, end, domain, r, now);
	}
	if (!c || c->ended)
		return;
	if (copy_state(c) == COPY_RUNNING)
		return all->events->changed(all->user, c);
	c->ended = now;
	all->events->over(all->user, c);
	if (!c->view)
		copies_forget(all, c);
}
