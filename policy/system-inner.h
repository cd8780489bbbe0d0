/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The inside of a policy_system: for the evaluator, not for programs. */
#include "policy/symbols.h"
#include "policy/system.h"

struct domain_entry {
	struct policy_domain is; /* must stay first */
	uint32_t number;
	bool admin;
	struct hashed name, uuid, type, *tags;
	const char *disposable, *disposable_uuid;       /* "@dispvm:NAME", "@dispvm:uuid:..." */
	const struct domain_entry *disposable_template; /* the default_dispvm, if it exists */
};

struct policy_system {
	struct arena arena;
	struct symbols names; /* names and "uuid:..." */
	uint32_t *by_symbol;  /* number of the domain */
	struct domain_entry *domains;
	size_t count;
	const struct domain_entry *admin;
};

/* The system's own copy of a name or "uuid:..." that is in it. */
const char *system_text(const struct policy_system *system, const char *text);

const struct domain_entry *system_entry(const struct policy_system *system, const char *text);
bool entry_has_tag(const struct domain_entry *entry, const char *tag);
