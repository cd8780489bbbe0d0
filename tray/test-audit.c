/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/audit.h"

#include <glib/gstdio.h>
#include <string.h>

#define CALL                                                                                       \
	"{\"time\":1764236571.123456,\"event\":\"call\",\"source\":\"work\",\"target\":"           \
	"\"private\",\"service\":\"qubes.Filecopy\",\"outcome\":\"deny\",\"reason\":\"a rule "     \
	"denies it\",\"file\":\"/p/30-own.policy\",\"line\":4,\"policy_us\":12}"

static void test_fields(void) {
	GStringChunk *pool = g_string_chunk_new(1024);
	struct audit_record r;

	g_assert_cmpint(audit_parse(CALL, strlen(CALL), pool, &r), ==, 0);
	g_assert_cmpint(r.time, ==, 1764236571123456);
	g_assert_cmpstr(r.text[AUDIT_SOURCE], ==, "work");
	g_assert_cmpstr(r.text[AUDIT_REASON], ==, "a rule denies it");
	g_assert_cmpstr(r.text[AUDIT_DOMAIN], ==, "");
	g_assert_cmpint(r.number[AUDIT_LINE], ==, 4);
	g_assert_cmpint(r.number[AUDIT_BYTES], ==, -1);
	g_assert_true(audit_has_why(&r));
	g_string_chunk_free(pool);
}

/* What is no flat object of text and numbers is left out. */
static void test_refused(void) {
	static const char *const lines[] = {"", "{", "{}", "[]", "{\"time\":1}",
		"{\"time\":1,\"event\":\"\"}", "{\"time\":-1,\"event\":\"call\"}",
		"{\"time\":1e40,\"event\":\"call\"}", "{\"time\":\"1\",\"event\":\"call\"}",
		"{\"time\":1,\"event\":{\"a\":1}}", "{\"time\":1,\"event\":[\"call\"]}",
		"{\"time\":1,\"event\":\"call\"}{", "{\"time\":1,\"event\":\"c\x01\"}",
		"{\"time\":1,\"event\":\"c\xc3\xa4\"}"};
	GStringChunk *pool = g_string_chunk_new(1024);
	g_autofree char *deep = g_strnfill(AUDIT_LINE_MAX, '[');
	struct audit_record r;

	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
		g_assert_cmpint(
			audit_parse(lines[i], strlen(lines[i]), pool, &r), ==, AUDIT_E_LINE);
	g_assert_cmpint(audit_parse(deep, strlen(deep), pool, &r), ==, AUDIT_E_LINE);
	g_string_chunk_free(pool);
}

/* Bytes of a caller: UTF-8 is read as such, what could deceive is not shown. */
static void test_hostile_text(void) {
	static const char line[] =
		"{\"time\":1,\"event\":\"call\",\"service\":\"a\\u00e2\\u0080\\u00aeb\\u00c3"
		"\\u00a4\\u001b[31m\\u4e00\"}";
	GStringChunk *pool = g_string_chunk_new(1024);
	struct audit_record r;

	g_assert_cmpint(audit_parse(line, strlen(line), pool, &r), ==, 0);
	g_assert_cmpstr(r.text[AUDIT_SERVICE], ==, "a_bä_[31m_");
	g_string_chunk_free(pool);
}

static void test_filter(void) {
	static const struct {
		struct audit_filter f;
		bool fits;
	} cases[] = {{{0}, true}, {{.kind = AUDIT_CALLS}, true}, {{.kind = AUDIT_STARTS}, false},
		{{.end = AUDIT_REFUSED}, true}, {{.end = AUDIT_ALLOWED}, false},
		{{.domain = "work"}, true}, {{.domain = "private"}, true},
		{{.domain = "wor"}, false}, {{.domain = ""}, true}, {{.text = "FILECOPY"}, true},
		{{.text = "denies"}, true}, {{.text = "banking"}, false},
		{{.domain = "work", .text = "nothing"}, false}};
	GStringChunk *pool = g_string_chunk_new(1024);
	struct audit_record r;

	g_assert_cmpint(audit_parse(CALL, strlen(CALL), pool, &r), ==, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		g_assert_cmpint(audit_fits(&r, &cases[i].f), ==, cases[i].fits);
	g_string_chunk_free(pool);
}

static void append(const char *path, const char *text) {
	FILE *f = fopen(path, "a");

	g_assert_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static guint count(struct audit_reader *r, const char *first) {
	g_autoptr(GArray) out = g_array_new(FALSE, FALSE, sizeof(struct audit_record));

	g_assert_false(audit_reader_read(r, out, 1000));
	if (first)
		g_assert_cmpstr(
			g_array_index(out, struct audit_record, 0).text[AUDIT_SERVICE], ==, first);
	return out->len;
}

#define LINE(service) "{\"time\":1,\"event\":\"call\",\"service\":\"" service "\"}\n"

/* Older files first, half lines when they are whole, and the new file after a rotation. */
static void test_follow(void) {
	g_autofree char *folder = g_dir_make_tmp("audit-XXXXXX", NULL),
			*path = g_build_filename(folder, "audit.jsonl", NULL),
			*older = g_strconcat(path, ".1", NULL);
	struct audit_reader *r = audit_reader_new(folder);
	g_autofree char *lines = g_strnfill(AUDIT_LINE_MAX + 10, 'x');

	g_assert_cmpuint(count(r, NULL), ==, 0);
	append(path, LINE("a"));
	g_assert_cmpuint(count(r, "a"), ==, 1);
	append(path, "{\"time\":1,\"event\":\"call\",");
	g_assert_cmpuint(count(r, NULL), ==, 0);
	append(path, "\"service\":\"b\"}\n" LINE("c") "no record\n");
	g_assert_cmpuint(count(r, "b"), ==, 2);
	append(path, lines);
	append(path, "\n" LINE("d"));
	g_assert_cmpuint(count(r, "d"), ==, 1);
	append(path, LINE("e"));
	g_assert_cmpint(g_rename(path, older), ==, 0);
	append(path, LINE("f"));
	g_assert_cmpuint(count(r, "e"), ==, 2);
	audit_reader_unref(r);
	r = audit_reader_new(folder);
	g_assert_cmpuint(count(r, "a"), ==, 6);
	audit_reader_unref(r);
	g_remove(path);
	g_remove(older);
	g_rmdir(folder);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/audit/fields", test_fields);
	g_test_add_func("/audit/refused", test_refused);
	g_test_add_func("/audit/hostile-text", test_hostile_text);
	g_test_add_func("/audit/filter", test_filter);
	g_test_add_func("/audit/follow", test_follow);
	return g_test_run();
}
