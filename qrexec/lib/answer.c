/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qrexec/lib/answer.h"

#include <errno.h>
#include <sys/socket.h>

int answer_read(int fd, struct qrexec_peer *ret) {
	uint8_t b[QREXEC_PEER_SIZE];
	ssize_t n = recv(fd, b, sizeof(b) - 1, MSG_WAITALL);

	if (n <= 0)
		return n ? -errno : ANSWER_E_REFUSED;
	if (n != sizeof(b) - 1 || recv(fd, b + n, 1, MSG_PEEK) != 1 ||
		qrexec_peer_decode(span_over(b, sizeof(b)), ret))
		return ANSWER_E_NONSENSE;
	return 0;
}

void answer_met(int fd) {
	uint8_t last;

	(void)!recv(fd, &last, 1, 0);
}
