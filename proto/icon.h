/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A picture as the service qubes.GetImageRGBA answers it (docs/protocols/icon.md): "W H\n", then
 * exactly W * H pixels of four bytes: red, green, blue, opacity. Menus keep theirs in the same
 * form.
 */
#include "common/cleanup.h"
#include "common/span.h"

#define ICON_SIDE_MAX 512
#define ICON_HEAD_MAX 8 /* "512 512\n" */
#define ICON_MAX      (ICON_HEAD_MAX + ICON_SIDE_MAX * ICON_SIDE_MAX * 4)

#define ICON_SIDE     48 /* of what icon_fit makes */
#define ICON_SIZE     (6 + ICON_SIDE * ICON_SIDE * 4)

struct icon {
	unsigned w, h;       /* 1 to ICON_SIDE_MAX */
	const uint8_t *rgba; /* within what was decoded; w * h * 4 bytes */
};

enum { ICON_E_HEAD = 1, ICON_E_RANGE, ICON_E_LENGTH };

/* 0 or one of the answers above. */
MUST_USE int icon_decode(struct span in, struct icon *ret);

/* Makes it ICON_SIDE pixels wide and high, its proportions kept, the rest transparent; in the form
 * that icon_decode reads. */
void icon_fit(const struct icon *icon, uint8_t ret[ICON_SIZE]);
