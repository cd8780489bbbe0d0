/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The agent's answer to a program that asked for a call: where to meet the other side.
 *
 * Its last byte is left unread until the two have met. If the program dies before, the kernel tells
 * the agent of what was left (ECONNRESET in place of an end), and an agent of ours then ends the
 * waiting of the other side. Other agents see an end in both cases.
 */
#include "common/cleanup.h"
#include "proto/qrexec.h"

enum { ANSWER_E_REFUSED = 1, ANSWER_E_NONSENSE };

/* fd: the connection to the agent. Waits as long as the question takes. 0, an answer above, or
 * -errno: the agent went with the question unread. */
MUST_USE int answer_read(int fd, struct qrexec_peer *ret);
/* Once the other side has come. */
void answer_met(int fd);
