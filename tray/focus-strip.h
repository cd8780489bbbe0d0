/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The name of the domain that has the focus, in its colours, at the lower edge of the screen: a
 * panel shows the tray's icon but rarely its text. Takes no focus and no click. [focus] strip=no in
 * desk.conf: not wanted.
 */
#include "tray/model.h"

struct focus_strip;

struct focus_strip *focus_strip_new(void);
/* NULL: none has it. */
void focus_strip_show(struct focus_strip *s, const struct model_domain *d);
struct focus_strip *focus_strip_free(struct focus_strip *s);
