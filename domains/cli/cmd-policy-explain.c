/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `bulkhead policy explain`: the evaluator's own record of one call. Calls nothing. */
#include "domains/cli/cmd-policy.h"

#include "policy/reply.h"

#include <stdio.h>
#include <string.h>

static void json_nullable(JsonBuilder *json, const char *key, const char *text) {
	json_builder_set_member_name(json, key);
	if (text)
		json_builder_add_string_value(json, text);
	else
		json_builder_add_null_value(json);
}

static void json_flag(JsonBuilder *json, const char *key, bool value) {
	json_builder_set_member_name(json, key);
	json_builder_add_boolean_value(json, value);
}

static void json_reply(JsonBuilder *json, const struct policy_cli *cli,
	const struct policy_request *request, const struct policy_decision *d) {
	g_auto(GStrv) lines = NULL;
	char reply[8192];

	if (policy_reply(cli->system, request, d, reply, sizeof(reply)))
		return;
	lines = g_strsplit(reply, "\n", -1);
	json_builder_set_member_name(json, "reply");
	json_builder_begin_array(json);
	for (unsigned i = 0; lines[i]; i++)
		json_builder_add_string_value(json, lines[i]);
	json_builder_end_array(json);
}

static void json_targets(JsonBuilder *json, const struct policy_decision *d) {
	json_builder_set_member_name(json, "targets");
	json_builder_begin_array(json);
	for (size_t i = 0; i < d->target_count; i++)
		json_builder_add_string_value(json, d->targets[i].text);
	json_builder_end_array(json);
	json_nullable(json, "default_target",
		d->default_target < 0 ? NULL : d->targets[d->default_target].text);
}

static void json_passed(JsonBuilder *json, const struct policy_trace *trace) {
	json_builder_set_member_name(json, "passed_over");
	json_builder_begin_array(json);
	for (size_t i = 0; i < trace->count; i++) {
		json_builder_begin_object(json);
		policy_cli_json_rule(json, trace->passed[i].rule);
		json_nullable(json, "reason", policy_miss_words(trace->passed[i].miss));
		json_builder_end_object(json);
	}
	json_builder_end_array(json);
}

static void json_decision(JsonBuilder *json, const struct policy_cli *cli,
	const struct policy_request *request, const struct policy_decision *d) {
	json_nullable(json, "requested_target", d->requested_target);
	json_flag(json, "notify", d->notify);
	if (d->by_rules == POLICY_DENY)
		return;
	json_nullable(json, "user", d->user);
	json_flag(json, "autostart", d->autostart);
	if (d->by_rules == POLICY_ASK) {
		json_targets(json, d);
		return;
	}
	json_nullable(json, "target", d->target.text);
	if (d->outcome == POLICY_DENY)
		json_flag(json, "execute_denied", true);
	json_reply(json, cli, request, d);
}

static void print_json(const struct policy_cli *cli, const struct policy_request *request,
	const struct policy_decision *d, const struct policy_trace *trace) {
	g_autoptr(JsonBuilder) json = json_builder_new();

	json_builder_begin_object(json);
	json_nullable(json, "outcome", policy_decision_word(d));
	json_nullable(json, "reason", policy_reason_words(d->reason));
	if (!policy_reason_is_request(d->reason))
		json_decision(json, cli, request, d);
	policy_cli_json_rule(json, d->rule);
	if (d->passes_deny) {
		json_builder_set_member_name(json, "passes_deny");
		json_builder_begin_object(json);
		policy_cli_json_rule(json, d->passes_deny);
		json_builder_end_object(json);
	}
	if (cli->made_up)
		json_flag(json, "domains_made_up", true);
	json_passed(json, trace);
	json_builder_end_object(json);
	policy_cli_json_print(json);
}

static void print_rule(const char *before, const struct policy_rule *rule, const char *after) {
	g_autofree char *where = policy_cli_where(rule);
	g_autofree char *text = policy_cli_escape(rule->text);

	printf("%s%s%s\n      %s\n", before, where, after, text);
}

static void print_targets(const struct policy_decision *d) {
	printf("  the person may choose:");
	for (size_t i = 0; i < d->target_count; i++)
		printf(" %s", d->targets[i].text);
	printf("\n  chosen beforehand: %s%s\n",
		d->default_target < 0 ? "none" : d->targets[d->default_target].text,
		d->default_dropped ? " (default_target= is not among them)" : "");
}

static void print_effect(const struct policy_decision *d) {
	if (d->by_rules == POLICY_ALLOW)
		printf("  target: %s\n", d->target.text);
	if (d->by_rules == POLICY_ASK)
		print_targets(d);
	if (d->by_rules != POLICY_DENY)
		printf("  runs as: %s\n  a stopped target is %s\n",
			d->user ? d->user : "the target's default user",
			d->autostart ? "started" : "not started");
	printf("  the person is %s\n", d->notify ? "notified" : "not notified");
	if (d->passes_deny)
		print_rule("  it goes past a deny that a direct call would meet: ", d->passes_deny,
			"");
}

static void print_passed(const struct policy_trace *trace) {
	size_t other = 0;

	for (size_t i = 0; i < trace->count; i++)
		other += trace->passed[i].miss == MISS_SERVICE;
	if (trace->count > other)
		printf("passed over before it:\n");
	for (size_t i = 0; i < trace->count; i++) {
		g_autofree char *why = g_strdup_printf(
			": %s", policy_miss_words(trace->passed[i].miss));

		if (trace->passed[i].miss != MISS_SERVICE)
			print_rule("  ", trace->passed[i].rule, why);
	}
	if (other)
		printf("%s%zu rules for other services (--json lists them)\n",
			trace->count > other ? "  and " : "passed over before it: ", other);
}

static void print_text(const struct policy_request *request, const struct policy_decision *d,
	const struct policy_trace *trace) {
	g_autofree char *source = policy_cli_escape(request->source);
	g_autofree char *target = policy_cli_escape(
		*request->target ? request->target : "@default");
	g_autofree char *service = policy_cli_escape(request->service);
	g_autofree char *argument = policy_cli_escape(request->argument);

	printf("%s: %s -> %s, %s%s\n", d->outcome == d->by_rules ? policy_decision_word(d) : "deny",
		source, target, service, argument);
	if (d->rule)
		print_rule("  by ", d->rule, "");
	if (!d->rule || d->reason != POLICY_BY_RULE)
		printf("  because %s\n", policy_reason_words(d->reason));
	if (!policy_reason_is_request(d->reason))
		print_effect(d);
	print_passed(trace);
}

static int exit_code(const struct policy_decision *d) {
	if (policy_reason_is_request(d->reason))
		return POLICY_EXIT_REQUEST;
	return d->by_rules == POLICY_ALLOW ? POLICY_EXIT_ALLOW
	       : d->by_rules == POLICY_ASK ? POLICY_EXIT_ASK
					   : POLICY_EXIT_DENY;
}

static int explain(struct policy_cli *cli, const struct policy_request *request) {
	const char *const names[] = {request->source, request->target};
	struct policy_decision d;
	struct policy_trace trace;
	int r = policy_cli_load(cli), code;

	if (!r)
		r = policy_cli_domains(cli, names, G_N_ELEMENTS(names));
	if (r)
		return r;
	if (cli->made_up)
		fputs("bulkhead policy: no --domains: classes, tags and states of domains are "
		      "not known, only their names\n",
			stderr);
	r = policy_explain(cli->load.policy, cli->system, request, &trace, &d);
	code = exit_code(&d);
	if (r)
		fputs("bulkhead policy: there is not enough memory\n", stderr);
	else if (cli->json)
		print_json(cli, request, &d, &trace);
	else
		print_text(request, &d, &trace);
	policy_trace_deinit(&trace);
	policy_decision_deinit(&d);
	return r ? POLICY_EXIT_REQUEST : code;
}

int cmd_policy_explain(int argc, char **argv) {
	AUTO(policy_cli_deinit) struct policy_cli cli = {0};
	g_autofree char *requested = NULL;
	const GOptionEntry entries[] = {POLICY_CLI_OPTIONS(&cli),
		{"requested-source", 0, 0, G_OPTION_ARG_STRING, &requested,
			"the remote domain that SOURCE relays for", "DOMAIN"},
		{NULL}};
	g_autofree char *service = NULL;
	struct policy_request request;
	char *plus;

	if (!policy_cli_options(&argc, &argv, entries, "-- SOURCE TARGET SERVICE[+ARGUMENT]",
		    "Says what the policy decides for a call and why. TARGET may be empty.\n"
		    "Exit status: 0 allow, 1 deny, 2 ask, 3 error in the policy, 4 error in the "
		    "request."))
		return POLICY_EXIT_REQUEST;
	if (argc > 1 && !strcmp(argv[1], "--")) {
		argc--;
		argv++;
	}
	if (argc != 4) {
		fputs("usage: bulkhead policy explain [OPTION...] -- SOURCE TARGET "
		      "SERVICE[+ARGUMENT]\n",
			stderr);
		return POLICY_EXIT_REQUEST;
	}
	service = g_strdup(argv[3]);
	plus = strchr(service, '+');
	request = (struct policy_request){.source = argv[1],
		.target = argv[2],
		.service = service,
		.argument = plus ? strchr(argv[3], '+') : "+",
		.requested_source = requested};
	if (plus)
		*plus = '\0';
	request.service = policy_decided_as(service);
	if (!cli.json && strcmp(request.service, service) != 0)
		printf("%s is decided by the rules for %s.\n", service, request.service);
	return explain(&cli, &request);
}
