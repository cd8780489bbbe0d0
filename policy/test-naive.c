/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/test-naive.h"

#include <string.h>

struct world {
	const struct policy *policy;
	const struct policy_system *system;
	const struct policy_domain *source;
	const char *service, *argument;
};

#define ZERO "uuid:00000000-0000-0000-0000-000000000000"

static bool is_dom0(const char *t) {
	return !strcmp(t, "dom0") || !strcmp(t, "@adminvm") || !strcmp(t, ZERO);
}

static const struct policy_domain *find(const struct world *w, const char *name) {
	for (size_t i = 0; i < policy_system_count(w->system); i++) {
		const struct policy_domain *d = policy_system_at(w->system, i);

		if (!strcmp(d->name, name) ||
			(d->uuid && g_str_has_prefix(name, "uuid:") && !strcmp(d->uuid, name + 5)))
			return d;
	}
	return NULL;
}

static bool has_tag(const struct policy_domain *d, const char *tag) {
	for (size_t i = 0; i < d->tag_count; i++)
		if (!strcmp(d->tags[i], tag))
			return true;
	return false;
}

static const struct policy_domain *template_of(const struct world *w, const char *keyword) {
	if (!strcmp(keyword, "@dispvm"))
		return w->source->default_dispvm ? find(w, w->source->default_dispvm) : NULL;
	return find(w, keyword + strlen("@dispvm:"));
}

/* 1 fits, 0 not, -1 the caller has no default template and the token needs it */
static int fits(const struct world *w, const char *token, const char *word) {
	bool disposable = g_str_has_prefix(word, "@dispvm");
	const struct policy_domain *d = disposable ? template_of(w, word) : find(w, word);

	if (!strcmp(token, "*"))
		return 1;
	if (!strcmp(token, "@anyvm"))
		return !is_dom0(word);
	if (is_dom0(token))
		return is_dom0(word);
	if (!strcmp(token, "@default") || !strcmp(token, "@dispvm"))
		return !strcmp(token, word);
	if (g_str_has_prefix(token, "@dispvm:@tag:"))
		return disposable && d && d->template_for_dispvms && has_tag(d, token + 13);
	if (g_str_has_prefix(token, "@dispvm:")) {
		if (disposable && !d)
			return -1;
		return disposable && find(w, token + 8) == d;
	}
	if (disposable || !d || *word == '@')
		return 0;
	if (g_str_has_prefix(token, "@type:"))
		return !strcmp(d->type, token + 6);
	if (g_str_has_prefix(token, "@tag:"))
		return has_tag(d, token + 5);
	return find(w, token) == d;
}

static bool fits_but_target(const struct world *w, const struct policy_rule *r) {
	return (!r->service || !strcmp(r->service, w->service)) &&
	       (!r->argument || !strcmp(r->argument, w->argument)) &&
	       fits(w, r->source.text, w->source->name) == 1;
}

static void expand(const struct world *w, const char *token, GHashTable *ret) {
	for (size_t i = 0; i < policy_system_count(w->system); i++) {
		const struct policy_domain *d = policy_system_at(w->system, i);
		g_autofree char *fresh = g_strdup_printf("@dispvm:%s", d->name);

		if (!strcmp(token, "@dispvm"))
			continue;
		/* A name of its own stands only for itself: @dispvm:X of what is no template for
		 * none. */
		if (fits(w, token, d->name) == 1)
			g_hash_table_add(ret, g_strdup(d->name));
		if (d->template_for_dispvms && fits(w, token, fresh) == 1)
			g_hash_table_add(ret, g_strdup(fresh));
	}
	if (!strcmp(token, "*") || !strcmp(token, "@anyvm") || !strcmp(token, "@dispvm"))
		g_hash_table_add(ret, g_strdup("@dispvm"));
}

static bool is_ghost(const struct world *w, const char *token) {
	return g_str_has_prefix(token, "@dispvm:") && !g_str_has_prefix(token, "@dispvm:@tag:") &&
	       !find(w, token + 8);
}

static int by_text(gconstpointer a, gconstpointer b) {
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* From the last rule to the first, adding and taking away. NULL: a rule names a ghost. */
static GHashTable *walk(const struct world *w, GHashTable *denied_before_keyword) {
	GHashTable *set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (size_t i = policy_rule_count(w->policy); i-- > 0;) {
		const struct policy_rule *r = policy_rule_at(w->policy, i);
		const char *token = r->redirects ? r->redirect.text : r->target.text;
		g_autoptr(GHashTable)
			some = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
		GHashTableIter iter;
		gpointer key;

		if (!fits_but_target(w, r))
			continue;
		if (is_ghost(w, token)) {
			g_hash_table_unref(set);
			return NULL;
		}
		expand(w, token, some);
		g_hash_table_iter_init(&iter, some);
		while (g_hash_table_iter_next(&iter, &key, NULL)) {
			if (r->action == POLICY_ACTION_DENY) {
				g_hash_table_remove(set, key);
				g_hash_table_add(denied_before_keyword, g_strdup(key));
				continue;
			}
			g_hash_table_add(set, g_strdup(key));
			g_hash_table_remove(denied_before_keyword, key);
			if (!strcmp(key, "@dispvm"))
				g_hash_table_remove_all(denied_before_keyword);
		}
	}
	return set;
}

static GPtrArray *candidates(const struct world *w) {
	g_autoptr(GHashTable) denied = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable) set = walk(w, denied);
	const struct policy_domain *of = template_of(w, "@dispvm");
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *fresh = of ? g_strdup_printf("@dispvm:%s", of->name) : NULL;
	GHashTableIter iter;
	gpointer key;

	if (!set) {
		g_ptr_array_unref(list);
		return NULL;
	}
	if (g_hash_table_remove(set, "@dispvm") && fresh && !g_hash_table_contains(denied, fresh))
		g_hash_table_add(set, g_strdup(fresh));
	g_hash_table_iter_init(&iter, set);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		const char *text = key;
		const char *name = g_str_has_prefix(text, "@dispvm:") ? text + 8 : text;

		if (strcmp(text, w->source->name) != 0 && !find(w, name)->internal)
			g_ptr_array_add(list, g_strdup(text));
	}
	g_ptr_array_sort(list, by_text);
	return list;
}

static bool can_go_without_start(const struct world *w, const char *text) {
	const struct policy_domain *d = find(w, text);

	return is_dom0(text) || (*text != '@' && d && d->running);
}

static struct naive allow(
	const struct world *w, const struct policy_rule *r, const char *requested) {
	const char *text = r->redirects ? r->redirect.text : requested;
	struct naive n = {"deny", r->number};
	const struct policy_domain *d;

	if (!strcmp(text, "@dispvm")) {
		d = template_of(w, text);
		n.target = d ? g_strdup_printf("@dispvm:%s", d->name) : NULL;
	} else if (g_str_has_prefix(text, "@dispvm:")) {
		d = template_of(w, text);
		n.target = d && d->template_for_dispvms ? g_strdup(text) : NULL;
	} else if (!strcmp(text, "@adminvm")) {
		n.target = g_strdup("dom0");
	} else if (find(w, text)) {
		n.target = g_strdup(text);
	}
	if (!n.target || (!r->autostart && !can_go_without_start(w, n.target)))
		return n;
	n.outcome = "allow";
	return n;
}

static struct naive ask(const struct world *w, const struct policy_rule *r) {
	struct naive n = {"deny", r->number};
	g_autofree char *wanted = NULL;
	const struct policy_domain *of = template_of(w, "@dispvm");

	if (r->redirects) {
		n.targets = g_ptr_array_new_with_free_func(g_free);
		g_ptr_array_add(
			n.targets, g_strdup(is_dom0(r->redirect.text) ? "dom0" : r->redirect.text));
	} else {
		n.targets = candidates(w);
	}
	for (guint i = n.targets ? n.targets->len : 0; !r->autostart && i-- > 0;)
		if (!can_go_without_start(w, n.targets->pdata[i]))
			g_ptr_array_remove_index(n.targets, i);
	if (!n.targets || n.targets->len == 0)
		return n;
	n.outcome = "ask";
	if (!r->has_default_target)
		return n;
	if (!strcmp(r->default_target.text, "@dispvm"))
		wanted = of ? g_strdup_printf("@dispvm:%s", of->name) : g_strdup("");
	else
		wanted = g_strdup(
			is_dom0(r->default_target.text) ? "dom0" : r->default_target.text);
	for (guint i = 0; i < n.targets->len; i++)
		if (!strcmp(n.targets->pdata[i], wanted))
			n.default_target = g_strdup(wanted);
	return n;
}

static const char *check_target(const struct world *w, const char **target) {
	const struct policy_domain *d;

	if (**target == '\0')
		*target = "@default";
	if (**target != '@') {
		if (!find(w, *target))
			*target = "@default";
		return NULL;
	}
	if (!strcmp(*target, "@default") || !strcmp(*target, "@adminvm") ||
		!strcmp(*target, "@dispvm"))
		return NULL;
	if (!g_str_has_prefix(*target, "@dispvm:"))
		return "request-syntax-error";
	d = find(w, *target + 8);
	return d && d->template_for_dispvms ? NULL : "request-denied";
}

struct naive naive_decide(const struct policy *policy, const struct policy_system *system,
	const char *source, const char *target, const char *service, const char *argument) {
	struct world w = {policy, system, NULL, service, argument};
	struct naive n = {"deny", -1};
	const char *bad = check_target(&w, &target);

	w.source = find(&w, source);
	if (bad || !w.source) {
		n.outcome = bad ? bad : "request-error";
		return n;
	}
	for (size_t i = 0; i < policy_rule_count(policy); i++) {
		const struct policy_rule *r = policy_rule_at(policy, i);
		int fit = fits_but_target(&w, r) ? fits(&w, r->target.text, target) : 0;

		if (fit == 0)
			continue;
		if (fit > 0 && r->action == POLICY_ACTION_ALLOW)
			return allow(&w, r, target);
		if (fit > 0 && r->action == POLICY_ACTION_ASK)
			return ask(&w, r);
		n.rule = r->number;
		return n;
	}
	return n;
}

void naive_deinit(struct naive *naive) {
	g_free(naive->target);
	g_free(naive->default_target);
	if (naive->targets)
		g_ptr_array_unref(naive->targets);
}
