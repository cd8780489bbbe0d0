/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* One sentence of ours at the top of the screen, above everything a domain can show; it takes no
 * focus and no click. */

struct banner;

struct banner *banner_new(void);
/* NULL hides it. */
void banner_show(struct banner *b, const char *text);
struct banner *banner_free(struct banner *b);
