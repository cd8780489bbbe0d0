/* SPDX-License-Identifier: GPL-2.0-or-later */
/* On generated policies: the index agrees with a naive evaluator, and explain with decide. */
#include "policy/reply.h"
#include "policy/test-generate.h"
#include "policy/test-memory.h"
#include "policy/test-naive.h"

#include <string.h>

#define DOMAINS 24u

static GHashTable
	*outcomes; /* how often each came out: a test of nothing but denies tests nothing */

static void count(const char *outcome) {
	guint n = GPOINTER_TO_UINT(g_hash_table_lookup(outcomes, outcome));

	g_hash_table_insert(outcomes, (gpointer)outcome, GUINT_TO_POINTER(n + 1));
}

static void check_targets(const struct naive *naive, const struct policy_decision *d) {
	g_assert_cmpuint(d->target_count, ==, naive->targets->len);
	for (guint i = 0; i < naive->targets->len; i++)
		g_assert_cmpstr(d->targets[i].text, ==, naive->targets->pdata[i]);
	g_assert_cmpstr(d->default_target < 0 ? NULL : d->targets[d->default_target].text, ==,
		naive->default_target);
}

static void check_same(const struct policy_decision *a, const struct policy_decision *b) {
	g_assert_cmpint(a->outcome, ==, b->outcome);
	g_assert_cmpint(a->by_rules, ==, b->by_rules);
	g_assert_cmpint(a->reason, ==, b->reason);
	g_assert_true(a->rule == b->rule);
	g_assert_true(a->passes_deny == b->passes_deny);
	g_assert_cmpint(a->notify, ==, b->notify);
	g_assert_cmpint(a->autostart, ==, b->autostart);
	g_assert_cmpstr(a->user, ==, b->user);
	g_assert_cmpstr(a->target.text, ==, b->target.text);
	g_assert_cmpstr(a->requested_target, ==, b->requested_target);
	g_assert_cmpuint(a->target_count, ==, b->target_count);
	for (size_t i = 0; i < a->target_count; i++)
		g_assert_cmpstr(a->targets[i].text, ==, b->targets[i].text);
	g_assert_cmpint(a->default_target, ==, b->default_target);
}

/* Every rule before the deciding one is passed over, none twice, and each with a reason. */
static void check_trace(const struct policy *policy, const struct policy_decision *d,
	const struct policy_trace *trace) {
	size_t end = d->reason == POLICY_GHOST_TEMPLATE ? trace->count
		     : d->rule                          ? d->rule->number
							: policy_rule_count(policy);

	if (policy_reason_is_request(d->reason))
		end = 0;
	g_assert_cmpuint(trace->count, ==, end);
	for (size_t i = 0; i < trace->count; i++)
		g_assert_true(trace->passed[i].rule == policy_rule_at(policy, i));
}

static void check_call(const struct policy *policy, const struct policy_system *system,
	const char *source, const char *target, const char *service, const char *argument) {
	const struct policy_request request = {source, target, service, argument, NULL};
	struct naive naive = naive_decide(policy, system, source, target, service, argument);
	struct policy_decision decided, explained;
	struct policy_trace trace;

	g_assert_cmpint(policy_decide(policy, system, &request, &decided), ==, 0);
	g_assert_cmpint(policy_explain(policy, system, &request, &trace, &explained), ==, 0);
	check_same(&decided, &explained);
	check_trace(policy, &explained, &trace);
	g_assert_cmpint(decided.reason, !=, POLICY_INTERNAL);
	g_assert_cmpstr(policy_decision_word(&decided), ==, naive.outcome);
	if (!policy_reason_is_request(decided.reason) && decided.reason != POLICY_GHOST_TEMPLATE)
		g_assert_cmpint(decided.rule ? (gint64)decided.rule->number : -1, ==, naive.rule);
	if (decided.by_rules == POLICY_ALLOW)
		g_assert_cmpstr(decided.target.text, ==, naive.target);
	if (decided.by_rules == POLICY_ASK)
		check_targets(&naive, &decided);
	count(naive.outcome);
	policy_trace_deinit(&trace);
	policy_decision_deinit(&decided);
	policy_decision_deinit(&explained);
	naive_deinit(&naive);
}

static void test_agree(void) {
	AUTO(policy_system_free_p) struct policy_system *system = generate_system(DOMAINS);
	static const char *const arguments[] = {"+", "+a", "+b", "+never"};
	g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)g_test_rand_int());

	outcomes = g_hash_table_new(g_str_hash, g_str_equal);
	for (unsigned round = 0; round < 400; round++) {
		g_autofree char *text = generate_policy(
			rand, (guint)g_rand_int_range(rand, 0, round % 10 ? 40 : 400), 3, DOMAINS);
		struct policy_errors errors = {0};
		AUTO(policy_unref_p) struct policy *policy = memory_policy(text, &errors);

		g_assert_nonnull(policy);
		for (unsigned call = 0; call < 60; call++) {
			g_autofree char *source = generate_source(rand, DOMAINS);
			g_autofree char *target = generate_target(rand, DOMAINS);
			g_autofree char *service = g_strdup_printf(
				"s%d", g_rand_int_range(rand, 0, 4));

			check_call(policy, system, source, target, service,
				arguments[g_rand_int_range(rand, 0, 4)]);
		}
		policy_errors_deinit(&errors);
	}
	g_assert_cmpuint(GPOINTER_TO_UINT(g_hash_table_lookup(outcomes, "allow")), >, 500);
	g_assert_cmpuint(GPOINTER_TO_UINT(g_hash_table_lookup(outcomes, "ask")), >, 500);
	g_assert_cmpuint(GPOINTER_TO_UINT(g_hash_table_lookup(outcomes, "deny")), >, 500);
	g_hash_table_unref(outcomes);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/policy/property/agree", test_agree);
	return g_test_run();
}
