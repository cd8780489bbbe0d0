/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots of what a domain keeps: bulkhead-snapshot makes them, one at a time, while the domain
 * does not run. */
#include "domains/domain-private.h"
#include "domains/paths.h"
#include "domains/program.h"
#include "domains/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

struct copy {
	struct manager *in;
	struct job *job;
	int stop; /* when it is closed, bulkhead-snapshot leaves all as it was; -1 */
	char *domain, *snapshot;
	domain_done done;
	void *user;
};

static void finish(struct copy *c, const GError *error) {
	struct domain *d = manager_find(c->in, c->domain);

	if (d) {
		d->copying = false;
		d->job = NULL;
		manager_changed(c->in, d, "Job", NULL);
	}
	job_end(c->job, error ? error->message : NULL);
	auto_close(&c->stop);
	c->done(c->user, error);
	g_free(c->domain);
	g_free(c->snapshot);
	g_free(c);
}

static GError *error_of(const struct copy *c, int err) {
	if (err == EEXIST)
		return domain_error_new(
			DOMAIN_E_EXISTS, "%s has a snapshot %s already", c->domain, c->snapshot);
	if (err == ENOENT)
		return domain_error_new(DOMAIN_E_NONE,
			"%s has no snapshot %s, or nothing to make one of (it was never started); "
			"`bulkhead domain snapshots %s` lists those there are",
			c->domain, c->snapshot, c->domain);
	if (err == ECANCELED)
		return domain_error_new(
			DOMAIN_E_FAILED, "%s: it was cancelled; all is as it was", c->domain);
	return domain_error_new(DOMAIN_E_FAILED,
		"%s: the copy was not made, and all is as it was: %s", c->domain,
		err == EIO    ? "cp failed, see bulkheadd's log (is the disk full?)"
		: err == 0xff ? "bulkhead-snapshot does not run"
			      : g_strerror(err));
}

static void on_ended(void *user, pid_t pid, int status) {
	struct copy *c = user;
	g_autoptr(GError) error = NULL;
	int err = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;

	if (err)
		error = error_of(c, err);
	finish(c, error);
}

static void cancel(void *user) {
	struct copy *c = user;

	auto_close(&c->stop);
	c->stop = -1;
}

static int start(struct domain *d, const char *option, struct copy *c) {
	g_autofree char *program = paths_find("bulkhead-snapshot"),
			*domain = g_strdup_printf("--domain=%s", c->domain),
			*what = g_strdup_printf("--what=%s", d->in->ops->kept),
			*job = g_strdup_printf("--%s=%s", option, c->snapshot), *slot = NULL;
	int n = store_slot(&d->in->store, d->definition->name, NULL);
	const char *argv[] = {program, domain, what, job, NULL, "--stop-fd=3", NULL};
	struct program s = {.argv = argv, .ended = on_ended, .user = c};
	AUTO(auto_close) int end = -1;
	int pair[2];

	if (!program || n < 0)
		return -ENOEXEC;
	argv[4] = slot = g_strdup_printf("--slot=%d", n);
	if (pipe2(pair, O_CLOEXEC))
		return -errno;
	end = pair[0];
	c->stop = pair[1];
	s.fds = (int[]){end, -1};
	return program_start(&s, NULL);
}

static GError *problem_of(const struct domain *d, const char *name) {
	if (!snapshot_name_ok(name))
		return domain_error_new(DOMAIN_E_NAME,
			"a snapshot's name is letters, digits, '.', '-' and '_', at most 64, and "
			"begins with a letter or digit");
	if (d->copying)
		return domain_error_new(DOMAIN_E_STATE,
			"%s: a snapshot of it is being made or taken back", domain_name(d));
	if (d->definition->kind == KIND_DISPOSABLE)
		return domain_error_new(
			DOMAIN_E_STATE, "%s is a disposable: it keeps nothing", domain_name(d));
	if (domain_may(REQUEST_REMOVE, d->state) != ANSWER_DO)
		return domain_error_new(DOMAIN_E_STATE,
			"%s is %s: stop it first, so that what is copied is whole", domain_name(d),
			domain_state_name(d->state));
	return NULL;
}

static void begin_job(struct domain *d, const char *option, struct copy *c) {
	bool drop = !strcmp(option, "drop");

	d->copying = true;
	c->job = d->job = job_begin(d->in,
		drop                          ? JOB_REMOVE_SNAPSHOT
		: !strcmp(option, "rollback") ? JOB_ROLLBACK
					      : JOB_SNAPSHOT,
		c->domain, drop ? NULL : cancel, c);
	manager_changed(d->in, d, "Job", NULL);
}

void domain_snapshot(
	struct domain *d, const char *option, const char *name, domain_done done, void *user) {
	g_autoptr(GError) error = problem_of(d, name);
	struct copy *c;
	int r;

	if (error) {
		done(user, error);
		return;
	}
	c = g_new0(struct copy, 1);
	*c = (struct copy){d->in, NULL, -1, g_strdup(domain_name(d)), g_strdup(name), done, user};
	r = start(d, option, c);
	if (!r)
		begin_job(d, option, c);
	g_message("domain %s: %s snapshot %s", c->domain, option, c->snapshot);
	if (r) {
		error = error_of(c, -r);
		finish(c, error);
	}
}

GVariant *domain_snapshots(const struct domain *d) {
	g_autofree char *data = paths_data(),
			*path = g_build_filename(data, "domains", domain_name(d), SNAPSHOTS, NULL);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	GVariantBuilder list;
	struct dirent *e;
	struct stat st;

	g_variant_builder_init(&list, G_VARIANT_TYPE("a(st)"));
	while (dir && (e = readdir(dir)))
		if (snapshot_name_ok(e->d_name) &&
			!fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW))
			g_variant_builder_add(&list, "(st)", e->d_name, (guint64)st.st_ctim.tv_sec);
	if (dir)
		closedir(dir);
	return g_variant_builder_end(&list);
}
