/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only part of policy/ that opens files for reading. */
#include "policy/loader.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define FILE_MAX     (4 << 20)
#define SETTLED_NSEC 100000000
#define ATTEMPTS     3

/* One file or folder as we saw it. */
struct seen {
	char *path;
	struct stat st;
	char *text; /* files */
};

struct reading {
	struct seen *seen;
	size_t count, room;
	char **names; /* the last answer of list */
	size_t name_count;
	char *busy;
	const struct policy_override *override; /* or NULL */
};

static void names_free(struct reading *reading) {
	for (size_t i = 0; i < reading->name_count; i++)
		free(reading->names[i]);
	free(reading->names);
	reading->names = NULL;
	reading->name_count = 0;
}

static void reading_deinit(struct reading *reading) {
	for (size_t i = 0; i < reading->count; i++) {
		free(reading->seen[i].path);
		free(reading->seen[i].text);
	}
	free(reading->seen);
	names_free(reading);
	free(reading->busy);
	*reading = (struct reading){0};
}

static int remember(struct reading *reading, const char *path, const struct stat *st, char *text) {
	if (reading->count == reading->room) {
		size_t room = reading->room ? reading->room * 2 : 32;
		struct seen *fresh = realloc(reading->seen, room * sizeof(*fresh));

		if (!fresh)
			return -ENOMEM;
		reading->seen = fresh;
		reading->room = room;
	}
	reading->seen[reading->count] = (struct seen){strdup(path), *st, text};
	if (!reading->seen[reading->count].path)
		return -ENOMEM;
	reading->count++;
	return 0;
}

static int set_busy(struct reading *reading, const char *path) {
	if (!reading->busy)
		reading->busy = strdup(path);
	return -EBUSY;
}

/*
 * A read lease is refused while anybody has the file open for writing: that is how we know that
 * a text is whole. It is given back at once, so no writer ever waits for us; its signal is one that
 * is ignored by default. Where we may not have leases, a file must have been left alone for a
 * while.
 */
static bool is_being_written(int fd, const struct stat *st) {
	struct timespec now;
	int64_t age;

	if (fcntl(fd, F_SETSIG, SIGURG) == 0 && fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
		if (fcntl(fd, F_SETLEASE, F_UNLCK))
			return true;
		return false;
	}
	if (errno == EAGAIN)
		return true;
	if (clock_gettime(CLOCK_REALTIME, &now))
		return true;
	age = ((int64_t)now.tv_sec - st->st_ctim.tv_sec) * 1000000000 + now.tv_nsec -
	      st->st_ctim.tv_nsec;
	return age >= 0 && age < SETTLED_NSEC;
}

/* The whole file and a NUL; more or less than fstat said is a change. */
static int read_whole(int fd, size_t size, char **ret) {
	char *text = malloc(size + 2);
	size_t got = 0;

	if (!text)
		return -ENOMEM;
	for (;;) {
		ssize_t n = read(fd, text + got, size + 1 - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			n = -errno;
			free(text);
			return (int)n;
		}
		got += (size_t)n;
		if (n == 0 || got > size)
			break;
	}
	if (got != size) {
		free(text);
		return -EBUSY;
	}
	text[size] = '\0';
	*ret = text;
	return 0;
}

static int read_file(struct reading *reading, const char *path, struct policy_text *ret) {
	AUTO(auto_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	AUTO(auto_free) char *text = NULL;
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	if (st.st_size > FILE_MAX)
		return -EFBIG;
	if (is_being_written(fd, &st))
		return set_busy(reading, path);
	r = read_whole(fd, (size_t)st.st_size, &text);
	if (r == -EBUSY)
		return set_busy(reading, path);
	if (r)
		return r;
	r = remember(reading, path, &st, text);
	if (r)
		return r;
	*ret = (struct policy_text){TAKE(text), (size_t)st.st_size};
	return 0;
}

static bool is_overridden(const struct policy_override *override, const char *path) {
	size_t len = override ? strlen(override->folder) : 0;

	return override && !strncmp(path, override->folder, len) && path[len] == '/' &&
	       !strcmp(path + len + 1, override->name);
}

static int reader_read(void *ctx, const char *path, struct policy_text *ret) {
	struct reading *reading = ctx;

	if (is_overridden(reading->override, path)) {
		*ret = (struct policy_text){
			reading->override->text, strlen(reading->override->text)};
		return 0;
	}
	return read_file(reading, path, ret);
}

/* Regular files, and links that lead nowhere: reading those fails, and that must be seen. */
static bool counts(int folder, const char *name) {
	struct stat st;

	if (fstatat(folder, name, &st, 0))
		return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	return S_ISREG(st.st_mode);
}

static int add_name(struct reading *reading, const char *name) {
	char **fresh = realloc(reading->names, (reading->name_count + 1) * sizeof(*reading->names));

	if (!fresh)
		return -ENOMEM;
	reading->names = fresh;
	fresh[reading->name_count] = strdup(name);
	return fresh[reading->name_count++] ? 0 : -ENOMEM;
}

static int list_names(struct reading *reading, DIR *dir) {
	const struct dirent *entry;
	int r = 0;

	names_free(reading);
	errno = 0;
	while (!r && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.' && counts(dirfd(dir), entry->d_name))
			r = add_name(reading, entry->d_name);
		errno = 0;
	}
	return r ? r : -errno;
}

static int list_folder(struct reading *reading, const char *folder) {
	DIR *dir = opendir(folder);
	struct stat st;
	int r;

	if (!dir)
		return -errno;
	r = fstat(dirfd(dir), &st) ? -errno : list_names(reading, dir);
	closedir(dir);
	return r ? r : remember(reading, folder, &st, NULL);
}

static bool has_name(const struct reading *reading, const char *name) {
	for (size_t i = 0; i < reading->name_count; i++)
		if (!strcmp(reading->names[i], name))
			return true;
	return false;
}

static int reader_list(void *ctx, const char *folder, const char *const **ret, size_t *ret_count) {
	struct reading *reading = ctx;
	const struct policy_override *override = reading->override;
	int r = list_folder(reading, folder);

	if (override && !strcmp(folder, override->folder)) {
		if (r == -ENOENT) {
			names_free(reading);
			r = 0;
		}
		if (!r && !has_name(reading, override->name))
			r = add_name(reading, override->name);
	}
	if (r)
		return r;
	*ret = (const char *const *)reading->names;
	*ret_count = reading->name_count;
	return 0;
}

static bool same_time(struct timespec a, struct timespec b) {
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* Did anything that we read change since? Then what we have is no one state. */
static bool has_changed(const struct seen *seen) {
	struct stat now;

	return stat(seen->path, &now) || now.st_dev != seen->st.st_dev ||
	       now.st_ino != seen->st.st_ino || now.st_size != seen->st.st_size ||
	       !same_time(now.st_mtim, seen->st.st_mtim) ||
	       !same_time(now.st_ctim, seen->st.st_ctim);
}

static bool any_changed(struct reading *reading) {
	for (size_t i = 0; i < reading->count; i++)
		if (has_changed(&reading->seen[i])) {
			set_busy(reading, reading->seen[i].path);
			return true;
		}
	return false;
}

/* Adds the folder of a path (or the path itself) unless it is known. */
static int add_folder(struct policy_load *load, const char *path, bool is_folder) {
	const char *slash = strrchr(path, '/');
	size_t len = is_folder ? strlen(path) : slash ? (size_t)(slash - path) : 0;
	char **fresh;

	for (size_t i = 0; i < load->folder_count; i++)
		if (strlen(load->folders[i]) == len && !strncmp(load->folders[i], path, len))
			return 0;
	fresh = realloc(load->folders, (load->folder_count + 1) * sizeof(*fresh));
	if (!fresh)
		return -ENOMEM;
	load->folders = fresh;
	fresh[load->folder_count] = len ? strndup(path, len) : strdup(".");
	return fresh[load->folder_count++] ? 0 : -ENOMEM;
}

static int add_folders(struct policy_load *load, const struct policy_places *places,
	const struct reading *reading) {
	int r = 0;

	for (size_t i = 0; !r && i < places->folder_count; i++)
		r = add_folder(load, places->folders[i], true);
	for (size_t i = 0; !r && i < reading->count; i++)
		r = add_folder(load, reading->seen[i].path, !reading->seen[i].text);
	return r;
}

static int load_once(const struct policy_places *places, const struct policy_override *override,
	struct policy_load *load) {
	struct reading reading = {.override = override};
	const struct policy_reader reader = {&reading, reader_read, reader_list};
	int r = policy_parse(places, &reader, &load->policy, &load->errors), added;

	if ((r == 0 || r == POLICY_E_BROKEN) && (reading.busy || any_changed(&reading)))
		r = POLICY_E_BUSY;
	added = add_folders(load, places, &reading);
	if (added)
		r = added;
	if (r == POLICY_E_BUSY)
		load->busy = TAKE(reading.busy);
	reading_deinit(&reading);
	if (r)
		load->policy = policy_unref(load->policy);
	return r;
}

int policy_load(const struct policy_places *places, struct policy_load *ret) {
	return policy_load_with(places, NULL, ret);
}

int policy_load_with(const struct policy_places *places, const struct policy_override *override,
	struct policy_load *ret) {
	int r = POLICY_E_BUSY;

	*ret = (struct policy_load){0};
	for (unsigned i = 0; i < ATTEMPTS && r == POLICY_E_BUSY; i++) {
		policy_load_deinit(ret);
		r = load_once(places, override, ret);
	}
	return r;
}

void policy_load_deinit(struct policy_load *load) {
	policy_unref(load->policy);
	policy_errors_deinit(&load->errors);
	for (size_t i = 0; i < load->folder_count; i++)
		free(load->folders[i]);
	free(load->folders);
	free(load->busy);
	*load = (struct policy_load){0};
}
