/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The badge of a domain: its colour and pattern with a letter, as in _NET_WM_ICON. Nothing in it
 * comes from the domain (bug class A10). */
#include "common/label.h"

#define LABEL_ICON_SIZE 48

/* ARGB, opaque. */
void label_icon_draw(
	const struct label *label, char letter, uint32_t ret[LABEL_ICON_SIZE * LABEL_ICON_SIZE]);
