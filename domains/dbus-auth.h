/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Who may call what. Our own socket and the session bus belong to the person, who may do
 * everything. On the system bus polkit says, by the actions of org.bulkhead.policy; where it cannot
 * be asked, nobody may anything.
 */
#include "domains/dbus-private.h"

/* allowed: called, maybe at once, if the caller may; else the caller gets an error. */
void dbus_authorise(struct dbus *b, GDBusMethodInvocation *i,
	void (*allowed)(struct dbus *b, GDBusMethodInvocation *i));
