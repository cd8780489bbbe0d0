/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the recorded cases do not hold: answers to questions, relays, redirects past a deny, names.
 */
#include "policy/reply.h"
#include "policy/test-memory.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#define UUID(n) "00000000-0000-4000-8000-00000000000" #n

static struct policy_system *make_world(bool mail_gone) {
	static const char *const office[] = {"office"};
	const struct policy_domain records[] = {
		{.name = "work",
			.uuid = UUID(1),
			.type = "AppVM",
			.tags = office,
			.tag_count = 1,
			.default_dispvm = "dvm",
			.running = true},
		{.name = "vault", .uuid = UUID(3), .type = "AppVM"},
		{.name = "dvm",
			.uuid = UUID(4),
			.type = "AppVM",
			.template_for_dispvms = true,
			.tags = office,
			.tag_count = 1},
		{.name = "net", .uuid = UUID(5), .type = "AppVM", .running = true},
		{.name = "far",
			.uuid = UUID(6),
			.type = "RemoteVM",
			.relayvm = "net",
			.transport_rpc = "x.R"},
		{.name = "lost", .type = "RemoteVM", .relayvm = "ghost", .transport_rpc = "x.R"},
		{.name = "posing", .type = "AppVM", .relayvm = "net", .transport_rpc = "x.R"},
		{.name = "bent", .type = "AppVM", .default_dispvm = "work"},
		{.name = "odd", .type = "AppVM", .default_dispvm = "ghost"},
		{.name = "mail", .uuid = UUID(2), .type = "AppVM", .running = true},
	};
	struct policy_system *system = NULL;
	size_t bad;

	g_assert_cmpint(
		policy_system_new(records, G_N_ELEMENTS(records) - mail_gone, &system, &bad), ==,
		0);
	return system;
}

struct run {
	struct policy *policy;
	struct policy_system *system;
	struct policy_decision d;
};

static void run_deinit(struct run *run) {
	policy_decision_deinit(&run->d);
	policy_system_free(run->system);
	policy_unref(run->policy);
}

static struct run decide(const char *text, const char *source, const char *target, const char *call,
	const char *requested_source) {
	g_autofree char *service = g_strdup(call);
	char *plus = strchr(service, '+');
	const char *argument = plus ? strchr(call, '+') : "+";
	struct policy_errors errors = {0};
	struct run run = {memory_policy(text, &errors), make_world(false)};

	g_assert_nonnull(run.policy);
	if (plus)
		*plus = '\0';
	{
		const struct policy_request request = {
			source, target, service, argument, requested_source};

		g_assert_cmpint(policy_decide(run.policy, run.system, &request, &run.d), ==, 0);
	}
	return run;
}

static const struct {
	const char *text, *source, *target, *call, *requested_source;
	enum policy_outcome outcome;
	enum policy_reason reason;
	const char *final; /* allow */
} rows[] = {
	{"s * far mail allow", "net", "mail", "s", "far", POLICY_ALLOW, POLICY_BY_RULE, "mail"},
	{"s * net mail allow", "net", "mail", "s", "far", POLICY_DENY, POLICY_NO_RULE},
	{"s * far mail allow", "net", "mail", "s", "", POLICY_DENY, POLICY_NO_RULE},
	{"s * far mail allow", "work", "mail", "s", "far", POLICY_DENY,
		POLICY_BAD_REQUESTED_SOURCE},
	{"s * * mail allow", "net", "mail", "s", "vault", POLICY_DENY, POLICY_BAD_REQUESTED_SOURCE},
	{"s * * mail allow", "net", "mail", "s", "posing", POLICY_DENY,
		POLICY_BAD_REQUESTED_SOURCE},
	{"s * bent @dispvm:@tag:office allow", "bent", "@dispvm", "s", NULL, POLICY_DENY,
		POLICY_NO_RULE},
	{"s * * mail allow", "net", "mail", "s", "ghost", POLICY_DENY, POLICY_BAD_REQUESTED_SOURCE},
	{"s * * mail allow", "net", "mail", "s", "lost", POLICY_DENY, POLICY_BAD_REQUESTED_SOURCE},
	{"s * work far allow", "work", "far", "s", NULL, POLICY_ALLOW, POLICY_BY_RULE, "far"},
	{"s * work lost allow", "work", "lost", "s", NULL, POLICY_DENY, POLICY_NO_RELAY},
	{"s * work work allow", "work", "work", "s", NULL, POLICY_DENY, POLICY_LOOPBACK},
	{"s * work work allow", "work", "uuid:" UUID(1), "s", NULL, POLICY_DENY, POLICY_LOOPBACK},
	{"s * work mail allow target=uuid:" UUID(1), "work", "mail", "s", NULL, POLICY_DENY,
		POLICY_LOOPBACK},
	{"s * @adminvm @adminvm allow", "dom0", "dom0", "s", NULL, POLICY_DENY, POLICY_LOOPBACK},
	{"s * work @dispvm:uuid:" UUID(4) " allow", "work", "@dispvm", "s", NULL, POLICY_ALLOW,
		POLICY_BY_RULE, "@dispvm:dvm"},
	{"s * work @dispvm:dvm allow", "work", "@dispvm:uuid:" UUID(4), "s", NULL, POLICY_ALLOW,
		POLICY_BY_RULE, "@dispvm:uuid:" UUID(4)},
	/* Where the reference crashes, the call is denied, whatever rule comes next. */
	{"s * net @dispvm:dvm deny\ns * * * allow", "net", "@dispvm", "s", NULL, POLICY_DENY,
		POLICY_NO_DISPOSABLE},
	{"s * net @dispvm:dvm allow\ns * * * allow", "net", "@dispvm", "s", NULL, POLICY_DENY,
		POLICY_NO_DISPOSABLE},
	{"s * work @dispvm:dvm allow\ns * * * allow", "net", "@dispvm", "s", NULL, POLICY_DENY,
		POLICY_NO_DISPOSABLE},
	{"s * odd @dispvm allow", "odd", "@dispvm", "s", NULL, POLICY_DENY, POLICY_NO_DISPOSABLE},
	{"s * odd @dispvm:@tag:office allow", "odd", "@dispvm", "s", NULL, POLICY_DENY,
		POLICY_NO_RULE},
	{"s * work ghost allow\ns * work mail allow target=ghost", "work", "mail", "s", NULL,
		POLICY_DENY, POLICY_NO_TARGET},
	{"s * work mail allow target=mail,user=root", "work", "mail", "s", NULL, POLICY_DENY,
		POLICY_NO_TARGET},
	{"s * work mail ask target=vault autostart=no", "work", "mail", "s", NULL, POLICY_DENY,
		POLICY_NOTHING_TO_ASK},
	{"s * work mail ask target=ghost autostart=no", "work", "mail", "s", NULL, POLICY_DENY,
		POLICY_NOTHING_TO_ASK},
	{"s * * * allow", "ghost", "mail", "s", NULL, POLICY_DENY, POLICY_UNKNOWN_SOURCE},
	{"s * * * allow", "", "mail", "s", NULL, POLICY_DENY, POLICY_UNKNOWN_SOURCE},
	{"* * * * allow", "work", "mail", "s x", NULL, POLICY_DENY, POLICY_BAD_CALL},
	{"* * * * allow", "work", "mail", "s+a/b", NULL, POLICY_DENY, POLICY_BAD_CALL},
	{"* * * * allow", "work", "mail", "+a", NULL, POLICY_DENY, POLICY_BAD_CALL},
	{"* * * * allow", "uuid:" UUID(1), "mail", "s", NULL, POLICY_ALLOW, POLICY_BY_RULE, "mail"},
	{"s * work @default allow target=mail", "work", "", "s", NULL, POLICY_ALLOW, POLICY_BY_RULE,
		"mail"},
	{"* * work mail allow", "work", "mail", "any.Thing+x+y", NULL, POLICY_ALLOW, POLICY_BY_RULE,
		"mail"},
};

static void test_rows(void) {
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		AUTO(run_deinit)
		struct run run = decide(rows[i].text, rows[i].source, rows[i].target, rows[i].call,
			rows[i].requested_source);

		g_test_message("row %zu: %s", i, rows[i].text);
		g_assert_cmpint(run.d.outcome, ==, rows[i].outcome);
		g_assert_cmpint(run.d.reason, ==, rows[i].reason);
		if (rows[i].outcome == POLICY_ALLOW)
			g_assert_cmpstr(run.d.target.text, ==, rows[i].final);
	}
}

static void test_no_policy(void) {
	AUTO(policy_system_free_p) struct policy_system *system = make_world(false);
	const struct policy_request request = {"work", "mail", "s", "+", NULL};
	struct policy_decision d;

	g_assert_cmpint(policy_decide(NULL, system, &request, &d), ==, 0);
	g_assert_cmpint(d.outcome, ==, POLICY_DENY);
	g_assert_cmpint(d.reason, ==, POLICY_NO_POLICY);
	g_assert_cmpstr(policy_decision_word(&d), ==, "policy-syntax-error");
}

/* E5: the redirect keeps its meaning, and the deny that it leads past is named. */
static void test_passed_deny(void) {
	static const struct {
		const char *text, *target;
		int passes; /* number of the rule, -1: none */
	} table[] = {
		{"s * work mail allow target=vault\ns * work vault deny", "mail", 1},
		{"s * work mail ask target=vault\ns * work @anyvm deny", "mail", 1},
		{"s * work mail allow target=@dispvm\ns * work @dispvm deny", "mail", 1},
		{"s * work mail allow target=@adminvm\ns * * @adminvm deny", "mail", 1},
		{"s * work mail allow target=vault\ns * work vault ask\ns * work vault deny",
			"mail", -1},
		{"s * work mail allow target=vault\ns * net vault deny", "mail", -1},
		{"s * work mail allow target=vault\ns +x work vault deny", "mail", -1},
		{"s * work mail allow target=vault", "mail", -1},
		{"s * work vault allow\ns * work vault deny", "vault", -1},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		AUTO(run_deinit)
		struct run run = decide(table[i].text, "work", table[i].target, "s", NULL);

		g_assert_cmpint(run.d.outcome, !=, POLICY_DENY);
		g_assert_cmpint(run.d.passes_deny ? (int)run.d.passes_deny->number : -1, ==,
			table[i].passes);
	}
}

/* E5: what is chosen beforehand is always among what may be chosen. */
static void test_default_within_list(void) {
	static const struct {
		const char *text, *wanted;
	} table[] = {
		{"s * work mail ask default_target=mail", "mail"},
		{"s * work mail ask default_target=vault", NULL},
		{"s * work vault deny\ns * work @anyvm ask default_target=vault", NULL},
		{"s * work @anyvm ask default_target=work", NULL},
		{"s * work @anyvm ask default_target=@dispvm", "@dispvm:dvm"},
		{"s * work @dispvm:dvm deny\ns * work @anyvm ask default_target=@dispvm", NULL},
		{"s * work @anyvm ask default_target=@adminvm", NULL},
		{"s * work * ask default_target=@adminvm", "dom0"},
		{"s * work @anyvm ask default_target=vault autostart=no", NULL},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		AUTO(run_deinit) struct run run = decide(table[i].text, "work", "mail", "s", NULL);

		g_assert_cmpint(run.d.outcome, ==, POLICY_ASK);
		g_assert_cmpstr(
			run.d.default_target < 0 ? NULL : run.d.targets[run.d.default_target].text,
			==, table[i].wanted);
		g_assert_cmpint(run.d.default_dropped, ==, !table[i].wanted);
	}
}

/* The list of a question never has what an earlier rule denies in another spelling. */
static void test_denied_is_not_offered(void) {
	static const char *const rules[] = {
		"s * work uuid:" UUID(2) " deny\ns * work @anyvm ask",
		"s * work @dispvm:dvm deny\ns * work @anyvm ask",
		"s * work @dispvm:uuid:" UUID(4) " deny\ns * work @anyvm ask",
		"s * work @dispvm:@tag:office deny\ns * work @anyvm ask",
		"s * work @adminvm deny\ns * work * ask",
		"s * work dom0 deny\ns * work net ask target=@adminvm\ns * work @anyvm ask",
	};
	static const char *const never[] = {
		"mail", "@dispvm:dvm", "@dispvm:dvm", "@dispvm:dvm", "dom0", "dom0"};

	for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
		AUTO(run_deinit) struct run run = decide(rules[i], "work", "vault", "s", NULL);

		g_assert_cmpint(run.d.outcome, ==, POLICY_ASK);
		for (size_t j = 0; j < run.d.target_count; j++)
			g_assert_cmpstr(run.d.targets[j].text, !=, never[i]);
	}
}

static void test_answers(void) {
	static const struct {
		const char *text, *chosen;
		enum policy_outcome outcome;
		enum policy_reason reason;
		const char *final;
	} table[] = {
		{"s * work @anyvm ask user=u", "mail", POLICY_ALLOW, POLICY_BY_RULE, "mail"},
		{"s * work @anyvm ask", "@dispvm:dvm", POLICY_ALLOW, POLICY_BY_RULE, "@dispvm:dvm"},
		{"s * work * ask", "dom0", POLICY_ALLOW, POLICY_BY_RULE, "dom0"},
		{"s * work @anyvm ask", "work", POLICY_DENY, POLICY_NOT_OFFERED},
		{"s * work @anyvm ask", "dom0", POLICY_DENY, POLICY_NOT_OFFERED},
		{"s * work @anyvm ask", "", POLICY_DENY, POLICY_NOT_OFFERED},
		{"s * work @anyvm ask", "uuid:" UUID(2), POLICY_DENY, POLICY_NOT_OFFERED},
		{"s * work @anyvm ask", "lost", POLICY_DENY, POLICY_NO_RELAY},
		{"s * work mail ask target=@dispvm", "@dispvm", POLICY_ALLOW, POLICY_BY_RULE,
			"@dispvm:dvm"},
		{"s * work mail ask target=work", "work", POLICY_DENY, POLICY_LOOPBACK},
		{"s * work mail ask target=ghost", "ghost", POLICY_DENY, POLICY_NO_TARGET},
		{"s * work mail ask target=@dispvm:mail", "@dispvm:mail", POLICY_DENY,
			POLICY_REDIRECT_TEMPLATE},
		{"s * work mail allow", "mail", POLICY_DENY, POLICY_NOT_OFFERED},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		AUTO(run_deinit) struct run run = decide(table[i].text, "work", "mail", "s", NULL);
		struct policy_decision answer;

		policy_answer(run.system, &run.d, table[i].chosen, &answer);
		g_assert_cmpint(answer.outcome, ==, table[i].outcome);
		g_assert_cmpint(answer.reason, ==, table[i].reason);
		if (answer.outcome == POLICY_ALLOW)
			g_assert_cmpstr(answer.target.text, ==, table[i].final);
		g_assert_true(answer.rule == run.d.rule);
		g_assert_cmpstr(answer.user, ==, run.d.user);
		g_assert_cmpuint(answer.target_count, ==, 0);
		policy_decision_deinit(&answer);
	}
}

/* While the person thinks, a domain may go: its name alone must not bring a call anywhere. */
static void test_answer_after_domain_went(void) {
	AUTO(run_deinit) struct run run = decide("s * work @anyvm ask", "work", "mail", "s", NULL);
	AUTO(policy_system_free_p) struct policy_system *later = make_world(true);
	struct policy_decision answer;

	policy_answer(later, &run.d, "mail", &answer);
	g_assert_cmpint(answer.outcome, ==, POLICY_DENY);
	g_assert_cmpint(answer.reason, ==, POLICY_NO_TARGET);
	policy_answer(later, &run.d, "net", &answer);
	g_assert_cmpint(answer.outcome, ==, POLICY_ALLOW);
}

static void test_relay(void) {
	AUTO(run_deinit)
	struct run run = decide(
		"s * work @anyvm allow target=far user=u", "work", "mail", "s+a", NULL);
	const struct policy_request request = {"work", "mail", "s", "+a", NULL};
	const struct policy_domain *relay = NULL;
	char call[64], reply[512];

	g_assert_cmpint(
		policy_relay_call(run.system, &request, &run.d, &relay, call, sizeof(call)), ==, 0);
	g_assert_cmpstr(call, ==, "x.R+mail+s+a");
	g_assert_cmpstr(relay->name, ==, "net");
	g_assert_cmpint(policy_relay_call(run.system, &request, &run.d, &relay, call, 12), ==, 1);
	g_assert_cmpint(policy_reply(run.system, &request, &run.d, reply, sizeof(reply)), ==, 0);
	g_assert_true(g_str_has_prefix(
		reply, "user=DEFAULT\n")); /* a remote domain has no users of ours */
	g_assert_cmpint(policy_reply(run.system, &request, &run.d, reply, 20), ==, 1);
}

/* A name is a name: neither case, nor a dot, nor a prefix, nor a look-alike makes it another's. */
static void test_look_alikes(void) {
	static const char *const targets[] = {"Work", "WORK", "work.", "work ", " work",
		"w\xd0\xbe"
		"rk",
		"work\xe2\x80\x8b", "uuid:" UUID(1) "0", "UUID:" UUID(1), "uuid:", "dispvm:dvm",
		"$work", "wor", "workwork"};

	for (size_t i = 0; i < G_N_ELEMENTS(targets); i++) {
		AUTO(run_deinit)
		struct run run = decide("s * mail work allow\ns * mail @default deny", "mail",
			targets[i], "s", NULL);

		g_assert_cmpint(run.d.outcome, ==, POLICY_DENY);
		g_assert_cmpstr(run.d.requested_target, ==, "@default");
		g_assert_cmpuint(run.d.rule->number, ==, 1);
	}
}

/* A uuid in a rule stays with its domain when the name goes to another one, and a name does not. */
static void test_name_reuse(void) {
	static const struct policy_domain before[] = {{.name = "a",
							      .uuid = UUID(1),
							      .type = "AppVM"},
		{.name = "b", .uuid = UUID(2), .type = "AppVM"}},
					  after[] = {
						  {.name = "a", .uuid = UUID(2), .type = "AppVM"},
						  {.name = "b", .uuid = UUID(1), .type = "AppVM"}};
	static const struct {
		const char *rule;
		bool then;
	} table[] = {{"s * b uuid:" UUID(1) " allow", false}, {"s * b a allow", true}};

	for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
		for (unsigned j = 0; j < 2; j++) {
			struct policy_errors errors = {0};
			AUTO(policy_unref_p)
			struct policy *policy = memory_policy(table[i].rule, &errors);
			AUTO(policy_system_free_p) struct policy_system *system = NULL;
			const struct policy_request request = {"b", "a", "s", "+", NULL};
			struct policy_decision d;
			size_t bad;

			g_assert_cmpint(
				policy_system_new(j ? after : before, 2, &system, &bad), ==, 0);
			g_assert_cmpint(policy_decide(policy, system, &request, &d), ==, 0);
			g_assert_cmpint(d.outcome == POLICY_ALLOW, ==, j ? table[i].then : true);
			policy_decision_deinit(&d);
		}
}

static void test_system(void) {
	static const char *const tags[POLICY_TAGS_MAX + 1] = {"x"};
	static const struct {
		struct policy_domain records[2];
		int answer;
		size_t bad;
	} table[] = {
		{{{.name = "a"}, {.name = "b"}}, 0},
		{{{.name = "a"}, {.name = "a"}}, POLICY_SYSTEM_E_TWICE, 1},
		{{{.name = "a", .uuid = UUID(1)}, {.name = "b", .uuid = UUID(1)}},
			POLICY_SYSTEM_E_TWICE, 1},
		{{{.name = "a"}, {.name = "b", .uuid = POLICY_ADMIN_UUID}}, POLICY_SYSTEM_E_TWICE,
			1},
		{{{.name = "a b"}, {.name = "b"}}, POLICY_SYSTEM_E_NAME, 0},
		{{{.name = "a"}, {.name = "@anyvm"}}, POLICY_SYSTEM_E_NAME, 1},
		{{{.name = "a"}, {.name = NULL}}, POLICY_SYSTEM_E_NAME, 1},
		{{{.name = "a", .tags = tags, .tag_count = POLICY_TAGS_MAX}, {.name = "b"}}, 0},
		{{{.name = "a", .tags = tags, .tag_count = POLICY_TAGS_MAX + 1}, {.name = "b"}},
			POLICY_SYSTEM_E_TAGS, 0},
		{{{.name = "a"}, {.name = "dom0"}}, 0},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		AUTO(policy_system_free_p) struct policy_system *system = NULL;
		size_t bad = 99;

		g_test_message("row %zu", i);
		g_assert_cmpint(
			policy_system_new(table[i].records, 2, &system, &bad), ==, table[i].answer);
		if (table[i].answer) {
			g_assert_null(system);
			if (i != 3)
				g_assert_cmpuint(bad, ==, table[i].bad);
			continue;
		}
		g_assert_nonnull(policy_system_find(system, "dom0"));
		g_assert_true(policy_system_find(system, "uuid:" POLICY_ADMIN_UUID) ==
			      policy_system_find(system, "dom0"));
		g_assert_null(policy_system_find(system, "c"));
		g_assert_cmpuint(policy_system_count(system), ==, i == 9 ? 2 : 3);
	}
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/policy/decide/rows", test_rows);
	g_test_add_func("/policy/decide/no-policy", test_no_policy);
	g_test_add_func("/bug-class/E5/redirect-past-a-deny", test_passed_deny);
	g_test_add_func("/bug-class/E5/default-within-list", test_default_within_list);
	g_test_add_func("/policy/decide/denied-is-not-offered", test_denied_is_not_offered);
	g_test_add_func("/policy/decide/answers", test_answers);
	g_test_add_func("/policy/decide/answer-after-domain-went", test_answer_after_domain_went);
	g_test_add_func("/policy/decide/relay", test_relay);
	g_test_add_func("/bug-class/E12/look-alikes", test_look_alikes);
	g_test_add_func("/bug-class/E12/name-reuse", test_name_reuse);
	g_test_add_func("/policy/system/records", test_system);
	return g_test_run();
}
