/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Screen lockers that are a plain X window over everything (xscreensaver, i3lock, slock,
 * xsecurelock ...): seen when they map. A window counts when it is override-redirect, covers the
 * whole screen and its class is a known locker's. Windows of domains cannot: their class begins
 * with the domain's name.
 */
#include <stdbool.h>

typedef void (*locker_seen)(bool locked, void *data);

struct lockers;

struct lockers *lockers_new(locker_seen seen, void *data);
struct lockers *lockers_free(struct lockers *l);
