/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Services of the admin domain that show something to the person. */

/* A packet socket to the tray, never waited for; -1: there is no tray. A packet begins with the
 * domain's name, zero-filled to DOMAIN_NAME_MAX + 1 bytes. */
int to_tray(void);
