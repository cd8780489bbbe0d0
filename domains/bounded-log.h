/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What a sandbox prints, kept outside in a file of bounded size (and one older one), with control
 * characters made visible so that showing it cannot steer a terminal (bug class E4).
 */
#include "common/cleanup.h"

#include <glib.h>

#define BOUNDED_LOG_MAX (1u << 20)

struct bounded_log;

/* dir: an open folder; name: the file in it. Reads from `from` (a pipe's end, then its) until it
 * closes. NULL and *error. */
struct bounded_log *bounded_log_new(int dir, const char *name, int from, GError **error);
/* A line of ours in it. */
void bounded_log_note(struct bounded_log *l, const char *text);
/* Reads what is waiting now, within bounds. */
void bounded_log_flush(struct bounded_log *l);
/* The last line that the sandbox printed; "" if none. Reads what is waiting first. */
const char *bounded_log_last(struct bounded_log *l);
struct bounded_log *bounded_log_free(struct bounded_log *l);
