/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words that stand for domains (qrexec-protocol 3.3). */
#include "policy/rules-inner.h"

#include "policy/system.h"

#include <string.h>

#define RULE_PLACES (PLACE_SOURCE | PLACE_TARGET)

static const struct {
	const char *word;
	enum policy_token_kind kind;
	unsigned places;
} exact[] = {
	{"*", TOKEN_ALL, RULE_PLACES},
	{"@anyvm", TOKEN_ANY, RULE_PLACES},
	{"@adminvm", TOKEN_ADMIN, RULE_PLACES | PLACE_REDIRECT | PLACE_REQUEST},
	{"@default", TOKEN_DEFAULT, PLACE_TARGET | PLACE_REQUEST},
	{"@dispvm", TOKEN_DISPVM, PLACE_TARGET | PLACE_REDIRECT | PLACE_REQUEST},
};

/* The longer prefix first. */
static const struct {
	const char *prefix;
	enum policy_token_kind kind;
	unsigned places;
} prefixed[] = {
	{"@dispvm:@tag:", TOKEN_DISPVM_TAG, RULE_PLACES},
	{"@dispvm:", TOKEN_DISPVM_NAME, RULE_PLACES | PLACE_REDIRECT | PLACE_REQUEST},
	{"@type:", TOKEN_TYPE, RULE_PLACES},
	{"@tag:", TOKEN_TAG, RULE_PLACES},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool begins(const char *text, const char *prefix) {
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* A word without '@' is always a name, known or not. */
static struct policy_token plain(const char *word) {
	struct policy_token t = {TOKEN_NAME, 0, word, word};

	if (!strcmp(word, POLICY_ADMIN_NAME) || !strcmp(word, "uuid:" POLICY_ADMIN_UUID)) {
		t.kind = TOKEN_ADMIN;
		t.value = "";
	} else if (begins(word, "uuid:")) {
		t.kind = TOKEN_UUID;
		t.value = word + strlen("uuid:");
	}
	return t;
}

static int prefixed_parse(const char *word, enum token_place place, struct policy_token *ret) {
	for (size_t i = 0; i < COUNT(prefixed); i++) {
		const char *value;

		if (!begins(word, prefixed[i].prefix))
			continue;
		value = word + strlen(prefixed[i].prefix);
		if (*value == '\0')
			return TOKEN_E_SUFFIX;
		if (*value == '@')
			return TOKEN_E_UNKNOWN;
		if (!(prefixed[i].places & place))
			return TOKEN_E_PLACE;
		*ret = (struct policy_token){prefixed[i].kind, 0, word, value};
		if (ret->kind == TOKEN_DISPVM_NAME && begins(value, "uuid:")) {
			ret->kind = TOKEN_DISPVM_UUID;
			ret->value = value + strlen("uuid:");
		}
		return 0;
	}
	return TOKEN_E_UNKNOWN;
}

int token_parse(const char *word, enum token_place place, struct policy_token *ret) {
	if (*word == '\0')
		return TOKEN_E_EMPTY;
	for (size_t i = 0; i < COUNT(exact); i++)
		if (!strcmp(word, exact[i].word)) {
			if (!(exact[i].places & place))
				return TOKEN_E_PLACE;
			*ret = (struct policy_token){exact[i].kind, 0, word, ""};
			return 0;
		}
	if (*word == '@')
		return prefixed_parse(word, place, ret);
	*ret = plain(word);
	return 0;
}

const char *token_error(int answer) {
	switch (answer) {
	case TOKEN_E_EMPTY:
		return "a domain is missing here";
	case TOKEN_E_SUFFIX:
		return "something must follow the last ':'";
	case TOKEN_E_PLACE:
		return "this word has a meaning in policies, but not in this place";
	default:
		return "no such word; there are @anyvm @adminvm @default @dispvm @dispvm:NAME "
		       "@dispvm:@tag:TAG @type:CLASS @tag:TAG";
	}
}
