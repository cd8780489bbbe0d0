/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Text that a domain chose, made fit to stand on the admin desktop: valid UTF-8 only, no control,
 * bidi, invisible, unassigned-plane or private characters, at most two combining marks in a row
 * and none in front, bounded length (bug classes A12, E15). What is refused becomes '_', so that
 * the person sees that something was there.
 */
#include "common/cleanup.h"

#include <stddef.h>

/* Writes at most size - 1 bytes and a NUL to ret, never cutting a character. Input ends at len
 * bytes or the first NUL. Returns the length written. size must be at least 1. */
size_t text_filter(const char *untrusted_text, size_t len, char *ret, size_t size);

/* The same, but everything outside 0x20..0x7e becomes '_' (window classes). */
size_t text_filter_ascii(const char *untrusted_text, size_t len, char *ret, size_t size);
