/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-daemon/clip.h"

#include "common/clip-text.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Before 1.8 the reference allows 64000 and agents cut at 65000: what is longer may be a part. */
#define MOST_OLD  64000u
#define LINE_SIZE 200

struct mapped {
	uint8_t *at;
	size_t size;
};

void clip_init(struct clip *c, const struct clip_config *config) {
	*c = (struct clip){.config = *config};
}

void clip_connected(struct clip *c, unsigned minor) {
	c->connected = true;
	c->minor = minor;
	c->asked = false;
}

static uint32_t most(const struct clip *c) {
	return c->minor < GUI_MINOR_BIG_CLIPBOARD ? MOST_OLD : GUI_CLIPBOARD_MAX;
}

static void tell(struct clip *c, enum ctl_type type, uint32_t number, const char *text, int fd) {
	c->config.tell(c->config.data, type, number, text, fd);
}

static void fail(struct clip *c, uint32_t number, const char *why) {
	tell(c, CTL_CLIP_FAILED, number, why, -1);
}

static int write_all(int fd, const uint8_t *data, size_t size) {
	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			size -= (size_t)n;
		}
	}
	return 0;
}

/* The text in a file without a name that nobody can change any more; -errno. */
static int seal(const uint8_t *data, size_t size) {
	AUTO(auto_close)
	int fd = memfd_create("clipboard", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r = fd < 0 ? -errno : write_all(fd, data, size);

	if (r < 0)
		return r;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static void tell_sealed(
	struct clip *c, enum ctl_type type, uint32_t number, const uint8_t *data, size_t size) {
	AUTO(auto_close) int fd = seal(data, size);
	char line[LINE_SIZE] = "";

	if (type == CTL_CLIP_TEXT)
		clip_text_line(data, size, line, sizeof(line));
	if (fd < 0)
		fail(c, number, "there is no memory for it");
	else
		tell(c, type, number, line, fd);
}

void clip_get(struct clip *c, uint32_t number, uint32_t window, int64_t now) {
	struct gui_from_daemon m = {.type = GUI_CLIPBOARD_REQ, .window = window};

	if (c->asked && now - c->asked_at < CLIP_OWED_US) {
		c->late = true;
		fail(c, number, "it still owes the answer to the copy before");
		return;
	}
	if (!c->connected) {
		fail(c, number, "its agent is not connected");
		return;
	}
	c->asked = true;
	c->late = false;
	c->asked_at = now;
	c->number = number;
	c->config.send(c->config.data, &m);
}

void clip_cancel(struct clip *c, uint32_t number) {
	if (c->asked && c->number == number)
		c->late = true;
}

const char *clip_data(struct clip *c, const struct gui_clipboard *data) {
	if (!c->asked)
		return "sent clipboard data that nobody asked for";
	c->asked = false;
	if (c->late)
		return "sent clipboard data too late";
	if (data->size == 0)
		fail(c, c->number, "there is no text in its clipboard");
	else if (data->size > most(c))
		tell(c, CTL_CLIP_LARGE, c->number, NULL, -1);
	else
		tell_sealed(c, CTL_CLIP_TEXT, c->number, data->data, data->size);
	return NULL;
}

static bool map(int fd, struct mapped *ret) {
	struct stat s;
	void *at;

	if (fd < 0 || fstat(fd, &s) < 0 || s.st_size < 1 || s.st_size > CTL_CLIPBOARD_MAX)
		return false;
	at = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED)
		return false;
	*ret = (struct mapped){at, (size_t)s.st_size};
	return true;
}

static void send_text(struct clip *c, const uint8_t *data, uint32_t size) {
	struct gui_from_daemon m = {.type = GUI_CLIPBOARD_DATA};

	m.window = c->minor < GUI_MINOR_CLIPBOARD_LENGTH ? size : 0;
	m.clipboard = (struct gui_clipboard){data, size};
	c->config.send(c->config.data, &m);
}

static void put(struct clip *c, uint32_t number, const uint8_t *data, size_t size) {
	if (size == 0) {
		fail(c, number, "nothing of it is text that can be pasted");
	} else if (size > most(c)) {
		tell_sealed(c, CTL_CLIP_LARGE, number, data, size);
	} else {
		send_text(c, data, (uint32_t)size);
		tell(c, CTL_CLIP_DONE, number, NULL, -1);
	}
}

void clip_put(struct clip *c, uint32_t number, int fd, bool raw) {
	g_autofree uint8_t *clean = NULL;
	struct mapped text;

	if (!c->connected || !map(fd, &text)) {
		fail(c, number,
			c->connected ? "the text is not there" : "its agent is not connected");
		return;
	}
	clean = raw ? NULL : g_try_malloc(text.size);
	if (raw)
		put(c, number, text.at, text.size);
	else if (clean)
		put(c, number, clean, clip_text_clean(text.at, text.size, clean));
	else
		fail(c, number, "there is no memory for it");
	munmap(text.at, text.size);
}

void clip_look(struct clip *c, uint32_t number, int fd) {
	char line[LINE_SIZE];
	struct mapped text;

	if (!map(fd, &text)) {
		fail(c, number, "the text is not there");
		return;
	}
	clip_text_line(text.at, text.size, line, sizeof(line));
	munmap(text.at, text.size);
	tell(c, CTL_CLIP_TEXT, number, line, -1);
}
