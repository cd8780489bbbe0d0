/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/launches.h"

#include "tray/ghost.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/wait.h>

struct launch {
	struct launches *all;
	unsigned number;
	char *path, *domain, *what;
	char **argv;
	struct ghost *ghost; /* NULL: the person hid it */
	unsigned windows;    /* how many there were */
	guint32 command;     /* 0: not yet started */
	guint timer;
};

struct launches {
	struct link *link;
	struct model *model;
	GPtrArray *list;
	unsigned next;
	void (*failed)(void *user, const char *domain, const char *text);
	void *user;
};

/* What an answer comes back with: the launch itself may be gone by then. */
struct ticket {
	struct launches *all;
	unsigned number;
};

static void launch_free(gpointer p) {
	struct launch *l = p;

	if (l->timer)
		g_source_remove(l->timer);
	ghost_free(l->ghost);
	g_free(l->path);
	g_free(l->domain);
	g_free(l->what);
	g_strfreev(l->argv);
	g_free(l);
}

static struct launch *find(struct launches *all, unsigned number) {
	for (guint i = 0; i < all->list->len; i++) {
		struct launch *l = g_ptr_array_index(all->list, i);

		if (l->number == number)
			return l;
	}
	return NULL;
}

static void fail(struct launch *l, const char *why) {
	struct launches *all = l->all;
	g_autofree char *text = g_strdup_printf(_("%s could not be opened: %s"), l->what, why),
			*domain = g_strdup(l->domain);

	g_ptr_array_remove(all->list, l);
	all->failed(all->user, domain, text);
}

static void on_run(void *user, GVariant *reply, const char *error) {
	g_autofree struct ticket *t = user;
	struct launch *l = find(t->all, t->number);

	if (!l)
		return;
	if (error)
		fail(l, error);
	else if (g_variant_is_of_type(reply, G_VARIANT_TYPE("(u)")))
		g_variant_get(reply, "(u)", &l->command);
}

static void on_start(void *user, GVariant *reply, const char *error) {
	struct ticket *t = user;
	struct launch *l = find(t->all, t->number);

	if (!l || error) {
		if (l)
			fail(l, error);
		g_free(t);
		return;
	}
	link_call_domain(t->all->link, l->path, "Run", g_variant_new("(^aay)", l->argv), on_run, t);
}

static gboolean on_timer(gpointer user) {
	struct launch *l = user;

	l->timer = 0;
	g_ptr_array_remove(l->all->list, l);
	return G_SOURCE_REMOVE;
}

static void on_closed(void *user) {
	struct launch *l = user;

	l->ghost = ghost_free(l->ghost);
}

void launches_start(struct launches *all, struct model_domain *d, const struct app *a) {
	struct launch *l;
	struct ticket *t;
	char **argv = app_command(d->apps, a);

	if (!argv || all->list->len >= LAUNCHES_MAX) {
		all->failed(all->user, d->name,
			argv ? _("too many applications are being opened already")
			     : _("it needs a terminal, and there is none"));
		g_strfreev(argv);
		return;
	}
	l = g_new0(struct launch, 1);
	l->all = all;
	l->number = ++all->next;
	l->path = g_strdup(d->path);
	l->domain = g_strdup(d->name);
	l->what = g_strdup(a->name);
	l->argv = argv;
	l->windows = d->windows;
	l->ghost = ghost_new(d, a->name, on_closed, l);
	l->timer = g_timeout_add_seconds(LAUNCHES_SECONDS, on_timer, l);
	g_ptr_array_add(all->list, l);
	t = g_new(struct ticket, 1);
	*t = (struct ticket){all, l->number};
	link_call_domain(all->link, l->path, "Start", NULL, on_start, t);
}

bool launches_any(const struct launches *all, const struct model_domain *d) {
	for (guint i = 0; i < all->list->len; i++)
		if (!strcmp(((struct launch *)all->list->pdata[i])->path, d->path))
			return true;
	return false;
}

void launches_heard(struct launches *all, struct model_domain *d, bool gone) {
	for (guint i = all->list->len; i > 0; i--) {
		struct launch *l = g_ptr_array_index(all->list, i - 1);

		if (strcmp(l->path, d->path) != 0)
			continue;
		if (gone || (d->windows > l->windows && l->command)) {
			g_ptr_array_remove_index(all->list, i - 1);
			continue;
		}
		/* A window that closes makes room for the one that is awaited. */
		l->windows = l->command ? MIN(l->windows, d->windows) : d->windows;
		if (l->ghost)
			ghost_progress(l->ghost, d);
	}
}

void launches_command_ended(struct launches *all, const char *path, guint32 id, int status) {
	for (guint i = all->list->len; i > 0; i--) {
		struct launch *l = g_ptr_array_index(all->list, i - 1);
		g_autofree char *why = NULL;

		if (!l->command || l->command != id || strcmp(l->path, path) != 0)
			continue;
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
			/* It handed over to another process, or was done: no window is awaited. */
			g_ptr_array_remove_index(all->list, i - 1);
			continue;
		}
		why = WIFSIGNALED(status)
			      ? g_strdup_printf(_("it ended by signal %d"), WTERMSIG(status))
			      : g_strdup_printf(
					_("it ended at once with status %d"), WEXITSTATUS(status));
		fail(l, why);
	}
}

struct launches *launches_new(struct link *l, struct model *m,
	void (*failed)(void *user, const char *domain, const char *text), void *user) {
	struct launches *all = g_new0(struct launches, 1);

	all->link = l;
	all->model = m;
	all->list = g_ptr_array_new_with_free_func(launch_free);
	all->failed = failed;
	all->user = user;
	return all;
}

struct launches *launches_free(struct launches *all) {
	if (!all)
		return NULL;
	g_ptr_array_unref(all->list);
	g_free(all);
	return NULL;
}
