/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/copies.h"

#include <errno.h>

#define MB G_GUINT64_CONSTANT(1000000)

struct seen {
	struct copies *copies;
	unsigned begun, changed, over;
	struct copy *last;
	struct copy ended; /* as it was then */
	bool views;
};

static void on_begun(void *user, struct copy *c) {
	struct seen *s = user;

	s->begun++;
	s->last = c;
	c->view = s->views ? s : NULL;
}

static void on_changed(void *user, struct copy *c) {
	struct seen *s = user;

	s->changed++;
	s->last = c;
}

static void on_over(void *user, struct copy *c) {
	struct seen *s = user;

	s->over++;
	s->ended = *c;
}

static void set_up(struct seen *s, bool views) {
	static const struct copies_events events = {on_begun, on_changed, on_over};

	*s = (struct seen){.copies = copies_new(&events, s), .views = views};
}

static struct copyreport report(enum copyreport_role role, const char *peer, guint64 bytes) {
	struct copyreport r = {
		.kind = COPYREPORT_RUNNING, .role = role, .files = 1, .bytes = bytes};

	g_strlcpy(r.peer.s, peer, sizeof(r.peer.s));
	return r;
}

static void say(struct seen *s, int end, const char *domain, struct copyreport r, gint64 second) {
	copies_report(s->copies, GINT_TO_POINTER(end), domain, &r, (second + 1) * G_USEC_PER_SEC);
}

static void leave(struct seen *s, int end) {
	copies_report(s->copies, GINT_TO_POINTER(end), "", NULL, 100 * G_USEC_PER_SEC);
}

/* The receiver's figures, the sender's total; together they tell how long it will take. */
static void test_two_ends(void) {
	struct copyreport from = report(COPYREPORT_SENDS, "", 12 * MB), to;
	struct seen s;

	set_up(&s, true);
	say(&s, 1, "bank", report(COPYREPORT_RECEIVES, "work", 0), 0);
	from.total = 40 * MB;
	say(&s, 2, "work", from, 1);
	g_assert_cmpuint(s.begun, ==, 1);
	say(&s, 1, "bank", report(COPYREPORT_RECEIVES, "work", 10 * MB), 2);
	g_assert_cmpstr(s.last->source, ==, "work");
	g_assert_cmpstr(s.last->target, ==, "bank");
	g_assert_cmpuint(copy_word(s.last)->bytes, ==, 10 * MB);
	g_assert_cmpuint(copy_total(s.last), ==, 40 * MB);
	g_assert_cmpfloat_with_epsilon(copy_rate(s.last, 3 * G_USEC_PER_SEC), 5e6, 1);
	g_assert_cmpfloat_with_epsilon(copy_left(s.last, 3 * G_USEC_PER_SEC), 6, 0.01);
	g_assert_cmpstr(copy_speaker(s.last), ==, "bank");
	to = report(COPYREPORT_RECEIVES, "work", 40 * MB);
	to.kind = COPYREPORT_DONE;
	say(&s, 1, "bank", to, 8);
	g_assert_cmpuint(s.over, ==, 1);
	g_assert_cmpint(copy_state(&s.ended), ==, COPY_DONE);
	from.kind = COPYREPORT_DONE; /* too late to matter */
	say(&s, 2, "work", from, 9);
	leave(&s, 1);
	leave(&s, 2);
	g_assert_cmpuint(s.over, ==, 1);
	copies_forget(s.copies, s.last);
	copies_free(s.copies);
}

/* A sender's word counts where the receiver says nothing; the target may stay unknown. */
static void test_sender_alone(void) {
	struct copyreport r = report(COPYREPORT_SENDS, "", MB);
	struct seen s;

	set_up(&s, false);
	say(&s, 1, "work", r, 0);
	g_assert_cmpstr(s.last->target, ==, "");
	g_assert_cmpuint(copy_word(s.last)->bytes, ==, MB);
	r.kind = COPYREPORT_FAILED;
	r.error = ENOSPC;
	say(&s, 1, "work", r, 1);
	g_assert_cmpint(copy_state(&s.ended), ==, COPY_FAILED);
	say(&s, 1, "work", r, 2); /* gone already: nothing begins with an end */
	g_assert_cmpuint(s.begun, ==, 1);
	copies_free(s.copies);
}

static void test_lost(void) {
	struct seen s;

	set_up(&s, false);
	say(&s, 1, "bank", report(COPYREPORT_RECEIVES, "work", 0), 0);
	leave(&s, 1);
	g_assert_cmpuint(s.over, ==, 1);
	g_assert_cmpint(copy_state(&s.ended), ==, COPY_LOST);
	copies_free(s.copies);
}

/* Each end finds its own copy; a third one of the same role begins another. */
static void test_apart(void) {
	struct seen s;

	set_up(&s, false);
	say(&s, 1, "bank", report(COPYREPORT_RECEIVES, "work", 0), 0);
	say(&s, 2, "home", report(COPYREPORT_RECEIVES, "work", 0), 0);
	say(&s, 3, "work", report(COPYREPORT_SENDS, "home", 1), 0);
	g_assert_cmpstr(s.last->target, ==, "home");
	say(&s, 4, "bank", report(COPYREPORT_RECEIVES, "work", 0), 0);
	say(&s, 5, "mail", report(COPYREPORT_SENDS, "bank", 0), 0);
	g_assert_cmpuint(s.begun, ==, 4);
	copies_free(s.copies);
}

/* A total below what has come already is none. */
static void test_lying_total(void) {
	struct copyreport r = report(COPYREPORT_SENDS, "bank", 2 * MB);
	struct seen s;

	set_up(&s, false);
	r.total = MB;
	say(&s, 1, "work", r, 0);
	g_assert_cmpuint(copy_total(s.last), ==, 0);
	g_assert_cmpfloat(copy_left(s.last, 5 * G_USEC_PER_SEC), <, 0);
	copies_free(s.copies);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/copies/two-ends", test_two_ends);
	g_test_add_func("/copies/sender-alone", test_sender_alone);
	g_test_add_func("/copies/lost", test_lost);
	g_test_add_func("/copies/apart", test_apart);
	g_test_add_func("/copies/lying-total", test_lying_total);
	return g_test_run();
}
