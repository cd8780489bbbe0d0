/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/model.h"
#include "tray/search.h"

#include <string.h>

struct heard {
	unsigned added, changed, removed, apps, global;
	enum model_state before, now;
	struct model *m;
};

static void heard(void *user, enum model_event e, struct model_domain *d, enum model_state before) {
	struct heard *h = user;

	h->added += e == MODEL_ADDED;
	h->changed += e == MODEL_CHANGED;
	h->removed += e == MODEL_REMOVED;
	h->apps += e == MODEL_APPS;
	h->global += e == MODEL_GLOBAL;
	h->before = before;
	h->now = d ? d->state : MODEL_UNKNOWN;
	/* What is told is in the model, at its removal too. */
	if (d)
		g_assert_true(model_find(h->m, d->name) == d);
}

static GVariant *variant(const char *format, ...) {
	va_list args;
	GVariant *v;

	va_start(args, format);
	v = g_variant_new_parsed_va(format, &args);
	va_end(args);
	return g_variant_ref_sink(v);
}

static GVariant *domain(const char *name, const char *state, const char *template) {
	return variant("{'org.bulkhead.Domain1': {'Name': <%s>, 'State': <%s>, 'Template': <%s>, "
		       "'Color': <'#4a90d9'>, 'Pattern': <'dots'>, 'Windows': <uint32 2>}}",
		name, state, template);
}

static void add(struct model *m, const char *name, const char *state, const char *template) {
	g_autoptr(GVariant) v = domain(name, state, template);
	g_autofree char *path = g_strconcat("/d/", name, NULL);

	model_add(m, path, v);
}

static void change(struct model *m, const char *path, const char *key, GVariant *value) {
	g_autoptr(GVariant) v = variant("{%s: %*}", key, g_variant_new_variant(value));

	model_change(m, path, v);
}

static void test_life(void) {
	struct heard h = {0};
	struct model *m = h.m = model_new(heard, &h);
	g_autoptr(GVariant) one = NULL;
	struct model_domain *d;

	add(m, "work", "stopped", "host");
	add(m, "Banking", "running", "debian-12");
	g_assert_cmpuint(h.added, ==, 2);
	g_assert_cmpstr(model_at(m, 0)->name, ==, "Banking");
	d = model_find(m, "work");
	g_assert_cmpuint(d->rgb, ==, 0x4a90d9);
	g_assert_cmpint(d->pattern, ==, PATTERN_DOTS);
	g_assert_cmpuint(d->windows, ==, 2);

	change(m, "/d/work", "State", g_variant_new_string("failed"));
	g_assert_cmpint(h.before, ==, MODEL_STOPPED);
	g_assert_cmpint(h.now, ==, MODEL_FAILED);
	change(m, "/d/work", "FailureReason", g_variant_new_string("a\nb\xe2\x80\xae"));
	g_assert_cmpstr(d->reason, ==, "a_b_");
	change(m, "/d/nobody", "State", g_variant_new_string("failed"));
	g_assert_cmpuint(h.changed, ==, 2);

	/* The whole picture anew: who is not in it is gone. */
	one = variant("{objectpath '/d/work': {'org.bulkhead.Domain1': {'Name': <'work'>, 'State': "
		      "<'running'>}}}");
	model_set_all(m, one);
	g_assert_cmpuint(model_count(m), ==, 1);
	g_assert_cmpuint(h.removed, ==, 1);
	g_assert_cmpint(d->state, ==, MODEL_RUNNING);
	g_assert_true(model_online(m));

	model_offline(m);
	g_assert_cmpint(d->state, ==, MODEL_UNKNOWN);
	g_assert_false(model_may(d, ACTION_START));
	g_assert_false(model_online(m));
	model_free(m);
}

static const struct {
	const char *state, *may; /* start stop pause unpause kill settings log cancel */
} rights[] = {
	{"stopped", "S....sl."},
	{"starting", ".T..KslC"},
	{"running", ".TP.Ksl."},
	{"paused", ".T.UKsl."},
	{"stopping", "....Ksl."},
	{"failed", "S....sl."},
	{"never heard", "......l."},
};

static void test_rights(void) {
	static const enum model_action order[] = {ACTION_START, ACTION_STOP, ACTION_PAUSE,
		ACTION_UNPAUSE, ACTION_KILL, ACTION_SETTINGS, ACTION_LOG, ACTION_CANCEL_START};
	struct heard h = {0};
	struct model *m = h.m = model_new(heard, &h);

	add(m, "work", "stopped", "debian");
	for (size_t i = 0; i < G_N_ELEMENTS(rights); i++) {
		struct model_domain *d = model_find(m, "work");

		change(m, "/d/work", "State", g_variant_new_string(rights[i].state));
		for (size_t a = 0; a < G_N_ELEMENTS(order); a++)
			g_assert_cmpint(model_may(d, order[a]), ==, rights[i].may[a] != '.');
		g_assert_false(model_may(d, ACTION_TERMINAL)); /* no application is known */
		g_assert_false(model_may(d, ACTION_THROW_AWAY_BROWSER));
		change(m, "/d/work", "TemplateForDispvms", g_variant_new_boolean(TRUE));
		g_assert_cmpint(model_may(d, ACTION_THROW_AWAY_BROWSER), ==,
			strcmp(rights[i].state, "never heard") != 0);
		change(m, "/d/work", "TemplateForDispvms", g_variant_new_boolean(FALSE));
		g_assert_false(model_may(d, ACTION_CANCEL_COPY));
		change(m, "/d/work", "Job", g_variant_new_string("rollback"));
		g_assert_cmpint(model_may(d, ACTION_CANCEL_COPY), ==, rights[i].may[0] == 'S');
		change(m, "/d/work", "Job", g_variant_new_string("remove"));
		g_assert_false(model_may(d, ACTION_CANCEL_COPY));
		change(m, "/d/work", "Job", g_variant_new_string(""));
	}
	model_free(m);
}

/* Names are names, types are types, and a thousand domains are enough. */
static void test_hostile(void) {
	struct heard h = {0};
	struct model *m = h.m = model_new(heard, &h);
	g_autoptr(GVariant) wrong = variant("{'org.bulkhead.Domain1': {'Name': <uint32 1>}}");

	add(m,
		"a\xe2\x80\xae"
		"b",
		"stopped", "host");
	add(m, "../x", "stopped", "host");
	add(m, "", "stopped", "host");
	model_add(m, "/d/wrong", wrong);
	g_assert_cmpuint(model_count(m), ==, 0);

	add(m, "work", "running", "host");
	change(m, "/d/work", "Windows", g_variant_new_string("many"));
	change(m, "/d/work", "JobProgress", g_variant_new_uint32(4000000000u));
	change(m, "/d/work", "Color", g_variant_new_string("#12345g"));
	change(m, "/d/work", "Pattern", g_variant_new_string("\x1b"));
	g_assert_cmpuint(model_at(m, 0)->windows, ==, 0);
	g_assert_cmpuint(model_at(m, 0)->progress, ==, 100);
	g_assert_cmpint(model_at(m, 0)->pattern, ==, PATTERN_SOLID);
	for (unsigned i = 0; i < 1000; i++) {
		g_autofree char *key = g_strdup_printf("K%u", i);

		change(m, "/d/work", key, g_variant_new_boolean(TRUE));
	}
	g_assert_cmpuint(g_hash_table_size(model_at(m, 0)->properties), <=, 64);
	for (unsigned i = 0; i < MODEL_DOMAINS_MAX + 10; i++) {
		g_autofree char *name = g_strdup_printf("d%u", i);

		add(m, name, "stopped", "host");
	}
	g_assert_cmpuint(model_count(m), ==, MODEL_DOMAINS_MAX);
	model_free(m);
}

static void add_app(struct apps *apps, const char *id, const char *name, const char *more) {
	g_autofree char *text = g_strdup_printf(
		"[Desktop Entry]\nType=Application\nName=%s\nExec=%s\n%s", name, id, more);
	struct app *a;

	g_assert_cmpint(app_parse(id, text, strlen(text), &a), ==, 0);
	apps_add(apps, a);
}

static const char *const actions[ACTION_COUNT] = {"start", "stop", "pause", "resume",
	"kill: end at once", "cancel the start", "cancel the copy", "open a terminal", "open files",
	"throw-away browser", "throw-away terminal", "settings", "log"};

static const struct {
	const char *query, *best; /* "domain app" or "domain action" */
} queries[] = {
	{"fire", "banking Firefox"}, /* it runs */
	{"fire work", "work Firefox"}, {"WORK  fire", "work Firefox"},
	{"browser work", "work Firefox"}, {"kill", "banking kill: end at once"},
	{"work set", "work settings"}, {"\xc3\x84ndern", "banking \xc3\xa4ndern"}, {"", NULL},
	{"   ", NULL}, {"kill work", NULL}, /* it does not run */
	{"firefox nowhere", NULL}, {"budget", "banking Budget 2026"},
	{"bank budget", "banking Budget 2026"}, {"budget work", NULL}, /* it is another domain's */
	{"stranger", NULL},                  /* of no domain that is known */
	{"fire banking", "banking Firefox"}, /* an application comes before a window */
};

static GPtrArray *make_windows(void) {
	static const char *const titles[][2] = {{"banking", "[banking] Budget 2026"},
		{"banking", "[banking] Firefox"}, {"nobody", "[nobody] stranger"}};
	GPtrArray *windows = open_windows_new();

	for (guint i = 0; i < G_N_ELEMENTS(titles); i++)
		g_ptr_array_add(windows, open_window_new(i + 1, titles[i][0], strlen(titles[i][0]),
						 titles[i][1], strlen(titles[i][1])));
	return windows;
}

/* What a domain has in a title is filtered, and cut; what claims no valid domain is no window. */
static void test_windows(void) {
	g_autofree char *endless = g_strnfill(5000, 'x');
	struct open_window *w = open_window_new(7, "work!", 4, "[work] a\u202eb", 12);

	g_assert_cmpuint(w->id, ==, 7);
	g_assert_cmpstr(w->domain, ==, "work");
	g_assert_cmpstr(w->title, ==, "a_b");
	open_window_free(w);
	w = open_window_new(7, "work", 4, "[private] x", 11);
	g_assert_cmpstr(w->title, ==, "[private] x");
	open_window_free(w);
	w = open_window_new(7, "work", 4, endless, 5000);
	g_assert_cmpuint(strlen(w->title), <, OPEN_WINDOW_TITLE_MAX);
	open_window_free(w);
	g_assert_null(open_window_new(7, "", 0, "x", 1));
	g_assert_null(open_window_new(7, "../work", 7, "x", 1));
	g_assert_null(open_window_new(7, "work\nx", 6, "x", 1));
}

static void test_search(void) {
	struct heard h = {0};
	struct model *m = h.m = model_new(heard, &h);
	struct apps *apps = apps_new();
	struct search_hit hits[5];
	g_autoptr(GPtrArray) windows = make_windows();

	add_app(apps, "firefox", "Firefox", "GenericName=Web Browser\n");
	add_app(apps, "campfire", "Campfire", "");
	add_app(apps, "edit", "\xc3\xa4ndern", "");
	apps_finish(apps);
	add(m, "work", "stopped", "host");
	add(m, "banking", "running", "host");
	add(m, "other", "running", "debian-12");
	model_set_host_apps(m, apps);
	g_assert_cmpuint(h.apps, ==, 2);
	apps_unref(apps);
	for (size_t i = 0; i < G_N_ELEMENTS(queries); i++) {
		guint n = search_run(
			m, windows, queries[i].query, actions, hits, G_N_ELEMENTS(hits));
		g_autofree char *best = NULL;

		g_test_message("%s", queries[i].query);
		g_assert_cmpuint(n > 0, ==, queries[i].best != NULL);
		if (!n)
			continue;
		best = g_strconcat(hits[0].domain->name, " ",
			hits[0].app      ? hits[0].app->name
			: hits[0].window ? hits[0].window->title
					 : actions[hits[0].action],
			NULL);
		g_assert_cmpstr(best, ==, queries[i].best);
		for (guint k = 1; k < n; k++)
			g_assert_cmpuint(hits[k - 1].score, <=, hits[k].score);
	}
	g_assert_cmpuint(search_run(m, NULL, "e", actions, hits, 3), ==, 3);
	model_free(m);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/model/life", test_life);
	g_test_add_func("/model/what-may-be-asked-when", test_rights);
	g_test_add_func("/search/table", test_search);
	g_test_add_func("/search/windows", test_windows);
	g_test_add_func("/bug-class/H10/the-model-has-bounds", test_hostile);
	return g_test_run();
}
