/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The service bulkhead.ClipboardText: long texts of the clipboard between the admin domain and the
 * gui-agent of this domain (clipboard-port.h). With the argument "get" it writes the text to
 * stdout, with "put" it reads it from stdin. Only the admin domain may call it. Exit status 0; 8:
 * there is no text; 9: it is too long; 1: anything else. A part of a text never ends with 0.
 */
#include "common/cleanup.h"
#include "common/span.h"
#include "proto/ctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TEXT_MAX CTL_CLIPBOARD_MAX

enum { EXIT_TROUBLE = 1, EXIT_NO_TEXT = 8, EXIT_TOO_LONG = 9 };

static int connect_agent(void) {
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	const char *folder = getenv("XDG_RUNTIME_DIR");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), n;

	if (folder && *folder)
		n = snprintf(at.sun_path, sizeof(at.sun_path), "%s/bulkhead-clipboard", folder);
	else
		n = snprintf(at.sun_path, sizeof(at.sun_path), "/run/user/%u/bulkhead-clipboard",
			geteuid());
	if (fd < 0 || n < 0 || (size_t)n >= sizeof(at.sun_path) ||
		connect(fd, (const struct sockaddr *)&at, sizeof(at)))
		return -1;
	return fd;
}

/* How many came before the end. */
static size_t read_up_to(int fd, uint8_t *data, size_t size) {
	size_t got = 0;

	while (got < size) {
		ssize_t n = read(fd, data + got, size - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	return got;
}

static bool write_whole(int fd, const void *data, size_t size) {
	const uint8_t *at = data;

	while (size > 0) {
		ssize_t n = write(fd, at, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		size -= (size_t)n;
	}
	return true;
}

static bool read_length(int fd, uint32_t *ret) {
	uint8_t head[4];
	struct span s = span_over(head, sizeof(head));

	if (read_up_to(fd, head, sizeof(head)) != sizeof(head))
		return false;
	*ret = span_u32(&s);
	return true;
}

static int get(int agent, uint8_t *text) {
	uint32_t length;

	if (!write_whole(agent, "get\n", 4) || !read_length(agent, &length))
		return EXIT_TROUBLE;
	if (length == 0)
		return EXIT_NO_TEXT;
	if (length > TEXT_MAX)
		return EXIT_TOO_LONG;
	if (read_up_to(agent, text, length) != length || !write_whole(STDOUT_FILENO, text, length))
		return EXIT_TROUBLE;
	return 0;
}

static int put(int agent, uint8_t *text) {
	size_t size = read_up_to(STDIN_FILENO, text, TEXT_MAX + 1);
	struct sink s;
	uint8_t head[8] = "put\n";
	uint32_t answer;

	if (size == 0)
		return EXIT_NO_TEXT;
	if (size > TEXT_MAX)
		return EXIT_TOO_LONG;
	s = sink_over(head + 4, 4);
	sink_u32(&s, (uint32_t)size);
	if (!write_whole(agent, head, sizeof(head)) || !write_whole(agent, text, size) ||
		!read_length(agent, &answer))
		return EXIT_TROUBLE;
	return answer == 0 ? 0 : EXIT_TROUBLE;
}

int main(int argc, char **argv) {
	static uint8_t text[TEXT_MAX + 1]; /* only what is used of it costs memory */
	const char *caller = getenv("QREXEC_REMOTE_DOMAIN");
	int agent = -1;

	if (!caller || strcmp(caller, "dom0") != 0 || argc != 2) {
		fprintf(stderr, "bulkhead.ClipboardText: only for the admin domain\n");
		return EXIT_TROUBLE;
	}
	agent = connect_agent();
	if (agent < 0) {
		perror("bulkhead.ClipboardText: the gui-agent");
		return EXIT_TROUBLE;
	}
	if (!strcmp(argv[1], "get"))
		return get(agent, text);
	return strcmp(argv[1], "put") ? EXIT_TROUBLE : put(agent, text);
}
