/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers that last: leases, and rules written for "always" and taken back. */
#include "policy/leases.h"
#include "policy/store.h"
#include "policy/test-memory.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define UUID(n) "00000000-0000-4000-8000-00000000000" #n
#define RULES                                                                                      \
	"s * work vault deny\ns * work @anyvm ask\ns * mail @anyvm ask user=u autostart=no "       \
	"notify=yes\nt * work mail ask target=@dispvm\nt * mail work ask target=@adminvm\n"        \
	"u * work mail ask target=work\nv * work mail ask target=ghost\n"

/* mail: which uuid it has; 0: it is gone. work: the same. */
static struct policy_system *make_world(int mail, int work) {
	static const char *const uuids[] = {NULL, UUID(2), UUID(9), UUID(1), UUID(8)};
	const struct policy_domain records[] = {
		{.name = "work",
			.uuid = uuids[work],
			.type = "AppVM",
			.default_dispvm = "dvm",
			.running = true},
		{.name = "vault", .uuid = UUID(3), .type = "AppVM"},
		{.name = "dvm", .uuid = UUID(4), .type = "AppVM", .template_for_dispvms = true},
		{.name = "net", .uuid = UUID(5), .type = "AppVM", .running = true},
		{.name = "mail", .uuid = uuids[mail], .type = "AppVM", .running = true},
	};
	struct policy_system *system = NULL;
	size_t bad;

	g_assert_cmpint(
		policy_system_new(records, G_N_ELEMENTS(records) - !mail, &system, &bad), ==, 0);
	return system;
}

struct fixture {
	char *folder, *own;
	struct policy *policy;
	struct policy_system *system;
	struct policy_leases *leases;
};

static struct policy *parse(const char *text) {
	struct policy_errors errors = {0};
	struct policy *policy = memory_policy(text, &errors);

	g_assert_nonnull(policy);
	return policy;
}

static void put(struct fixture *f, const char *name, const char *text) {
	g_autofree char *path = g_build_filename(f->folder, name, NULL);

	g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void setup(struct fixture *f, gconstpointer data) {
	f->folder = g_dir_make_tmp("policy-XXXXXX", NULL);
	f->own = g_build_filename(f->folder, "own", "policy.d", NULL);
	put(f, "90-rules.policy", RULES);
	f->policy = parse(RULES);
	f->system = make_world(1, 3);
	f->leases = policy_leases_new();
}

static void remove_all(const char *folder) {
	GDir *dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_DIR))
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
	g_free(f->own);
	policy_unref(f->policy);
	policy_system_free(f->system);
	policy_leases_free(f->leases);
}

static struct policy_request request_of(
	const char *source, const char *target, const char *service) {
	return (struct policy_request){source, target, service, "+a", NULL};
}

static struct policy_decision decide(const struct policy *policy,
	const struct policy_system *system, const struct policy_request *request) {
	struct policy_decision d;

	g_assert_cmpint(policy_decide(policy, system, request, &d), ==, 0);
	return d;
}

static void test_lease(struct fixture *f, gconstpointer data) {
	const struct policy_request request = request_of("work", "mail", "s");
	struct policy_decision d = decide(f->policy, f->system, &request);
	struct policy_lease list[2];
	uint64_t id = 0;

	g_assert_null(policy_leases_find(f->leases, &request, &d, 0));
	g_assert_cmpint(policy_leases_add(f->leases, &request, &d, "vault", 100, &id), ==,
		POLICY_LEASES_E_NOT_OFFERED);
	g_assert_cmpint(policy_leases_add(f->leases, &request, &d, "net", 100, &id), ==, 0);
	g_assert_cmpint(policy_leases_next(f->leases), ==, 100);
	g_assert_cmpuint(policy_leases_list(f->leases, 50, list, 2), ==, 1);
	g_assert_cmpstr(list[0].source, ==, "work");
	g_assert_cmpstr(list[0].requested_target, ==, "mail");
	g_assert_cmpstr(list[0].chosen, ==, "net");
	g_assert_cmpstr(list[0].rule, ==, "s * work @anyvm ask");
	g_assert_cmpstr(policy_leases_find(f->leases, &request, &d, 99), ==, "net");
	g_assert_null(policy_leases_find(f->leases, &request, &d, 100));
	g_assert_cmpuint(policy_leases_list(f->leases, 0, list, 2), ==, 0);
	policy_decision_deinit(&d);
}

/* Another caller, service, argument or target is another question. */
static void test_lease_is_exact(struct fixture *f, gconstpointer data) {
	const struct policy_request request = request_of("work", "mail", "s");
	struct policy_decision d = decide(f->policy, f->system, &request);
	struct policy_request others[4] = {request, request, request, request};
	uint64_t id;

	g_assert_cmpint(
		policy_leases_add(f->leases, &request, &d, "mail", POLICY_LEASE_SESSION, &id), ==,
		0);
	others[0].source = "mail";
	others[1].service = "t";
	others[2].argument = "+b";
	others[3].target = "net";
	for (unsigned i = 0; i < 4; i++) {
		struct policy_decision e = decide(f->policy, f->system, &others[i]);

		g_assert_null(policy_leases_find(f->leases, &others[i], &e, 0));
		policy_decision_deinit(&e);
	}
	g_assert_cmpstr(policy_leases_find(f->leases, &request, &d, INT64_MAX - 1), ==, "mail");
	g_assert_true(policy_leases_revoke(f->leases, id));
	g_assert_false(policy_leases_revoke(f->leases, id));
	g_assert_null(policy_leases_find(f->leases, &request, &d, 0));
	policy_decision_deinit(&d);
}

/* What makes a lease void: the rules have changed, or a domain is not the one it was. */
static void test_lease_void(struct fixture *f, gconstpointer data) {
	static const struct {
		const char *rules;
		int mail, work;
		bool holds;
	} rows[] = {
		{RULES, 1, 3, true},
		{"# moved\n\n" RULES, 1, 3, true},
		{"s * work mail deny\n" RULES, 1, 3, false},
		{"s * work net ask\n" RULES, 1, 3, true},
		{"s * @anyvm @anyvm ask\n", 1, 3, false},
		{RULES, 2, 3, false},
		{RULES, 0, 3, false},
		{RULES, 1, 4, false},
	};
	const struct policy_request request = request_of("work", "mail", "s");

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		AUTO(policy_unref_p) struct policy *policy = parse(rows[i].rules);
		AUTO(policy_system_free_p)
		struct policy_system *system = make_world(rows[i].mail, rows[i].work);
		struct policy_decision d = decide(f->policy, f->system, &request), e;
		uint64_t id;

		g_assert_cmpint(policy_leases_add(f->leases, &request, &d, "mail", 1, &id), ==, 0);
		e = decide(policy, system, &request);
		g_assert_cmpstr(policy_leases_find(f->leases, &request, &e, 0), ==,
			rows[i].holds ? "mail" : NULL);
		policy_decision_deinit(&d);
		policy_decision_deinit(&e);
	}
}

static void test_lease_forget(struct fixture *f, gconstpointer data) {
	const struct policy_request a = request_of("work", "mail", "s"),
				    b = request_of("mail", "net", "s"),
				    c = request_of("work", "net", "s");
	const struct policy_request *all[] = {&a, &b, &c};
	static const char *const chosen[] = {"mail", "net", "net"};
	uint64_t id;

	for (unsigned i = 0; i < 3; i++) {
		struct policy_decision d = decide(f->policy, f->system, all[i]);

		g_assert_cmpint(policy_leases_add(f->leases, all[i], &d, chosen[i], 1, &id), ==, 0);
		policy_decision_deinit(&d);
	}
	g_assert_cmpuint(policy_leases_forget(f->leases, "mail"), ==, 2);
	g_assert_cmpuint(policy_leases_list(f->leases, 0, NULL, 0), ==, 1);
	g_assert_cmpuint(policy_leases_forget(f->leases, "nobody"), ==, 0);
}

static void test_lease_limit(struct fixture *f, gconstpointer data) {
	uint64_t id;

	for (unsigned i = 0; i <= POLICY_LEASES_EACH; i++) {
		g_autofree char *argument = g_strdup_printf("+%u", i);
		struct policy_request request = {"work", "mail", "s", argument, NULL};
		struct policy_decision d = decide(f->policy, f->system, &request);

		g_assert_cmpint(policy_leases_add(f->leases, &request, &d, "mail", 1, &id), ==,
			i < POLICY_LEASES_EACH ? 0 : POLICY_LEASES_E_FULL);
		if (i == 5) /* the same call again takes the old one's place */
			g_assert_cmpint(
				policy_leases_add(f->leases, &request, &d, "net", 1, &id), ==, 0);
		policy_decision_deinit(&d);
	}
	g_assert_cmpuint(policy_leases_list(f->leases, 0, NULL, 0), ==, POLICY_LEASES_EACH);
}

static const struct {
	const char *source, *target, *service, *chosen, *rule;
} rules[] = {
	{"work", "mail", "s", "mail", "s +a work mail allow"},
	{"work", "mail", "s", "net", "s +a work mail allow target=net"},
	{"work", "", "s", "net", "s +a work @default allow target=net"},
	{"work", "nobody", "s", "net", "s +a work @default allow target=net"},
	{"work", "@dispvm", "s", "@dispvm:dvm", "s +a work @dispvm allow target=@dispvm:dvm"},
	{"work", "uuid:" UUID(2), "s", "mail", "s +a work uuid:" UUID(2) " allow target=mail"},
	{"mail", "net", "s", "work",
		"s +a mail net allow target=work user=u autostart=no notify=yes"},
	{"work", "mail", "t", "@dispvm", "t +a work mail allow target=@dispvm"},
	{"mail", "work", "t", "dom0", "t +a mail work allow target=dom0"},
	{"work", "mail", "s", "vault", NULL}, {"work", "mail", "s", "", NULL},
	{"work", "mail", "v", "ghost", NULL},
	{"work", "vault", "s", "vault", NULL}, /* denied, not asked */
};

/* The rule is what was shown, it is tried on the whole policy, and then decides the same call. */
static void test_always(struct fixture *f, gconstpointer data) {
	const char *const folders[] = {f->folder, f->own};
	struct policy_places places = {folders, 1, NULL};

	for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
		const struct policy_request request = request_of(
			rules[i].source, rules[i].target, rules[i].service);
		struct policy_decision d = decide(f->policy, f->system, &request), e;
		struct policy_change change;
		struct policy_load load;
		int r = policy_store_always(&places, f->own, f->system, &request, &d,
			rules[i].chosen, "2026-11-21 08:00", &change);

		g_test_message("row %zu", i);
		policy_decision_deinit(&d);
		g_assert_cmpint(r, ==, rules[i].rule ? 0 : POLICY_STORE_E_RULE);
		g_assert_cmpstr(change.rule, ==, rules[i].rule);
		if (!r) {
			g_assert_cmpint(policy_store_commit(&change), ==, 0);
			places.folder_count = 2; /* it exists now */
			g_assert_cmpint(policy_load(&places, &load), ==, 0);
			e = decide(load.policy, f->system, &request);
			g_assert_cmpint(e.outcome, ==, POLICY_ALLOW);
			g_assert_cmpstr(e.rule->text, ==, rules[i].rule);
			policy_decision_deinit(&e);
			policy_load_deinit(&load);
		}
		policy_change_deinit(&change);
		/* Taken back, so that the next row is tried on the rules alone. */
		if (!r) {
			g_assert_cmpint(policy_store_undo(f->own, 0, "now", &change), ==, 0);
			g_assert_cmpstr(change.rule, ==, rules[i].rule);
			g_assert_cmpint(policy_store_commit(&change), ==, 0);
			policy_change_deinit(&change);
		}
	}
}

static int prepare(
	struct fixture *f, const char *service, const char *chosen, struct policy_change *change) {
	const char *const folders[] = {f->folder};
	const struct policy_places places = {folders, 1, NULL};
	const struct policy_request request = request_of("work", "mail", service);
	struct policy_decision d = decide(f->policy, f->system, &request);
	int r = policy_store_always(
		&places, f->own, f->system, &request, &d, chosen, "2026-11-21 08:00", change);

	policy_decision_deinit(&d);
	return r;
}

/* An earlier file asks again, or the policy is broken: nothing is written. */
static void test_always_refused(struct fixture *f, gconstpointer data) {
	static const struct {
		const char *name, *text, *service, *chosen;
		int answer;
	} rows[] = {
		{"10-first.policy", "s * work mail ask", "s", "mail", POLICY_STORE_E_NO_EFFECT},
		{"10-first.policy", "s * work mail allow target=net", "s", "mail",
			POLICY_STORE_E_NO_EFFECT},
		{"10-first.policy", "s * work mail allow target=net", "s", "net",
			POLICY_STORE_E_NO_EFFECT},
		{"95-last.policy", "s * work mail broken", "s", "mail", POLICY_STORE_E_BROKEN},
		{"95-last.policy", "# a domain cannot call itself", "u", "work",
			POLICY_STORE_E_NO_EFFECT},
		{"20-b.policy", "s * work mail deny", "s", "mail", 0},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = g_build_filename(f->folder, rows[i].name, NULL);
		struct policy_change change;

		put(f, rows[i].name, rows[i].text);
		g_assert_cmpint(
			prepare(f, rows[i].service, rows[i].chosen, &change), ==, rows[i].answer);
		policy_change_deinit(&change);
		g_unlink(path);
	}
	g_assert_false(g_file_test(f->own, G_FILE_TEST_EXISTS));
}

/* What somebody wrote meanwhile is not lost, and two writers do not meet. */
static void test_commit_guards(struct fixture *f, gconstpointer data) {
	g_autofree char *file = g_build_filename(f->own, POLICY_ANSWERS_FILE, NULL);
	g_autofree char *lock = g_build_filename(f->own, ".answers.lock", NULL);
	g_autofree char *text = NULL;
	struct policy_change first, second;
	struct stat st;
	int fd;

	g_assert_cmpint(prepare(f, "s", "mail", &first), ==, 0);
	g_assert_cmpint(prepare(f, "s", "net", &second), ==, 0);
	g_assert_cmpint(policy_store_commit(&first), ==, 0);
	g_assert_cmpint(policy_store_commit(&second), ==, POLICY_STORE_E_CHANGED);
	g_assert_cmpint(stat(file, &st), ==, 0);
	g_assert_cmpint(st.st_mode & 0777, ==, 0600);
	policy_change_deinit(&first);
	policy_change_deinit(&second);
	/* The rights of the file are kept. */
	g_assert_cmpint(chmod(file, 0640), ==, 0);
	g_assert_cmpint(policy_store_undo(f->own, 1, "now", &first), ==, 0);
	fd = open(lock, O_RDWR | O_CLOEXEC);
	g_assert_cmpint(flock(fd, LOCK_EX), ==, 0);
	g_assert_cmpint(policy_store_commit(&first), ==, POLICY_STORE_E_CHANGED);
	close(fd);
	g_assert_cmpint(policy_store_commit(&first), ==, 0);
	g_assert_cmpint(stat(file, &st), ==, 0);
	g_assert_cmpint(st.st_mode & 0777, ==, 0640);
	policy_change_deinit(&first);
	g_assert_cmpint(policy_store_undo(f->own, 0, "now", &first), ==, POLICY_STORE_E_NONE);
	policy_change_deinit(&first);
	g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
	g_assert_nonnull(strstr(text, "\n# s +a work mail allow\n# (answer 1 taken back now)\n"));
}

/* A folder where nothing can be written: the file stays as it was. */
static void test_commit_fails(struct fixture *f, gconstpointer data) {
	g_autofree char *fresh = g_build_filename(f->own, "." POLICY_ANSWERS_FILE ".new", NULL);
	g_autofree char *before = NULL;
	g_autofree char *after = NULL;
	g_autofree char *file = g_build_filename(f->own, POLICY_ANSWERS_FILE, NULL);
	struct policy_change change;

	g_assert_cmpint(prepare(f, "s", "mail", &change), ==, 0);
	g_assert_cmpint(policy_store_commit(&change), ==, 0);
	policy_change_deinit(&change);
	g_assert_true(g_file_get_contents(file, &before, NULL, NULL));
	g_assert_cmpint(policy_store_undo(f->own, 0, "now", &change), ==, 0);
	g_assert_cmpint(g_mkdir(fresh, 0700), ==, 0);
	g_assert_cmpint(policy_store_commit(&change), <, 0);
	g_assert_true(g_file_get_contents(file, &after, NULL, NULL));
	g_assert_cmpstr(before, ==, after);
	g_rmdir(fresh);
	put(f, "own/policy.d/.20-answers.policy.new", "left behind by a crash");
	g_assert_cmpint(policy_store_commit(&change), ==, 0);
	g_assert_false(g_file_test(fresh, G_FILE_TEST_EXISTS));
	policy_change_deinit(&change);
}

/* The text's own history; what a person writes between is left alone. */
static void test_texts(void) {
	static const char by_hand[] =
		"# mine\ns * a b deny\n# answer x\n# answer 0 (y):\ns * a b allow\n"
		"# answer 7 (then):\ns + a b allow\n# answer 8 (then):\n";
	struct policy_answer_entry entries[4];
	char *one = NULL, *two = NULL, *three = NULL;
	unsigned number = 0;

	g_assert_cmpuint(policy_answers_list(by_hand, entries, 4), ==, 1);
	g_assert_cmpuint(entries[0].number, ==, 7);
	g_assert_cmpint(
		policy_answers_add(by_hand, "s + c d allow", "now", "x:1", &one, &number), ==, 0);
	g_assert_cmpuint(number, ==, 8);
	g_assert_true(g_str_has_prefix(one, by_hand));
	g_assert_cmpuint(policy_answers_list(one, entries, 4), ==, 2);
	g_assert_cmpint(policy_answers_undo(one, 7, "later", &two, &number), ==, 0);
	g_assert_cmpuint(number, ==, 7);
	g_assert_cmpuint(policy_answers_list(two, entries, 4), ==, 2);
	g_assert_true(entries[0].undone && !entries[1].undone);
	g_assert_cmpint(policy_answers_undo(two, 7, "later", &three, &number), ==, 1);
	g_assert_cmpint(policy_answers_undo(two, 0, "later", &three, &number), ==, 0);
	g_assert_cmpuint(number, ==, 8);
	g_assert_nonnull(strstr(three, "\ns * a b deny\n"));
	g_assert_null(strstr(three, "\ns + "));
	free(one);
	free(two);
	free(three);
	g_assert_cmpint(policy_answers_undo("", 0, "later", &one, &number), ==, 1);
	g_assert_cmpint(
		policy_answers_add("# no end", "s * a b allow", "now", "x:1", &one, &number), ==,
		0);
	g_assert_true(g_str_has_prefix(
		one, "# no end\n# answer 1 (now, asked by x:1):\ns * a b allow\n"));
	free(one);
}

#define ADD(path, fn) g_test_add(path, struct fixture, NULL, setup, fn, teardown)

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	ADD("/policy/leases/time", test_lease);
	ADD("/policy/leases/exact", test_lease_is_exact);
	ADD("/bug-class/E12/lease-void-with-its-domain", test_lease_void);
	ADD("/policy/leases/forget", test_lease_forget);
	ADD("/policy/leases/limit", test_lease_limit);
	ADD("/policy/store/always", test_always);
	ADD("/policy/store/always-refused", test_always_refused);
	ADD("/bug-class/E11/store-guards", test_commit_guards);
	ADD("/policy/store/commit-fails", test_commit_fails);
	g_test_add_func("/policy/answers/texts", test_texts);
	return g_test_run();
}
