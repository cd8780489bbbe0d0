/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `bulkhead policy leases`: what was answered for a while, told and taken back by the broker. */
#include "domains/cli/cmd-policy.h"

#include "proto/broker.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#define WAIT_SECONDS 10

struct leases_cli {
	char *socket;
	gint64 revoke;
	gboolean json;
};

static char *default_socket(void) {
	const char *own = g_getenv("BULKHEAD_RUNTIME_DIR"), *xdg = g_getenv("XDG_RUNTIME_DIR");

	return own ? g_build_filename(own, "broker.sock", NULL)
		   : g_build_filename(xdg ? xdg : "/run", "bulkhead", "broker.sock", NULL);
}

/* The connected socket, or -errno. */
static int reach(const char *path) {
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct timeval wait = {.tv_sec = WAIT_SECONDS};
	AUTO(auto_close) int fd = -1;

	if (strlen(path) >= sizeof(at.sun_path))
		return -ENAMETOOLONG;
	memcpy(at.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) ||
		connect(fd, (struct sockaddr *)&at, sizeof(at)))
		return -errno;
	return TAKE_FD(fd);
}

/* The next message; 0 or -errno. It points into a buffer that the next call uses again. */
static int receive(int fd, struct broker_msg *ret) {
	static uint8_t packet[BROKER_PACKET_MAX];
	ssize_t n = recv(fd, packet, sizeof(packet), 0);

	if (n <= 0)
		return n ? -errno : -ECONNRESET;
	return broker_decode(BROKER_TO_CLIENT, span_over(packet, (size_t)n), ret) ? -EPROTO : 0;
}

static void print_lease(const struct broker_msg *m) {
	g_autofree char *rule = policy_cli_escape(m->texts[5]);

	printf("%4" G_GUINT64_FORMAT "  %s -> %s, %s%s: goes to %s, ", m->id, m->texts[0],
		m->texts[3], m->texts[1], m->texts[2], m->texts[4]);
	if (m->value == BROKER_LEASE_SESSION)
		printf("until the session ends\n");
	else
		printf("for %u min %u s\n", m->value / 60, m->value % 60);
	printf("      asked by: %s\n", rule);
}

static void json_lease(JsonBuilder *json, const struct broker_msg *m) {
	static const char *const keys[] = {
		"source", "service", "argument", "requested_target", "target", "rule"};

	json_builder_begin_object(json);
	json_builder_set_member_name(json, "id");
	json_builder_add_int_value(json, (gint64)m->id);
	json_builder_set_member_name(json, "seconds");
	if (m->value == BROKER_LEASE_SESSION)
		json_builder_add_null_value(json);
	else
		json_builder_add_int_value(json, m->value);
	for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++) {
		json_builder_set_member_name(json, keys[i]);
		json_builder_add_string_value(json, m->texts[i]);
	}
	json_builder_end_object(json);
}

/* Everything up to the end; 0 or -errno. */
static int take_answers(int fd, JsonBuilder *json, uint32_t *ret_count) {
	static struct broker_msg m;
	int r;

	while (!(r = receive(fd, &m))) {
		if (m.type == BROKER_LEASES_END) {
			*ret_count = m.value;
			return 0;
		}
		if (m.type != BROKER_LEASE)
			return -EPROTO;
		if (json)
			json_lease(json, &m);
		else
			print_lease(&m);
	}
	return r;
}

static int ask_broker(
	const struct leases_cli *cli, const char *path, JsonBuilder *json, uint32_t *count) {
	struct broker_msg m = {
		.type = BROKER_LEASES, .id = (uint64_t)cli->revoke, .value = cli->revoke > 0};
	AUTO(auto_close) int fd = reach(path);
	uint8_t packet[BROKER_HEAD_SIZE];
	size_t size = broker_encode(&m, packet, sizeof(packet));

	if (fd < 0)
		return fd;
	if (size == 0 || send(fd, packet, size, MSG_NOSIGNAL) < 0)
		return -errno;
	return take_answers(fd, json, count);
}

static int run(const struct leases_cli *cli) {
	g_autofree char *path = cli->socket ? g_strdup(cli->socket) : default_socket();
	g_autoptr(JsonBuilder) json = json_builder_new();
	bool as_json = cli->json && cli->revoke == 0;
	uint32_t count = 0;
	int r;

	json_builder_begin_array(json);
	r = ask_broker(cli, path, as_json ? json : NULL, &count);
	json_builder_end_array(json);
	if (r) {
		fprintf(stderr, "bulkhead policy: the broker at %s does not answer: %s\n", path,
			g_strerror(-r));
		return POLICY_EXIT_POLICY;
	}
	if (as_json)
		policy_cli_json_print(json);
	else if (cli->revoke)
		printf(count ? "taken back\n" : "there is no such lease (any more)\n");
	else if (count == 0)
		printf("no answer holds for longer than its call\n");
	return cli->revoke && count == 0;
}

int cmd_policy_leases(int argc, char **argv) {
	struct leases_cli cli = {.revoke = 0};
	const GOptionEntry entries[] = {{"revoke", 0, 0, G_OPTION_ARG_INT64, &cli.revoke,
						"take back the lease of this number", "NUMBER"},
		{"json", 0, 0, G_OPTION_ARG_NONE, &cli.json, "answer in JSON", NULL},
		{"socket", 0, 0, G_OPTION_ARG_FILENAME, &cli.socket,
			"where the broker listens, if not at the usual place", "PATH"},
		{NULL}};
	int r = POLICY_EXIT_REQUEST;

	if (policy_cli_options(&argc, &argv, entries, "",
		    "Lists the answers that hold for 15 minutes or for the session.\nExit status: "
		    "0, 1 there is no such lease, 3 the broker does not answer, 4 wrong option.")) {
		if (argc > 1 || cli.revoke < 0)
			fputs("usage: bulkhead policy leases [--revoke NUMBER]\n", stderr);
		else
			r = run(&cli);
	}
	g_free(cli.socket);
	return r;
}
