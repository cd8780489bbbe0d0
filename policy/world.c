/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes domain records; judges nothing. */
#include "policy/world.h"

#include "policy/arena.h"
#include "common/domain-name.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct world {
	struct arena arena;
	struct policy_domain *list;
	size_t count, room;
	const char *template; /* the first disposable template */
	int error;
};

static struct policy_domain *add(struct world *world, const char *name) {
	struct domain_name checked;

	for (size_t i = 0; i < world->count; i++)
		if (!strcmp(world->list[i].name, name))
			return &world->list[i];
	if (domain_name_parse(name, &checked))
		return NULL;
	if (world->count == world->room) {
		size_t room = world->room ? world->room * 2 : 64;
		struct policy_domain *fresh = realloc(world->list, room * sizeof(*fresh));

		if (!fresh) {
			world->error = -ENOMEM;
			return NULL;
		}
		world->list = fresh;
		world->room = room;
	}
	name = arena_text(&world->arena, name, strlen(name));
	if (!name) {
		world->error = -ENOMEM;
		return NULL;
	}
	world->list[world->count] = (struct policy_domain){.name = name,
		.type = strcmp(name, POLICY_ADMIN_NAME) != 0 ? "AppVM" : "AdminVM",
		.running = true};
	return &world->list[world->count++];
}

/* A domain for a tag or a class, with a name that says what it stands for. */
static void add_standing_for(struct world *world, const char *what, const char *value, bool tag) {
	char name[DOMAIN_NAME_MAX + 1];
	struct policy_domain *domain;
	const char **tags = arena_alloc(&world->arena, sizeof(*tags));
	size_t i;

	snprintf(name, sizeof(name), "%s.%s", what, value);
	for (i = 0; name[i]; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-",
			    name[i]))
			name[i] = '_';
	domain = add(world, name);
	if (!domain || !tags || domain->tag_count > 0)
		return;
	tags[0] = value;
	if (tag) {
		domain->tags = tags;
		domain->tag_count = 1;
	} else {
		domain->type = value;
	}
}

static void add_token(struct world *world, const struct policy_token *token) {
	struct policy_domain *domain;

	switch (token->kind) {
	case TOKEN_NAME:
		add(world, token->text);
		break;
	case TOKEN_DISPVM_NAME:
		domain = add(world, token->value);
		if (domain) {
			domain->template_for_dispvms = true;
			if (!world->template)
				world->template = domain->name;
		}
		break;
	case TOKEN_TAG:
		add_standing_for(world, "tag", token->value, true);
		break;
	case TOKEN_TYPE:
		if (strcmp(token->value, "AdminVM") != 0)
			add_standing_for(world, "type", token->value, false);
		break;
	case TOKEN_UUID:
	case TOKEN_ADMIN:
	case TOKEN_ANY:
	case TOKEN_ALL:
	case TOKEN_DEFAULT:
	case TOKEN_DISPVM:
	case TOKEN_DISPVM_UUID:
	case TOKEN_DISPVM_TAG:
		break;
	}
}

static void world_deinit(struct world *world) {
	arena_deinit(&world->arena);
	free(world->list);
}

int policy_world_new(const struct policy *policy, const char *const *names, size_t name_count,
	struct policy_system **ret) {
	AUTO(world_deinit) struct world world = {.error = 0};
	size_t bad;
	int r;

	for (size_t i = 0; i < policy_rule_count(policy); i++) {
		const struct policy_rule *rule = policy_rule_at(policy, i);

		add_token(&world, &rule->source);
		add_token(&world, &rule->target);
		if (rule->redirects)
			add_token(&world, &rule->redirect);
		if (rule->has_default_target)
			add_token(&world, &rule->default_target);
	}
	for (size_t i = 0; i < name_count; i++)
		add(&world, names[i]);
	add(&world, "any-other");
	if (world.error)
		return world.error;
	for (size_t i = 0; i < world.count; i++)
		world.list[i].default_dispvm = world.template;
	r = policy_system_new(world.list, world.count, ret, &bad);
	return r > 0 ? -EINVAL : r;
}

int policy_world_with_disposables(
	const struct policy_system *system, struct policy_system **ret, size_t **ret_of) {
	AUTO(world_deinit) struct world world = {.error = 0};
	size_t count = policy_system_count(system), bad;
	AUTO(auto_free) size_t *of = malloc((2 * count + 1) * sizeof(*of));
	int r;

	world.room = 2 * count + 1;
	world.list = calloc(world.room, sizeof(*world.list));
	if (!of || !world.list)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		world.list[world.count] = *policy_system_at(system, i);
		of[world.count++] = SIZE_MAX;
	}
	for (size_t i = 0; i < count; i++) {
		const struct policy_domain *template = policy_system_at(system, i);
		struct policy_domain *domain;
		char name[DOMAIN_NAME_MAX + 1];
		size_t before = world.count;

		if (!template->template_for_dispvms)
			continue;
		snprintf(name, sizeof(name), "disposable.%zu", i);
		domain = add(&world, name);
		if (!domain || world.count == before)
			continue;
		*domain = (struct policy_domain){.name = domain->name,
			.type = "DispVM",
			.tags = template->tags,
			.tag_count = template->tag_count,
			.default_dispvm = template->name,
			.running = true,
			.internal = true,
			.netvm = template->netvm};
		of[before] = i;
	}
	if (world.error)
		return world.error;
	r = policy_system_new(world.list, world.count, ret, &bad);
	if (!r)
		*ret_of = TAKE(of);
	return r > 0 ? -EINVAL : r;
}
