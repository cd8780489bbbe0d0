/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a request to a decision (qrexec-protocol 3.5 and 3.6). The first rule that fits decides;
 * nothing is tried again after it.
 */
#include "policy/decide.h"

#include "policy/candidates.h"
#include "policy/decide-inner.h"
#include "policy/match.h"

#include <errno.h>
#include <string.h>

const char *policy_decided_as(const char *service) {
	/* Copies files, and goes on with a copy that broke off. */
	return !strcmp(service, "bulkhead.FilecopyResume") ? "qubes.Filecopy" : service;
}

static void deny(struct policy_decision *d, enum policy_reason reason) {
	d->outcome = d->by_rules = POLICY_DENY;
	d->reason = reason;
}

/* A deny that does not come from a rule's own word is always told to the person. */
static void deny_aloud(struct policy_decision *d, enum policy_reason reason) {
	deny(d, reason);
	d->notify = true;
}

static void set_requested(struct policy_decision *d, const char *text) {
	size_t len = strlen(text);

	/* What names a domain that exists is shorter; what does not has become @default. */
	if (len < POLICY_TEXT_MAX)
		memcpy(d->requested_target, text, len + 1);
}

struct call call_to(
	const struct policy_system *system, struct call call, const struct policy_token *token) {
	const struct domain_entry *entry = NULL;

	call.keyword = false;
	call.domain = NULL;
	switch (token->kind) {
	case TOKEN_ADMIN:
		call.target = TARGET_ADMIN;
		call.domain = system->admin;
		call.keyword = token->text[0] == '@';
		return call;
	case TOKEN_DISPVM:
		call.target = TARGET_KEYWORD;
		return call;
	case TOKEN_DISPVM_NAME:
		entry = system_entry(system, token->value);
		break;
	case TOKEN_DISPVM_UUID:
		entry = system_entry(system, token->value - strlen("uuid:"));
		break;
	case TOKEN_NAME:
	case TOKEN_UUID:
		entry = system_entry(system, token->text);
		call.target = entry ? TARGET_DOMAIN : TARGET_NONE;
		call.domain = entry;
		return call;
	case TOKEN_ANY:
	case TOKEN_ALL:
	case TOKEN_DEFAULT:
	case TOKEN_TYPE:
	case TOKEN_TAG:
	case TOKEN_DISPVM_TAG:
		call.target = TARGET_NONE;
		return call;
	}
	/* A disposable of what is no template is none. */
	call.target = entry && entry->is.template_for_dispvms ? TARGET_DISPOSABLE : TARGET_UNKNOWN;
	call.domain = entry;
	return call;
}

static bool valid_word(const char *text, const char *also) {
	for (; *text; text++)
		if (!((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
			    (*text >= '0' && *text <= '9') || strchr(also, *text)))
			return false;
	return true;
}

static bool valid_call(const struct policy_request *request) {
	return *request->service && valid_word(request->service, "._-") &&
	       *request->argument == '+' && valid_word(request->argument, "._-+");
}

/* False: the request is bad and *d says why. */
static bool check_request(const struct policy_system *system, const struct policy_request *request,
	struct call *call, struct policy_decision *d) {
	struct policy_token token;

	*call = (struct call){hashed_over(request->service), hashed_over(request->argument)};
	if (token_parse(*request->target ? request->target : "@default", PLACE_REQUEST, &token)) {
		deny(d, POLICY_BAD_TARGET);
		return false;
	}
	*call = call_to(system, *call, &token);
	if (call->target == TARGET_UNKNOWN) {
		deny(d, POLICY_BAD_TEMPLATE);
		return false;
	}
	if (!valid_call(request)) {
		deny(d, POLICY_BAD_CALL);
		return false;
	}
	call->source = system_entry(system, request->source);
	if (!call->source) {
		deny(d, POLICY_UNKNOWN_SOURCE);
		return false;
	}
	set_requested(d, call->target == TARGET_NONE ? "@default" : token.text);
	return true;
}

/* A relay may speak for the remote domains that name it, and for nobody else. */
static bool check_requested_source(const struct policy_system *system,
	const struct policy_request *request, struct call *call, struct policy_decision *d) {
	const struct domain_entry *remote;

	d->source = &call->source->is;
	if (!request->requested_source || !*request->requested_source)
		return true;
	remote = system_entry(system, request->requested_source);
	if (!remote || strcmp(remote->is.type, "RemoteVM") != 0 || !remote->is.relayvm ||
		system_entry(system, remote->is.relayvm) != call->source) {
		deny(d, POLICY_BAD_REQUESTED_SOURCE);
		d->requested_target[0] = '\0';
		return false;
	}
	call->source = remote;
	d->source = &remote->is;
	return true;
}

/* The deny that a direct call to the redirect's target would have met (bug class E5). */
static void note_passed_deny(const struct policy *policy, const struct policy_system *system,
	const struct call *call, struct policy_decision *d) {
	struct call direct;
	bool trapped;
	uint32_t first;

	if (!d->rule->redirects)
		return;
	direct = call_to(system, *call, &d->rule->redirect);
	first = match_first(policy, &direct, &trapped);
	if (first != NO_RULE && !trapped && policy->rules[first].action == POLICY_ACTION_DENY)
		d->passes_deny = &policy->rules[first];
}

/* An allowed call that the answer's building refuses. */
static void refuse_built(const struct policy_system *system, const struct policy_domain *source,
	struct policy_decision *d) {
	const struct policy_domain *to = d->target.domain;
	enum policy_reason reason = POLICY_BY_RULE;

	if (d->target.kind == TARGET_DISPOSABLE)
		return;
	if (to == source)
		reason = POLICY_LOOPBACK;
	else if (!strcmp(to->type, "RemoteVM") &&
		 (!to->relayvm || !to->transport_rpc || !*to->transport_rpc ||
			 !system_entry(system, to->relayvm)))
		reason = POLICY_NO_RELAY;
	if (reason == POLICY_BY_RULE)
		return;
	d->outcome = POLICY_DENY;
	d->reason = reason;
}

static bool may_run_without_start(const struct policy_target *target) {
	return target->kind == TARGET_ADMIN ||
	       (target->kind == TARGET_DOMAIN && target->domain->running);
}

/* The text of the target: as it was written, but @adminvm becomes dom0 and @dispvm its template. */
static struct policy_target final_target(const struct call *call, const char *text) {
	struct policy_target target = {call->target, call->domain ? &call->domain->is : NULL, text};

	if (call->target == TARGET_ADMIN && call->keyword)
		target.text = call->domain->is.name;
	if (call->target == TARGET_KEYWORD) {
		const struct domain_entry *of = call->source->disposable_template;

		target.kind = of ? TARGET_DISPOSABLE : TARGET_NONE;
		target.domain = of ? &of->is : NULL;
		target.text = of ? of->disposable : NULL;
	}
	return target;
}

/* The requested target's text, as the system keeps it: a decision may be copied. */
static const char *lasting_text(
	const struct policy_system *system, const struct call *call, const char *requested) {
	switch (call->target) {
	case TARGET_ADMIN:
	case TARGET_DOMAIN:
		return call->keyword ? POLICY_ADMIN_NAME : system_text(system, requested);
	case TARGET_DISPOSABLE:
		return strcmp(requested, call->domain->disposable) != 0
			       ? call->domain->disposable_uuid
			       : call->domain->disposable;
	case TARGET_NONE:
	case TARGET_KEYWORD:
	case TARGET_UNKNOWN:
		break;
	}
	return "@default";
}

/* Checks where an allowed call would go; shared by allow rules and answered questions. */
static void allow(const struct policy_system *system, const struct call *call, const char *text,
	struct policy_decision *d) {
	d->target = final_target(call, text);
	if (call->target == TARGET_KEYWORD && !d->target.domain) {
		deny_aloud(d, POLICY_NO_DISPOSABLE);
	} else if (call->target == TARGET_NONE) {
		deny_aloud(d, POLICY_NO_TARGET);
	} else if (call->target == TARGET_UNKNOWN) {
		deny_aloud(d, POLICY_REDIRECT_TEMPLATE);
	} else if (!d->autostart && !may_run_without_start(&d->target)) {
		deny(d, POLICY_NOT_RUNNING);
	} else {
		d->outcome = d->by_rules = POLICY_ALLOW;
		refuse_built(system, &call->source->is, d);
	}
}

static void apply_allow(
	const struct policy_system *system, const struct call *call, struct policy_decision *d) {
	struct call to;

	if (!d->rule->redirects) {
		allow(system, call, lasting_text(system, call, d->requested_target), d);
		return;
	}
	to = call_to(system, *call, &d->rule->redirect);
	allow(system, &to, d->rule->redirect.text, d);
}

/* ask target=: a list of one, as it was written; what it is shows when it is chosen. */
static int single_target(
	const struct policy_system *system, const struct call *call, struct policy_decision *d) {
	const struct policy_token *token = &d->rule->redirect;
	struct call to = call_to(system, *call, token);

	d->targets = calloc(1, sizeof(*d->targets));
	if (!d->targets)
		return -ENOMEM;
	d->target_count = 1;
	d->targets[0] = (struct policy_target){
		to.target == TARGET_NONE ? TARGET_UNKNOWN : to.target,
		to.domain ? &to.domain->is : NULL,
		token->kind == TOKEN_ADMIN ? POLICY_ADMIN_NAME : token->text};
	return 0;
}

static void drop_stopped(struct policy_decision *d) {
	size_t kept = 0;

	for (size_t i = 0; i < d->target_count; i++)
		if (may_run_without_start(&d->targets[i]))
			d->targets[kept++] = d->targets[i];
	d->target_count = kept;
}

static void find_default(const struct call *call, struct policy_decision *d) {
	const struct policy_token *token = &d->rule->default_target;
	const struct domain_entry *of = call->source->disposable_template;
	const char *text = token->text;

	if (!d->rule->has_default_target)
		return;
	if (token->kind == TOKEN_ADMIN)
		text = POLICY_ADMIN_NAME;
	else if (token->kind == TOKEN_DISPVM)
		text = of ? of->disposable : "";
	for (size_t i = 0; i < d->target_count; i++)
		if (!strcmp(d->targets[i].text, text))
			d->default_target = (int)i;
	d->default_dropped = d->default_target < 0;
}

static int apply_ask(const struct policy *policy, const struct policy_system *system,
	const struct call *call, struct policy_decision *d) {
	const struct policy_rule *ghost = NULL;
	int r = d->rule->redirects ? single_target(system, call, d)
				   : candidates_collect(policy, system, call, &d->targets,
					     &d->target_count, &ghost);

	if (r < 0)
		return r;
	if (r == POLICY_GHOST_TEMPLATE) {
		d->rule = ghost;
		deny_aloud(d, POLICY_GHOST_TEMPLATE);
		return 0;
	}
	if (!d->autostart)
		drop_stopped(d);
	if (d->target_count == 0) {
		deny_aloud(d, POLICY_NOTHING_TO_ASK);
		return 0;
	}
	d->outcome = d->by_rules = POLICY_ASK;
	find_default(call, d);
	return 0;
}

static int apply(const struct policy *policy, const struct policy_system *system,
	const struct call *call, bool trapped, struct policy_decision *d) {
	const struct policy_rule *rule = d->rule;

	if (trapped) {
		deny_aloud(d, POLICY_NO_DISPOSABLE);
		return 0;
	}
	d->notify = rule->notify;
	d->autostart = rule->autostart;
	d->user = rule->user;
	note_passed_deny(policy, system, call, d);
	switch (rule->action) {
	case POLICY_ACTION_ALLOW:
		apply_allow(system, call, d);
		break;
	case POLICY_ACTION_ASK:
		return apply_ask(policy, system, call, d);
	case POLICY_ACTION_DENY:
		break;
	}
	return 0;
}

int decide_by_rule(const struct policy *policy, const struct policy_system *system,
	const struct call *call, const struct policy_rule *rule, struct policy_decision *ret) {
	*ret = (struct policy_decision){
		.default_target = -1, .rule = rule, .source = &call->source->is};
	if (call->target == TARGET_DOMAIN)
		set_requested(ret, call->domain->is.name);
	else if (call->target == TARGET_DISPOSABLE)
		set_requested(ret, call->domain->disposable);
	else if (call->target == TARGET_ADMIN)
		set_requested(ret, POLICY_ADMIN_NAME);
	else
		set_requested(ret, call->target == TARGET_KEYWORD ? "@dispvm" : "@default");
	return apply(policy, system, call, false, ret);
}

/* Writes down what was passed over; false if rule-by-rule finds another rule than the index. */
static int record(const struct policy *policy, const struct call *call, uint32_t first,
	struct policy_trace *trace) {
	uint32_t end = first == NO_RULE ? policy->count : first;
	enum policy_miss miss;

	trace->passed = calloc((size_t)end + 1, sizeof(*trace->passed));
	if (!trace->passed)
		return -ENOMEM;
	for (uint32_t i = 0; i < end; i++) {
		if (match_rule(&policy->rules[i], call, &miss))
			return POLICY_INTERNAL;
		trace->passed[trace->count++] = (struct policy_passed){&policy->rules[i], miss};
	}
	if (first != NO_RULE && !match_rule(&policy->rules[first], call, &miss))
		return POLICY_INTERNAL;
	return 0;
}

static int evaluate(const struct policy *policy, const struct policy_system *system,
	const struct policy_request *request, struct policy_trace *trace,
	struct policy_decision *d) {
	struct call call;
	bool trapped;
	uint32_t first;
	int r = 0;

	*d = (struct policy_decision){.default_target = -1};
	if (!policy) {
		deny(d, POLICY_NO_POLICY);
		return 0;
	}
	if (!check_request(system, request, &call, d) ||
		!check_requested_source(system, request, &call, d))
		return 0;
	first = match_first(policy, &call, &trapped);
	if (trace)
		r = record(policy, &call, first, trace);
	if (r) {
		deny_aloud(d, POLICY_INTERNAL);
		return r < 0 ? r : 0;
	}
	if (first == NO_RULE) {
		deny_aloud(d, POLICY_NO_RULE);
		return 0;
	}
	d->rule = &policy->rules[first];
	r = apply(policy, system, &call, trapped, d);
	if (r)
		deny_aloud(d, POLICY_INTERNAL);
	return r;
}

int policy_decide(const struct policy *policy, const struct policy_system *system,
	const struct policy_request *request, struct policy_decision *ret) {
	return evaluate(policy, system, request, NULL, ret);
}

int policy_explain(const struct policy *policy, const struct policy_system *system,
	const struct policy_request *request, struct policy_trace *ret_trace,
	struct policy_decision *ret) {
	*ret_trace = (struct policy_trace){0};
	return evaluate(policy, system, request, ret_trace, ret);
}

void policy_answer(const struct policy_system *system, const struct policy_decision *ask,
	const char *chosen, struct policy_decision *ret) {
	const struct policy_target *target = NULL;
	struct call call = {.source = system_entry(system, ask->source->name)};

	*ret = *ask;
	ret->targets = NULL;
	ret->target_count = 0;
	ret->default_target = -1;
	for (size_t i = 0; i < ask->target_count; i++)
		if (!strcmp(ask->targets[i].text, chosen))
			target = &ask->targets[i];
	if (ask->outcome != POLICY_ASK || !target || !call.source) {
		deny_aloud(ret, POLICY_NOT_OFFERED);
		return;
	}
	/* The domains may have changed while the person thought: look the name up again. */
	call.target = target->kind;
	if (target->domain) {
		call.domain = system_entry(system, target->domain->name);
		if (!call.domain)
			call.target = TARGET_NONE;
	} else if (target->kind == TARGET_UNKNOWN) {
		call.target = TARGET_NONE;
	}
	allow(system, &call, target->text, ret);
}

void policy_decision_deinit(struct policy_decision *decision) {
	free(decision->targets);
	*decision = (struct policy_decision){.default_target = -1};
}

void policy_trace_deinit(struct policy_trace *trace) {
	free(trace->passed);
	*trace = (struct policy_trace){0};
}
