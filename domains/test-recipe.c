/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/recipe.h"

#include <glib/gstdio.h>
#include <string.h>

static struct recipe *parse(const char *text, GError **error) {
	return recipe_parse("x.recipe", text, strlen(text), error);
}

static char *joined(GPtrArray *list) {
	g_autoptr(GString) s = g_string_new(NULL);

	for (guint i = 0; i < list->len; i++)
		g_string_append_printf(s, "%s%s", i ? " " : "", (char *)g_ptr_array_index(list, i));
	return g_strdup(s->str);
}

static void test_whole(void) {
	g_autoptr(recipe_t) r = parse("# about\n[recipe]\ndescription=A terminal\nsuite=bookworm\n"
				      "mirror=http://m/debian\n\n[packages]\nsystem=dbus udev\n"
				      "more=xterm=380-1 dbus\n[modules]\na=nft_ct\n[xen]\n"
				      "services=cron.service\nkernelopts=quiet x=1\n",
		NULL);
	g_autofree char *packages = NULL;

	g_assert_nonnull(r);
	packages = joined(r->packages);
	g_assert_cmpstr(r->description, ==, "A terminal");
	g_assert_cmpstr(packages, ==, "dbus udev xterm=380-1");
	g_assert_cmpstr(r->kernelopts, ==, "quiet x=1");
	g_assert_cmpstr(g_ptr_array_index(r->modules, 0), ==, "nft_ct");
	g_assert_cmpstr(g_ptr_array_index(r->services, 0), ==, "cron.service");
	g_assert_null(r->base);
	g_assert_null(r->kernel);
}

/* An error names the file, the line, and what is wanted. */
static void test_errors(void) {
	static const struct {
		const char *text, *where, *what;
	} rows[] = {
		{"[packages]\na=xterm\nnonsense\n", "x.recipe:3: ", "KEY=VALUE"},
		{"a=b\n[packages]\na=xterm\n", "x.recipe:1: ", "[GROUP]"},
		{"[packages]\na=xterm\n[more]\nb=c\n", "x.recipe:3: ", "no group [more]"},
		{"[packages]\na=xterm\n[recipe]\n\ncolour=red\n", "x.recipe:5: ", "no key colour"},
		{"[packages]\na=xterm\na=dash\n", "x.recipe:3: ", "twice"},
		{"[packages]\na=xterm\n[packages]\nb=dash\n", "x.recipe:3: ", "twice"},
		{"[packages]\na=xterm\n[recipe]\nsuite=Book worm\n", "x.recipe:4: ", "suite"},
		{"[packages]\na=xterm\n[recipe]\nmirror=ftp://x\n", "x.recipe:4: ", "http://"},
		{"[modules]\na=ext4\n[packages]\na=XTERM\n", "x.recipe:4: ", "Debian packages"},
		{"[packages]\na=\n", "x.recipe:2: ", "Debian packages"},
		{"[recipe]\ndescription=empty\n", "x.recipe: ", "installs nothing"},
		{"", "x.recipe: ", "installs nothing"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_null(parse(rows[i].text, &error));
		g_test_message("%s", error->message);
		g_assert_true(g_str_has_prefix(error->message, rows[i].where));
		g_assert_nonnull(strstr(error->message, rows[i].what));
	}
}

/* What would be an option, a pattern or a list of apt's or mmdebstrap's is no name. */
static void test_words(void) {
	static const struct {
		const char *key, *word;
		bool ok;
	} rows[] = {
		{"[packages]\na", "g++", true},
		{"[packages]\na", "xz", true},
		{"[packages]\na", "x", false},
		{"[packages]\na", "-o", false},
		{"[packages]\na", "--hook=x", false},
		{"[packages]\na", "?narrow(x,y)", false},
		{"[packages]\na", "~ix", false},
		{"[packages]\na", "xterm,dash", false},
		{"[packages]\na", "xterm/sid", false},
		{"[packages]\na", "./x.deb", false},
		{"[packages]\na", "/tmp/x.deb", false},
		{"[packages]\na", "xterm=1:2.3+deb12u1~b-1", true},
		{"[packages]\na", "xterm=", false},
		{"[packages]\na", "xterm=1;reboot", false},
		{"[packages]\na", "$(reboot)", false},
		{"[modules]\na", "crc32c_generic", true},
		{"[modules]\na", "../x", false},
		{"[modules]\na", "-r", false},
		{"[xen]\nservices", "a@b.service", true},
		{"[xen]\nservices", "a", false},
		{"[xen]\nservices", "/a.service", false},
		{"[xen]\nservices", "-a.service", false},
		{"[xen]\nkernel", "linux-image-amd64", true},
		{"[xen]\nkernel", "-x", false},
		{"[recipe]\nbase", "debian-minimal", true},
		{"[recipe]\nbase", "../x", false},
		{"[recipe]\nmirror", "file:/srv/debian", true},
		{"[recipe]\nmirror", "http://x [trusted=yes]", false},
		{"[recipe]\nmirror", "http://x\\ndeb", false},
		{"[recipe]\ndescription", "caf\xc3\xa9", true},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = g_strdup_printf("%s=%s\n%s", rows[i].key, rows[i].word,
			g_str_has_prefix(rows[i].key, "[packages]") ? "" : "[packages]\nz=dash\n");
		g_autoptr(recipe_t) r = parse(text, NULL);

		g_test_message("%s", text);
		g_assert_cmpint(r != NULL, ==, rows[i].ok);
	}
}

static void test_size(void) {
	g_autofree char *big = g_strnfill(RECIPE_FILE_MAX + 1, '#');

	memcpy(big, "[packages]\na=xterm\n", 19);
	g_assert_null(recipe_parse("x", big, RECIPE_FILE_MAX + 1, NULL));
	g_assert_null(recipe_parse("x", "[packages]\na=xt\0rm\n", 19, NULL));
}

static char *folder;

static char *find(const char *name) {
	g_autofree char *path = g_strdup_printf("%s/%s.recipe", folder, name);

	return g_file_test(path, G_FILE_TEST_EXISTS) ? g_steal_pointer(&path) : NULL;
}

static char *write_file(const char *name, const char *text) {
	char *path = g_strdup_printf("%s/%s.recipe", folder, name);

	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	return path;
}

/* The base's packages come first, and what both say is what the upper one says. */
static void test_bases(void) {
	g_autofree char *a = write_file("a", "[recipe]\nsuite=trixie\n[packages]\nx=dash udev\n"),
			*b = write_file("b",
				"[recipe]\nbase=a\nsuite=bookworm\n[packages]\nx=xterm dash\n"),
			*loop = write_file("loop", "[recipe]\nbase=loop\n"),
			*lost = write_file("lost", "[recipe]\nbase=nowhere\n"), *packages = NULL;
	g_autoptr(GError) endless = NULL, missing = NULL;
	g_autoptr(recipe_t) r = recipe_load(b, find, NULL);

	g_assert_nonnull(r);
	packages = joined(r->packages);
	g_assert_cmpstr(packages, ==, "dash udev xterm");
	g_assert_cmpstr(r->suite, ==, "bookworm");
	g_assert_cmpstr(r->kernel, ==, "linux-image-amd64");
	g_assert_null(recipe_load(loop, find, &endless));
	g_assert_nonnull(strstr(endless->message, "on itself"));
	g_assert_null(recipe_load(lost, find, &missing));
	g_assert_nonnull(strstr(missing->message, "base=nowhere"));
	g_unlink(a);
	g_unlink(b);
	g_unlink(loop);
	g_unlink(lost);
}

int main(int argc, char **argv) {
	int status;

	g_test_init(&argc, &argv, NULL);
	folder = g_dir_make_tmp("bulkhead-recipe-XXXXXX", NULL);
	g_test_add_func("/recipe/whole", test_whole);
	g_test_add_func("/recipe/errors", test_errors);
	g_test_add_func("/recipe/words", test_words);
	g_test_add_func("/recipe/size", test_size);
	g_test_add_func("/recipe/bases", test_bases);
	status = g_test_run();
	g_rmdir(folder);
	g_free(folder);
	return status;
}
