/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What is wrong now: one sentence for each thing and domain, until it is well again. Knows no GTK
 * and watches nothing itself (tray/health-watch.h does).
 */
#include "common/cleanup.h"
#include "common/domain-name.h"

#include <glib.h>
#include <stdbool.h>

#define HEALTH_MAX       200 /* more are not kept */
#define HEALTH_TEXT_SIZE 256

enum health_kind {
	HEALTH_MANAGER,
	HEALTH_POLICY,
	HEALTH_DEFINITION,
	HEALTH_DISK,
	HEALTH_MEMORY,
	HEALTH_DOMAIN,
	HEALTH_GUI,
	HEALTH_NETWORK,
	HEALTH_KINDS
};

struct health_item {
	enum health_kind kind;
	char domain[DOMAIN_NAME_MAX + 1]; /* "": of the whole */
	char text[HEALTH_TEXT_SIZE];      /* filtered */
};

struct health;
/* item: what is wrong since now; NULL: something else about the list changed. */
typedef void (*health_changed)(void *user, const struct health_item *item);

struct health *health_new(health_changed changed, void *user);
struct health *health_free(struct health *h);
/* domain: "" or a name. text: what is wrong, in any bytes; NULL or "": nothing is. */
void health_set(struct health *h, enum health_kind kind, const char *domain, const char *text);
/* The domain is gone, and all that was wrong with it. */
void health_forget(struct health *h, const char *domain);
guint health_count(const struct health *h);
const struct health_item *health_at(const struct health *h, guint i); /* the gravest kind first */
