/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-daemon/sealed.h"

#include "proto/gui.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

bool sealed_has_image(int fd, uint32_t page, struct size size) {
	uint64_t end = (uint64_t)page * GUI_PAGE + (uint64_t)size.w * size.h * 4;
	int seals = fd < 0 ? -1 : fcntl(fd, F_GET_SEALS);
	struct statfs fs;
	struct stat st;

	if (seals < 0 || !(seals & F_SEAL_SHRINK))
		return false;
	/* Huge pages can be missing when they are touched. */
	if (fstatfs(fd, &fs) < 0 || fs.f_type != TMPFS_MAGIC)
		return false;
	if (fstat(fd, &st) < 0 || st.st_size > (off_t)GUI_MAX_REFS * (off_t)GUI_PAGE)
		return false;
	return end <= (uint64_t)st.st_size;
}
