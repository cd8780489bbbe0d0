/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The service bulkhead.CopyReport of the admin domain: reads what an end of a file copy says about
 * it, hands it to the tray, and writes the receiver's last word into the audit file as the receipt,
 * with the name of who said it. It meets the domain's bytes, so it confines itself first; what goes
 * back is one byte, if the person wants the copy to end or was asked something.
 */
#include "common/audit.h"
#include "proto/copyreport.h"
#include "proto/filecopy.h"
#include "qrexec/lib/confine.h"
#include "qrexec/rpc/to-tray.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define EVERY 0.1 /* seconds; what a domain says more often is not passed on */

struct reporter {
	struct domain_name domain;
	int tray; /* -1: none */
	struct audit *audit;
	struct copyreport last; /* kind 0: none yet */
	struct timespec passed;
	size_t have;
	uint8_t record[COPYREPORT_SIZE];
};

static const char *reason(uint32_t error) {
	if (error == ECANCELED)
		return "it was cancelled";
	if (error == FILECOPY_ERROR_EOF)
		return "the sender broke off";
	return strerror((int)error);
}

static void put_digest(struct audit_line *l, const struct copyreport *r) {
	char text[2 * COPYREPORT_DIGEST + 1];

	for (unsigned i = 0; i < COPYREPORT_DIGEST; i++)
		snprintf(text + 2 * i, 3, "%02x", r->digest[i]);
	if (r->has_digest)
		audit_text(l, "sha256", text);
}

static void write_receipt(struct reporter *p, const char *why) {
	const struct copyreport *r = &p->last;
	struct audit_line l;

	if (r->role != COPYREPORT_RECEIVES || !p->audit)
		return;
	audit_begin(&l, "receipt");
	audit_text(&l, "source", r->peer.s);
	audit_text(&l, "target", p->domain.s);
	audit_text(&l, "outcome", why ? "fail" : "ok");
	audit_text(&l, "reason", why);
	audit_number(&l, "files", r->files);
	audit_number(&l, "bytes", r->bytes);
	put_digest(&l, r);
	audit_text(&l, "said_by", p->domain.s);
	if (audit_end(p->audit, &l))
		fprintf(stderr, "bulkhead.CopyReport: a receipt is lost\n");
}

static void pass_on(struct reporter *p) {
	uint8_t out[DOMAIN_NAME_MAX + 1 + COPYREPORT_SIZE];
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (p->passed.tv_sec && p->last.kind == COPYREPORT_RUNNING &&
		(double)(now.tv_sec - p->passed.tv_sec) +
				(double)(now.tv_nsec - p->passed.tv_nsec) / 1e9 <
			EVERY)
		return;
	p->passed = now;
	memcpy(out, p->domain.s, DOMAIN_NAME_MAX + 1);
	copyreport_encode(&p->last, out + DOMAIN_NAME_MAX + 1);
	if (p->tray >= 0 && send(p->tray, out, sizeof(out), MSG_NOSIGNAL) < 0 && errno != EAGAIN) {
		close(p->tray);
		p->tray = -1;
	}
}

static void answer(struct reporter *p, char word) {
	if (copyreport_may_answer(&p->last, word))
		(void)!write(STDOUT_FILENO, &word, 1);
}

/* 0, or 1: nothing more is read. */
static int take_record(struct reporter *p) {
	struct copyreport r;

	p->have = 0;
	if (copyreport_decode(span_over(p->record, sizeof(p->record)), &r) ||
		(p->last.kind && copyreport_follows(&p->last, &r)))
		return 1;
	p->last = r;
	pass_on(p);
	if (p->tray < 0)
		answer(p, COPYREPORT_RENAME);
	return r.kind == COPYREPORT_DONE || r.kind == COPYREPORT_FAILED;
}

static int take_input(struct reporter *p) {
	ssize_t n = read(STDIN_FILENO, p->record + p->have, sizeof(p->record) - p->have);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0)
		return 1;
	p->have += (size_t)n;
	return p->have == sizeof(p->record) ? take_record(p) : 0;
}

static void take_answer(struct reporter *p) {
	char word;
	ssize_t n = recv(p->tray, &word, 1, MSG_DONTWAIT);

	if (n > 0) {
		answer(p, word);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		close(p->tray);
		p->tray = -1;
		answer(p, COPYREPORT_RENAME); /* nobody can be asked */
	}
}

static void run(struct reporter *p) {
	int over = 0;

	while (!over) {
		struct pollfd fds[] = {
			{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = p->tray, .events = POLLIN}};

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return;
		if (fds[1].revents)
			take_answer(p);
		if (fds[0].revents)
			over = take_input(p);
	}
}

int main(void) {
	static struct reporter p = {.tray = -1};
	const char *source = getenv("QREXEC_REMOTE_DOMAIN"), *path = getenv("BULKHEAD_AUDIT");

	if (!source || domain_name_parse(source, &p.domain))
		return 1;
	p.tray = to_tray();
	if (path && audit_open(path, AUDIT_JOURNAL, &p.audit))
		fprintf(stderr, "bulkhead.CopyReport: %s cannot be written\n", path);
	if (p.audit)
		audit_hold(p.audit);
	if (confine_daemon())
		return 1;
	run(&p);
	if (p.last.kind == COPYREPORT_RUNNING || p.last.kind == COPYREPORT_TAKEN)
		write_receipt(&p, "it did not say how the copy ended");
	else if (p.last.kind)
		write_receipt(&p, p.last.error ? reason(p.last.error) : NULL);
	p.audit = audit_close(p.audit);
	return p.last.kind == COPYREPORT_DONE || p.last.kind == COPYREPORT_FAILED ? 0 : 1;
}
