/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What qrexec-client-vm is told; option reading stops at the first word that is none. */
#include "common/cleanup.h"

#include <stdbool.h>
#include <stddef.h>

enum client_filter { FILTER_AUTO, FILTER_ON, FILTER_OFF };

struct client_options {
	const char *vchan, *agent_socket;
	const char *source; /* "" if not given */
	const char *target, *service;
	const char *prefix;
	char **program; /* NULL: none */
	size_t buffer_size;
	enum client_filter filter_out, filter_err;
	bool one_socket;
};

/* 0, or 1 and the reason stands on stderr. */
MUST_USE int client_options_parse(int argc, char **argv, struct client_options *ret);
