/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests: the whole daemon and the other end of its vchan in one process (memory backend); or,
 * called as `stage agent VCHAN`, the other end alone. The agent does what lines on stdin say and
 * prints what it hears, one line a message; the test looks at the X server for the outcome.
 *
 *   create ID X Y W H POPUP | destroy ID | map ID PARENT POPUP | unmap ID | dock ID
 *   configure ID X Y W H | title ID TEXT | class ID CLASS NAME | cursor ID GLYPH
 *   flags ID SET UNSET | hints ID FLAGS 8 numbers
 *   dump ID W H RRGGBB | fill ID RRGGBB | damage ID X Y W H | foreign-dump ID W H
 *   cycle N: a window is made, mapped, painted, resized, painted, destroyed; "synced" at the end
 *   wish N: CONFIGURE of window 7 elsewhere (docked, each is answered) | flood N: its MAP and UNMAP
 *   deaf: reads nothing any more | echo 0|1: whether CONFIGURE is echoed | raw HEX: bytes as they
 *   are | ctl TYPE VALUE | sync: "synced" when the daemon took all
 */
#include "gui-daemon/decoder.h"
#include "gui-daemon/domain.h"
#include "proto/view.h"
#include "vchan/backend.h"
#include "vchan/libvchan.h"
#include "vchan/pages.h"

#include <gio/gio.h>
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define DOMAIN 5

/* An image's pages: kept until their acknowledgement, and while they are the window's last. */
struct shared {
	unsigned refs;
	struct pages_share *pages;
	struct size size;
};

static GMainLoop *loop;
static struct domain *domain; /* both halves, which are two processes elsewhere */
static struct decoder *decoder;
static libvchan_t *agent, *ext;
static GByteArray *in, *out;
static GHashTable *shares; /* the last of each window */
static GQueue unacknowledged = G_QUEUE_INIT;
static int ctl;
static bool echo = true, deaf;
static unsigned preface = 4 + GUI_XCONF_SIZE;

static void as_agent(void) {
	vchan_memory_domain(DOMAIN);
}

static void as_daemon(void) {
	vchan_memory_domain(0);
}

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...) {
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

/* What the ring takes of what is queued; returns when all is written. While it waits the loop runs,
 * and what is told from there is queued behind. */
static void flush(void) {
	static bool flushing;

	if (flushing)
		return;
	flushing = true;
	while (out->len > 0) {
		int n;

		as_agent();
		n = libvchan_write(agent, out->data, out->len);
		if (n == 0 && libvchan_buffer_space(agent) > 0)
			continue;
		as_daemon();
		if (n < 0) {
			say("closed");
			g_byte_array_set_size(out, 0);
		} else if (n > 0) {
			g_byte_array_remove_range(out, 0, (guint)n);
		} else {
			g_main_context_iteration(NULL, TRUE);
		}
	}
	as_daemon();
	flushing = false;
}

static void write_all(const void *bytes, size_t size) {
	g_byte_array_append(out, bytes, (guint)size);
	flush();
}

static void tell(const struct gui_from_agent *m) {
	uint8_t bytes[GUI_MESSAGE_MAX];
	size_t size = gui_encode_from_agent(m, bytes, sizeof(bytes));

	if (size == 0)
		say("cannot encode %d", (int)m->type);
	else
		write_all(bytes, size);
}

static void share_unref(void *p) {
	struct shared *s = p;

	if (--s->refs > 0)
		return;
	pages_share_free(s->pages);
	g_free(s);
}

static void paint(struct shared *s, uint32_t rgb) {
	uint32_t *p = pages_share_data(s->pages);

	for (size_t i = 0; i < (size_t)s->size.w * s->size.h; i++)
		p[i] = rgb;
}

static void do_dump(uint32_t id, struct size size, uint32_t rgb, bool foreign) {
	struct shared *s = g_new0(struct shared, 1);
	uint32_t count = (uint32_t)(((uint64_t)size.w * size.h * 4 + GUI_PAGE - 1) / GUI_PAGE);
	size_t room = GUI_HEADER_SIZE + 16 + 4 * (size_t)count;
	AUTO(auto_free) uint8_t *buf = g_malloc(room);
	uint32_t *bad = NULL;

	as_agent();
	s->size = size;
	if (pages_share_new(0, count, &s->pages))
		say("cannot share");
	paint(s, rgb);
	if (foreign) {
		bad = g_new(uint32_t, count);
		for (uint32_t i = 0; i < count; i++)
			bad[i] = 0x7fff0000 + i;
	}
	room = gui_encode_dump(id, size, bad ? bad : pages_share_refs(s->pages), count, buf, room);
	as_daemon();
	write_all(buf, room);
	g_free(bad);
	s->refs = 2;
	g_queue_push_tail(&unacknowledged, s);
	g_hash_table_replace(shares, GUINT_TO_POINTER(id), s);
}

static void do_raw(const char *hex) {
	GByteArray *bytes = g_byte_array_new();
	unsigned v;

	for (; sscanf(hex, "%2x", &v) == 1; hex += 2) {
		uint8_t b = (uint8_t)v;

		g_byte_array_append(bytes, &b, 1);
	}
	write_all(bytes->data, bytes->len);
	g_byte_array_unref(bytes);
}

static void do_ctl(int type, uint32_t value) {
	struct ctl_msg m = {.type = (enum ctl_type)type, .value = value};
	uint8_t buf[CTL_SIZE];

	ctl_encode(&m, buf);
	if (send(ctl, buf, sizeof(buf), MSG_NOSIGNAL) < 0)
		say("ctl closed");
}

/* The X server answered all that the daemon asked, when the answer to a dump is there. */
static void do_sync(void) {
	struct gui_from_agent m = {.type = GUI_CREATE, .window = 0xfffffff0};

	m.create.at = (struct rect){0, 0, 1, 1};
	tell(&m);
	m = (struct gui_from_agent){.type = GUI_DESTROY, .window = 0xfffffff0};
	tell(&m);
}

static bool is(const char *line, const char *verb) {
	return g_str_has_prefix(line, verb) && line[strlen(verb)] == ' ';
}

static void on_text_command(const char *line) {
	struct gui_from_agent m = {0};
	int at = 0;

	if (sscanf(line, "title %x %n", &m.window, &at) == 1 && at) {
		m.type = GUI_WMNAME;
		g_strlcpy(m.wmname.untrusted_text, line + at, sizeof(m.wmname.untrusted_text));
	} else if (sscanf(line, "class %x %63s %63s", &m.window, m.wmclass.untrusted_class,
			   m.wmclass.untrusted_name) == 3) {
		m.type = GUI_WMCLASS;
	} else {
		say("what? %s", line);
		return;
	}
	tell(&m);
}

/* Numbers after the verb: the window in hexadecimal, the rest decimal. */
static unsigned numbers(const char *line, uint32_t *ret_window, int v[10]) {
	const char *at = strchr(line, ' ');
	char *rest;
	unsigned n = 0;

	*ret_window = at ? (uint32_t)strtoul(at, &rest, 16) : 0;
	while (at && n < 10) {
		at = rest;
		v[n] = (int)strtol(at, &rest, 10);
		if (rest == at)
			break;
		n++;
	}
	return n;
}

static void on_number_command(const char *line) {
	struct gui_from_agent m = {0};
	int v[10] = {0};
	struct rect at;

	numbers(line, &m.window, v);
	at = (struct rect){v[0], v[1], (uint32_t)v[2], (uint32_t)v[3]};
	if (is(line, "create")) {
		m.type = GUI_CREATE;
		m.create = (struct gui_create){.at = at, .override_redirect = v[4]};
	} else if (is(line, "map")) {
		m.type = GUI_MAP;
		m.map = (struct gui_map){(uint32_t)v[0], v[1]};
	} else if (is(line, "configure")) {
		m.type = GUI_CONFIGURE;
		m.configure = (struct gui_configure){.at = at};
	} else if (is(line, "damage")) {
		m.type = GUI_SHMIMAGE;
		m.shmimage.area = at;
	} else if (is(line, "flags")) {
		m.type = GUI_WINDOW_FLAGS;
		m.flags = (struct gui_flags){(uint32_t)v[0], (uint32_t)v[1]};
	} else if (is(line, "cursor")) {
		m.type = GUI_CURSOR;
		m.cursor.glyph = (uint32_t)v[0];
	} else if (is(line, "hints")) {
		const uint32_t *u = (const uint32_t *)v;

		m.type = GUI_WINDOW_HINTS;
		m.hints = (struct gui_hints){
			u[0], {u[1], u[2]}, {u[3], u[4]}, {u[5], u[6]}, {u[7], u[8]}};
	} else {
		m.type = is(line, "destroy") ? GUI_DESTROY
			 : is(line, "unmap") ? GUI_UNMAP
					     : GUI_DOCK;
	}
	tell(&m);
}

static void show_whole(uint32_t window, struct size size, uint32_t rgb) {
	struct gui_from_agent m = {.type = GUI_SHMIMAGE, .window = window};

	do_dump(window, size, rgb, false);
	m.shmimage.area = (struct rect){0, 0, size.w, size.h};
	tell(&m);
}

static void do_cycle(unsigned n) {
	for (unsigned i = 0; i < n; i++) {
		struct gui_from_agent m = {.type = GUI_CREATE, .window = 0x100000 + i};

		m.create = (struct gui_create){.at = {10, 10, 64, 64}, .override_redirect = i % 2};
		tell(&m);
		m.type = GUI_MAP;
		m.map = (struct gui_map){0, i % 2};
		tell(&m);
		show_whole(m.window, (struct size){64, 64}, i);
		m.type = GUI_CONFIGURE;
		m.configure = (struct gui_configure){{12, 12, 96, 80}, i % 2};
		tell(&m);
		show_whole(m.window, (struct size){96, 80}, i);
		m.type = GUI_DESTROY;
		tell(&m);
		g_hash_table_remove(shares, GUINT_TO_POINTER(m.window));
		while (g_queue_get_length(&unacknowledged) > 64)
			g_main_context_iteration(NULL, TRUE);
	}
	do_sync();
}

static void do_wish(unsigned n) {
	struct gui_from_agent m = {.type = GUI_CONFIGURE, .window = 7};

	m.configure.at = (struct rect){900, 500, 64, 64};
	for (unsigned i = 0; i < n; i++)
		tell(&m);
}

static void do_flood(unsigned n) {
	for (unsigned i = 0; i < n; i++) {
		struct gui_from_agent m = {.type = i % 2 ? GUI_MAP : GUI_UNMAP, .window = 7};

		tell(&m);
	}
	do_sync();
}

static void on_line(const char *line) {
	uint32_t id, w, h, rgb = 0;
	int at = 0;

	if (!strcmp(line, "sync"))
		do_sync();
	else if (sscanf(line, "dump %x %u %u %x", &id, &w, &h, &rgb) == 4)
		do_dump(id, (struct size){w, h}, rgb, false);
	else if (sscanf(line, "foreign-dump %x %u %u", &id, &w, &h) == 3)
		do_dump(id, (struct size){w, h}, 0, true);
	else if (sscanf(line, "fill %x %x", &id, &rgb) == 2)
		paint(g_hash_table_lookup(shares, GUINT_TO_POINTER(id)), rgb);
	else if (sscanf(line, "raw %n", &at) == 0 && at)
		do_raw(line + at);
	else if (sscanf(line, "echo %u", &w) == 1)
		echo = w;
	else if (sscanf(line, "cycle %u", &w) == 1)
		do_cycle(w);
	else if (sscanf(line, "wish %u", &w) == 1)
		do_wish(w);
	else if (sscanf(line, "flood %u", &w) == 1)
		do_flood(w);
	else if (!strcmp(line, "deaf"))
		deaf = true;
	else if (sscanf(line, "ctl %u %u", &id, &w) == 2)
		do_ctl((int)id, w);
	else if (is(line, "title") || is(line, "class"))
		on_text_command(line);
	else
		on_number_command(line);
}

static void print_input(const struct gui_from_daemon *m) {
	switch ((int)m->type) {
	case GUI_KEYPRESS:
		say("key %x %u %u %u", m->window, m->key.type, m->key.keycode, m->key.state);
		break;
	case GUI_BUTTON:
		say("button %x %u %d %d %u", m->window, m->button.type, m->button.x, m->button.y,
			m->button.button);
		break;
	case GUI_MOTION:
		say("motion %x %d %d", m->window, m->motion.x, m->motion.y);
		break;
	case GUI_CROSSING:
		say("crossing %x %u %d %d", m->window, m->crossing.type, m->crossing.x,
			m->crossing.y);
		break;
	case GUI_FOCUS:
		say("focus %x %u", m->window, m->focus.type);
		break;
	default:
		say("message %d %x", (int)m->type, m->window);
		break;
	}
}

static void on_configure(const struct gui_from_daemon *m) {
	struct gui_from_agent back = {.type = GUI_CONFIGURE, .window = m->window};

	say("configure %x %d %d %u %u", m->window, m->configure.at.x, m->configure.at.y,
		m->configure.at.w, m->configure.at.h);
	back.configure = m->configure;
	if (echo)
		tell(&back);
}

static void print(const struct gui_from_daemon *m) {
	unsigned down = 0;

	switch ((int)m->type) {
	case GUI_CONFIGURE:
		on_configure(m);
		break;
	case GUI_WINDOW_DUMP_ACK:
		say("dump-ack %x", m->window);
		if (!g_queue_is_empty(&unacknowledged))
			share_unref(g_queue_pop_head(&unacknowledged));
		break;
	case GUI_DESTROY:
		if (m->window == 0xfffffff0)
			say("synced");
		else
			say("destroyed %x", m->window);
		break;
	case GUI_WINDOW_FLAGS:
		say("flags %x %u %u", m->window, m->flags.set, m->flags.unset);
		break;
	case GUI_CLOSE:
		say("close %x", m->window);
		break;
	case GUI_MAP:
		say("map %x", m->window);
		break;
	case GUI_KEYMAP_NOTIFY:
		for (int i = 0; i < 256; i++)
			down += m->keymap.keys[i / 8] >> (i % 8) & 1;
		say("keymap %u", down);
		break;
	default:
		print_input(m);
		break;
	}
}

/* One message from the front of what was heard. */
static bool take_message(void) {
	struct gui_header h;
	struct gui_from_daemon m;

	if (preface) {
		struct gui_xconf x;

		if (in->len < preface)
			return false;
		if (!gui_decode_xconf(
			    span_over(in->data + preface - GUI_XCONF_SIZE, GUI_XCONF_SIZE), &x))
			say("connected %u %u", x.screen.w, x.screen.h);
		g_byte_array_remove_range(in, 0, preface);
		preface = 0;
		return true;
	}
	if (in->len < GUI_HEADER_SIZE ||
		gui_decode_daemon_header(span_over(in->data, GUI_HEADER_SIZE), &h) ||
		in->len < GUI_HEADER_SIZE + h.length)
		return false;
	if (gui_decode_daemon_body(&h, span_over(in->data + GUI_HEADER_SIZE, h.length), &m))
		say("malformed %d", (int)h.type);
	else
		print(&m);
	g_byte_array_remove_range(in, 0, GUI_HEADER_SIZE + h.length);
	return true;
}

static gboolean on_agent_event(gint fd, GIOCondition condition, gpointer data) {
	uint8_t buf[4096];
	int n;

	as_agent();
	libvchan_wait(agent);
	if (deaf) {
		as_daemon();
		return G_SOURCE_CONTINUE;
	}
	do {
		n = libvchan_read(agent, buf, sizeof(buf));
		if (n > 0)
			g_byte_array_append(in, buf, (guint)n);
	} while (n > 0 || (n == 0 && libvchan_data_ready(agent) > 0));
	as_daemon();
	while (take_message())
		;
	return n < 0 ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static gboolean on_ext_event(gint fd, GIOCondition condition, gpointer data) {
	static GByteArray *heard;
	uint8_t buf[4096], back[64];
	struct ext_header h;
	struct ext_msg m;
	int n;

	heard = heard ? heard : g_byte_array_new();
	as_agent();
	libvchan_wait(ext);
	do {
		n = libvchan_read(ext, buf, sizeof(buf));
		if (n > 0)
			g_byte_array_append(heard, buf, (guint)n);
	} while (n > 0 || (n == 0 && libvchan_data_ready(ext) > 0));
	while (heard->len >= EXT_HEADER_SIZE &&
		!ext_decode_header(span_over(heard->data, EXT_HEADER_SIZE), &h) &&
		heard->len >= EXT_HEADER_SIZE + h.length) {
		if (!ext_decode_body(&h, span_over(heard->data + EXT_HEADER_SIZE, h.length), &m)) {
			if (m.type == EXT_HELLO)
				libvchan_write(ext, back, ext_encode(&m, back, sizeof(back)));
			else if (m.type == EXT_MONITORS)
				say("monitors %u", m.monitors.count);
			else if (m.type == EXT_KEYBOARD)
				say("keyboard %s", m.keyboard.layout);
			else if (m.type == EXT_FRAME_DONE)
				say("frame %x", m.window);
		}
		g_byte_array_remove_range(heard, 0, EXT_HEADER_SIZE + h.length);
	}
	as_daemon();
	return n < 0 ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static bool take_ctl(void) {
	uint8_t buf[CTL_SIZE];
	struct ctl_msg m;
	ssize_t n = recv(ctl, buf, sizeof(buf), MSG_DONTWAIT);

	if (n > 0 && !ctl_decode(span_over(buf, (size_t)n), &m))
		say("ctl %d %u %s", (int)m.type, m.value, m.text);
	return n > 0;
}

static gboolean on_ctl(gint fd, GIOCondition condition, gpointer data) {
	return take_ctl();
}

static void on_over(void *data) {
	while (take_ctl())
		;
	say("over");
	g_main_loop_quit(loop);
}

static gboolean on_stdin(GIOChannel *channel, GIOCondition condition, gpointer data) {
	AUTO(auto_free) char *line = NULL;
	gsize end = 0;

	if (g_io_channel_read_line(channel, &line, NULL, &end, NULL) != G_IO_STATUS_NORMAL) {
		g_main_loop_quit(loop);
		return G_SOURCE_REMOVE;
	}
	line[end] = 0;
	on_line(line);
	return G_SOURCE_CONTINUE;
}

static void serve(uint8_t version[4]) {
	memcpy(version, (uint8_t[]){8, 0, 1, 0}, 4);
	as_agent();
	agent = libvchan_server_init(0, GUI_PORT, 65536, 65536);
	ext = libvchan_server_init(0, EXT_PORT, 4096, 4096);
	if (g_getenv("STAGE_MINOR"))
		version[0] = (uint8_t)g_ascii_strtoull(g_getenv("STAGE_MINOR"), NULL, 10);
	if (version[0] < GUI_MINOR_TWO_WAY)
		preface = GUI_XCONF_SIZE;
	as_daemon();
}

static const struct domain_user domain_user = {on_over};

static int start_daemon(int argc, char **argv) {
	int manager[2], halves[2];
	struct options options;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, manager) ||
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, halves) ||
		options_parse(argc, argv, &options))
		return 2;
	options.ctl_fd = manager[0];
	options.view_fd = halves[1];
	ctl = manager[1];
	if (domain_new(&options, halves[0], &domain_user, NULL, &domain) ||
		decoder_new(&options, NULL, NULL, &decoder))
		return 1;
	decoder_ready(decoder);
	g_unix_fd_add(ctl, G_IO_IN | G_IO_HUP, on_ctl, NULL);
	return 0;
}

int main(int argc, char **argv) {
	bool alone = argc == 3 && !strcmp(argv[1], "agent");
	uint8_t version[4];
	int status;

	if (!alone)
		vchan_use_memory();
	else if (vchan_use(argv[2]))
		return 2;
	loop = g_main_loop_new(NULL, FALSE);
	in = g_byte_array_new();
	out = g_byte_array_new();
	shares = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, share_unref);
	serve(version);
	status = alone ? 0 : start_daemon(argc, argv);
	if (status)
		return status;
	while (libvchan_is_open(agent) == VCHAN_WAITING)
		if (alone && libvchan_wait(agent) < 0)
			return 1;
		else if (!alone)
			g_main_context_iteration(NULL, TRUE);
	write_all(version, sizeof(version));
	g_unix_fd_add(libvchan_fd_for_select(agent), G_IO_IN, on_agent_event, NULL);
	g_unix_fd_add(libvchan_fd_for_select(ext), G_IO_IN, on_ext_event, NULL);
	g_io_add_watch(g_io_channel_unix_new(0), G_IO_IN | G_IO_HUP, on_stdin, NULL);
	g_main_loop_run(loop);
	status = domain ? domain_status(domain) : 0;
	domain_free(domain);
	decoder_free(decoder);
	g_hash_table_destroy(shares);
	return status;
}
