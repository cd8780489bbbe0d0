/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection to the domain's X server in the GLib loop: events and answers in the order in
 * which the server sent them. Must never wait for an answer once the loop runs.
 */
#include "gui-agent/x11-display.h"

#include <errno.h>
#include <string.h>

struct reply {
	unsigned sequence;
	x11_reply_fn *fn;
	uint32_t window, arg;
};

struct x11_source {
	GSource base;
	struct x11 *x;
	gpointer fd_tag;
};

void x11_await(struct x11 *x, unsigned sequence, x11_reply_fn *fn, uint32_t window, uint32_t arg) {
	struct reply *r = g_new(struct reply, 1);

	*r = (struct reply){sequence, fn, window, arg};
	g_queue_push_tail(&x->replies, r);
}

/* Hands on the answers that are there, up to this sequence number: an event carries the number of
 * the last request that was done before it, so that request's answer is the older of the two. */
static bool hand_on_replies(struct x11 *x, const unsigned *last) {
	bool any = false;

	for (;;) {
		struct reply *r = g_queue_peek_head(&x->replies);
		xcb_generic_error_t *error = NULL;
		void *reply = NULL;

		if (!r || (last && x11_before(*last, r->sequence)))
			return any;
		if (!xcb_poll_for_reply(x->c, r->sequence, &reply, &error))
			return any;
		g_queue_pop_head(&x->replies);
		r->fn(x, r->window, r->arg, reply);
		free(reply);
		free(error);
		g_free(r);
		any = true;
	}
}

static void on_error(struct x11 *x, const xcb_generic_error_t *e) {
	/* Windows come and go while requests about them are under way: nothing to tell. */
	x11_image_error(x, e->full_sequence);
}

static void on_event(struct x11 *x, const xcb_generic_event_t *e) {
	if (e->response_type == 0) {
		on_error(x, (const xcb_generic_error_t *)e);
		return;
	}
	if (x11_image_event(x, e) || x11_tray_event(x, e) || x11_clipboard_event(x, e))
		return;
	x11_manage_event(x, e);
	x11_input_event(x, e);
	x11_cursor_event(x, e);
}

static xcb_generic_event_t *next_event(struct x11 *x, bool read) {
	xcb_generic_event_t *e = x->held;

	x->held = NULL;
	if (e)
		return e;
	return read ? xcb_poll_for_event(x->c) : xcb_poll_for_queued_event(x->c);
}

static gboolean dispatch(GSource *source, GSourceFunc unused, gpointer user) {
	struct x11 *x = ((struct x11_source *)source)->x;
	xcb_generic_event_t *e = next_event(x, true);

	/* Everything that is here belongs to one turn, so that damage is merged; but a client that
	 * never stops must not starve the daemon's input. */
	for (unsigned n = 0; e && n < 2048; n++) {
		hand_on_replies(x, &e->full_sequence);
		on_event(x, e);
		free(e);
		e = next_event(x, false);
	}
	x->held = e;
	hand_on_replies(x, e ? &e->full_sequence : NULL);
	if (xcb_connection_has_error(x->c) && !x->gone) {
		x->gone = true;
		x->events->gone(x->user);
	}
	return G_SOURCE_CONTINUE;
}

/* Whether something was read already, by a flush or a request, that poll would not show. */
static bool something_waits(struct x11 *x) {
	if (x->gone)
		return false;
	if (!x->held)
		x->held = xcb_poll_for_queued_event(x->c);
	return x->held || hand_on_replies(x, NULL) || xcb_connection_has_error(x->c);
}

static gboolean prepare(GSource *source, gint *timeout) {
	struct x11 *x = ((struct x11_source *)source)->x;

	*timeout = -1;
	x11_flush(x);
	if (!something_waits(x))
		return FALSE;
	x11_flush(x); /* an answer may have led to requests */
	return TRUE;
}

static gboolean check(GSource *source) {
	struct x11_source *s = (struct x11_source *)source;

	return s->x->held || g_source_query_unix_fd(source, s->fd_tag);
}

static GSourceFuncs funcs = {prepare, check, dispatch, NULL};

void x11_flush(struct x11 *x) {
	if (!x->gone)
		xcb_flush(x->c);
}

void x11_send(struct x11 *x, uint32_t to, uint32_t event_mask, uint32_t window, enum x11_atom type,
	const uint32_t data[5]) {
	xcb_client_message_event_t e = {.response_type = XCB_CLIENT_MESSAGE, .format = 32};

	e.window = window;
	e.type = x->atoms[type];
	memcpy(e.data.data32, data, sizeof(e.data.data32));
	xcb_send_event(x->c, 0, to, event_mask, (const char *)&e);
}

void x11_set_words(struct x11 *x, uint32_t window, enum x11_atom property, xcb_atom_t type,
	const uint32_t *words, uint32_t n) {
	xcb_change_property(
		x->c, XCB_PROP_MODE_REPLACE, window, x->atoms[property], type, 32, n, words);
}

static const char *atom_name(unsigned i) {
	static const char *const names[] = {
#define A(name) #name,
		X11_ATOMS(A)
#undef A
	};

	return i == X11_TEXT_UTF8 ? "text/plain;charset=utf-8" : names[i];
}

static int intern_atoms(struct x11 *x) {
	xcb_intern_atom_cookie_t cookies[X11_ATOM_COUNT];

	for (unsigned i = 0; i < X11_ATOM_COUNT; i++) {
		const char *name = atom_name(i);

		cookies[i] = xcb_intern_atom(x->c, 0, (uint16_t)strlen(name), name);
	}
	for (unsigned i = 0; i < X11_ATOM_COUNT; i++) {
		AUTO(auto_free) void *reply = xcb_intern_atom_reply(x->c, cookies[i], NULL);

		if (!reply)
			return -EIO;
		x->atoms[i] = ((xcb_intern_atom_reply_t *)reply)->atom;
	}
	return 0;
}

static uint8_t first_event(struct x11 *x, xcb_extension_t *extension) {
	const xcb_query_extension_reply_t *e = xcb_get_extension_data(x->c, extension);

	return e && e->present ? e->first_event : 0;
}

static bool present(struct x11 *x, xcb_extension_t *extension) {
	const xcb_query_extension_reply_t *e = xcb_get_extension_data(x->c, extension);

	return e && e->present;
}

/* Servers answer with nothing of an extension before its version was asked for. */
static void ask_versions(struct x11 *x) {
	free(xcb_composite_query_version_reply(
		x->c, xcb_composite_query_version(x->c, 0, 4), NULL));
	free(xcb_damage_query_version_reply(x->c, xcb_damage_query_version(x->c, 1, 1), NULL));
	free(xcb_xfixes_query_version_reply(x->c, xcb_xfixes_query_version(x->c, 5, 0), NULL));
	free(xcb_randr_query_version_reply(x->c, xcb_randr_query_version(x->c, 1, 5), NULL));
	free(xcb_xkb_use_extension_reply(x->c, xcb_xkb_use_extension(x->c, 1, 0), NULL));
}

static bool shared_pixmaps(struct x11 *x) {
	AUTO(auto_free)
	void *reply = xcb_shm_query_version_reply(x->c, xcb_shm_query_version(x->c), NULL);
	const xcb_shm_query_version_reply_t *v = reply;

	return v && v->shared_pixmaps && v->minor_version >= 2; /* 1.2 has AttachFd */
}

static int check_extensions(struct x11 *x, const char **ret_why) {
	xcb_extension_t *needed[] = {&xcb_composite_id, &xcb_damage_id, &xcb_xfixes_id,
		&xcb_randr_id, &xcb_test_id, &xcb_shm_id, &xcb_xkb_id};

	for (size_t i = 0; i < G_N_ELEMENTS(needed); i++)
		xcb_prefetch_extension_data(x->c, needed[i]);
	for (size_t i = 0; i < G_N_ELEMENTS(needed); i++) {
		if (present(x, needed[i]))
			continue;
		*ret_why = "the X server lacks one of Composite, DAMAGE, XFIXES, RANDR, XTEST, "
			   "MIT-SHM, XKEYBOARD";
		return -ENOTSUP;
	}
	ask_versions(x);
	if (!shared_pixmaps(x)) {
		*ret_why = "the X server has no MIT-SHM 1.2 with shared pixmaps";
		return -ENOTSUP;
	}
	x->damage_event = first_event(x, &xcb_damage_id);
	x->fixes_event = first_event(x, &xcb_xfixes_id);
	x->randr_event = first_event(x, &xcb_randr_id);
	x->xkb_event = first_event(x, &xcb_xkb_id);
	return 0;
}

static void make_own_window(struct x11 *x) {
	uint32_t values[] = {1, XCB_EVENT_MASK_PROPERTY_CHANGE};

	x->own = xcb_generate_id(x->c);
	xcb_create_window(x->c, 0, x->own, x->root, -10, -10, 1, 1, 0, XCB_WINDOW_CLASS_INPUT_ONLY,
		XCB_COPY_FROM_PARENT, XCB_CW_OVERRIDE_REDIRECT | XCB_CW_EVENT_MASK, values);
}

static void attach(struct x11 *x) {
	struct x11_source *s;

	x->source = g_source_new(&funcs, sizeof(struct x11_source));
	s = (struct x11_source *)x->source;
	s->x = x;
	s->fd_tag = g_source_add_unix_fd(
		x->source, xcb_get_file_descriptor(x->c), G_IO_IN | G_IO_HUP);
	g_source_set_can_recurse(x->source, TRUE); /* saves wake-ups: see chan.c */
	g_source_attach(x->source, NULL);
}

static int start(struct x11 *x, const char **ret_why) {
	int r;

	if (xcb_connection_has_error(x->c)) {
		*ret_why = "no X server answers on $DISPLAY";
		return -ECONNREFUSED;
	}
	x->screen = xcb_setup_roots_iterator(xcb_get_setup(x->c)).data;
	x->root = x->screen->root;
	r = check_extensions(x, ret_why);
	if (r)
		return r;
	r = intern_atoms(x);
	if (r) {
		*ret_why = "the X server closed the connection";
		return r;
	}
	make_own_window(x);
	x11_image_start(x);
	x11_cursor_start(x);
	x11_clipboard_start(x);
	x11_screen_start(x);
	r = x11_root_start(x, ret_why);
	if (r)
		return r;
	x11_input_start(x);
	x11_tray_start(x);
	return x11_manage_start(x, ret_why);
}

static void on_window_gone(void *user, struct window *w) {
	struct x11 *x = user;

	x11_image_forget(x, w);
	x11_manage_forget(x, w);
	g_free(w->x);
	w->x = NULL;
}

int x11_open(struct windows *windows, int peer, const struct x11_events *events, void *user,
	struct x11 **ret, const char **ret_why) {
	struct x11 *x = g_new0(struct x11, 1);
	int r;

	x->c = xcb_connect(NULL, NULL);
	x->windows = windows;
	x->peer = peer;
	x->events = events;
	x->user = user;
	g_queue_init(&x->replies);
	x->clients = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	windows_on_gone(windows, on_window_gone, x);
	r = start(x, ret_why);
	if (r) {
		x11_free(x);
		return r;
	}
	attach(x);
	*ret = x;
	return 0;
}

struct x11 *x11_free(struct x11 *x) {
	struct reply *r;

	if (!x)
		return NULL;
	if (x->source) {
		g_source_destroy(x->source);
		g_source_unref(x->source);
	}
	while ((r = g_queue_pop_head(&x->replies)))
		g_free(r);
	x11_tray_stop(x);
	x11_clipboard_stop(x);
	x11_screen_stop(x);
	g_clear_pointer(&x->by_pixmap, g_hash_table_destroy);
	g_clear_pointer(&x->cursors, g_hash_table_destroy);
	g_array_free(x->clients, TRUE);
	free(x->held);
	xcb_disconnect(x->c);
	g_free(x);
	return NULL;
}
