/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The command text of EXEC_CMDLINE and JUST_EXEC (docs/protocols/qrexec.md): made from checked
 * names, taken apart once, never split again and never given to a shell as a service's argument.
 */
#include "common/cleanup.h"

#include <stdbool.h>
#include <stddef.h>

#define QREXEC_USER_MAX         255
#define QREXEC_SERVICE_NAME_MAX 255
#define QREXEC_DESCRIPTOR_MAX   65000

enum { QREXEC_COMMAND_E_FORMAT = 1 };

/* A command as the executing side reads it. Pointers point into the text given. */
struct qrexec_piece {
	const char *at;
	size_t len;
};

struct qrexec_command {
	char user[QREXEC_USER_MAX + 1]; /* "DEFAULT" stands for the domain's default user */
	bool nogui;
	bool service; /* else `rest` is a command line of the admin domain */
	struct qrexec_piece rest;
	/* Only for services: */
	struct qrexec_piece descriptor; /* everything after "QUBESRPC " */
	struct qrexec_piece key;        /* SERVICE+ARGUMENT, with a '+' even if there was none */
	struct qrexec_piece name, argument;
	bool has_argument; /* a '+' stood there */
	struct qrexec_piece source;
	/* The admin domain's services are told what was asked for. */
	bool has_target, target_is_keyword;
	struct qrexec_piece target;
	bool well_formed; /* exactly 2 or 4 words: what an executable needs */
};

/* text[len] is NUL and there is none before. 0, or E_FORMAT. */
MUST_USE int qrexec_command_parse(const char *text, size_t len, struct qrexec_command *ret);

/* What a broker asks an agent to run. */
struct qrexec_call_text {
	const char *user; /* NULL: none (the admin domain runs it) */
	bool nogui;
	const char *service; /* SERVICE or SERVICE+ARGUMENT; a '+' is appended if there is none */
	const char *source;
	const char
		*target; /* NULL in a domain; else as the caller wrote it, "@adminvm" or a name */
};

/* Writes the text and its NUL; returns its length, or 0: it does not fit. */
size_t qrexec_command_build(const struct qrexec_call_text *c, char *buf, size_t size);
