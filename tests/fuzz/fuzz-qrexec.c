/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Input: direction (one byte), agreed version (one byte), then messages one after the other. */
#include "proto/qrexec.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *s, size_t size, const char *also) {
	size_t n = strnlen(s, size);

	if (n == size)
		abort();
	for (size_t i = 0; i < n; i++) {
		char c = s[i];
		int alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9');

		if (!alnum && !strchr(also, c))
			abort();
	}
	for (size_t i = n; i < size; i++)
		if (s[i])
			abort();
}

/* What qrexec.h promises of a message that was accepted. */
static void check_promise(enum qrexec_from from, const struct qrexec_msg *m) {
	const struct qrexec_trigger *t = &m->trigger;

	if (m->type == QREXEC_HELLO && m->version < QREXEC_VERSION_MIN)
		abort();
	if (m->type == QREXEC_EXEC_CMDLINE && !m->bare && strlen(m->command.text) != m->command.len)
		abort();
	if (m->type == QREXEC_CONNECTION_TERMINATED && (m->peer.port < 513 || m->peer.port > 768))
		abort();
	if (m->type < QREXEC_TRIGGER_SERVICE || m->type == QREXEC_CONNECTION_TERMINATED ||
		m->type > QREXEC_TRIGGER_SERVICE4)
		return;
	if (strnlen(t->service, sizeof(t->service)) == sizeof(t->service))
		abort();
	if (from != QREXEC_FROM_AGENT)
		return;
	if (!t->service[0] || t->service[0] == '+')
		abort();
	check_text(t->service, sizeof(t->service), "_.-+");
	check_text(t->target, sizeof(t->target), "_.-@:");
	check_text(t->source, sizeof(t->source), "_.-@:");
	check_text((const char *)t->ident.b, sizeof(t->ident.b), "_.- ");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct span in = span_over(data, size);
	uint8_t direction = span_u8(&in);
	enum qrexec_from from = (enum qrexec_from)(1u << (direction % 7));
	uint32_t version = span_u8(&in);

	while (in.left >= QREXEC_HEADER_SIZE) {
		struct qrexec_header h;
		struct qrexec_msg m;
		const uint8_t *body;
		static uint8_t again[QREXEC_MESSAGE_MAX];

		if (qrexec_header_decode(from, version,
			    span_over(span_take(&in, QREXEC_HEADER_SIZE), QREXEC_HEADER_SIZE), &h))
			return 0;
		body = span_take(&in, h.len);
		if (!body || qrexec_decode(from, &h, span_over(body, h.len), &m))
			return 0;
		check_promise(from, &m);
		if (!qrexec_encode(&m, again, sizeof(again)))
			abort();
		if (m.type == QREXEC_HELLO)
			version = qrexec_agree(QREXEC_VERSION, m.version);
	}
	return 0;
}
