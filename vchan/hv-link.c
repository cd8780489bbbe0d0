/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vchan/hv-link.h"

#include "common/packet.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

struct hv_link {
	int fd;
	uint32_t last_id;
	struct sockaddr_un at; /* sun_path empty: given as a descriptor */
};

int hv_link_new(int fd, struct hv_link **ret) {
	struct hv_link *l = calloc(1, sizeof(*l));

	if (!l) {
		close(fd);
		return -ENOMEM;
	}
	l->fd = fd;
	*ret = l;
	return 0;
}

static int link_open(struct hv_link *l) {
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&l->at, sizeof(l->at)) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	if (l->fd >= 0)
		close(l->fd);
	l->fd = fd;
	return 0;
}

int hv_link_connect(const char *path, struct hv_link **ret) {
	size_t len = strlen(path);
	struct hv_link *l;
	int r;

	if (len == 0 || len >= sizeof(l->at.sun_path))
		return len ? -ENAMETOOLONG : -EINVAL;
	r = hv_link_new(-1, &l);
	if (r < 0)
		return r;
	l->at.sun_family = AF_UNIX;
	memcpy(l->at.sun_path, path, len + 1);
	r = link_open(l);
	if (r < 0) {
		hv_link_free(l);
		return r;
	}
	*ret = l;
	return 0;
}

struct hv_link *hv_link_free(struct hv_link *l) {
	if (l && l->fd >= 0)
		close(l->fd);
	free(l);
	return NULL;
}

static int send_packet(int fd, const uint8_t data[HV_MESSAGE_SIZE], int send_fd) {
	return packet_send(fd, data, HV_MESSAGE_SIZE, &send_fd, send_fd >= 0 ? 1 : 0, 0);
}

int hv_link_send(struct hv_link *l, struct hv_request *r, int send_fd) {
	uint8_t buf[HV_MESSAGE_SIZE];
	int answer;

	r->id = ++l->last_id;
	hv_encode_request(r, buf);
	answer = send_packet(l->fd, buf, send_fd);
	if ((answer != -EPIPE && answer != -ECONNRESET && answer != -ENOTCONN) ||
		!l->at.sun_path[0])
		return answer;
	answer = link_open(l);
	return answer < 0 ? answer : send_packet(l->fd, buf, send_fd);
}

int hv_link_receive(int socket, struct hv_answer *ret, int fds[HV_LINK_FDS]) {
	uint8_t buf[HV_MESSAGE_SIZE];
	unsigned n_fds = HV_LINK_FDS;
	ssize_t n;

	for (unsigned i = 0; i < HV_LINK_FDS; i++)
		fds[i] = -1;
	n = packet_receive(socket, buf, sizeof(buf), fds, &n_fds, MSG_DONTWAIT);
	if (n < 0)
		return (int)n;
	if (n == 0)
		return -ECONNRESET;
	if ((size_t)n <= sizeof(buf) && !hv_decode_answer(span_over(buf, (size_t)n), ret))
		return 0;
	for (unsigned i = 0; i < HV_LINK_FDS; i++) {
		auto_close(&fds[i]);
		fds[i] = -1;
	}
	return -EPROTO;
}

static int wait_readable(int fd) {
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int n;

	do
		n = poll(&p, 1, HV_LINK_PATIENCE_MS);
	while (n < 0 && errno == EINTR);
	return n > 0 ? 0 : n < 0 ? -errno : -ETIMEDOUT;
}

int hv_link_ask(
	struct hv_link *l, struct hv_request *r, int send_fd, struct hv_answer *ret, int *ret_fd) {
	int fds[HV_LINK_FDS], answer = hv_link_send(l, r, send_fd);
	struct hv_answer a;

	if (answer == 0)
		answer = wait_readable(l->fd);
	if (answer == 0)
		answer = hv_link_receive(l->fd, &a, fds);
	if (answer < 0) {
		shutdown(l->fd, SHUT_RDWR); /* a late answer must not meet the next request */
		return answer;
	}
	if (a.id != r->id)
		answer = -EPROTO;
	if (answer == 0 && ret_fd)
		*ret_fd = TAKE_FD(fds[0]);
	for (unsigned i = 0; i < HV_LINK_FDS; i++)
		auto_close(&fds[i]);
	if (answer == 0)
		*ret = a;
	return answer;
}

int hv_link_errno(enum hv_status status) {
	switch (status) {
	case HV_OK:
		return 0;
	case HV_E_REQUEST:
		return -EPERM;
	case HV_E_QUOTA:
		return -EDQUOT;
	case HV_E_NO_DOMAIN:
		return -ENOENT;
	case HV_E_BUSY:
		return -EADDRINUSE;
	case HV_E_REFS:
		return -EINVAL;
	case HV_E_HOST:
		break;
	}
	return -ENOMEM;
}
