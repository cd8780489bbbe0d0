/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a fuzz target once over every file of its corpus folder, and over every prefix of small
 * ones. */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PREFIX_MAX 1024

static size_t read_file(int dir, const char *name, uint8_t **ret) {
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	size_t size = 0;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	*ret = malloc((size_t)st.st_size + 1);
	if (*ret && read(fd, *ret, (size_t)st.st_size) == st.st_size)
		size = (size_t)st.st_size;
	close(fd);
	return size;
}

/* A heap block of exactly n bytes, so that the sanitizers see a read beyond the end. */
static void run_once(const uint8_t *data, size_t n) {
	uint8_t *copy = malloc(n ? n : 1);

	if (!copy)
		abort();
	for (size_t i = 0; i < n; i++)
		copy[i] = data[i];
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

int main(int argc, char **argv) {
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
	struct dirent *e;
	unsigned files = 0;

	if (!dir) {
		fprintf(stderr, "usage: %s CORPUS-FOLDER (it must exist)\n", argv[0]);
		return 2;
	}
	while ((e = readdir(dir))) {
		uint8_t *data = NULL;
		size_t size = e->d_name[0] == '.' ? 0 : read_file(dirfd(dir), e->d_name, &data);

		if (data) {
			files++;
			run_once(data, size);
			for (size_t n = 0; n < size && n < PREFIX_MAX; n++)
				run_once(data, n);
		}
		free(data);
	}
	closedir(dir);
	printf("%u seeds\n", files);
	return files > 0 ? 0 : 1;
}
