/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Starts a program with its own ends of three streams. By argument list, never through a shell. */
#include "common/cleanup.h"
#include "proto/qrexec-command.h"

#include <stdbool.h>
#include <sys/types.h>

struct spawn_plan {
	const char *path;
	char *const *argv;
	char *const *envp;
	const char *user;  /* another user than ours: needs root; NULL: as we are */
	const char *dir;   /* NULL: stays where we are */
	bool keep_stderr;  /* the program's stderr is ours */
	bool no_streams;   /* nothing is connected: /dev/null */
	int one_socket;    /* >= 0: stdin and stdout are this socket */
	bool keep_session; /* it stays in our session, with our terminal */
	bool keep_fds;     /* what we hold without close-on-exec stays open in it */
};

/* Our ends; -1 where there is none. */
struct spawned {
	pid_t pid;
	int pidfd;
	int in;  /* its stdin, a socket */
	int out; /* its stdout, a socket */
	int err; /* its stderr, a pipe */
};

/* 0 or -errno of what went wrong, the exec itself included. */
MUST_USE int spawn(const struct spawn_plan *plan, struct spawned *ret);

/* The environment of a service: ours without QREXEC*, and what it is told about the call. NULL:
 * no memory. Freed by g_strfreev. */
char **spawn_environment(const struct qrexec_command *c);

/* Status of a child that ended (pidfd readable): 0..255, 128 + signal; -1 it lives. */
int spawn_reap(int pidfd);

/* Takes over a child's pidfd and reaps it in the main loop when it ends. */
void spawn_adopt(int pidfd);
