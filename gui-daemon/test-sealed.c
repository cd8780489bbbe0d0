/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory from a decoder that was taken over: what would end the X server is refused. */
#include "gui-daemon/sealed.h"

#include "proto/gui.h"

#include <fcntl.h>
#include <glib.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define PAGE ((off_t)GUI_PAGE)

static const struct size one_page = {32, 32};

static int memory(off_t size, int seals) {
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	g_assert_cmpint(ftruncate(fd, size), ==, 0);
	g_assert_cmpint(fcntl(fd, F_ADD_SEALS, seals), ==, 0);
	return fd;
}

static bool has(int fd, uint32_t page, struct size size) {
	bool is = sealed_has_image(fd, page, size);

	close(fd);
	return is;
}

static void test_sealed(void) {
	g_assert_true(has(memory(PAGE, F_SEAL_SHRINK), 0, one_page));
	g_assert_true(has(memory(PAGE, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0, one_page));
	g_assert_false(has(memory(PAGE, F_SEAL_GROW | F_SEAL_SEAL), 0, one_page));
	g_assert_false(has(memory(PAGE, F_SEAL_WRITE), 0, one_page));
}

static void test_size(void) {
	static const struct size largest = {GUI_MAX_W, GUI_MAX_H};
	off_t most = (off_t)GUI_MAX_REFS * PAGE;

	g_assert_false(has(memory(PAGE - 1, F_SEAL_SHRINK), 0, one_page));
	g_assert_false(has(memory(PAGE, F_SEAL_SHRINK), 1, one_page));
	g_assert_true(has(memory(2 * PAGE, F_SEAL_SHRINK), 1, one_page));
	g_assert_false(has(memory(PAGE, F_SEAL_SHRINK), 0, (struct size){33, 32}));
	g_assert_true(has(memory(most, F_SEAL_SHRINK), 0, largest));
	g_assert_false(has(memory(most, F_SEAL_SHRINK), 1, largest));
	/* The X server maps all of it. */
	g_assert_false(has(memory(most + PAGE, F_SEAL_SHRINK), 0, one_page));
}

static void test_other_files(void) {
	int pipes[2], pair[2];
	char name[] = "/tmp/sealed-XXXXXX";
	int file = mkstemp(name);
	int huge = memfd_create("huge", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB);

	g_assert_cmpint(file, >=, 0);
	unlink(name);
	g_assert_cmpint(ftruncate(file, PAGE), ==, 0);
	g_assert_false(has(file, 0, one_page));
	g_assert_cmpint(pipe(pipes), ==, 0);
	g_assert_false(has(pipes[0], 0, one_page));
	close(pipes[1]);
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
	g_assert_false(has(pair[0], 0, one_page));
	close(pair[1]);
	g_assert_false(sealed_has_image(-1, 0, one_page));
	if (huge < 0)
		return; /* a kernel without them */
	g_assert_cmpint(ftruncate(huge, (off_t)2 << 20), ==, 0);
	g_assert_cmpint(fcntl(huge, F_ADD_SEALS, F_SEAL_SHRINK), ==, 0);
	g_assert_false(has(huge, 0, one_page));
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sealed/sealed", test_sealed);
	g_test_add_func("/sealed/size", test_size);
	g_test_add_func("/sealed/other-files", test_other_files);
	return g_test_run();
}
