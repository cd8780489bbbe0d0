/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * vchan: a two-way byte stream between two domains through a shared ring, with the names of
 * libvchan (gui-protocol 1.4). One server object serves one client; a reconnection needs a new
 * server object.
 *
 * The backend is chosen once per process, before the first call (vchan/backend.h). None of these
 * calls blocks but libvchan_client_init, libvchan_wait and, in blocking mode, read, write, send and
 * recv.
 */
#include "common/cleanup.h"

#include <stddef.h>

typedef struct libvchan libvchan_t;
typedef int EVTCHN; /* a descriptor for poll */

enum { VCHAN_DISCONNECTED = 0, VCHAN_CONNECTED = 1, VCHAN_WAITING = 2 };

/* `domain` is the peer. Ring sizes in bytes, at least; NULL and errno on failure. New objects are
 * non-blocking here (Qubes' are blocking: libvchan_set_blocking). */
MUST_USE libvchan_t *libvchan_server_init(int domain, int port, size_t read_min, size_t write_min);

/* Waits until the server appears or its domain is gone (NULL, errno ENOENT). */
MUST_USE libvchan_t *libvchan_client_init(int domain, int port);

/* Poll *watch_fd for reading; then call finish. finish: 0 connected, 1 wait more, -1 failed (then
 * close). */
MUST_USE libvchan_t *libvchan_client_init_async(int domain, int port, EVTCHN *watch_fd);
MUST_USE int libvchan_client_init_async_finish(libvchan_t *ctrl, int blocking);

/* Non-blocking: the number of bytes moved, 0 if none could be; -1 closed (pending data stays
 * readable after the peer closed). */
int libvchan_read(libvchan_t *ctrl, void *data, size_t size);
int libvchan_write(libvchan_t *ctrl, const void *data, size_t size);
/* Ours, not libvchan's: read for whoever goes on until nothing comes, in non-blocking mode only.
 * The peer is asked for a notification with the 0 alone, so it does not ring meanwhile; who stops
 * earlier must come again by itself. */
int libvchan_drain(libvchan_t *ctrl, void *data, size_t size);
/* All or nothing: size, 0, or -1 (closed, or larger than the ring). */
int libvchan_recv(libvchan_t *ctrl, void *data, size_t size);
int libvchan_send(libvchan_t *ctrl, const void *data, size_t size);

/* Takes in what the event descriptor holds (blocking mode or not connected: waits for one event).
 * 0, or -1. */
int libvchan_wait(libvchan_t *ctrl);
void libvchan_set_blocking(libvchan_t *ctrl, int blocking);
int libvchan_is_open(libvchan_t *ctrl);

/* Bytes ready to read / free to write, always within the ring's size whatever the peer wrote into
 * the shared page (bug class D1). Both ask the peer for a notification as a side effect. */
int libvchan_data_ready(libvchan_t *ctrl);
int libvchan_buffer_space(libvchan_t *ctrl);

/* Readable: call libvchan_wait, then look again. Stays the same while the object lives, once
 * connected. */
EVTCHN libvchan_fd_for_select(libvchan_t *ctrl);
void libvchan_close(libvchan_t *ctrl);
