/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The configuration of a service (docs/protocols/qrexec.md): a file of key = value lines. */
#include "common/cleanup.h"

#include <stdbool.h>
#include <stddef.h>

#define CONFIG_USER_MAX 255
#define CONFIG_PATHS    "/run/qubes/rpc-config:/usr/local/etc/qubes/rpc-config:/etc/qubes/rpc-config"

struct config {
	bool wait_for_session;
	bool skip_descriptor;
	bool exit_on_service_eof, exit_on_client_eof;
	char force_user[CONFIG_USER_MAX + 1]; /* "" if not set */
};

/* 0, or the number (from 1) of the first line that is wrong: then the call fails. */
MUST_USE int config_parse(const char *text, size_t len, struct config *ret);

/* Looks for KEY (SERVICE+ARGUMENT), then for SERVICE, in the folders of a ':' list. No file:
 * defaults. 0, -errno, or > 0: the wrong line. */
MUST_USE int config_load(
	const char *paths, const char *key, const char *service, struct config *ret);
