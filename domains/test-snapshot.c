/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/snapshot.h"

#include "domains/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>

static char *folder;
static int dir;

static void put(const char *name, const char *text) {
	g_autofree char *path = g_build_filename(folder, name, NULL),
			*parent = g_path_get_dirname(path);

	g_assert_cmpint(g_mkdir_with_parents(parent, 0700), ==, 0);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static bool has(const char *name, const char *text) {
	g_autofree char *path = g_build_filename(folder, name, NULL), *found = NULL;

	return g_file_get_contents(path, &found, NULL, NULL) ? text && !strcmp(found, text) : !text;
}

static void test_names(void) {
	static const struct {
		const char *name;
		bool ok;
	} rows[] = {{"a", true}, {"2026-11-27.x_y", true}, {"", false}, {".half", false},
		{"-a", false}, {"a/b", false}, {"..", false}, {"a b", false}, {"\xc3\xa9", false}};
	g_autofree char *most = g_strnfill(64, 'a'), *more = g_strnfill(65, 'a');

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		g_assert_cmpint(snapshot_name_ok(rows[i].name), ==, rows[i].ok);
	g_assert_true(snapshot_name_ok(most));
	g_assert_false(snapshot_name_ok(more));
}

static void test_there_and_back(void) {
	put("home/a", "one");
	put("home/below/b", "one");
	g_assert_cmpint(snapshot_take(dir, "home", "first", -1), ==, 0);
	g_assert_cmpint(snapshot_take(dir, "home", "first", -1), ==, -EEXIST);
	put("home/a", "two");
	put("home/later", "two");
	g_assert_true(has("snapshots/first/a", "one"));
	g_assert_cmpint(snapshot_rollback(dir, "home", "none", -1), ==, -ENOENT);
	g_assert_cmpint(snapshot_rollback(dir, "home", "first", -1), ==, 0);
	g_assert_true(has("home/a", "one"));
	g_assert_true(has("home/below/b", "one"));
	g_assert_true(has("home/later", NULL));
	g_assert_true(has("snapshots/" SNAPSHOT_BEFORE "/later", "two"));
	/* And forth again: what a rollback took away can be had back. */
	g_assert_cmpint(snapshot_rollback(dir, "home", SNAPSHOT_BEFORE, -1), ==, 0);
	g_assert_true(has("home/later", "two"));
	g_assert_true(has("snapshots/" SNAPSHOT_BEFORE "/a", "one"));
	g_assert_cmpint(snapshot_drop(dir, "first"), ==, 0);
	g_assert_cmpint(snapshot_drop(dir, "first"), ==, -ENOENT);
	g_assert_true(has("snapshots/first/a", NULL));
}

static void test_volume(void) {
	put("private.img", "bytes");
	g_assert_cmpint(snapshot_take(dir, "private.img", "v", -1), ==, 0);
	put("private.img", "others");
	g_assert_cmpint(snapshot_rollback(dir, "private.img", "v", -1), ==, 0);
	g_assert_true(has("private.img", "bytes"));
	g_assert_true(has("snapshots/" SNAPSHOT_BEFORE, "others"));
}

static void test_half(void) {
	put("snapshots/.half/old", "left by one that was killed");
	put("home/a", "one");
	g_assert_cmpint(snapshot_take(dir, "home", "clean", -1), ==, 0);
	g_assert_true(has("snapshots/clean/old", NULL));
	g_assert_cmpint(snapshot_take(dir, "nowhere", "x", -1), ==, -ENOENT);
	g_assert_true(has("snapshots/.half/old", NULL));
}

static void test_cancelled(void) {
	int end[2];

	put("home/a", "one");
	g_assert_cmpint(snapshot_take(dir, "home", "before", -1), ==, 0);
	put("home/a", "two");
	g_assert_cmpint(pipe(end), ==, 0);
	close(end[1]);
	g_assert_cmpint(snapshot_take(dir, "home", "cancelled", end[0]), ==, -ECANCELED);
	g_assert_true(has("snapshots/cancelled/a", NULL));
	g_assert_cmpint(snapshot_rollback(dir, "home", "before", end[0]), ==, -ECANCELED);
	g_assert_true(has("home/a", "two"));
	g_assert_true(has("snapshots/.half/a", NULL));
	close(end[0]);
	/* Nobody cancels what is open. */
	g_assert_cmpint(pipe(end), ==, 0);
	g_assert_cmpint(snapshot_take(dir, "home", "kept", end[0]), ==, 0);
	g_assert_true(has("snapshots/kept/a", "two"));
	close(end[0]);
	close(end[1]);
}

/* What a domain put in its place, or in it, is copied as the link that it is. */
static void test_links(void) {
	g_autofree char *link = g_build_filename(folder, "link", NULL),
			*inner = g_build_filename(folder, "home/inner", NULL),
			*copied = g_build_filename(folder, "snapshots/links/inner", NULL);

	g_assert_cmpint(symlink("/etc", link), ==, 0);
	g_assert_cmpint(snapshot_take(dir, "link", "y", -1), ==, -ELOOP);
	put("home/a", "one");
	g_assert_cmpint(symlink("/etc", inner), ==, 0);
	g_assert_cmpint(snapshot_take(dir, "home", "links", -1), ==, 0);
	g_assert_true(g_file_test(copied, G_FILE_TEST_IS_SYMLINK));
}

int main(int argc, char **argv) {
	int status;

	g_test_init(&argc, &argv, NULL);
	folder = g_dir_make_tmp("bulkhead-snapshot-XXXXXX", NULL);
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	g_test_add_func("/snapshot/names", test_names);
	g_test_add_func("/snapshot/there-and-back", test_there_and_back);
	g_test_add_func("/snapshot/volume", test_volume);
	g_test_add_func("/snapshot/half", test_half);
	g_test_add_func("/snapshot/cancelled", test_cancelled);
	g_test_add_func("/bug-class/H7/snapshots-follow-no-link", test_links);
	status = g_test_run();
	(void)!paths_remove_below(AT_FDCWD, folder);
	g_free(folder);
	return status;
}
