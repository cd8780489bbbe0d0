/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/xen-volumes.h"

#include "domains/paths.h"
#include "domains/program.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define MKE2FS        "/sbin/mke2fs"
#define VOLATILE_SIZE ((off_t)10 << 30) /* sparse: only what is written takes room */
#define MIB           ((off_t)1 << 20)
/* One window needs more grants than the kernel's default gives a whole guest. */
#define OPTIONS       "console=hvc0 root=/dev/xvda ro xen_gntalloc.limit=1000000"

static char *template_file(const struct definition *d, const char *name) {
	g_autofree char *data = paths_data();

	return g_build_filename(data, "templates", d->template, name, NULL);
}

static char *volume(const char *domain, const char *name) {
	g_autofree char *data = paths_data();

	return g_build_filename(data, "domains", domain, name, NULL);
}

static char *if_there(char *path) {
	if (path && !g_file_test(path, G_FILE_TEST_EXISTS))
		g_clear_pointer(&path, g_free);
	return path;
}

static char *kernel_of(const struct definition *d) {
	char *unpacked;

	if (*d->kernel)
		return g_path_is_absolute(d->kernel) ? g_strdup(d->kernel)
						     : template_file(d, d->kernel);
	/* Unpacked beforehand it starts faster, where the template has it so. */
	unpacked = d->virt_mode == VIRT_PVH ? if_there(template_file(d, "vmlinux")) : NULL;
	return unpacked ? unpacked : template_file(d, "vmlinuz");
}

static bool need(char *owned, const char *what, GError **error) {
	g_autofree char *path = owned;

	if (g_file_test(path, G_FILE_TEST_EXISTS))
		return true;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
		"%s is missing: %s; `bulkhead template list` shows the templates that are there",
		path, what);
	return false;
}

bool xen_volumes_check(const struct definition *d, GError **error) {
	if (!strcmp(d->template, "host")) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			"on Xen a domain needs a template: set template to one of those that "
			"`bulkhead template list` shows");
		return false;
	}
	return need(template_file(d, "root.img"), "the template's root volume", error) &&
	       need(kernel_of(d), "the domain's kernel", error) &&
	       need(template_file(d, "initrd.gz"), "the template's initramfs", error);
}

struct preparation {
	void (*done)(void *user, const char *error);
	void *user;
	char *error; /* NULL: none */
	char *half;  /* the file that mke2fs fills */
	char *final;
};

static gboolean report(gpointer data) {
	struct preparation *p = data;

	p->done(p->user, p->error);
	g_free(p->error);
	g_free(p->half);
	g_free(p->final);
	g_free(p);
	return G_SOURCE_REMOVE;
}

static void on_made(void *user, pid_t pid, int status) {
	struct preparation *p = user;

	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || rename(p->half, p->final))
		p->error = g_strdup_printf("the private volume %s cannot be made (%s)", p->final,
			WIFEXITED(status) && !WEXITSTATUS(status) ? g_strerror(errno) : MKE2FS);
	report(p);
}

/* A sparse file of this size with nothing in it. */
static int make_sparse(const char *path, off_t size) {
	AUTO(auto_close)
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	return fd < 0 || ftruncate(fd, size) ? -errno : 0;
}

/* Half-made volumes have another name: only a whole one is ever used. */
static int make_private(struct preparation *p, const struct definition *d) {
	const char *argv[] = {
		MKE2FS, "-q", "-F", "-t", "ext4", "-L", "private", "-m", "0", NULL, NULL};
	struct program s = {.argv = argv, .ended = on_made, .user = p};
	int r;

	p->half = g_strconcat(p->final, ".half", NULL);
	r = make_sparse(p->half, d->private_size * MIB);
	argv[9] = p->half;
	return r ? r : program_start(&s, NULL);
}

void xen_volumes_prepare(
	const struct definition *d, void (*done)(void *user, const char *error), void *user) {
	g_autofree char *folder = volume(d->name.s, ""),
			*scratch = volume(d->name.s, "volatile.img");
	struct preparation *p = g_new0(struct preparation, 1);
	int r;

	p->done = done;
	p->user = user;
	p->final = volume(d->name.s, "private.img");
	r = g_mkdir_with_parents(folder, 0700) ? -errno : make_sparse(scratch, VOLATILE_SIZE);
	if (!r && !g_file_test(p->final, G_FILE_TEST_EXISTS)) {
		r = make_private(p, d);
		if (!r)
			return;
	}
	if (r)
		p->error = g_strdup_printf("%s: %s", folder, g_strerror(-r));
	g_idle_add(report, p);
}

/* What the template's maker wants on its kernel's command line. */
static char *template_options(const struct definition *d) {
	g_autoptr(GKeyFile) k = g_key_file_new();
	g_autofree char *path = template_file(d, "template.conf");

	if (!g_key_file_load_from_file(k, path, G_KEY_FILE_NONE, NULL))
		return NULL;
	return g_key_file_get_string(k, "template", "kernelopts", NULL);
}

/* The domain's name as a host's, in which systemd allows no underscore. */
static char *host_name(const struct definition *d) {
	return g_strdelimit(g_strdup(d->name.s), "_", '-');
}

static void add(GPtrArray *argv, const char *option, char *owned) {
	if (owned)
		g_ptr_array_add(argv, g_strdup_printf("--%s=%s", option, owned));
	g_free(owned);
}

void xen_volumes_arguments(const struct definition *d, GPtrArray *argv) {
	g_autofree char *more = template_options(d), *host = host_name(d);

	add(argv, "root", template_file(d, "root.img"));
	add(argv, "kernel", kernel_of(d));
	add(argv, "ramdisk", template_file(d, "initrd.gz"));
	add(argv, "modules", if_there(template_file(d, "modules.img")));
	add(argv, "private", volume(d->name.s, "private.img"));
	add(argv, "volatile", volume(d->name.s, "volatile.img"));
	add(argv, "cmdline",
		g_strdup_printf(OPTIONS " systemd.hostname=%s%s%s%s%s", host, more ? " " : "",
			more ? more : "", *d->kernelopts ? " " : "", d->kernelopts));
}

gint64 xen_volumes_stamp(const struct definition *d) {
	g_autofree char *path = template_file(d, "root.img");
	struct stat st;

	return stat(path, &st) ? 0 : st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

void xen_volumes_drop(const struct definition *d) {
	g_autofree char *path = volume(d->name.s, "volatile.img");

	unlink(path);
}

bool xen_volumes_forget(const char *name) {
	g_autofree char *data = paths_data(), *below = g_strdup_printf("domains/%s", name);
	AUTO(auto_close) int dir = paths_open_private(data, NULL);

	return dir >= 0 && !paths_remove_below(dir, below);
}
