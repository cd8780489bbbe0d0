/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The broker: it knows the domains from the manager, the rules from the policy folders, and the
 * caller of a call from the socket the call came by. It never reads a domain's raw byte. What its
 * parts share.
 */
#include "policy/decide.h"
#include "policy/leases.h"
#include "qrexec/lib/packets.h"

#include <glib.h>

struct broker_options {
	const char *vchan;   /* for what runs in the admin domain; NULL: connections come from the
			      * manager */
	const char *ask;     /* the dialog; NULL: every question is answered with no */
	const char *serve;   /* runs services of the admin domain */
	const char *audit;   /* file; NULL: none */
	const char *journal; /* the journal's socket */
	const char *socket;  /* where qrexec-client connects; NULL: nowhere */
};

struct broker {
	struct broker_options options;
	GMainLoop *loop;
	struct packets *manager;
	struct domains *domains;
	struct rules *rules;
	struct calls *calls;
	struct ports *ports;
	struct asks *asks;
	struct pastes *pastes;
	struct policy_leases *leases;
	struct audit *audit; /* common/audit.h; NULL: none */
	bool audit_failed;
	struct admin *admin;
};

/* domains.c */
struct domain {
	struct broker *broker;
	char *name, *uuid, *type, *user, *default_dispvm, *label, *netvm;
	char **tags;
	uint32_t id; /* 0: not running; never that of the admin domain */
	uint32_t flags;
	struct packets *daemon; /* NULL: none */
	bool ready;
	unsigned calls; /* open ones that it made */
};

/* A picture of the domains for the policy; whoever keeps a decision keeps the picture. */
struct picture {
	int refs;
	struct policy_system *system;
};

struct domains *domains_new(struct broker *b);
struct domains *domains_free(struct domains *d);
struct domain *domains_find(struct domains *d, const char *name);
struct domain *domains_find_id(struct domains *d, uint32_t id);
void domains_update(struct domains *d, const struct broker_msg *m);
void domains_remove(struct domains *d, const char *name);
void domains_attach(struct domains *d, uint32_t id, const char *name, int fd);
/* NULL: the records make no picture; every call is denied then. */
struct picture *domains_picture(struct domains *d);
void picture_unref(struct picture *p);

/* rules.c */
struct rules *rules_new(struct broker *b);
struct rules *rules_free(struct rules *r);
struct policy *rules_now(struct rules *r); /* NULL: broken or none; not a reference */
/* The rule for the answer "always" to this question: tried, then written. If that cannot be, the
 * person is told why; the call at hand goes on all the same. */
void rules_add_always(struct rules *r, const struct policy_system *system,
	const struct policy_request *request, const struct policy_decision *ask,
	const char *chosen);

/* ports.c: data channels between two domains; 0: all are in use */
struct ports *ports_new(void);
struct ports *ports_free(struct ports *p);
uint32_t ports_take(struct ports *p, uint32_t a, uint32_t b);
void ports_give(struct ports *p, uint32_t a, uint32_t b, uint32_t port);
void ports_forget(struct ports *p, uint32_t domain);

/* audit.c: rules were read anew; reason: why they are broken, NULL: they are not */
void audit_policy(struct broker *b, const char *reason, const char *file, uint32_t line);

/* A copy or a paste of the clipboard between domains; "" is not written. */
struct audit_clipboard {
	const char *event, *source, *target, *outcome, *reason, *file, *rule;
	uint32_t line, bytes;
};

void audit_write_clipboard(struct broker *b, const struct audit_clipboard *r);

/* pastes.c: the clipboard between domains; it sees names and sizes only */
struct pastes *pastes_new(struct broker *b);
struct pastes *pastes_free(struct pastes *p);
void pastes_decide(struct pastes *p, const struct broker_msg *m);
void pastes_record(struct pastes *p, const struct broker_msg *m);

/* ask.c: questions to the person */
struct question {
	const char *source, *service, *argument, *target, *rule;
	const char *const *targets;
	const char *const *rules; /* what "always" would write for each; "": nothing */
	size_t target_count;
	int default_target; /* -1: none */
};

struct asks *asks_new(struct broker *b);
struct asks *asks_free(struct asks *a);
/* answer(data, chosen, choice) once, perhaps at once; chosen is NULL for no. Returns a ticket for
 * asks_cancel, 0 if it was answered already. */
uint64_t asks_open(struct asks *a, const struct question *q,
	void (*answer)(void *data, const char *chosen, enum broker_choice choice), void *data);
void asks_cancel(struct asks *a, uint64_t ticket);

/* calls.c */
struct calls *calls_new(struct broker *b);
struct calls *calls_free(struct calls *c);
void calls_request(struct calls *c, struct domain *from, const struct broker_msg *m);
void calls_terminated(struct calls *c, struct domain *from, uint32_t peer, uint32_t port);
void calls_domain_ready(struct calls *c, struct domain *d);
void calls_domain_gone(struct calls *c, struct domain *d);
void calls_manager_done(struct calls *c, const struct broker_msg *m, int fd);
/* A call of the admin domain's own; packets stay the caller's, who says calls_client_gone. */
uint64_t calls_run(struct calls *c, struct packets *client, const char *domain, const char *command,
	bool just_exec);
void calls_client_gone(struct calls *c, uint64_t id);

/* admin.c: qrexec-client */
MUST_USE int admin_listen(struct broker *b, const char *path, struct admin **ret);
struct admin *admin_free(struct admin *a);
