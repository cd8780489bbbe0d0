/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Service configuration; see config.h. A line that is not understood makes the call fail: a
 * force-user that was overlooked would be worse. */
#include "qrexec/lib/config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX 65536

enum key { WAIT, USER, SKIP, SERVICE_EOF, CLIENT_EOF, KEYS };

static const char *const names[KEYS] = {"wait-for-session", "force-user", "skip-service-descriptor",
	"exit-on-service-eof", "exit-on-client-eof"};

struct line {
	const char *at, *end;
};

static bool is_letter(char c) {
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_key_char(char c) {
	return is_letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

static void skip_blanks(struct line *l) {
	while (l->at < l->end && (*l->at == ' ' || *l->at == '\t'))
		l->at++;
}

static struct line take_while(struct line *l, bool (*want)(char)) {
	struct line word = {l->at, l->at};

	while (l->at < l->end && want(*l->at))
		l->at++;
	word.end = l->at;
	return word;
}

static bool line_is(const struct line *l, const char *text) {
	return (size_t)(l->end - l->at) == strlen(text) &&
	       !memcmp(l->at, text, (size_t)(l->end - l->at));
}

/* true | false; wait-for-session also knows 0 | 1. */
static int take_bool(const struct line *word, bool digits, bool *ret) {
	if (line_is(word, "true") || (digits && line_is(word, "1")))
		*ret = true;
	else if (line_is(word, "false") || (digits && line_is(word, "0")))
		*ret = false;
	else
		return 1;
	return 0;
}

static bool is_decimal(const struct line *word) {
	if (word->at == word->end || (*word->at == '0' && word->end - word->at > 1))
		return false;
	for (const char *p = word->at; p < word->end; p++)
		if (*p < '0' || *p > '9')
			return false;
	return true;
}

/* 'text', no escapes. */
static int take_quoted(struct line *l, struct line *ret) {
	const char *close;

	l->at++;
	close = memchr(l->at, '\'', (size_t)(l->end - l->at));
	if (!close)
		return 1;
	*ret = (struct line){l->at, close};
	l->at = close + 1;
	return 0;
}

static int set_user(const struct line *value, struct config *c) {
	size_t len = (size_t)(value->end - value->at);

	if (len == 0 || len > CONFIG_USER_MAX)
		return 1;
	memcpy(c->force_user, value->at, len);
	c->force_user[len] = 0;
	return 0;
}

static int set_key(unsigned key, bool quoted, const struct line *value, struct config *c) {
	switch ((enum key)key) {
	case WAIT:
		return quoted || take_bool(value, true, &c->wait_for_session);
	case USER:
		return !quoted || set_user(value, c);
	case SKIP:
		return quoted || take_bool(value, false, &c->skip_descriptor);
	case SERVICE_EOF:
		return quoted || take_bool(value, false, &c->exit_on_service_eof);
	case CLIENT_EOF:
		return quoted || take_bool(value, false, &c->exit_on_client_eof);
	case KEYS: /* unknown: the value must still be one */
		break;
	}
	return !quoted && !line_is(value, "true") && !line_is(value, "false") && !is_decimal(value);
}

static unsigned find_key(const struct line *word) {
	unsigned i = 0;

	while (i < KEYS && !line_is(word, names[i]))
		i++;
	return i;
}

static int parse_line(struct line l, unsigned *seen, struct config *c) {
	struct line key, value;
	bool quoted;
	unsigned k;

	if (l.at == l.end || *l.at == '#')
		return 0;
	if (!is_letter(*l.at))
		return 1;
	key = take_while(&l, is_key_char);
	skip_blanks(&l);
	if (l.at == l.end || *l.at++ != '=')
		return 1;
	skip_blanks(&l);
	quoted = l.at < l.end && *l.at == '\'';
	if (quoted && take_quoted(&l, &value))
		return 1;
	if (!quoted)
		value = take_while(&l, is_key_char);
	skip_blanks(&l);
	if (l.at < l.end && *l.at != '#')
		return 1;
	k = find_key(&key);
	if (k < KEYS && (*seen & 1u << k))
		return 1;
	*seen |= 1u << k;
	return set_key(k, quoted, &value, c);
}

int config_parse(const char *text, size_t len, struct config *ret) {
	const char *end = text + len;
	struct config c = {0};
	unsigned seen = 0;
	int number = 1;

	if (memchr(text, 0, len))
		return 1;
	for (; text < end; number++) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		struct line l = {text, stop ? stop : end};

		text = stop ? stop + 1 : end;
		if (l.end > l.at && l.end[-1] == '\r')
			l.end--;
		if (parse_line(l, &seen, &c))
			return number;
	}
	if (c.force_user[0] && (c.skip_descriptor || c.exit_on_service_eof || c.exit_on_client_eof))
		return number;
	*ret = c;
	return 0;
}

static int load_fd(int fd, struct config *ret) {
	AUTO(auto_free) char *text = malloc(FILE_MAX);
	size_t len = 0;
	ssize_t n;

	if (!text)
		return -ENOMEM;
	while ((n = read(fd, text + len, FILE_MAX - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		return -errno;
	return len == FILE_MAX ? -EFBIG : config_parse(text, len, ret);
}

static int load_from(const char *dir, size_t len, const char *name, struct config *ret) {
	char path[PATH_MAX];
	struct stat st;
	AUTO(auto_close) int fd = -1;
	int n = snprintf(path, sizeof(path), "%.*s/%s", (int)len, dir, name);

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENOENT;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0)
		return load_fd(fd, ret);
	n = -errno;
	/* A link that leads nowhere is a configuration that cannot be read, not none. */
	return n == -ENOENT && !lstat(path, &st) ? -ELOOP : n;
}

static int search(const char *paths, const char *name, struct config *ret) {
	while (*paths) {
		size_t len = strcspn(paths, ":");
		int r = load_from(paths, len, name, ret);

		if (r != -ENOENT && r != -ENAMETOOLONG)
			return r;
		paths += len + (paths[len] == ':');
	}
	return -ENOENT;
}

int config_load(const char *paths, const char *key, const char *service, struct config *ret) {
	int r = search(paths, key, ret);

	if (r == -ENOENT)
		r = search(paths, service, ret);
	if (r != -ENOENT)
		return r;
	*ret = (struct config){0};
	return 0;
}
