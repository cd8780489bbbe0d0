/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Asks domains that do not see the host's applications for theirs (qubes.GetAppmenus), once in each
 * of their runs, and gives them to the model. What a domain answers is bounded in bytes and time,
 * and kept on the disk (menu-store.h), so that it is known while the domain does not run.
 */
#include "tray/model.h"

struct app_menus;

struct app_menus *app_menus_new(struct model *m);
/* A domain is new, changed, or (gone) goes. */
void app_menus_heard(struct app_menus *a, struct model_domain *d, bool gone);
/* All domains that there are, are in the model: what was kept of others goes. */
void app_menus_prune(struct app_menus *a);
struct app_menus *app_menus_free(struct app_menus *a);
