/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/copyreport.h"
#include "proto/filecopy.h"

#include <errno.h>
#include <glib.h>

static const struct copyreport running = {.kind = COPYREPORT_RUNNING,
	.role = COPYREPORT_RECEIVES,
	.files = 3,
	.bytes = 4096,
	.total = INT64_MAX,
	.peer = {"work"}};

static int round_trip(const struct copyreport *r, struct copyreport *ret) {
	uint8_t data[COPYREPORT_SIZE];

	copyreport_encode(r, data);
	return copyreport_decode(span_over(data, sizeof(data)), ret);
}

static void test_round(void) {
	struct copyreport r = running, got;
	uint8_t data[COPYREPORT_SIZE + 1] = {0};

	copyreport_encode(&r, data);
	for (size_t n = 0; n <= sizeof(data); n++)
		g_assert_cmpint(copyreport_decode(span_over(data, n), &got), ==,
			n == COPYREPORT_SIZE ? 0 : 1);
	g_assert_cmpint(round_trip(&r, &got), ==, 0);
	g_assert_cmpuint(got.bytes, ==, 4096);
	g_assert_cmpuint(got.total, ==, INT64_MAX);
	g_assert_cmpstr(got.peer.s, ==, "work");
	g_assert_false(got.has_digest);
	r.kind = COPYREPORT_DONE;
	r.digest[31] = 1;
	g_assert_cmpint(round_trip(&r, &got), ==, 0);
	g_assert_true(got.has_digest);
	g_assert_cmpmem(got.digest, 32, r.digest, 32);
}

/* Each with one thing wrong. */
static void test_wrong(void) {
	struct copyreport wrong[] = {running, running, running, running, running, running, running,
		running, running, running, running, running};
	struct copyreport got;

	wrong[0].kind = (enum copyreport_kind)0;
	wrong[1].kind = (enum copyreport_kind)5;
	wrong[2].role = (enum copyreport_role)0;
	wrong[3].role = (enum copyreport_role)3;
	wrong[4].files = (uint64_t)INT64_MAX + 1;
	wrong[5].bytes = (uint64_t)INT64_MAX + 1;
	wrong[6].total = (uint64_t)INT64_MAX + 1;
	wrong[7].error = EIO;              /* and it runs */
	wrong[8].kind = COPYREPORT_FAILED; /* with nothing */
	wrong[9].kind = COPYREPORT_FAILED;
	wrong[9].error = 4096;
	wrong[10].digest[0] = 1;
	wrong[11].peer.s[0] = 0;
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
		g_assert_cmpint(round_trip(&wrong[i], &got), ==, 1);
}

static void test_peer(void) {
	static const char *const bad[] = {"../work", "-work", "Domain-0", "wo\nrk", "\033[31m"};
	struct copyreport r = running, got;
	uint8_t data[COPYREPORT_SIZE];

	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		r.peer = (struct domain_name){""};
		memcpy(r.peer.s, bad[i], strlen(bad[i]));
		g_assert_cmpint(round_trip(&r, &got), ==, 1);
	}
	copyreport_encode(&running, data);
	memset(data + COPYREPORT_SIZE - 32, 'a', 32);
	g_assert_cmpint(copyreport_decode(span_over(data, sizeof(data)), &got), ==, 1);
	copyreport_encode(&running, data);
	data[COPYREPORT_SIZE - 1] = 'x'; /* behind the NUL */
	g_assert_cmpint(copyreport_decode(span_over(data, sizeof(data)), &got), ==, 1);
	r = running;
	r.role = COPYREPORT_SENDS;
	r.peer = (struct domain_name){""};
	g_assert_cmpint(round_trip(&r, &got), ==, 0);
}

static void test_error(void) {
	struct copyreport r = running, got;

	r.kind = COPYREPORT_FAILED;
	r.error = FILECOPY_ERROR_EOF;
	g_assert_cmpint(round_trip(&r, &got), ==, 0);
	r.error = ENOSPC;
	g_assert_cmpint(round_trip(&r, &got), ==, 0);
	g_assert_cmpuint(got.error, ==, ENOSPC);
}

static void test_follows(void) {
	struct copyreport r = running;

	g_assert_cmpint(copyreport_follows(&running, &r), ==, 0);
	r.kind = COPYREPORT_DONE;
	r.bytes++;
	g_assert_cmpint(copyreport_follows(&running, &r), ==, 0);
	g_assert_cmpint(copyreport_follows(&r, &running), ==, 1);
	r = running;
	r.bytes--;
	g_assert_cmpint(copyreport_follows(&running, &r), ==, 1);
	r = running;
	r.files--;
	g_assert_cmpint(copyreport_follows(&running, &r), ==, 1);
	r = running;
	r.peer = (struct domain_name){"bank"};
	g_assert_cmpint(copyreport_follows(&running, &r), ==, 1);
	r = running;
	r.role = COPYREPORT_SENDS;
	g_assert_cmpint(copyreport_follows(&running, &r), ==, 1);
}

/* A receiver asks once, and gets no answer to what it did not ask. */
static void test_taken(void) {
	static const char all[] = "CRPS";
	struct copyreport r = running, got;

	r.kind = COPYREPORT_TAKEN;
	g_assert_cmpint(round_trip(&r, &got), ==, 0);
	g_assert_cmpint(copyreport_follows(&running, &r), ==, 0);
	g_assert_cmpint(copyreport_follows(&r, &r), ==, 1);
	g_assert_cmpint(copyreport_follows(&r, &running), ==, 1);
	got.kind = COPYREPORT_DONE;
	g_assert_cmpint(copyreport_follows(&r, &got), ==, 0);
	for (const char *word = all; *word; word++) {
		g_assert_true(copyreport_may_answer(&r, *word));
		g_assert_true(copyreport_may_answer(&running, *word) == (*word == 'C'));
		g_assert_false(copyreport_may_answer(&got, *word));
	}
	g_assert_false(copyreport_may_answer(&r, 'x'));
	r.role = COPYREPORT_SENDS;
	g_assert_cmpint(round_trip(&r, &got), ==, 1);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/copyreport/round", test_round);
	g_test_add_func("/copyreport/wrong", test_wrong);
	g_test_add_func("/copyreport/peer", test_peer);
	g_test_add_func("/copyreport/error", test_error);
	g_test_add_func("/copyreport/follows", test_follows);
	g_test_add_func("/copyreport/taken", test_taken);
	return g_test_run();
}
