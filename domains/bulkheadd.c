/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkheadd: the domain manager. Reads definitions, starts and supervises what runs a domain, shows
 * all of it on D-Bus: on the session bus where there is one (or the system bus), and always on a
 * socket of its own in the runtime folder. It must never read a byte that a domain chose. On Xen it
 * runs as root, for one person's session (--session-user); with the local backend it must not.
 */
#include "domains/dbus.h"
#include "domains/paths.h"
#include "domains/program.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

struct bulkheadd {
	GMainLoop *loop;
	int runtime, lock, ready_fd;
	char *runtime_path;
	char *session_path; /* where the session's programs find us */
	char *backend, *session_user;
	uid_t session_uid;
	const struct backend_ops *ops;
	gboolean stop_at_exit, no_session_bus, system_bus;
	bool ending;
	struct manager manager;
	struct dbus *dbus;
	GDBusServer *server;
	guint name;
	int status;
};

static void on_all_stopped(void *user) {
	struct bulkheadd *b = user;

	g_main_loop_quit(b->loop);
}

static void end(void *user, bool stop_domains) {
	struct bulkheadd *b = user;

	if (b->ending)
		return;
	b->ending = true;
	if (stop_domains)
		manager_stop_all(&b->manager, on_all_stopped, b);
	else
		g_main_loop_quit(b->loop);
}

static gboolean on_signal(gpointer user) {
	struct bulkheadd *b = user;

	if (b->ending) /* asked twice: no more waiting */
		g_main_loop_quit(b->loop);
	end(b, b->stop_at_exit);
	return G_SOURCE_CONTINUE;
}

static void on_ready(void *user, const char *error) {
	struct bulkheadd *b = user;

	if (b->ready_fd >= 0 && write(b->ready_fd, "\n", 1) < 0)
		g_message("--ready-fd: %s", g_strerror(errno));
	auto_close(&b->ready_fd);
	b->ready_fd = -1;
}

static gboolean on_connection(GDBusServer *s, GDBusConnection *c, gpointer user) {
	struct bulkheadd *b = user;

	return dbus_add(b->dbus, c, false, NULL);
}

static gboolean on_peer(GDBusAuthObserver *o, GIOStream *stream, GCredentials *who, gpointer user) {
	struct bulkheadd *b = user;
	uid_t uid = who ? g_credentials_get_unix_user(who, NULL) : (uid_t)-1;

	return uid != (uid_t)-1 && (uid == geteuid() || uid == b->session_uid);
}

/* The socket is in a folder closed to others, and whoever connects must be this user or the
 * session's. */
static bool serve_private(struct bulkheadd *b, GError **error) {
	g_autofree char *path = g_build_filename(b->session_path, "bus", NULL), *escaped = NULL,
			*address = NULL, *guid = g_dbus_generate_guid();
	g_autoptr(GDBusAuthObserver) observer = g_dbus_auth_observer_new();
	AUTO(auto_close) int dir = open(b->session_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (strlen(path) >= 90) {
		g_free(path);
		path = paths_by_fd(b->runtime, "bus");
	}
	escaped = g_dbus_address_escape_value(path);
	address = g_strconcat("unix:path=", escaped, NULL);
	unlinkat(dir, "bus", 0);
	g_signal_connect(observer, "authorize-authenticated-peer", G_CALLBACK(on_peer), b);
	b->server = g_dbus_server_new_sync(
		address, G_DBUS_SERVER_FLAGS_NONE, guid, observer, NULL, error);
	if (!b->server)
		return false;
	if (b->session_uid != geteuid() &&
		fchownat(dir, "bus", b->session_uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW))
		g_warning("%s cannot be given to the session: %s", path, g_strerror(errno));
	g_signal_connect(b->server, "new-connection", G_CALLBACK(on_connection), b);
	g_dbus_server_start(b->server);
	return true;
}

static void unlink_bus(const struct bulkheadd *b) {
	AUTO(auto_close) int dir = open(b->session_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	unlinkat(dir, "bus", 0);
}

static const char *bus_name(const struct bulkheadd *b) {
	return b->system_bus ? "system bus" : "session bus";
}

static void on_bus(GDBusConnection *c, const gchar *name, gpointer user) {
	struct bulkheadd *b = user;
	g_autoptr(GError) error = NULL;

	g_dbus_connection_set_exit_on_close(c, FALSE);
	if (!dbus_add(b->dbus, c, b->system_bus, &error))
		g_warning("%s: %s", bus_name(b), error->message);
}

static void on_name_lost(GDBusConnection *c, const gchar *name, gpointer user) {
	struct bulkheadd *b = user;

	if (c)
		g_message("the name " DBUS_NAME " on the %s belongs to another program, or may not "
			  "be taken",
			bus_name(b));
	else if (b->system_bus)
		g_warning("the system bus cannot be reached");
}

/* Only one manager per runtime folder: whoever holds the lock. */
static bool take_lock(struct bulkheadd *b) {
	/* A record lock, not flock: a child that has not become its program yet would hold that one
	 * on when bulkheadd is killed. */
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	b->lock = openat(b->runtime, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (b->lock >= 0 && !fcntl(b->lock, F_SETLK, &whole))
		return true;
	if (errno == EAGAIN || errno == EACCES)
		fprintf(stderr,
			"bulkheadd: another bulkheadd runs already (it holds %s/lock); "
			"`bulkhead` talks to that one\n",
			b->runtime_path);
	else
		fprintf(stderr, "bulkheadd: %s/lock: %s\n", b->runtime_path, g_strerror(errno));
	return false;
}

static GLogWriterOutput write_log(
	GLogLevelFlags level, const GLogField *fields, gsize n, gpointer user) {
	const char *text = "";

	for (gsize i = 0; i < n; i++)
		if (!strcmp(fields[i].key, "MESSAGE"))
			text = fields[i].value;
	if (!(level & (G_LOG_LEVEL_DEBUG | G_LOG_LEVEL_INFO)))
		fprintf(stderr, "bulkheadd: %s\n", text);
	return G_LOG_WRITER_HANDLED;
}

/* Whose session it is, and where that finds us. */
static bool find_session(struct bulkheadd *b) {
	g_autofree char *runtime = NULL;
	int r = 0;

	b->session_uid = geteuid();
	if (geteuid() != 0) {
		b->session_path = g_strdup(b->runtime_path);
		return true;
	}
	if (!b->session_user || program_set_person(b->session_user)) {
		fprintf(stderr,
			"bulkheadd: on Xen it runs as root for one person: --session-user=NAME, an "
			"ordinary user of the admin domain\n");
		return false;
	}
	runtime = program_person_runtime();
	b->session_uid = (uid_t)g_ascii_strtoull(strrchr(runtime, '/') + 1, NULL, 10);
	r = program_person_folder(runtime, "bulkhead");
	b->session_path = g_build_filename(runtime, "bulkhead", NULL);
	if (r)
		fprintf(stderr, "bulkheadd: %s: %s (the session's runtime folder)\n",
			b->session_path, g_strerror(-r));
	return r == 0;
}

static bool begin(struct bulkheadd *b) {
	g_autoptr(GError) error = NULL;

	b->runtime_path = paths_runtime();
	b->runtime = paths_open_private(b->runtime_path, &error);
	if (b->runtime < 0) {
		fprintf(stderr, "bulkheadd: %s\n", error->message);
		return false;
	}
	if (!take_lock(b))
		return false;
	if (!find_session(b))
		return false;
	b->dbus = dbus_new(&b->manager, end, b);
	if (manager_init(&b->manager, b->ops, b->runtime, b->runtime_path, b->session_path,
		    &dbus_events, b->dbus, on_ready, b, &error) ||
		!serve_private(b, &error)) {
		fprintf(stderr, "bulkheadd: %s\n", error->message);
		return false;
	}
	if (!b->no_session_bus || b->system_bus)
		b->name = g_bus_own_name(b->system_bus ? G_BUS_TYPE_SYSTEM : G_BUS_TYPE_SESSION,
			DBUS_NAME, G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE, on_bus, NULL, on_name_lost,
			b, NULL);
	return true;
}

static bool parse(struct bulkheadd *b, int *argc, char ***argv) {
	GOptionEntry entries[] = {
		{"stop-domains-at-exit", 0, 0, G_OPTION_ARG_NONE, &b->stop_at_exit,
			"stop all domains when told to end (else they run on)", NULL},
		{"no-session-bus", 0, 0, G_OPTION_ARG_NONE, &b->no_session_bus,
			"only the socket in the runtime folder", NULL},
		{"system-bus", 0, 0, G_OPTION_ARG_NONE, &b->system_bus,
			"the system bus instead of the session bus; polkit says who may what",
			NULL},
		{"backend", 0, 0, G_OPTION_ARG_STRING, &b->backend,
			"what runs domains (default: xen in Xen's admin domain, else local)",
			"xen|local"},
		{"session-user", 0, 0, G_OPTION_ARG_STRING, &b->session_user,
			"on Xen: whose session shows the windows", "NAME"},
		{"ready-fd", 0, 0, G_OPTION_ARG_INT, &b->ready_fd,
			"write a newline there when domains can be started", "FD"},
		{NULL}};
	g_autoptr(GOptionContext) c = g_option_context_new("- Bulkhead's domain manager");
	g_autoptr(GError) error = NULL;

	g_option_context_add_main_entries(c, entries, NULL);
	if (g_option_context_parse(c, argc, argv, &error) && *argc == 1)
		return true;
	fprintf(stderr, "bulkheadd: %s; bulkheadd --help tells the options\n",
		error ? error->message : "arguments are not understood");
	return false;
}

/* Are we in the admin domain of a Xen? */
static bool controls_xen(void) {
	g_autofree char *text = NULL;

	return g_file_get_contents("/proc/xen/capabilities", &text, NULL, NULL) &&
	       strstr(text, "control_d");
}

static bool choose_backend(struct bulkheadd *b) {
	bool xen = b->backend ? !strcmp(b->backend, "xen") : controls_xen();

	b->ops = xen ? &backend_xen : &backend_local;
	if (b->backend && strcmp(b->backend, b->ops->name) != 0) {
		fprintf(stderr, "bulkheadd: --backend is xen or local\n");
		return false;
	}
	if (!xen && geteuid() == 0) {
		fprintf(stderr,
			"bulkheadd: this must not run as root: the local backend's domains "
			"belong to an ordinary user. Start it as yourself (scripts/try changes "
			"to an ordinary user by itself).\n");
		return false;
	}
	if (xen && geteuid() != 0) {
		fprintf(stderr, "bulkheadd: Xen is driven by root only: start it by its system "
				"service, or choose --backend=local\n");
		return false;
	}
	return true;
}

/* The system's instance: /etc/bulkhead, /var/lib/bulkhead, /var/log/bulkhead, /run/bulkhead. */
static void use_system_folders(void) {
	g_setenv("XDG_CONFIG_HOME", "/etc", FALSE);
	g_setenv("XDG_DATA_HOME", "/var/lib", FALSE);
	g_setenv("XDG_STATE_HOME", "/var/log", FALSE);
	g_setenv("BULKHEAD_RUNTIME_DIR", "/run/bulkhead", FALSE);
}

int main(int argc, char **argv) {
	struct bulkheadd b = {.runtime = -1, .lock = -1, .ready_fd = -1};
	bool ok;

	if (!parse(&b, &argc, &argv))
		return 2;
	if (!choose_backend(&b))
		return 1;
	if (geteuid() == 0)
		use_system_folders();
	g_log_set_writer_func(write_log, NULL, NULL);
	signal(SIGPIPE, SIG_IGN);
	b.loop = g_main_loop_new(NULL, FALSE);
	ok = begin(&b);
	if (ok) {
		g_unix_signal_add(SIGTERM, on_signal, &b);
		g_unix_signal_add(SIGINT, on_signal, &b);
		g_unix_signal_add(SIGHUP, on_signal, &b);
		g_main_loop_run(b.loop);
		g_dbus_server_stop(b.server);
		unlink_bus(&b);
		manager_deinit(&b.manager);
	}
	if (b.name)
		g_bus_unown_name(b.name);
	dbus_free(b.dbus);
	g_free(b.runtime_path);
	g_free(b.session_path);
	return ok ? 0 : 1;
}
