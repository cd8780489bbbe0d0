/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkhead-xen-block: what libxenlight starts for each disk of a guest, in place of Xen's own shell
 * script (which holds one lock for all disks and takes seconds). It tells the kernel's backend
 * which device to serve: the block device itself, or a loop device over the file.
 *
 *     bulkhead-xen-block add|remove      XENBUS_PATH: the backend's place in xenstore
 */
#include "common/cleanup.h"
#include "vchan/store-xen.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define VALUE_MAX 4096
#define TRIES     64 /* another program may take the loop device that was free */

static int path_of(const char *name, char ret[STORE_PATH_MAX]) {
	const char *at = getenv("XENBUS_PATH");
	int n = at ? snprintf(ret, STORE_PATH_MAX, "%s/%s", at, name) : -1;

	return n < 0 || n >= STORE_PATH_MAX ? -EINVAL : 0;
}

static int get(struct store *s, const char *name, char ret[VALUE_MAX]) {
	char path[STORE_PATH_MAX];
	int r = path_of(name, path);

	return r ? r : store_read(s, 0, path, ret, VALUE_MAX);
}

static int put(struct store *s, const char *name, const char *value) {
	char path[STORE_PATH_MAX];
	int r = path_of(name, path);

	return r ? r : store_write(s, 0, path, value);
}

static int mode_of(bool writable) {
	return (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC;
}

/* A free loop device over the file: its number, or -errno. */
static int attach_loop(int file, bool writable) {
	struct loop_config config = {.fd = (uint32_t)file};
	AUTO(auto_close) int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	char path[32];

	config.info.lo_flags = writable ? 0 : LO_FLAGS_READ_ONLY;
	if (control < 0)
		return -errno;
	for (int i = 0; i < TRIES; i++) {
		int number = ioctl(control, LOOP_CTL_GET_FREE), fd, r;

		if (number < 0)
			return -errno;
		(void)snprintf(path, sizeof(path), "/dev/loop%d", number);
		fd = open(path, mode_of(writable));
		if (fd < 0)
			return -errno;
		r = ioctl(fd, LOOP_CONFIGURE, &config) ? -errno : 0;
		close(fd);
		if (r != -EBUSY)
			return r ? r : number;
	}
	return -EBUSY;
}

/* Puts "major:minor" into xenstore, as the kernel's backend reads it. */
static int serve(struct store *s, const char *path) {
	char number[32];
	struct stat st;
	int r;

	if (stat(path, &st))
		return -errno;
	if (!S_ISBLK(st.st_mode))
		return -ENOTBLK;
	(void)snprintf(number, sizeof(number), "%x:%x", major(st.st_rdev), minor(st.st_rdev));
	r = put(s, "physical-device-path", path);
	return r < 0 ? r : put(s, "physical-device", number);
}

static int add(struct store *s) {
	char path[VALUE_MAX], mode[VALUE_MAX], loop[32];
	AUTO(auto_close) int fd = -1;
	bool writable;
	struct stat st;
	int r = get(s, "params", path);

	if (r >= 0)
		r = get(s, "mode", mode);
	if (r < 0)
		return r;
	writable = mode[0] == 'w';
	fd = open(path, mode_of(writable));
	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return serve(s, path);
	r = attach_loop(fd, writable);
	if (r < 0)
		return r;
	(void)snprintf(loop, sizeof(loop), "/dev/loop%d", r);
	r = put(s, "node", loop);
	return r < 0 ? r : serve(s, loop);
}

/* The loop device goes when its last user lets go of it. */
static int remove_loop(struct store *s) {
	char loop[VALUE_MAX];
	AUTO(auto_close) int fd = -1;

	if (get(s, "node", loop) < 0 || strncmp(loop, "/dev/loop", 9) != 0)
		return 0;
	fd = open(loop, O_RDONLY | O_CLOEXEC);
	return fd < 0 || ioctl(fd, LOOP_CLR_FD, 0) ? -errno : 0;
}

int main(int argc, char **argv) {
	struct store *s = NULL;
	int r = argc == 2 ? store_open(&s) : -EINVAL;

	if (r >= 0)
		r = strcmp(argv[1], "add") ? remove_loop(s) : add(s);
	store_free(s);
	if (r >= 0)
		return 0;
	fprintf(stderr, "bulkhead-xen-block: %s: %s\n", argc == 2 ? argv[1] : "add or remove",
		strerror(-r));
	return 1;
}
