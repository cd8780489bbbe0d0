/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qrexec messages at the edges of every length, direction and version. */
#include "proto/qrexec-command.h"
#include "proto/qrexec.h"

#include <glib.h>

static int header(enum qrexec_from from, uint32_t version, uint32_t type, uint32_t len) {
	uint8_t b[8];
	struct qrexec_header h;

	qrexec_header_encode((enum qrexec_type)type, len, b);
	return qrexec_header_decode(from, version, span_over(b, 8), &h);
}

static void test_hello_bytes(void) {
	static const uint8_t want[] = {0, 3, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0};
	struct qrexec_msg m = {.type = QREXEC_HELLO, .version = 4};
	uint8_t b[16];

	g_assert_cmpuint(qrexec_encode(&m, b, sizeof(b)), ==, 12);
	g_assert_cmpmem(b, 12, want, 12);
	g_assert_cmpuint(qrexec_encode(&m, b, 12), ==, 12);
	g_assert_cmpuint(qrexec_encode(&m, b, 11), ==, 0);
	g_assert_cmpuint(qrexec_encode(&m, b, 7), ==, 0);
}

static void test_hello_once(void) {
	g_assert_cmpint(header(QREXEC_FROM_AGENT, 0, QREXEC_HELLO, 4), ==, 0);
	g_assert_cmpint(header(QREXEC_FROM_AGENT, 4, QREXEC_HELLO, 4), ==, QREXEC_E_TYPE);
	g_assert_cmpint(
		header(QREXEC_FROM_AGENT, 0, QREXEC_TRIGGER_SERVICE3, 100), ==, QREXEC_E_TYPE);
}

static void test_hello_versions(void) {
	struct qrexec_header h = {QREXEC_HELLO, 4};
	struct qrexec_msg m;

	for (unsigned v = 0; v < 8; v++) {
		uint8_t b[4] = {(uint8_t)v};
		int answer = qrexec_decode(QREXEC_FROM_AGENT, &h, span_over(b, 4), &m);

		g_assert_cmpint(answer, ==, v < 2 ? QREXEC_E_FORMAT : 0);
		g_assert_cmpuint(qrexec_agree(QREXEC_VERSION, v), ==, v < 2 ? 0 : MIN(v, 4));
	}
}

/* Bug class E2: the length check that forgot the NUL. */
static void test_lengths(void) {
	static const struct {
		enum qrexec_from from;
		uint32_t version, type, least, most;
	} rows[] = {
		{QREXEC_FROM_AGENT, 2, QREXEC_TRIGGER_SERVICE, 128, 128},
		{QREXEC_FROM_AGENT, 3, QREXEC_TRIGGER_SERVICE3, 97, 65096},
		{QREXEC_FROM_AGENT, 4, QREXEC_TRIGGER_SERVICE3, 97, 65096},
		{QREXEC_FROM_AGENT, 4, QREXEC_TRIGGER_SERVICE4, 161, 65160},
		{QREXEC_FROM_AGENT, 4, QREXEC_CONNECTION_TERMINATED, 8, 8},
		{QREXEC_FROM_DAEMON, 4, QREXEC_EXEC_CMDLINE, 9, 65543},
		{QREXEC_FROM_DAEMON, 4, QREXEC_JUST_EXEC, 9, 65543},
		{QREXEC_FROM_DAEMON, 4, QREXEC_SERVICE_CONNECT, 9, 40},
		{QREXEC_FROM_DAEMON, 4, QREXEC_SERVICE_REFUSED, 32, 32},
		{QREXEC_FROM_ADMIN, 3, QREXEC_EXEC_CMDLINE, 9, 65543},
		{QREXEC_TO_ADMIN, 3, QREXEC_EXEC_CMDLINE, 8, 8},
		{QREXEC_FROM_CALLER, 0, QREXEC_TRIGGER_SERVICE3, 97, 65096},
		{QREXEC_FROM_CALLER, 0, QREXEC_TRIGGER_SERVICE4, 161, 65160},
		{QREXEC_FROM_CLIENT, 2, QREXEC_STDIN, 0, 4096},
		{QREXEC_FROM_CLIENT, 3, QREXEC_STDIN, 0, 65536},
		{QREXEC_FROM_SERVICE, 4, QREXEC_STDERR, 0, 65536},
		{QREXEC_FROM_SERVICE, 4, QREXEC_EXIT_CODE, 0, 4},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_assert_cmpint(
			header(rows[i].from, rows[i].version, rows[i].type, rows[i].least), ==, 0);
		g_assert_cmpint(
			header(rows[i].from, rows[i].version, rows[i].type, rows[i].most), ==, 0);
		if (rows[i].least)
			g_assert_cmpint(header(rows[i].from, rows[i].version, rows[i].type,
						rows[i].least - 1),
				==, QREXEC_E_LENGTH);
		g_assert_cmpint(
			header(rows[i].from, rows[i].version, rows[i].type, rows[i].most + 1), ==,
			QREXEC_E_LENGTH);
		g_assert_cmpint(header(rows[i].from, rows[i].version, rows[i].type, UINT32_MAX), ==,
			QREXEC_E_LENGTH);
	}
}

/* Bug class E3: type x direction, anything not expected is an error. */
static void test_directions(void) {
	static const struct {
		enum qrexec_from from;
		uint32_t version, type;
	} rows[] = {
		{QREXEC_FROM_CLIENT, 4, QREXEC_STDERR},
		{QREXEC_FROM_CLIENT, 4, QREXEC_EXIT_CODE},
		{QREXEC_FROM_CLIENT, 4, QREXEC_TRIGGER_SERVICE4},
		{QREXEC_FROM_AGENT, 4, QREXEC_EXEC_CMDLINE},
		{QREXEC_FROM_AGENT, 4, QREXEC_SERVICE_CONNECT},
		{QREXEC_FROM_AGENT, 4, QREXEC_SERVICE_REFUSED},
		{QREXEC_FROM_AGENT, 4, QREXEC_STDIN},
		{QREXEC_FROM_AGENT, 3, QREXEC_TRIGGER_SERVICE4},
		{QREXEC_FROM_AGENT, 2, QREXEC_TRIGGER_SERVICE3},
		{QREXEC_FROM_AGENT, 3, QREXEC_TRIGGER_SERVICE},
		{QREXEC_FROM_DAEMON, 4, QREXEC_TRIGGER_SERVICE4},
		{QREXEC_FROM_DAEMON, 4, QREXEC_CONNECTION_TERMINATED},
		{QREXEC_FROM_CALLER, 4, QREXEC_HELLO},
		{QREXEC_FROM_CALLER, 4, QREXEC_TRIGGER_SERVICE},
		{QREXEC_FROM_AGENT, 4, 0x214},
		{QREXEC_FROM_AGENT, 4, 0},
		{QREXEC_FROM_AGENT, 4, 0xffffffff},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		for (uint32_t len = 0; len < 200; len++)
			g_assert_cmpint(header(rows[i].from, rows[i].version, rows[i].type, len),
				==, QREXEC_E_TYPE);
}

struct trigger_row {
	const char *ident, *source, *target, *service;
	size_t service_size;
	int answer;
	const char *want_target, *want_service;
};

static int decode_row(const struct trigger_row *r, struct qrexec_msg *m) {
	uint8_t b[160 + 5000] = {0};
	struct qrexec_header h = {QREXEC_TRIGGER_SERVICE4, (uint32_t)(160 + r->service_size)};

	memcpy(b, r->source, strlen(r->source));
	memcpy(b + 64, r->target, MIN(strlen(r->target), 64));
	memcpy(b + 128, r->ident, MIN(strlen(r->ident), 32));
	memcpy(b + 160, r->service, r->service_size);
	return qrexec_decode(QREXEC_FROM_AGENT, &h, span_over(b, h.len), m);
}

static void test_sanitise(void) {
	static const struct trigger_row rows[] = {
		{"SOCKET11", "", "vault", "a.B+c", 6, 0, "vault", "a.B+c"},
		{"S", "", "", "a", 2, 0, "", "a"},
		{"S", "", "@dispvm:x", "a b/c$", 7, 0, "@dispvm:x", "a_b_c_"},
		{"S", "", "va ult$\xc3\xa9", "s+\xff\x01", 5, 0, "va_ult___", "s+__"},
		{"S", "", "t", "s", 1, QREXEC_E_REFUSE, NULL, NULL},  /* no NUL */
		{"S", "", "t", "", 1, QREXEC_E_REFUSE, NULL, NULL},   /* empty */
		{"S", "", "t", "+s", 3, QREXEC_E_REFUSE, NULL, NULL}, /* no name */
		{"S", "", "t", "a\0b", 4, QREXEC_E_REFUSE, NULL, NULL},
		{"a/b", "", "t", "s", 2, QREXEC_E_REFUSE, NULL, NULL},
		{"a\xff", "", "t", "s", 2, QREXEC_E_REFUSE, NULL, NULL},
		{"12345678901234567890123456789012", "", "t", "s", 2, QREXEC_E_REFUSE, NULL, NULL},
		{"1234567890123456789012345678901", "", "t", "s", 2, 0, "t", "s"},
		{"", "", "t", "s", 2, 0, "t", "s"},
		{"S", "", "1234567890123456789012345678901234567890123456789012345678901234", "s",
			2, 0, "123456789012345678901234567890123456789012345678901234567890123",
			"s"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct qrexec_msg m;

		g_assert_cmpint(decode_row(&rows[i], &m), ==, rows[i].answer);
		if (rows[i].answer)
			continue;
		g_assert_cmpstr(m.trigger.target, ==, rows[i].want_target);
		g_assert_cmpstr(m.trigger.service, ==, rows[i].want_service);
	}
}

static void test_sanitise_every_byte(void) {
	static const char name_set[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-+";

	for (unsigned c = 1; c < 256; c++) {
		const char service[3] = {'x', (char)c, 0}, target[2] = {(char)c, 0};
		struct trigger_row r = {"S", "", target, service, 3, 0, NULL, NULL};
		struct qrexec_msg m;

		g_assert_cmpint(decode_row(&r, &m), ==, 0);
		g_assert_cmpint(m.trigger.service[1], ==, strchr(name_set, (int)c) ? (char)c : '_');
		g_assert_cmpint(m.trigger.target[0], ==,
			c != '+' && (strchr(name_set, (int)c) || c == '@' || c == ':') ? (char)c
										       : '_');
	}
}

static void test_ident_hides_nothing(void) {
	uint8_t b[162] = {0};
	struct qrexec_header h = {QREXEC_TRIGGER_SERVICE4, 162};
	struct qrexec_msg m;

	b[160] = 's';
	for (size_t i = 1; i < 32; i++) {
		b[128 + i] = 'x'; /* after the NUL at 0 */
		g_assert_cmpint(qrexec_decode(QREXEC_FROM_AGENT, &h, span_over(b, 162), &m), ==,
			QREXEC_E_REFUSE);
		g_assert_cmpint(m.trigger.ident.b[i], ==, 'x'); /* echoed as it came */
		b[128 + i] = 0;
	}
	g_assert_cmpint(qrexec_decode(QREXEC_FROM_AGENT, &h, span_over(b, 162), &m), ==, 0);
}

static void test_service_longest(void) {
	char *name = g_strnfill(4000, 'n');

	for (size_t size = QREXEC_SERVICE_MAX - 1; size <= QREXEC_SERVICE_MAX + 1; size++) {
		struct trigger_row r = {"S", "", "t", name, size, 0, NULL, NULL};
		struct qrexec_msg m;

		name[size - 1] = 0;
		g_assert_cmpint(
			decode_row(&r, &m), ==, size <= QREXEC_SERVICE_MAX ? 0 : QREXEC_E_REFUSE);
		name[size - 1] = 'n';
	}
	g_free(name);
}

static void test_terminated_ports(void) {
	static const struct {
		uint32_t port;
		int answer;
	} rows[] = {{512, QREXEC_E_FORMAT}, {513, 0}, {768, 0}, {769, QREXEC_E_FORMAT},
		{UINT32_MAX, QREXEC_E_FORMAT}};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		uint8_t b[8];
		struct qrexec_header h = {QREXEC_CONNECTION_TERMINATED, 8};
		struct qrexec_peer p = {1, rows[i].port};
		struct qrexec_msg m;

		qrexec_peer_encode(&p, b);
		g_assert_cmpint(qrexec_decode(QREXEC_FROM_AGENT, &h, span_over(b, 8), &m), ==,
			rows[i].answer);
	}
}

static void test_command_nul(void) {
	static const struct {
		const char *text;
		uint32_t size;
		int answer;
	} rows[] = {{"u:x", 4, 0}, {"u:x", 3, QREXEC_E_FORMAT}, {"u\0x", 4, QREXEC_E_FORMAT},
		{"", 1, 0}};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		uint8_t b[16] = {0};
		struct qrexec_header h = {QREXEC_EXEC_CMDLINE, 8 + rows[i].size};
		struct qrexec_msg m;

		memcpy(b + 8, rows[i].text, rows[i].size);
		g_assert_cmpint(qrexec_decode(QREXEC_FROM_DAEMON, &h, span_over(b, h.len), &m), ==,
			rows[i].answer);
	}
}

static void test_exit_code_short(void) {
	static const uint8_t b[4] = {7, 0, 0, 0};
	struct qrexec_msg m;

	for (uint32_t len = 0; len <= 4; len++) {
		struct qrexec_header h = {QREXEC_EXIT_CODE, len};

		g_assert_cmpint(
			qrexec_decode(QREXEC_FROM_SERVICE, &h, span_over(b, len), &m), ==, 0);
		g_assert_cmpint(m.exit_code, ==, len == 4 ? 7 : 255);
	}
}

static void test_command_parse(void) {
	static const struct {
		const char *text;
		int answer;
		const char *user, *key, *argument, *source, *target;
		bool well_formed;
	} rows[] = {
		{"user:QUBESRPC a.B+c work", 0, "user", "a.B+c", "c", "work", "", true},
		{"user:nogui:QUBESRPC a+ work", 0, "user", "a+", "", "work", "", true},
		{"user:QUBESRPC a+b+c d w", 0, "user", "a+b+c", "b+c", "d", "", false},
		{"u:QUBESRPC a+ w keyword adminvm", 0, "u", "a+", "", "w", "adminvm", true},
		{"u:QUBESRPC a+ w name dom0", 0, "u", "a+", "", "w", "dom0", true},
		{"u:QUBESRPC a+ w name x y", 0, "u", "a+", "", "w", "x y", false},
		{"u:QUBESRPC a+ w what x", 0, "u", "a+", "", "w", "x", false},
		{"QUBESRPC a+ w", 1, NULL, NULL, NULL, NULL, NULL, false},
		{":QUBESRPC a+ w", 1, NULL, NULL, NULL, NULL, NULL, false},
		{"u:QUBESRPC", 1, NULL, NULL, NULL, NULL, NULL, false},
		{"u:QUBESRPC ", 1, NULL, NULL, NULL, NULL, NULL, false},
		{"u:QUBESRPC a+", 1, NULL, NULL, NULL, NULL, NULL, false},
		{"u:QUBESRPC a+ ", 1, NULL, NULL, NULL, NULL, NULL, false},
		{"u:QUBESRPC  w", 1, NULL, NULL, NULL, NULL, NULL, false},
		{"u:QUBESRPC +x w", 1, NULL, NULL, NULL, NULL, NULL, false},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct qrexec_command c;
		int answer = qrexec_command_parse(rows[i].text, strlen(rows[i].text), &c);

		g_assert_cmpint(answer, ==, rows[i].answer);
		if (answer)
			continue;
		g_assert_true(c.service);
		g_assert_cmpstr(c.user, ==, rows[i].user);
		g_assert_cmpmem(c.key.at, c.key.len, rows[i].key, strlen(rows[i].key));
		g_assert_cmpmem(
			c.argument.at, c.argument.len, rows[i].argument, strlen(rows[i].argument));
		g_assert_cmpmem(c.source.at, c.source.len, rows[i].source, strlen(rows[i].source));
		g_assert_cmpmem(c.target.at, c.target.len, rows[i].target, strlen(rows[i].target));
		g_assert_cmpint(c.well_formed, ==, rows[i].well_formed);
	}
}

static void test_command_shell(void) {
	struct qrexec_command c;

	g_assert_cmpint(qrexec_command_parse("u:QUBESRPCx y", 13, &c), ==, 0);
	g_assert_false(c.service);
	g_assert_cmpint(qrexec_command_parse("u:nogui:echo a:b", 16, &c), ==, 0);
	g_assert_false(c.service);
	g_assert_true(c.nogui);
	g_assert_cmpmem(c.rest.at, c.rest.len, "echo a:b", 8);
}

static void test_command_name_length(void) {
	for (int n = 254; n <= 256; n++) {
		g_autofree char *name = g_strnfill((gsize)n, 's');
		g_autofree char *text = g_strdup_printf("u:QUBESRPC %s+a w", name);
		struct qrexec_command c;

		g_assert_cmpint(qrexec_command_parse(text, strlen(text), &c), ==, n <= 255 ? 0 : 1);
	}
}

static void test_command_build(void) {
	struct qrexec_call_text t = {.user = "user", .service = "a", .source = "work"};
	char b[64];

	g_assert_cmpuint(qrexec_command_build(&t, b, sizeof(b)), ==, 21);
	g_assert_cmpstr(b, ==, "user:QUBESRPC a+ work");
}

static void test_job(void) {
	struct qrexec_msg m = {.type = QREXEC_EXEC_CMDLINE, .peer = {2, 513}}, got;
	uint8_t b[64];
	size_t n, want;

	m.command.text = "QUBESRPC a+ w";
	m.command.len = 13;
	n = qrexec_job_encode(&m, b, sizeof(b));
	g_assert_cmpuint(n, ==, 16 + 14);
	for (size_t cut = 0; cut < n; cut++) {
		g_assert_cmpint(
			qrexec_job_decode(span_over(b, cut), &got, &want), ==, QREXEC_E_LENGTH);
		g_assert_cmpuint(want, ==, cut < 16 ? 16 : n);
	}
	g_assert_cmpint(qrexec_job_decode(span_over(b, n), &got, &want), ==, 0);
	g_assert_cmpstr(got.command.text, ==, m.command.text);
	g_assert_cmpuint(got.peer.port, ==, 513);
	g_assert_cmpint(qrexec_job_decode(span_over(b, n + 1), &got, &want), ==, QREXEC_E_FORMAT);
	b[n - 1] = 'x';
	g_assert_cmpint(qrexec_job_decode(span_over(b, n), &got, &want), ==, QREXEC_E_FORMAT);
	b[0] = 2; /* SERVICE_CONNECT */
	g_assert_cmpint(qrexec_job_decode(span_over(b, n), &got, &want), ==, QREXEC_E_TYPE);
	memset(b, 0, 4);
	b[1] = 2;
	memset(b + 12, 0xff, 4);
	g_assert_cmpint(qrexec_job_decode(span_over(b, n), &got, &want), ==, QREXEC_E_FORMAT);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/qrexec/hello/bytes", test_hello_bytes);
	g_test_add_func("/qrexec/hello/once", test_hello_once);
	g_test_add_func("/qrexec/hello/versions", test_hello_versions);
	g_test_add_func("/bug-class/E2/lengths", test_lengths);
	g_test_add_func("/bug-class/E3/directions", test_directions);
	g_test_add_func("/qrexec/trigger/sanitise", test_sanitise);
	g_test_add_func("/qrexec/trigger/every-byte", test_sanitise_every_byte);
	g_test_add_func("/bug-class/H4/ident-hides-nothing", test_ident_hides_nothing);
	g_test_add_func("/qrexec/trigger/longest", test_service_longest);
	g_test_add_func("/qrexec/terminated/ports", test_terminated_ports);
	g_test_add_func("/bug-class/H4/command-nul", test_command_nul);
	g_test_add_func("/qrexec/exit-code/short", test_exit_code_short);
	g_test_add_func("/qrexec/command/parse", test_command_parse);
	g_test_add_func("/qrexec/command/shell", test_command_shell);
	g_test_add_func("/qrexec/command/name-length", test_command_name_length);
	g_test_add_func("/qrexec/job", test_job);
	g_test_add_func("/qrexec/command/build", test_command_build);
	return g_test_run();
}
