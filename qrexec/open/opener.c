/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qrexec/open/opener.h"

#include <gio/gdesktopappinfo.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#define LOOK_AT 4096 /* bytes of a file that tell its type */

struct run {
	GMainLoop *loop;
	GPid pid; /* 0: unknown, as with programs that the session bus starts */
	bool failed;
};

static bool is_kind(const char *type, const char *mime) {
	g_autofree char *other = g_content_type_from_mime_type(mime);

	return other && g_content_type_is_a(type, other);
}

/* What a desktop would run instead of show. */
static bool starts_programs(const char *path, const char *type) {
	static const char *const kinds[] = {"application/x-desktop", "application/x-executable",
		"application/x-sharedlib", "application/x-ms-dos-executable", "application/x-msi",
		"application/x-java-archive", "application/vnd.appimage"};

	if (g_str_has_suffix(path, ".desktop") || g_str_has_suffix(path, ".AppImage"))
		return true;
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (is_kind(type, kinds[i]))
			return true;
	return false;
}

static char *type_of(const char *path) {
	static guchar head[LOOK_AT];
	g_autofree char *name = g_path_get_basename(path);
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(head, 1, sizeof(head), f) : 0;

	if (f)
		fclose(f);
	return g_content_type_guess(name, head, n, NULL);
}

/* Where nothing is installed for it, the browser shows what browsers can show. */
static GAppInfo *browser_for(const char *type) {
	g_autofree char *browser = g_find_program_in_path("bulkhead-browser");
	bool shows = is_kind(type, "text/plain") || g_str_has_prefix(type, "image/") ||
		     is_kind(type, "application/pdf") || is_kind(type, "text/html");

	if (!browser || !shows)
		return NULL;
	return g_app_info_create_from_commandline(
		"bulkhead-browser", NULL, G_APP_INFO_CREATE_SUPPORTS_URIS, NULL);
}

static GAppInfo *program_for(const char *type) {
	GAppInfo *app = g_app_info_get_default_for_type(type, FALSE);

	/* A script is a text to look at. */
	if (!app && is_kind(type, "text/plain"))
		app = g_app_info_get_default_for_type("text/plain", FALSE);
	return app ? app : browser_for(type);
}

static void on_started(GDesktopAppInfo *app, GPid pid, gpointer data) {
	struct run *r = data;

	(void)app;
	r->pid = pid;
}

static void on_ended(GPid pid, gint status, gpointer data) {
	struct run *r = data;

	(void)status;
	g_spawn_close_pid(pid);
	g_main_loop_quit(r->loop);
}

static int launch(GAppInfo *app, const char *uri) {
	struct run r = {0};
	GList uris = {.data = (char *)(uintptr_t)uri};
	g_autoptr(GError) error = NULL;

	if (!g_desktop_app_info_launch_uris_as_manager(G_DESKTOP_APP_INFO(app), &uris, NULL,
		    G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL,
		    NULL, NULL, on_started, &r, &error)) {
		fprintf(stderr, "%s does not start: %s\n", g_app_info_get_name(app),
			error->message);
		return 1;
	}
	if (!r.pid)
		return 0;
	r.loop = g_main_loop_new(NULL, FALSE);
	g_child_watch_add(r.pid, on_ended, &r);
	g_main_loop_run(r.loop);
	g_main_loop_unref(r.loop);
	return 0;
}

static bool names_it(const char *pid, const char *path) {
	g_autofree char *file = g_build_filename("/proc", pid, "cmdline", NULL), *line = NULL;
	gsize size;

	if (!g_file_get_contents(file, &line, &size, NULL))
		return false;
	return memmem(line, size, path, strlen(path)) != NULL;
}

/* Another process that was given the file: a program that hands it on and ends is not its last. -1:
 * none. */
static int find_user(const char *path) {
	g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
	const char *name;

	while (proc && (name = g_dir_read_name(proc))) {
		long pid = g_ascii_isdigit(name[0]) ? strtol(name, NULL, 10) : 0;

		if (pid > 0 && pid != getpid() && names_it(name, path)) {
			int fd = (int)syscall(SYS_pidfd_open, pid, 0);

			if (fd >= 0)
				return fd;
		}
	}
	return -1;
}

static void wait_for_users(const char *path) {
	int fd;

	while ((fd = find_user(path)) >= 0) {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		poll(&p, 1, -1);
		close(fd);
	}
}

int opener_file(const char *path) {
	g_autofree char *type = type_of(path), *uri = g_filename_to_uri(path, NULL, NULL);
	g_autoptr(GAppInfo) app = NULL;

	if (!uri || starts_programs(path, type)) {
		fprintf(stderr, "A file that starts programs is not opened (%s).\n", type);
		return 1;
	}
	app = program_for(type);
	if (!app) {
		fprintf(stderr, "No program in this domain opens files of the type %s.\n", type);
		return 1;
	}
	if (launch(app, uri))
		return 1;
	wait_for_users(path);
	return 0;
}

int opener_url(const char *url) {
	g_autofree char *scheme = g_uri_parse_scheme(url);
	g_autoptr(GAppInfo) app = scheme ? g_app_info_get_default_for_uri_scheme(scheme) : NULL;

	if (!app)
		app = browser_for("text/html");
	if (!app) {
		fprintf(stderr, "No program in this domain opens links.\n");
		return 1;
	}
	return launch(app, url);
}
