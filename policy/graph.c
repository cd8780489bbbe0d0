/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the evaluator's parts about every pair of domains and every call that rules tell apart. */
#include "policy/graph.h"

#include "policy/decide-inner.h"
#include "policy/world.h"

#include <errno.h>
#include <string.h>

static const char other_service[] = "some.OtherService";
static const char other_argument[] = "+some-other-argument";

struct build {
	const struct policy *policy;
	struct policy_graph *graph;
	size_t *of; /* by domain: the template it is a disposable of, or SIZE_MAX */
	size_t room;
	struct keymap known;                 /* from, to, call: edges that are there */
	uint32_t call;                       /* number of the call at hand */
	const struct policy_rule *spoken;    /* the call's rule that named service and argument */
	uint32_t buckets[MATCH_BUCKETS_MAX]; /* of the call and source at hand */
	size_t bucket_count;
	int error;
};

static size_t node_of_target(const struct build *b, const struct policy_target *target) {
	size_t domain;

	if (!target->domain)
		return SIZE_MAX;
	domain = (size_t)((const struct domain_entry *)(const void *)target->domain)->number;
	if (target->kind != TARGET_DISPOSABLE)
		return domain;
	for (size_t i = 0; i < b->graph->node_count; i++)
		if (b->of[i] == domain)
			return i;
	return SIZE_MAX;
}

static void add_edge(struct build *b, struct policy_edge edge) {
	struct policy_graph *graph = b->graph;
	uint64_t key = ((uint64_t)(edge.from + 1) << 44) ^ ((uint64_t)edge.to << 24) ^ b->call;
	uint32_t before = b->known.used, found;

	if (edge.to == SIZE_MAX || edge.from == edge.to)
		return;
	if (keymap_add(&b->known, key, (uint32_t)graph->edge_count, &found)) {
		b->error = -ENOMEM;
		return;
	}
	if (b->known.used == before) {
		/* What goes without a question counts for more than what can be asked. */
		if (edge.outcome == POLICY_ALLOW)
			graph->edges[found] = edge;
		return;
	}
	if (graph->edge_count == b->room) {
		size_t room = b->room ? b->room * 2 : 256;
		struct policy_edge *fresh = realloc(graph->edges, room * sizeof(*fresh));

		if (!fresh) {
			b->error = -ENOMEM;
			return;
		}
		graph->edges = fresh;
		b->room = room;
	}
	graph->edges[graph->edge_count++] = edge;
}

static void add_decision(struct build *b, size_t from, const struct policy_decision *d) {
	struct policy_edge edge = {.from = from,
		.outcome = d->outcome,
		.rule = d->rule,
		.service = b->spoken->service ? b->spoken->service : "*",
		.argument = b->spoken->argument ? b->spoken->argument : "*"};

	if (d->outcome == POLICY_ALLOW) {
		edge.to = node_of_target(b, &d->target);
		add_edge(b, edge);
	}
	for (size_t i = 0; d->outcome == POLICY_ASK && i < d->target_count; i++) {
		edge.to = node_of_target(b, &d->targets[i]);
		add_edge(b, edge);
	}
}

/* *asked: the ask rule whose list of targets is in the graph already; it is the same for any
 * target. */
static void try_call(struct build *b, const struct call *call, const struct policy_rule **asked) {
	struct policy_decision d;
	const struct policy_rule *rule;
	bool trapped;
	uint32_t first = match_in(b->policy, call, b->buckets, b->bucket_count, &trapped);

	if (first == NO_RULE || trapped)
		return;
	rule = &b->policy->rules[first];
	if (rule->action == POLICY_ACTION_DENY || rule == *asked)
		return;
	if (rule->action == POLICY_ACTION_ASK)
		*asked = rule;
	b->error = decide_by_rule(b->policy, b->graph->system, call, rule, &d);
	if (!b->error)
		add_decision(b, call->source->number, &d);
	policy_decision_deinit(&d);
}

static void try_targets(struct build *b, struct call call) {
	static const enum policy_target_kind lone[] = {TARGET_NONE, TARGET_KEYWORD};
	const struct policy_system *system = b->graph->system;
	const struct policy_rule *asked = NULL;

	b->bucket_count = match_buckets(b->policy, &call, b->buckets);
	for (size_t i = 0; i < 2 && !b->error; i++) {
		call.target = lone[i];
		try_call(b, &call, &asked);
	}
	for (size_t i = 0; i < system->count && !b->error; i++) {
		call.domain = &system->domains[i];
		/* A disposable that is running has no name that a rule could know. */
		call.target = call.domain->admin ? TARGET_ADMIN : TARGET_DOMAIN;
		if (b->of[i] == SIZE_MAX)
			try_call(b, &call, &asked);
		call.target = TARGET_DISPOSABLE;
		if (call.domain->is.template_for_dispvms && !b->error)
			try_call(b, &call, &asked);
	}
}

/* Each pair of service and argument that the rules tell apart, once. */
static void try_calls(struct build *b, const char *only) {
	const struct policy_system *system = b->graph->system;
	struct keymap seen = {0};

	for (uint32_t i = 0; i < b->policy->count && !b->error; i++) {
		const struct policy_rule *rule = &b->policy->rules[i];
		const char *service = rule->service ? rule->service : only ? only : other_service;
		struct call call = {.service = hashed_over(service),
			.argument = hashed_over(rule->argument ? rule->argument : other_argument)};
		uint64_t key = pair_key(symbols_find(&b->policy->symbols, call.service) + 1,
			symbols_find(&b->policy->symbols, call.argument));
		uint32_t before = seen.used, found;

		if (only && strcmp(service, only) != 0)
			continue;
		b->error = keymap_add(&seen, key, 1, &found);
		if (seen.used == before)
			continue;
		b->spoken = rule;
		b->call++;
		for (size_t j = 0; j < system->count && !b->error; j++) {
			call.source = &system->domains[j];
			if (!call.source->admin)
				try_targets(b, call);
		}
	}
	keymap_deinit(&seen);
}

static void add_networks(struct build *b) {
	const struct policy_system *system = b->graph->system;

	b->call = 0;
	for (size_t i = 0; i < system->count && !b->error; i++) {
		const char *netvm = system->domains[i].is.netvm;
		const struct domain_entry *to = netvm ? system_entry(system, netvm) : NULL;

		if (to)
			add_edge(b, (struct policy_edge){
					    .from = i, .to = to->number, .outcome = POLICY_ALLOW});
	}
}

static int add_nodes(struct build *b) {
	const struct policy_system *system = b->graph->system;

	b->graph->nodes = calloc(system->count, sizeof(*b->graph->nodes));
	if (!b->graph->nodes)
		return -ENOMEM;
	for (size_t i = 0; i < system->count; i++) {
		const struct domain_entry *entry = &system->domains[i];

		b->graph->nodes[i].admin = entry->admin;
		b->graph->nodes[i].disposable = b->of[i] != SIZE_MAX;
		b->graph->nodes[i].name = strdup(b->of[i] == SIZE_MAX
							 ? entry->is.name
							 : system->domains[b->of[i]].disposable);
		if (!b->graph->nodes[i].name)
			return -ENOMEM;
		b->graph->node_count++;
	}
	return 0;
}

static int compare_text(const char *a, const char *b) {
	return strcmp(a ? a : "", b ? b : "");
}

static int by_place(const void *a, const void *b) {
	const struct policy_edge *x = a, *y = b;
	int texts;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	if (x->outcome != y->outcome)
		return x->outcome < y->outcome ? -1 : 1;
	texts = compare_text(x->service, y->service);
	return texts ? texts : compare_text(x->argument, y->argument);
}

int policy_graph_new(const struct policy *policy, const struct policy_system *system,
	const char *service, struct policy_graph *ret) {
	AUTO(auto_free) size_t *of = NULL;
	struct build b = {.policy = policy, .graph = ret};

	*ret = (struct policy_graph){0};
	b.error = policy_world_with_disposables(system, &ret->system, &of);
	b.of = of;
	if (!b.error)
		b.error = add_nodes(&b);
	if (!b.error)
		try_calls(&b, service);
	if (!b.error)
		add_networks(&b);
	keymap_deinit(&b.known);
	if (b.error)
		policy_graph_deinit(ret);
	else if (ret->edge_count > 0)
		qsort(ret->edges, ret->edge_count, sizeof(*ret->edges), by_place);
	return b.error;
}

void policy_graph_deinit(struct policy_graph *graph) {
	for (size_t i = 0; i < graph->node_count; i++)
		free(graph->nodes[i].name);
	free(graph->nodes);
	free(graph->edges);
	policy_system_free(graph->system);
	*graph = (struct policy_graph){0};
}

/* The edges at each node, outgoing and incoming: list[start[node]] to list[start[node + 1] - 1]. */
struct edges_at {
	size_t *start, *list;
};

static void edges_at_deinit(struct edges_at *at) {
	free(at->start);
	free(at->list);
}

static int edges_at_init(const struct policy_graph *graph, struct edges_at *ret) {
	size_t nodes = graph->node_count;

	*ret = (struct edges_at){calloc(nodes + 2, sizeof(size_t)),
		calloc(2 * graph->edge_count + 1, sizeof(size_t))};
	if (!ret->start || !ret->list)
		return -ENOMEM;
	for (size_t e = 0; e < graph->edge_count; e++) {
		ret->start[graph->edges[e].from + 2]++;
		ret->start[graph->edges[e].to + 2]++;
	}
	for (size_t i = 2; i < nodes + 2; i++)
		ret->start[i] += ret->start[i - 1];
	/* start[node + 1] is the next free place of the node, and in the end the next one's start.
	 */
	for (size_t e = 0; e < graph->edge_count; e++) {
		ret->list[ret->start[graph->edges[e].from + 1]++] = e;
		ret->list[ret->start[graph->edges[e].to + 1]++] = e;
	}
	return 0;
}

static void take_step(const struct policy_graph *graph, struct policy_step *steps, size_t *queue,
	size_t *end, size_t at, const struct policy_edge *edge) {
	bool back = edge->to == at;
	size_t next = back ? edge->from : edge->to;

	if (steps[next].edge || next == queue[0] || (back && graph->nodes[at].disposable))
		return;
	steps[next] = (struct policy_step){edge, back, at, steps[at].steps + 1};
	if (!graph->nodes[next].admin)
		queue[(*end)++] = next;
}

int policy_graph_reach(
	const struct policy_graph *graph, const char *from, struct policy_step **ret) {
	AUTO(auto_free) struct policy_step *steps = calloc(graph->node_count + 1, sizeof(*steps));
	AUTO(auto_free) size_t *queue = calloc(graph->node_count + 1, sizeof(*queue));
	AUTO(edges_at_deinit) struct edges_at at = {NULL, NULL};
	size_t start = 0, end = 1;

	if (!steps || !queue || edges_at_init(graph, &at))
		return -ENOMEM;
	while (start < graph->node_count && strcmp(graph->nodes[start].name, from) != 0)
		start++;
	if (start == graph->node_count)
		return 1;
	queue[0] = start;
	for (size_t i = 0; i < end; i++)
		for (size_t j = at.start[queue[i]]; j < at.start[queue[i] + 1]; j++)
			take_step(graph, steps, queue, &end, queue[i], &graph->edges[at.list[j]]);
	*ret = TAKE(steps);
	return 0;
}
