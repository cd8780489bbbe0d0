/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The command line: everything this daemon is told; it reads no file. */
#include "common/domain-name.h"
#include "common/label.h"

#include <stdbool.h>

struct options {
	int domain_id;
	struct domain_name name;
	struct label label;
	char letter;
	const char *vchan; /* as vchan_use takes it */
	int ctl_fd;        /* -1: no manager */
	int view_fd;       /* the decoder's: its socket to the screen's process; else -1 */
	bool fullscreen_allowed, popups_allowed;
	int flash_ms; /* 0: no flash */
	unsigned frame;
};

/* 0; 1: help was asked for and printed; 2: one line on stderr tells what is wrong. */
MUST_USE int options_parse(int argc, char **argv, struct options *ret);
