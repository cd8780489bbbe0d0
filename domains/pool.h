/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Throw-away domains that were started before anybody asked: as many for each model as its
 * disposable_pool says, frozen where there is a cgroup, running idle where there is none. Nobody
 * sees one until it is taken; each is taken once. What no longer is like its model is thrown away.
 */
#include "domains/domain.h"

struct pool;

struct pool *pool_new(struct manager *m);
/* Leaves the prepared ones to the next manager. Takes NULL, returns NULL. */
struct pool *pool_free(struct pool *p);

/* Something changed of a domain, a model or the number of them: looks after the pool, soon. */
void pool_look(struct pool *p);

/* One that is ready, which is the caller's from now on: paused or running, and not seen before
 * manager_show. NULL: there is none. */
struct domain *pool_take(struct pool *p, struct domain *model);
