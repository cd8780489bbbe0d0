/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One data channel: its life, its connecting, its turn in the main loop. See pump.h. */
#include "qrexec/lib/pump-inner.h"
#include "qrexec/lib/spawn.h"

#include <errno.h>

static void watch(struct pump *p, struct pump_watch *w, int fd, GIOCondition want) {
	if (fd < 0)
		want = 0;
	if (w->tag && (w->fd != fd || want == 0)) {
		g_source_remove_unix_fd(&p->source, w->tag);
		w->tag = NULL;
	}
	if (!want)
		return;
	if (!w->tag)
		w->tag = g_source_add_unix_fd(&p->source, fd, want);
	else if (w->want != want)
		g_source_modify_unix_fd(&p->source, w->tag, want);
	w->fd = fd;
	w->want = want;
}

static void unwatch_all(struct pump *p) {
	struct pump_watch *all[] = {&p->w_vchan, &p->w_in, &p->w_err, &p->w_out, &p->w_out_err,
		&p->w_child, &p->w_connect};

	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		watch(p, all[i], -1, 0);
}

static bool is_ready(struct pump *p, const struct pump_watch *w) {
	return w->tag && g_source_query_unix_fd(&p->source, w->tag);
}

static void close_fds(struct pump *p) {
	bool one = p->in.fd >= 0 && p->in.fd == p->out.fd;

	local_fd_close(&p->in);
	if (one)
		p->out.fd = -1;
	local_fd_close(&p->in_err);
	local_fd_close(&p->out);
	local_fd_close(&p->out_err);
	/* It sees the end of its streams; whenever it ends, somebody must hear of it. */
	if (p->plan.pidfd >= 0)
		spawn_adopt(TAKE_FD(p->plan.pidfd));
}

static void release(struct pump *p) {
	close_fds(p);
	if (p->vchan)
		libvchan_close(TAKE(p->vchan));
	g_clear_pointer(&p->prefix, g_free);
	g_clear_pointer(&p->greeting, g_free);
}

static void pump_finalize(GSource *source) {
	release((struct pump *)source);
}

void pump_cancel(struct pump *p) {
	if (!p)
		return;
	unwatch_all(p);
	/* At once, not when GLib lets go of the source: who hears of the end may use the port. */
	release(p);
	g_source_destroy(&p->source);
	g_source_unref(&p->source);
}

static void finish(struct pump *p, enum pump_end end, int error) {
	struct pump_result r = {
		.end = end, .exit_code = p->exit_code, .local_code = p->local_code, .error = error};
	void (*done)(void *, const struct pump_result *) = p->plan.done;
	void *data = p->plan.data;

	pump_cancel(p);
	done(data, &r);
}

/* Connecting: 1 still, 0 done, < 0 failed. */
static int connecting(struct pump *p) {
	int r;

	if (p->connect_fd < 0)
		return 0;
	r = libvchan_client_init_async_finish(p->vchan, 0);
	if (r == 0)
		p->connect_fd = -1;
	return r;
}

static void reap(struct pump *p) {
	int code;

	if (!is_ready(p, &p->w_child) || (code = spawn_reap(p->plan.pidfd)) < 0)
		return;
	p->local_code = code;
	if (p->plan.role == PUMP_SERVICE)
		p->exit_code = code;
	watch(p, &p->w_child, -1, 0);
	close(TAKE_FD(p->plan.pidfd));
}

/* The service is over: everything it said was sent, and it has ended or never was a program. */
static bool service_is_over(const struct pump *p) {
	if (p->plan.just_exec)
		return p->version != 0 && p->hello_sent;
	if (p->plan.exit_on_in_eof && p->in_eof_sent)
		return true;
	if (!p->in_eof_sent || !p->err_eof_sent || p->plan.pidfd >= 0)
		return false;
	return p->local_code >= 0 || p->out.fd < 0;
}

/* The caller's client is done when nothing received is left to write and no program is left. */
static bool client_is_over(const struct pump *p) {
	return p->got_exit && p->begin == p->end && p->plan.pidfd < 0;
}

/* On a caller's exit code: its own end is told, its input is left alone. */
static void client_ends(struct pump *p) {
	if (!p->got_exit || p->in_eof_sent || p->send_at < p->send_end)
		return;
	p->in_eof_sent = true;
	pump_frame(p, &(struct qrexec_msg){.type = QREXEC_STDIN});
	if (p->in.fd >= 0 && p->in.fd == p->out.fd)
		p->in.fd = -1;
	local_fd_close(&p->in);
	/* A local program that reads on sees the end. */
	local_fd_end_write(&p->out, false);
	local_fd_end_write(&p->out_err, false);
}

static void service_ends(struct pump *p) {
	if (p->exit_sent || p->send_at < p->send_end)
		return;
	if (p->plan.exit_on_out_eof && p->out.fd < 0 && !p->in_eof_sent) {
		p->in_eof_sent = true;
		pump_frame(p, &(struct qrexec_msg){.type = QREXEC_STDOUT});
		p->plan.exit_on_in_eof = true;
		return;
	}
	if (!service_is_over(p))
		return;
	p->exit_sent = true;
	pump_frame(p, &(struct qrexec_msg){.type = QREXEC_EXIT_CODE, .exit_code = p->exit_code});
}

static void set_watches(struct pump *p) {
	bool room = p->version && p->send_at == p->send_end && !p->plan.just_exec;
	bool blocked = (p->payload_left && p->begin < p->end) || p->greeting;
	bool err = p->payload_type == QREXEC_STDERR && !p->greeting;

	watch(p, &p->w_vchan, libvchan_fd_for_select(p->vchan), p->gone ? 0 : G_IO_IN);
	watch(p, &p->w_in, p->in.fd, room && !p->in_eof_sent && !p->exit_sent ? G_IO_IN : 0);
	watch(p, &p->w_err, p->in_err.fd, room && !p->err_eof_sent ? G_IO_IN : 0);
	watch(p, &p->w_out, p->out.fd, blocked && !err ? G_IO_OUT : 0);
	watch(p, &p->w_out_err, p->out_err.fd, blocked && err ? G_IO_OUT : 0);
	watch(p, &p->w_child, p->plan.pidfd, G_IO_IN);
}

/* 0: go on; else the pump is gone. */
static int turn(struct pump *p) {
	int in, out;

	if (is_ready(p, &p->w_vchan) && libvchan_wait(p->vchan) < 0)
		g_debug("event channel gone");
	if (p->plan.met && libvchan_is_open(p->vchan) != VCHAN_WAITING)
		TAKE(p->plan.met)(p->plan.data);
	in = pump_receive(p);
	out = pump_transmit(p);
	p->gone = p->gone || in == PUMP_GONE;
	if (in == PUMP_BROKEN)
		return finish(p, PUMP_BAD, 0), 1;
	if (p->plan.role == PUMP_CLIENT && client_is_over(p)) {
		client_ends(p);
		if (pump_transmit(p) != PUMP_BROKEN)
			return finish(p, PUMP_DONE, 0), 1;
	}
	if (p->exit_sent && p->send_at == p->send_end)
		return finish(p, PUMP_DONE, 0), 1;
	if (in == PUMP_GONE || (out == PUMP_GONE && p->plan.role == PUMP_SERVICE))
		if (!p->got_exit || p->plan.pidfd < 0)
			return finish(p, PUMP_CLOSED, 0), 1;
	if (p->plan.role == PUMP_CLIENT)
		client_ends(p);
	else
		service_ends(p);
	if (p->send_at < p->send_end || in == PUMP_MOVED || out == PUMP_MOVED)
		pump_transmit(p);
	if (p->exit_sent && p->send_at == p->send_end)
		return finish(p, PUMP_DONE, 0), 1;
	if (p->version)
		g_source_set_ready_time(&p->source, in == PUMP_MOVED || out == PUMP_MOVED ? 0 : -1);
	set_watches(p);
	return 0;
}

static gboolean pump_dispatch(GSource *source, GSourceFunc callback, gpointer data) {
	struct pump *p = (struct pump *)source;
	int r;

	(void)callback;
	(void)data;
	if (!p->version && g_get_monotonic_time() >= p->deadline) {
		finish(p, PUMP_TIMEOUT, 0);
		return G_SOURCE_CONTINUE;
	}
	reap(p);
	r = connecting(p);
	if (r < 0)
		finish(p, PUMP_FAILED, -errno);
	else if (r > 0)
		watch(p, &p->w_child, p->plan.pidfd, G_IO_IN);
	else {
		watch(p, &p->w_connect, -1, 0);
		turn(p);
	}
	return G_SOURCE_CONTINUE;
}

static int open_vchan(struct pump *p) {
	const struct pump_plan *plan = &p->plan;
	size_t ring = plan->ring ? plan->ring : PUMP_RING_DEFAULT;

	if (plan->role == PUMP_CLIENT)
		p->vchan = libvchan_server_init(plan->domain, plan->port, ring, ring);
	else
		p->vchan = libvchan_client_init_async(plan->domain, plan->port, &p->connect_fd);
	if (!p->vchan)
		return errno ? -errno : -EIO;
	if (p->connect_fd >= 0)
		watch(p, &p->w_connect, p->connect_fd, G_IO_IN);
	else
		set_watches(p);
	return 0;
}

int pump_start(const struct pump_plan *plan, struct pump **ret) {
	static GSourceFuncs funcs = {.dispatch = pump_dispatch, .finalize = pump_finalize};
	struct pump *p = (struct pump *)g_source_new(&funcs, sizeof(struct pump));
	bool one = plan->in >= 0 && plan->in == plan->out;
	int r;

	p->plan = *plan;
	p->connect_fd = -1;
	p->local_code = -1;
	p->exit_code = plan->exit_code;
	p->in = local_fd_take(plan->in, false);
	p->out = one ? p->in : local_fd_take(plan->out, true);
	p->in_err = local_fd_take(plan->in_err, false);
	p->out_err = local_fd_take(plan->out_err, true);
	p->prefix = plan->prefix_len ? g_memdup2(plan->prefix, plan->prefix_len) : NULL;
	p->greeting = plan->greeting_len ? g_memdup2(plan->greeting, plan->greeting_len) : NULL;
	r = open_vchan(p);
	if (r) {
		g_source_unref(&p->source);
		return r;
	}
	p->deadline = g_get_monotonic_time() + (gint64)plan->timeout * G_USEC_PER_SEC;
	g_source_set_ready_time(&p->source, p->deadline);
	g_source_set_can_recurse(
		&p->source, TRUE); /* nothing recurses: saves GLib's wake-ups of each turn */
	g_source_attach(&p->source, g_main_context_get_thread_default());
	*ret = p;
	return 0;
}

void pump_join_streams(struct pump *p) {
	if (p->joined || p->plan.role != PUMP_CLIENT)
		return;
	p->joined = true;
	/* The program writes where it reads: its stdin's socket is read too, the other end given
	 * up. */
	if (p->in.fd >= 0 && p->in.fd != p->out.fd)
		local_fd_close(&p->in);
	p->in = p->out;
	set_watches(p);
}
