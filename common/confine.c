/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/confine.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* What the first version of the interface knows. */
#define ALL_V1 ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

int confine_rights(void) {
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

int confine_limit(int what, rlim_t most) {
	struct rlimit l;

	if (getrlimit((__rlimit_resource_t)what, &l) < 0)
		return -errno;
	if (l.rlim_max > most)
		l.rlim_max = most;
	if (l.rlim_cur > l.rlim_max)
		l.rlim_cur = l.rlim_max;
	return setrlimit((__rlimit_resource_t)what, &l) < 0 ? -errno : 0;
}

void confine_no_files(void) {
	struct landlock_ruleset_attr none = {
		.handled_access_fs = ALL_V1 & ~(uint64_t)(LANDLOCK_ACCESS_FS_REMOVE_FILE |
							  LANDLOCK_ACCESS_FS_REMOVE_DIR)};
	AUTO(auto_close)
	int rules = (int)syscall(SYS_landlock_create_ruleset, &none, sizeof(none), 0);

	if (rules >= 0)
		(void)!syscall(SYS_landlock_restrict_self, rules, 0);
}

int confine_beneath(const int *dirs, size_t count) {
	uint64_t all = ALL_V1 | LANDLOCK_ACCESS_FS_REFER;
	struct landlock_ruleset_attr attr = {.handled_access_fs = all};
	struct landlock_path_beneath_attr beneath = {
		.allowed_access = all & ~(uint64_t)(LANDLOCK_ACCESS_FS_EXECUTE |
						    LANDLOCK_ACCESS_FS_MAKE_CHAR |
						    LANDLOCK_ACCESS_FS_MAKE_BLOCK |
						    LANDLOCK_ACCESS_FS_MAKE_SOCK |
						    LANDLOCK_ACCESS_FS_MAKE_FIFO)};
	long version = syscall(
		SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	AUTO(auto_close) int rules = -1;

	if (version < 0)
		return -errno;
	/* The first version lets nothing be moved from folder to folder. */
	if (SANITIZED || version < 2)
		return -EOPNOTSUPP;
	rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (rules < 0)
		return -errno;
	for (size_t i = 0; i < count; i++) {
		beneath.parent_fd = dirs[i];
		if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0))
			return -errno;
	}
	if (confine_rights() < 0 || syscall(SYS_landlock_restrict_self, rules, 0))
		return -errno;
	return 0;
}
