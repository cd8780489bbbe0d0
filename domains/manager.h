/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* All domains, their definitions on disk, and what holds for all of them. Knows no D-Bus: whoever
 * shows it to the outside listens to its events. */
#include "domains/domain.h"
#include "domains/job.h"
#include "domains/store.h"

struct manager_events {
	void (*added)(void *user, struct domain *d);
	void (*removed)(void *user, struct domain *d); /* still whole */
	/* names: of D-Bus properties, ends with NULL */
	void (*changed)(void *user, struct domain *d, const char *const *names);
	void (*command_ended)(void *user, struct domain *d, uint32_t id, int status);
	void (*refused)(void *user, struct domain *d, const char *what);
	void (*global_changed)(void *user, const char *name);
	void (*job_added)(void *user, const struct job *j);
	void (*job_changed)(void *user, const struct job *j); /* its state or progress */
	void (*job_removed)(void *user, const struct job *j); /* still whole */
};

struct manager {
	const struct backend_ops *ops;
	struct backend *backend;
	struct store store;
	GHashTable *domains; /* name -> struct domain */
	GHashTable *broken;  /* file -> why */
	GHashTable *jobs;    /* id -> struct job */
	uint32_t next_job;
	const struct manager_events *events;
	void *user;
	struct daemon *desk;
	struct audit *audit; /* common/audit.h; NULL: none */
	struct calls *calls; /* NULL until domains were found */
	struct pool *pool;   /* the same */
	/* throw-away domains that ended and are not gone yet, and who waits for that */
	unsigned leaving;
	struct stop_all *stop_all;
	char *display; /* "" : none */
	char *runtime_path;
	bool locked, hidden;
	uint32_t keyboard_lock, focused;
	char *focused_name;
	struct manager_clipboard *clipboard;
	uint32_t chords[CTL_CHORD_PASTE + 1]; /* of the desk's; by CTL_CHORD_* */
	bool chords_known;
	void (*ready)(void *user, const char *error);
	void *ready_user;
};

/* session_path: where the session's programs meet (runtime_path, if they are of the same user).
 * ready: domains were found; error: why none can be started (NULL: all is well). */
int manager_init(struct manager *m, const struct backend_ops *ops, int runtime,
	const char *runtime_path, const char *session_path, const struct manager_events *events,
	void *user, void (*ready)(void *user, const char *error), void *ready_user, GError **error);
void manager_deinit(struct manager *m);

struct domain *manager_find(struct manager *m, const char *name);
/* The same, for whoever is outside: not what is prepared. */
struct domain *manager_find_shown(struct manager *m, const char *name);
/* One that runs and has its network from this domain, or NULL. */
struct domain *manager_needs(struct manager *m, const struct domain *d);
/* pairs: key, text, ..., NULL. NULL and *error. */
struct domain *manager_create(
	struct manager *m, const char *name, const char *const *pairs, GError **error);
/* One with the properties of another, but its uuid. NULL and *error. */
struct domain *manager_clone(
	struct manager *m, const struct domain *from, const char *name, GError **error);
/* Makes a domain of that definition, which is taken over; prepared_for: the model of one that
 * nobody sees yet, or NULL. NULL and *error. */
struct domain *manager_add(
	struct manager *m, struct definition *d, const char *prepared_for, GError **error);
/* One that was prepared is somebody's now. */
void manager_show(struct manager *m, struct domain *d);

/* What a throw-away domain of that name and model is. NULL: a value of the model is not allowed. */
struct definition *disposable_definition(const struct definition *model, struct domain_name name);
/* A new one, stopped; prepared: nobody sees it. NULL and *error. */
struct domain *manager_make_disposable(
	struct manager *m, struct domain *model, bool prepared, GError **error);
/* A throw-away domain like `model`, which must allow that: one that was prepared and runs now, or a
 * new one that is stopped. NULL and error. */
void manager_create_disposable(struct manager *m, const char *model,
	void (*done)(void *user, struct domain *d, const GError *error), void *user);
/* The domain ended; a throw-away one goes, soon. */
void manager_domain_over(struct manager *m, struct domain *d);
/* A throw-away domain is gone. */
void manager_left(struct manager *m);
/* A domain_done for whom the answer is all the same. */
void manager_ignore(void *user, const GError *error);
void manager_remove(
	struct manager *m, struct domain *d, bool keep_data, domain_done done, void *user);
/* What former managers did not live to remove. */
void manager_remove_rest(struct manager *m);
/* Reads the definitions anew; those of domains that run change at their next start. */
void manager_reload(struct manager *m);
void manager_set_display(struct manager *m, const char *display, const char *xauthority);
void manager_hide_all(struct manager *m, bool hide);

/* Stops all running domains, then calls done. */
void manager_stop_all(struct manager *m, void (*done)(void *user), void *user);

/* bulkhead-desk, where there is a display: before the first domain, not in the way of its start. */
void manager_start_desk(struct manager *m);
/* From a domain: its gui-daemon said so. */
void manager_gui_said(struct manager *m, struct domain *d, const struct ctl_msg *msg, int fd);
/* Its gui-daemon ended: it has no focus, whoever gets it now. */
void manager_gui_gone(struct manager *m, struct domain *d);
/* The clipboard between domains (manager-clipboard.c). */
struct manager_clipboard *manager_clipboard_new(struct manager *m);
struct manager_clipboard *manager_clipboard_free(struct manager_clipboard *c);
void manager_clipboard_said(struct manager *m, struct domain *d, const struct ctl_msg *msg, int fd);
void manager_clipboard_focus(struct manager *m);
void manager_clipboard_unseen(struct manager *m); /* the desk ended */
/* Its gui-daemon ended; gone: the domain too. */
void manager_clipboard_lost(struct manager *m, struct domain *d, bool gone);
/* The broker decided (proto/broker.h, BROKER_PASTE_*). */
void manager_clipboard_decided(
	struct manager *m, uint32_t number, uint32_t outcome, const char *why);
/* What a fresh gui-daemon must know. */
void manager_greet(struct manager *m, struct domain *d);
void manager_changed(
	struct manager *m, struct domain *d, const char *first, ...) G_GNUC_NULL_TERMINATED;
