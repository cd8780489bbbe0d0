/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A connection to bulkhead-hv, asked like a system call: a request, its answer, descriptors beside
 * both. The answer comes in the time of a system call, so asking counts as not blocking; an hv that
 * does not answer within HV_LINK_PATIENCE_MS is taken for dead. Used by the local backend and by
 * the manager.
 */
#include "proto/hv.h"

#define HV_LINK_PATIENCE_MS 30000
#define HV_LINK_FDS         3

struct hv_link;

/* Takes fd, a connected SOCK_SEQPACKET socket, also on failure. */
MUST_USE int hv_link_new(int fd, struct hv_link **ret);
/* A link by path connects anew when hv was restarted since the last request. */
MUST_USE int hv_link_connect(const char *path, struct hv_link **ret);
struct hv_link *hv_link_free(struct hv_link *l);

/* Sends the request (its id is filled in here) with send_fd, unless that is -1, which stays the
 * caller's. 0 with the answer, whatever its status; -errno if hv is gone. *ret_fd, where not NULL,
 * is -1 or the descriptor that came along. */
MUST_USE int hv_link_ask(
	struct hv_link *l, struct hv_request *r, int send_fd, struct hv_answer *ret, int *ret_fd);

/* A request whose answer comes elsewhere (a vchan's, on the reply socket). */
MUST_USE int hv_link_send(struct hv_link *l, struct hv_request *r, int send_fd);

/* An answer from a reply socket without waiting: -EAGAIN. fds: those that came, the rest -1. */
MUST_USE int hv_link_receive(int socket, struct hv_answer *ret, int fds[HV_LINK_FDS]);

/* The -errno that says what the status says; 0 for HV_OK. */
int hv_link_errno(enum hv_status status);
