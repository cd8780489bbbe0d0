/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What the two policy targets check of a rule set that was accepted: it decides every call of a
 * small world without contradiction, explain and decide agree, and no rule is outside the language.
 */
#include "policy/decide.h"
#include "policy/lint.h"
#include "policy/test-memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static struct policy_system *world(void) {
	static const char *const tags[] = {"office", "red"};
	static const struct policy_domain records[] = {
		{.name = "dom0", .type = "AdminVM", .tags = tags, .tag_count = 1},
		{.name = "work",
			.uuid = "00000000-0000-4000-8000-000000000001",
			.type = "AppVM",
			.tags = tags,
			.tag_count = 2,
			.default_dispvm = "dvm",
			.running = true},
		{.name = "mail", .type = "AppVM", .default_dispvm = "ghost"},
		{.name = "dvm",
			.type = "AppVM",
			.template_for_dispvms = true,
			.tags = tags,
			.tag_count = 1},
		{.name = "far", .type = "RemoteVM", .relayvm = "work", .transport_rpc = "x.Relay"},
	};
	struct policy_system *system = NULL;
	size_t bad;

	if (policy_system_new(records, sizeof(records) / sizeof(records[0]), &system, &bad))
		abort();
	return system;
}

static void check_decision(const struct policy *policy, const struct policy_system *system,
	const struct policy_request *request) {
	struct policy_decision d, e;
	struct policy_trace trace;

	if (policy_decide(policy, system, request, &d) ||
		policy_explain(policy, system, request, &trace, &e))
		abort();
	if (d.outcome != e.outcome || d.rule != e.rule || d.reason != e.reason ||
		d.reason == POLICY_INTERNAL)
		abort();
	if (d.outcome == POLICY_ALLOW && (d.rule->action != POLICY_ACTION_ALLOW || !d.target.text ||
						 !d.target.domain || d.target.domain == d.source))
		if (!(d.target.kind == TARGET_DISPOSABLE && d.target.domain))
			abort();
	if (d.outcome == POLICY_ASK &&
		(d.rule->action != POLICY_ACTION_ASK || d.target_count == 0 ||
			d.default_target >= (int)d.target_count))
		abort();
	policy_trace_deinit(&trace);
	policy_decision_deinit(&d);
	policy_decision_deinit(&e);
}

static void check_rules(const struct policy *policy) {
	for (size_t i = 0; i < policy_rule_count(policy); i++) {
		const struct policy_rule *rule = policy_rule_at(policy, i);

		if (rule->number != i || !*rule->source.text || !*rule->target.text)
			abort();
		if (rule->action == POLICY_ACTION_DENY && (rule->redirects || rule->user))
			abort();
		if (rule->argument && (*rule->argument != '+' || !rule->service))
			abort();
		if (rule->has_default_target && rule->action != POLICY_ACTION_ASK)
			abort();
	}
}

static void use(const struct policy *policy) {
	static const char *const targets[] = {"", "work", "mail", "far", "dom0", "@adminvm",
		"@dispvm", "@dispvm:dvm", "uuid:00000000-0000-4000-8000-000000000001", "nobody"};
	AUTO(policy_system_free_p) struct policy_system *system = world();
	struct policy_findings findings;

	check_rules(policy);
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		for (unsigned j = 0; j < 4; j++) {
			const struct policy_request request = {j & 1 ? "work" : "mail", targets[i],
				"s.Svc", j & 2 ? "+a" : "+", NULL};

			check_decision(policy, system, &request);
		}
	if (policy_lint(policy, system, true, &findings))
		abort();
	policy_findings_deinit(&findings);
}

static inline void check_texts(const struct memory_file *files, size_t count) {
	static const char *const folders[] = {"p"};
	struct memory memory = {files, count, NULL};
	struct policy_reader reader = memory_reader(&memory);
	const struct policy_places places = {folders, 1, "compat"};
	struct policy_errors errors = {0};
	struct policy *policy = NULL;
	int r = policy_parse(&places, &reader, &policy, &errors);

	if (r < 0 || (r == 0) != (policy != NULL) || (r == 0) != (errors.count == 0))
		abort();
	if (policy)
		use(policy);
	policy_errors_deinit(&errors);
	policy_unref(policy);
	memory_deinit(&memory);
}
