/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Well-formed UTF-8 (RFC 3629), one character at a time. */
#include <stddef.h>
#include <stdint.h>

/* The length of the well-formed sequence at s, whose character goes to ret; 0: there is none in
 * the `left` bytes (at least 1). */
size_t utf8_next(const uint8_t *s, size_t left, uint32_t *ret);
