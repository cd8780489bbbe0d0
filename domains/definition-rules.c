/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/definition-rules.h"

#include "common/domain-name.h"

#include <arpa/inet.h>
#include <glib.h>
#include <string.h>

#define LINE_MAX_BYTES  1024
#define NOTES_MAX_BYTES 4096
#define USER_MAX        31
#define TAG_MAX         31
#define TAGS_MAX        32

bool rule_name(const char *text) {
	struct domain_name name;

	return domain_name_parse(text, &name) == 0;
}

bool rule_name_or_none(const char *text) {
	return *text == '\0' || rule_name(text);
}

static bool plain_text(const char *text, size_t max, const char *controls) {
	size_t n = strlen(text);

	if (n > max || !g_utf8_validate(text, (gssize)n, NULL))
		return false;
	for (const char *p = text; *p; p++)
		if (((unsigned char)*p < 0x20 || *p == 0x7f) && !strchr(controls, *p))
			return false;
	return true;
}

bool rule_line(const char *text) {
	return plain_text(text, LINE_MAX_BYTES, "");
}

bool rule_notes(const char *text) {
	return plain_text(text, NOTES_MAX_BYTES, "\n\t");
}

bool rule_user(const char *text) {
	size_t n = strlen(text);

	if (n == 0 || n > USER_MAX || !g_ascii_islower(*text) || !strcmp(text, "root"))
		return false;
	return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_") == n;
}

/* dddd:bb:dd.f in hexadecimal, the function 0..7 */
static bool pci_device(const char *text) {
	static const char shape[] = "xxxx:xx:xx.f";

	if (strlen(text) != sizeof(shape) - 1)
		return false;
	for (size_t i = 0; shape[i]; i++) {
		char c = text[i];

		if (shape[i] == 'x'       ? !g_ascii_isxdigit(c)
			: shape[i] == 'f' ? c < '0' || c > '7'
					  : c != shape[i])
			return false;
	}
	return true;
}

static bool each_word(const char *text, bool (*valid)(const char *word)) {
	g_auto(GStrv) words = NULL;

	if (!rule_line(text))
		return false;
	words = g_strsplit(text, " ", -1);
	for (char **w = words; *w; w++)
		if (!valid(*w))
			return false;
	return true;
}

static bool tag(const char *text) {
	size_t n = strlen(text);

	return n > 0 && n <= TAG_MAX &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == n;
}

bool rule_tags(const char *text) {
	g_auto(GStrv) words = g_strsplit(text, " ", -1);

	if (*text == '\0')
		return true;
	if (!each_word(text, tag) || g_strv_length(words) > TAGS_MAX)
		return false;
	for (char **w = words; *w; w++)
		if (g_strv_contains((const char *const *)w + 1, *w))
			return false;
	return true;
}

bool rule_uuid(const char *text) {
	return *text == '\0' || (g_uuid_string_is_valid(text) && !strpbrk(text, "ABCDEF") &&
					strspn(text, "0-") != strlen(text));
}

bool rule_pci(const char *text) {
	return *text == '\0' || each_word(text, pci_device);
}

static bool parse_number(const char *text, unsigned max, unsigned *ret) {
	guint64 n;

	if (!g_ascii_string_to_unsigned(text, 10, 0, max, &n, NULL))
		return false;
	*ret = (unsigned)n;
	return true;
}

/* Splits text at the last `at` after `from`; NULL if there is none. */
static char *cut(char *from, char at) {
	char *p = strrchr(from, at);

	if (p)
		*p++ = '\0';
	return p;
}

bool rule_net_entry(
	const char *text, char address[NET_ADDRESS_MAX], bool *v6, int *prefix, unsigned *port) {
	g_autofree char *copy = g_strdup(text);
	char *host = copy, *rest, *number;
	struct in6_addr any;
	unsigned n;

	*v6 = *copy == '[';
	*port = 0;
	*prefix = -1;
	if (*v6) {
		rest = strchr(++host, ']');
		if (!rest)
			return false;
		*rest++ = '\0';
	} else {
		rest = host + strcspn(host, "/:");
	}
	number = cut(rest, ':');
	if (number && (!parse_number(number, 65535, port) || *port == 0))
		return false;
	if (*rest == '/') {
		*rest = '\0';
		if (!parse_number(rest + 1, *v6 ? 128 : 32, &n))
			return false;
		*prefix = (int)n;
	} else if (*rest) {
		return false;
	}
	if (strlen(host) >= NET_ADDRESS_MAX || inet_pton(*v6 ? AF_INET6 : AF_INET, host, &any) != 1)
		return false;
	memcpy(address, host, strlen(host) + 1);
	return true;
}

static bool net_entry(const char *text) {
	char address[NET_ADDRESS_MAX];
	unsigned port;
	int prefix;
	bool v6;

	return rule_net_entry(text, address, &v6, &prefix, &port);
}

bool rule_net_allow(const char *text) {
	return *text == '\0' || each_word(text, net_entry);
}
