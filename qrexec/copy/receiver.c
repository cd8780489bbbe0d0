/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qubes.Filecopy: takes in the files that another domain sends, below ~/QubesIncoming/<sender>.
 * It confines itself before the first byte; on any error it takes back what it made and says which
 * error it was.
 */
#include "common/confine.h"
#include "common/domain-name.h"
#include "proto/filecopy.h"
#include "qrexec/copy/place.h"
#include "qrexec/copy/report.h"
#include "qrexec/copy/stage.h"
#include "qrexec/copy/tally.h"
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

#define BUFFER    (256 * 1024)
#define ALL_NAMES "allow-all-names"

struct options {
	bool all_names;
	enum place_clash clash;
};

struct receiver {
	struct filecopy_decoder decoder;
	struct place *place;
	struct tally tally;
	struct report report;
	struct stage *stage;
	const char *source;
	int receipts; /* -1: none */
	uint8_t buffer[BUFFER];
};

static int on_entry(struct receiver *r) {
	const struct filecopy_entry *e = &r->decoder.entry;

	switch (e->kind) {
	case FILECOPY_DIR:
		return place_dir(r->place, e);
	case FILECOPY_LINK:
		r->tally.files++;
		return place_link(r->place, e);
	case FILECOPY_FILE:
		break;
	}
	r->tally.files++;
	return place_begin_file(r->place, e);
}

/* One piece of input; the error, 0, or -1: the end mark was read. */
static int take(struct receiver *r, const uint8_t *bytes, size_t size) {
	struct span in = span_over(bytes, size), data;
	int error = 0;

	while (!error) {
		switch (filecopy_step(&r->decoder, &in, &data)) {
		case FILECOPY_MORE:
			tally_add(&r->tally, bytes, size);
			return 0;
		case FILECOPY_ENTRY:
			error = on_entry(r);
			break;
		case FILECOPY_DATA:
			r->tally.bytes += data.left;
			error = place_write(r->place, data.at, data.left);
			break;
		case FILECOPY_FILE_END:
			error = place_end_file(r->place, &r->decoder.entry);
			break;
		case FILECOPY_END:
			tally_add(&r->tally, bytes, size - in.left);
			return -1;
		case FILECOPY_BAD:
			error = r->decoder.error;
			break;
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
		error = take(r, r->buffer, (size_t)n);
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

static int prepare(struct receiver *r, const struct options *o) {
	struct domain_name name;
	AUTO(auto_close) int incoming = -1;
	AUTO(auto_close) int dir = -1;
	int tree, error, dirs[2];

	r->source = getenv("QREXEC_REMOTE_DOMAIN");
	if (!r->source || domain_name_parse(r->source, &name)) {
		fprintf(stderr, "qubes.Filecopy: no sender, or a name that no domain has\n");
		return -EINVAL;
	}
	incoming = open_incoming();
	dir = incoming < 0 ? -1 : open_dir(incoming, r->source);
	error = dir < 0 ? -errno : stage_new(incoming, r->source, &r->stage);
	if (error) {
		fprintf(stderr, "qubes.Filecopy: no folder for what %s sends: %s\n", r->source,
			strerror(-error));
		return error;
	}
	r->receipts = openat(incoming, ".receipts",
		O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	dirs[0] = dir;
	dirs[1] = stage_folder(r->stage);
	tree = fcntl(stage_tree(r->stage), F_DUPFD_CLOEXEC, 0);
	r->place = place_new(TAKE_FD(dir), tree, o->clash);
	filecopy_decoder_init(&r->decoder, o->all_names ? FILECOPY_ALL_NAMES : 0);
	if (!r->place || tree < 0 || tally_init(&r->tally, tally_wants_digest()))
		return -ENOMEM;
	report_open(&r->report, COPYREPORT_RECEIVES, r->source, 0);
	tzset();
	umask(0);
	error = confine_beneath(dirs, 2);
	if (error && error != -ENOSYS && error != -EOPNOTSUPP)
		return error;
	return confine_receiver();
}

/* What the call was for: words of the service's argument. */
static int parse_argument(const char *text, struct options *ret) {
	static const struct {
		const char *word;
		enum place_clash clash;
	} clashes[] = {{"on-clash-rename", PLACE_RENAME}, {"on-clash-skip", PLACE_SKIP},
		{"on-clash-replace", PLACE_REPLACE}, {"on-clash-refuse", PLACE_REFUSE}};

	if (!strncmp(text, ALL_NAMES, strlen(ALL_NAMES))) {
		ret->all_names = true;
		text += strlen(ALL_NAMES);
		text += *text == '+';
	}
	if (!*text)
		return 0;
	for (size_t i = 0; i < sizeof(clashes) / sizeof(clashes[0]); i++)
		if (!strcmp(text, clashes[i].word)) {
			ret->clash = clashes[i].clash;
			return 0;
		}
	return -EINVAL;
}

int main(int argc, char **argv) {
	static struct receiver r = {.receipts = -1, .report.fd = -1};
	uint8_t digest[TALLY_DIGEST] = {0};
	struct options o = {0};
	int error;

	signal(SIGPIPE, SIG_IGN);
	if (argc > 1 && parse_argument(argv[1], &o)) {
		fprintf(stderr, "qubes.Filecopy: an argument that this version does not know\n");
		return 1;
	}
	if (prepare(&r, &o))
		return 1;
	error = receive(&r);
	if (error) {
		place_undo(r.place);
	} else {
		tally_digest(&r.tally, digest);
		write_receipt(&r, digest);
	}
	r.place = place_free(r.place);
	r.stage = stage_remove(r.stage);
	reply(&r, error);
	report_end(&r.report, r.tally.files, r.tally.bytes, (uint32_t)error, digest);
	tally_deinit(&r.tally);
	return error ? 1 : 0;
}
