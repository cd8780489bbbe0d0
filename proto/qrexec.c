/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qrexec messages; see qrexec.h. One table says what may arrive where, and how long it may be. */
#include "proto/qrexec.h"

#include <stdbool.h>

#define ANY_VERSION 0xffu
#define LOCAL       (QREXEC_FROM_ADMIN | QREXEC_TO_ADMIN)
#define CONTROL     (QREXEC_FROM_AGENT | QREXEC_FROM_DAEMON)
#define DATA        (QREXEC_FROM_CLIENT | QREXEC_FROM_SERVICE)

static const struct row {
	enum qrexec_type type;
	unsigned from;
	uint32_t version_min, version_max; /* of the agreed version */
	uint32_t len_min, len_max;
} rows[] = {
	{QREXEC_HELLO, CONTROL | LOCAL | DATA, 0, 0, 4, 4},
	/* Which of these two a side uses is not checked, as in the reference. */
	{QREXEC_STDIN, DATA, 2, ANY_VERSION, 0, QREXEC_CHUNK_MAX},
	{QREXEC_STDOUT, DATA, 2, ANY_VERSION, 0, QREXEC_CHUNK_MAX},
	/* A caller has no stderr and no exit code to tell (bug class E3). */
	{QREXEC_STDERR, QREXEC_FROM_SERVICE, 2, ANY_VERSION, 0, QREXEC_CHUNK_MAX},
	{QREXEC_EXIT_CODE, QREXEC_FROM_SERVICE, 2, ANY_VERSION, 0, 4},
	{QREXEC_EXEC_CMDLINE, QREXEC_FROM_DAEMON | QREXEC_FROM_ADMIN, 2, ANY_VERSION, 9,
		QREXEC_BODY_MAX},
	{QREXEC_JUST_EXEC, QREXEC_FROM_DAEMON | QREXEC_FROM_ADMIN, 2, ANY_VERSION, 9,
		QREXEC_BODY_MAX},
	{QREXEC_SERVICE_CONNECT, QREXEC_FROM_DAEMON | QREXEC_FROM_ADMIN, 2, ANY_VERSION, 9,
		8 + QREXEC_IDENT_SIZE},
	{QREXEC_EXEC_CMDLINE, QREXEC_TO_ADMIN, 2, ANY_VERSION, 8, 8},
	{QREXEC_JUST_EXEC, QREXEC_TO_ADMIN, 2, ANY_VERSION, 8, 8},
	{QREXEC_SERVICE_CONNECT, QREXEC_TO_ADMIN, 2, ANY_VERSION, 8, 8},
	{QREXEC_SERVICE_REFUSED, QREXEC_FROM_DAEMON, 2, ANY_VERSION, QREXEC_IDENT_SIZE,
		QREXEC_IDENT_SIZE},
	{QREXEC_CONNECTION_TERMINATED, QREXEC_FROM_AGENT, 2, ANY_VERSION, 8, 8},
	{QREXEC_TRIGGER_SERVICE, QREXEC_FROM_AGENT, 2, 2, 128, 128},
	{QREXEC_TRIGGER_SERVICE3, QREXEC_FROM_AGENT, 3, ANY_VERSION, 97, 96 + 65000},
	{QREXEC_TRIGGER_SERVICE4, QREXEC_FROM_AGENT, 4, ANY_VERSION, 161, 160 + 65000},
	/* A caller in a domain says no HELLO: the agent reads what any release's caller writes. */
	{QREXEC_TRIGGER_SERVICE3, QREXEC_FROM_CALLER, 0, ANY_VERSION, 97, 96 + 65000},
	{QREXEC_TRIGGER_SERVICE4, QREXEC_FROM_CALLER, 0, ANY_VERSION, 161, 160 + 65000},
};

int qrexec_header_decode(
	enum qrexec_from from, uint32_t version, struct span in, struct qrexec_header *ret) {
	struct qrexec_header h = {.type = span_u32(&in), .len = span_u32(&in)};

	if (!span_done(&in))
		return QREXEC_E_LENGTH;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];

		if ((uint32_t)r->type != h.type || !(r->from & from))
			continue;
		if (version < r->version_min || version > r->version_max)
			continue;
		if (h.len < r->len_min || h.len > r->len_max)
			return QREXEC_E_LENGTH;
		if ((from & DATA) && version == 2 && h.len > QREXEC_CHUNK_V2)
			return QREXEC_E_LENGTH;
		*ret = h;
		return 0;
	}
	return QREXEC_E_TYPE;
}

static bool is_alnum(uint8_t c) {
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_one_of(uint8_t c, const char *set) {
	return c != 0 && strchr(set, c) != NULL;
}

/* The text ends inside the field, and nothing hides behind its end. */
static bool ident_is_clean(const uint8_t *ident) {
	size_t n = 0;

	while (n < QREXEC_IDENT_SIZE && ident[n]) {
		if (!is_alnum(ident[n]) && !is_one_of(ident[n], "_.- "))
			return false;
		n++;
	}
	if (n == QREXEC_IDENT_SIZE)
		return false;
	for (; n < QREXEC_IDENT_SIZE; n++)
		if (ident[n])
			return false;
	return true;
}

/* A fixed field as text: what stands before its NUL, at most size - 1 bytes. ret is zero-filled. */
static void take_name(const uint8_t *field, size_t size, char ret[QREXEC_NAME_SIZE]) {
	memset(ret, 0, QREXEC_NAME_SIZE);
	for (size_t i = 0; i < size - 1 && field[i]; i++)
		ret[i] = (char)field[i];
}

static void rewrite(char *text, const char *also) {
	for (; *text; text++)
		if (!is_alnum((uint8_t)*text) && !is_one_of((uint8_t)*text, also))
			*text = '_';
}

/* What a domain asks for, in the alphabet that policy knows. The reference rewrites and does not
 * refuse, and rules that people have rely on that. */
static int trigger_check(struct qrexec_trigger *t) {
	if (!ident_is_clean(t->ident.b) || !t->service[0] || t->service[0] == '+')
		return QREXEC_E_REFUSE;
	rewrite(t->service, "_.-+");
	rewrite(t->target, "_.-@:");
	rewrite(t->source, "_.-@:");
	return 0;
}

/* name: the field with its NUL. Names in a field of fixed size (protocol 2) end at the first NUL;
 * the others must end exactly there. */
static int take_service(
	const uint8_t *name, size_t size, bool fixed, char ret[QREXEC_SERVICE_MAX]) {
	const uint8_t *end = memchr(name, 0, size);
	size_t len;

	if (!end)
		return QREXEC_E_REFUSE;
	len = (size_t)(end - name);
	if (len >= QREXEC_SERVICE_MAX || (!fixed && len + 1 != size))
		return QREXEC_E_REFUSE;
	memcpy(ret, name, len);
	memset(ret + len, 0, QREXEC_SERVICE_MAX - len);
	return 0;
}

static int decode_trigger(
	enum qrexec_from from, uint32_t type, struct span body, struct qrexec_trigger *ret) {
	const uint8_t *source = NULL, *target, *ident, *service;
	size_t service_size, target_size = QREXEC_NAME_SIZE;
	bool fixed = type == QREXEC_TRIGGER_SERVICE;
	int answer;

	if (fixed) {
		service = span_take(&body, service_size = 64);
		target = span_take(&body, target_size = 32);
		ident = span_take(&body, QREXEC_IDENT_SIZE);
	} else {
		if (type == QREXEC_TRIGGER_SERVICE4)
			source = span_take(&body, QREXEC_NAME_SIZE);
		target = span_take(&body, QREXEC_NAME_SIZE);
		ident = span_take(&body, QREXEC_IDENT_SIZE);
		service = span_take(&body, service_size = body.left);
	}
	if (!span_done(&body) || !service || !service_size)
		return QREXEC_E_LENGTH;

	memcpy(ret->ident.b, ident, QREXEC_IDENT_SIZE);
	take_name(target, target_size, ret->target);
	if (source)
		take_name(source, QREXEC_NAME_SIZE, ret->source);
	else
		memset(ret->source, 0, sizeof(ret->source));
	answer = take_service(service, service_size, fixed, ret->service);
	if (answer || from != QREXEC_FROM_AGENT)
		return answer;
	return trigger_check(ret);
}

static int decode_command(struct span body, struct qrexec_msg *ret) {
	size_t len = body.left;
	const uint8_t *text = span_take(&body, len);

	if (!text || len == 0 || memchr(text, 0, len) != text + len - 1)
		return QREXEC_E_FORMAT;
	ret->command.text = (const char *)text;
	ret->command.len = len - 1;
	return 0;
}

/* Clients send 32 bytes; shorter ones are accepted if they end in a NUL. */
static int decode_ident(struct span body, struct qrexec_ident *ret) {
	struct qrexec_ident ident = {{0}};
	size_t len = body.left;
	const uint8_t *text = span_take(&body, len);

	if (!text || len == 0 || len > QREXEC_IDENT_SIZE || text[len - 1] != 0)
		return QREXEC_E_FORMAT;
	memcpy(ident.b, text, len);
	*ret = ident;
	return 0;
}

static int decode_peer(enum qrexec_from from, struct span body, struct qrexec_msg *ret) {
	ret->peer.domain = span_u32(&body);
	ret->peer.port = span_u32(&body);
	if (body.bad)
		return QREXEC_E_LENGTH;
	if (ret->type == QREXEC_SERVICE_CONNECT && from != QREXEC_TO_ADMIN)
		return decode_ident(body, &ret->ident);
	if (ret->type == QREXEC_CONNECTION_TERMINATED)
		if (ret->peer.port < QREXEC_PORT_FIRST || ret->peer.port > QREXEC_PORT_LAST)
			return QREXEC_E_FORMAT;
	if (ret->type == QREXEC_CONNECTION_TERMINATED || from == QREXEC_TO_ADMIN)
		return span_done(&body) ? 0 : QREXEC_E_LENGTH;
	return decode_command(body, ret);
}

static int decode_hello(struct span body, uint32_t *ret) {
	uint32_t version = span_u32(&body);

	if (!span_done(&body))
		return QREXEC_E_LENGTH;
	if (version < QREXEC_VERSION_MIN)
		return QREXEC_E_FORMAT;
	*ret = version;
	return 0;
}

int qrexec_decode(enum qrexec_from from, const struct qrexec_header *header, struct span body,
	struct qrexec_msg *ret) {
	if (body.bad || body.left != header->len)
		return QREXEC_E_LENGTH;
	ret->type = (enum qrexec_type)header->type;
	ret->peer = (struct qrexec_peer){0};
	ret->bare = from == QREXEC_TO_ADMIN && ret->type != QREXEC_HELLO;
	switch (ret->type) {
	case QREXEC_HELLO:
		return decode_hello(body, &ret->version);
	case QREXEC_STDIN:
	case QREXEC_STDOUT:
	case QREXEC_STDERR:
		ret->data = body;
		return 0;
	case QREXEC_EXIT_CODE:
		/* Shorter than its field: "something went wrong", as the reference reads it. */
		ret->exit_code = body.left == 4 ? span_i32(&body) : 255;
		return 0;
	case QREXEC_EXEC_CMDLINE:
	case QREXEC_JUST_EXEC:
	case QREXEC_SERVICE_CONNECT:
	case QREXEC_CONNECTION_TERMINATED:
		return decode_peer(from, body, ret);
	case QREXEC_SERVICE_REFUSED:
		if (body.left != QREXEC_IDENT_SIZE)
			return QREXEC_E_LENGTH;
		memcpy(ret->ident.b, body.at, QREXEC_IDENT_SIZE);
		return 0;
	case QREXEC_TRIGGER_SERVICE:
	case QREXEC_TRIGGER_SERVICE3:
	case QREXEC_TRIGGER_SERVICE4:
		return decode_trigger(from, header->type, body, &ret->trigger);
	}
	return QREXEC_E_TYPE;
}

int qrexec_peer_decode(struct span in, struct qrexec_peer *ret) {
	struct qrexec_peer p = {.domain = span_u32(&in), .port = span_u32(&in)};

	if (!span_done(&in))
		return QREXEC_E_LENGTH;
	/* A caller serves whatever port its own domain's daemon chose. */
	if (p.port == 0 || p.port > 65535)
		return QREXEC_E_FORMAT;
	*ret = p;
	return 0;
}

int qrexec_job_decode(struct span in, struct qrexec_msg *ret, size_t *want) {
	uint32_t type = span_u32(&in);
	uint32_t len;

	ret->peer.domain = span_u32(&in);
	ret->peer.port = span_u32(&in);
	len = span_u32(&in);
	*want = QREXEC_JOB_HEADER;
	if (in.bad)
		return QREXEC_E_LENGTH;
	if (type != QREXEC_EXEC_CMDLINE && type != QREXEC_JUST_EXEC)
		return QREXEC_E_TYPE;
	if (len == 0 || len > QREXEC_COMMAND_MAX)
		return QREXEC_E_FORMAT;
	*want += len;
	if (in.left != len)
		return in.left < len ? QREXEC_E_LENGTH : QREXEC_E_FORMAT;
	ret->type = (enum qrexec_type)type;
	ret->bare = false;
	return decode_command(in, ret);
}

uint32_t qrexec_agree(uint32_t ours, uint32_t theirs) {
	uint32_t least = ours < theirs ? ours : theirs;

	return least < QREXEC_VERSION_MIN ? 0 : least;
}

uint32_t qrexec_chunk(uint32_t version) {
	return version < 3 ? QREXEC_CHUNK_V2 : QREXEC_CHUNK_MAX;
}
