/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The socket of the one who started this daemon (proto/ctl.h). Its end is no reason to stop: the
 * daemon goes on with what was granted. */
#include "proto/ctl.h"

struct manager;

/* The descriptor becomes the manager's; -1: there is none, and all of this does nothing. */
/* on_message: the descriptor that came along stays the manager's; -1: none. */
struct manager *manager_new(
	int fd, void (*on_message)(void *data, const struct ctl_msg *m, int fd), void *data);
struct manager *manager_free(struct manager *m);

/* text may be NULL. What the manager does not read is lost after some hundred messages. */
void manager_tell(struct manager *m, enum ctl_type type, uint32_t value, const char *text);
/* The descriptor stays the caller's; -1: none. */
void manager_tell_fd(
	struct manager *m, enum ctl_type type, uint32_t value, const char *text, int fd);
