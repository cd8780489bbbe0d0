/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clipboard between domains among the processes: gui-daemons, which alone look at a text, the
 * broker, which decides and writes the records, and the desk, which shows. Must never read the
 * text.
 */
#include "domains/calls.h"
#include "domains/clipboard-call.h"
#include "domains/clipboard.h"
#include "domains/domain-private.h"
#include "proto/broker.h"

#include <string.h>

struct manager_clipboard {
	struct manager *manager;
	struct clipboard *clipboard;
	struct clipboard_call *call; /* of a long text; NULL: none */
	guint timers[CLIPBOARD_TIMERS];
};

static struct domain *find(struct manager *m, uint32_t id) {
	GHashTableIter i;
	gpointer d;

	g_hash_table_iter_init(&i, m->domains);
	while (g_hash_table_iter_next(&i, NULL, &d))
		if (id && domain_id(d) == id)
			return d;
	return NULL;
}

static bool tell(
	struct manager_clipboard *c, uint32_t id, enum ctl_type type, uint32_t number, int fd) {
	struct domain *d = find(c->manager, id);

	return d && daemon_tell_fd(d->gui, type, number, NULL, fd);
}

static bool get(void *user, uint32_t domain, uint32_t number) {
	return tell(user, domain, CTL_CLIP_GET, number, -1);
}

static void cancel(void *user, uint32_t domain, uint32_t number) {
	(void)!tell(user, domain, CTL_CLIP_CANCEL, number, -1);
}

static bool put(void *user, uint32_t domain, uint32_t number, int fd, bool raw) {
	return tell(user, domain, raw ? CTL_CLIP_PUT_RAW : CTL_CLIP_PUT, number, fd);
}

static bool look(void *user, uint32_t domain, uint32_t number, int fd) {
	return tell(user, domain, CTL_CLIP_LOOK, number, fd);
}

static bool decide(void *user, uint32_t number, const char *source, const char *target) {
	struct manager_clipboard *c = user;

	return calls_paste(c->manager->calls, number, source, target);
}

static void on_fetched(void *user, uint32_t number, int fd, const char *error) {
	struct manager_clipboard *c = user;

	c->call = NULL;
	clipboard_fetched(c->clipboard, number, fd, error);
}

static void on_brought(void *user, uint32_t number, int fd, const char *error) {
	struct manager_clipboard *c = user;

	c->call = NULL;
	clipboard_brought(c->clipboard, number, error);
}

static bool fetch(void *user, uint32_t domain, uint32_t number) {
	struct manager_clipboard *c = user;
	struct domain *d = find(c->manager, domain);

	c->call = clipboard_call_free(c->call);
	if (d)
		c->call = clipboard_call_fetch(domain_name(d), number, on_fetched, c);
	return c->call != NULL;
}

static bool bring(void *user, uint32_t domain, uint32_t number, int fd) {
	struct manager_clipboard *c = user;
	struct domain *d = find(c->manager, domain);

	c->call = clipboard_call_free(c->call);
	if (d)
		c->call = clipboard_call_bring(domain_name(d), number, fd, on_brought, c);
	return c->call != NULL;
}

static void tell_name(struct manager_clipboard *c, enum ctl_type type, uint32_t id) {
	struct domain *d = find(c->manager, id);

	daemon_tell(c->manager->desk, type, d ? d->definition->label->index : 0,
		d ? domain_name(d) : "");
}

static bool show(void *user, enum clipboard_show what, uint32_t from, uint32_t to, size_t size,
	const char *line) {
	static const uint32_t words[] = {[CLIPBOARD_HIDE] = CTL_SHOW_NOTHING,
		[CLIPBOARD_COPIED] = CTL_SHOW_COPIED,
		[CLIPBOARD_PREVIEW] = CTL_SHOW_ASK,
		[CLIPBOARD_PASTED] = CTL_SHOW_PASTED};
	struct manager_clipboard *c = user;

	if (what != CLIPBOARD_HIDE) {
		tell_name(c, CTL_CLIP_FROM, from);
		tell_name(c, CTL_CLIP_TO, to);
		daemon_tell(c->manager->desk, CTL_CLIP_LINE, (uint32_t)size, line);
	}
	return daemon_tell_fd(c->manager->desk, CTL_CLIP_SHOW, words[what], NULL, -1);
}

static void refused(void *user, uint32_t domain, const char *why) {
	struct manager_clipboard *c = user;
	struct domain *d = find(c->manager, domain);

	if (!d)
		return;
	g_message("domain %s: clipboard: %s", domain_name(d), why);
	c->manager->events->refused(c->manager->user, d, why);
}

static void record(void *user, const struct clipboard_record *r) {
	struct manager_clipboard *c = user;
	const char *const texts[] = {r->paste ? "paste" : "copy", r->source ? r->source : "",
		r->target ? r->target : "", r->outcome, r->reason ? r->reason : ""};

	c->call = clipboard_call_free(c->call);
	calls_clipboard_record(c->manager->calls, r->number, r->size, texts);
}

struct expiry {
	struct manager_clipboard *in;
	enum clipboard_timer which;
};

static gboolean on_timer(gpointer data) {
	struct expiry *e = data;

	e->in->timers[e->which] = 0;
	clipboard_expired(e->in->clipboard, e->which);
	return G_SOURCE_REMOVE;
}

static void timer(void *user, enum clipboard_timer which, unsigned ms) {
	struct manager_clipboard *c = user;
	struct expiry *e;

	g_clear_handle_id(&c->timers[which], g_source_remove);
	if (ms == 0)
		return;
	e = g_new0(struct expiry, 1);
	e->in = c;
	e->which = which;
	c->timers[which] = g_timeout_add_full(G_PRIORITY_DEFAULT, ms, on_timer, e, g_free);
}

static const struct clipboard_ops ops = {
	get, cancel, put, look, fetch, bring, decide, show, refused, record, timer};

static void on_chord(struct manager_clipboard *c, struct domain *d, uint32_t what) {
	uint32_t id = domain_id(d);

	/* A daemon says that it has the focus before it says that keys were pressed; what others
	 * say of theirs may come in any order. */
	if (!d->gui_focus) {
		g_message("domain %s: keys of the clipboard without the focus: ignored",
			domain_name(d));
		return;
	}
	if (what == CTL_CHORD_COPY)
		clipboard_copy(c->clipboard, id, domain_name(d));
	else if (what == CTL_CHORD_PASTE)
		clipboard_paste(c->clipboard, id, domain_name(d));
}

void manager_clipboard_said(
	struct manager *m, struct domain *d, const struct ctl_msg *msg, int fd) {
	struct clipboard *c = m->clipboard->clipboard;
	uint32_t id = domain_id(d);

	if (msg->type == CTL_CLIP_CHORD)
		on_chord(m->clipboard, d, msg->value);
	else if (msg->type == CTL_CLIP_TEXT)
		clipboard_text(c, id, msg->value, msg->text, fd);
	else if (msg->type == CTL_CLIP_LARGE)
		clipboard_large(c, id, msg->value, fd);
	else if (msg->type == CTL_CLIP_FAILED)
		clipboard_failed(c, id, msg->value, msg->text);
	else if (msg->type == CTL_CLIP_DONE)
		clipboard_done(c, id, msg->value);
}

void manager_clipboard_unseen(struct manager *m) {
	clipboard_unseen(m->clipboard->clipboard);
}

void manager_clipboard_focus(struct manager *m) {
	clipboard_focus(m->clipboard->clipboard, m->focused);
}

void manager_clipboard_lost(struct manager *m, struct domain *d, bool gone) {
	uint32_t id = domain_id(d);

	if (m->clipboard && id)
		clipboard_lost(m->clipboard->clipboard, id, gone);
}

void manager_clipboard_decided(
	struct manager *m, uint32_t number, uint32_t outcome, const char *why) {
	static const enum clipboard_outcome outcomes[] = {[BROKER_PASTE_DENY] = CLIPBOARD_DENY,
		[BROKER_PASTE_ALLOW] = CLIPBOARD_ALLOW,
		[BROKER_PASTE_ASK] = CLIPBOARD_ASK};

	clipboard_decided(m->clipboard->clipboard, number,
		outcomes[outcome & ~(uint32_t)BROKER_PASTE_RAW], outcome & BROKER_PASTE_RAW, why);
}

struct manager_clipboard *manager_clipboard_new(struct manager *m) {
	struct manager_clipboard *c = g_new0(struct manager_clipboard, 1);

	c->manager = m;
	c->clipboard = clipboard_new(&ops, c);
	return c;
}

struct manager_clipboard *manager_clipboard_free(struct manager_clipboard *c) {
	if (!c)
		return NULL;
	c->call = clipboard_call_free(c->call);
	c->clipboard = clipboard_free(c->clipboard);
	for (unsigned i = 0; i < CLIPBOARD_TIMERS; i++)
		g_clear_handle_id(&c->timers[i], g_source_remove);
	g_free(c);
	return NULL;
}
