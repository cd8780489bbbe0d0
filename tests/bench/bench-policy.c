/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policy decisions: 100, 1,000 and 10,000 rules, 200 domains; p50 and p99 of single decisions,
 * beside the floor of the same run: a linear walk over the parsed rules with the same matcher. Also
 * one row for questions (their list of targets is built) and the time to read the rules. Prints;
 * asserts nothing. --json: one object per row.
 */
#include "policy/match.h"
#include "policy/test-generate.h"
#include "policy/test-memory.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define DOMAINS 200u
#define CALLS   20000u
#define BATCH   8u /* decisions between two looks at the clock: the clock costs 25 ns */

struct calls {
	char *source[CALLS], *target[CALLS], *service[CALLS];
};

struct row {
	double p50, p99;
	guint asks;
};

static double now_us(void) {
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static struct calls *calls_new(GRand *rand, guint services) {
	struct calls *calls = g_new0(struct calls, 1);

	for (guint i = 0; i < CALLS; i++) {
		calls->source[i] = g_strdup_printf("d%d", g_rand_int_range(rand, 0, DOMAINS));
		calls->target[i] = generate_target(rand, DOMAINS);
		calls->service[i] = g_strdup_printf(
			"s%d", g_rand_int_range(rand, 0, (gint32)services));
	}
	return calls;
}

static void calls_free(struct calls *calls) {
	for (guint i = 0; i < CALLS; i++) {
		g_free(calls->source[i]);
		g_free(calls->target[i]);
		g_free(calls->service[i]);
	}
	g_free(calls);
}

static struct row percentiles(double *times, guint count) {
	qsort(times, count, sizeof(*times), by_size);
	return (struct row){
		count ? times[count / 2] : 0, count ? times[count * 99 / 100] : 0, count};
}

/* asks: only calls that end in a question, else only those that do not. */
static struct row decisions(const struct policy *policy, const struct policy_system *system,
	const struct calls *calls, bool asks) {
	g_autofree double *times = g_new0(double, CALLS);
	guint n = 0;

	for (guint i = 0; i < CALLS; i++) {
		const struct policy_request request = {
			calls->source[i], calls->target[i], calls->service[i], "+a", NULL};
		struct policy_decision d;
		double start;
		bool is_ask;

		if (policy_decide(policy, system, &request, &d))
			return (struct row){0};
		is_ask = d.targets != NULL;
		policy_decision_deinit(&d);
		if (is_ask != asks)
			continue;
		start = now_us();
		for (guint j = 0; j < BATCH; j++) {
			if (policy_decide(policy, system, &request, &d))
				return (struct row){0};
			policy_decision_deinit(&d);
		}
		times[n++] = (now_us() - start) / BATCH;
	}
	return percentiles(times, n);
}

static struct row linear(const struct policy *policy, const struct policy_system *system,
	const struct calls *calls) {
	g_autofree double *times = g_new0(double, CALLS);
	guint n = 0;

	for (guint i = 0; i < CALLS; i += 20) {
		const struct domain_entry *to = system_entry(system, calls->target[i]);
		struct call call = {hashed_over(calls->service[i]), hashed_over("+a"),
			system_entry(system, calls->source[i]), TARGET_NONE};
		double start = now_us();
		enum policy_miss miss;
		size_t j = 0;

		if (to && !to->admin) {
			call.target = TARGET_DOMAIN;
			call.domain = to;
		}
		while (j < policy_rule_count(policy) &&
			!match_rule(policy_rule_at(policy, j), &call, &miss))
			j++;
		times[n++] = now_us() - start;
	}
	return percentiles(times, n);
}

static void run(guint rules, guint services, const struct policy_system *system, bool json) {
	g_autoptr(GRand) rand = g_rand_new_with_seed(7);
	g_autofree char *text = generate_policy(rand, rules, services, DOMAINS);
	struct calls *calls = calls_new(rand, services);
	struct policy_errors errors = {0};
	double start = now_us(), parse;
	struct policy *policy = memory_policy(text, &errors);
	struct row plain, asks, floor;

	parse = now_us() - start;
	plain = decisions(policy, system, calls, false);
	floor = linear(policy, system, calls);
	asks = decisions(policy, system, calls, true);
	printf(json ? "{\"bench\":\"policy\",\"rules\":%u,\"services\":%u,\"domains\":%u,"
		      "\"p50_us\":%.3f,\"p99_us\":%.3f,\"linear_p50_us\":%.3f,\"linear_p99_us\":%."
		      "3f,"
		      "\"ask_p50_us\":%.2f,\"ask_p99_us\":%.2f,\"parse_ms\":%.2f}\n"
		    : "| %u | %u | %u | %.2f / %.2f | %.1f / %.1f | %.1f / %.1f | %.1f |\n",
		rules, services, DOMAINS, plain.p50, plain.p99, floor.p50, floor.p99, asks.p50,
		asks.p99, parse / 1e3);
	policy_errors_deinit(&errors);
	policy_unref(policy);
	calls_free(calls);
}

int main(int argc, char **argv) {
	bool json = argc > 1 && !strcmp(argv[1], "--json");
	struct policy_system *system = generate_system(DOMAINS);

	if (!json)
		puts("p50 / p99, microseconds; must <= 20, aim <= 5 with 10,000 rules and 200 "
		     "domains.\n\n"
		     "| rules | services | domains | decision | plain walk | question with its "
		     "targets "
		     "| read all, ms |\n|---|---|---|---|---|---|---|");
	for (guint rules = 100; rules <= 10000; rules *= 10) {
		run(rules, rules / 5, system, json);
		run(rules, 3, system, json); /* the worst: all rules for few services */
	}
	policy_system_free(system);
	return 0;
}
