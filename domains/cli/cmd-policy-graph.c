/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `bulkhead policy graph`: who can reach whom, as text, DOT or JSON. Changes nothing. */
#include "domains/cli/cmd-policy.h"

#include "policy/graph.h"
#include "policy/reply.h"

#include <stdio.h>
#include <string.h>

struct graph_cli {
	struct policy_cli cli;
	char *service, *reach;
	gboolean dot;
	struct policy_graph graph;
};

static char *edge_words(const struct policy_edge *edge) {
	const char *argument = edge->argument;

	if (!edge->rule)
		return g_strdup("network");
	return g_strdup_printf("%s %s%s", policy_outcome_word(edge->outcome),
		!strcmp(edge->service, "*") ? "any other service" : edge->service,
		!strcmp(argument, "*") || !strcmp(argument, "+") ? "" : argument);
}

static const char *name(const struct graph_cli *g, size_t node) {
	return g->graph.nodes[node].name;
}

/* The edges of one pair stand together: [i, returned) */
static size_t pair_end(const struct policy_graph *graph, size_t i) {
	size_t end = i;

	while (end < graph->edge_count && graph->edges[end].from == graph->edges[i].from &&
		graph->edges[end].to == graph->edges[i].to)
		end++;
	return end;
}

static void print_pairs(const struct graph_cli *g) {
	const struct policy_graph *graph = &g->graph;

	for (size_t i = 0, end; i < graph->edge_count; i = end) {
		end = pair_end(graph, i);
		printf("%s -> %s:", name(g, graph->edges[i].from), name(g, graph->edges[i].to));
		for (size_t j = i; j < end; j++) {
			g_autofree char *words = edge_words(&graph->edges[j]);

			printf("%s %s", j > i ? "," : "", words);
		}
		putchar('\n');
	}
}

/* Names of domains, services and arguments hold nothing that DOT would take for its own. */
static void print_dot_pair(const struct graph_cli *g, size_t i, size_t end) {
	const struct policy_graph *graph = &g->graph;
	bool asks = graph->edges[i].outcome == POLICY_ASK;

	printf("\t\"%s\" -> \"%s\" [%slabel=\"", name(g, graph->edges[i].from),
		name(g, graph->edges[i].to), asks ? "style=dashed, " : "");
	for (size_t j = i; j < end; j++) {
		g_autofree char *words = edge_words(&graph->edges[j]);

		printf("%s%s", j > i ? "\\n" : "", words);
	}
	printf("\"];\n");
}

static void print_dot(const struct graph_cli *g) {
	printf("digraph policy {\n");
	for (size_t i = 0; i < g->graph.node_count; i++)
		printf("\t\"%s\"%s;\n", name(g, i),
			g->graph.nodes[i].admin ? " [shape=box]"
			: name(g, i)[0] == '@'  ? " [style=dotted]"
						: "");
	for (size_t i = 0, end; i < g->graph.edge_count; i = end) {
		end = pair_end(&g->graph, i);
		print_dot_pair(g, i, end);
	}
	printf("}\n");
}

static void json_text(JsonBuilder *json, const char *key, const char *text) {
	json_builder_set_member_name(json, key);
	if (text)
		json_builder_add_string_value(json, text);
	else
		json_builder_add_null_value(json);
}

static void json_edge(
	const struct graph_cli *g, JsonBuilder *json, const struct policy_edge *edge) {
	json_text(json, "source", name(g, edge->from));
	json_text(json, "target", name(g, edge->to));
	json_text(json, "outcome", edge->rule ? policy_outcome_word(edge->outcome) : "network");
	json_text(json, "service", edge->service);
	json_text(json, "argument", edge->argument);
	policy_cli_json_rule(json, edge->rule);
}

static void print_json(const struct graph_cli *g) {
	g_autoptr(JsonBuilder) json = json_builder_new();

	json_builder_begin_object(json);
	json_builder_set_member_name(json, "nodes");
	json_builder_begin_array(json);
	for (size_t i = 0; i < g->graph.node_count; i++)
		json_builder_add_string_value(json, name(g, i));
	json_builder_end_array(json);
	json_builder_set_member_name(json, "edges");
	json_builder_begin_array(json);
	for (size_t i = 0; i < g->graph.edge_count; i++) {
		json_builder_begin_object(json);
		json_edge(g, json, &g->graph.edges[i]);
		json_builder_end_object(json);
	}
	json_builder_end_array(json);
	json_builder_end_object(json);
	policy_cli_json_print(json);
}

/* The steps from the start to a node, first one first. */
static GPtrArray *path_to(const struct policy_step *steps, size_t node) {
	GPtrArray *path = g_ptr_array_new();

	for (; steps[node].edge; node = steps[node].before)
		g_ptr_array_insert(path, 0, (gpointer)&steps[node]);
	return path;
}

static void print_step(const struct graph_cli *g, const struct policy_step *step) {
	const struct policy_edge *edge = step->edge;
	size_t from = step->before, to = step->back ? edge->from : edge->to;
	g_autofree char *words = edge_words(edge);
	g_autofree char *where = edge->rule ? policy_cli_where(edge->rule) : NULL;

	printf("      %s -> %s: %s%s%s%s%s\n", name(g, from), name(g, to),
		!edge->rule  ? ""
		: step->back ? "answers its call, "
			     : "calls it, ",
		words, where ? " (" : "", where ? where : "", where ? ")" : "");
}

static void print_reach(const struct graph_cli *g, const struct policy_step *steps) {
	size_t reached = 0;

	printf("what %s knows can flow to:\n", g->reach);
	for (size_t i = 0; i < g->graph.node_count; i++) {
		g_autoptr(GPtrArray) path = path_to(steps, i);

		if (path->len == 0)
			continue;
		reached++;
		printf("  %s (%u step%s)\n", name(g, i), path->len, path->len > 1 ? "s" : "");
		for (guint j = 0; j < path->len; j++)
			print_step(g, path->pdata[j]);
	}
	if (reached == 0)
		printf("  nowhere\n");
}

static void print_reach_dot(const struct graph_cli *g, const struct policy_step *steps) {
	printf("digraph reach {\n\t\"%s\" [style=bold];\n", g->reach);
	for (size_t i = 0; i < g->graph.node_count; i++) {
		g_autofree char *words = steps[i].edge ? edge_words(steps[i].edge) : NULL;

		if (words)
			printf("\t\"%s\" -> \"%s\" [%slabel=\"%s%s\"];\n", name(g, steps[i].before),
				name(g, i),
				steps[i].edge->outcome == POLICY_ASK ? "style=dashed, " : "",
				steps[i].back ? "answer: " : "", words);
	}
	printf("}\n");
}

static void print_reach_json(const struct graph_cli *g, const struct policy_step *steps) {
	g_autoptr(JsonBuilder) json = json_builder_new();

	json_builder_begin_object(json);
	json_text(json, "from", g->reach);
	json_builder_set_member_name(json, "reach");
	json_builder_begin_array(json);
	for (size_t i = 0; i < g->graph.node_count; i++) {
		g_autoptr(GPtrArray) path = path_to(steps, i);

		if (path->len == 0)
			continue;
		json_builder_begin_object(json);
		json_text(json, "domain", name(g, i));
		json_builder_set_member_name(json, "path");
		json_builder_begin_array(json);
		for (guint j = 0; j < path->len; j++) {
			const struct policy_step *step = path->pdata[j];

			json_builder_begin_object(json);
			json_edge(g, json, step->edge);
			json_text(json, "direction", step->back ? "answer" : "call");
			json_builder_end_object(json);
		}
		json_builder_end_array(json);
		json_builder_end_object(json);
	}
	json_builder_end_array(json);
	json_builder_end_object(json);
	policy_cli_json_print(json);
}

static int reach(const struct graph_cli *g) {
	AUTO(auto_free) struct policy_step *steps = NULL;
	int r = policy_graph_reach(&g->graph, g->reach, &steps);

	if (r) {
		fprintf(stderr,
			r > 0 ? "bulkhead policy: there is no domain \"%s\"\n"
			      : "bulkhead policy: there is not enough memory for %s\n",
			g->reach);
		return POLICY_EXIT_REQUEST;
	}
	if (g->cli.json)
		print_reach_json(g, steps);
	else if (g->dot)
		print_reach_dot(g, steps);
	else
		print_reach(g, steps);
	return 0;
}

static int graph(struct graph_cli *g) {
	const char *const names[] = {g->reach};
	int r = policy_cli_load(&g->cli);

	if (!r)
		r = policy_cli_domains(&g->cli, names, g->reach ? 1 : 0);
	if (r)
		return r;
	if (policy_graph_new(g->cli.load.policy, g->cli.system,
		    g->service ? policy_decided_as(g->service) : NULL, &g->graph)) {
		fputs("bulkhead policy: there is not enough memory\n", stderr);
		return POLICY_EXIT_REQUEST;
	}
	if (g->cli.made_up)
		fputs("bulkhead policy: no --domains: only the domains that the rules name, and "
		      "one that stands for all others\n",
			stderr);
	if (g->reach)
		return reach(g);
	if (g->cli.json)
		print_json(g);
	else if (g->dot)
		print_dot(g);
	else
		print_pairs(g);
	return 0;
}

int cmd_policy_graph(int argc, char **argv) {
	struct graph_cli g = {.dot = FALSE};
	const GOptionEntry entries[] = {POLICY_CLI_OPTIONS(&g.cli),
		{"service", 0, 0, G_OPTION_ARG_STRING, &g.service, "look at this service only",
			"SERVICE"},
		{"dot", 0, 0, G_OPTION_ARG_NONE, &g.dot, "answer as a graph for dot(1)", NULL},
		{"reach", 0, 0, G_OPTION_ARG_STRING, &g.reach,
			"all that information of this domain can flow to, and how", "DOMAIN"},
		{NULL}};
	int r = POLICY_EXIT_REQUEST;

	if (policy_cli_options(&argc, &argv, entries, "",
		    "Shows who can reach whom. A call carries information both ways, and so does "
		    "a network.\nExit status: 0, 3 error in the policy, 4 wrong option or "
		    "domain.")) {
		if (argc > 1)
			fputs("usage: bulkhead policy graph [OPTION...]\n", stderr);
		else
			r = graph(&g);
	}
	policy_graph_deinit(&g.graph);
	policy_cli_deinit(&g.cli);
	g_free(g.service);
	g_free(g.reach);
	return r;
}
