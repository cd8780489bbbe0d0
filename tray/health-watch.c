/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/health-watch.h"

#include "tray/policy-cli.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <string.h>

/* Programs waited for memory for 0.3 s of 2 s: the kernel takes windows of whole 2 s from ordinary
 * users. */
#define PRESSURE_FILE  "/proc/pressure/memory"
#define PRESSURE_WORDS "some 300000 2000000"
#define CALM_SECONDS   20 /* after the last time it told */
#define DISK_EVERY     ((gint64)5 * G_USEC_PER_SEC)
#define DISK_LEFT      ((guint64)1 << 30)

struct health_watch {
	struct health *health;
	GCancellable *cancel;
	GFileMonitor *rules;
	int pressure;
	guint pressure_source, calm;
	gint64 looked;
	bool linting, lint_again;
};

static gboolean on_calm(gpointer user) {
	struct health_watch *w = user;

	w->calm = 0;
	health_set(w->health, HEALTH_MEMORY, "", NULL);
	return G_SOURCE_REMOVE;
}

static gboolean on_pressure(gint fd, GIOCondition condition, gpointer user) {
	struct health_watch *w = user;

	if (condition & (G_IO_ERR | G_IO_NVAL)) {
		w->pressure_source = 0;
		return G_SOURCE_REMOVE;
	}
	health_set(w->health, HEALTH_MEMORY, "",
		_("Memory is short: programs wait for it. Stop or pause a domain."));
	if (w->calm)
		g_source_remove(w->calm);
	w->calm = g_timeout_add_seconds(CALM_SECONDS, on_calm, w);
	return G_SOURCE_CONTINUE;
}

/* Where the kernel has no such thing, or does not let us, it is not watched. */
static void watch_pressure(struct health_watch *w) {
	w->pressure = open(PRESSURE_FILE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (w->pressure < 0)
		return;
	if (write(w->pressure, PRESSURE_WORDS, sizeof(PRESSURE_WORDS)) < 0) {
		close(w->pressure);
		w->pressure = -1;
		return;
	}
	w->pressure_source = g_unix_fd_add(w->pressure, G_IO_PRI | G_IO_ERR, on_pressure, w);
}

static void on_disk(GObject *source, GAsyncResult *result, gpointer user) {
	g_autoptr(GError) error = NULL;
	g_autoptr(GFileInfo)
		info = g_file_query_filesystem_info_finish(G_FILE(source), result, &error);
	g_autofree char *left = NULL, *text = NULL;
	struct health_watch *w = user;
	guint64 size, free;

	if (!info)
		return;
	size = g_file_info_get_attribute_uint64(info, G_FILE_ATTRIBUTE_FILESYSTEM_SIZE);
	free = g_file_info_get_attribute_uint64(info, G_FILE_ATTRIBUTE_FILESYSTEM_FREE);
	if (free < MIN(DISK_LEFT, size / 20)) {
		left = g_format_size(free);
		text = g_strdup_printf(
			_("The disk with the homes of the domains is nearly full: %s are left."),
			left);
	}
	health_set(w->health, HEALTH_DISK, "", text);
}

void health_watch_disk(struct health_watch *w) {
	g_autoptr(GFile) data = NULL;
	gint64 now = g_get_monotonic_time();

	if (w->looked && now - w->looked < DISK_EVERY)
		return;
	w->looked = now;
	data = g_file_new_for_path(g_get_user_data_dir());
	g_file_query_filesystem_info_async(data,
		G_FILE_ATTRIBUTE_FILESYSTEM_SIZE "," G_FILE_ATTRIBUTE_FILESYSTEM_FREE,
		G_PRIORITY_LOW, w->cancel, on_disk, w);
}

static void lint(struct health_watch *w);

static void on_linted(void *user, JsonNode *root, const char *error) {
	struct health_watch *w = user;
	JsonArray *errors = policy_json_array(root, "errors");
	g_autofree char *text = NULL;

	w->linting = false;
	if (errors && json_array_get_length(errors)) {
		JsonObject *o = json_array_get_object_element(errors, 0);

		text = g_strdup_printf(
			_("The policy has an error, so every call is refused: %s:%d:%d: %s"),
			policy_json_text(o, "file"), (int)policy_json_number(o, "line"),
			(int)policy_json_number(o, "column"), policy_json_text(o, "message"));
	}
	health_set(w->health, HEALTH_POLICY, "", text);
	if (w->lint_again)
		lint(w);
}

static void lint(struct health_watch *w) {
	static const char *const arguments[] = {"lint", "--json", NULL};

	w->lint_again = w->linting;
	if (w->linting)
		return;
	w->linting = true;
	policy_cli_run(arguments, NULL, w->cancel, on_linted, w);
}

static void on_rules(
	GFileMonitor *m, GFile *file, GFile *other, GFileMonitorEvent event, gpointer user) {
	if (event != G_FILE_MONITOR_EVENT_ATTRIBUTE_CHANGED)
		lint(user);
}

struct health_watch *health_watch_new(struct health *h) {
	struct health_watch *w = g_new0(struct health_watch, 1);
	g_autofree char *folder = g_build_filename(
		g_get_user_config_dir(), "bulkhead", "policy.d", NULL);
	g_autoptr(GFile) file = g_file_new_for_path(folder);

	w->health = h;
	w->cancel = g_cancellable_new();
	watch_pressure(w);
	health_watch_disk(w);
	/* GLib would look every four seconds for a folder that is not there. */
	g_mkdir_with_parents(folder, 0700);
	w->rules = g_file_monitor_directory(file, G_FILE_MONITOR_NONE, NULL, NULL);
	if (w->rules)
		g_signal_connect(w->rules, "changed", G_CALLBACK(on_rules), w);
	lint(w);
	return w;
}

struct health_watch *health_watch_free(struct health_watch *w) {
	if (!w)
		return NULL;
	g_cancellable_cancel(w->cancel);
	g_object_unref(w->cancel);
	if (w->rules)
		g_signal_handlers_disconnect_by_data(w->rules, w);
	g_clear_object(&w->rules);
	if (w->pressure_source)
		g_source_remove(w->pressure_source);
	if (w->calm)
		g_source_remove(w->calm);
	auto_close(&w->pressure);
	g_free(w);
	return NULL;
}

static const char *missing(const char *text) {
	static const char begin[] = "missing: ";

	return g_str_has_prefix(text, begin) ? text + strlen(begin) : NULL;
}

void health_watch_domain(struct health *h, const struct model_domain *d) {
	const char *gui = missing(model_text(d, "Gui")),
		   *network = missing(model_text(d, "Network"));
	bool runs = d->state == MODEL_RUNNING || d->state == MODEL_PAUSED;
	g_autofree char *no_gui = gui ? g_strdup_printf(_("Its windows cannot be shown: %s"), gui)
				      : NULL,
			*no_network = network ? g_strdup_printf(_("It has no network: %s"), network)
					      : NULL,
			*failed = d->state == MODEL_FAILED
					  ? g_strdup_printf(_("It failed: %s"), d->reason)
					  : NULL;

	health_set(h, HEALTH_GUI, d->name, runs ? no_gui : NULL);
	health_set(h, HEALTH_NETWORK, d->name, runs ? no_network : NULL);
	health_set(h, HEALTH_DOMAIN, d->name, failed);
}

void health_watch_broken(struct health *h, GVariant *broken) {
	g_autofree char *text = NULL;
	const char *file, *reason;
	gsize n = broken ? g_variant_n_children(broken) : 0;

	health_set(h, HEALTH_MANAGER, "",
		broken ? NULL : _("bulkheadd does not run or does not answer."));
	if (n) {
		g_variant_get_child(broken, 0, "(&s&s)", &file, &reason);
		text = g_strdup_printf(
			ngettext("%u definition of a domain is ignored: %s: %s",
				"%u definitions of domains are ignored, first %s: %s", (gulong)n),
			(guint)n, file, reason);
	}
	health_set(h, HEALTH_DEFINITION, "", text);
}
