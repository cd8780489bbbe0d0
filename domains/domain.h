/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * One domain as bulkheadd sees it: its definition, its state, its machine while it runs, the
 * daemons beside it, and who waits for something to end.
 */
#include "domains/backend.h"
#include "domains/daemon.h"
#include "domains/definition.h"
#include "domains/domain-state.h"

struct manager;
struct domain;

#define DOMAIN_ERROR (domain_error_quark())
GQuark domain_error_quark(void);
/* The D-Bus names are in dbus.c. */
enum domain_error {
	DOMAIN_E_NONE, /* no such domain */
	DOMAIN_E_EXISTS,
	DOMAIN_E_NAME,
	DOMAIN_E_PROPERTY,
	DOMAIN_E_STATE, /* not in this state */
	DOMAIN_E_FAILED,
	DOMAIN_E_COMMAND, /* a command could not be started */
	DOMAIN_ERROR_COUNT
};

/* ok, or error says why not; called exactly once, maybe at once. */
typedef void (*domain_done)(void *user, const GError *error);

struct domain *domain_new(struct manager *m, struct definition *d);
struct domain *domain_free(struct domain *d);

const struct definition *domain_definition(const struct domain *d);
const char *domain_name(const struct domain *d);
enum domain_state domain_get_state(const struct domain *d);
uint32_t domain_id(const struct domain *d);
/* The model of one that nobody sees yet (pool.h), else NULL. */
const char *domain_prepared_for(const struct domain *d);
struct daemon *domain_gui(struct domain *d);

/* Its definition was written by somebody else; ignored while it runs. Takes over the new one. */
void domain_redefine(struct domain *d, struct definition *definition);

/* Finds the machine of a former bulkheadd. */
void domain_adopt(struct domain *d);

void domain_start(struct domain *d, domain_done done, void *user);
/* The domain that must run while this one does, or NULL. */
struct domain *domain_needs(const struct domain *d);
void domain_stop(struct domain *d, bool force, domain_done done, void *user);
void domain_kill(struct domain *d, domain_done done, void *user);
/* Ends a start or stop that is under way by killing the domain, or a copy of its home. */
void domain_cancel(struct domain *d, domain_done done, void *user);
void domain_pause(struct domain *d, bool pause, domain_done done, void *user);
/* 0: not, and *error. Its start and end are told by manager events. */
void domain_run(struct domain *d, const char *const *argv,
	void (*done)(void *user, uint32_t id, const GError *error), void *user);
/* A command that ended before this call is remembered for a while. */
void domain_wait(struct domain *d, uint32_t id,
	void (*done)(void *user, int status, const GError *error), void *user);

/* option: "take", "rollback" or "drop"; the domain must be stopped, and stays so meanwhile. */
void domain_snapshot(
	struct domain *d, const char *option, const char *name, domain_done done, void *user);
/* a(st): names, and when each was made (seconds since 1970). A floating reference. */
GVariant *domain_snapshots(const struct domain *d);

bool domain_set(struct domain *d, const char *key, const char *text, GError **error);

/* The person works in it now, or no more. */
void domain_focus(struct domain *d, bool focused);
/* The display changed: daemons that could not start try again. */
void domain_display_changed(struct domain *d);

/* What D-Bus shows beside the definition; NULL for an unknown name. A floating reference. */
GVariant *domain_live_property(const struct domain *d, const char *name);
extern const char *const domain_live_properties[];
