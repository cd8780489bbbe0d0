/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/search.h"

#include <string.h>

#define NO_MATCH G_MAXUINT

struct found {
	struct search_hit *hits;
	guint count, max;
};

/* 0: the text begins so; 1: one of its words does; 2: it stands somewhere. */
static unsigned match(const char *text, const char *word) {
	const char *at = strstr(text, word);
	unsigned best = NO_MATCH;

	for (; at; at = strstr(at + 1, word)) {
		if (at == text)
			return 0;
		best = MIN(best, at[-1] == ' ' || at[-1] == '-' ? 1 : 2);
		if (best == 1)
			break;
	}
	return best;
}

/* Of every word the better of two texts; NO_MATCH if one word is in neither. */
static unsigned match_all(char *const *words, const char *domain, const char *text) {
	unsigned sum = 0;

	for (; *words; words++) {
		unsigned a = match(domain, *words), b = match(text, *words);

		if (a == NO_MATCH && b == NO_MATCH)
			return NO_MATCH;
		sum += MIN(a == NO_MATCH ? a : a + 1, b);
	}
	return sum;
}

/* Keeps the best; among equals who came first. */
static void keep(struct found *f, const struct search_hit *hit) {
	guint at = f->count;

	if (f->count == f->max && hit->score >= f->hits[f->count - 1].score)
		return;
	while (at > 0 && f->hits[at - 1].score > hit->score)
		at--;
	if (f->count < f->max)
		f->count++;
	memmove(&f->hits[at + 1], &f->hits[at], (f->count - at - 1) * sizeof(*hit));
	f->hits[at] = *hit;
}

static void search_domain(
	struct found *f, struct model_domain *d, char *const *words, const char *const *actions) {
	/* What runs is more likely meant. */
	unsigned idle = d->state == MODEL_RUNNING ? 0 : 1;

	for (guint i = 0; d->apps && i < d->apps->list->len; i++) {
		struct search_hit hit = {SEARCH_APP, d, g_ptr_array_index(d->apps->list, i)};
		unsigned score = match_all(words, d->folded, hit.app->words);

		if (score == NO_MATCH)
			continue;
		hit.score = score * 4 + idle;
		keep(f, &hit);
	}
	for (unsigned a = 0; a < ACTION_COUNT; a++) {
		struct search_hit hit = {SEARCH_ACTION, d, NULL, a};
		unsigned score = match_all(words, d->folded, actions[a]);

		if (score == NO_MATCH || !model_may(d, a))
			continue;
		hit.score = score * 4 + idle + 2;
		keep(f, &hit);
	}
}

static void search_windows(
	struct found *f, struct model *m, const GPtrArray *windows, char *const *words) {
	for (guint i = 0; windows && i < windows->len; i++) {
		const struct open_window *w = g_ptr_array_index(windows, i);
		struct search_hit hit = {SEARCH_WINDOW, model_find(m, w->domain), .window = w};
		unsigned score;

		if (!hit.domain)
			continue;
		score = match_all(words, hit.domain->folded, w->folded);
		if (score == NO_MATCH)
			continue;
		hit.score = score * 4 + 1;
		keep(f, &hit);
	}
}

guint search_run(struct model *m, const GPtrArray *windows, const char *query,
	const char *const *actions, struct search_hit *ret, guint max) {
	g_autofree char *cut = g_utf8_substring(
				query, 0, MIN(g_utf8_strlen(query, -1), SEARCH_QUERY_MAX)),
			*folded = g_utf8_casefold(cut, -1);
	g_auto(GStrv) words = g_strsplit(g_strstrip(folded), " ", SEARCH_WORDS_MAX);
	struct found f = {ret, 0, max};
	guint n = 0;

	/* Two spaces make an empty word, which would match everything. */
	for (guint i = 0; words[i]; i++) {
		if (*words[i])
			words[n++] = words[i];
		else
			g_free(words[i]);
	}
	words[n] = NULL;
	if (n == 0 || max == 0)
		return 0;
	for (guint i = 0; i < model_count(m); i++)
		search_domain(&f, model_at(m, i), words, actions);
	search_windows(&f, m, windows, words);
	return f.count;
}
