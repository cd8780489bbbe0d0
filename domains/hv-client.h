/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * bulkheadd's hold on bulkhead-hv: finds the running one or starts it, notices its end, starts it
 * anew with back-off. It outlives bulkheadd, as the domains do.
 */
#include "common/cleanup.h"

#include <stdint.h>

struct hv_client;

struct hv_client_handler {
	/* It answers now; mark tells one bulkhead-hv from the next. */
	void (*up)(void *user, int32_t mark);
	/* It ended: all ids are void; up comes again. */
	void (*down)(void *user);
	/* There is none and none can be started: why. Called at most once. */
	void (*hopeless)(void *user, const char *why);
};

/* runtime: the open runtime folder. */
struct hv_client *hv_client_new(
	int runtime, const char *runtime_path, const struct hv_client_handler *handler, void *user);
struct hv_client *hv_client_free(struct hv_client *c);

int32_t hv_client_mark(const struct hv_client *c); /* 0: it does not answer now */

/* listener: the domain's listening socket (stays the caller's). 0 or -errno. */
MUST_USE int hv_client_create(
	struct hv_client *c, int listener, unsigned memory_mib, uint32_t *ret_id);
void hv_client_destroy(struct hv_client *c, uint32_t id);
/* A connection of the admin domain that may speak about this domain only. fd or -errno. */
MUST_USE int hv_client_admit(struct hv_client *c, uint32_t id);
