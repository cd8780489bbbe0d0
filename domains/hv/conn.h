/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Connections. Who speaks is decided when the connection begins, by the socket it came from, and
 * never changes. One request is outstanding: who asks again before reading the last answer is
 * dropped, and so is everybody who sends what no honest process sends.
 */
#include "domains/hv/hv.h"

enum speaker { MANAGER = 1, DOMAIN = 2, ADMITTED = 4 };

struct conn {
	struct watch watch; /* first */
	struct conn *next;
	struct conn **list; /* the list that it is in */
	enum speaker speaker;
	struct domain *domain; /* who speaks: a domain, or the admin domain; NULL for a manager */
	struct domain *only;   /* ADMITTED: the one domain that it may speak of */
	struct account *account;
	struct charge slot, fds;
	struct share *shares;  /* made over this connection */
	struct share *filling; /* its answer comes when the pages are there: no request till then */
};

/* Takes the socket, also on failure. only: for one that the manager admitted. */
MUST_USE int conn_new(
	struct hv *hv, int fd, enum speaker speaker, struct domain *domain, struct domain *only);
struct conn *conn_free(struct conn *c);
/* Frees it, and says why in the log. */
void conn_drop(struct conn *c, const char *why);

/* Answers a request. False: the client did not take it, and the connection is gone. */
bool conn_answer(struct conn *c, uint32_t id, enum hv_status status, uint32_t value, int send_fd);

/* An answer on any socket, with descriptors (which stay the caller's). 0 or -errno. */
MUST_USE int answer_send(int socket, const struct hv_answer *a, const int *fds, unsigned n);
