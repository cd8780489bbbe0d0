/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/sandbox.h"

#include "domains/local-stage.h"
#include "domains/paths.h"
#include "domains/sandbox-template.h"
#include "domains/sandbox-seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* What a program finds in /etc: nothing that names this machine's people or keys. */
static const char *const etc[] = {
	"alternatives",
	"bash.bashrc",
	"ca-certificates",
	"ca-certificates.conf",
	"chromium",
	"chromium.d",
	"debian_version",
	"dconf",
	"default/locale",
	"emacs",
	"environment",
	"firefox",
	"firefox-esr",
	"fonts",
	"gai.conf",
	"gconf",
	"gtk-2.0",
	"gtk-3.0",
	"gtk-4.0",
	"inputrc",
	"java",
	"ld.so.cache",
	"ld.so.conf",
	"ld.so.conf.d",
	"libreoffice",
	"locale.alias",
	"localtime",
	"magic",
	"mailcap",
	"mime.types",
	"openal",
	"os-release",
	"papersize",
	"pki",
	"profile",
	"profile.d",
	"protocols",
	"python3",
	"services",
	"shells",
	"skel",
	"ssl",
	"terminfo",
	"timezone",
	"vdpau_wrapper.cfg",
	"vim",
	"vulkan",
	"X11",
	"xdg",
};

/* Ours inside the sandbox; all may be missing but the first. */
static const char *const programs[] = {
	"bulkhead-domain-init",
	"bulkhead-gui-agent",
	"bulkhead-qrexec-agent",
	"bulkhead-browser",
	"bulkhead-copy",
	"qrexec-client-vm",
	"bulkhead-open",
	"bulkhead-notify-agent",
};
/* Other names of programs, where they are not installed in /usr. */
static const struct {
	const char *name, *program;
} names[] = {{"bulkhead-move", "bulkhead-copy"}, {"qvm-copy", "bulkhead-copy"},
	{"qvm-move", "bulkhead-copy"}, {"qvm-copy-to-vm", "bulkhead-copy"},
	{"qvm-move-to-vm", "bulkhead-copy"}, {"qvm-open-in-vm", "bulkhead-open"},
	{"qvm-open-in-dvm", "bulkhead-open"}};
/* What other domains may call here, if the policy lets them. */
static const char *const services[] = {"qubes.Filecopy", "bulkhead.FilecopyResume",
	"qubes.OpenInVM", "qubes.OpenURL", "bulkhead.ClipboardText", "qubes.GetAppmenus",
	"qubes.GetImageRGBA"};
/* What its file managers and desktops offer for a file, below /run/bulkhead/share. */
static const struct {
	const char *file, *folder;
} shares[] = {{"bulkhead-copy.desktop", "applications"}, {"bulkhead-open.desktop", "applications"},
	{"bulkhead-copy.desktop", "Thunar/sendto"}, {"bulkhead-open.desktop", "Thunar/sendto"},
	{"bulkhead-copy-action.desktop", "file-manager/actions"},
	{"bulkhead-open-action.desktop", "file-manager/actions"}};
/* Where the X server's settings are looked for outside, and found inside. */
#define XORG_CONF "xorg-dummy.conf"

/* Passed on from outside if they are made of harmless characters (bug class H3). */
static const char *const environment[] = {"LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES",
	"LC_TIME", "LC_NUMERIC", "LC_MONETARY", "LC_PAPER", "LC_COLLATE", "TZ"};
static const char harmless[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.@:+-/";

int sandbox_memfd(const char *name, const void *data, size_t size) {
	AUTO(auto_close) int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	return TAKE_FD(fd);
}

static void arg(struct sandbox_command *c, const char *first, ...) G_GNUC_NULL_TERMINATED;
static void arg(struct sandbox_command *c, const char *first, ...) {
	va_list ap;

	va_start(ap, first);
	for (const char *a = first; a; a = va_arg(ap, const char *))
		g_ptr_array_add(c->args, g_strdup(a));
	va_end(ap);
}

/* "--option FD dest"; the descriptor becomes the command's. */
static void arg_fd(struct sandbox_command *c, const char *option, int fd, const char *dest) {
	g_autofree char *number = g_strdup_printf("%d", fd);

	g_array_append_val(c->fds, fd);
	arg(c, option, number, dest, NULL);
}

/* Binds what the descriptor stands for; it becomes the command's. option: --bind or --ro-bind. */
static void bind_fd(
	struct sandbox_command *c, bool staged, const char *option, int fd, const char *dest) {
	g_autofree char *by_fd = g_strconcat(option, "-fd", NULL), *path = NULL;

	g_array_append_val(c->binds, fd);
	if (!staged) {
		arg_fd(c, by_fd, fd, dest);
		return;
	}
	g_array_append_val(c->fds, fd);
	path = g_strdup_printf(STAGE "/%d", fd);
	arg(c, option, path, dest, NULL);
}

static int keep(int fd) {
	return fcntl(fd, F_DUPFD_CLOEXEC, 10);
}

static int text_file(
	struct sandbox_command *c, const char *dest, const char *text, GError **error) {
	int fd = sandbox_memfd("bulkhead-file", text, strlen(text));

	if (fd < 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "no memory for %s", dest);
		return -1;
	}
	arg(c, "--perms", "0444", NULL);
	arg_fd(c, "--file", fd, dest);
	return 0;
}

static void add_namespaces(struct sandbox_command *c, const struct sandbox *s) {
	arg(c, "--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts",
		"--unshare-cgroup-try", "--uid", G_STRINGIFY(SANDBOX_UID), "--gid",
		G_STRINGIFY(SANDBOX_UID), "--hostname", s->name, "--new-session",
		"--die-with-parent", "--as-pid-1", "--cap-drop", "ALL", "--clearenv", NULL);
	if (!s->nested)
		arg(c, "--disable-userns", NULL);
}

static void add_host_programs(struct sandbox_command *c) {
	static const char *const tops[] = {"bin", "sbin", "lib", "lib32", "lib64", "libx32"};

	arg(c, "--ro-bind", "/usr", "/usr", NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(tops); i++) {
		g_autofree char *top = g_strconcat("/", tops[i], NULL),
				*in_usr = g_strconcat("usr/", tops[i], NULL);
		struct stat st;

		if (lstat(top, &st))
			continue;
		if (S_ISLNK(st.st_mode))
			arg(c, "--symlink", in_usr, top, NULL);
		else
			arg(c, "--ro-bind", top, top, NULL);
	}
}

/* By its path where this user runs the sandbox; else from the stage, for the path is closed to the
 * domain's user. */
static int add_template(struct sandbox_command *c, const struct sandbox *s, GError **error) {
	g_autofree char *link = NULL, *where = NULL;
	int fd = keep(s->template);

	g_array_append_val(c->fds, fd);
	if (s->staged) {
		g_array_append_val(c->binds, fd);
		where = g_strdup_printf(STAGE "/%d", fd);
	} else {
		link = g_strdup_printf("/proc/self/fd/%d", fd);
		where = g_file_read_link(link, error);
	}
	return where ? template_args(c->args, fd, where, error) : -1;
}

static void add_system(struct sandbox_command *c) {
	arg(c, "--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/dev/shm",
		"--perms", "1777", "--tmpfs", "/tmp", "--perms", "1777", "--dir", "/tmp/.X11-unix",
		"--perms", "0755", "--tmpfs", "/run", "--perms", "0755", "--dir", "/run/user",
		"--perms", "0700", "--dir", "/run/user/" G_STRINGIFY(SANDBOX_UID), "--perms",
		"0755", "--dir", "/run/qubes", "--perms", "0755", "--tmpfs", "/var", "--perms",
		"1777", "--dir", "/var/tmp", "--symlink", "/run", "/var/run", "--perms", "0755",
		"--dir", "/var/lib", "--perms", "0755", "--dir", "/var/cache", "--perms", "0755",
		"--dir", "/sys", NULL);
}

static void add_host_etc(struct sandbox_command *c) {
	arg(c, "--perms", "0755", "--dir", "/etc", NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(etc); i++) {
		g_autofree char *path = g_strconcat("/etc/", etc[i], NULL);

		arg(c, "--ro-bind-try", path, path, NULL);
	}
}

static int add_etc(struct sandbox_command *c, const struct sandbox *s, GError **error) {
	g_autofree char *passwd = g_strdup_printf(
				"root:x:0:0:root:/:/usr/sbin/nologin\n"
				"%s:x:%d:%d:%s:/home/%s:/bin/bash\n"
				"nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n",
				s->user, SANDBOX_UID, SANDBOX_UID, s->user, s->user),
			*group = g_strdup_printf(
				"root:x:0:\n%s:x:%d:\nnogroup:x:65534:\n", s->user, SANDBOX_UID),
			*hosts = g_strdup_printf(
				"127.0.0.1 localhost %s\n::1 localhost\n", s->name),
			*hostname = g_strconcat(s->name, "\n", NULL),
			*machine_id = g_strconcat(s->machine_id, "\n", NULL);

	if (s->template <0)
		add_host_etc(c);
	if (text_file(c, "/etc/passwd", passwd, error) ||
		text_file(c, "/etc/group", group, error) ||
		text_file(c, "/etc/hosts", hosts, error) ||
		text_file(c, "/etc/hostname", hostname, error) ||
		text_file(c, "/etc/machine-id", machine_id, error) ||
		text_file(c, "/etc/resolv.conf", s->resolv_conf, error) ||
		text_file(c, "/etc/nsswitch.conf",
			"passwd: files\ngroup: files\nhosts: files dns\nservices: files\n", error))
		return -1;
	return 0;
}

/* A file of ours, by descriptor. The sandbox's host user may be another than ours: where that one
 * could not read it (a build folder closed to others), it gets a copy. */
static int add_program(struct sandbox_command *c, const struct sandbox *s, const char *path,
	const char *dest, GError **error) {
	AUTO(auto_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	g_autofree char *data = NULL;
	struct stat st;
	gsize size;
	int copy;

	if (fd < 0 || fstat(fd, &st)) {
		g_set_error(
			error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", path, g_strerror(errno));
		return -1;
	}
	if ((st.st_mode & 0004) && ((st.st_mode & 0001) || !(st.st_mode & 0100))) {
		bind_fd(c, s->staged, "--ro-bind", TAKE_FD(fd), dest);
		return 0;
	}
	if (!g_file_get_contents(path, &data, &size, error))
		return -1;
	copy = sandbox_memfd("bulkhead-program", data, size);
	if (copy < 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "no memory for %s", path);
		return -1;
	}
	arg(c, "--perms", "0555", NULL);
	arg_fd(c, "--ro-bind-data", copy, dest);
	return 0;
}

static int add_ours(struct sandbox_command *c, const struct sandbox *s, GError **error) {
	g_autofree char *xorg = paths_find(XORG_CONF);

	arg(c, "--perms", "0755", "--dir", "/run/bulkhead", "--perms", "0755", "--dir",
		"/run/bulkhead/bin", NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(programs); i++) {
		g_autofree char *path = paths_find(programs[i]),
				*dest = g_strconcat("/run/bulkhead/bin/", programs[i], NULL);

		if (template_has_program(s->template, programs[i])) {
			g_autofree char *inside = g_strconcat(
				"/usr/libexec/bulkhead/", programs[i], NULL);

			arg(c, "--symlink", inside, dest, NULL);
			continue;
		}
		if (!path && i == 0) {
			g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
				"%s is not installed (nor in BULKHEAD_LIBEXEC)", programs[i]);
			return -1;
		}
		if (path && add_program(c, s, path, dest, error))
			return -1;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *dest = g_strconcat("/run/bulkhead/bin/", names[i].name, NULL);

		arg(c, "--symlink", names[i].program, dest, NULL);
	}
	arg(c, "--perms", "0755", "--dir", "/run/bulkhead/rpc", NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(services); i++) {
		g_autofree char *path = paths_find(services[i]),
				*dest = g_strconcat("/run/bulkhead/rpc/", services[i], NULL);

		if (path && add_program(c, s, path, dest, error))
			return -1;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(shares); i++) {
		g_autofree char *path = paths_find(shares[i].file),
				*dest = g_build_filename("/run/bulkhead/share", shares[i].folder,
					shares[i].file, NULL);

		if (path && add_program(c, s, path, dest, error))
			return -1;
	}
	if (xorg && add_program(c, s, xorg, "/run/bulkhead/" XORG_CONF, error))
		return -1;
	if (s->hv_socket >= 0)
		bind_fd(c, s->staged, "--bind", keep(s->hv_socket), "/run/bulkhead/hv.sock");
	return 0;
}

static void add_environment(struct sandbox_command *c, const struct sandbox *s) {
	g_autofree char *home = g_strconcat("/home/", s->user, NULL);

	arg(c, "--setenv", "HOME", home, "--setenv", "USER", s->user, "--setenv", "LOGNAME",
		s->user, "--setenv", "SHELL", "/bin/bash", "--setenv", "PATH",
		"/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games:/run/bulkhead/bin",
		"--setenv", "XDG_DATA_DIRS", "/usr/local/share:/usr/share:/run/bulkhead/share",
		"--setenv", "XDG_RUNTIME_DIR", "/run/user/" G_STRINGIFY(SANDBOX_UID), "--setenv",
		"DISPLAY", ":0", "--setenv", "XDG_SESSION_TYPE", "x11", "--setenv",
		"DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/user/" G_STRINGIFY(SANDBOX_UID) "/bus",
		"--setenv", "BULKHEAD_DOMAIN", s->name, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(environment); i++) {
		const char *value = g_getenv(environment[i]);

		if (value && strspn(value, harmless) == strlen(value) && strlen(value) < 128)
			arg(c, "--setenv", environment[i], value, NULL);
	}
	if (!g_getenv("LANG") && !g_getenv("LC_ALL"))
		arg(c, "--setenv", "LANG", "C.UTF-8", NULL);
}

int sandbox_command_init(struct sandbox_command *c, const struct sandbox *s, GError **error) {
	g_autofree char *home = g_strconcat("/home/", s->user, NULL), *number = NULL;
	int filter = sandbox_seccomp(s->nested);

	c->args = g_ptr_array_new_with_free_func(g_free);
	c->fds = g_array_new(FALSE, FALSE, sizeof(int));
	c->binds = g_array_new(FALSE, FALSE, sizeof(int));
	if (filter < 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
			"the system-call filter could not be made: %s", g_strerror(-filter));
		return -1;
	}
	add_namespaces(c, s);
	arg_fd(c, "--seccomp", filter, NULL);
	number = g_strdup_printf("%d", s->info);
	arg(c, "--info-fd", number, NULL);
	if (s->template <0)
		add_host_programs(c);
	else if (add_template(c, s, error))
		return -1;
	add_system(c);
	if (s->template <0)
		arg(c, "--ro-bind-try", "/var/cache/fontconfig", "/var/cache/fontconfig", NULL);
	if (add_etc(c, s, error) || add_ours(c, s, error))
		return -1;
	arg(c, "--perms", "0755", "--dir", "/home", NULL);
	bind_fd(c, s->staged, "--bind", keep(s->home), home);
	arg(c, "--remount-ro", "/", "--chdir", home, NULL);
	add_environment(c, s);
	arg(c, "--", "/run/bulkhead/bin/bulkhead-domain-init", NULL);
	return 0;
}

void sandbox_command_deinit(struct sandbox_command *c) {
	if (c->args)
		g_ptr_array_unref(c->args);
	for (guint i = 0; c->fds && i < c->fds->len; i++)
		close(g_array_index(c->fds, int, i));
	if (c->fds)
		g_array_unref(c->fds);
	if (c->binds)
		g_array_unref(c->binds);
}
