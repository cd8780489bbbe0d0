/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * bulkhead-tray: what its files share. GTK's thread reads no file and waits for nobody: what comes
 * from bulkheadd or from a disk comes by a callback, what is asked of bulkheadd is answered later.
 */
#include "tray/app-menus.h"
#include "tray/copy-window.h"
#include "tray/domain-icons.h"
#include "tray/export.h"
#include "tray/focus-strip.h"
#include "tray/health-watch.h"
#include "tray/icons.h"
#include "tray/inbox.h"
#include "tray/launches.h"
#include "tray/link.h"
#include "tray/model.h"
#include "tray/notices.h"
#include "tray/notify.h"
#include "tray/status.h"

#include <gtk/gtk.h>

struct menu;
struct search_window;

struct tray {
	GtkApplication *app;
	struct model *model;
	struct link *link;
	struct icons *icons;
	struct domain_icons *domain_icons;
	struct notices *notices, *app_notices;
	struct inbox *inbox;
	struct copy_windows *copy_windows;
	struct app_menus *app_menus;
	struct health *health;
	struct health_watch *health_watch;
	struct focus_strip *strip; /* NULL: the person does not want it */
	struct notify *notify;
	struct status *status;
	struct launches *launches;
	struct export *export; /* NULL: the person does not want it */
	struct menu *menu;
	struct search_window *search;
	GHashTable *windows; /* "settings NAME", "log NAME", "first-run" ... -> GtkWindow */
	GCancellable *cancel;
	GFileMonitor *monitor;
	char *share; /* the /usr/share that domains see */
	guint notice_timer;
	bool scanning, scanned, scan_again, hidden, welcomed;
};

/* export: applications are put into the desktop's own menu too. strip: the focused domain's name is
 * always shown. */
struct tray *tray_new(GtkApplication *app, const char *share, bool export, bool strip);
struct tray *tray_free(struct tray *t);

/* How an action is called, in the person's language. */
const char *tray_action_name(enum model_action a);
/* "running, 2 windows"; the caller frees it. */
char *tray_state_text(const struct model_domain *d);
/* "2 problems", NULL if there is none; the caller frees it. */
char *tray_problems_text(struct tray *t);
cairo_surface_t *tray_swatch(const struct model_domain *d, int size);

/* The picture of a domain's application, NULL if there is none (yet); it lives until the next call.
 */
GdkPixbuf *tray_app_icon(struct tray *t, const struct model_domain *d, const struct app *a);

void tray_act(struct tray *t, struct model_domain *d, enum model_action a);
void tray_open(struct tray *t, struct model_domain *d, const struct app *a);
void tray_about(struct tray *t);
void tray_hide_all(struct tray *t, bool hide);
/* A notice for the person, within the limits of notices.h. */
void tray_say(struct tray *t, const char *domain, enum notice_kind kind, const char *text);

/* A window that there is only once for its key: shown again, or NULL: make it and remember it. */
bool tray_window_present(struct tray *t, const char *key);
void tray_window_remember(struct tray *t, const char *key, GtkWidget *window);
