/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket of one domain: one manager at a time, the newest; of this user only. */
#include "domains/local.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>

static void send_msg(struct local *l, const struct local_msg *m, int fd) {
	uint8_t packet[LOCAL_HEAD_SIZE];

	if (l->manager)
		(void)!channel_send(l->manager, packet, local_msg_encode(m, packet), fd);
}

void local_tell(
	struct local *l, enum local_type type, uint32_t id, int32_t value, const char *text) {
	struct local_msg m = {.type = type, .id = id, .value = value};

	g_strlcpy(m.text, text, sizeof(m.text));
	send_msg(l, &m, -1);
}

void local_tell_state(struct local *l) {
	local_tell(l, LOCAL_STATE, (uint32_t)l->o.domain_id, l->state, l->reason ? l->reason : "");
}

void local_fact(struct local *l, enum local_fact fact, const char *text) {
	g_free(l->facts[fact]);
	l->facts[fact] = g_strdup(text);
	local_tell(l, LOCAL_FACT, fact, 0, text);
}

static void answer_query(struct local *l) {
	struct local_msg mark = {.type = LOCAL_MARK, .value = l->o.hv_mark};

	send_msg(l, &mark, l->o.hv_fd);
	for (unsigned i = 0; i < LOCAL_KEEP_MAX; i++) {
		struct local_msg kept = {.type = LOCAL_KEPT, .id = i};

		if (l->kept[i] >= 0)
			send_msg(l, &kept, l->kept[i]);
	}
	for (unsigned i = 1; i < LOCAL_FACT_COUNT; i++)
		if (l->facts[i])
			local_tell(l, LOCAL_FACT, i, 0, l->facts[i]);
	local_tell_state(l);
}

static void act(struct local *l, const struct local_msg *m) {
	switch (m->type) {
	case LOCAL_QUERY:
		answer_query(l);
		break;
	case LOCAL_SET_ID:
		l->o.domain_id = (int)m->id;
		l->o.hv_mark = m->value;
		break;
	case LOCAL_BEGIN:
		if (l->o.wait_start) {
			l->o.wait_start = FALSE;
			(void)!local_begin(l);
		}
		break;
	case LOCAL_RUN:
		local_sandbox_run(l, m);
		break;
	case LOCAL_STOP:
		local_sandbox_stop(l, m->value);
		break;
	case LOCAL_KILL:
		local_sandbox_kill(l);
		break;
	case LOCAL_PAUSE:
	case LOCAL_UNPAUSE:
		local_sandbox_pause(l, m->type == LOCAL_PAUSE);
		break;
	case LOCAL_FOCUS:
		local_sandbox_focus(l, m->value != 0);
		break;
	case LOCAL_KEEP:
	case LOCAL_STATE:
	case LOCAL_MARK:
	case LOCAL_KEPT:
	case LOCAL_FACT:
	case LOCAL_COMMAND_STARTED:
	case LOCAL_COMMAND_FAILED:
	case LOCAL_COMMAND_ENDED:
	case LOCAL_REFUSED:
		break;
	}
}

static void on_packet(
	void *user, const uint8_t *data, size_t size, const int *fds, unsigned n_fds) {
	struct local *l = user;
	struct local_msg m;
	int r = local_msg_decode(span_over(data, size), &m);

	if (!r && m.type == LOCAL_KEEP && m.id < LOCAL_KEEP_MAX) {
		auto_close(&l->kept[m.id]);
		l->kept[m.id] = n_fds ? fds[--n_fds] : -1;
	}
	for (unsigned i = 0; i < n_fds; i++)
		close(fds[i]);
	if (!r)
		act(l, &m);
}

static void on_closed(void *user) {
	struct local *l = user;

	/* The domain goes on: the next manager will connect. */
	l->manager = channel_free(l->manager);
	if (l->o.wait_start)
		local_set_state(l, LOCAL_FAILED, "the manager went before the start");
}

void local_control_adopt(struct local *l, int fd) {
	static const struct channel_handler handler = {on_packet, on_closed};

	l->manager = channel_free(l->manager);
	l->manager = channel_new(fd, LOCAL_PACKET_MAX, true, &handler, l);
}

static gboolean on_connection(gint listener, GIOCondition cond, gpointer user) {
	AUTO(auto_close) int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (fd < 0)
		return G_SOURCE_CONTINUE;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) || peer.uid != geteuid())
		return G_SOURCE_CONTINUE;
	local_control_adopt(user, TAKE_FD(fd));
	return G_SOURCE_CONTINUE;
}

void local_control_listen(struct local *l) {
	l->listener = l->o.control_fd;
	g_unix_fd_add(l->listener, G_IO_IN, on_connection, l);
}
