/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Where things are when nobody says otherwise. */

/* BULKHEAD_VCHAN; else Unix sockets if VCHAN_SOCKET_DIR is set (tests); else the local backend's
 * socket if there is one; else Xen. */
const char *default_vchan(void);

/* BULKHEAD_QREXEC_SOCKET, else the reference's place. */
const char *default_agent_socket(void);
