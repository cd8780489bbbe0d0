/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each kind of finding with the rule just beside it that has none, and the flow graph. */
#include "policy/graph.h"
#include "policy/lint.h"
#include "policy/test-memory.h"
#include "policy/world.h"

#include <glib.h>
#include <string.h>

static struct policy_system *make_world(void) {
	static const char *const office[] = {"office"};
	static const struct policy_domain records[] = {
		{.name = "work",
			.type = "AppVM",
			.tags = office,
			.tag_count = 1,
			.default_dispvm = "dvm"},
		{.name = "mail", .type = "AppVM", .default_dispvm = "dvm"},
		{.name = "vault", .type = "AppVM"},
		{.name = "dvm", .type = "AppVM", .template_for_dispvms = true, .netvm = "net"},
		{.name = "net", .type = "AppVM"},
		{.name = "far", .type = "RemoteVM", .relayvm = "net", .transport_rpc = "x"},
	};
	struct policy_system *system = NULL;
	size_t bad;

	g_assert_cmpint(policy_system_new(records, G_N_ELEMENTS(records), &system, &bad), ==, 0);
	return system;
}

/* "kind@rule" or "kind@rule>other", joined by spaces. */
static char *findings(const char *text, bool real) {
	struct policy_errors errors = {0};
	AUTO(policy_unref_p) struct policy *policy = memory_policy(text, &errors);
	AUTO(policy_system_free_p) struct policy_system *system = NULL;
	struct policy_findings found;
	GString *out = g_string_new(NULL);

	g_assert_nonnull(policy);
	if (real)
		system = make_world();
	else
		g_assert_cmpint(policy_world_new(policy, NULL, 0, &system), ==, 0);
	g_assert_cmpint(policy_lint(policy, system, real, &found), ==, 0);
	for (size_t i = 0; i < found.count; i++) {
		g_string_append_printf(out, "%s%s@%u", i ? " " : "",
			policy_finding_name(found.list[i].kind), found.list[i].rule->number);
		if (found.list[i].other)
			g_string_append_printf(out, ">%u", found.list[i].other->number);
	}
	policy_findings_deinit(&found);
	return g_string_free(out, FALSE);
}

static const struct {
	const char *text;
	bool real;
	const char *found;
} rows[] = {
	{"s * work mail allow\ns * mail work allow", true, ""},
	{"s * work mail allow\ns * work mail deny", false, "shadowed@1>0"},
	{"s * work @anyvm allow\ns +x work mail deny", false, "shadowed@1>0"},
	{"s +x work mail allow\ns * work mail deny", false, ""},
	{"* * * * deny\ns * work mail allow", false, "shadowed@1>0"},
	{"s * @anyvm @anyvm ask\ns * work @adminvm allow", false, ""},
	{"s * @anyvm @anyvm ask\ns * work @default deny\ns * @tag:x @dispvm deny\ns * a "
	 "@dispvm:@tag:y deny",
		false, "shadowed@1>0 shadowed@2>0 shadowed@3>0"},
	{"s * @anyvm @anyvm ask\ns * work @tag:x allow", false, ""},
	{"s * @anyvm @anyvm ask\ns * work @type:AppVM allow\ns * work @type:AdminVM allow", false,
		"shadowed@1>0"},
	{"s * * @anyvm deny\ns * @adminvm work allow\ns * @anyvm * allow", false, "shadowed@1>0"},
	{"s * work uuid:00000000-0000-4000-8000-000000000001 allow\ns * work mail allow", false,
		""},
	{"s * $anyvm mail allow", false, "never-matches@0"},
	{"s * work $dispvm allow", false, "never-matches@0"},
	{"s * work none allow", false, "never-matches@0"},
	{"s * work @type:appvm allow", false, "never-matches@0"},
	{"s * @dispvm:dvm mail allow", false, "never-matches@0"},
	{"s * @dispvm:@tag:x mail allow", false, "never-matches@0"},
	{"s * uuid:0 mail allow", false, "never-matches@0"},
	{"s * uuid:00000000-0000-4000-8000-00000000000A mail allow", false, "never-matches@0"},
	{"bulkhead.FilecopyResume * work mail deny", false, "never-matches@0"},
	{"qubes.Filecopy * work mail deny", false, ""},
	{"s * work mail allow target=mail,user=root", false, "redirect-nowhere@0"},
	{"s * work vault allow target=@dispvm:mail", true, "redirect-nowhere@0"},
	{"s * work nobody allow", true, "unreachable@0 unknown-domain@0"},
	{"s * work nobody allow", false, ""},
	{"s * nobody work allow", true, "unreachable@0 unknown-domain@0"},
	{"s * work @tag:none allow", true, "unreachable@0"},
	{"s * work work allow\ns * work mail allow\ns * work @tag:office allow", true,
		"unreachable@2"},
	{"s * work mail allow target=vault\ns * work vault deny", false,
		"redirect-passes-deny@0>1"},
	{"s * work mail allow target=vault\ns +x work vault deny", false,
		"redirect-passes-deny@0>1"},
	{"s +y work mail allow target=vault\ns +x work vault deny", false, ""},
	{"s * work mail allow target=vault\ns * net vault deny", false, ""},
	{"s * @tag:office mail allow target=vault\ns * work vault deny", true,
		"redirect-passes-deny@0>1"},
	{"s * work mail ask default_target=vault", true, "default-target-not-offered@0"},
	{"s * work mail ask default_target=vault\ns * work vault ask", true, ""},
	{"s * work mail ask default_target=mail", true, ""},
	{"s * work mail ask target=mail default_target=vault", true,
		"default-target-not-offered@0"},
	{"s * work @dispvm deny\ns * work @anyvm allow", true, "disposable-gap@0>1"},
	{"s * work @dispvm deny\ns * work @dispvm:dvm deny\ns * work @anyvm allow", true, ""},
	{"s * vault @dispvm deny\ns * vault @anyvm allow", true, ""},
	{"s * work mail allow target=far", true, "remote-redirect@0"},
};

static void test_findings(void) {
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got = findings(rows[i].text, rows[i].real);

		g_test_message("row %zu: %s", i, rows[i].text);
		g_assert_cmpstr(got, ==, rows[i].found);
	}
}

/* "from>to:outcome:service", sorted as the graph is. */
static char *edges(const char *text, const char *service) {
	struct policy_errors errors = {0};
	AUTO(policy_unref_p) struct policy *policy = memory_policy(text, &errors);
	AUTO(policy_system_free_p) struct policy_system *system = make_world();
	struct policy_graph graph;
	GString *out = g_string_new(NULL);

	g_assert_cmpint(policy_graph_new(policy, system, service, &graph), ==, 0);
	for (size_t i = 0; i < graph.edge_count; i++) {
		const struct policy_edge *e = &graph.edges[i];

		if (e->rule)
			g_string_append_printf(out, "%s%s>%s:%c:%s%s", out->len ? " " : "",
				graph.nodes[e->from].name, graph.nodes[e->to].name,
				e->outcome == POLICY_ALLOW ? 'a' : 'q', e->service, e->argument);
	}
	policy_graph_deinit(&graph);
	return g_string_free(out, FALSE);
}

static void test_edges(void) {
	static const struct {
		const char *text, *service, *edges;
	} table[] = {
		{"s * work mail allow\nt + mail vault ask", NULL, "work>mail:a:s* mail>vault:q:t+"},
		{"s * work mail allow\nt + mail vault ask", "t", "mail>vault:q:t+"},
		{"s * work mail allow target=vault", NULL, "work>vault:a:s*"},
		{"s * work @default allow target=vault", NULL, "work>vault:a:s*"},
		{"s * work @dispvm allow", NULL, "work>@dispvm:dvm:a:s*"},
		{"s * vault @dispvm allow", NULL, ""},
		{"s * work work allow", NULL, ""},
		{"s * work @adminvm allow", NULL, "work>dom0:a:s*"},
		{"s * @adminvm work allow", NULL, ""},
		{"s * @type:DispVM mail allow", NULL, "@dispvm:dvm>mail:a:s*"},
		{"* * work mail allow", NULL, "work>mail:a:**"},
		{"* * work mail allow", "x", "work>mail:a:**"},
		{"s * work mail allow\ns * work @tag:office ask\ns * work @anyvm deny", NULL,
			"work>mail:a:s*"},
		{"s +x work mail deny\ns * work mail allow", NULL, "work>mail:a:s*"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autofree char *got = edges(table[i].text, table[i].service);

		g_test_message("row %zu: %s", i, table[i].text);
		g_assert_cmpstr(got, ==, table[i].edges);
	}
}

static char *reach(const char *text, const char *from) {
	struct policy_errors errors = {0};
	AUTO(policy_unref_p) struct policy *policy = memory_policy(text, &errors);
	AUTO(policy_system_free_p) struct policy_system *system = make_world();
	AUTO(auto_free) struct policy_step *steps = NULL;
	struct policy_graph graph;
	GString *out = g_string_new(NULL);

	g_assert_cmpint(policy_graph_new(policy, system, NULL, &graph), ==, 0);
	g_assert_cmpint(policy_graph_reach(&graph, from, &steps), ==, 0);
	for (size_t i = 0; i < graph.node_count; i++)
		if (steps[i].edge)
			g_string_append_printf(out, "%s%s:%zu%s", out->len ? " " : "",
				graph.nodes[i].name, steps[i].steps, steps[i].back ? "<" : "");
	policy_graph_deinit(&graph);
	return g_string_free(out, FALSE);
}

/* E8: the closure has every way out: through calls, their answers, disposables and networks. */
static void test_reach(void) {
	static const struct {
		const char *text, *from, *reach;
	} table[] = {
		{"s * work mail allow\ns * mail vault ask", "work", "mail:1 vault:2"},
		{"s * work mail allow", "mail", "work:1<"},
		{"s * vault @dispvm:dvm allow", "vault", "dvm:3< net:2 @dispvm:dvm:1"},
		{"s * vault @dispvm:dvm allow\ns * mail @dispvm:dvm allow", "vault",
			"dvm:3< net:2 @dispvm:dvm:1"},
		{"s * vault @dispvm:dvm allow\ns * @type:DispVM mail ask", "vault",
			"mail:2 dvm:3< net:2 @dispvm:dvm:1"},
		{"s * work @adminvm allow\ns * mail @adminvm allow", "work", "dom0:1"},
		{"s * work mail deny", "work", ""},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autofree char *got = reach(table[i].text, table[i].from);

		g_test_message("row %zu: %s", i, table[i].text);
		g_assert_cmpstr(got, ==, table[i].reach);
	}
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/policy/lint/findings", test_findings);
	g_test_add_func("/policy/graph/edges", test_edges);
	g_test_add_func("/bug-class/E8/reach", test_reach);
	return g_test_run();
}
