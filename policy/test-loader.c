/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading folders: one state of all files, or none (bug class E11, the library's part). */
#include "policy/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

struct fixture {
	char *folder;
};

static void setup(struct fixture *f, gconstpointer data) {
	f->folder = g_dir_make_tmp("policy-XXXXXX", NULL);
	g_assert_nonnull(f->folder);
}

static void remove_all(const char *folder) {
	GDir *dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_DIR) &&
			!g_file_test(path, G_FILE_TEST_IS_SYMLINK))
			remove_all(path);
		else
			g_unlink(path);
	}
	if (dir)
		g_dir_close(dir);
	g_rmdir(folder);
}

static void teardown(struct fixture *f, gconstpointer data) {
	remove_all(f->folder);
	g_free(f->folder);
}

static void put(struct fixture *f, const char *name, const char *text) {
	g_autofree char *path = g_build_filename(f->folder, name, NULL);
	FILE *file = fopen(path, "w");

	g_assert_nonnull(file);
	g_assert_cmpint(fputs(text, file), >=, 0);
	g_assert_cmpint(fclose(file), ==, 0);
}

static int load(struct fixture *f, struct policy_load *ret) {
	const char *const folders[] = {f->folder};
	const struct policy_places places = {folders, 1, NULL};

	return policy_load(&places, ret);
}

static void test_reads(struct fixture *f, gconstpointer data) {
	struct policy_load l;
	g_autofree char *sub = g_build_filename(f->folder, "include", NULL);

	g_assert_cmpint(g_mkdir(sub, 0700), ==, 0);
	put(f, "10-a.policy", "!include include/x\ns * a b allow\n");
	put(f, "include/x", "s * a c allow\n");
	put(f, "empty.policy", "");
	g_assert_cmpint(load(f, &l), ==, 0);
	g_assert_cmpuint(policy_rule_count(l.policy), ==, 2);
	g_assert_true(g_str_has_suffix(policy_rule_at(l.policy, 0)->file, "/include/x"));
	g_assert_cmpuint(l.folder_count, ==, 2);
	g_assert_cmpstr(l.folders[0], ==, f->folder);
	g_assert_cmpstr(l.folders[1], ==, sub);
	policy_load_deinit(&l);
}

static void test_broken(struct fixture *f, gconstpointer data) {
	struct policy_load l;

	put(f, "10-a.policy", "s * a b alow\n");
	g_assert_cmpint(load(f, &l), ==, POLICY_E_BROKEN);
	g_assert_null(l.policy);
	g_assert_cmpuint(l.errors.count, ==, 1);
	g_assert_cmpuint(l.folder_count, ==, 1);
	policy_load_deinit(&l);
}

/* A change is tried as if the file were there: new, instead of the old one, in a folder to come. */
static void test_override(struct fixture *f, gconstpointer data) {
	g_autofree char *missing = g_build_filename(f->folder, "missing", NULL);
	const char *const folders[] = {f->folder, missing};
	const struct {
		struct policy_override change;
		size_t places, rules;
	} rows[] = {
		{{f->folder, "20-b.policy", "s * a b allow\ns * a c allow"}, 1, 3},
		{{f->folder, "10-a.policy", "s * a b allow\ns * a c allow"}, 1, 2},
		{{f->folder, "10-a.policy", ""}, 1, 0},
		{{missing, "20-b.policy", "s * a b allow"}, 2, 2},
		{{missing, "10-a.policy", "s * a b allow\ns * a c allow"}, 2, 1},
		{{f->folder, "20-b.txt", "broken"}, 1, 1},
	};

	put(f, "10-a.policy", "s * a b deny\n");
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct policy_places places = {folders, rows[i].places, NULL};
		struct policy_load l;

		g_assert_cmpint(policy_load_with(&places, &rows[i].change, &l), ==, 0);
		g_assert_cmpuint(policy_rule_count(l.policy), ==, rows[i].rules);
		policy_load_deinit(&l);
	}
}

/* A file that anybody has open for writing is half a file. */
static void test_half_written(struct fixture *f, gconstpointer data) {
	g_autofree char *path = g_build_filename(f->folder, "10-a.policy", NULL);
	struct policy_load l;
	int fd;

	put(f, "10-a.policy", "s * a b allow\n");
	fd = open(path, O_WRONLY | O_CLOEXEC);
	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(load(f, &l), ==, POLICY_E_BUSY);
	g_assert_null(l.policy);
	g_assert_cmpstr(l.busy, ==, path);
	policy_load_deinit(&l);
	close(fd);
	g_assert_cmpint(load(f, &l), ==, 0);
	policy_load_deinit(&l);
}

/* Links that lead nowhere, folders, devices and huge files: an error, never silence. */
static void test_odd_files(struct fixture *f, gconstpointer data) {
	static const struct {
		const char *to;
		int answer;
	} rows[] = {{"nowhere", POLICY_E_BROKEN}, {"/dev/null", 0}, {".", 0}, {"10-a.txt", 0}};
	g_autofree char *link = g_build_filename(f->folder, "20-l.policy", NULL);

	put(f, "10-a.txt", "s * a b allow\n");
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct policy_load l;

		g_assert_cmpint(symlink(rows[i].to, link), ==, 0);
		g_assert_cmpint(load(f, &l), ==, rows[i].answer);
		if (rows[i].answer == 0)
			g_assert_cmpuint(policy_rule_count(l.policy), ==, i == 3 ? 1 : 0);
		policy_load_deinit(&l);
		g_unlink(link);
	}
	put(f, "30-big.policy", "# big\n");
	g_assert_cmpint(truncate(link, 0), ==, -1);
	{
		g_autofree char *big = g_build_filename(f->folder, "30-big.policy", NULL);
		struct policy_load l;

		g_assert_cmpint(truncate(big, (4 << 20) + 1), ==, 0);
		g_assert_cmpint(load(f, &l), ==, POLICY_E_BROKEN);
		g_assert_nonnull(strstr(l.errors.list[0].words, "File too large"));
		policy_load_deinit(&l);
	}
}

/*
 * A writer that works in bursts: after each it waits until two more loads are over, so that some
 * loads meet it and some do not. Half of its writes are in place, half are new files renamed.
 */
#define BURST   4u
#define FILLERS 40u

struct writer {
	struct fixture *f;
	GMutex lock;
	GCond changed;
	unsigned loads;
	bool stop;
};

static void write_file(struct fixture *f, const char *name, unsigned version, bool in_place) {
	g_autofree char *path = g_build_filename(f->folder, name, NULL);
	g_autofree char *fresh = g_strdup_printf("%s.new", path);
	FILE *file = fopen(in_place ? path : fresh, "w");

	g_assert_nonnull(file);
	for (unsigned i = 0; i < 300; i++)
		fprintf(file, "s * a v%u allow\n", version);
	fclose(file);
	if (!in_place)
		g_rename(fresh, path);
}

static bool wait_for_loads(struct writer *w, unsigned more) {
	bool stop;

	g_mutex_lock(&w->lock);
	more += w->loads;
	while (!w->stop && w->loads < more)
		g_cond_wait(&w->changed, &w->lock);
	stop = w->stop;
	g_mutex_unlock(&w->lock);
	return !stop;
}

static gpointer write_on(gpointer data) {
	struct writer *w = data;
	unsigned version = 1;

	do {
		for (unsigned i = 0; i < BURST; i++) {
			version++;
			write_file(w->f, "10-a.policy", version, i % 2);
			write_file(w->f, "90-b.policy", version, false);
		}
	} while (wait_for_loads(w, 2));
	return NULL;
}

static void loaded_once(struct writer *w, bool stop) {
	g_mutex_lock(&w->lock);
	w->loads++;
	w->stop = stop;
	g_cond_signal(&w->changed);
	g_mutex_unlock(&w->lock);
}

static unsigned version_of(const struct policy_rule *rule) {
	return (unsigned)g_ascii_strtoull(rule->target.text + 1, NULL, 10);
}

/* Whatever a writer does, what is loaded is whole, and one state of both files: the second file is
 * never newer than the first, which is always written before it. */
static void test_never_half(struct fixture *f, gconstpointer data) {
	struct writer w = {.f = f};
	unsigned whole = 0;
	GThread *thread;

	write_file(f, "10-a.policy", 1, false);
	write_file(f, "90-b.policy", 1, false);
	for (unsigned i = 0; i < FILLERS; i++) {
		g_autofree char *name = g_strdup_printf("50-%u.policy", i);

		put(f, name, "# between the two\n");
	}
	thread = g_thread_new("writer", write_on, &w);
	for (unsigned i = 0; i < 400; i++) {
		struct policy_load l;
		int r = load(f, &l);

		g_assert_true(r == 0 || r == POLICY_E_BUSY);
		if (r == 0) {
			g_assert_cmpuint(policy_rule_count(l.policy), ==, 600);
			g_assert_cmpuint(version_of(policy_rule_at(l.policy, 0)), >=,
				version_of(policy_rule_at(l.policy, 599)));
			whole++;
		}
		policy_load_deinit(&l);
		loaded_once(&w, false);
	}
	loaded_once(&w, true);
	g_thread_join(thread);
	g_assert_cmpuint(whole, >, 0);
	g_mutex_clear(&w.lock);
	g_cond_clear(&w.changed);
}

static void test_folders(void) {
	struct policy_folders folders;

	g_setenv("BULKHEAD_POLICY_PATH", "/a::/b:", TRUE);
	g_assert_cmpint(policy_folders_default(&folders), ==, 0);
	g_assert_cmpuint(folders.count, ==, 2);
	g_assert_cmpstr(folders.list[1], ==, "/b");
	policy_folders_deinit(&folders);
	g_unsetenv("BULKHEAD_POLICY_PATH");
	g_setenv("XDG_CONFIG_HOME", "/nonexistent/config", TRUE);
	g_setenv("XDG_RUNTIME_DIR", "not-absolute", TRUE);
	g_assert_cmpint(policy_folders_default(&folders), ==, 0);
	g_assert_cmpuint(folders.count, >=, 1);
	g_assert_true(g_str_has_suffix(folders.list[folders.count - 1], "/bulkhead/policy.d"));
	g_assert_cmpstr(folders.own, ==, "/nonexistent/config/bulkhead/policy.d");
	policy_folders_deinit(&folders);
}

#define ADD(path, fn) g_test_add(path, struct fixture, NULL, setup, fn, teardown)

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	ADD("/policy/loader/reads", test_reads);
	ADD("/policy/loader/broken", test_broken);
	ADD("/bug-class/E11/half-written", test_half_written);
	ADD("/bug-class/E11/never-half", test_never_half);
	ADD("/policy/loader/override", test_override);
	ADD("/policy/loader/odd-files", test_odd_files);
	g_test_add_func("/policy/loader/folders", test_folders);
	return g_test_run();
}
