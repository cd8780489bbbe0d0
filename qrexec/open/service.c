/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qubes.OpenInVM and qubes.OpenURL: opens what another domain sends, with the program that this
 * domain has for such files. By its type, never by an x bit, and nothing that starts programs by
 * itself (bug class F9). When the program is done, a changed file goes back.
 */
#include "common/domain-name.h"
#include "proto/open.h"
#include "qrexec/copy/rm.h"
#include "qrexec/open/opener.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define BUFFER 65536

static int read_all(void *into, size_t size, size_t *ret) {
	size_t have = 0;

	while (have < size) {
		ssize_t n = read(STDIN_FILENO, (char *)into + have, size - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	*ret = have;
	return 0;
}

static int pass_on(int from, int to) {
	static char buffer[BUFFER];

	for (;;) {
		ssize_t n = read(from, buffer, sizeof(buffer)), done = 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : 0;
		while (done < n) {
			ssize_t w = write(to, buffer + done, (size_t)(n - done));

			if (w < 0 && errno != EINTR)
				return -errno;
			done += w > 0 ? w : 0;
		}
	}
}

static int fail(const char *what, const char *why) {
	fprintf(stderr, "%s%s%s\n", what, why ? ": " : "", why ? why : "");
	return 1;
}

static int serve_url(void) {
	static char line[OPEN_URL_MAX + 2], url[OPEN_URL_MAX + 1];
	size_t n;

	if (read_all(line, sizeof(line), &n) || open_decode_url(span_over(line, n), url))
		return fail("Only http, https and ftp links are opened.", NULL);
	return opener_url(url) ? 1 : 0;
}

static int receive(const char *path, bool view_only, struct stat *ret) {
	AUTO(auto_close) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : pass_on(STDIN_FILENO, fd);

	if (!r && view_only && fchmod(fd, 0400))
		r = -errno;
	return r ? r : fstat(fd, ret) ? -errno : 0;
}

/* By nanoseconds, size and identity: an edit within the same second counts, and one by an editor
 * that puts a new file in the old one's place. */
static bool has_changed(int fd, const struct stat *before) {
	struct stat now;

	return !fstat(fd, &now) && S_ISREG(now.st_mode) &&
	       (now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
		       now.st_mtim.tv_nsec != before->st_mtim.tv_nsec ||
		       now.st_size != before->st_size || now.st_ino != before->st_ino);
}

static int open_and_answer(const char *path, const struct open_name *name) {
	AUTO(auto_close) int fd = -1;
	struct stat before;
	int r = receive(path, name->view_only, &before);

	if (r)
		return fail("The file could not be received", strerror(-r));
	if (opener_file(path))
		return 1;
	if (name->view_only)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return fail("The file is no longer there", NULL);
	r = has_changed(fd, &before) ? pass_on(fd, STDOUT_FILENO) : 0;
	return r ? fail("The changed file could not be sent back", strerror(-r)) : 0;
}

static int serve_file(const char *source) {
	g_autofree char *folder = g_strdup_printf("/tmp/%s-XXXXXX", source), *path = NULL;
	uint8_t field[OPEN_FIELD];
	struct open_name name;
	size_t n;
	int r;

	if (read_all(field, sizeof(field), &n) || open_decode_name(span_over(field, n), &name))
		return fail("The call names no file that could be opened.", NULL);
	if (!g_mkdtemp_full(folder, 0700))
		return fail(folder, strerror(errno));
	path = g_build_filename(folder, name.text, NULL);
	r = open_and_answer(path, &name);
	rm_tree(AT_FDCWD, folder);
	return r;
}

int main(int argc, char **argv) {
	g_autofree char *base = g_path_get_basename(argv[0]);
	const char *source = g_getenv("QREXEC_REMOTE_DOMAIN"), *service;
	struct domain_name checked;

	(void)argc;
	signal(SIGPIPE, SIG_IGN);
	if (!source || domain_name_parse(source, &checked))
		return fail("No sender, or a name that no domain has.", NULL);
	service = g_getenv("QREXEC_SERVICE_FULL_NAME");
	if (!service)
		service = base;
	return g_str_has_prefix(service, "qubes.OpenURL") ? serve_url() : serve_file(source);
}
