/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends files as a qfile stream and reads the one reply; see send.h. */
#include "common/text-filter.h"
#include "qrexec/copy/sender.h"
#include "qrexec/copy/walk.h"
#include "qrexec/lib/defaults.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define RING         (512 * 1024)
#define WAIT_SECONDS 120
#define EXIT_REFUSED 126
#define REPORT_AFTER 1 /* seconds: what is over sooner is not shown */

/* Ctrl-C and a friendly kill. The second one ends it at once. */
static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal) {
	(void)signal;
	interrupted = 1;
}

/* What is held, behind the room for a piece's head. */
static uint8_t *held(struct sender *s) {
	return s->piece + COPYRESUME_HEAD_SIZE;
}

/* A copy that lasts is shown to the person, who may end it. 0 or -ECANCELED. */
static int report(struct sender *s) {
	if (interrupted)
		return -ECANCELED;
	if (!s->reports && progress_seconds(&s->progress) < REPORT_AFTER)
		return 0;
	if (!s->reports)
		report_open(&s->report, COPYREPORT_SENDS, s->plan->target, s->plan->total);
	s->reports = true;
	report_tell(&s->report, s->tally.files, s->progress.done);
	report_listen(&s->report);
	return s->report.cancelled ? -ECANCELED : 0;
}

static int flush(struct sender *s) {
	size_t size = s->held, head = s->can_go_on ? COPYRESUME_HEAD_SIZE : 0;
	int r = report(s);

	if (r)
		return r;
	s->held = 0;
	tally_wire(&s->tally, held(s), size);
	copyresume_head_encode((uint32_t)size, s->piece);
	return caller_write(s->call, held(s) - head, size + head) ? SEND_E_STOP : 0;
}

static void complain(const char *name, const char *why) {
	char shown[512];

	text_filter(name, strlen(name), shown, sizeof(shown));
	fprintf(stderr, "%s%s: %s\n", isatty(STDERR_FILENO) ? "\r\033[K" : "", shown, why);
}

/* The next bytes of a file, at most `want`; 0 or -errno. */
static int read_some(
	struct sender *s, const struct filecopy_entry *e, int fd, size_t want, size_t *ret) {
	ssize_t n;

	do
		n = read(fd, held(s) + s->held, want);
	while (n < 0 && errno == EINTR && !interrupted);
	if (n < 0 && interrupted)
		return -ECANCELED;
	if (n <= 0) {
		complain(e->name, n ? strerror(errno) : "became shorter while it was sent");
		return -EIO;
	}
	tally_data(&s->tally, held(s) + s->held, (size_t)n);
	s->tally.bytes += (uint64_t)n;
	*ret = (size_t)n;
	return 0;
}

/* How much may be read now. */
static size_t portion(const struct sender *s, uint64_t left) {
	uint64_t room = SENDER_BUFFER - s->held;

	if (s->skipping && room > s->answer.offset - s->tally.at)
		room = s->answer.offset - s->tally.at;
	return (size_t)(left < room ? left : room);
}

/* Exactly as many bytes as the header promised, or the copy is over. */
static int put_file(struct sender *s, const struct filecopy_entry *e, int fd) {
	uint64_t left = e->size;

	while (left > 0) {
		size_t want = portion(s, left), n;
		int r = want ? read_some(s, e, fd, want, &n) : flush(s);

		if (r)
			return r;
		if (!want)
			continue;
		left -= n;
		if (s->skipping) {
			r = interrupted ? -ECANCELED : sender_reached(s);
			if (r)
				return r;
			continue;
		}
		s->held += n;
		progress_add(&s->progress, n);
	}
	return 0;
}

static int put_entry(struct sender *s, const struct filecopy_entry *e) {
	size_t n = filecopy_encode_entry(
		e, held(s) + s->held, sizeof(s->piece) - COPYRESUME_HEAD_SIZE - s->held);

	if (n == 0)
		return -ENAMETOOLONG;
	tally_entry(&s->tally, held(s) + s->held, n);
	if (s->skipping)
		return sender_reached(s);
	s->held += n;
	return s->held > SENDER_BUFFER ? flush(s) : 0;
}

static int on_entry(void *data, const struct filecopy_entry *e, int fd, bool again) {
	struct sender *s = data;
	int r = s->held > SENDER_BUFFER ? flush(s) : 0;

	(void)again;
	if (!r)
		r = put_entry(s, e);
	if (r)
		return r;
	s->tally.files += e->kind != FILECOPY_DIR;
	return e->kind == FILECOPY_FILE ? put_file(s, e, fd) : 0;
}

static int on_skipped(void *data, const char *path, int error) {
	(void)data;
	complain(path, error == EINVAL ? "is no file, folder or link" : strerror(error));
	return -error;
}

static int send_end(struct sender *s) {
	int r = s->held ? flush(s) : 0;

	/* There is more there than here. */
	if (s->skipping)
		return SEND_E_DIFFERS;
	if (r)
		return r;
	tally_end(&s->tally);
	filecopy_encode_end(held(s));
	s->held = FILECOPY_HEADER_SIZE;
	return flush(s);
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

static int broke_off(struct sender *s) {
	fprintf(stderr, "The connection broke off. What has arrived is kept there for a day: send "
			"the same again, and the copy goes on from there.\n");
	s->error = FILECOPY_ERROR_EOF;
	return 1;
}

/* 0 only if the other side has it all and counted the same. */
static int judge_reply(struct sender *s) {
	static struct filecopy_result result;
	const void *reply;
	size_t size;
	int code = caller_finish(s->call, &reply, &size);

	if (s->can_go_on && size == 0)
		return broke_off(s);
	if (filecopy_decode_result(span_over(reply, size), &result)) {
		fprintf(stderr, "The other side said nothing understandable: not copied.\n");
		s->error = EPROTO;
		return code > 0 ? code : 1;
	}
	if (s->can_go_on && result.error == FILECOPY_ERROR_EOF)
		return broke_off(s);
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

static int open_call(struct sender *s) {
	char service[128];
	const struct caller_plan call = {.agent_socket = default_agent_socket(),
		.vchan = default_vchan(),
		.target = s->plan->target,
		.service = service,
		.ring = RING,
		.seconds = WAIT_SECONDS};
	int r;

	snprintf(service, sizeof(service), "%s%s",
		s->can_go_on ? "bulkhead.FilecopyResume" : "qubes.Filecopy", s->plan->argument);
	r = caller_new(&call, &s->call);
	if (r == CALLER_E_REFUSED)
		fprintf(stderr, "Request refused\n");
	else if (r > 0)
		fprintf(stderr, "The other domain did not answer: not copied.\n");
	else if (r < 0)
		fprintf(stderr, "No call can be made: %s\n", strerror(-r));
	return r == CALLER_E_REFUSED ? EXIT_REFUSED : r ? 1 : 0;
}

static int send_paths(struct sender *s) {
	const struct walk walk = {.entry = on_entry, .skipped = on_skipped, .data = s};
	int r = 0;

	for (int i = 0; i < s->plan->count && !r; i++)
		r = walk_path(&walk, s->plan->paths[i]);
	return r ? r : send_end(s);
}

/* What the other side has of it is not what is here: all of it again. */
static int send_anew(struct sender *s) {
	int r;

	tally_reset(&s->tally);
	r = sender_start(s, 0);
	return r ? r : send_paths(s);
}

static int send_all(struct sender *s) {
	int r;

	progress_begin(&s->progress, s->plan->total);
	r = s->can_go_on ? sender_agree(s) : 0;
	if (!r)
		r = send_paths(s);
	if (r == SEND_E_DIFFERS)
		r = send_anew(s);
	progress_end(&s->progress);
	return r;
}

/* A stream that broke off here is not ended: the other side takes back what it has. */
static int send_and_judge(struct sender *s) {
	uint8_t digest[TALLY_DIGEST] = {0};
	int r = send_all(s);

	if (r == SEND_E_NO_SERVICE)
		return r;
	if (r < 0) {
		s->error = (uint32_t)-r;
		if (s->can_go_on)
			sender_cancel(s);
	}
	if (r == -ECANCELED)
		complain("copy", words(ECANCELED));
	r = r < 0 || r == SEND_E_TOLD ? 1 : judge_reply(s);
	if (!r) {
		tally_digest(&s->tally, digest);
		print_receipt(s, s->plan->target, digest);
	}
	report_end(&s->report, s->tally.files, s->progress.done, s->error, digest);
	return r;
}

static void listen_to_interrupts(void) {
	struct sigaction a = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};

	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
}

static int send_by(const struct send_plan *plan, bool can_go_on) {
	static struct sender s;
	int r;

	/* A second try after a clash begins anew. */
	s = (struct sender){.plan = plan, .report.fd = -1, .can_go_on = can_go_on};
	if (tally_init(&s.tally, can_go_on || tally_wants_digest()))
		return 1;
	r = open_call(&s);
	if (!r && can_go_on)
		listen_to_interrupts();
	if (!r)
		r = send_and_judge(&s);
	s.call = caller_free(s.call);
	tally_deinit(&s.tally);
	return r;
}

int send_files(const struct send_plan *plan) {
	bool can_go_on = plan->total >= SEND_RESUME_FROM && tally_wants_digest();
	int r;

	signal(SIGPIPE, SIG_IGN);
	r = can_go_on ? send_by(plan, true) : SEND_E_NO_SERVICE;
	return r == SEND_E_NO_SERVICE ? send_by(plan, false) : r;
}
