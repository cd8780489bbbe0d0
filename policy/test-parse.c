/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words, lines, directives, choice and order of files, limits. */
#include "policy/rules-inner.h"
#include "policy/test-memory.h"

#include <glib.h>
#include <string.h>

#define ALL_PLACES (PLACE_SOURCE | PLACE_TARGET | PLACE_REDIRECT | PLACE_REQUEST)

static void test_tokens(void) {
	static const struct {
		const char *word;
		unsigned places; /* where it may stand */
		enum policy_token_kind kind;
		const char *value;
	} rows[] = {
		{"work", ALL_PLACES, TOKEN_NAME, "work"},
		{"dom0", ALL_PLACES, TOKEN_ADMIN, ""},
		{"uuid:00000000-0000-0000-0000-000000000000", ALL_PLACES, TOKEN_ADMIN, ""},
		{"uuid:00000000-0000-0000-0000-000000000001", ALL_PLACES, TOKEN_UUID,
			"00000000-0000-0000-0000-000000000001"},
		{"DOM0", ALL_PLACES, TOKEN_NAME, "DOM0"},
		{"$anyvm", ALL_PLACES, TOKEN_NAME, "$anyvm"},
		{"**", ALL_PLACES, TOKEN_NAME, "**"},
		{"*", PLACE_SOURCE | PLACE_TARGET, TOKEN_ALL, ""},
		{"@anyvm", PLACE_SOURCE | PLACE_TARGET, TOKEN_ANY, ""},
		{"@adminvm", ALL_PLACES, TOKEN_ADMIN, ""},
		{"@default", PLACE_TARGET | PLACE_REQUEST, TOKEN_DEFAULT, ""},
		{"@dispvm", PLACE_TARGET | PLACE_REDIRECT | PLACE_REQUEST, TOKEN_DISPVM, ""},
		{"@dispvm:x", ALL_PLACES, TOKEN_DISPVM_NAME, "x"},
		{"@dispvm:uuid:x", ALL_PLACES, TOKEN_DISPVM_UUID, "x"},
		{"@dispvm:@tag:x", PLACE_SOURCE | PLACE_TARGET, TOKEN_DISPVM_TAG, "x"},
		{"@tag:x", PLACE_SOURCE | PLACE_TARGET, TOKEN_TAG, "x"},
		{"@tag:a:b", PLACE_SOURCE | PLACE_TARGET, TOKEN_TAG, "a:b"},
		{"@type:AppVM", PLACE_SOURCE | PLACE_TARGET, TOKEN_TYPE, "AppVM"},
		{"", 0},
		{"@", 0},
		{"@anyVM", 0},
		{"@anyvm ", 0},
		{"@tag:", 0},
		{"@tag:@x", 0},
		{"@type:", 0},
		{"@dispvm:", 0},
		{"@dispvm:@tag:", 0},
		{"@dispvm:@tag:@x", 0},
		{"@dispvm:@type:x", 0},
		{"@adminvm:", 0},
		{"@uuid:x", 0},
		{"@Tag:x", 0},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		for (unsigned place = PLACE_SOURCE; place <= PLACE_REQUEST; place <<= 1) {
			struct policy_token t;
			int answer = token_parse(rows[i].word, place, &t);

			g_assert_cmpint(answer == 0, ==, (rows[i].places & place) != 0);
			if (answer)
				continue;
			g_assert_cmpint(t.kind, ==, rows[i].kind);
			g_assert_cmpstr(t.value, ==, rows[i].value);
			g_assert_cmpstr(t.text, ==, rows[i].word);
		}
}

/* One text: how many rules, or where its first error is. */
static const struct {
	const char *text;
	size_t rules;
	uint32_t line, column;
	const char *words;
} lines[] = {
	{"s * a b allow", 1},
	{"\ts\t*  a b\tallow \t\r\n", 1},
	{"s + a b deny notify=no\ns +a.b-c_d+e a b ask notify=yes user=x target=c default_target=c "
	 "autostart=no",
		2},
	{"* * * * deny", 1},
	{"  # comment \xff \x01\n\n \t \n", 0},
	{"s * a b allow user=", 1},
	{"s * a @default allow target=b", 1},
	{"s * a @default ask", 1},
	{"s * a b", 0, 1, 8, "a part is missing"},
	{"s", 0, 1, 2, "a part is missing"},
	{"s * a b Allow", 0, 1, 9, "the action must be"},
	{"# x\n  s+a * a b allow", 0, 2, 4, "put a space before '+'"},
	{"s/x * a b allow", 0, 1, 2, "cannot be in the name of a service"},
	{"s x a b allow", 0, 1, 3, "must be * (any) or begin with '+'"},
	{"s +a@ a b allow", 0, 1, 5, "cannot be in an argument"},
	{"* +a a b allow", 0, 1, 3, "the argument must be *"},
	{"* + a b allow", 0, 1, 3, "the argument must be *"},
	{"s * @default b allow", 0, 1, 5, "not in this place"},
	{"s * a @nothing allow", 0, 1, 7, "no such word"},
	{"s * a b allow # why", 0, 1, 15, "a comment needs a line of its own"},
	{"s * a b # allow", 0, 1, 9, "a comment needs a line of its own"},
	{"s * a b allow x", 0, 1, 15, "is no KEY=VALUE"},
	{"s * a b allow x=1", 0, 1, 15, "there is no parameter \"x\""},
	{"s * a b allow notif=no", 0, 1, 15, "there is no parameter"},
	{"s * a b allow notify=no notify=no", 0, 1, 25, "given twice"},
	{"s * a b allow notify=true", 0, 1, 22, "yes or no"},
	{"s * a b allow notify=", 0, 1, 22, "yes or no"},
	{"s * a b deny user=x", 0, 1, 14, "no meaning with this action"},
	{"s * a b deny target=x", 0, 1, 14, "no meaning with this action"},
	{"s * a b deny autostart=no", 0, 1, 14, "no meaning with this action"},
	{"s * a b allow default_target=x", 0, 1, 15, "no meaning with this action"},
	{"s * a b allow target=", 0, 1, 22, "a domain is missing"},
	{"s * a b allow target=@anyvm", 0, 1, 22, "not in this place"},
	{"s * a b allow target=*", 0, 1, 22, "not in this place"},
	{"s * a b ask default_target=@default", 0, 1, 28, "not in this place"},
	{"s * a b allow user=a:b", 0, 1, 21, "name of a user"},
	{"s * a b allow user=-x", 0, 1, 20, "name of a user"},
	{"s * a @default allow", 0, 1, 7, "must say where to"},
	{"!include", 0, 1, 1, "needs 1 words"},
	{"!include a b", 0, 1, 1, "needs 1 words"},
	{"!include nofile", 0, 1, 10, "p/nofile cannot be read"},
	{"!include-dir nofolder", 0, 1, 14, "p/nofolder cannot be read"},
	{"!include-service s * ", 0, 1, 1, "needs 3 words"},
	{"!include-service s+ * x", 0, 1, 19, "put a space before '+'"},
	{"!include-service * +a x", 0, 1, 20, "the argument must be *"},
	{"!compat-4.0 x", 0, 1, 1, "needs 0 words"},
	{"!compat-4.0", 0, 1, 1, "no folder"},
	{"!Include x", 0, 1, 1, "no directive"},
	{"! include x", 0, 1, 1, "no directive"},
	{"\xef\xbb\xbfs * a b allow", 0, 1, 1, "byte order mark"},
	{"s * a b\xc2\xa0"
	 "allow",
		0, 1, 8, "only ASCII"},
	{"s * a b\vallow", 0, 1, 8, "control character (0x0b)"},
	{"s * a b allow\x7f", 0, 1, 14, "control character (0x7f)"},
	{"# harmless\rs * a b allow", 0, 1, 11, "carriage return"},
	{"s * a b allow a a a a a a a a a a a a a a a a a a a a", 0, 1, 51, "too many words"},
};

static void test_lines(void) {
	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
		struct policy_errors errors = {0};
		AUTO(policy_unref_p) struct policy *policy = memory_policy(lines[i].text, &errors);

		if (!lines[i].words) {
			g_assert_nonnull(policy);
			g_assert_cmpuint(policy_rule_count(policy), ==, lines[i].rules);
			continue;
		}
		g_assert_null(policy);
		g_assert_cmpuint(errors.count, >=, 1);
		g_assert_cmpstr(errors.list[0].file, ==, "p/main.policy");
		g_assert_cmpuint(errors.list[0].line, ==, lines[i].line);
		g_assert_cmpuint(errors.list[0].column, ==, lines[i].column);
		g_assert_nonnull(strstr(errors.list[0].words, lines[i].words));
		policy_errors_deinit(&errors);
	}
}

/* A NUL hides nothing: neither in a rule nor in a comment. */
static void test_nul(void) {
	static const char rule[] = "s * a b allow\0 deny", comment[] = "# x\0\n";
	static const char *const folders[] = {"p"};
	const struct policy_places places = {folders, 1, NULL};
	const struct memory_file files[] = {{"p/a.policy", rule, sizeof(rule) - 1},
		{"p/b.policy", comment, sizeof(comment) - 1}};
	struct memory memory = {files, 2, NULL};
	struct policy_reader reader = memory_reader(&memory);
	struct policy_errors errors = {0};
	struct policy *policy = NULL;

	g_assert_cmpint(policy_parse(&places, &reader, &policy, &errors), ==, POLICY_E_BROKEN);
	g_assert_cmpuint(errors.count, ==, 2);
	g_assert_cmpuint(errors.list[0].column, ==, 14);
	g_assert_cmpstr(errors.list[1].file, ==, "p/b.policy");
	policy_errors_deinit(&errors);
	memory_deinit(&memory);
}

static void test_rule_fields(void) {
	struct policy_errors errors = {0};
	AUTO(policy_unref_p)
	struct policy *policy = memory_policy(
		"# first\n  s +x a @dispvm:b ask target=c "
		"default_target=@adminvm user=u autostart=no notify=yes\n"
		"* * * * deny",
		&errors);
	const struct policy_rule *r = policy_rule_at(policy, 0);

	g_assert_cmpstr(r->file, ==, "p/main.policy");
	g_assert_cmpuint(r->line, ==, 2);
	g_assert_cmpstr(r->text, ==,
		"s +x a @dispvm:b ask target=c default_target=@adminvm user=u autostart=no "
		"notify=yes");
	g_assert_cmpstr(r->service, ==, "s");
	g_assert_cmpstr(r->argument, ==, "+x");
	g_assert_cmpstr(r->user, ==, "u");
	g_assert_true(r->notify && !r->autostart && r->redirects && r->has_default_target);
	g_assert_cmpint(r->target.kind, ==, TOKEN_DISPVM_NAME);
	g_assert_cmpint(r->default_target.kind, ==, TOKEN_ADMIN);
	r = policy_rule_at(policy, 1);
	g_assert_true(!r->service && !r->argument && !r->user && r->notify && r->autostart);
	g_assert_null(policy_rule_at(policy, 2));
}

/* A parse of several files: the rules' targets in order, or the words of the first error. */
static char *parse_files(const struct memory_file *files, size_t count, const char *compat) {
	static const char *const folders[] = {"run", "etc"};
	const struct policy_places places = {folders, 2, compat};
	struct memory memory = {files, count, NULL};
	struct policy_reader reader = memory_reader(&memory);
	struct policy_errors errors = {0};
	struct policy *policy = NULL;
	GString *text = g_string_new(NULL);

	if (policy_parse(&places, &reader, &policy, &errors))
		g_string_append_printf(text, "%s:%u: %s", errors.list[0].file, errors.list[0].line,
			errors.list[0].words);
	for (size_t i = 0; policy && i < policy_rule_count(policy); i++)
		g_string_append_printf(
			text, "%s%s", i ? " " : "", policy_rule_at(policy, i)->target.text);
	policy_unref(policy);
	policy_errors_deinit(&errors);
	memory_deinit(&memory);
	return g_string_free(text, FALSE);
}

static void test_files(void) {
	static const struct memory_file files[] = {
		{"etc/20-b.policy", "s * a etc20 allow"},
		{"etc/10-a.policy", "s * a etc10 allow"},
		{"run/20-b.policy", "s * a run20 allow"},
		{"run/empty", "x"},
		{"etc/.hidden.policy", "broken"},
		{"etc/30-c.policy~", "broken"},
		{"etc/30-c.policy.bak", "broken"},
		{"etc/README", "broken"},
		{"etc/9.policy", "!include include/more\n!include-dir folder\ns * a etc9 allow"},
		{"etc/include/more", "!include deeper"},
		{"etc/deeper", "s * a deeper allow"},
		{"etc/folder/b.policy", "s * a folder-b allow"},
		{"etc/folder/a.policy", "s * a folder-a allow"},
		{"etc/folder/B.txt", "broken"},
	};
	g_autofree char *got = parse_files(files, G_N_ELEMENTS(files), NULL);

	g_assert_cmpstr(got, ==, "etc10 run20 deeper folder-a folder-b etc9");
}

static void test_file_names(void) {
	static const struct {
		const char *name;
		bool bad;
	} rows[] = {{"a.policy", false}, {"A.policy", true}, {"a b.policy", true},
		{"a\xc3\xa4.policy", true}, {"a+.policy", true}, {"0-9_a.b.policy", false},
		{"A.Policy", false}, {"policy", false}, {"A.policy.rpmnew", false}};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = g_strdup_printf("etc/%s", rows[i].name);
		const struct memory_file files[] = {{"run/x", "x"}, {path, "# nothing"}};
		g_autofree char *got = parse_files(files, 2, NULL);

		g_assert_cmpint(
			strstr(got, "may hold only small letters") != NULL, ==, rows[i].bad);
	}
}

static void test_missing_folder(void) {
	static const struct memory_file files[] = {{"etc/a.policy", "s * a b allow"}};
	g_autofree char *got = parse_files(files, 1, NULL);

	g_assert_cmpstr(got, ==, "run:0: the folder cannot be read: No such file or directory");
}

static void test_loops(void) {
	static const struct memory_file itself[] = {
		{"run/x", "x"}, {"etc/a.policy", "!include a.policy"}};
	static const struct memory_file bomb[] = {{"run/x", "x"},
		{"etc/a.policy", "!include b\n!include b\n!include b\n!include b\n"},
		{"etc/b",
			"!include c\n!include c\n!include c\n!include c\n!include c\n!include c\n"},
		{"etc/c",
			"!include d\n!include d\n!include d\n!include d\n!include d\n!include d\n"},
		{"etc/d",
			"!include e\n!include e\n!include e\n!include e\n!include e\n!include e\n"},
		{"etc/e",
			"!include f\n!include f\n!include f\n!include f\n!include f\n!include f\n"},
		{"etc/f", "# nothing\n# nothing\n"}};
	g_autofree char *loop = parse_files(itself, G_N_ELEMENTS(itself), NULL);
	g_autofree char *many = parse_files(bomb, G_N_ELEMENTS(bomb), NULL);

	g_assert_nonnull(strstr(loop, "does etc/a.policy include itself?"));
	g_assert_nonnull(strstr(many, "more than 5000 files"));
}

/* Sixteen files deep is fine, one more is not. */
static void test_depth(void) {
	for (unsigned depth = 16; depth <= 17; depth++) {
		struct memory_file files[20] = {{"run/x", "x"}, {"etc/a.policy", "!include 2"}};
		g_autofree char *got = NULL;

		for (unsigned i = 2; i <= depth; i++)
			files[i] = (struct memory_file){g_strdup_printf("etc/%u", i),
				i < depth ? g_strdup_printf("!include %u", i + 1)
					  : g_strdup("s * a end allow")};
		got = parse_files(files, depth + 1, NULL);
		if (depth == 16)
			g_assert_cmpstr(got, ==, "end");
		else
			g_assert_nonnull(strstr(got, "includes go deeper than 16 files"));
		for (unsigned i = 2; i <= depth; i++) {
			g_free((char *)files[i].path);
			g_free((char *)files[i].text);
		}
	}
}

static void test_long_line(void) {
	g_autofree char *text = g_strnfill(8193, 'x');
	struct policy_errors errors = {0};

	text[0] = '#';
	g_assert_null(memory_policy(text, &errors));
	g_assert_nonnull(strstr(errors.list[0].words, "longer than 8192"));
	policy_errors_deinit(&errors);
	text[8192] = '\0';
	policy_unref(memory_policy(text, &errors));
	g_assert_cmpuint(errors.count, ==, 0);
}

static void test_many_errors(void) {
	GString *text = g_string_new(NULL);
	struct policy_errors errors = {0};

	for (unsigned i = 0; i < POLICY_ERRORS_MAX + 7; i++)
		g_string_append(text, "x\n");
	g_assert_null(memory_policy(text->str, &errors));
	g_assert_cmpuint(errors.count, ==, POLICY_ERRORS_MAX);
	g_assert_cmpuint(errors.more, ==, 7);
	policy_errors_deinit(&errors);
	g_string_free(text, TRUE);
}

static void test_old_format(void) {
	static const struct memory_file files[] = {
		{"run/x", "x"},
		{"etc/a.policy", "!include-service s + old\n!compat-4.0\nx * a last allow"},
		{"etc/old", "# $x\n$include:older\nwork $tag:t allow,target=$dispvm,user=root"},
		{"etc/older", "work older ask"},
		{"4.0/s.b+y", "w by ask"},
		{"4.0/s.b+x", "w bx ask"},
		{"4.0/s.b", "w b ask\n!include more"},
		{"4.0/s.b+", "w b+ ask"},
		{"4.0/s.a", "w a ask"},
		{"4.0/s", "w s ask"},
		{"4.0/more", "w included ask"},
		{"4.0/bad@name", "broken"},
		{"4.0/.hidden", "broken"},
		{"4.0/s.a.rpmnew", "broken"},
		{"4.0/s.a.swp", "broken"},
		{"4.0/s.a.rpmsave", "broken"},
	};
	g_autofree char *got = parse_files(files, G_N_ELEMENTS(files), "4.0");

	/* "more" is itself a file of the folder: for the service "more". */
	g_assert_cmpstr(got, ==,
		"older @tag:t included s a b+ @anyvm @adminvm bx @anyvm @adminvm by @anyvm "
		"@adminvm b "
		"included last");
}

static void test_old_errors(void) {
	static const struct {
		const char *text, *words;
	} rows[] = {
		{"!include-service s * x", "only !include is"},
		{"!compat-4.0", "only !include is"},
		{"!include-dir x", "only !include is"},
		{"work mail", "a part is missing"},
		{"work $foo allow", "no such word"},
		{"s * work mail allow", "no such word"},
	};

	for (size_t i = 0; i + 1 < G_N_ELEMENTS(rows); i++) {
		const struct memory_file files[] = {{"run/x", "x"},
			{"etc/a.policy", "!include-service s * old"}, {"etc/old", rows[i].text}};
		g_autofree char *got = parse_files(files, 3, NULL);

		g_assert_true(g_str_has_prefix(got, "etc/old:1: "));
		g_assert_nonnull(strstr(got, rows[i].words));
	}
}

/* Names in rules mean the name, whoever has it: who makes or removes a domain can ask which. */
static void test_names(void) {
	static const struct {
		const char *rule;
		bool names;
	} rows[] = {
		{"s * work b allow", true},
		{"s * a work allow", true},
		{"s * a b allow target=work", true},
		{"s * a b ask default_target=work", true},
		{"s * a @dispvm:work deny", true},
		{"s * a b allow target=@dispvm:work", true},
		{"s * uuid:00000000-0000-4000-8000-000000000001 b allow", true},
		{"s * a @dispvm:uuid:00000000-0000-4000-8000-000000000001 allow", true},
		{"s * @anyvm @tag:work allow", false},
		{"s * Work work. allow", false},
		{"s * workx xwork allow", false},
		{"work * a b allow user=work", false},
		{"s * a uuid:00000000-0000-4000-8000-000000000002 allow", false},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct policy_errors errors = {0};
		AUTO(policy_unref_p) struct policy *policy = memory_policy(rows[i].rule, &errors);

		g_assert_cmpint(policy_rule_names(policy_rule_at(policy, 0), "work",
					"00000000-0000-4000-8000-000000000001"),
			==, rows[i].names);
	}
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/policy/parse/tokens", test_tokens);
	g_test_add_func("/policy/parse/lines", test_lines);
	g_test_add_func("/bug-class/H4/policy-nul", test_nul);
	g_test_add_func("/policy/parse/rule-fields", test_rule_fields);
	g_test_add_func("/policy/parse/files", test_files);
	g_test_add_func("/policy/parse/file-names", test_file_names);
	g_test_add_func("/policy/parse/missing-folder", test_missing_folder);
	g_test_add_func("/policy/parse/loops", test_loops);
	g_test_add_func("/policy/parse/depth", test_depth);
	g_test_add_func("/policy/parse/long-line", test_long_line);
	g_test_add_func("/policy/parse/many-errors", test_many_errors);
	g_test_add_func("/policy/parse/old-format", test_old_format);
	g_test_add_func("/policy/parse/old-errors", test_old_errors);
	g_test_add_func("/bug-class/E12/rules-that-name-a-domain", test_names);
	return g_test_run();
}
