/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A program of the system with text as its input. */
#include "common/cleanup.h"

/* argv: ended by NULL, the program's path first. Waits for its end. 0, its exit status, or -errno.
 */
MUST_USE int run_with_input(const char *const *argv, const char *input);
/* `nft -f -` and `ip -batch -`; what they complain of is on our stderr. */
MUST_USE int run_nft(const char *rules);
MUST_USE int run_ip(const char *commands);
