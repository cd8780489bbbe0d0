/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A definition as a file's text, and back. */
#include "domains/definition.h"

#include <string.h>

/* Where a key stands for the n-th time, for messages: GKeyFile does not say. 0: nowhere. */
static unsigned line_of(const char *data, const char *key, unsigned nth) {
	g_auto(GStrv) lines = g_strsplit(data, "\n", -1);
	size_t n = strlen(key);

	for (unsigned i = 0; lines[i]; i++) {
		const char *l = lines[i] + strspn(lines[i], " \t"), *end = l + n;

		if (strncmp(l, key, n) == 0 && end[strspn(end, " \t")] == '=' && nth-- == 0)
			return i + 1;
	}
	return 0;
}

/* The line of the property that a rule's message begins with; 0: it is at its default. */
static unsigned line_of_message(const char *data, const char *message) {
	g_autofree char *key = g_strndup(message, strcspn(message, ":"));

	return line_of(data, key, 0);
}

G_GNUC_PRINTF(4, 5)
static void fail(GError **error, const char *file, unsigned line, const char *format, ...) {
	g_autofree char *what = NULL;
	va_list ap;

	va_start(ap, format);
	what = g_strdup_vprintf(format, ap);
	va_end(ap);
	if (line)
		g_set_error(
			error, DEFINITION_ERROR, DEFINITION_E_FILE, "%s:%u: %s", file, line, what);
	else
		g_set_error(error, DEFINITION_ERROR, DEFINITION_E_FILE, "%s: %s", file, what);
}

static bool check_groups(GKeyFile *k, const char *file, GError **error) {
	g_auto(GStrv) groups = g_key_file_get_groups(k, NULL);

	for (char **g = groups; *g; g++)
		if (strcmp(*g, DEFINITION_GROUP)) {
			fail(error, file, 0,
				"there is a group [%s], but only [" DEFINITION_GROUP "] is allowed",
				*g);
			return false;
		}
	if (!groups[0]) {
		fail(error, file, 0, "the group [" DEFINITION_GROUP "] is missing");
		return false;
	}
	return true;
}

static bool take_key(struct definition *d, GKeyFile *k, const char *file, const char *data,
	const char *key, GError **error) {
	g_autoptr(GError) inner = NULL;
	g_autofree char *text = g_key_file_get_string(k, DEFINITION_GROUP, key, &inner);

	if (line_of(data, key, 1)) {
		fail(error, file, line_of(data, key, 1), "%s stands there twice", key);
		return false;
	}
	if (text && !inner && definition_set(d, key, text, &inner))
		return true;
	fail(error, file, line_of(data, key, 0), "%s", inner->message);
	return false;
}

static bool take_keys(
	struct definition *d, GKeyFile *k, const char *file, const char *data, GError **error) {
	g_auto(GStrv) keys = g_key_file_get_keys(k, DEFINITION_GROUP, NULL, error);

	for (char **key = keys; key && *key; key++)
		if (!take_key(d, k, file, data, *key, error))
			return false;
	return keys != NULL;
}

struct definition *definition_parse(
	struct domain_name name, const char *file, const char *data, size_t size, GError **error) {
	g_autoptr(GKeyFile) k = g_key_file_new();
	g_autofree char *text = g_strndup(data, size);
	g_autoptr(GError) inner = NULL;
	struct definition *d;

	if (size > DEFINITION_FILE_MAX || memchr(data, 0, size)) {
		fail(error, file, 0, "%s",
			size > DEFINITION_FILE_MAX ? "the file is longer than 64 KiB"
						   : "there is a zero byte in the file");
		return NULL;
	}
	if (!g_key_file_load_from_data(k, text, size, G_KEY_FILE_NONE, &inner)) {
		fail(error, file, 0, "%s", inner->message);
		return NULL;
	}
	if (!check_groups(k, file, error))
		return NULL;
	d = definition_new(name);
	if (take_keys(d, k, file, text, error)) {
		if (definition_check(d, &inner))
			return d;
		fail(error, file, line_of_message(text, inner->message), "%s", inner->message);
	}
	return definition_free(d);
}

char *definition_format(const struct definition *d) {
	g_autoptr(GKeyFile) k = g_key_file_new();

	/* The label always stands there: it is what a person looks for. */
	g_key_file_set_string(k, DEFINITION_GROUP, "label", d->label->name);
	for (size_t i = 0; i < property_count; i++) {
		g_autofree char *text = definition_get(d, &properties[i]);

		if (strcmp(text, properties[i].standard))
			g_key_file_set_string(k, DEFINITION_GROUP, properties[i].key, text);
	}
	return g_key_file_to_data(k, NULL, NULL);
}
