/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames in and out of a data channel; see pump.h. */
#include "qrexec/lib/pump-inner.h"

#include <errno.h>

static enum qrexec_from their_side(const struct pump *p) {
	return p->plan.role == PUMP_CLIENT ? QREXEC_FROM_SERVICE : QREXEC_FROM_CLIENT;
}

/* What a terminal may show: a peer's bytes never move a cursor or set a title (bug class E4). */
static void filter(uint8_t *b, size_t n) {
	for (size_t i = 0; i < n; i++)
		if ((b[i] < 0x20 || b[i] > 0x7e) && !(b[i] >= '\a' && b[i] <= '\n') && b[i] != '\r')
			b[i] = '_';
}

static void end_output(struct pump *p, struct local_fd *out) {
	bool still_read = out == &p->out && p->in.fd >= 0 && p->in.fd == out->fd;

	if (still_read) {
		local_fd_end_write(out, true);
		out->fd = -1;
	} else {
		local_fd_end_write(out, false);
	}
}

/* The payload of the frame at hand, as much as the local side takes. */
static int deliver(struct pump *p) {
	bool err = p->payload_type == QREXEC_STDERR;
	struct local_fd *out = err ? &p->out_err : &p->out;
	size_t n = p->end - p->begin;
	ssize_t done;

	if (n > p->payload_left)
		n = p->payload_left;
	if (n == 0)
		return PUMP_IDLE;
	if (err ? p->plan.filter_err : p->plan.filter_out)
		filter(p->receive + p->begin, n);
	done = out->fd < 0 ? (ssize_t)n : local_fd_write(out, p->receive + p->begin, n);
	if (done == -EAGAIN)
		return PUMP_IDLE;
	if (done < 0) { /* nobody reads it any more: the rest of the stream is dropped */
		end_output(p, out);
		done = (ssize_t)n;
	}
	p->begin += (size_t)done;
	p->payload_left -= (uint32_t)done;
	return PUMP_MOVED;
}

static int on_hello(struct pump *p, const struct qrexec_msg *m) {
	p->version = qrexec_agree(QREXEC_VERSION, m->version);
	return p->version ? PUMP_MOVED : PUMP_BROKEN;
}

static int on_frame(struct pump *p, const struct qrexec_header *h, struct span body) {
	struct qrexec_msg m;

	if (h->type == QREXEC_HELLO || h->type == QREXEC_EXIT_CODE) {
		if (qrexec_decode(their_side(p), h, body, &m))
			return PUMP_BROKEN;
		if (h->type == QREXEC_HELLO)
			return on_hello(p, &m);
		if (p->got_exit)
			return PUMP_BROKEN;
		p->got_exit = true;
		p->exit_code = m.exit_code;
		return PUMP_MOVED;
	}
	/* After the exit code only the end of a stream may come. */
	if (p->got_exit && h->len > 0)
		return PUMP_BROKEN;
	if (h->len == 0)
		end_output(p, h->type == QREXEC_STDERR ? &p->out_err : &p->out);
	p->payload_type = h->type;
	p->payload_left = h->len;
	return PUMP_MOVED;
}

static bool is_stream(uint32_t type) {
	return type == QREXEC_STDIN || type == QREXEC_STDOUT || type == QREXEC_STDERR;
}

/* The next frame in the buffer. Payload of streams is delivered as it comes, other bodies whole. */
static int take_frame(struct pump *p) {
	struct span in = span_over(p->receive + p->begin, p->end - p->begin);
	struct qrexec_header h;
	size_t used = QREXEC_HEADER_SIZE;
	int r;

	if (in.left < QREXEC_HEADER_SIZE)
		return PUMP_IDLE;
	r = qrexec_header_decode(their_side(p), p->version,
		span_over(span_take(&in, QREXEC_HEADER_SIZE), QREXEC_HEADER_SIZE), &h);
	if (r)
		return PUMP_BROKEN;
	if (!is_stream(h.type)) {
		if (in.left < h.len)
			return PUMP_IDLE;
		used += h.len;
	}
	r = on_frame(p, &h, span_over(in.at, is_stream(h.type) ? 0 : h.len));
	p->begin += used;
	return r;
}

static int fill(struct pump *p) {
	int n;

	if (p->begin == p->end)
		p->begin = p->end = 0;
	if (p->end == sizeof(p->receive) || (p->begin && p->end > PUMP_BUFFER)) {
		memmove(p->receive, p->receive + p->begin, p->end - p->begin);
		p->end -= p->begin;
		p->begin = 0;
	}
	n = libvchan_drain(p->vchan, p->receive + p->end, sizeof(p->receive) - p->end);
	if (n < 0)
		return PUMP_GONE;
	p->end += (size_t)n;
	return n ? PUMP_MOVED : PUMP_IDLE;
}

static bool greet(struct pump *p) {
	while (p->greeting && p->out.fd >= 0) {
		ssize_t n = local_fd_write(&p->out, p->greeting + p->greeting_at,
			p->plan.greeting_len - p->greeting_at);

		if (n == -EAGAIN)
			return false;
		if (n < 0)
			end_output(p, &p->out);
		else if ((p->greeting_at += (size_t)n) < p->plan.greeting_len)
			continue;
		break;
	}
	g_clear_pointer(&p->greeting, g_free);
	return true;
}

int pump_receive(struct pump *p) {
	size_t moved = 0;
	int r = PUMP_MOVED;

	if (!greet(p))
		return PUMP_IDLE;
	while (r == PUMP_MOVED && moved < PUMP_PER_TURN) {
		size_t before = p->end - p->begin;

		if (p->payload_left && p->begin < p->end) {
			r = deliver(p);
			moved += before - (p->end - p->begin);
			continue;
		}
		r = p->payload_left ? PUMP_IDLE : take_frame(p);
		if (r == PUMP_IDLE)
			r = fill(p);
	}
	return moved && r == PUMP_IDLE ? PUMP_MOVED : r;
}

void pump_frame(struct pump *p, const struct qrexec_msg *m) {
	p->send_at = 0;
	p->send_end = qrexec_encode(m, p->send, sizeof(p->send));
}

static int flush(struct pump *p) {
	while (p->send_at < p->send_end) {
		int n = libvchan_write(p->vchan, p->send + p->send_at, p->send_end - p->send_at);

		if (n < 0)
			return PUMP_GONE;
		if (n == 0)
			return PUMP_IDLE;
		p->send_at += (size_t)n;
	}
	return PUMP_MOVED;
}

static void frame_eof(struct pump *p, enum qrexec_type type) {
	pump_frame(p, &(struct qrexec_msg){.type = type});
}

/* Bytes for one frame from the prefix or the descriptor, straight behind the frame's header. */
static ssize_t next_bytes(struct pump *p, struct local_fd *from, size_t room) {
	uint8_t *at = p->send + QREXEC_HEADER_SIZE;

	if (p->prefix && from == &p->in) {
		size_t n = MIN(p->plan.prefix_len - p->prefix_at, room);

		memcpy(at, p->prefix + p->prefix_at, n);
		p->prefix_at += n;
		if (p->prefix_at == p->plan.prefix_len)
			g_clear_pointer(&p->prefix, g_free);
		return (ssize_t)n;
	}
	return from->fd < 0 ? 0 : local_fd_read(from, at, room);
}

static void close_input(struct pump *p, struct local_fd *from) {
	/* A socket for both directions stays open while its other direction is in use. */
	if (from == &p->in && p->out.fd == from->fd)
		from->fd = -1;
	else
		local_fd_close(from);
}

static int send_from(struct pump *p, struct local_fd *from, enum qrexec_type type, bool *eof_sent) {
	ssize_t n;

	/* Room in the ring is not asked for: that asks for a wake at each byte that is taken. What
	 * does not fit waits in our one frame. */
	if (*eof_sent)
		return PUMP_IDLE;
	n = next_bytes(p, from, qrexec_chunk(p->version));
	if (n == -EAGAIN)
		return PUMP_IDLE;
	if (n <= 0) {
		close_input(p, from);
		*eof_sent = true;
		frame_eof(p, type);
	} else {
		qrexec_header_encode(type, (uint32_t)n, p->send);
		p->send_at = 0;
		p->send_end = QREXEC_HEADER_SIZE + (size_t)n;
	}
	return PUMP_MOVED;
}

/* The order is the reference's: stderr's end first where there is none (sockets), else stdout, and
 * each in its turn while both have something. */
static int send_output(struct pump *p) {
	bool err_first = p->err_turn || (p->in_err.fd < 0 && p->in.fd >= 0);
	int r;

	p->err_turn = !err_first && p->in_err.fd >= 0;
	if (err_first) {
		r = send_from(p, &p->in_err, QREXEC_STDERR, &p->err_eof_sent);
		if (r != PUMP_IDLE)
			return r;
	}
	r = send_from(p, &p->in, QREXEC_STDOUT, &p->in_eof_sent);
	if (r != PUMP_IDLE || err_first)
		return r;
	p->err_turn = false;
	return send_from(p, &p->in_err, QREXEC_STDERR, &p->err_eof_sent);
}

int pump_transmit(struct pump *p) {
	bool service = p->plan.role == PUMP_SERVICE;
	size_t moved = 0;
	int r;

	while ((r = flush(p)) == PUMP_MOVED && moved < PUMP_PER_TURN) {
		if (!p->hello_sent && (p->version || !p->plan.hello_second)) {
			p->hello_sent = true;
			pump_frame(p, &(struct qrexec_msg){
					      .type = QREXEC_HELLO, .version = QREXEC_VERSION});
			continue;
		}
		if (!p->version || p->exit_sent || p->plan.just_exec)
			return moved ? PUMP_MOVED : PUMP_IDLE;
		r = service ? send_output(p) : send_from(p, &p->in, QREXEC_STDIN, &p->in_eof_sent);
		if (r == PUMP_IDLE)
			return moved ? PUMP_MOVED : PUMP_IDLE;
		moved += p->send_end;
	}
	return r == PUMP_IDLE && moved ? PUMP_MOVED : r;
}
