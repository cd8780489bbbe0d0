/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Who can reach whom, and where information can flow to. A call carries bytes both ways, so it is a
 * flow both ways; a domain's network is one, too. The admin domain passes nothing on.
 */
#include "policy/decide.h"

struct policy_node {
	char *name; /* a domain, or "@dispvm:NAME": any disposable of it */
	bool admin;
	bool disposable; /* fresh for each caller: it answers nobody but who started it */
};

struct policy_edge {
	size_t from, to;
	enum policy_outcome outcome;    /* POLICY_ALLOW or POLICY_ASK */
	const struct policy_rule *rule; /* NULL: `from` has the network of `to` */
	const char *service;            /* "*": one that no rule names; NULL with the rule */
	const char *argument;           /* "*": any that no rule names */
};

struct policy_graph {
	struct policy_node *nodes;
	size_t node_count;
	struct policy_edge *edges; /* sorted by from, to, outcome, service, argument */
	size_t edge_count;
	struct policy_system *system; /* the picture with disposables that can call */
};

/* service: only this one; NULL: all. The graph points into the policy. 0 or -ENOMEM. */
MUST_USE int policy_graph_new(const struct policy *policy, const struct policy_system *system,
	const char *service, struct policy_graph *ret);
void policy_graph_deinit(struct policy_graph *graph);

/* One step of information: along a call, or back as its answer. */
struct policy_step {
	const struct policy_edge *edge; /* NULL: not reached */
	bool back;
	size_t before; /* the node that the information came from */
	size_t steps;  /* how many to here; 0: the start, or not reached */
};

/* The shortest way to every node: (*ret)[node]. The caller frees it. 0, -ENOMEM, or 1 if there is
 * no node of that name. */
MUST_USE int policy_graph_reach(
	const struct policy_graph *graph, const char *from, struct policy_step **ret);
