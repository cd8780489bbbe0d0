/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prepares, tries and makes changes to the file of answers. */
#include "policy/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define LOCK_NAME  ".answers.lock"
#define FRESH_NAME "." POLICY_ANSWERS_FILE ".new"
#define FILE_MAX   (1 << 20)

void policy_change_deinit(struct policy_change *change) {
	free(change->folder);
	free(change->before);
	free(change->after);
	free(change->rule);
	*change = (struct policy_change){0};
}

/* All of a descriptor, as text: a NUL inside ends what we would ever compare, so it is an error. */
static int read_text(int fd, char **ret) {
	AUTO(auto_free) char *text = malloc(FILE_MAX + 1);
	size_t got = 0;
	ssize_t n;

	if (!text)
		return -ENOMEM;
	do {
		n = read(fd, text + got, FILE_MAX + 1 - got);
		if (n < 0 && errno != EINTR)
			return -errno;
		got += n > 0 ? (size_t)n : 0;
	} while (n != 0 && got <= FILE_MAX);
	if (got > FILE_MAX)
		return -EFBIG;
	if (memchr(text, '\0', got))
		return -EILSEQ;
	text[got] = '\0';
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

static int read_at(int folder, char **ret) {
	AUTO(auto_close)
	int fd = openat(folder, POLICY_ANSWERS_FILE, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	*ret = NULL;
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	return read_text(fd, ret);
}

int policy_store_read(const char *folder, char **ret) {
	AUTO(auto_close) int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

	*ret = NULL;
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	return read_at(fd, ret);
}

/* The places and, if it is not among them (it may not exist yet), the folder of answers. */
static int try_load(const struct policy_places *places, const struct policy_override *change,
	struct policy_load *ret) {
	const char **folders = calloc(places->folder_count + 1, sizeof(*folders));
	struct policy_places all = {folders, 0, places->compat};
	bool known = false;
	int r;

	*ret = (struct policy_load){0};
	if (!folders)
		return -ENOMEM;
	for (size_t i = 0; i < places->folder_count; i++) {
		folders[all.folder_count++] = places->folders[i];
		known = known || !strcmp(places->folders[i], change->folder);
	}
	if (!known)
		folders[all.folder_count++] = change->folder;
	r = policy_load_with(&all, change, ret);
	free(folders);
	return r;
}

static bool leads_to(const struct policy_decision *d, const char *chosen) {
	if (d->target.kind == TARGET_ADMIN)
		return !strcmp(chosen, POLICY_ADMIN_NAME);
	if (!strcmp(chosen, "@dispvm"))
		return d->target.kind == TARGET_DISPOSABLE;
	return !strcmp(d->target.text, chosen);
}

/* With the change, is the call allowed to the choice, by the rule that the change adds? */
static int try_change(const struct policy_places *places, const struct policy_change *change,
	const struct policy_system *system, const struct policy_request *request,
	const char *chosen) {
	const struct policy_override override = {
		change->folder, POLICY_ANSWERS_FILE, change->after};
	struct policy_decision d = {0};
	struct policy_load load;
	int r = try_load(places, &override, &load);

	if (r == 0)
		r = policy_decide(load.policy, system, request, &d);
	else if (r > 0)
		r = POLICY_STORE_E_BROKEN;
	if (r == 0 && (d.outcome != POLICY_ALLOW || strcmp(d.rule->text, change->rule) != 0 ||
			      !leads_to(&d, chosen)))
		r = POLICY_STORE_E_NO_EFFECT;
	policy_decision_deinit(&d);
	policy_load_deinit(&load);
	return r;
}

int policy_store_always(const struct policy_places *places, const char *folder,
	const struct policy_system *system, const struct policy_request *request,
	const struct policy_decision *ask, const char *chosen, const char *when,
	struct policy_change *ret) {
	AUTO(auto_free) char *asked_by = NULL;
	char rule[POLICY_RULE_MAX];
	int r;

	*ret = (struct policy_change){0};
	if (policy_answer_rule(request, ask, chosen, rule, sizeof(rule)))
		return POLICY_STORE_E_RULE;
	if (asprintf(&asked_by, "line %u of %s", ask->rule->line, ask->rule->file) < 0) {
		asked_by = NULL;
		return -ENOMEM;
	}
	ret->folder = strdup(folder);
	ret->rule = strdup(rule);
	if (!ret->folder || !ret->rule)
		return -ENOMEM;
	r = policy_store_read(folder, &ret->before);
	if (!r)
		r = policy_answers_add(
			ret->before, rule, when, asked_by, &ret->after, &ret->number);
	return r ? r : try_change(places, ret, system, request, chosen);
}

int policy_store_undo(
	const char *folder, unsigned number, const char *when, struct policy_change *ret) {
	struct policy_answer_entry entries[1];
	const char *from;
	int r;

	*ret = (struct policy_change){0};
	ret->folder = strdup(folder);
	if (!ret->folder)
		return -ENOMEM;
	r = policy_store_read(folder, &ret->before);
	if (r)
		return r;
	r = ret->before ? policy_answers_undo(ret->before, number, when, &ret->after, &ret->number)
			: 1;
	if (r)
		return r > 0 ? POLICY_STORE_E_NONE : r;
	/* The entry of that number, to be shown: the list begins anew behind each one before it. */
	for (from = ret->before; policy_answers_list(from, entries, 1) > 0;
		from = entries[0].rule + entries[0].rule_len)
		if (entries[0].number == ret->number && !entries[0].undone)
			ret->rule = strndup(entries[0].rule, entries[0].rule_len);
	return ret->rule ? 0 : -ENOMEM;
}

static int make_folders(const char *path) {
	AUTO(auto_free) char *part = strdup(path);

	if (!part)
		return -ENOMEM;
	for (char *slash = strchr(part + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = '\0';
		if (mkdir(part, 0700) && errno != EEXIST)
			return -errno;
		if (!slash)
			return 0;
		*slash = '/';
	}
}

static int write_all(int fd, const char *text) {
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t n = write(fd, text, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		left -= (size_t)n;
	}
	return fsync(fd) ? -errno : 0;
}

/* The new file has the owner and the rights of the old one. */
static int keep_rights(int folder, int fd) {
	struct stat old, fresh;

	if (fstatat(folder, POLICY_ANSWERS_FILE, &old, 0))
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &fresh))
		return -errno;
	if ((old.st_uid != fresh.st_uid || old.st_gid != fresh.st_gid) &&
		fchown(fd, old.st_uid, old.st_gid))
		return -errno;
	return fchmod(fd, old.st_mode & 0777) ? -errno : 0;
}

static int replace(int folder, const char *text) {
	AUTO(auto_close) int fd = -1;
	int r;

	/* What a crash left behind; nobody else has it, we hold the lock. */
	if (unlinkat(folder, FRESH_NAME, 0) && errno != ENOENT)
		return -errno;
	fd = openat(folder, FRESH_NAME, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = write_all(fd, text);
	if (!r)
		r = keep_rights(folder, fd);
	if (!r && renameat(folder, FRESH_NAME, folder, POLICY_ANSWERS_FILE))
		r = -errno;
	if (r)
		unlinkat(folder, FRESH_NAME, 0);
	else if (fsync(folder))
		r = -errno;
	return r;
}

int policy_store_commit(const struct policy_change *change) {
	AUTO(auto_close) int folder = -1;
	AUTO(auto_close) int lock = -1;
	AUTO(auto_free) char *now = NULL;
	int r = make_folders(change->folder);

	if (r)
		return r;
	folder = open(change->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return -errno;
	lock = openat(folder, LOCK_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (lock < 0)
		return -errno;
	if (flock(lock, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? POLICY_STORE_E_CHANGED : -errno;
	r = read_at(folder, &now);
	if (r)
		return r;
	if (now && change->before ? strcmp(now, change->before) != 0 : now || change->before)
		return POLICY_STORE_E_CHANGED;
	return replace(folder, change->after);
}

const char *policy_store_words(int answer) {
	switch (answer) {
	case 0:
		return "done";
	case POLICY_STORE_E_RULE:
		return "there is no rule that says this";
	case POLICY_STORE_E_NO_EFFECT:
		return "the rule would change nothing: a file that is read before decides this "
		       "call";
	case POLICY_STORE_E_BROKEN:
		return "the policy has errors or is being written: nothing is changed";
	case POLICY_STORE_E_NONE:
		return "there is no such answer that could be taken back";
	case POLICY_STORE_E_CHANGED:
		return "the file of answers was changed meanwhile: try again";
	default:
		return strerror(answer < 0 ? -answer : EINVAL);
	}
}
