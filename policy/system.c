/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies domain records once and finds them by name or uuid. */
#include "policy/system-inner.h"

#include "common/domain-name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *copy(struct arena *arena, const char *text, bool *failed) {
	char *fresh = text ? arena_text(arena, text, strlen(text)) : NULL;

	if (text && !fresh)
		*failed = true;
	return fresh;
}

static char *join(struct arena *arena, const char *prefix, const char *text) {
	size_t a = strlen(prefix), b = strlen(text);
	char *fresh = arena_alloc(arena, a + b + 1);

	if (fresh) {
		memcpy(fresh, prefix, a);
		memcpy(fresh + a, text, b);
	}
	return fresh;
}

static int copy_tags(
	struct arena *arena, const struct policy_domain *from, struct domain_entry *to) {
	const char **tags = arena_alloc(arena, (from->tag_count + 1) * sizeof(*tags));
	bool failed = !tags;

	to->tags = arena_alloc(arena, (from->tag_count + 1) * sizeof(*to->tags));
	for (size_t i = 0; i < from->tag_count && !failed && to->tags; i++) {
		tags[i] = copy(arena, from->tags[i] ? from->tags[i] : "", &failed);
		if (!failed)
			to->tags[i] = hashed_over(tags[i]);
	}
	to->is.tags = tags;
	to->is.tag_count = from->tag_count;
	return failed || !to->tags ? -ENOMEM : 0;
}

static int copy_record(
	struct arena *arena, const struct policy_domain *from, struct domain_entry *to) {
	bool failed = false;

	to->is = *from;
	to->is.name = copy(arena, from->name, &failed);
	to->admin = !strcmp(from->name, POLICY_ADMIN_NAME);
	to->is.uuid = copy(arena, to->admin ? POLICY_ADMIN_UUID : from->uuid, &failed);
	to->is.type = copy(arena, from->type ? from->type : "", &failed);
	to->is.default_dispvm = copy(arena, from->default_dispvm, &failed);
	to->is.relayvm = copy(arena, from->relayvm, &failed);
	to->is.transport_rpc = copy(arena, from->transport_rpc, &failed);
	to->is.netvm = copy(arena, from->netvm, &failed);
	to->disposable = join(arena, "@dispvm:", from->name);
	to->disposable_uuid = join(arena, "@dispvm:uuid:", to->is.uuid ? to->is.uuid : "");
	if (failed || !to->disposable || !to->disposable_uuid || copy_tags(arena, from, to))
		return -ENOMEM;
	to->name = hashed_over(to->is.name);
	to->type = hashed_over(to->is.type);
	to->uuid = hashed_over(to->is.uuid ? to->is.uuid : "");
	return 0;
}

/* Names and uuids stand in one table; the uuid with its prefix. */
static int enter(struct policy_system *system, const char *text, uint32_t number) {
	uint32_t before = system->names.count, symbol;
	int r = symbols_add(&system->names, &system->arena, hashed_over(text), &symbol);

	if (r)
		return r;
	if (symbol <= before)
		return POLICY_SYSTEM_E_TWICE;
	system->by_symbol[symbol] = number;
	return 0;
}

static int check(const struct policy_domain *record) {
	struct domain_name name;

	if (!record->name || domain_name_parse(record->name, &name))
		return POLICY_SYSTEM_E_NAME;
	return record->tag_count > POLICY_TAGS_MAX ? POLICY_SYSTEM_E_TAGS : 0;
}

static int add(struct policy_system *system, const struct policy_domain *record) {
	struct domain_entry *entry = &system->domains[system->count];
	char *uuid;
	int r = check(record);

	if (!r)
		r = copy_record(&system->arena, record, entry);
	if (!r)
		r = enter(system, record->name, (uint32_t)system->count);
	if (!r && entry->uuid.len > 0) {
		uuid = join(&system->arena, "uuid:", entry->is.uuid);
		r = uuid ? enter(system, uuid, (uint32_t)system->count) : -ENOMEM;
	}
	if (r)
		return r;
	entry->number = (uint32_t)system->count++;
	if (entry->admin)
		system->admin = entry;
	return 0;
}

static int fill(struct policy_system *system, const struct policy_domain *records, size_t count,
	size_t *bad) {
	const struct policy_domain admin = {.name = POLICY_ADMIN_NAME,
		.uuid = POLICY_ADMIN_UUID,
		.type = "AdminVM",
		.running = true};
	int r;

	for (size_t i = 0; i < count; i++) {
		*bad = i;
		r = add(system, &records[i]);
		if (r)
			return r;
	}
	if (!system->admin && (r = add(system, &admin)))
		return r;
	for (size_t i = 0; i < system->count; i++) {
		struct domain_entry *entry = &system->domains[i];

		if (entry->is.default_dispvm)
			entry->disposable_template = system_entry(system, entry->is.default_dispvm);
	}
	return 0;
}

int policy_system_new(const struct policy_domain *records, size_t count, struct policy_system **ret,
	size_t *bad) {
	AUTO(policy_system_free_p) struct policy_system *system = calloc(1, sizeof(*system));
	int r;

	*bad = 0;
	if (count > POLICY_DOMAINS_MAX)
		return POLICY_SYSTEM_E_TAGS;
	if (!system)
		return -ENOMEM;
	system->domains = calloc(count + 1, sizeof(*system->domains));
	system->by_symbol = calloc(2 * count + 4, sizeof(*system->by_symbol));
	if (!system->domains || !system->by_symbol)
		return -ENOMEM;
	r = fill(system, records, count, bad);
	if (r)
		return r;
	*ret = TAKE(system);
	return 0;
}

struct policy_system *policy_system_free(struct policy_system *system) {
	if (!system)
		return NULL;
	symbols_deinit(&system->names);
	arena_deinit(&system->arena);
	free(system->by_symbol);
	free(system->domains);
	free(system);
	return NULL;
}

void policy_system_free_p(struct policy_system **system) {
	*system = policy_system_free(*system);
}

size_t policy_system_count(const struct policy_system *system) {
	return system->count;
}

const struct policy_domain *policy_system_at(const struct policy_system *system, size_t i) {
	return i < system->count ? &system->domains[i].is : NULL;
}

const struct domain_entry *system_entry(const struct policy_system *system, const char *text) {
	uint32_t symbol = symbols_find(&system->names, hashed_over(text));

	return symbol ? &system->domains[system->by_symbol[symbol]] : NULL;
}

const char *system_text(const struct policy_system *system, const char *text) {
	return system->names.texts[symbols_find(&system->names, hashed_over(text))].s;
}

const struct policy_domain *policy_system_find(
	const struct policy_system *system, const char *text) {
	const struct domain_entry *entry = system_entry(system, text);

	return entry ? &entry->is : NULL;
}

bool entry_has_tag(const struct domain_entry *entry, const char *tag) {
	for (size_t i = 0; i < entry->is.tag_count; i++)
		if (!strcmp(entry->is.tags[i], tag))
			return true;
	return false;
}

const char *policy_system_error(int answer) {
	switch (answer) {
	case POLICY_SYSTEM_E_NAME:
		return "the name is no domain name";
	case POLICY_SYSTEM_E_TWICE:
		return "its name or its uuid stands twice in the list";
	case POLICY_SYSTEM_E_TAGS:
		return "it has more than 256 tags, or there are too many domains";
	default:
		return "there is not enough memory";
	}
}
