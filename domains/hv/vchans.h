/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Where servers and clients of vchans meet. Both name the other; only then does either get the ring
 * that they share. Afterwards nothing of theirs goes through here.
 */
#include "domains/hv/conn.h"

void vchans_on_server(struct conn *c, const struct hv_request *r, int fd);
void vchans_on_client(struct conn *c, const struct hv_request *r, int fd);

/* The domain ends: whoever waits for it hears so, what it offered or asked for is withdrawn. */
void vchans_end(struct hv *hv, uint32_t domain);
