/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/program.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#define FDS_MAX 8
#define SETPRIV "/usr/bin/setpriv"

/* Whatever else the person's session has in its environment is not our daemons' business. */
static const char *const environment[] = {"HOME", "USER", "LOGNAME", "PATH", "LANG", "LANGUAGE",
	"LC_ALL", "LC_CTYPE", "LC_MESSAGES", "TZ", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME",
	"XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "BULKHEAD_LIBEXEC", "BULKHEAD_CGROUP",
	"BULKHEAD_RUNTIME_DIR", "BULKHEAD_POLICY_DIR", "BULKHEAD_POLICY_PATH", "ASAN_OPTIONS",
	"UBSAN_OPTIONS", "LSAN_OPTIONS"};
static const char *const display_environment[] = {"DISPLAY", "XAUTHORITY", "XCURSOR_THEME",
	"XCURSOR_SIZE", "DBUS_SESSION_BUS_ADDRESS", "GTK_THEME", "GTK_MODULES", "NO_AT_BRIDGE",
	"XDG_CURRENT_DESKTOP", "XDG_DATA_DIRS", "XDG_SESSION_TYPE"};

static void take(GPtrArray *env, const char *const *names, size_t n) {
	for (size_t i = 0; i < n; i++) {
		const char *value = g_getenv(names[i]);

		if (value)
			g_ptr_array_add(env, g_strconcat(names[i], "=", value, NULL));
	}
}

/* The session's user; NULL: we are that already. */
static struct passwd *person;

int program_set_person(const char *user) {
	person = getpwnam(user);
	return person && person->pw_uid ? 0 : -1;
}

char *program_person_runtime(void) {
	return person ? g_strdup_printf("/run/user/%u", person->pw_uid) : NULL;
}

int program_person_folder(const char *parent, const char *name) {
	AUTO(auto_close) int dir = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(auto_close) int fd = -1;

	if (dir < 0 || (mkdirat(dir, name, 0700) && errno != EEXIST))
		return -errno;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchmod(fd, 0700) || (person && fchown(fd, person->pw_uid, person->pw_gid)))
		return -errno;
	return 0;
}

/* In place of root's own. */
static void take_person(GPtrArray *env) {
	static const char *const names[] = {"PATH", "LANG", "LC_ALL", "BULKHEAD_LIBEXEC",
		"BULKHEAD_POLICY_DIR", "BULKHEAD_POLICY_PATH"};

	take(env, names, G_N_ELEMENTS(names));
	g_ptr_array_add(env, g_strconcat("HOME=", person->pw_dir, NULL));
	g_ptr_array_add(env, g_strconcat("USER=", person->pw_name, NULL));
	g_ptr_array_add(env, g_strconcat("LOGNAME=", person->pw_name, NULL));
	g_ptr_array_add(env, g_strdup_printf("XDG_RUNTIME_DIR=/run/user/%u", person->pw_uid));
}

static char **make_environment(bool display, bool as_person) {
	GPtrArray *env = g_ptr_array_new();

	if (as_person)
		take_person(env);
	else
		take(env, environment, G_N_ELEMENTS(environment));
	if (display)
		take(env, display_environment, G_N_ELEMENTS(display_environment));
	g_ptr_array_add(env, NULL);
	return (char **)g_ptr_array_free(env, FALSE);
}

/* Copies of the descriptors above all targets, so that no dup2 tramples on the next. */
static int raise_fds(const int *fds, int high[FDS_MAX]) {
	int n = 0;

	for (; fds && fds[n] >= 0; n++) {
		if (n == FDS_MAX)
			return -E2BIG;
		high[n] = fcntl(fds[n], F_DUPFD_CLOEXEC, 3 + FDS_MAX);
		if (high[n] < 0) {
			int err = errno;

			while (n-- > 0)
				close(high[n]);
			return -err;
		}
	}
	return n;
}

struct watch {
	void (*ended)(void *user, pid_t pid, int status);
	void *user;
};

static void on_ended(GPid pid, gint status, gpointer data) {
	struct watch *w = data;

	if (w->ended)
		w->ended(w->user, pid, status);
}

static void watch(const struct program *s, pid_t pid) {
	struct watch *w = g_new0(struct watch, 1);
	unsigned id;

	w->ended = s->ended;
	w->user = s->user;
	id = g_child_watch_add_full(G_PRIORITY_DEFAULT, pid, on_ended, w, g_free);
	if (s->watch)
		*s->watch = id;
}

/* Its command line; setpriv takes root away for good before it begins. */
static const char **command_of(const struct program *s, bool as_person) {
	static char uid[32], gid[32];
	GPtrArray *argv = g_ptr_array_new();

	if (as_person) {
		g_snprintf(uid, sizeof(uid), "--reuid=%u", person->pw_uid);
		g_snprintf(gid, sizeof(gid), "--regid=%u", person->pw_gid);
		g_ptr_array_add(argv, (char *)(uintptr_t)SETPRIV);
		g_ptr_array_add(argv, uid);
		g_ptr_array_add(argv, gid);
		g_ptr_array_add(argv, (char *)(uintptr_t) "--init-groups");
		g_ptr_array_add(argv, (char *)(uintptr_t) "--inh-caps=-all");
		g_ptr_array_add(argv, (char *)(uintptr_t) "--");
	}
	for (const char *const *a = s->argv; *a; a++)
		g_ptr_array_add(argv, (char *)(uintptr_t)*a);
	g_ptr_array_add(argv, NULL);
	return (const char **)g_ptr_array_free(argv, FALSE);
}

int program_start(const struct program *s, pid_t *ret) {
	bool as_person = person && (s->person || s->display);
	g_auto(GStrv) env = make_environment(s->display, as_person);
	g_autofree const char **argv = command_of(s, as_person);
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int high[FDS_MAX], n = raise_fds(s->fds, high), err;
	sigset_t none, all;
	pid_t pid;

	if (n < 0)
		return n;
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	if (s->input > 0)
		posix_spawn_file_actions_adddup2(&actions, s->input, 0);
	else
		posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (s->output > 0) {
		posix_spawn_file_actions_adddup2(&actions, s->output, 1);
		posix_spawn_file_actions_adddup2(&actions, s->output, 2);
	}
	if (s->result > 0)
		posix_spawn_file_actions_adddup2(&actions, s->result, 1);
	for (int i = 0; i < n; i++)
		posix_spawn_file_actions_adddup2(&actions, high[i], 3 + i);
	posix_spawn_file_actions_addclosefrom_np(&actions, 3 + n);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, (short)(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
						(s->detach ? POSIX_SPAWN_SETSID : 0)));
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	err = posix_spawn(&pid, argv[0], &actions, &attr, (char **)(uintptr_t)argv, env);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	while (n-- > 0)
		close(high[n]);
	if (err)
		return -err;
	watch(s, pid);
	if (ret)
		*ret = pid;
	return 0;
}
