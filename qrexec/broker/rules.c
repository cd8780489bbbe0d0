/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules in force. They are read again when a file of their folders changes; rules that are
 * broken deny every call, and the person is told where.
 */
#include "policy/loader.h"
#include "policy/store.h"
#include "qrexec/broker/broker.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <sys/inotify.h>

#define BUSY_AGAIN_MS 50

struct rules {
	struct broker *broker;
	struct policy *policy; /* NULL: none that is valid */
	int inotify;
	guint source, again;
	char *told; /* how the rules are, as it was last said: "" whole, NULL: not yet */
};

struct policy *rules_now(struct rules *r) {
	return r->policy;
}

static void tell(struct rules *r, const char *sentence) {
	struct broker_msg m = {.type = BROKER_NOTE,
		.value = BROKER_NOTE_POLICY,
		.count = 4,
		.texts = {"", "", "", sentence}};

	g_warning("%s", sentence);
	if (r->broker->manager)
		packets_send(r->broker->manager, &m, -1);
}

static void tell_broken(struct rules *r, const struct policy_errors *errors) {
	const struct policy_error *e = errors->count ? &errors->list[0] : NULL;
	g_autofree char *sentence = NULL;

	if (!e)
		sentence = g_strdup("The policy cannot be read: every call is denied.");
	else
		sentence = g_strdup_printf(
			"The policy is broken, every call is denied. %s:%u:%u: %s: %s", e->file,
			e->line, e->column, e->words, e->text ? e->text : "");
	/* A file that is replaced is several events. */
	if (!g_strcmp0(r->told, sentence))
		return;
	tell(r, sentence);
	audit_policy(r->broker, sentence, e ? e->file : NULL, e ? e->line : 0);
	g_free(r->told);
	r->told = g_steal_pointer(&sentence);
}

static void tell_whole(struct rules *r) {
	if (!g_strcmp0(r->told, ""))
		return;
	audit_policy(r->broker, NULL, NULL, 0);
	g_free(r->told);
	r->told = g_strdup("");
}

static gboolean load_again(gpointer data);

static void load(struct rules *r) {
	struct policy_folders folders;
	struct policy_places places = {.compat = POLICY_COMPAT_FOLDER};
	struct policy_load l;
	int answer;

	if (policy_folders_default(&folders))
		return;
	places.folders = (const char *const *)folders.list;
	places.folder_count = folders.count;
	answer = policy_load(&places, &l);
	for (size_t i = 0; i < l.folder_count; i++)
		inotify_add_watch(r->inotify, l.folders[i],
			IN_CREATE | IN_DELETE | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO |
				IN_DELETE_SELF | IN_MOVE_SELF);
	if (answer == POLICY_E_BUSY) {
		if (!r->again)
			r->again = g_timeout_add(BUSY_AGAIN_MS, load_again, r);
	} else {
		r->policy = policy_unref(r->policy);
		if (answer == 0) {
			r->policy = policy_ref(l.policy);
			tell_whole(r);
		} else {
			tell_broken(r, &l.errors);
		}
	}
	policy_load_deinit(&l);
	policy_folders_deinit(&folders);
}

static gboolean load_again(gpointer data) {
	struct rules *r = data;

	r->again = 0;
	load(r);
	return G_SOURCE_REMOVE;
}

static gboolean on_change(gint fd, GIOCondition condition, gpointer data) {
	struct rules *r = data;
	char events[4096];

	(void)condition;
	while (read(fd, events, sizeof(events)) > 0)
		;
	load(r);
	return G_SOURCE_CONTINUE;
}

static void watch_default_folders(struct rules *r) {
	struct policy_folders folders;

	if (policy_folders_default(&folders))
		return;
	for (size_t i = 0; i < folders.count; i++)
		inotify_add_watch(r->inotify, folders.list[i],
			IN_CREATE | IN_DELETE | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO);
	policy_folders_deinit(&folders);
}

struct rules *rules_new(struct broker *b) {
	struct rules *r = g_new0(struct rules, 1);

	r->broker = b;
	r->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (r->inotify >= 0)
		r->source = g_unix_fd_add(r->inotify, G_IO_IN, on_change, r);
	watch_default_folders(r);
	load(r);
	return r;
}

struct rules *rules_free(struct rules *r) {
	if (!r)
		return NULL;
	if (r->source)
		g_source_remove(r->source);
	if (r->again)
		g_source_remove(r->again);
	if (r->inotify >= 0)
		close(r->inotify);
	policy_unref(r->policy);
	g_free(r->told);
	g_free(r);
	return NULL;
}

/* Several calls may wait for one answer: the first writes the rule that is there for the rest. */
static bool is_still_asked(
	struct rules *r, const struct policy_system *system, const struct policy_request *request) {
	struct policy_decision d;
	bool asked;

	if (policy_decide(r->policy, system, request, &d))
		return false;
	asked = d.outcome == POLICY_ASK;
	policy_decision_deinit(&d);
	return asked;
}

static int write_always(const struct policy_system *system, const struct policy_request *request,
	const struct policy_decision *ask, const char *chosen) {
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autofree char *when = g_date_time_format(now, "%Y-%m-%d %H:%M");
	struct policy_places places = {.compat = POLICY_COMPAT_FOLDER};
	struct policy_change change = {0};
	struct policy_folders folders;
	int answer = policy_folders_default(&folders);

	places.folders = (const char *const *)folders.list;
	places.folder_count = folders.count;
	if (!answer && !folders.own)
		answer = -ENOENT;
	if (!answer)
		answer = policy_store_always(
			&places, folders.own, system, request, ask, chosen, when, &change);
	if (!answer)
		answer = policy_store_commit(&change);
	policy_change_deinit(&change);
	policy_folders_deinit(&folders);
	return answer;
}

void rules_add_always(struct rules *r, const struct policy_system *system,
	const struct policy_request *request, const struct policy_decision *ask,
	const char *chosen) {
	g_autofree char *sentence = NULL;
	int answer;

	if (!is_still_asked(r, system, request))
		return;
	answer = write_always(system, request, ask, chosen);
	if (answer == 0) {
		load(r);
		return;
	}
	sentence = g_strdup_printf(
		"\"Always\" could not be written: %s.", policy_store_words(answer));
	tell(r, sentence);
}
