/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Pictures of applications of domains that have a template of their own: asked for by
 * qubes.GetImageRGBA while the domain runs (docs/protocols/icon.md), one after the other, kept on
 * the disk. A domain's bytes are met by bulkhead-icon-reader, not here. What is shown is tinted and
 * badged in the domain's label, so that it never looks like a picture of the trusted desktop.
 */
#include "tray/model.h"

#include <gdk-pixbuf/gdk-pixbuf.h>

#define DOMAIN_ICONS_MAX   4000 /* in memory, of all domains together */
#define DOMAIN_ICONS_FAILS 8    /* in a row: then the domain is not asked again in this run */

struct domain_icons;

/* came: some more are there. */
struct domain_icons *domain_icons_new(void (*came)(void *user), void *user);
struct domain_icons *domain_icons_free(struct domain_icons *i);

/* The picture, or NULL: there is none, or it is being asked for. host: what the host's theme has by
 * that name, shown until then, in the label too; may be NULL. Never waits. The caller does not own
 * what it gets: it lives until the next call. */
GdkPixbuf *domain_icons_get(
	struct domain_icons *i, const struct model_domain *d, const char *name, GdkPixbuf *host);

/* A domain changed its state or (gone) goes. */
void domain_icons_heard(struct domain_icons *i, const struct model_domain *d, bool gone);
