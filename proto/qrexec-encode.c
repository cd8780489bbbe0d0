/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The writing half of qrexec.h. */
#include "proto/qrexec.h"

static void put_trigger(struct sink *s, const struct qrexec_msg *m) {
	const struct qrexec_trigger *t = &m->trigger;

	if (m->type == QREXEC_TRIGGER_SERVICE) {
		sink_text(s, t->service, 64);
		sink_text(s, t->target, 32);
		sink_bytes(s, t->ident.b, QREXEC_IDENT_SIZE);
		return;
	}
	if (m->type == QREXEC_TRIGGER_SERVICE4)
		sink_text(s, t->source, QREXEC_NAME_SIZE);
	sink_text(s, t->target, QREXEC_NAME_SIZE);
	sink_bytes(s, t->ident.b, QREXEC_IDENT_SIZE);
	sink_bytes(s, t->service, strlen(t->service) + 1);
}

static void put_peer(struct sink *s, const struct qrexec_peer *p) {
	sink_u32(s, p->domain);
	sink_u32(s, p->port);
}

static void put_body(struct sink *s, const struct qrexec_msg *m) {
	switch (m->type) {
	case QREXEC_HELLO:
		sink_u32(s, m->version);
		break;
	case QREXEC_STDIN:
	case QREXEC_STDOUT:
	case QREXEC_STDERR:
		sink_bytes(s, m->data.at, m->data.left);
		break;
	case QREXEC_EXIT_CODE:
		sink_i32(s, m->exit_code);
		break;
	case QREXEC_EXEC_CMDLINE:
	case QREXEC_JUST_EXEC:
		put_peer(s, &m->peer);
		if (m->bare)
			break;
		sink_bytes(s, m->command.text, m->command.len);
		sink_bytes(s, "", 1);
		break;
	case QREXEC_SERVICE_CONNECT:
		put_peer(s, &m->peer);
		if (!m->bare)
			sink_bytes(s, m->ident.b, QREXEC_IDENT_SIZE);
		break;
	case QREXEC_SERVICE_REFUSED:
		sink_bytes(s, m->ident.b, QREXEC_IDENT_SIZE);
		break;
	case QREXEC_CONNECTION_TERMINATED:
		put_peer(s, &m->peer);
		break;
	case QREXEC_TRIGGER_SERVICE:
	case QREXEC_TRIGGER_SERVICE3:
	case QREXEC_TRIGGER_SERVICE4:
		put_trigger(s, m);
		break;
	}
}

size_t qrexec_encode(const struct qrexec_msg *m, void *buf, size_t size) {
	uint8_t *at = buf;
	struct sink s = sink_over(buf, size);
	size_t body;

	sink_u32(&s, (uint32_t)m->type);
	sink_u32(&s, 0); /* the length, known below */
	put_body(&s, m);
	if (s.bad)
		return 0;
	body = (size_t)(s.at - at) - QREXEC_HEADER_SIZE;
	qrexec_header_encode(m->type, (uint32_t)body, at);
	return QREXEC_HEADER_SIZE + body;
}

void qrexec_header_encode(enum qrexec_type type, uint32_t len, uint8_t ret[QREXEC_HEADER_SIZE]) {
	struct sink s = sink_over(ret, QREXEC_HEADER_SIZE);

	sink_u32(&s, (uint32_t)type);
	sink_u32(&s, len);
}

void qrexec_peer_encode(const struct qrexec_peer *p, uint8_t ret[QREXEC_PEER_SIZE]) {
	struct sink s = sink_over(ret, QREXEC_PEER_SIZE);

	put_peer(&s, p);
}

size_t qrexec_job_encode(const struct qrexec_msg *m, void *buf, size_t size) {
	struct sink s = sink_over(buf, size);

	sink_u32(&s, (uint32_t)m->type);
	put_peer(&s, &m->peer);
	sink_u32(&s, (uint32_t)m->command.len + 1);
	sink_bytes(&s, m->command.text, m->command.len);
	sink_bytes(&s, "", 1);
	return s.bad ? 0 : size - s.left;
}
