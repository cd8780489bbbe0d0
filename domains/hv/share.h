/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Pages that one domain shares with one other: references, and who may map them. */
#include "domains/hv/conn.h"

struct share {
	struct share *next; /* of the same connection */
	struct conn *conn;
	struct memory *memory;
	uint32_t request; /* the id to answer while the pages are being filled */
	uint32_t first, count, peer;
};

void share_on_share(struct conn *c, const struct hv_request *r, int fd);
void share_on_unshare(struct conn *c, const struct hv_request *r, int fd);
void share_on_map(struct conn *c, const struct hv_request *r, int fd);

/* All that were made over this connection. */
void share_free_all(struct conn *c);
