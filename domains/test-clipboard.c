/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clipboard between domains as a play: A, B and C are domains, each line of a script is what
 * happens, and what the clipboard asked of the others is compared word by word.
 */
#include "domains/clipboard.h"
#include "proto/ctl.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct clipboard *c;
static GString *said;
static bool nobody;
static uint32_t number; /* of the last request */

static char letter(uint32_t domain) {
	return domain ? (char)('A' + domain - 1) : '-';
}

static bool say(uint32_t n, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool say(uint32_t n, const char *format, ...) {
	va_list ap;

	number = n;
	if (said->len)
		g_string_append_c(said, ' ');
	va_start(ap, format);
	g_string_append_vprintf(said, format, ap);
	va_end(ap);
	return !nobody;
}

static const char *content(int fd) {
	static char text[64];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static bool on_get(void *u, uint32_t d, uint32_t n) {
	return say(n, "get:%c", letter(d));
}

static void on_cancel(void *u, uint32_t d, uint32_t n) {
	say(n, "cancel:%c", letter(d));
}

static bool on_put(void *u, uint32_t d, uint32_t n, int fd, bool raw) {
	return say(n, "put%s:%c=%s", raw ? "-raw" : "", letter(d), content(fd));
}

static bool on_look(void *u, uint32_t d, uint32_t n, int fd) {
	return say(n, "look:%c=%s", letter(d), content(fd));
}

static bool on_fetch(void *u, uint32_t d, uint32_t n) {
	return say(n, "fetch:%c", letter(d));
}

static bool on_bring(void *u, uint32_t d, uint32_t n, int fd) {
	return say(n, "bring:%c=%s", letter(d), content(fd));
}

static bool on_decide(void *u, uint32_t n, const char *source, const char *target) {
	return say(n, "decide:%s>%s", source, target);
}

static bool on_show(void *u, enum clipboard_show what, uint32_t from, uint32_t to, size_t size,
	const char *line) {
	static const char *const words[] = {"hide", "copied", "ask", "pasted"};

	if (what == CLIPBOARD_HIDE)
		return say(number, "hide");
	return say(number, "%s:%c>%c:%zu:%s", words[what], letter(from), letter(to), size, line);
}

static void on_refused(void *u, uint32_t d, const char *why) {
	say(number, "refused:%c", letter(d));
}

static void on_record(void *u, const struct clipboard_record *r) {
	say(r->number, "%s:%s>%s:%zu:%s", r->paste ? "PASTE" : "COPY", r->source,
		r->target ? r->target : "-", r->size, r->outcome);
}

static unsigned timers[CLIPBOARD_TIMERS];

static void on_timer(void *u, enum clipboard_timer which, unsigned ms) {
	timers[which] = ms;
}

static const struct clipboard_ops ops = {on_get, on_cancel, on_put, on_look, on_fetch, on_bring,
	on_decide, on_show, on_refused, on_record, on_timer};

static int sealed(const char *text, int seals) {
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	g_assert_cmpint(write(fd, text, strlen(text)), ==, (ssize_t)strlen(text));
	g_assert_cmpint(fcntl(fd, F_ADD_SEALS, seals), ==, 0);
	return fd;
}

static int text_fd(const char *text) {
	return sealed(text, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW);
}

static uint32_t domain_of(char letter) {
	return (uint32_t)(letter - 'A' + 1);
}

/* One word of a script: WHAT DOMAIN [=TEXT], with "old-" before it for a number that is over. */
static void play(const char *word) {
	bool old = g_str_has_prefix(word, "old-");
	g_auto(GStrv) p = g_strsplit(old ? word + 4 : word, ":", 3);
	uint32_t d = p[1] ? domain_of(p[1][0]) : 0, n = old ? number - 1 : number;
	const char *text = p[1] && p[2] ? p[2] : "";
	AUTO(auto_close) int fd = *text ? text_fd(text) : -1;
	char name[] = {letter(d), '\0'};

	if (!strcmp(p[0], "copy"))
		clipboard_copy(c, d, name);
	else if (!strcmp(p[0], "paste"))
		clipboard_paste(c, d, name);
	else if (!strcmp(p[0], "text"))
		clipboard_text(c, d, n, text, fd);
	else if (!strcmp(p[0], "large"))
		clipboard_large(c, d, n, fd);
	else if (!strcmp(p[0], "fail"))
		clipboard_failed(c, d, n, "why");
	else if (!strcmp(p[0], "done"))
		clipboard_done(c, d, n);
	else if (!strcmp(p[0], "fetched"))
		clipboard_fetched(c, n, fd, fd < 0 ? "why" : NULL);
	else if (!strcmp(p[0], "brought"))
		clipboard_brought(c, n, *text ? "why" : NULL);
	else if (!strcmp(p[0], "allow"))
		clipboard_decided(c, n, CLIPBOARD_ALLOW, false, "");
	else if (!strcmp(p[0], "raw"))
		clipboard_decided(c, n, CLIPBOARD_ALLOW, true, "");
	else if (!strcmp(p[0], "ask"))
		clipboard_decided(c, n, CLIPBOARD_ASK, false, "");
	else if (!strcmp(p[0], "deny"))
		clipboard_decided(c, n, CLIPBOARD_DENY, false, "rule");
	else if (!strcmp(p[0], "focus"))
		clipboard_focus(c, d);
	else if (!strcmp(p[0], "end"))
		clipboard_lost(c, d, true);
	else if (!strcmp(p[0], "restart"))
		clipboard_lost(c, d, false);
	else if (!strcmp(p[0], "unseen"))
		clipboard_unseen(c);
	else if (!strcmp(p[0], "nobody"))
		nobody = true;
	else if (!strcmp(p[0], "step-time"))
		clipboard_expired(c, CLIPBOARD_TIMER_STEP);
	else if (!strcmp(p[0], "read-time"))
		clipboard_expired(c, CLIPBOARD_TIMER_READ);
	else if (!strcmp(p[0], "wipe-time"))
		clipboard_expired(c, CLIPBOARD_TIMER_WIPE);
	else
		g_assert_not_reached();
}

static void check(const char *script, const char *want) {
	g_auto(GStrv) words = g_strsplit(script, " ", -1);

	g_string_truncate(said, 0);
	number = 0;
	c = clipboard_new(&ops, NULL);
	for (char **w = words; *w; w++)
		play(*w);
	g_assert_cmpstr(said->str, ==, want);
	g_assert_true(strstr(want, "PASTE") || strstr(want, "COPY") || strstr(want, "refused") ||
		      timers[CLIPBOARD_TIMER_STEP] > 0);
	c = clipboard_free(c);
	nobody = false;
}

#define COPY_A   "copy:A text:A:hi"
#define COPIED_A "get:A copied:A>-:2:hi COPY:A>-:2:ok"

static void test_plays(void) {
	static const struct {
		const char *script, *want;
	} rows[] = {
		{COPY_A " paste:B allow done:B",
			COPIED_A " decide:A>B put:B=hi pasted:A>B:2:hi PASTE:A>B:2:allow"},
		/* asked: the chord again, once the preview could be read */
		{COPY_A " paste:B ask read-time paste:B done:B", COPIED_A
			" decide:A>B ask:A>B:2:hi hide put:B=hi pasted:A>B:2:hi PASTE:A>B:2:allow"},
		{COPY_A " paste:B ask paste:B", COPIED_A " decide:A>B ask:A>B:2:hi"},
		{COPY_A " paste:B ask read-time step-time",
			COPIED_A " decide:A>B ask:A>B:2:hi PASTE:A>B:2:deny hide refused:B"},
		{COPY_A " paste:B raw done:B",
			COPIED_A " decide:A>B put-raw:B=hi pasted:A>B:2:hi PASTE:A>B:2:allow"},
		{COPY_A " paste:B deny", COPIED_A " decide:A>B PASTE:A>B:2:deny refused:B"},
		/* wiped after a paste, after a time, and when its domain is no more */
		{COPY_A " paste:B allow done:B paste:B", COPIED_A
			" decide:A>B put:B=hi pasted:A>B:2:hi PASTE:A>B:2:allow refused:B"},
		{COPY_A " wipe-time paste:B", COPIED_A " refused:B"},
		{COPY_A " end:A paste:B", COPIED_A " refused:B"},
		{COPY_A " restart:A paste:B", COPIED_A " decide:A>B"},
		{COPY_A " paste:B ask end:A",
			COPIED_A " decide:A>B ask:A>B:2:hi PASTE:A>B:2:fail hide refused:B"},
		{COPY_A " paste:B end:B", COPIED_A " decide:A>B PASTE:A>B:2:fail refused:B"},
		{COPY_A " paste:B wipe-time allow done:B",
			COPIED_A " decide:A>B put:B=hi pasted:A>B:2:hi PASTE:A>B:2:allow"},
		{"paste:B", "refused:B"},
		{COPY_A " paste:A", COPIED_A " PASTE:A>A:2:deny refused:A"},
		{"copy:A fail:A", "get:A cancel:A COPY:A>-:0:fail refused:A"},
		{"copy:A step-time", "get:A cancel:A COPY:A>-:0:fail refused:A"},
		{"copy:A text:A", "get:A cancel:A COPY:A>-:0:fail refused:A"},
		{"copy:A end:A", "get:A cancel:A COPY:A>-:0:fail refused:A"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		check(rows[i].script, rows[i].want);
}

/* What was copied before is gone with the chord, whatever comes of it. */
static void test_never_an_older_text(void) {
	check(COPY_A " copy:B fail:B paste:C",
		COPIED_A " get:B cancel:B COPY:B>-:0:fail refused:B refused:C");
	check(COPY_A " copy:B text:B:x paste:C allow done:C",
		COPIED_A " get:B copied:B>-:1:x COPY:B>-:1:ok decide:B>C put:C=x pasted:B>C:1:x "
			 "PASTE:B>C:1:allow");
}

/* A agent that sleeps and answers when a newer text is there. */
static void test_late(void) {
	check("copy:A copy:B text:B:new text:A:old old-text:A:old paste:C",
		"get:A cancel:A COPY:A>-:0:gone refused:A get:B copied:B>-:3:new COPY:B>-:3:ok "
		"decide:B>C");
	/* the same domain: the answer to the first request is not the answer to the second */
	check("copy:A step-time copy:A old-text:A:old",
		"get:A cancel:A COPY:A>-:0:fail refused:A get:A");
	/* a paste that was not decided in time is not made later */
	check(COPY_A " paste:B step-time allow", COPIED_A " decide:A>B PASTE:A>B:2:fail refused:B");
	check(COPY_A " paste:B paste:C old-allow:B",
		COPIED_A " decide:A>B PASTE:A>B:2:gone refused:B decide:A>C");
	check(COPY_A " paste:B allow copy:C done:B",
		COPIED_A " decide:A>B put:B=hi cancel:B PASTE:A>B:2:gone refused:B get:C");
}

static void test_two_in_flight(void) {
	check("text:A:x done:A fail:A large:A fetched brought allow paste:B", "refused:B");
	check("copy:A text:B:x fail:B large:B", "get:A"); /* of another domain: nothing */
	check(COPY_A " text:A:again paste:B", COPIED_A " decide:A>B");
}

static void test_focus(void) {
	check(COPY_A " paste:B focus:C allow", COPIED_A " decide:A>B PASTE:A>B:2:gone refused:B");
	check(COPY_A " paste:B ask focus:C read-time paste:B",
		COPIED_A " decide:A>B ask:A>B:2:hi PASTE:A>B:2:gone hide refused:B decide:A>B");
	check(COPY_A " paste:B focus:B allow", COPIED_A " decide:A>B put:B=hi");
	/* A copy goes on: its text is that of the window in which the keys were pressed, and goes
	 * to nobody; whichever way it comes, also while its first line is looked for. */
	check("copy:A focus:B text:A:hi", COPIED_A);
	check("copy:A focus:B large:A focus:C fetched:A:long focus:B text:A",
		"get:A fetch:A look:A=long copied:A>-:4: COPY:A>-:4:ok");
	/* What the gui-daemon of the paste's target has looked at once more goes on, too. */
	check(COPY_A " paste:B allow large:B:x focus:C brought:B",
		COPIED_A " decide:A>B put:B=hi bring:B=x pasted:A>B:2:hi PASTE:A>B:2:allow");
}

/* A long text takes the other way, in and out. */
static void test_long(void) {
	check("copy:A large:A fetched:A:long text:A paste:B allow large:B:clean brought:B",
		"get:A fetch:A look:A=long copied:A>-:4: COPY:A>-:4:ok decide:A>B put:B=long "
		"bring:B=clean pasted:A>B:4: PASTE:A>B:4:allow");
	check("copy:A large:A fetched:A paste:B",
		"get:A fetch:A COPY:A>-:0:fail refused:A refused:B");
	check("copy:A large:A copy:B fetched:A:x", "get:A fetch:A COPY:A>-:0:gone refused:A get:B");
	check("copy:A large:A fetched:A:long step-time paste:B",
		"get:A fetch:A look:A=long cancel:A COPY:A>-:4:fail refused:A refused:B");
	check("copy:A large:A fetched:A:long paste:B",
		"get:A fetch:A look:A=long cancel:A COPY:A>-:4:gone refused:A refused:B");
	check(COPY_A " paste:B allow large:B:x brought:B:no",
		COPIED_A " decide:A>B put:B=hi bring:B=x PASTE:A>B:2:fail refused:B");
}

static void test_nobody(void) {
	check("nobody copy:A", "get:A cancel:A COPY:A>-:0:fail refused:A");
	check(COPY_A " nobody paste:B", COPIED_A " decide:A>B PASTE:A>B:2:deny refused:B");
	check(COPY_A " paste:B nobody allow",
		COPIED_A " decide:A>B put:B=hi cancel:B PASTE:A>B:2:fail refused:B");
	/* a preview that nobody sees is none */
	check(COPY_A " paste:B nobody ask",
		COPIED_A " decide:A>B ask:A>B:2:hi PASTE:A>B:2:fail hide refused:B");
	check(COPY_A " paste:B ask read-time unseen paste:B",
		COPIED_A " decide:A>B ask:A>B:2:hi PASTE:A>B:2:fail hide refused:B decide:A>B");
}

/* What can still be changed, what is empty and what is too long is no text. */
static void test_descriptors(void) {
	static const int too_few[] = {0, F_SEAL_SHRINK | F_SEAL_GROW, F_SEAL_WRITE | F_SEAL_GROW,
		F_SEAL_WRITE | F_SEAL_SHRINK};
	int fd, pipes[2];

	for (size_t i = 0; i <= G_N_ELEMENTS(too_few) + 2; i++) {
		c = clipboard_new(&ops, NULL);
		play("copy:A");
		if (i < G_N_ELEMENTS(too_few)) {
			fd = sealed("x", too_few[i]);
		} else if (i == G_N_ELEMENTS(too_few)) {
			fd = text_fd("");
		} else if (i == G_N_ELEMENTS(too_few) + 1) {
			g_assert_cmpint(pipe(pipes), ==, 0);
			fd = pipes[0];
			close(pipes[1]);
		} else {
			fd = memfd_create("test", MFD_ALLOW_SEALING);
			g_assert_cmpint(ftruncate(fd, CTL_CLIPBOARD_MAX + 1), ==, 0);
			g_assert_cmpint(
				fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW),
				==, 0);
		}
		clipboard_text(c, 1, number, "x", fd);
		close(fd);
		g_string_truncate(said, 0);
		play("paste:B");
		g_assert_cmpstr(said->str, ==, "refused:B");
		c = clipboard_free(c);
	}
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	said = g_string_new(NULL);
	g_test_add_func("/clipboard/plays", test_plays);
	g_test_add_func("/bug-class/C1/never-an-older-text", test_never_an_older_text);
	g_test_add_func("/bug-class/C2/late", test_late);
	g_test_add_func("/bug-class/C5/two-in-flight", test_two_in_flight);
	g_test_add_func("/bug-class/B2/paste-and-focus", test_focus);
	g_test_add_func("/clipboard/long", test_long);
	g_test_add_func("/clipboard/nobody", test_nobody);
	g_test_add_func("/clipboard/descriptors", test_descriptors);
	return g_test_run();
}
