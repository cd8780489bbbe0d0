/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every stream of every recorded conversation of the reference decodes, and encodes to the same
 * bytes. Input: lines of tests/data/transcripts/flatten.py.
 */
#include "proto/qrexec-command.h"
#include "proto/qrexec.h"

#include <glib.h>

struct stream {
	char *file, *kind, *name;
	bool from_server;
	uint8_t *bytes;
	size_t size;
};

static unsigned streams_done, messages_done;
static GHashTable *files_done;

static struct stream *stream_new(
	const char *file, const char *kind, const char *name, bool from_server, const char *hex) {
	struct stream *s = g_new0(struct stream, 1);

	s->file = g_strdup(file);
	s->kind = g_strdup(kind);
	s->name = g_strdup(name);
	s->from_server = from_server;
	s->size = hex[0] == '-' ? 0 : strlen(hex) / 2;
	s->bytes = g_malloc(s->size + 1);
	for (size_t i = 0; i < s->size; i++)
		s->bytes[i] = (uint8_t)(g_ascii_xdigit_value(hex[2 * i]) << 4 |
					g_ascii_xdigit_value(hex[2 * i + 1]));
	return s;
}

static void stream_free(void *p) {
	struct stream *s = p;

	g_free(s->file);
	g_free(s->kind);
	g_free(s->name);
	g_free(s->bytes);
	g_free(s);
}

static void set_text(char **text, const char *to) {
	g_free(*text);
	*text = g_strdup(to);
}

static enum qrexec_from stream_from(const struct stream *s) {
	if (!strcmp(s->kind, "control"))
		return s->from_server ? QREXEC_FROM_AGENT : QREXEC_FROM_DAEMON;
	if (!strcmp(s->kind, "data"))
		return s->from_server ? QREXEC_FROM_CLIENT : QREXEC_FROM_SERVICE;
	if (!strcmp(s->kind, "daemon-socket"))
		return s->from_server ? QREXEC_TO_ADMIN : QREXEC_FROM_ADMIN;
	return QREXEC_FROM_CALLER;
}

/* A command of the recordings is understood, and built again from its parts. */
static void check_command(const struct qrexec_msg *m) {
	struct qrexec_command c;
	char again[QREXEC_COMMAND_MAX], service[4096], source[64], target[64] = "";
	struct qrexec_call_text t = {.service = service, .source = source};

	/* One recorded call has a name that is too long; its exit code is 125. */
	if (strcspn(m->command.text, "+") > QREXEC_SERVICE_NAME_MAX) {
		g_assert_cmpint(qrexec_command_parse(m->command.text, m->command.len, &c), !=, 0);
		return;
	}
	g_assert_cmpint(qrexec_command_parse(m->command.text, m->command.len, &c), ==, 0);
	if (!c.service)
		return;
	g_snprintf(service, sizeof(service), "%.*s", (int)c.key.len, c.key.at);
	g_snprintf(source, sizeof(source), "%.*s", (int)c.source.len, c.source.at);
	if (c.has_target) {
		g_snprintf(target, sizeof(target), "%s%.*s", c.target_is_keyword ? "@" : "",
			(int)c.target.len, c.target.at);
		t.target = target;
	}
	t.user = c.user;
	t.nogui = c.nogui;
	if (!c.well_formed || !c.has_argument)
		return;
	g_assert_cmpuint(qrexec_command_build(&t, again, sizeof(again)), ==, m->command.len);
	g_assert_cmpstr(again, ==, m->command.text);
}

static bool is_trigger(uint32_t type) {
	return type == QREXEC_TRIGGER_SERVICE || type == QREXEC_TRIGGER_SERVICE3 ||
	       type == QREXEC_TRIGGER_SERVICE4;
}

/* What the daemon makes of a request is what policy and the target saw in the recording. */
static void check_sanitised(const struct qrexec_header *h, struct span body) {
	struct qrexec_msg m;
	int answer = qrexec_decode(QREXEC_FROM_AGENT, h, body, &m);

	if (answer) {
		g_assert_cmpint(answer, ==, QREXEC_E_REFUSE);
		return;
	}
	g_assert_cmpuint(strspn(m.trigger.service, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTU"
						   "VWXYZ0123456789_.-+"),
		==, strlen(m.trigger.service));
}

static size_t check_message(
	const struct stream *s, enum qrexec_from from, uint32_t *version, size_t at) {
	struct qrexec_header h;
	struct qrexec_msg m;
	uint8_t again[QREXEC_MESSAGE_MAX];
	struct span body;

	g_assert_cmpuint(s->size - at, >=, QREXEC_HEADER_SIZE);
	g_assert_cmpint(qrexec_header_decode(
				from, *version, span_over(s->bytes + at, QREXEC_HEADER_SIZE), &h),
		==, 0);
	g_assert_cmpuint(s->size - at - QREXEC_HEADER_SIZE, >=, h.len);
	body = span_over(s->bytes + at + QREXEC_HEADER_SIZE, h.len);
	if (is_trigger(h.type) && from == QREXEC_FROM_AGENT) {
		check_sanitised(&h, body);
		g_assert_cmpint(qrexec_decode(QREXEC_FROM_CALLER, &h, body, &m), ==, 0);
	} else {
		g_assert_cmpint(qrexec_decode(from, &h, body, &m), ==, 0);
	}
	if (m.type == QREXEC_HELLO)
		*version = qrexec_agree(QREXEC_VERSION, m.version);
	if (m.type == QREXEC_EXEC_CMDLINE && !m.bare && from != QREXEC_FROM_ADMIN)
		check_command(&m);

	g_assert_cmpuint(qrexec_encode(&m, again, sizeof(again)), ==, QREXEC_HEADER_SIZE + h.len);
	g_assert_cmpint(memcmp(again, s->bytes + at, QREXEC_HEADER_SIZE + h.len), ==, 0);
	messages_done++;
	return QREXEC_HEADER_SIZE + h.len;
}

static void test_stream(const void *data) {
	const struct stream *s = data;
	enum qrexec_from from = stream_from(s);
	uint32_t version = 0;
	size_t at = 0;

	if (!strcmp(s->kind, "agent-socket") && !s->from_server) {
		from = QREXEC_FROM_CALLER;
	} else if (!strcmp(s->kind, "agent-socket")) {
		struct qrexec_peer p;
		uint8_t again[QREXEC_PEER_SIZE];

		if (s->size == 0) /* refused */
			return;
		g_assert_cmpint(qrexec_peer_decode(span_over(s->bytes, s->size), &p), ==, 0);
		qrexec_peer_encode(&p, again);
		g_assert_cmpint(memcmp(again, s->bytes, s->size), ==, 0);
		return;
	}
	while (at < s->size)
		at += check_message(s, from, &version, at);
	g_assert_cmpuint(at, ==, s->size);
}

static void test_all_were_there(void) {
	g_assert_cmpuint(g_hash_table_size(files_done), ==, 59);
	g_assert_cmpuint(streams_done, ==, 2 * (118 + 122 + 89 + 71));
	g_assert_cmpuint(messages_done, >, 1000);
}

static void add_stream(struct stream *s) {
	g_autofree char *path = g_strdup_printf("/transcripts/%s/%u-%s-%s", s->file, streams_done,
		s->kind, s->from_server ? "server" : "client");

	streams_done++;
	g_test_add_data_func_full(path, s, test_stream, stream_free);
}

int main(int argc, char **argv) {
	g_autofree char *text = NULL, *file = NULL, *kind = NULL, *name = NULL;
	g_auto(GStrv) lines = NULL;

	g_test_init(&argc, &argv, NULL);
	files_done = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (argc != 2 || !g_file_get_contents(argv[1], &text, NULL, NULL))
		return 99;
	lines = g_strsplit(text, "\n", -1);
	for (char **l = lines; *l && **l; l++) {
		g_auto(GStrv) w = g_strsplit(*l, " ", 3);

		if (**l == 'F') {
			set_text(&file, w[1]);
			g_hash_table_add(files_done, g_strdup(w[1]));
		} else if (**l == 'S') {
			set_text(&kind, w[1]);
			set_text(&name, w[2]);
		} else if (strcmp(kind, "policy-socket") && strcmp(kind, "service-socket")) {
			add_stream(stream_new(file, kind, name, w[1][0] == 's', w[2]));
		}
	}
	g_test_add_func("/transcripts-all/were-there", test_all_were_there);
	return g_test_run();
}
