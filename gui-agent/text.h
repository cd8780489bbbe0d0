/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Texts of X properties as the protocol wants them: UTF-8 in fields of fixed size. Pure. */
#include <stdbool.h>
#include <stddef.h>

/* Writes text up to its end or first NUL, and a NUL; what does not fit in size - 1 bytes is cut at
 * a character and ends in an ellipsis (U+2026). latin1: the input is ISO 8859-1, else UTF-8. */
void text_title(const char *text, size_t len, bool latin1, char *ret, size_t size);

/* WM_CLASS: two NUL-terminated strings, instance name and class; missing ones are empty. */
void text_class(const char *text, size_t len, char *ret_name, char *ret_class, size_t size);
