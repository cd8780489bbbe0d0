#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes common/text-marks.c: the characters that stack on the one before them (general categories Mn and Me)."""
import unicodedata

HEAD = '''/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Written by scripts/lib/text_marks.py from Unicode 15: categories Mn and Me, ascending; unassigned
 * characters between two of them count as marks too. */
#include "common/text-marks.h"

const struct text_range text_marks[] = {%s};
const size_t text_mark_count = sizeof(text_marks) / sizeof(text_marks[0]);
'''


# Of Unicode 15, for a Python that does not know it yet.
NEWER = {0x0ece, *range(0x10efd, 0x10f00), 0x11241, 0x11f00, 0x11f01, *range(0x11f36, 0x11f3b), 0x11f40, 0x11f42, 0x13440,
         *range(0x13447, 0x13456), 0x1e08f, *range(0x1e4ec, 0x1e4f0)}


def ranges():
    found, gap = [], True
    for c in range(0x110000):
        category = unicodedata.category(chr(c))
        if category in ('Mn', 'Me') or c in NEWER:
            if gap:
                found.append([c, c])
            found[-1][1], gap = c, False
        elif category != 'Cn':
            gap = True
    return found


print(HEAD % ', '.join(f'{{0x{a:04x}, 0x{b:04x}}}' for a, b in ranges()), end='')
