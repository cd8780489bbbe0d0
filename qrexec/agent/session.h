/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Calls that wait for the user's session: qubes.WaitForSession runs once, with the user's name on
 * its stdin, and whatever its end, they go on then.
 */
#include "common/cleanup.h"

struct session;
struct qrexec_command;

struct session *session_new(const char *service_paths);
struct session *session_free(struct session *s);

/* call: on whose behalf. Calls then(data), at once or later; never after session_free. */
void session_wait(
	struct session *s, const struct qrexec_command *call, void (*then)(void *data), void *data);
