/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Text from the clipboard of one domain, made fit to be pasted into another (bug class C4): what
 * comes out is well-formed UTF-8 without control characters but tab and newline, without escape
 * sequences' ESC and CSI, without bidi controls and without characters that nobody can see. Pure.
 */
#include <stddef.h>
#include <stdint.h>

/* Writes at most `size` bytes to ret, which may be the text itself. CR LF and CR become LF, what is
 * no UTF-8 becomes '?'; the rest of the above is left out. Returns the length. */
size_t clip_text_clean(const uint8_t *untrusted_text, size_t size, uint8_t *ret);

/* The first line that shows something, fit to stand on the admin's desktop (common/text-filter.h),
 * at most room - 1 bytes and a NUL. */
void clip_text_line(const uint8_t *untrusted_text, size_t size, char *ret, size_t room);
