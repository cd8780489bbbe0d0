/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is written into a domain's cgroup; a plain folder stands for it. */
#include "domains/cgroup.h"

#include <fcntl.h>
#include <glib/gstdio.h>

struct folder {
	char *path, *weight;
	struct cgroup cgroup;
};

static struct folder folder_new(void) {
	struct folder f = {.path = g_dir_make_tmp("test-cgroup-XXXXXX", NULL)};

	g_assert_nonnull(f.path);
	f.weight = g_build_filename(f.path, "cpu.weight", NULL);
	f.cgroup = (struct cgroup){
		.parent = -1, .dir = open(f.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	g_assert_cmpint(f.cgroup.dir, >=, 0);
	return f;
}

static void folder_free(struct folder *f) {
	close(f->cgroup.dir);
	g_unlink(f->weight);
	g_rmdir(f->path);
	g_free(f->weight);
	g_free(f->path);
}

static void expect(const struct folder *f, unsigned weight, const char *want) {
	g_autofree char *seen = NULL;

	g_assert_true(g_file_set_contents(f->weight, "", 0, NULL));
	cgroup_weigh(&f->cgroup, weight);
	g_assert_true(g_file_get_contents(f->weight, &seen, NULL, NULL));
	g_assert_cmpstr(seen, ==, want);
}

static void weights(void) {
	struct folder f = folder_new();

	expect(&f, 100, "100");
	expect(&f, 400, "400");
	expect(&f, 1, "1");
	expect(&f, 0, "1");
	expect(&f, 10000, "10000");
	expect(&f, 40000, "10000"); /* the person works in one whose share is large already */
	folder_free(&f);
}

/* No controller, or no cgroup at all: nothing is made and nothing fails. */
static void done_without(void) {
	struct folder f = folder_new();
	struct cgroup none = {.dir = -1, .parent = -1};

	cgroup_weigh(&f.cgroup, 100);
	g_assert_false(g_file_test(f.weight, G_FILE_TEST_EXISTS));
	cgroup_weigh(&none, 100);
	folder_free(&f);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/cgroup/weights", weights);
	g_test_add_func("/cgroup/done-without", done_without);
	return g_test_run();
}
