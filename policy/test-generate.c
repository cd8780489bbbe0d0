/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/test-generate.h"

#define PICK(rand, list) (list)[g_rand_int_range(rand, 0, G_N_ELEMENTS(list))]

static bool chance(GRand *rand, int percent) {
	return g_rand_int_range(rand, 0, 100) < percent;
}

static guint number(GRand *rand, guint count) {
	return (guint)g_rand_int_range(rand, 0, (gint32)count);
}

struct policy_system *generate_system(guint count) {
	static const char *const classes[] = {
		"AppVM", "AppVM", "AppVM", "TemplateVM", "StandaloneVM", "DispVM", "RemoteVM"};
	g_autoptr(GArray) records = g_array_new(FALSE, TRUE, sizeof(struct policy_domain));
	g_autoptr(GPtrArray) keep = g_ptr_array_new_with_free_func(g_free);
	struct policy_system *system = NULL;
	size_t bad;

	for (guint i = 0; i < count; i++) {
		const char **tags = g_new0(const char *, 3);
		struct policy_domain record = {.name = g_strdup_printf("d%u", i),
			.uuid = g_strdup_printf("00000000-0000-4000-8000-%012x", i + 1),
			.type = classes[i % G_N_ELEMENTS(classes)],
			.tags = tags,
			.tag_count = i % 3,
			.default_dispvm = i % 5 ? g_strdup_printf("d%u", i / 8 * 8) : NULL,
			.template_for_dispvms = i % 8 == 0,
			.running = i % 2,
			.internal = i % 11 == 10,
			.relayvm = i % 7 == 6 ? "d1" : NULL,
			.transport_rpc = i % 7 == 6 ? "x.Relay" : NULL};

		for (guint j = 0; j < record.tag_count; j++) {
			tags[j] = g_strdup_printf("t%u", (i + j * 3) % 8);
			g_ptr_array_add(keep, (gpointer)tags[j]);
		}
		g_ptr_array_add(keep, tags);
		g_ptr_array_add(keep, (gpointer)record.name);
		g_ptr_array_add(keep, (gpointer)record.uuid);
		g_ptr_array_add(keep, (gpointer)record.default_dispvm);
		g_array_append_val(records, record);
	}
	g_assert_cmpint(policy_system_new((const struct policy_domain *)(void *)records->data,
				records->len, &system, &bad),
		==, 0);
	return system;
}

static char *name(GRand *rand, guint domains) {
	guint i = number(rand, domains);

	if (chance(rand, 15))
		return g_strdup_printf("uuid:00000000-0000-4000-8000-%012x", i + 1);
	return chance(rand, 3) ? g_strdup("ghost") : g_strdup_printf("d%u", i);
}

static char *disposable(GRand *rand, guint domains) {
	g_autofree char *of = chance(rand, 90)
				      ? g_strdup_printf("d%u", number(rand, domains) / 8 * 8)
				      : name(rand, domains);

	return g_strdup_printf("@dispvm:%s", of);
}

static char *source(GRand *rand, guint domains) {
	static const char *const words[] = {
		"@anyvm", "*", "@type:AppVM", "@type:DispVM", "@adminvm"};

	if (chance(rand, 40))
		return name(rand, domains);
	if (chance(rand, 40))
		return g_strdup_printf("@tag:t%u", number(rand, 9));
	return g_strdup(PICK(rand, words));
}

static char *target(GRand *rand, guint domains) {
	static const char *const words[] = {
		"@anyvm", "*", "@default", "@dispvm", "@type:AppVM", "@adminvm", "dom0"};

	if (chance(rand, 35))
		return name(rand, domains);
	if (chance(rand, 25))
		return g_strdup_printf("@tag:t%u", number(rand, 9));
	if (chance(rand, 20))
		return disposable(rand, domains);
	if (chance(rand, 10))
		return g_strdup_printf("@dispvm:@tag:t%u", number(rand, 9));
	return g_strdup(PICK(rand, words));
}

static char *redirect(GRand *rand, guint domains) {
	static const char *const words[] = {"@dispvm", "@adminvm", "dom0"};

	if (chance(rand, 60))
		return name(rand, domains);
	return chance(rand, 40) ? disposable(rand, domains) : g_strdup(PICK(rand, words));
}

static void add_params(GString *text, GRand *rand, guint domains, const char *action, bool needs) {
	bool deny = *action == 'd', ask = action[1] == 's';

	if (!deny && (needs || chance(rand, 20))) {
		g_autofree char *to = redirect(rand, domains);

		g_string_append_printf(text, " target=%s", to);
	}
	if (ask && chance(rand, 30)) {
		g_autofree char *to = redirect(rand, domains);

		g_string_append_printf(text, " default_target=%s", to);
	}
	if (!deny && chance(rand, 20))
		g_string_append_printf(text, " autostart=%s", chance(rand, 50) ? "yes" : "no");
	if (!deny && chance(rand, 20))
		g_string_append(text, " user=root");
	if (chance(rand, 20))
		g_string_append_printf(text, " notify=%s", chance(rand, 50) ? "yes" : "no");
}

static void add_rule(GString *text, GRand *rand, guint services, guint domains) {
	static const char *const actions[] = {"allow", "deny", "ask", "ask"};
	static const char *const arguments[] = {"*", "*", "+", "+a", "+b"};
	const char *action = PICK(rand, actions), *argument = PICK(rand, arguments);
	g_autofree char *from = source(rand, domains);
	g_autofree char *to = target(rand, domains);

	if (chance(rand, 3))
		g_string_append(text, "* *");
	else
		g_string_append_printf(text, "s%u %s", number(rand, services), argument);
	g_string_append_printf(text, " %s %s %s", from, to, action);
	add_params(text, rand, domains, action, !g_strcmp0(to, "@default"));
	g_string_append_c(text, '\n');
}

char *generate_policy(GRand *rand, guint rules, guint services, guint domains) {
	GString *text = g_string_new("# generated\n");

	for (guint i = 0; i < rules; i++)
		add_rule(text, rand, services, domains);
	return g_string_free(text, FALSE);
}

char *generate_source(GRand *rand, guint domains) {
	return chance(rand, 2) ? g_strdup("ghost") : g_strdup_printf("d%u", number(rand, domains));
}

char *generate_target(GRand *rand, guint domains) {
	static const char *const words[] = {
		"", "@default", "@dispvm", "@adminvm", "dom0", "@tag:t1", "ghost"};

	if (chance(rand, 60))
		return name(rand, domains);
	return chance(rand, 40) ? disposable(rand, domains) : g_strdup(PICK(rand, words));
}
