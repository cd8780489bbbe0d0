/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/clipboard-call.h"

#include "domains/paths.h"
#include "domains/program.h"
#include "proto/ctl.h"

#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SERVICE  "bulkhead.ClipboardText"
#define TOO_LONG 9 /* the service's exit code for more than it may send */
#define NO_TEXT  8 /* for nothing to send */
#define SEALS    (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

struct clipboard_call {
	uint32_t number;
	clipboard_call_done *done;
	void *user;
	int fd; /* of a fetch; -1 */
	pid_t pid;
	unsigned watch;
};

/* Nobody waits for it any more, but somebody has to take its status. */
static void on_reaped(GPid pid, gint status, gpointer user) {
}

struct clipboard_call *clipboard_call_free(struct clipboard_call *c) {
	if (!c)
		return NULL;
	if (c->watch) {
		g_source_remove(c->watch);
		kill(c->pid, SIGTERM);
		g_child_watch_add(c->pid, on_reaped, NULL);
	}
	auto_close(&c->fd);
	g_free(c);
	return NULL;
}

/* What was written is the file, and nobody can change it any more; NULL or what is wrong. */
static const char *seal(int fd) {
	off_t size = lseek(fd, 0, SEEK_CUR);

	if (size == 0)
		return "there is no text in its clipboard";
	if (size < 0 || size > CTL_CLIPBOARD_MAX)
		return "the text is longer than 16 MiB";
	return ftruncate(fd, size) || fcntl(fd, F_ADD_SEALS, SEALS) ? "there is no memory for it"
								    : NULL;
}

static const char *words(const struct clipboard_call *c, int status) {
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	if (code == 0)
		return c->fd < 0 ? NULL : seal(c->fd);
	if (c->fd >= 0 && (code == TOO_LONG || lseek(c->fd, 0, SEEK_CUR) > CTL_CLIPBOARD_MAX))
		return "the text is longer than 16 MiB";
	if (code == NO_TEXT)
		return "there is no text in its clipboard";
	if (code == 127)
		return "the text is longer than its agent can take or send";
	return "the call for a long text failed";
}

static void on_ended(void *user, pid_t pid, int status) {
	struct clipboard_call *c = user;
	const char *error = words(c, status);

	(void)pid;
	c->watch = 0;
	c->done(c->user, c->number, error ? -1 : c->fd, error);
	clipboard_call_free(c);
}

static struct clipboard_call *start(const char *domain, const char *what, int in, int out,
	uint32_t number, clipboard_call_done *done, void *user) {
	struct clipboard_call *c = g_new0(struct clipboard_call, 1);
	g_autofree char *program = paths_find("qrexec-client"), *runtime = paths_runtime(),
			*socket = g_strdup_printf("--socket=%s/broker.sock", runtime),
			*command = g_strdup_printf("DEFAULT:QUBESRPC " SERVICE "+%s dom0", what);
	const char *const argv[] = {program, socket, "-d", domain, "-E", command, NULL};
	const struct program p = {.argv = argv,
		.input = in,
		.result = out,
		.ended = on_ended,
		.user = c,
		.watch = &c->watch};

	c->number = number;
	c->done = done;
	c->user = user;
	c->fd = out > 0 ? out : -1;
	if (!program || program_start(&p, &c->pid))
		return clipboard_call_free(c);
	return c;
}

struct clipboard_call *clipboard_call_fetch(
	const char *domain, uint32_t number, clipboard_call_done *done, void *user) {
	AUTO(auto_close)
	int fd = memfd_create("clipboard", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	/* A page more tells that it is too long; a write beyond that fails. */
	if (fd < 0 || ftruncate(fd, CTL_CLIPBOARD_MAX + 4096) ||
		fcntl(fd, F_ADD_SEALS, F_SEAL_GROW))
		return NULL;
	return start(domain, "get", 0, TAKE_FD(fd), number, done, user);
}

struct clipboard_call *clipboard_call_bring(
	const char *domain, uint32_t number, int fd, clipboard_call_done *done, void *user) {
	if (lseek(fd, 0, SEEK_SET) != 0)
		return NULL;
	return start(domain, "put", fd, 0, number, done, user);
}
