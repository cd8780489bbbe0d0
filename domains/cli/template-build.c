/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One template, from its recipe: mmdebstrap, tar, sqfstar, each by its argument list; what it is
 * then called is template-folder.c's. docs/decisions/templates.md. */
#include "domains/cli/template.h"

#include "domains/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#define AUTOMOUNT "/usr/share/mmdebstrap/hooks/file-mirror-automount"
/* The release of Debian 12: no file of a template is younger. */
#define EPOCH     "1686355200"
#define TAIL      1500

struct work {
	const struct build *b;
	char *half;  /* what becomes the template */
	char *stage; /* what mmdebstrap's other user must read, and its own scratch */
	char *log;
	char *tar;
};

static bool fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool fail(GError **error, const char *format, ...) {
	va_list ap;

	va_start(ap, format);
	if (error)
		*error = g_error_new_valist(G_IO_ERROR, G_IO_ERROR_FAILED, format, ap);
	va_end(ap);
	return false;
}

char *recipe_path(const char *name, GError **error) {
	g_autofree char *file = g_strconcat(name, ".recipe", NULL), *config = paths_config(),
			*own = g_build_filename(config, "templates", file, NULL), *found = NULL;

	if (strchr(name, '/'))
		return g_canonicalize_filename(name, NULL);
	found = g_file_test(own, G_FILE_TEST_EXISTS) ? g_steal_pointer(&own) : paths_find(file);
	if (!found)
		fail(error,
			"there is no recipe %s: write %s/templates/%s, or name a file by "
			"--recipe ./FILE; `bulkhead template recipes` lists those there are",
			name, config, file);
	return g_steal_pointer(&found);
}

/* Tools end with us, and let go what they have mounted. */
static void die_together(gpointer data) {
	prctl(PR_SET_PDEATHSIG, SIGTERM);
}

static char *log_tail(const struct work *w) {
	g_autofree char *text = NULL;
	gsize size = 0;

	if (!g_file_get_contents(w->log, &text, &size, NULL))
		return g_strdup("");
	return g_utf8_make_valid(text + (size > TAIL ? size - TAIL : 0), -1);
}

/* Runs a tool to its end. input, output: files, or NULL. */
static bool run(struct work *w, const char *const *argv, const char *input, const char *output,
	GError **error) {
	g_autoptr(GSubprocessLauncher) l = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_NONE);
	int log = g_open(w->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	g_autoptr(GSubprocess) p = NULL;
	g_autofree char *tail = NULL;

	g_subprocess_launcher_set_child_setup(l, die_together, NULL, NULL);
	g_subprocess_launcher_setenv(l, "SOURCE_DATE_EPOCH", EPOCH, FALSE);
	g_subprocess_launcher_setenv(l, "TMPDIR", w->stage, TRUE);
	g_subprocess_launcher_setenv(l, "LC_ALL", "C.UTF-8", TRUE);
	g_subprocess_launcher_set_stdin_file_path(l, input ? input : "/dev/null");
	if (output)
		g_subprocess_launcher_set_stdout_file_path(l, output);
	else
		g_subprocess_launcher_take_stdout_fd(l, fcntl(log, F_DUPFD_CLOEXEC, 3));
	g_subprocess_launcher_take_stderr_fd(l, log);
	p = g_subprocess_launcher_spawnv(l, argv, error);
	if (!p)
		return false;
	if (g_subprocess_wait_check(p, NULL, NULL))
		return true;
	tail = log_tail(w);
	return fail(error, "%s failed; its last words (all of them are in %s):\n%s", argv[0],
		w->log, tail);
}

static bool need_tools(const struct build *b, GError **error) {
	static const struct {
		const char *tool, *package;
		bool xen;
	} tools[] = {{"mmdebstrap", "mmdebstrap", false}, {"tar", "tar", false},
		{"sqfstar", "squashfs-tools", true}};

	for (size_t i = 0; i < G_N_ELEMENTS(tools); i++) {
		g_autofree char *path = g_find_program_in_path(tools[i].tool);

		if (!path && (b->xen || !tools[i].xen))
			return fail(error,
				"%s is missing: install the Debian package %s "
				"(apt-get install %s, as root)",
				tools[i].tool, tools[i].package, tools[i].package);
	}
	return true;
}

static bool copy(const char *from, const char *to, mode_t mode, GError **error) {
	g_autofree char *data = NULL;
	gsize size;

	return g_file_get_contents(from, &data, &size, error) &&
	       g_file_set_contents_full(
		       to, data, (gssize)size, G_FILE_SET_CONTENTS_NONE, (int)mode, error);
}

static bool stage_file(
	struct work *w, const char *file, const char *as, mode_t mode, GError **error) {
	g_autofree char *from = strchr(file, '/') ? g_strdup(file) : paths_find(file),
			*to = g_build_filename(w->stage, as, NULL);

	if (!from)
		return fail(error,
			"%s is not installed (nor in BULKHEAD_LIBEXEC): install Bulkhead whole",
			file);
	return copy(from, to, mode, error);
}

static bool stage_words(struct work *w, const char *as, GPtrArray *words, GError **error) {
	g_autofree char *to = g_build_filename(w->stage, as, NULL);
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < words->len; i++)
		g_string_append_printf(
			text, "%s%s", i ? " " : "", (char *)g_ptr_array_index(words, i));
	g_string_append_c(text, '\n');
	return g_file_set_contents_full(to, text->str, -1, G_FILE_SET_CONTENTS_NONE, 0644, error);
}

/* What is below /dev and its like is hidden by mmdebstrap's own in the root, and packages with it.
 */
static const char *usual_scratch(void) {
	static const char *const hidden[] = {"/dev/", "/proc/", "/sys/", "/run/"};
	const char *tmp = g_getenv("TMPDIR");

	for (size_t i = 0; tmp && i < G_N_ELEMENTS(hidden); i++)
		if (g_str_has_prefix(tmp, hidden[i]))
			return "/var/tmp";
	return tmp && *tmp ? tmp : "/var/tmp";
}

/* A folder that the user whom mmdebstrap becomes can read, whatever our own are closed to. */
static bool prepare_stage(struct work *w, GError **error) {
	const char *tmp = usual_scratch();
	const struct recipe *r = w->b->recipe;
	g_autofree char *kernel = NULL, *line = g_strconcat(r->kernel, "\n", NULL);

	w->stage = g_strdup_printf("%s/bulkhead-template-%s-XXXXXX", tmp, w->b->name);
	if (!g_mkdtemp_full(w->stage, 0755))
		return fail(error, "%s: %s", w->stage, g_strerror(errno));
	if (!stage_file(w, "template-finish", "template-finish", 0755, error))
		return false;
	for (char **p = w->b->packages; *p; p++) {
		g_autofree char *name = g_path_get_basename(*p);

		if (!stage_file(w, *p, name, 0644, error))
			return false;
	}
	kernel = g_build_filename(w->stage, "kernel", NULL);
	return !w->b->xen ||
	       (stage_file(w, "template-initramfs", "template-initramfs", 0755, error) &&
		       stage_words(w, "modules", r->modules, error) &&
		       stage_words(w, "services", r->services, error) &&
		       g_file_set_contents_full(
			       kernel, line, -1, G_FILE_SET_CONTENTS_NONE, 0644, error));
}

static char *included(const struct work *w) {
	const GPtrArray *names = w->b->recipe->packages;
	GString *s = g_string_new("--include=");

	for (guint i = 0; i < names->len; i++)
		g_string_append_printf(
			s, "%s%s", i ? "," : "", (char *)g_ptr_array_index(names, i));
	for (char **p = w->b->packages; *p; p++) {
		g_autofree char *name = g_path_get_basename(*p);

		g_string_append_printf(s, ",%s/%s", w->stage, name);
	}
	return g_string_free(s, FALSE);
}

static char *sources(const struct recipe *r) {
	const char *mirror = g_getenv("BULKHEAD_MIRROR"),
		   *security = g_getenv("BULKHEAD_MIRROR_SECURITY");

	mirror = mirror ? mirror : r->mirror;
	security = security ? security : r->security_mirror;
	return g_strdup_printf("deb %s %s main\ndeb %s %s-updates main\ndeb %s %s-security main\n",
		mirror, r->suite, mirror, r->suite, security, r->suite);
}

static bool bootstrap(struct work *w, GError **error) {
	const char *mode = geteuid() == 0 ? "--mode=root" : "--mode=unshare";
	g_autofree char *list = g_build_filename(w->stage, "sources.list", NULL),
			*text = sources(w->b->recipe), *include = included(w),
			*hook = g_strdup_printf("--customize-hook=%s/template-finish", w->stage);
	const char *argv[] = {"mmdebstrap", mode, "--variant=minbase", "--format=tar", include,
		"--aptopt=APT::Install-Recommends \"false\"",
		/* What is written is thrown away if this does not come to its end. */
		"--dpkgopt=force-unsafe-io", "--dpkgopt=path-exclude=/usr/share/doc/*",
		"--dpkgopt=path-include=/usr/share/doc/*/copyright",
		"--dpkgopt=path-exclude=/usr/share/man/*",
		"--dpkgopt=path-exclude=/usr/share/locale/*",
		"--dpkgopt=path-include=/usr/share/locale/locale.alias", "--hook-dir=" AUTOMOUNT,
		hook, w->b->recipe->suite, "-", list, NULL};

	return g_file_set_contents_full(list, text, -1, G_FILE_SET_CONTENTS_NONE, 0644, error) &&
	       run(w, argv, NULL, w->tar, error);
}

/* The tree belongs to us: bubblewrap binds it, and no program in it is anybody else's. */
static bool unpack_tree(struct work *w, GError **error) {
	g_autofree char *root = g_build_filename(w->half, "root", NULL);
	const char *argv[] = {"tar", "--extract", "--file", w->tar, "--directory", root,
		"--no-same-owner", "--no-same-permissions", "--delay-directory-restore",
		"--anchored", "--exclude=./dev", "--exclude=./proc", "--exclude=./sys",
		"--exclude=./run", "--exclude=./tmp", "--exclude=./var", "--exclude=./boot",
		"--exclude=./home", "--exclude=./root", NULL};

	if (g_mkdir(root, 0755))
		return fail(error, "%s: %s", root, g_strerror(errno));
	return run(w, argv, NULL, NULL, error);
}

/* From the archive as it is, so that owners and times are those in it, whoever builds. */
static bool make_image(struct work *w, GError **error) {
	g_autofree char *image = g_build_filename(w->half, "root.img", NULL);
	const char *squash[] = {"sqfstar", "-quiet", "-no-progress", "-reproducible", "-comp",
		"lz4", image, "boot", NULL};
	const char *boot[] = {"tar", "--extract", "--file", w->tar, "--directory", w->half,
		"--no-same-owner", "--strip-components=2", "./boot/vmlinuz", "./boot/initrd.gz",
		NULL};

	return run(w, squash, w->tar, NULL, error) && run(w, boot, NULL, NULL, error);
}

static bool take_list(struct work *w, GError **error) {
	g_autofree char *to = g_build_filename(w->half, "packages", NULL);
	const char *argv[] = {"tar", "--extract", "--to-stdout", "--file", w->tar,
		"./etc/bulkhead-packages", NULL};

	return run(w, argv, NULL, to, error);
}

static char *hash_of(const char *path, GError **error) {
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	AUTO(auto_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	g_autofree guchar *data = g_malloc(1 << 20);
	ssize_t n;

	while (fd >= 0 && (n = read(fd, data, 1 << 20)) > 0)
		g_checksum_update(sum, data, n);
	if (fd >= 0 && n == 0)
		return g_strdup(g_checksum_get_string(sum));
	fail(error, "%s: %s", path, g_strerror(errno));
	return NULL;
}

static bool describe(struct work *w, GError **error) {
	g_autofree char *file = g_build_filename(w->half, "template.conf", NULL),
			*hash = hash_of(w->tar, error), *when = NULL;
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autoptr(GKeyFile) k = g_key_file_new();

	if (!hash)
		return false;
	when = g_date_time_format_iso8601(now);
	g_key_file_set_string(k, "template", "description", w->b->recipe->description);
	g_key_file_set_string(k, "template", "recipe", w->b->recipe_file);
	g_key_file_set_string(k, "template", "for", w->b->xen ? "xen" : "local");
	g_key_file_set_string(k, "template", "built", when);
	g_key_file_set_string(k, "template", "hash", hash);
	g_key_file_set_string_list(k, "template", "packages", (const char *const *)w->b->packages,
		g_strv_length(w->b->packages));
	if (w->b->xen)
		g_key_file_set_string(k, "template", "kernelopts", w->b->recipe->kernelopts);
	return g_key_file_save_to_file(k, file, error);
}

/* What mmdebstrap left when it was killed belongs to other users; it tidies up otherwise. */
static void clear_stage(struct work *w) {
	const char *argv[] = {"unshare", "--user", "--map-root-user", "--map-auto", "rm", "-rf",
		"--one-file-system", w->stage, NULL};

	if (w->stage && paths_remove_below(AT_FDCWD, w->stage))
		(void)!run(w, argv, NULL, NULL, NULL);
}

static bool make(struct work *w, GError **error) {
	static bool (*const tree[])(struct work * w, GError * *error) = {
		prepare_stage, bootstrap, unpack_tree, take_list, describe, NULL};
	static bool (*const image[])(struct work * w, GError * *error) = {
		prepare_stage, bootstrap, make_image, take_list, describe, NULL};

	for (size_t i = 0; tree[i]; i++)
		if (!(w->b->xen ? image[i] : tree[i])(w, error))
			return false;
	return unlink(w->tar) == 0 || fail(error, "%s: %s", w->tar, g_strerror(errno));
}

bool template_build(struct templates *t, const struct build *b, GError **error) {
	struct work w = {.b = b};
	g_autofree char *state = paths_state(), *log = g_strconcat(b->name, ".log", NULL);
	mode_t mask = umask(022);
	bool ok;

	w.log = g_build_filename(state, "templates", log, NULL);
	ok = need_tools(b, error) && (w.half = templates_begin(t, b->name, error));
	if (ok) {
		w.tar = g_build_filename(w.half, "root.tar", NULL);
		g_autofree char *logs = g_path_get_dirname(w.log);
		g_mkdir_with_parents(logs, 0700);
		unlink(w.log);
		ok = make(&w, error);
		clear_stage(&w);
		ok = ok && templates_commit(t, b->name, error);
		if (!ok)
			paths_remove_below(AT_FDCWD, w.half);
	}
	umask(mask);
	g_free(w.half);
	g_free(w.stage);
	g_free(w.log);
	g_free(w.tar);
	return ok;
}
