/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/systemd-scope.h"

#include <sys/stat.h>
#include <unistd.h>

#define SYSTEMD_RUN "/usr/bin/systemd-run"
#define PREFIX      "bulkhead-"
#define SUFFIX      ".scope"

bool systemd_scope_possible(void) {
	const char *runtime = g_getenv("XDG_RUNTIME_DIR");
	g_autofree char *path = NULL;
	struct stat s;

	if (!runtime || !*runtime || access(SYSTEMD_RUN, X_OK))
		return false;
	path = g_build_filename(runtime, "systemd", "private", NULL);
	return !lstat(path, &s) && S_ISSOCK(s.st_mode) && s.st_uid == geteuid();
}

void systemd_scope_words(GPtrArray *argv, const char *domain) {
	static const char *const words[] = {SYSTEMD_RUN, "--user", "--scope", "--quiet",
		"--collect", "--property=Delegate=yes"};

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		g_ptr_array_add(argv, g_strdup(words[i]));
	g_ptr_array_add(argv, g_strdup_printf("--description=Bulkhead domain %s", domain));
	/* A number that the scope of an earlier run, which systemd still takes down, has not. */
	g_ptr_array_add(
		argv, g_strdup_printf("--unit=" PREFIX "%s-%08x" SUFFIX, domain, g_random_int()));
	g_ptr_array_add(argv, g_strdup("--"));
}

bool systemd_scope_is(const char *cgroup) {
	g_autofree char *name = g_path_get_basename(cgroup);

	return g_str_has_prefix(name, PREFIX) && g_str_has_suffix(name, SUFFIX);
}
