/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state machine, the back-off and the messages to a domain's helper. */
#include "domains/backoff.h"
#include "domains/domain-state.h"
#include "domains/local-msg.h"

#include <glib.h>

/* Every request in every state ends where it should: nothing that is under way can be asked twice,
 * and nothing but a domain that is over can be removed or redefined. */
static void test_requests(void) {
	for (enum domain_state s = 0; s < DOMAIN_STATE_COUNT; s++) {
		bool over = s == DOMAIN_STOPPED || s == DOMAIN_FAILED;

		g_assert_cmpint(domain_may(REQUEST_START, s) == ANSWER_DO, ==, over);
		g_assert_cmpint(domain_may(REQUEST_REMOVE, s) == ANSWER_DO, ==, over);
		g_assert_cmpint(domain_may(REQUEST_SET, s) == ANSWER_DO, ==, over);
		g_assert_cmpint(domain_may(REQUEST_KILL, s), ==, over ? ANSWER_DONE : ANSWER_DO);
		g_assert_cmpint(domain_may(REQUEST_STOP, s) == ANSWER_DONE, ==, over);
		g_assert_cmpint(domain_may(REQUEST_RUN, s) == ANSWER_DO, ==, s == DOMAIN_RUNNING);
		g_assert_cmpint(domain_may(REQUEST_PAUSE, s) == ANSWER_DO, ==, s == DOMAIN_RUNNING);
		g_assert_cmpint(
			domain_may(REQUEST_UNPAUSE, s) == ANSWER_DO, ==, s == DOMAIN_PAUSED);
	}
	g_assert_cmpint(domain_may(REQUEST_START, DOMAIN_STARTING), ==, ANSWER_WAIT);
	g_assert_cmpint(domain_may(REQUEST_START, DOMAIN_RUNNING), ==, ANSWER_DONE);
	g_assert_cmpint(domain_may(REQUEST_START, DOMAIN_PAUSED), ==, ANSWER_NO);
	g_assert_cmpint(domain_may(REQUEST_STOP, DOMAIN_STOPPING), ==, ANSWER_WAIT);
	g_assert_cmpint(domain_may(REQUEST_STOP, DOMAIN_PAUSED), ==, ANSWER_DO);
}

static void test_transitions(void) {
	static const char *const allowed[DOMAIN_STATE_COUNT] = {
		/* to:             stopped starting running paused stopping failed */
		[DOMAIN_STOPPED] = ".x....",
		[DOMAIN_STARTING] = "x.xxxx",
		[DOMAIN_RUNNING] = "x..xxx",
		[DOMAIN_PAUSED] = "x.x.xx",
		[DOMAIN_STOPPING] = "x....x",
		[DOMAIN_FAILED] = ".x....",
	};

	for (enum domain_state from = 0; from < DOMAIN_STATE_COUNT; from++)
		for (enum domain_state to = 0; to < DOMAIN_STATE_COUNT; to++)
			g_assert_cmpint(domain_may_become(from, to), ==, allowed[from][to] == 'x');
}

static void test_backoff(void) {
	static const unsigned waits[] = {
		0, 100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000};
	struct backoff b = {0};
	int64_t now = 1000;

	for (size_t i = 0; i < G_N_ELEMENTS(waits); i++) {
		backoff_started(&b, now);
		now += BACKOFF_STABLE_MS - 1;
		g_assert_cmpuint(backoff_ended(&b, now), ==, waits[i]);
	}
	backoff_started(&b, now);
	now += BACKOFF_STABLE_MS;
	g_assert_cmpuint(backoff_ended(&b, now), ==, 0);
	for (int i = 0; i < 1000; i++)
		g_assert_cmpuint(backoff_ended(&b, now), <=, BACKOFF_MAX_MS);
}

static void test_messages(void) {
	struct local_msg m = {.type = LOCAL_RUN, .id = 7, .value = -3}, out;
	uint8_t p[LOCAL_HEAD_SIZE + 4];

	m.more = (const uint8_t *)"abc";
	m.n_more = 3;
	memset(m.text, 'x', sizeof(m.text));
	g_assert_cmpuint(local_msg_encode(&m, p), ==, LOCAL_HEAD_SIZE + 3);
	g_assert_cmpint(local_msg_decode(span_over(p, LOCAL_HEAD_SIZE + 3), &out), ==, 0);
	g_assert_cmpint(out.value, ==, -3);
	g_assert_cmpuint(strlen(out.text), ==, LOCAL_TEXT_SIZE - 1);
	g_assert_cmpmem(out.more, out.n_more, "abc", 3);
	g_assert_cmpint(local_msg_decode(span_over(p, LOCAL_HEAD_SIZE - 1), &out), ==, 1);
	p[0] = LOCAL_STOP; /* nothing may follow */
	g_assert_cmpint(local_msg_decode(span_over(p, LOCAL_HEAD_SIZE + 3), &out), ==, 1);
	g_assert_cmpint(local_msg_decode(span_over(p, LOCAL_HEAD_SIZE), &out), ==, 0);
	p[LOCAL_HEAD_SIZE - 1] = 'x'; /* no end */
	g_assert_cmpint(local_msg_decode(span_over(p, LOCAL_HEAD_SIZE), &out), ==, 1);
	p[LOCAL_HEAD_SIZE - 1] = 0;
	for (unsigned type = 0; type < 256; type++) {
		bool known = (type >= LOCAL_QUERY && type <= LOCAL_FOCUS) ||
			     (type >= LOCAL_STATE && type <= LOCAL_REFUSED);

		p[0] = (uint8_t)type;
		g_assert_cmpint(local_msg_decode(span_over(p, LOCAL_HEAD_SIZE), &out), ==, !known);
	}
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/domain-state/requests", test_requests);
	g_test_add_func("/domain-state/transitions", test_transitions);
	g_test_add_func("/backoff/waits", test_backoff);
	g_test_add_func("/local-msg/messages", test_messages);
	return g_test_run();
}
