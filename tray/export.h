/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The applications of domains in the desktop's own menu: $XDG_DATA_HOME/applications/
 * bulkhead-DOMAIN-APP.desktop, called "Work: Firefox". Files of ours are those that carry our key;
 * no other file is touched. Pure text here but for export_sync, which works in a thread.
 */
#include "tray/model.h"

#define EXPORT_KEY       "X-Bulkhead-Domain"
#define EXPORT_FILES_MAX 2000

/* The file's text; the caller frees it. */
char *export_text(const char *domain, const char *app_name, const char *icon, char *const *command);
/* "bulkhead-work-firefox.desktop"; the caller frees it. */
char *export_name(const char *domain, const char *id);

/* wanted: name -> text. Makes folder and files what wanted says. Blocks: only in a thread. The
 * number of files that were written or removed. */
guint export_sync(const char *folder, GHashTable *wanted);

struct export;
struct export *export_new(struct model *m, const char *folder);
/* Something changed: soon, and once for many changes. */
void export_again(struct export *e);
struct export *export_free(struct export *e);
