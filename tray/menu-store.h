/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What domains with a template of their own said of their applications, kept for the time when they
 * do not run: $XDG_CACHE_HOME/bulkhead/menus/UUID/menu and ICON.rgba. What is read back is as
 * little trusted as the first time: the bounds are the decoders', and a file that is too large, no
 * plain file or no such bytes is as good as none. Everything here blocks: only in threads.
 */
#include "proto/icon.h"

#include <glib.h>
#include <stdbool.h>

#define MENU_STORE_BYTES (1024 * 1024) /* a longer menu is not kept */
#define MENU_STORE_ICONS 1000          /* of one domain */
#define MENU_STORE_DAYS  30            /* an older picture is asked for anew, if it can be */

/* The folder of a domain; NULL: such a uuid has none. The caller frees it. */
char *menu_store_folder(const char *uuid);

/* folder may be NULL: then nothing is read or kept. ret: at least size bytes; false: there is none.
 */
bool menu_store_read_icon(
	const char *folder, const char *name, uint8_t ret[ICON_SIZE], bool *ret_old);
void menu_store_keep_icon(const char *folder, const char *name, const uint8_t icon[ICON_SIZE]);
/* NULL: there is none. */
GBytes *menu_store_read_menu(const char *folder);
void menu_store_keep_menu(const char *folder, const void *data, size_t size);

/* Removes what belongs to no domain any more. uuids: a set. */
void menu_store_prune(GHashTable *uuids);
