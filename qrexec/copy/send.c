/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends files as a qfile stream and reads the one reply; see send.h. */
#include "qrexec/copy/send.h"
#include "common/text-filter.h"
#include "qrexec/copy/progress.h"
#include "qrexec/copy/report.h"
#include "qrexec/copy/tally.h"
#include "qrexec/copy/walk.h"
#include "qrexec/lib/caller.h"
#include "qrexec/lib/defaults.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define BUFFER       (256 * 1024)
#define RING         (512 * 1024)
#define WAIT_SECONDS 120
#define SEND_E_STOP  1 /* the other side speaks or went: its reply says why */
#define EXIT_REFUSED 126
#define REPORT_AFTER 1 /* seconds: what is over sooner is not shown */

struct sender {
	struct tally tally;
	struct progress progress;
	struct report report;
	bool reports;
	const struct send_plan *plan;
	struct caller *call;
	uint32_t error; /* of the copy, as the report carries it */
	size_t held;    /* small things go out together */
	uint8_t buffer[BUFFER + FILECOPY_LONG_MAX];
};

/* A copy that lasts is shown to the person, who may end it. 0 or -ECANCELED. */
static int report(struct sender *s) {
	if (!s->reports && progress_seconds(&s->progress) < REPORT_AFTER)
		return 0;
	if (!s->reports)
		report_open(&s->report, COPYREPORT_SENDS, s->plan->target, s->plan->total);
	s->reports = true;
	report_tell(&s->report, s->tally.files, s->progress.done);
	report_listen(&s->report);
	return s->report.cancelled ? -ECANCELED : 0;
}

static int put(struct sender *s, const uint8_t *data, size_t size) {
	int r = report(s);

	if (r)
		return r;
	tally_add(&s->tally, data, size);
	return caller_write(s->call, data, size) ? SEND_E_STOP : 0;
}

static int flush(struct sender *s) {
	size_t held = s->held;

	s->held = 0;
	return put(s, s->buffer, held);
}

static void complain(const char *name, const char *why) {
	char shown[512];

	text_filter(name, strlen(name), shown, sizeof(shown));
	fprintf(stderr, "%s%s: %s\n", isatty(STDERR_FILENO) ? "\r\033[K" : "", shown, why);
}

/* Exactly as many bytes as the header promised, or the copy is over. */
static int put_file(struct sender *s, const struct filecopy_entry *e, int fd) {
	uint64_t left = e->size;

	while (left > 0) {
		size_t room = BUFFER - s->held, want = left < room ? (size_t)left : room;
		ssize_t n;
		int r = want ? 0 : flush(s);

		if (r)
			return r;
		if (!want)
			continue;
		n = read(fd, s->buffer + s->held, want);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			complain(e->name, n ? strerror(errno) : "became shorter while it was sent");
			return -EIO;
		}
		s->held += (size_t)n;
		left -= (uint64_t)n;
		progress_add(&s->progress, (uint64_t)n);
	}
	return 0;
}

static int on_entry(void *data, const struct filecopy_entry *e, int fd, bool again) {
	struct sender *s = data;
	size_t n;
	int r = s->held > BUFFER ? flush(s) : 0;

	(void)again;
	if (r)
		return r;
	n = filecopy_encode_entry(e, s->buffer + s->held, sizeof(s->buffer) - s->held);
	if (n == 0)
		return -ENAMETOOLONG;
	s->held += n;
	if (s->held > BUFFER)
		r = flush(s);
	if (e->kind != FILECOPY_DIR)
		s->tally.files++;
	if (r || e->kind != FILECOPY_FILE)
		return r;
	s->tally.bytes += e->size;
	return put_file(s, e, fd);
}

static int on_skipped(void *data, const char *path, int error) {
	(void)data;
	complain(path, error == EINVAL ? "is no file, folder or link" : strerror(error));
	return -error;
}

static int send_end(struct sender *s) {
	int r = s->held ? flush(s) : 0;

	if (r)
		return r;
	filecopy_encode_end(s->buffer);
	return put(s, s->buffer, FILECOPY_HEADER_SIZE);
}

static const char *words(uint32_t error) {
	switch (error) {
	case EEXIST:
		return "something of that name is there already";
	case EILSEQ:
		return "the name has characters that are not allowed there";
	case ECANCELED:
		return "cancelled";
	case ENOLINK:
		return "the link points out of what is copied";
	case EINVAL:
		return "the other side understood it as damaged";
	case FILECOPY_ERROR_EOF:
		return "the connection ended too early";
	default:
		return error < 4096 ? strerror((int)error) : "an error without a name";
	}
}

/* 0 only if the other side has it all and counted the same. */
static int judge_reply(struct sender *s) {
	static struct filecopy_result result;
	const void *reply;
	size_t size;
	int code = caller_finish(s->call, &reply, &size);

	if (filecopy_decode_result(span_over(reply, size), &result)) {
		fprintf(stderr, "The other side said nothing understandable: not copied.\n");
		s->error = EPROTO;
		return code > 0 ? code : 1;
	}
	if (result.error) {
		s->error = result.error < 4096 || result.error == FILECOPY_ERROR_EOF ? result.error
										     : EIO;
		complain(result.last[0] ? result.last : "copy", words(result.error));
		return result.error == EEXIST ? SEND_TAKEN : 1;
	}
	if (result.crc != s->tally.crc) {
		fprintf(stderr, "The other side received other bytes than were sent.\n");
		s->error = EBADMSG;
		return 1;
	}
	return 0;
}

static void print_receipt(
	struct sender *s, const char *target, const uint8_t digest[TALLY_DIGEST]) {
	char sum[TALLY_DIGEST_TEXT];

	tally_digest_text(digest, sum);
	fprintf(stderr, "%llu files, %llu bytes, sent to %s.%s%s\n",
		(unsigned long long)s->tally.files, (unsigned long long)s->tally.bytes,
		*target ? target : "the domain that was chosen",
		sum[0] ? " SHA-256 of the copy: " : "", sum);
}

static int open_call(struct sender *s, const struct send_plan *plan) {
	const struct caller_plan call = {.agent_socket = default_agent_socket(),
		.vchan = default_vchan(),
		.target = plan->target,
		.service = plan->service,
		.ring = RING,
		.seconds = WAIT_SECONDS};
	int r = caller_new(&call, &s->call);

	if (r == CALLER_E_REFUSED)
		fprintf(stderr, "Request refused\n");
	else if (r > 0)
		fprintf(stderr, "The other domain did not answer: not copied.\n");
	else if (r < 0)
		fprintf(stderr, "No call can be made: %s\n", strerror(-r));
	return r == CALLER_E_REFUSED ? EXIT_REFUSED : r ? 1 : 0;
}

static int send_all(struct sender *s, const struct send_plan *plan) {
	const struct walk walk = {.entry = on_entry, .skipped = on_skipped, .data = s};
	int r = 0;

	progress_begin(&s->progress, plan->total);
	for (int i = 0; i < plan->count && !r; i++)
		r = walk_path(&walk, plan->paths[i]);
	if (!r)
		r = send_end(s);
	progress_end(&s->progress);
	return r;
}

/* A stream that broke off here is not ended: the other side takes back what it has. */
static int send_and_judge(struct sender *s) {
	uint8_t digest[TALLY_DIGEST] = {0};
	int r = send_all(s, s->plan);

	if (r < 0)
		s->error = (uint32_t)-r;
	if (r == -ECANCELED)
		complain("copy", words(ECANCELED));
	r = r < 0 ? 1 : judge_reply(s);
	if (!r) {
		tally_digest(&s->tally, digest);
		print_receipt(s, s->plan->target, digest);
	}
	report_end(&s->report, s->tally.files, s->progress.done, s->error, digest);
	return r;
}

int send_files(const struct send_plan *plan) {
	static struct sender s;
	int r;

	signal(SIGPIPE, SIG_IGN);
	/* A second try after a clash begins anew. */
	s = (struct sender){.plan = plan, .report.fd = -1};
	if (tally_init(&s.tally, tally_wants_digest()))
		return 1;
	r = open_call(&s, plan);
	if (!r)
		r = send_and_judge(&s);
	s.call = caller_free(s.call);
	tally_deinit(&s.tally);
	return r;
}
