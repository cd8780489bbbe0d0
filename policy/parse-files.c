/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Choosing and sorting file names; reads nothing itself. */
#include "policy/parse-files.h"

#include <errno.h>
#include <string.h>

#define SUFFIX ".policy"

static bool ends_with(const char *name, const char *suffix) {
	size_t a = strlen(name), b = strlen(suffix);

	return a > b && !strcmp(name + a - b, suffix);
}

static bool is_policy_name(const char *name) {
	return name[0] != '.' && ends_with(name, SUFFIX);
}

/* A counted file with another character makes the whole policy invalid: it may be a capital letter
 * that would sort elsewhere than its author thinks. */
static bool has_bad_char(const char *name) {
	return name[strspn(name, "0123456789abcdefghijklmnopqrstuvwxyz_.-")] != '\0';
}

static int by_name(const void *a, const void *b) {
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t pick_policy_files(
	struct parser *p, const char *folder, const char *const **names, size_t count) {
	const char **picked = arena_alloc(&p->policy->arena, (count + 1) * sizeof(*picked));
	size_t n = 0;

	if (!picked) {
		p->fatal = -ENOMEM;
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		const char *name = (*names)[i];

		if (!is_policy_name(name))
			continue;
		if (has_bad_char(name)) {
			struct place at = {.file = folder};

			parse_error(p, &at, 0,
				"the file name \"%s\" may hold only small letters, digits and . _ "
				"-",
				name);
			continue;
		}
		picked[n] = arena_text(&p->policy->arena, name, strlen(name));
		if (!picked[n++])
			p->fatal = -ENOMEM;
	}
	if (p->fatal)
		return 0;
	qsort(picked, n, sizeof(*picked), by_name);
	*names = picked;
	return n;
}

static bool is_compat_name(const char *name) {
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		"+-._";

	return name[0] != '.' && name[0] != '+' && name[0] != '\0' &&
	       name[strspn(name, allowed)] == '\0' && !ends_with(name, ".rpmsave") &&
	       !ends_with(name, ".rpmnew") && !ends_with(name, ".swp");
}

/* By service, then by argument, the file without an argument last. */
static int by_call(const void *a, const void *b) {
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;
	size_t lx = strcspn(x, "+"), ly = strcspn(y, "+");
	int services = strncmp(x, y, lx < ly ? lx : ly);

	if (services)
		return services;
	if (lx != ly)
		return lx < ly ? -1 : 1;
	if (!x[lx] || !y[ly])
		return (x[lx] == '\0') - (y[ly] == '\0');
	return strcmp(x + lx, y + ly);
}

size_t pick_compat_files(struct parser *p, const char *const **names, size_t count) {
	const char **picked = arena_alloc(&p->policy->arena, (count + 1) * sizeof(*picked));
	size_t n = 0;

	for (size_t i = 0; picked && i < count; i++) {
		if (!is_compat_name((*names)[i]))
			continue;
		picked[n] = arena_text(&p->policy->arena, (*names)[i], strlen((*names)[i]));
		if (!picked[n++])
			p->fatal = -ENOMEM;
	}
	if (!picked || p->fatal) {
		p->fatal = -ENOMEM;
		return 0;
	}
	qsort(picked, n, sizeof(*picked), by_call);
	*names = picked;
	return n;
}

static int by_top(const void *a, const void *b) {
	return strcmp(((const struct top_file *)a)->name, ((const struct top_file *)b)->name);
}

static bool is_known(const struct top_file *tops, size_t count, const char *name) {
	for (size_t i = 0; i < count; i++)
		if (!strcmp(tops[i].name, name))
			return true;
	return false;
}

static size_t add_folder(
	struct parser *p, const char *folder, struct top_file **tops, size_t count) {
	const char *const *names = NULL;
	struct top_file *fresh;
	size_t n = 0, before = count;
	int r = p->reader->list(p->reader->ctx, folder, &names, &n);

	if (r) {
		struct place at = {.file = folder};

		parse_error(p, &at, 0, "the folder cannot be read: %s", strerror(-r));
		return count;
	}
	n = pick_policy_files(p, folder, &names, n);
	fresh = realloc(*tops, (count + n + 1) * sizeof(**tops));
	if (!fresh) {
		p->fatal = -ENOMEM;
		return count;
	}
	*tops = fresh;
	for (size_t i = 0; i < n; i++)
		if (!is_known(fresh, before, names[i]))
			fresh[count++] = (struct top_file){folder, names[i]};
	return count;
}

size_t collect_top_files(struct parser *p, struct top_file **ret) {
	size_t count = 0;

	for (size_t i = 0; i < p->places->folder_count && !p->fatal; i++)
		count = add_folder(p, p->places->folders[i], ret, count);
	if (count > 0)
		qsort(*ret, count, sizeof(**ret), by_top);
	return count;
}
