/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A long text of the clipboard out of a domain or into it: a call of the admin domain's to the
 * service bulkhead.ClipboardText there, made by qrexec-client, which alone meets the bytes. It
 * writes into a memfd that cannot grow.
 */
#include "common/cleanup.h"

#include <stdint.h>

struct clipboard_call;

/* Once: error NULL and, of a fetch, the sealed text; or why not. Not after the free. */
typedef void clipboard_call_done(void *user, uint32_t number, int fd, const char *error);

/* NULL: it could not even be started. */
struct clipboard_call *clipboard_call_fetch(
	const char *domain, uint32_t number, clipboard_call_done *done, void *user);
/* fd: the text; stays the caller's. */
struct clipboard_call *clipboard_call_bring(
	const char *domain, uint32_t number, int fd, clipboard_call_done *done, void *user);
/* Ends it. Takes NULL, returns NULL. */
struct clipboard_call *clipboard_call_free(struct clipboard_call *c);
