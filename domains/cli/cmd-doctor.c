/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `bulkhead doctor`: looks at this computer, says what is missing for domains of the local backend
 * and how to get it. Changes nothing, asks no bulkheadd.
 */
#include "domains/cli/cli.h"
#include "domains/cli/doctor.h"
#include "domains/systemd-scope.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#define CGROUP2_MAGIC 0x63677270

static bool program(const char *name) {
	g_autofree char *path = g_find_program_in_path(name);

	return path != NULL;
}

/* As the sandbox will ask for it: the answer of the kernel, not of a setting. */
static struct finding user_namespaces(void) {
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS) ? 1 : 0);
	if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
		WEXITSTATUS(status) == 0)
		return found(RESULT_OK, "an ordinary user may make them", NULL);
	return found(RESULT_MISSING, "the kernel refuses them to ordinary users",
		"as root: sysctl -w kernel.unprivileged_userns_clone=1 and "
		"user.max_user_namespaces=15000 (in /etc/sysctl.d to keep it); with AppArmor's "
		"restriction: kernel.apparmor_restrict_unprivileged_userns=0");
}

static struct finding bubblewrap(void) {
	return program("bwrap") ? found(RESULT_OK, "bwrap is there", NULL)
				: found(RESULT_MISSING, "bwrap is not installed",
					  "apt-get install bubblewrap");
}

static struct finding network(void) {
	int fd;

	if (!program("pasta"))
		return found(RESULT_LESS, "pasta is not installed: domains run without network",
			"apt-get install passt");
	if (access("/usr/sbin/nft", X_OK))
		return found(RESULT_LESS, "nft is not installed: domains run without network",
			"apt-get install nftables");
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		g_autofree char *text = g_strdup_printf(
			"/dev/net/tun: %s: domains run without network", g_strerror(errno));

		return found(RESULT_LESS, text,
			"as root: modprobe tun; the device must be open to you (mode 0666 is "
			"Debian's default)");
	}
	close(fd);
	return found(RESULT_OK, "pasta and /dev/net/tun are there", NULL);
}

static bool has_range(const char *file) {
	g_autofree char *text = NULL, *line = g_strconcat(g_get_user_name(), ":", NULL),
			*number = g_strdup_printf("%u:", (unsigned)getuid());
	g_auto(GStrv) lines = NULL;

	if (!g_file_get_contents(file, &text, NULL, NULL))
		return false;
	lines = g_strsplit(text, "\n", -1);
	for (char **l = lines; *l; l++)
		if (g_str_has_prefix(*l, line) || g_str_has_prefix(*l, number))
			return true;
	return false;
}

static struct finding subordinate_ids(void) {
	if (!program("newuidmap") || !program("newgidmap"))
		return found(RESULT_LESS,
			"newuidmap is not installed: domains run as your own user (in a namespace)",
			"apt-get install uidmap");
	if (!has_range("/etc/subuid") || !has_range("/etc/subgid"))
		return found(RESULT_LESS,
			"you have no subordinate ids: domains run as your own user (in a "
			"namespace)",
			"as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "
			"YOUR-NAME");
	return found(RESULT_OK, "each domain gets a user of its own", NULL);
}

static bool may_write_below(const char *folder) {
	g_autofree char *procs = g_build_filename(folder, "cgroup.procs", NULL);

	return !access(folder, W_OK) && !access(procs, W_OK);
}

static struct finding cgroups(void) {
	const char *given = g_getenv("BULKHEAD_CGROUP"), *root = "/sys/fs/cgroup";
	g_autofree char *own = NULL, *path = NULL;
	struct statfs fs;
	char *at;

	if (given && may_write_below(given))
		return found(RESULT_OK, "BULKHEAD_CGROUP is delegated to you", NULL);
	if (systemd_scope_possible())
		return found(RESULT_OK, "your systemd makes a cgroup for each domain", NULL);
	if (statfs(root, &fs) || (unsigned)fs.f_type != CGROUP2_MAGIC)
		return found(RESULT_LESS,
			"no cgroup v2 at /sys/fs/cgroup: no pause, no limits of memory and time",
			"start Linux with systemd.unified_cgroup_hierarchy=1 (Debian's default)");
	if (g_file_get_contents("/proc/self/cgroup", &own, NULL, NULL) &&
		(at = strstr(own, "0::/"))) {
		path = g_build_filename(root, g_strstrip(at + 3), NULL);
		if (may_write_below(path))
			return found(RESULT_OK, "systemd delegated a cgroup to you", NULL);
	}
	return found(RESULT_LESS,
		"no cgroup is delegated to you: no pause, no limits of memory and time",
		"log in through systemd (a desktop does), or start by: systemd-run --user --scope "
		"-p "
		"Delegate=yes bulkhead domain list");
}

/* ":N" of a local display; others are taken on trust. */
static bool display_answers(const char *display) {
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	AUTO(auto_close) int fd = -1;
	guint64 n;
	g_autofree char *number = display[0] == ':' ? g_strndup(display + 1,
							      strspn(display + 1, "0123456789"))
						    : NULL;

	if (!number || !g_ascii_string_to_unsigned(number, 10, 0, 65535, &n, NULL))
		return true;
	g_snprintf(a.sun_path, sizeof(a.sun_path), "/tmp/.X11-unix/X%u", (unsigned)n);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd >= 0 && !connect(fd, (struct sockaddr *)&a, sizeof(a));
}

static struct finding display(void) {
	const char *name = g_getenv("DISPLAY");

	if (!name || !*name)
		return found(RESULT_MISSING, "DISPLAY is not set: there is no X display",
			"log in to a desktop, or try scripts/try, which makes a display of its "
			"own");
	if (!display_answers(name))
		return found(RESULT_MISSING, "the X display of DISPLAY does not answer",
			"set DISPLAY to that of your desktop (echo $DISPLAY in a terminal there)");
	if (g_getenv("WAYLAND_DISPLAY"))
		return found(RESULT_LESS,
			"your desktop runs on Wayland: domains' windows come through Xwayland",
			"choose an X11 session when you log in, or scripts/try (all in one "
			"window)");
	return found(RESULT_OK, "an X display answers", NULL);
}

static struct finding domain_x_server(void) {
	static const char *const modules[] = {"/usr/lib/xorg/modules/drivers/dummy_drv.so",
		"/usr/lib64/xorg/modules/drivers/dummy_drv.so"};

	if (!program("Xorg"))
		return found(RESULT_MISSING, "Xorg is not installed: domains have no screen",
			"apt-get install xserver-xorg-core xserver-xorg-video-dummy");
	for (size_t i = 0; i < G_N_ELEMENTS(modules); i++)
		if (!access(modules[i], R_OK))
			return found(RESULT_OK, "Xorg and its dummy driver are there", NULL);
	return found(RESULT_MISSING, "Xorg's dummy driver is not installed: domains have no screen",
		"apt-get install xserver-xorg-video-dummy");
}

static struct finding browser(void) {
	static const char *const names[] = {"firefox-esr", "firefox", "chromium"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (program(names[i]))
			return found(RESULT_OK, names[i], NULL);
	return found(RESULT_LESS, "no browser is installed", "apt-get install firefox-esr");
}

static struct finding not_root(void) {
	return getuid() ? found(RESULT_OK, "an ordinary user", NULL)
			: found(RESULT_MISSING, "you are root: domains belong to an ordinary user",
				  "log in as yourself");
}

static const struct {
	const char *name, *about;
	struct finding (*look)(void);
} checks[] = {
	{"user", "who you are", not_root},
	{"namespaces", "user namespaces", user_namespaces},
	{"sandbox", "bubblewrap", bubblewrap},
	{"network", "pasta and tun", network},
	{"ids", "subordinate users", subordinate_ids},
	{"cgroup", "pause and limits", cgroups},
	{"display", "your desktop", display},
	{"xorg", "a domain's screen", domain_x_server},
	{"browser", "a browser", browser},
	{"panel", "a panel", doctor_panel},
	{"disk", "room on the disk", doctor_disk},
	{"memory", "memory", doctor_memory},
	{"programs", "Bulkhead's programs", doctor_programs},
	{"policy", "the policy", doctor_policy},
};

static void print_plain(size_t i, const struct finding *f) {
	static const char *const words[] = {"ok", "less", "MISSING"};

	printf("%-8s %-19s %s\n", words[f->result], checks[i].about, f->what);
	if (f->advice)
		printf("%-8s %-19s -> %s\n", "", "", f->advice);
}

static void add_json(GVariantBuilder *b, size_t i, const struct finding *f) {
	static const char *const words[] = {"ok", "less", "missing"};

	g_variant_builder_open(b, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(b, "{sv}", "check", g_variant_new_string(checks[i].name));
	g_variant_builder_add(b, "{sv}", "result", g_variant_new_string(words[f->result]));
	g_variant_builder_add(b, "{sv}", "seen", g_variant_new_string(f->what));
	g_variant_builder_add(
		b, "{sv}", "advice", g_variant_new_string(f->advice ? f->advice : ""));
	g_variant_builder_close(b);
}

int cmd_doctor(int argc, char **argv) {
	gboolean json = FALSE;
	GOptionEntry entries[] = {
		{"json", 0, 0, G_OPTION_ARG_NONE, &json, "for programs", NULL}, {NULL}};
	enum result worst = RESULT_OK;
	GVariantBuilder list;

	if (!cli_options(&argc, &argv, entries, "",
		    "Looks whether this computer can run domains, and says what is missing and how "
		    "to get it.\nExit status 1: something is missing. \"less\": it works, with "
		    "less.",
		    false))
		return CLI_USAGE;
	g_variant_builder_init(&list, G_VARIANT_TYPE("aa{sv}"));
	for (size_t i = 0; i < G_N_ELEMENTS(checks); i++) {
		struct finding f = checks[i].look();

		worst = MAX(worst, f.result);
		if (!json)
			print_plain(i, &f);
		add_json(&list, i, &f);
		g_free(f.what);
	}
	g_autoptr(GVariant) all = g_variant_ref_sink(g_variant_builder_end(&list));

	if (json)
		cli_print_json(all);
	return worst == RESULT_MISSING ? CLI_FAILED : CLI_OK;
}
