/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What the policy must know of the domains there are: an immutable picture, made anew when a domain
 * appears, goes, starts or stops. The admin domain "dom0" is always in it.
 */
#include "common/cleanup.h"

#include <stdbool.h>
#include <stddef.h>

struct policy_domain {
	const char *name;
	const char *uuid; /* 36 characters, no prefix; NULL if it has none */
	const char *type; /* AppVM, DispVM, TemplateVM, StandaloneVM, AdminVM, RemoteVM */
	const char *const *tags;
	size_t tag_count;
	const char *default_dispvm; /* NULL: none */
	bool template_for_dispvms;
	bool running;
	bool internal;                       /* never offered in a question */
	const char *relayvm, *transport_rpc; /* RemoteVM only, else NULL */
	const char *netvm;                   /* NULL: no network; only the flow graph uses it */
};

#define POLICY_ADMIN_NAME  "dom0"
#define POLICY_ADMIN_UUID  "00000000-0000-0000-0000-000000000000"
#define POLICY_TAGS_MAX    256
#define POLICY_DOMAINS_MAX 16384

struct policy_system;

enum {
	POLICY_SYSTEM_E_NAME = 1, /* a record's name is no domain name */
	POLICY_SYSTEM_E_TWICE,    /* two records of one name or uuid */
	POLICY_SYSTEM_E_TAGS,     /* more than POLICY_TAGS_MAX tags, or too many domains */
};

/* Copies the records. 0, an answer above with *bad = the record's number, or -ENOMEM. */
MUST_USE int policy_system_new(
	const struct policy_domain *records, size_t count, struct policy_system **ret, size_t *bad);
struct policy_system *policy_system_free(struct policy_system *system);
void policy_system_free_p(struct policy_system **system);

size_t policy_system_count(const struct policy_system *system);
const struct policy_domain *policy_system_at(const struct policy_system *system, size_t i);

/* By name or by "uuid:..."; NULL if there is no such domain. */
const struct policy_domain *policy_system_find(
	const struct policy_system *system, const char *name_or_uuid);

/* One English sentence for an answer of policy_system_new. */
const char *policy_system_error(int answer);
