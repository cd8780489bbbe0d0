/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/recipe.h"

#include "common/domain-name.h"

#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define UPPER   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS  "0123456789"

G_DEFINE_QUARK(bulkhead - recipe - error - quark, recipe_error)

void recipe_free(struct recipe *r) {
	if (!r)
		return;
	g_free(r->description);
	g_free(r->base);
	g_free(r->suite);
	g_free(r->mirror);
	g_free(r->security_mirror);
	g_free(r->kernel);
	g_free(r->kernelopts);
	g_ptr_array_unref(r->packages);
	g_ptr_array_unref(r->modules);
	g_ptr_array_unref(r->services);
	g_free(r);
}

static struct recipe *recipe_new(void) {
	struct recipe *r = g_new0(struct recipe, 1);

	r->packages = g_ptr_array_new_with_free_func(g_free);
	r->modules = g_ptr_array_new_with_free_func(g_free);
	r->services = g_ptr_array_new_with_free_func(g_free);
	return r;
}

/* All of it from these characters, and begun by a letter or a digit. */
static bool is_made_of(const char *text, const char *characters, size_t most) {
	size_t n = strlen(text);

	return n >= 1 && n <= most && strspn(text, characters) == n && g_ascii_isalnum(*text);
}

/* Debian policy 5.6.1 and 5.6.12; "NAME" or "NAME=VERSION". */
static bool is_package(const char *word) {
	const char *equals = strchr(word, '=');
	g_autofree char *name = equals ? g_strndup(word, (gsize)(equals - word)) : g_strdup(word);

	return is_made_of(name, LETTERS DIGITS "+.-", 128) && strlen(name) >= 2 &&
	       (!equals || is_made_of(equals + 1, LETTERS UPPER DIGITS ".+-~:", 128));
}

static bool is_module(const char *word) {
	return is_made_of(word, LETTERS UPPER DIGITS "_-", 64);
}

static bool is_service(const char *word) {
	return is_made_of(word, LETTERS UPPER DIGITS "_.@-", 128) &&
	       (g_str_has_suffix(word, ".service") || g_str_has_suffix(word, ".mount") ||
		       g_str_has_suffix(word, ".socket") || g_str_has_suffix(word, ".timer"));
}

static bool is_suite(const char *word) {
	return is_made_of(word, LETTERS DIGITS "-", 64);
}

static bool is_mirror(const char *word) {
	bool plain = true;

	for (const char *c = word; *c; c++)
		plain = plain && *c > ' ' && *c < 127 && *c != '[' && *c != ']';
	return plain && strlen(word) < 512 &&
	       (g_str_has_prefix(word, "http://") || g_str_has_prefix(word, "https://") ||
		       g_str_has_prefix(word, "file:/"));
}

static bool is_line(const char *text) {
	return g_utf8_validate(text, -1, NULL) && strlen(text) < 1024 && !strpbrk(text, "\n\r\t");
}

static bool is_recipe(const char *word) {
	struct domain_name name;

	return !domain_name_parse(word, &name);
}

#define AT(member) offsetof(struct recipe, member)

/* key NULL: any, the values are lists of words that add up. */
static const struct rule {
	const char *group, *key;
	size_t at;
	bool list;
	bool (*ok)(const char *word);
	const char *wanted;
} rules[] = {
	{"recipe", "description", AT(description), false, is_line, "a line of text"},
	{"recipe", "base", AT(base), false, is_recipe, "the name of another recipe"},
	{"recipe", "suite", AT(suite), false, is_suite, "a suite of Debian's, e.g. bookworm"},
	{"recipe", "mirror", AT(mirror), false, is_mirror, "an address as http://HOST/debian"},
	{"recipe", "security_mirror", AT(security_mirror), false, is_mirror,
		"an address as http://HOST/debian-security"},
	{"packages", NULL, AT(packages), true, is_package,
		"names of Debian packages with spaces between them, each as NAME or NAME=VERSION"},
	{"xen", "kernel", AT(kernel), false, is_package, "the name of a Debian package"},
	{"xen", "kernelopts", AT(kernelopts), false, is_line, "words for the kernel, in one line"},
	{"xen", "services", AT(services), true, is_service,
		"systemd units with spaces between them, e.g. cron.service"},
	{"modules", NULL, AT(modules), true, is_module,
		"names of kernel modules with spaces between them"},
};

static const struct rule *find_rule(const char *group, const char *key) {
	for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
		if (!strcmp(rules[i].group, group) && (!rules[i].key || !strcmp(rules[i].key, key)))
			return &rules[i];
	return NULL;
}

/* Where a line stands, for messages: GKeyFile does not say. The nth line of that key (from 0) in
 * its group; key NULL: the group's own. 0: nowhere. */
static unsigned line_of(const char *data, const char *group, const char *key, unsigned nth) {
	g_auto(GStrv) lines = g_strsplit(data, "\n", -1);
	g_autofree char *head = g_strdup_printf("[%s]", group);
	bool in_group = false;

	for (unsigned i = 0; lines[i]; i++) {
		char *l = g_strstrip(lines[i]);
		const char *end = l + (key ? strlen(key) : 0);

		if (*l == '[') {
			in_group = !strcmp(l, head);
			if (in_group && !key && nth-- == 0)
				return i + 1;
		} else if (key && in_group && g_str_has_prefix(l, key) &&
			   end[strspn(end, " \t")] == '=' && nth-- == 0) {
			return i + 1;
		}
	}
	return 0;
}

/* The first line that is no line of a key file. */
static unsigned bad_line(const char *data) {
	g_auto(GStrv) lines = g_strsplit(data, "\n", -1);
	bool in_group = false;

	for (unsigned i = 0; lines[i]; i++) {
		const char *l = g_strstrip(lines[i]);
		bool head = *l == '[' && g_str_has_suffix(l, "]") && l[1] != ']';

		in_group = in_group || head;
		if (*l && *l != '#' && !head && !(in_group && *l != '=' && strchr(l, '=')))
			return i + 1;
	}
	return 0;
}

G_GNUC_PRINTF(4, 5)
static bool fail(GError **error, const char *file, unsigned line, const char *format, ...) {
	g_autofree char *what = NULL, *where = g_strdup_printf(line ? ":%u" : "%.0u", line);
	va_list ap;

	va_start(ap, format);
	what = g_strdup_vprintf(format, ap);
	va_end(ap);
	g_set_error(error, RECIPE_ERROR, RECIPE_E_FILE, "%s%s: %s", file, where, what);
	return false;
}

static void add_once(GPtrArray *list, const char *word) {
	if (!g_ptr_array_find_with_equal_func(list, word, g_str_equal, NULL))
		g_ptr_array_add(list, g_strdup(word));
}

static bool take_value(struct recipe *r, const struct rule *rule, const char *text) {
	char *place = (char *)r + rule->at;
	g_auto(GStrv) words = g_strsplit_set(text, " \t", -1);
	unsigned n = 0;

	if (!rule->list) {
		if (!rule->ok(text))
			return false;
		g_free(*(char **)place);
		*(char **)place = g_strdup(text);
		return true;
	}
	for (char **w = words; *w; w++) {
		if (!**w)
			continue;
		if (!rule->ok(*w))
			return false;
		add_once(*(GPtrArray **)place, *w);
		n++;
	}
	return n > 0;
}

struct source {
	const char *file, *data;
	GKeyFile *keys;
};

static bool take_key(struct recipe *r, const struct source *s, const char *group, const char *key,
	GError **error) {
	const struct rule *rule = find_rule(group, key);
	g_autofree char *text = g_key_file_get_string(s->keys, group, key, NULL),
			*shown = text ? g_strescape(text, NULL) : NULL;
	unsigned line = line_of(s->data, group, key, 0), again = line_of(s->data, group, key, 1);

	if (!rule)
		return fail(error, s->file, line,
			"[%s] has no key %s; docs/templates.md lists the keys", group, key);
	if (again)
		return fail(error, s->file, again, "%s stands there twice: make it one line", key);
	if (!text || !take_value(r, rule, text))
		return fail(error, s->file, line, "%s=%.80s: wanted is %s", key, shown ? shown : "",
			rule->wanted);
	return true;
}

static bool take_group(
	struct recipe *r, const struct source *s, const char *group, GError **error) {
	g_auto(GStrv) keys = g_key_file_get_keys(s->keys, group, NULL, NULL);
	bool known = false;

	for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
		known = known || !strcmp(rules[i].group, group);
	if (!known)
		return fail(error, s->file, line_of(s->data, group, NULL, 0),
			"there is no group [%s] in a recipe; those there are: [recipe], "
			"[packages], [xen], [modules]",
			group);
	if (line_of(s->data, group, NULL, 1))
		return fail(error, s->file, line_of(s->data, group, NULL, 1),
			"the group [%s] stands there twice: make it one", group);
	for (char **k = keys; k && *k; k++)
		if (!take_key(r, s, group, *k, error))
			return false;
	return true;
}

struct recipe *recipe_parse(const char *file, const char *data, size_t size, GError **error) {
	g_autoptr(GKeyFile) keys = g_key_file_new();
	g_autofree char *text = g_strndup(data, size);
	g_autoptr(GError) inner = NULL;
	g_autoptr(recipe_t) r = recipe_new();
	g_auto(GStrv) groups = NULL;
	struct source s = {file, text, keys};

	if (size > RECIPE_FILE_MAX || memchr(data, 0, size)) {
		fail(error, file, 0, "%s",
			size > RECIPE_FILE_MAX ? "the file is longer than 64 KiB"
					       : "there is a zero byte in the file");
		return NULL;
	}
	if (!g_key_file_load_from_data(keys, text, size, G_KEY_FILE_NONE, &inner)) {
		fail(error, file, bad_line(text),
			"%s; a line is [GROUP], KEY=VALUE or begins with #", inner->message);
		return NULL;
	}
	groups = g_key_file_get_groups(keys, NULL);
	for (char **g = groups; *g; g++)
		if (!take_group(r, &s, *g, error))
			return NULL;
	if (!r->packages->len && !r->base) {
		fail(error, file, 0,
			"it installs nothing: [packages] wants a line as applications=xterm, or "
			"[recipe] a line base=NAME");
		return NULL;
	}
	return g_steal_pointer(&r);
}

static void take_over(char **own, char **base) {
	if (!*own)
		*own = g_steal_pointer(base);
}

static void prepend(GPtrArray **own, GPtrArray **base) {
	for (guint i = 0; i < (*own)->len; i++)
		add_once(*base, g_ptr_array_index(*own, i));
	g_ptr_array_unref(*own);
	*own = g_ptr_array_ref(*base);
}

/* What the base says stands first; what both say is what r says. */
static void stand_on(struct recipe *r, struct recipe *base) {
	take_over(&r->suite, &base->suite);
	take_over(&r->mirror, &base->mirror);
	take_over(&r->security_mirror, &base->security_mirror);
	take_over(&r->kernel, &base->kernel);
	take_over(&r->kernelopts, &base->kernelopts);
	prepend(&r->packages, &base->packages);
	prepend(&r->modules, &base->modules);
	prepend(&r->services, &base->services);
	g_free(r->base);
	r->base = g_steal_pointer(&base->base);
}

static struct recipe *read_file(const char *file, GError **error) {
	g_autofree char *data = NULL;
	gsize size;

	if (!g_file_get_contents(file, &data, &size, error))
		return NULL;
	return recipe_parse(file, data, size, error);
}

static void usual(char **place, const char *text) {
	if (!*place)
		*place = g_strdup(text);
}

struct recipe *recipe_load(const char *file, char *(*find)(const char *name), GError **error) {
	g_autoptr(recipe_t) r = read_file(file, error);

	for (unsigned n = 0; r && r->base; n++) {
		g_autofree char *path = find(r->base);
		g_autoptr(recipe_t) base = NULL;

		if (!path || n == RECIPE_BASES_MAX) {
			g_set_error(error, RECIPE_ERROR, RECIPE_E_BASE,
				path ? "%s: it stands on more than four recipes (or on itself, "
				       "by base=%s): put their packages into one"
				     : "%s: there is no recipe for its base=%s; `bulkhead "
				       "template recipes` lists those there are",
				file, r->base);
			return NULL;
		}
		base = read_file(path, error);
		if (!base)
			return NULL;
		stand_on(r, base);
	}
	if (!r)
		return NULL;
	usual(&r->description, "");
	usual(&r->suite, "bookworm");
	usual(&r->mirror, "http://deb.debian.org/debian");
	usual(&r->security_mirror, "http://deb.debian.org/debian-security");
	usual(&r->kernel, "linux-image-amd64");
	usual(&r->kernelopts, "quiet");
	return g_steal_pointer(&r);
}
