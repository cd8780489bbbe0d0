/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qubes.Filecopy: takes in the files that another domain sends, below ~/QubesIncoming/<sender>.
 * It confines itself before the first byte; on any error it takes back what it made and says which
 * error it was. As bulkhead.FilecopyResume it keeps what it has when the stream breaks off.
 */
#include "qrexec/copy/receiver.h"
#include "common/confine.h"
#include "common/domain-name.h"
#include "qrexec/lib/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#define ALL_NAMES   "allow-all-names"
#define CAN_GO_ON   "bulkhead.FilecopyResume"
#define ASK_SECONDS 30

static int log_entry(struct receiver *r, size_t size) {
	int log = stage_log(r->stage);
	ssize_t n = log < 0 ? (ssize_t)size : write(log, r->encoded, size);

	return n == (ssize_t)size ? 0 : n < 0 ? errno : ENOSPC;
}

static int make_entry(struct receiver *r) {
	const struct filecopy_entry *e = &r->decoder.entry;

	switch (e->kind) {
	case FILECOPY_DIR:
		return place_dir(r->place, e);
	case FILECOPY_LINK:
		return place_link(r->place, e);
	case FILECOPY_FILE:
		break;
	}
	return place_begin_file(r->place, e);
}

/* What is logged may be missing, but nothing is here that is not logged. */
static int on_entry(struct receiver *r) {
	const struct filecopy_entry *e = &r->decoder.entry;
	size_t size = filecopy_encode_entry(e, r->encoded, sizeof(r->encoded));
	int error = 0;

	if (r->adopting) {
		error = place_adopt(r->place, e);
		if (error)
			return error == ENOENT ? RECEIVER_ABSENT : error;
		r->logged += size;
	} else {
		error = log_entry(r, size);
		if (!error)
			error = make_entry(r);
	}
	if (error)
		return error;
	tally_entry(&r->tally, r->encoded, size);
	r->tally.files += e->kind != FILECOPY_DIR;
	return r->adopting && e->size ? RECEIVER_FILE : 0;
}

static int on_data(struct receiver *r, struct span data) {
	r->tally.bytes += data.left;
	tally_data(&r->tally, data.at, data.left);
	return r->adopting ? 0 : place_write(r->place, data.at, data.left);
}

int receiver_take(struct receiver *r, struct span *in) {
	struct span data;
	int error = 0;

	while (!error) {
		switch (filecopy_step(&r->decoder, in, &data)) {
		case FILECOPY_MORE:
			return 0;
		case FILECOPY_ENTRY:
			error = on_entry(r);
			break;
		case FILECOPY_DATA:
			error = on_data(r, data);
			break;
		case FILECOPY_FILE_END:
			error = place_end_file(r->place, &r->decoder.entry);
			break;
		case FILECOPY_END:
			tally_end(&r->tally);
			return RECEIVER_FINISHED;
		case FILECOPY_BAD:
			return r->decoder.error;
		}
	}
	return error;
}

/* Bytes of the stream as they came. */
static int take_stream(struct receiver *r, struct span in) {
	struct span left = in;
	int error = receiver_take(r, &left);

	tally_wire(&r->tally, in.at, in.left - left.left);
	return error;
}

static int take_pieces(struct receiver *r, struct span in) {
	struct span data;
	int error = 0;

	while (!error) {
		switch (copyresume_step(&r->pieces, &in, &data)) {
		case COPYRESUME_MORE:
			return 0;
		case COPYRESUME_DATA:
			error = take_stream(r, data);
			break;
		case COPYRESUME_CANCEL:
			return ECANCELED;
		case COPYRESUME_BAD:
			return EPROTO;
		}
	}
	return error;
}

/* 0: there is something to read; ECANCELED: the person does not want it any more. */
static int wait_for_input(struct receiver *r) {
	struct pollfd p[] = {
		{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = r->report.fd, .events = POLLIN}};

	do {
		p[1].fd = r->report.fd;
		if (poll(p, 2, -1) < 0)
			return errno == EINTR ? 0 : errno;
		if (p[1].revents)
			report_listen(&r->report);
		if (r->report.cancelled)
			return ECANCELED;
	} while (!p[0].revents);
	return 0;
}

static int receive(struct receiver *r) {
	for (;;) {
		int error = wait_for_input(r);
		ssize_t n;

		if (error)
			return error;
		report_tell(&r->report, r->tally.files, r->tally.bytes);
		n = read(STDIN_FILENO, r->buffer, sizeof(r->buffer));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0) /* bug class F5: what was not ended was not received */
			return (int)FILECOPY_ERROR_EOF;
		error = r->can_go_on ? take_pieces(r, span_over(r->buffer, (size_t)n))
				     : take_stream(r, span_over(r->buffer, (size_t)n));
		if (error)
			return error < 0 ? place_finish(r->place) : error;
	}
}

static void reply(struct receiver *r, int error) {
	static struct filecopy_result result;
	static uint8_t out[FILECOPY_REPLY_MAX];
	size_t n, at = 0;

	result.error = (uint32_t)error;
	result.crc = r->tally.crc;
	if (error != ENAMETOOLONG)
		memcpy(result.last, r->decoder.entry.name, sizeof(result.last));
	n = filecopy_encode_result(&result, out, sizeof(out));
	while (at < n) {
		ssize_t done = write(STDOUT_FILENO, out + at, n - at);

		if (done <= 0)
			return;
		at += (size_t)done;
	}
}

/* One line in the person's own record: when, from whom, how much, and the sum of it. */
static void write_receipt(struct receiver *r, const uint8_t digest[TALLY_DIGEST]) {
	char line[256], sum[TALLY_DIGEST_TEXT];
	int n;

	tally_digest_text(digest, sum);
	n = snprintf(line, sizeof(line), "%lld received from %s files=%llu bytes=%llu sha256=%s\n",
		(long long)time(NULL), r->source, (unsigned long long)r->tally.files,
		(unsigned long long)r->tally.bytes, sum[0] ? sum : "-");
	if (r->receipts >= 0 && n > 0 && write(r->receipts, line, (size_t)n) != n)
		fprintf(stderr, "qubes.Filecopy: no receipt could be written\n");
}

static int open_dir(int at, const char *name) {
	if (mkdirat(at, name, 0700) && errno != EEXIST)
		return -1;
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int open_incoming(void) {
	const char *home = getenv("HOME");
	AUTO(auto_close) int at = home ? open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	return at < 0 ? -1 : open_dir(at, "QubesIncoming");
}

/* Asked when all of the copy is there. Nobody hears it: the new one gets a number. */
static enum place_clash ask(void *data) {
	struct receiver *r = data;

	if (r->report.fd >= 0)
		fprintf(stderr, "Something of that name is there already; the person is asked.\n");
	switch (report_ask(&r->report, r->tally.files, r->tally.bytes, ASK_SECONDS)) {
	case COPYREPORT_CANCEL:
		return PLACE_CANCEL;
	case COPYREPORT_REPLACE:
		return PLACE_REPLACE;
	case COPYREPORT_SKIP:
		return PLACE_SKIP;
	case COPYREPORT_RENAME:
		break;
	}
	return PLACE_RENAME;
}

int receiver_place(struct receiver *r) {
	int dir = fcntl(r->dir, F_DUPFD_CLOEXEC, 0),
	    tree = fcntl(stage_tree(r->stage), F_DUPFD_CLOEXEC, 0);

	r->place = place_new(dir, tree, r->clash);
	if (!r->place || dir < 0 || tree < 0)
		return ENOMEM;
	if (r->asks)
		place_ask(r->place, ask, r);
	return 0;
}

int receiver_make(struct receiver *r, const uint8_t *id) {
	int error = stage_make(r->stage, id);

	return error ? -error : receiver_place(r);
}

static int open_folders(struct receiver *r) {
	AUTO(auto_close) int incoming = open_incoming();

	r->dir = incoming < 0 ? -1 : open_dir(incoming, r->source);
	if (r->dir < 0)
		return -errno;
	r->receipts = openat(incoming, ".receipts",
		O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	return stage_open(incoming, r->source, r->receipts, &r->stage);
}

static int prepare(struct receiver *r) {
	struct domain_name name;
	int error, dirs[2];

	r->source = getenv("QREXEC_REMOTE_DOMAIN");
	if (!r->source || domain_name_parse(r->source, &name)) {
		fprintf(stderr, "qubes.Filecopy: no sender, or a name that no domain has\n");
		return -EINVAL;
	}
	error = open_folders(r);
	if (!error && !r->can_go_on)
		error = -receiver_make(r, NULL);
	if (error) {
		fprintf(stderr, "qubes.Filecopy: no folder for what %s sends: %s\n", r->source,
			strerror(-error));
		return error;
	}
	filecopy_decoder_init(&r->decoder, r->flags);
	/* A copy is known again by its sum alone. */
	if (tally_init(&r->tally, r->can_go_on || tally_wants_digest()))
		return -ENOMEM;
	report_open(&r->report, COPYREPORT_RECEIVES, r->source, 0);
	tzset();
	umask(0);
	dirs[0] = r->dir;
	dirs[1] = stage_folder(r->stage);
	error = confine_beneath(dirs, 2);
	if (error && error != -ENOSYS && error != -EOPNOTSUPP)
		return error;
	return confine_receiver();
}

/* What the call was for: words of the service's argument. */
static int parse_argument(const char *text, struct receiver *ret) {
	static const struct {
		const char *word;
		enum place_clash clash;
	} clashes[] = {{"on-clash-rename", PLACE_RENAME}, {"on-clash-skip", PLACE_SKIP},
		{"on-clash-replace", PLACE_REPLACE}, {"on-clash-refuse", PLACE_REFUSE}};

	if (!strncmp(text, ALL_NAMES, strlen(ALL_NAMES))) {
		ret->flags |= FILECOPY_ALL_NAMES;
		text += strlen(ALL_NAMES);
		text += *text == '+';
	}
	if (!*text)
		return 0;
	for (size_t i = 0; i < sizeof(clashes) / sizeof(clashes[0]); i++)
		if (!strcmp(text, clashes[i].word)) {
			ret->clash = clashes[i].clash;
			ret->asks = false;
			return 0;
		}
	return -EINVAL;
}

/* The sender reads it, in words that help. */
static void tell_room(const struct receiver *r) {
	uint64_t needed, room;

	if (!r->place || !place_fits(r->place, r->decoder.entry.size, 1, &needed, &room))
		return;
	fprintf(stderr, "This file needs %.1f MB, and there is room for %.1f MB.\n",
		(double)needed / 1e6, (double)room / 1e6);
}

static void end_well(struct receiver *r, uint8_t digest[TALLY_DIGEST]) {
	if (tally_wants_digest())
		tally_digest(&r->tally, digest);
	write_receipt(r, digest);
}

/* The copy can go on: the stream broke off, or there is no room for the rest of it now. */
static bool is_kept(const struct receiver *r, int error) {
	return r->can_go_on && r->tally.at > 0 &&
	       (error == (int)FILECOPY_ERROR_EOF || (error == ENOSPC && r->answered));
}

static void end_badly(struct receiver *r, int error) {
	if (error == ENOSPC && !r->answered)
		tell_room(r);
	if (is_kept(r, error)) {
		place_pause(r->place);
		r->place = place_free(r->place);
		r->stage = stage_keep(r->stage);
	} else if (r->place) {
		place_undo(r->place);
	}
}

int main(int argc, char **argv) {
	static struct receiver r = {.dir = -1, .receipts = -1, .report.fd = -1, .asks = true};
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	uint8_t digest[TALLY_DIGEST] = {0};
	int error;

	signal(SIGPIPE, SIG_IGN);
	r.can_go_on = slash && !strcmp(slash + 1, CAN_GO_ON);
	if (argc > 1 && parse_argument(argv[1], &r)) {
		fprintf(stderr, "qubes.Filecopy: an argument that this version does not know\n");
		return 1;
	}
	if (prepare(&r))
		return 1;
	error = r.can_go_on ? receiver_agree(&r) : 0;
	if (!error)
		error = receive(&r);
	if (error)
		end_badly(&r, error);
	else
		end_well(&r, digest);
	r.place = place_free(r.place);
	r.stage = stage_remove(r.stage);
	if (!r.answered)
		reply(&r, error);
	report_end(&r.report, r.tally.files, r.tally.bytes, (uint32_t)error, digest);
	tally_deinit(&r.tally);
	return error ? 1 : 0;
}
