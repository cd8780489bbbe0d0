/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One rule: its words are checked here and nowhere else (qrexec-protocol 3.2 and 3.4). */
#include "policy/parse-inner.h"

#include <errno.h>
#include <string.h>

static bool is_alnum(char c) {
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* The first byte that is neither a letter, a digit nor one of `also`; NULL if there is none. */
static const char *bad_char(const char *word, const char *also) {
	for (; *word; word++)
		if (!is_alnum(*word) && !strchr(also, *word))
			return word;
	return NULL;
}

static uint32_t column_of(const struct word *word, const char *at) {
	return word->column + (uint32_t)(at - word->s);
}

bool parse_call(struct parser *p, const struct place *at, const struct call_words *call,
	struct policy_rule *rule) {
	const struct word *service = &call->service, *argument = &call->argument;
	const char *bad;

	if (strcmp(service->s, "*") != 0) {
		bad = bad_char(service->s, "._-");
		if (bad) {
			parse_error(p, at, column_of(service, bad),
				*bad == '+' ? "the service's argument is a word of its own: put a "
					      "space "
					      "before '%c'"
					    : "'%c' cannot be in the name of a service",
				*bad);
			return false;
		}
		rule->service = service->s;
	}
	if (!strcmp(argument->s, "*"))
		return true;
	if (*argument->s != '+') {
		parse_error(p, at, argument->column,
			"the argument must be * (any) or begin with '+' (+ alone: no argument)");
		return false;
	}
	bad = bad_char(argument->s, "._+-");
	if (bad) {
		parse_error(p, at, column_of(argument, bad),
			"'%c' cannot be in an argument: it may hold letters, digits and . _ - +",
			*bad);
		return false;
	}
	if (!rule->service) {
		parse_error(p, at, argument->column, "for the service * the argument must be *");
		return false;
	}
	rule->argument = argument->s;
	return true;
}

static bool parse_domain(struct parser *p, const struct place *at, const char *what,
	const struct word *word, enum token_place place, struct policy_token *ret) {
	int answer = token_parse(word->s, place, ret);

	if (answer)
		parse_error(
			p, at, word->column, "%s \"%s\": %s", what, word->s, token_error(answer));
	return answer == 0;
}

static bool parse_action(struct parser *p, const struct place *at, const struct word *word,
	enum policy_action *ret) {
	static const char *const names[] = {"deny", "allow", "ask"};

	for (unsigned i = 0; i < 3; i++)
		if (!strcmp(word->s, names[i])) {
			*ret = (enum policy_action)i;
			return true;
		}
	parse_error(p, at, word->column, "the action must be allow, deny or ask, not \"%s\"%s",
		word->s, *word->s == '#' ? " (a comment needs a line of its own)" : "");
	return false;
}

static bool parse_yes_no(struct parser *p, const struct place *at, const struct word *word,
	const char *value, bool *ret) {
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0) {
		parse_error(p, at, column_of(word, value), "this must be yes or no");
		return false;
	}
	*ret = value[0] == 'y';
	return true;
}

static bool parse_user(struct parser *p, const struct place *at, const struct word *word,
	const char *value, struct policy_rule *rule) {
	const char *bad = bad_char(value, "._@$-");

	if (bad || *value == '-') {
		parse_error(p, at, column_of(word, bad ? bad : value),
			"this cannot be in the name of a user");
		return false;
	}
	rule->user = *value ? value : NULL;
	return true;
}

enum param {
	PARAM_NOTIFY,
	PARAM_USER,
	PARAM_TARGET,
	PARAM_DEFAULT_TARGET,
	PARAM_AUTOSTART,
	PARAMS
};

/* Which parameter an action takes; no row, no parameter. */
static const struct {
	const char *key;
	bool with[3]; /* deny, allow, ask */
} params[PARAMS] = {
	[PARAM_NOTIFY] = {"notify", {true, true, true}},
	[PARAM_USER] = {"user", {false, true, true}},
	[PARAM_TARGET] = {"target", {false, true, true}},
	[PARAM_DEFAULT_TARGET] = {"default_target", {false, false, true}},
	[PARAM_AUTOSTART] = {"autostart", {false, true, true}},
};

static bool set_param(struct parser *p, const struct place *at, const struct word *word,
	const char *value, enum param param, struct policy_rule *rule) {
	struct word target = {(char *)value, column_of(word, value)};

	switch (param) {
	case PARAM_NOTIFY:
		return parse_yes_no(p, at, word, value, &rule->notify);
	case PARAM_AUTOSTART:
		return parse_yes_no(p, at, word, value, &rule->autostart);
	case PARAM_USER:
		return parse_user(p, at, word, value, rule);
	case PARAM_TARGET:
		rule->redirects = true;
		return parse_domain(p, at, "target=", &target, PLACE_REDIRECT, &rule->redirect);
	case PARAM_DEFAULT_TARGET:
		rule->has_default_target = true;
		return parse_domain(
			p, at, "default_target=", &target, PLACE_REDIRECT, &rule->default_target);
	case PARAMS:
		break;
	}
	return false;
}

static bool parse_param(struct parser *p, const struct place *at, const struct word *word,
	bool seen[PARAMS], struct policy_rule *rule) {
	char *equals = strchr(word->s, '=');
	unsigned i = 0;

	if (!equals || *word->s == '#') {
		parse_error(p, at, word->column, "\"%s\" is no KEY=VALUE%s", word->s,
			*word->s == '#' ? " (a comment needs a line of its own)" : "");
		return false;
	}
	while (i < PARAMS && (strlen(params[i].key) != (size_t)(equals - word->s) ||
				     strncmp(word->s, params[i].key, strlen(params[i].key)) != 0))
		i++;
	if (i == PARAMS || !params[i].with[rule->action]) {
		parse_error(p, at, word->column,
			i == PARAMS ? "there is no parameter \"%.*s\"; there are notify user "
				      "target default_target autostart"
				    : "the parameter \"%.*s\" has no meaning with this action",
			(int)(equals - word->s), word->s);
		return false;
	}
	if (seen[i]) {
		parse_error(p, at, word->column, "\"%s\" is given twice", params[i].key);
		return false;
	}
	seen[i] = true;
	return set_param(p, at, word, equals + 1, (enum param)i, rule);
}

static bool parse_parts(struct parser *p, const struct place *at, struct word *words, size_t count,
	struct policy_rule *rule) {
	bool seen[PARAMS] = {false};
	bool good;

	if (count < 3) {
		parse_error(
			p, at, 0, "a part is missing behind the argument: SOURCE TARGET ACTION");
		return false;
	}
	good = parse_domain(p, at, "source", &words[0], PLACE_SOURCE, &rule->source);
	good &= parse_domain(p, at, "target", &words[1], PLACE_TARGET, &rule->target);
	if (!parse_action(p, at, &words[2], &rule->action))
		return false;
	rule->notify = rule->action == POLICY_ACTION_DENY;
	rule->autostart = true;
	for (size_t i = 3; i < count; i++)
		good &= parse_param(p, at, &words[i], seen, rule);
	if (good && rule->target.kind == TOKEN_DEFAULT && rule->action == POLICY_ACTION_ALLOW &&
		!rule->redirects) {
		parse_error(p, at, words[1].column,
			"allow for the target @default must say where to: add target=NAME");
		return false;
	}
	return good;
}

void parse_rule(struct parser *p, const struct place *at, const struct call_words *call,
	struct word *words, size_t count) {
	struct policy_rule rule = {.file = at->file, .line = at->line};
	int r;

	if (!parse_call(p, at, call, &rule))
		return;
	rule.text = arena_text(&p->policy->arena, at->text, at->len);
	if (!rule.text) {
		p->fatal = -ENOMEM;
		return;
	}
	if (!parse_parts(p, at, words, count, &rule))
		return;
	r = policy_add_rule(p->policy, &rule);
	if (r == -E2BIG)
		parse_error(p, at, 0, "more than %u rules", POLICY_RULES_MAX);
	else if (r)
		p->fatal = r;
}
