/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command texts of qrexec; see qrexec-command.h. */
#include "proto/qrexec-command.h"

#include <string.h>

static const char rpc[] = "QUBESRPC";
static const char nogui[] = "nogui:";

static bool piece_starts(const struct qrexec_piece *p, const char *prefix) {
	size_t len = strlen(prefix);

	return p->len >= len && !memcmp(p->at, prefix, len);
}

static void piece_skip(struct qrexec_piece *p, size_t n) {
	p->at += n;
	p->len -= n;
}

/* The bytes up to `end`, which is skipped; the whole rest if it does not occur. */
static struct qrexec_piece piece_until(struct qrexec_piece *p, char end) {
	const char *at = p->len ? memchr(p->at, end, p->len) : NULL;
	struct qrexec_piece word = {.at = p->at, .len = at ? (size_t)(at - p->at) : p->len};

	piece_skip(p, at ? word.len + 1 : word.len);
	return word;
}

static int parse_service(struct qrexec_piece rest, struct qrexec_command *c) {
	const char *end = rest.at + rest.len, *plus;
	struct qrexec_piece key, kind;

	c->descriptor = rest;
	if (!memchr(rest.at, ' ', rest.len))
		return QREXEC_COMMAND_E_FORMAT;
	key = piece_until(&rest, ' ');
	if (key.len == 0 || key.len > QREXEC_DESCRIPTOR_MAX)
		return QREXEC_COMMAND_E_FORMAT;
	plus = memchr(key.at, '+', key.len);
	c->key = key;
	c->name = (struct qrexec_piece){key.at, plus ? (size_t)(plus - key.at) : key.len};
	c->has_argument = plus != NULL;
	c->argument = plus ? (struct qrexec_piece){plus + 1, key.len - c->name.len - 1}
			   : (struct qrexec_piece){key.at + key.len, 0};
	if (c->name.len == 0 || c->name.len > QREXEC_SERVICE_NAME_MAX)
		return QREXEC_COMMAND_E_FORMAT;

	c->source = piece_until(&rest, ' ');
	if (c->source.len == 0)
		return QREXEC_COMMAND_E_FORMAT;
	if (c->source.at + c->source.len == end) {
		c->well_formed = true;
		return 0;
	}
	kind = piece_until(&rest, ' ');
	c->target = rest;
	c->target_is_keyword = kind.len == 7 && !memcmp(kind.at, "keyword", 7);
	c->has_target = c->target_is_keyword || (kind.len == 4 && !memcmp(kind.at, "name", 4));
	c->well_formed = c->has_target && rest.len > 0 && !memchr(rest.at, ' ', rest.len);
	return 0;
}

int qrexec_command_parse(const char *text, size_t len, struct qrexec_command *ret) {
	struct qrexec_command c = {0};
	struct qrexec_piece rest = {text, len};
	struct qrexec_piece user;

	if (len == 0 || !memchr(text, ':', len))
		return QREXEC_COMMAND_E_FORMAT;
	user = piece_until(&rest, ':');
	if (user.len == 0 || user.len > QREXEC_USER_MAX)
		return QREXEC_COMMAND_E_FORMAT;
	memcpy(c.user, user.at, user.len);

	if (piece_starts(&rest, nogui)) {
		c.nogui = true;
		piece_skip(&rest, strlen(nogui));
	}
	c.rest = rest;
	/* "QUBESRPCx" is a command of that name; "QUBESRPC" alone is a service call gone wrong. */
	c.service = piece_starts(&rest, rpc) &&
		    (rest.len == strlen(rpc) || rest.at[strlen(rpc)] == ' ');
	if (c.service) {
		if (rest.len <= strlen(rpc) + 1)
			return QREXEC_COMMAND_E_FORMAT;
		piece_skip(&rest, strlen(rpc) + 1);
		if (parse_service(rest, &c))
			return QREXEC_COMMAND_E_FORMAT;
	}
	*ret = c;
	return 0;
}

struct text {
	char *at;
	size_t left;
	bool bad;
};

static void put(struct text *t, const char *s) {
	size_t len = strlen(s);

	if (t->bad || len >= t->left) {
		t->bad = true;
		return;
	}
	memcpy(t->at, s, len + 1);
	t->at += len;
	t->left -= len;
}

size_t qrexec_command_build(const struct qrexec_call_text *c, char *buf, size_t size) {
	struct text t = {.at = buf, .left = size};

	if (c->user) {
		put(&t, c->user);
		put(&t, ":");
	}
	if (c->nogui)
		put(&t, nogui);
	put(&t, rpc);
	put(&t, " ");
	put(&t, c->service);
	if (!strchr(c->service, '+'))
		put(&t, "+");
	put(&t, " ");
	put(&t, c->source);
	if (c->target) {
		bool keyword = c->target[0] == '@';

		put(&t, keyword ? " keyword " : " name ");
		put(&t, c->target + keyword);
	}
	return t.bad ? 0 : (size_t)(t.at - buf);
}
