/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/clipboard.h"

#include "proto/ctl.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW)

enum step {
	IDLE,
	GETTING,  /* its gui-daemon asks the agent */
	FETCHING, /* a long text comes by a call */
	LOOKING,  /* its gui-daemon looks for the first line */
	DECIDING, /* the broker looks at the rules */
	ASKING,   /* the person sees the preview */
	PUTTING,  /* the target's gui-daemon gives it to the agent */
	BRINGING  /* a long text goes by a call */
};

struct clipboard {
	const struct clipboard_ops *ops;
	void *user;
	/* Under way. */
	enum step step;
	uint32_t number, domain; /* of the last request; whose chord */
	char *name;              /* the domain's */
	bool raw, readable;      /* the preview was there for a while */
	/* What is held. */
	int fd; /* -1: nothing */
	size_t size;
	uint32_t source;
	char *source_name;
	char line[CLIPBOARD_LINE];
};

struct clipboard *clipboard_new(const struct clipboard_ops *ops, void *user) {
	struct clipboard *c = g_new0(struct clipboard, 1);

	c->ops = ops;
	c->user = user;
	c->fd = -1;
	return c;
}

struct clipboard *clipboard_free(struct clipboard *c) {
	if (!c)
		return NULL;
	auto_close(&c->fd);
	g_free(c->name);
	g_free(c->source_name);
	g_free(c);
	return NULL;
}

static void timer(struct clipboard *c, enum clipboard_timer which, unsigned ms) {
	c->ops->timer(c->user, which, ms);
}

/* Nothing of the text is kept. */
static void wipe(struct clipboard *c) {
	auto_close(&c->fd);
	c->fd = -1;
	c->size = 0;
	c->source = 0;
	memset(c->line, 0, sizeof(c->line));
	timer(c, CLIPBOARD_TIMER_WIPE, 0);
}

static bool is_paste(const struct clipboard *c) {
	return c->step >= DECIDING;
}

static bool show(struct clipboard *c, enum clipboard_show what) {
	return c->ops->show(
		c->user, what, c->source, is_paste(c) ? c->domain : 0, c->size, c->line);
}

/* What was under way is over; the one record of it is written. */
static void finish(struct clipboard *c, const char *outcome, const char *reason) {
	struct clipboard_record r = {.paste = is_paste(c),
		.number = c->number,
		.source = is_paste(c) ? c->source_name : c->name,
		.target = is_paste(c) ? c->name : NULL,
		.size = c->size,
		.outcome = outcome,
		.reason = reason};

	c->ops->record(c->user, &r);
	timer(c, CLIPBOARD_TIMER_STEP, 0);
	timer(c, CLIPBOARD_TIMER_READ, 0);
	if (c->step == ASKING)
		(void)!show(c, CLIPBOARD_HIDE);
	c->step = IDLE;
}

/* ... without success, and the person is told why. A text of which nobody saw a line is not kept.
 */
static void refuse(struct clipboard *c, const char *outcome, const char *reason) {
	g_autofree char *text = g_strdup_printf("%s: %s",
		is_paste(c) ? "nothing was pasted into it" : "nothing was copied from it", reason);
	bool half = c->step == LOOKING;
	uint32_t domain = c->domain;

	if (c->step == GETTING || c->step == LOOKING || c->step == PUTTING)
		c->ops->cancel(c->user, domain, c->number);
	finish(c, outcome, reason);
	if (half)
		wipe(c);
	c->ops->refused(c->user, domain, text);
}

static void begin(
	struct clipboard *c, enum step step, uint32_t domain, const char *name, unsigned ms) {
	char *copy = g_strdup(name);

	g_free(c->name);
	c->name = copy;
	c->domain = domain;
	c->step = step;
	c->number++;
	timer(c, CLIPBOARD_TIMER_STEP, ms);
}

void clipboard_copy(struct clipboard *c, uint32_t domain, const char *name) {
	if (c->step != IDLE)
		refuse(c, "gone", "the keys for copy were pressed before it was done");
	/* What was there is not pasted by mistake if this fails (bug class C1). */
	wipe(c);
	begin(c, GETTING, domain, name, CLIPBOARD_ANSWER_MS);
	if (!c->ops->get(c->user, domain, c->number))
		refuse(c, "fail", "its windows are not connected");
}

static void put(struct clipboard *c) {
	c->step = PUTTING;
	timer(c, CLIPBOARD_TIMER_STEP, CLIPBOARD_ANSWER_MS);
	if (!c->ops->put(c->user, c->domain, c->number, c->fd, c->raw))
		refuse(c, "fail", "its windows are not connected");
}

void clipboard_paste(struct clipboard *c, uint32_t domain, const char *name) {
	if (c->step == ASKING && c->domain == domain) {
		if (!c->readable)
			return;
		(void)!show(c, CLIPBOARD_HIDE);
		put(c);
		return;
	}
	if (c->step != IDLE)
		refuse(c, "gone", "the keys for paste were pressed before it was done");
	begin(c, DECIDING, domain, name, CLIPBOARD_ANSWER_MS);
	if (c->fd < 0) {
		/* Nothing to decide about, and nothing that a record could name. */
		c->step = IDLE;
		timer(c, CLIPBOARD_TIMER_STEP, 0);
		c->ops->refused(c->user, domain,
			"nothing was pasted into it: nothing was copied from a domain, or it was "
			"pasted already, or too long ago");
		return;
	}
	if (c->source == domain)
		refuse(c, "deny", "it was copied in this domain: its own clipboard has it");
	else if (!c->ops->decide(c->user, c->number, c->source_name, name))
		refuse(c, "deny", "there is no broker to decide");
}

void clipboard_decided(struct clipboard *c, uint32_t number, enum clipboard_outcome outcome,
	bool raw, const char *why) {
	if (c->step != DECIDING || number != c->number)
		return;
	c->raw = raw;
	if (outcome == CLIPBOARD_ALLOW) {
		put(c);
	} else if (outcome == CLIPBOARD_ASK) {
		c->step = ASKING;
		c->readable = false;
		timer(c, CLIPBOARD_TIMER_STEP, CLIPBOARD_ASK_MS);
		timer(c, CLIPBOARD_TIMER_READ, CLIPBOARD_READ_MS);
		if (!show(c, CLIPBOARD_PREVIEW))
			refuse(c, "fail", "its preview cannot be shown");
	} else {
		refuse(c, "deny", why);
	}
}

/* A text that nobody can change any more, of a size that may be; -1: none such. */
static int take(int fd, size_t *ret_size) {
	struct stat s;
	int seals = fd < 0 ? -1 : fcntl(fd, F_GET_SEALS);

	if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &s) < 0 || s.st_size < 1 ||
		s.st_size > CTL_CLIPBOARD_MAX)
		return -1;
	*ret_size = (size_t)s.st_size;
	return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static bool awaits(const struct clipboard *c, enum step step, uint32_t domain, uint32_t number) {
	return c->step == step && c->domain == domain && c->number == number;
}

static void copied(struct clipboard *c, const char *line) {
	g_free(c->source_name);
	c->source_name = g_strdup(c->name);
	c->source = c->domain;
	g_strlcpy(c->line, line, sizeof(c->line));
	(void)!show(c, CLIPBOARD_COPIED);
	finish(c, "ok", NULL);
	timer(c, CLIPBOARD_TIMER_WIPE, CLIPBOARD_WIPE_MS);
}

void clipboard_text(
	struct clipboard *c, uint32_t domain, uint32_t number, const char *line, int fd) {
	if (awaits(c, LOOKING, domain, number)) {
		copied(c, line);
		return;
	}
	if (!awaits(c, GETTING, domain, number))
		return;
	c->fd = take(fd, &c->size);
	if (c->fd < 0)
		refuse(c, "fail", "what came is no text of an allowed size");
	else
		copied(c, line);
}

static void bring(struct clipboard *c, int fd) {
	size_t size;
	AUTO(auto_close) int clean = take(fd, &size);

	c->step = BRINGING;
	timer(c, CLIPBOARD_TIMER_STEP, CLIPBOARD_CALL_MS);
	if (clean < 0 || !c->ops->bring(c->user, c->domain, c->number, clean))
		refuse(c, "fail", "the text is longer than its agent can take");
}

void clipboard_large(struct clipboard *c, uint32_t domain, uint32_t number, int fd) {
	if (awaits(c, PUTTING, domain, number)) {
		bring(c, fd);
	} else if (awaits(c, GETTING, domain, number)) {
		c->step = FETCHING;
		timer(c, CLIPBOARD_TIMER_STEP, CLIPBOARD_CALL_MS);
		if (!c->ops->fetch(c->user, domain, number))
			refuse(c, "fail", "the text is longer than its agent can send");
	}
}

void clipboard_fetched(struct clipboard *c, uint32_t number, int fd, const char *error) {
	if (c->step != FETCHING || number != c->number)
		return;
	if (!error) {
		c->fd = take(fd, &c->size);
		error = c->fd < 0 ? "what came is no text of an allowed size" : NULL;
	}
	if (error) {
		refuse(c, "fail", error);
		return;
	}
	c->step = LOOKING;
	timer(c, CLIPBOARD_TIMER_STEP, CLIPBOARD_ANSWER_MS);
	if (!c->ops->look(c->user, c->domain, number, c->fd))
		refuse(c, "fail", "its windows are not connected");
}

static void pasted(struct clipboard *c) {
	(void)!show(c, CLIPBOARD_PASTED);
	finish(c, "allow", NULL);
	wipe(c);
}

void clipboard_done(struct clipboard *c, uint32_t domain, uint32_t number) {
	if (awaits(c, PUTTING, domain, number))
		pasted(c);
}

void clipboard_brought(struct clipboard *c, uint32_t number, const char *error) {
	if (c->step != BRINGING || number != c->number)
		return;
	if (error)
		refuse(c, "fail", error);
	else
		pasted(c);
}

void clipboard_failed(struct clipboard *c, uint32_t domain, uint32_t number, const char *why) {
	if (awaits(c, LOOKING, domain, number) || awaits(c, GETTING, domain, number) ||
		awaits(c, PUTTING, domain, number))
		refuse(c, "fail", why);
}

void clipboard_focus(struct clipboard *c, uint32_t domain) {
	if ((c->step == DECIDING || c->step == ASKING) && domain != c->domain)
		refuse(c, "gone", "another window got the focus meanwhile");
}

void clipboard_unseen(struct clipboard *c) {
	if (c->step == ASKING)
		refuse(c, "fail", "its preview is not shown any more");
}

void clipboard_lost(struct clipboard *c, uint32_t domain, bool gone) {
	bool source_gone = gone && c->fd >= 0 && c->source == domain;

	if (c->step != IDLE && (c->domain == domain || source_gone))
		refuse(c, "fail", "the domain ended meanwhile");
	if (source_gone)
		wipe(c);
}

void clipboard_expired(struct clipboard *c, enum clipboard_timer which) {
	switch (which) {
	case CLIPBOARD_TIMER_STEP:
		if (c->step != IDLE)
			refuse(c, c->step == ASKING ? "deny" : "fail",
				c->step == ASKING ? "the keys were not pressed a second time"
						  : "it did not answer in time");
		break;
	case CLIPBOARD_TIMER_READ:
		c->readable = true;
		break;
	case CLIPBOARD_TIMER_WIPE:
		/* What is under way is not cut off: its own time ends it. */
		if (c->step == IDLE)
			wipe(c);
		else
			timer(c, CLIPBOARD_TIMER_WIPE, CLIPBOARD_CALL_MS);
		break;
	case CLIPBOARD_TIMERS:
		break;
	}
}
