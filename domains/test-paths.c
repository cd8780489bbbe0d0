/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Folders that a domain (or anybody) may have replaced by symbolic links. */
#include "domains/paths.h"
#include "domains/store.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

struct place {
	char *path;
	int fd;
};

static void place_init(struct place *p, gconstpointer data) {
	p->path = g_dir_make_tmp("bulkhead-test-XXXXXX", NULL);
	p->fd = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	g_assert_cmpint(p->fd, >=, 0);
}

static void place_deinit(struct place *p, gconstpointer data) {
	int top = open(g_get_tmp_dir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	g_autofree char *name = g_path_get_basename(p->path);

	g_assert_cmpint(paths_remove_below(top, name), ==, 0);
	close(top);
	close(p->fd);
	g_free(p->path);
}

static void test_symlinks(struct place *p, gconstpointer data) {
	static const char *const refused[] = {"link", "link/below", "real/link", "real/up/x", "..",
		"real/../real", "", "/etc", "real/"};
	g_autoptr(GError) error = NULL;
	int fd = paths_open_below(p->fd, "real/deep", true, &error);

	g_assert_no_error(error);
	close(fd);
	g_assert_cmpint(symlinkat("/etc", p->fd, "link"), ==, 0);
	g_assert_cmpint(symlinkat("deep", p->fd, "real/link"), ==, 0);
	g_assert_cmpint(symlinkat("..", p->fd, "real/up"), ==, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
		g_autoptr(GError) why = NULL;

		g_test_message("%s", refused[i]);
		g_assert_cmpint(paths_open_below(p->fd, refused[i], false, &why), ==, -1);
		g_assert_nonnull(why);
	}
}

/* Removing a tree removes links, never what they point to. */
static void test_remove(struct place *p, gconstpointer data) {
	struct stat st;

	close(paths_open_below(p->fd, "keep", true, NULL));
	close(openat(p->fd, "keep/file", O_CREAT | O_WRONLY, 0600));
	close(paths_open_below(p->fd, "gone/deep", true, NULL));
	g_assert_cmpint(symlinkat("../../keep", p->fd, "gone/deep/link"), ==, 0);
	g_assert_cmpint(symlinkat("../keep", p->fd, "gone/link"), ==, 0);
	g_assert_cmpint(paths_remove_below(p->fd, "gone"), ==, 0);
	g_assert_cmpint(fstatat(p->fd, "gone", &st, AT_SYMLINK_NOFOLLOW), ==, -1);
	g_assert_cmpint(fstatat(p->fd, "keep/file", &st, 0), ==, 0);
	g_assert_cmpint(paths_remove_below(p->fd, "gone"), ==, 0);
}

static void count(void *user, struct definition *d) {
	++*(unsigned *)user;
	definition_free(d);
}

static void complain(void *user, const char *file, const char *why) {
	*(unsigned *)user += 100;
}

static void test_store(struct place *p, gconstpointer data) {
	AUTO(definition_free_p) struct definition *d = NULL;
	g_autofree char *config = g_build_filename(p->path, "config", NULL),
			*where = g_build_filename(p->path, "data", NULL);
	struct domain_name name;
	struct store s;
	unsigned found = 0;
	g_autoptr(GError) error = NULL;

	g_setenv("XDG_CONFIG_HOME", config, TRUE);
	g_setenv("XDG_DATA_HOME", where, TRUE);
	g_assert_cmpint(domain_name_parse("work", &name), ==, 0);
	d = definition_new(name);
	g_assert_cmpint(store_init(&s, &error), ==, 0);
	g_assert_true(store_save(&s, d, &error));
	g_assert_true(store_save(&s, d, &error));
	g_assert_cmpint(symlinkat("work.conf", s.definitions, "linked.conf"), ==, 0);
	g_assert_cmpint(mkdirat(s.definitions, "folder.conf", 0700), ==, 0);
	close(openat(s.definitions, "-bad.conf", O_CREAT | O_WRONLY, 0600));
	close(openat(s.definitions, "ignored.txt", O_CREAT | O_WRONLY, 0600));
	store_load(&s, count, complain, &found);
	g_assert_cmpuint(found, ==, 301);
	g_assert_cmpint(store_slot(&s, name, &error), ==, 0);
	g_assert_cmpint(domain_name_parse("other", &name), ==, 0);
	g_assert_cmpint(store_slot(&s, name, &error), ==, 1);
	g_assert_cmpint(store_slot(&s, name, &error), ==, 1);
	g_assert_true(store_remove(&s, d->name, &error));
	g_assert_true(store_remove(&s, d->name, &error));
	store_deinit(&s);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add("/bug-class/H6/folders", struct place, NULL, place_init, test_symlinks,
		place_deinit);
	g_test_add(
		"/bug-class/H6/removal", struct place, NULL, place_init, test_remove, place_deinit);
	g_test_add("/store/files", struct place, NULL, place_init, test_store, place_deinit);
	return g_test_run();
}
