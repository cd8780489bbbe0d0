/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A call whose answer takes long: how far it is, and what Ctrl-C does. */
#include "domains/cli/cli.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME   "org.bulkhead.Manager1"
#define ROOT   "/org/bulkhead"
#define DOMAIN "org.bulkhead.Domain1"
#define JOB    "org.bulkhead.Job1"

struct waiting {
	struct cli *cli;
	const char *domain; /* NULL: Manager1 is asked */
	GMainLoop *loop;
	GCancellable *left; /* nobody waits any more */
	GVariant *reply;
	GError *error;
	char *cancelled; /* what was cancelled, in words; NULL: nothing */
	bool cancelling, shown;
};

static void clear_line(struct waiting *w) {
	if (w->shown)
		fputs("\r\033[K", stderr);
	w->shown = false;
}

static void on_changed(GDBusConnection *c, const gchar *sender, const gchar *path,
	const gchar *interface, const gchar *signal, GVariant *args, gpointer user) {
	g_autoptr(GVariant) changed = NULL;
	struct waiting *w = user;
	const char *of, *job;
	guint32 percent;

	if (!g_variant_is_of_type(args, G_VARIANT_TYPE("(sa{sv}as)")))
		return;
	g_variant_get(args, "(&s@a{sv}as)", &of, &changed, NULL);
	if (strcmp(of, DOMAIN) != 0 || !g_variant_lookup(changed, "JobProgress", "u", &percent))
		return;
	clear_line(w);
	if (!g_variant_lookup(changed, "Job", "&s", &job))
		job = "start"; /* the only one that has steps */
	if (!*job)
		return;
	if (percent > 0 && percent <= 100)
		fprintf(stderr, "%s: %s, %u %%", w->domain, job, percent);
	else
		fprintf(stderr, "%s: %s", w->domain, job);
	w->shown = true;
}

static void on_reply(GObject *source, GAsyncResult *result, gpointer user) {
	g_autoptr(GError) error = NULL;
	GVariant *reply = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
	struct waiting *w = user;

	if (w->error) { /* left */
		g_clear_pointer(&reply, g_variant_unref);
		return;
	}
	w->reply = reply;
	w->error = g_steal_pointer(&error);
	g_main_loop_quit(w->loop);
}

static void leave(struct waiting *w, const char *why) {
	clear_line(w);
	g_clear_error(&w->error);
	g_set_error(&w->error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
		"%s%sno longer waited for; it goes on%s%s", w->domain ? w->domain : "",
		w->domain ? ": " : "", why ? ": " : "", why ? why : "");
	g_main_loop_quit(w->loop);
}

static void on_cancel(GObject *source, GAsyncResult *result, gpointer user) {
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant)
		r = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

	if (r || g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return; /* the answer to the call itself comes when it is over */
	g_dbus_error_strip_remote_error(error);
	leave(user, error->message);
}

/* The path of the domain's job, and what it is. */
static char *find_job(GVariant *objects, const char *domain, char **what) {
	GVariantIter i;
	const char *path, *of;
	GVariant *interfaces;
	char *found = NULL;

	g_variant_iter_init(&i, objects);
	while (!found && g_variant_iter_next(&i, "{&o@a{sa{sv}}}", &path, &interfaces)) {
		g_autoptr(GVariant)
			job = g_variant_lookup_value(interfaces, JOB, G_VARIANT_TYPE_VARDICT);

		if (job && g_variant_lookup(job, "Domain", "&s", &of) && !strcmp(of, domain) &&
			g_variant_lookup(job, "What", "s", what))
			found = g_strdup(path);
		g_variant_unref(interfaces);
	}
	return found;
}

static void on_objects(GObject *source, GAsyncResult *result, gpointer user) {
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant)
		r = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
	g_autoptr(GVariant) objects = r ? g_variant_get_child_value(r, 0) : NULL;
	g_autofree char *path = NULL;
	struct waiting *w = user;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	path = objects ? find_job(objects, w->domain, &w->cancelled) : NULL;
	if (!path) {
		leave(w, NULL);
		return;
	}
	clear_line(w);
	fprintf(stderr, "bulkhead: %s: %s is being cancelled; Ctrl-C again: not waited for\n",
		w->domain, w->cancelled);
	g_dbus_connection_call(w->cli->connection, w->cli->name, path, JOB, "Cancel", NULL, NULL,
		G_DBUS_CALL_FLAGS_NONE, G_MAXINT, w->left, on_cancel, w);
}

static gboolean on_interrupt(gpointer user) {
	struct cli *c = user;
	struct waiting *w = c->waiting;

	c->interrupted = true;
	if (!w) /* between two calls: there is no next one */
		return G_SOURCE_CONTINUE;
	if (w->cancelling || !w->domain) {
		leave(w, NULL);
	} else {
		w->cancelling = true;
		g_dbus_connection_call(w->cli->connection, w->cli->name, ROOT,
			"org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL,
			G_VARIANT_TYPE("(a{oa{sa{sv}}})"), G_DBUS_CALL_FLAGS_NONE, G_MAXINT,
			w->left, on_objects, w);
	}
	return G_SOURCE_CONTINUE;
}

/* It may have been done before it could be cancelled; who interrupted it wants nothing more. */
static void judge(struct waiting *w) {
	if (!w->cli->interrupted || g_error_matches(w->error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	g_clear_pointer(&w->reply, g_variant_unref);
	if (w->error)
		g_dbus_error_strip_remote_error(w->error);
	g_autofree char *text = w->error ? g_strdup(w->error->message)
					 : g_strdup_printf("%s: it was done before it could be "
							   "cancelled",
						   w->domain);

	g_clear_error(&w->error);
	w->error = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CANCELLED, text);
}

GVariant *cli_call_job(struct cli *c, const char *domain, const char *method, GVariant *args,
	const char *reply, GError **error) {
	g_autoptr(GVariant) held = args ? g_variant_ref_sink(args) : NULL;
	g_autofree char *path = domain ? cli_domain_path(c, domain, error) : g_strdup(ROOT);
	struct waiting w = {.cli = c, .domain = domain};
	guint watch;

	if (!path)
		return NULL;
	if (!c->on_interrupt)
		c->on_interrupt = g_unix_signal_add(SIGINT, on_interrupt, c);
	if (c->interrupted) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "%s%snot done: interrupted",
			domain ? domain : "", domain ? ": " : "");
		return NULL;
	}
	w.loop = g_main_loop_new(NULL, FALSE);
	w.left = g_cancellable_new();
	watch = domain && isatty(STDERR_FILENO)
			? g_dbus_connection_signal_subscribe(c->connection, c->name,
				  "org.freedesktop.DBus.Properties", "PropertiesChanged", path,
				  NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_changed, &w, NULL)
			: 0;
	c->waiting = &w;
	g_dbus_connection_call(c->connection, c->name, path, domain ? DOMAIN : NAME, method, args,
		reply ? G_VARIANT_TYPE(reply) : NULL, G_DBUS_CALL_FLAGS_NONE, G_MAXINT, w.left,
		on_reply, &w);
	g_main_loop_run(w.loop);
	c->waiting = NULL;
	if (watch)
		g_dbus_connection_signal_unsubscribe(c->connection, watch);
	g_cancellable_cancel(w.left);
	clear_line(&w);
	judge(&w);
	/* What was left says so while w is there. */
	while (g_main_context_iteration(NULL, FALSE))
		;
	g_main_loop_unref(w.loop);
	g_object_unref(w.left);
	g_free(w.cancelled);
	if (w.error)
		g_propagate_error(error, w.error);
	return w.reply;
}
