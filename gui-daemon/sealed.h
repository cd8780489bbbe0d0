/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Is a descriptor from the decoder memory that the X server may map? A file that shrinks while it
 * is mapped, or has pages that cannot be had, ends whoever reads it with SIGBUS.
 */
#include "common/cleanup.h"
#include "common/geometry.h"

#include <stdbool.h>
#include <stdint.h>

/* A memfd of ordinary pages, sealed against shrinking, no larger than a domain can share at once,
 * and an image of that size lies in it from that page on. size: as in proto/gui.h. */
bool sealed_has_image(int fd, uint32_t page, struct size size);
