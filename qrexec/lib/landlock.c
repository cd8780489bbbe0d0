/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qrexec/lib/landlock.h"
#include "qrexec/lib/sanitized.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* What the first version of the interface knows: all of it but to run programs is given below the
 * folder, nothing anywhere else. */
#define ALL_V1 ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

int landlock_beneath(const int *dirs, size_t count) {
	uint64_t all = ALL_V1, given;
	struct landlock_ruleset_attr attr = {0};
	struct landlock_path_beneath_attr beneath = {0};
	long version = syscall(
		SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	AUTO(auto_close) int rules = -1;

	if (version < 0)
		return -errno;
	/* The first version lets nothing be moved from folder to folder. */
	if (SANITIZED || version < 2)
		return -EOPNOTSUPP;
	all |= LANDLOCK_ACCESS_FS_REFER;
	given = all & ~(uint64_t)(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
				  LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SOCK |
				  LANDLOCK_ACCESS_FS_MAKE_FIFO);
	attr.handled_access_fs = all;
	beneath.allowed_access = given;
	rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (rules < 0)
		return -errno;
	for (size_t i = 0; i < count; i++) {
		beneath.parent_fd = dirs[i];
		if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0))
			return -errno;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_landlock_restrict_self, rules, 0))
		return -errno;
	return 0;
}
