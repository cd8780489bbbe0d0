/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection to the X server in the main loop: events and answers are taken when they come,
 * requests leave in one flush before the loop sleeps. An X error is told and forgotten; only the
 * server's end ends anything.
 */
#include "gui-daemon/x11-private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xcb/xinput.h>

#define TURN_EVENTS 512
#define WAITING_MAX 1024
#define ERRORS_TOLD 10
#define SHM_PUT     3

struct x11_wait {
	unsigned sequence;
	uint32_t window;
	x11_answer answer;
	bool there; /* what follows is the answer */
	void *reply;
	xcb_generic_error_t *error;
};

struct x11_source {
	GSource source;
	struct x11 *view;
};

struct xwin *x11_by_id(const struct x11 *v, uint32_t id) {
	return g_hash_table_lookup(v->by_id, GUINT_TO_POINTER(id));
}

struct xwin *x11_by_xid(const struct x11 *v, xcb_window_t xid) {
	return g_hash_table_lookup(v->by_xid, GUINT_TO_POINTER(xid));
}

void x11_await(struct x11 *v, unsigned sequence, uint32_t window, x11_answer answer) {
	struct x11_wait *wait = g_new(struct x11_wait, 1);

	*wait = (struct x11_wait){.sequence = sequence, .window = window, .answer = answer};
	g_queue_push_tail(&v->waiting, wait);
}

static void wait_free(void *data) {
	struct x11_wait *wait = data;

	free(wait->reply);
	free(wait->error);
	g_free(wait);
}

/* Is the answer there that must come next? */
static bool next_answered(struct x11 *v) {
	struct x11_wait *wait = g_queue_peek_head(&v->waiting);

	if (wait && !wait->there)
		wait->there = xcb_poll_for_reply(v->c, wait->sequence, &wait->reply, &wait->error);
	return wait && wait->there;
}

/* Hands on the answers that are there. Were there any? */
static bool take_answers(struct x11 *v) {
	bool any = false;

	while (next_answered(v)) {
		struct x11_wait *wait = g_queue_pop_head(&v->waiting);

		wait->answer(v, wait->window, wait->reply, wait->error);
		wait_free(wait);
		any = true;
	}
	return any;
}

static void on_error(struct x11 *v, const xcb_generic_error_t *e) {
	GHashTableIter iter;
	gpointer value;

	if (v->errors_told++ < ERRORS_TOLD)
		fprintf(stderr,
			"bulkhead-gui-daemon: %s: X error %u of request %u.%u, resource 0x%x; "
			"going "
			"on\n",
			v->config.domain, e->error_code, e->major_code, e->minor_code,
			e->resource_id);
	/* A put that failed is never completed: do not wait for it. */
	if (e->major_code != xcb_get_extension_data(v->c, &xcb_shm_id)->major_opcode ||
		e->minor_code != SHM_PUT)
		return;
	g_hash_table_iter_init(&iter, v->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		((struct xwin *)value)->putting = false;
}

static void on_event(struct x11 *v, const xcb_generic_event_t *e) {
	uint8_t type = e->response_type & 0x7f;

	if (type == 0)
		on_error(v, (const xcb_generic_error_t *)e);
	else if (type == v->shm_event)
		x11_image_completed(v, ((const xcb_shm_completion_event_t *)e)->drawable);
	else if (!x11_input_on_event(v, e) && !x11_screen_on_event(v, e) &&
		 !x11_stack_on_event(v, e))
		x11_window_on_event(v, e);
}

static void take_all(struct x11 *v) {
	xcb_generic_event_t *e = TAKE(v->stash);
	bool answers;

	if (!e)
		e = xcb_poll_for_event(v->c); /* reads once; what is left makes poll return again */
	for (int n = 0; n < TURN_EVENTS; n++) {
		if (!e)
			e = xcb_poll_for_queued_event(v->c);
		answers = take_answers(v);
		if (!e && !answers)
			break;
		if (e)
			on_event(v, e);
		free(e);
		e = NULL;
	}
	v->stash = e;
}

/* Before the loop sleeps: paint what is damaged, send everything, see what came meanwhile. */
static gboolean source_prepare(GSource *source, gint *timeout) {
	struct x11 *v = ((struct x11_source *)source)->view;

	*timeout = -1;
	if (v->lost)
		return FALSE;
	x11_props_user_time(v);
	x11_image_paint_dirty(v);
	xcb_flush(v->c);
	/* Sending may have read: what came so is not announced by the descriptor any more. */
	v->answered = next_answered(v);
	if (!v->stash)
		v->stash = xcb_poll_for_queued_event(v->c);
	return v->stash || v->answered || xcb_connection_has_error(v->c);
}

static gboolean source_check(GSource *source) {
	struct x11 *v = ((struct x11_source *)source)->view;

	return !v->lost &&
	       (v->stash || v->answered || g_source_query_unix_fd(source, v->poll_tag) ||
		       xcb_connection_has_error(v->c));
}

static gboolean source_dispatch(GSource *source, GSourceFunc callback, gpointer data) {
	struct x11 *v = ((struct x11_source *)source)->view;

	take_all(v);
	if (xcb_connection_has_error(v->c)) {
		v->lost = true;
		g_source_remove_unix_fd(source, v->poll_tag);
		v->on->on_lost(v->data);
		return G_SOURCE_CONTINUE;
	}
	v->on->on_turn(v->data);
	return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {
	.prepare = source_prepare, .check = source_check, .dispatch = source_dispatch};

static int intern_atoms(struct x11 *v) {
	xcb_intern_atom_cookie_t cookies[ATOM_COUNT];
	char tray[32];

	snprintf(tray, sizeof(tray), "_NET_SYSTEM_TRAY_S%d", v->screen_number);
	for (int i = 0; i < ATOM_COUNT; i++) {
		const char *name = x11_atom_name(i) ? x11_atom_name(i) : tray;

		cookies[i] = xcb_intern_atom(v->c, 0, (uint16_t)strlen(name), name);
	}
	for (int i = 0; i < ATOM_COUNT; i++) {
		AUTO(auto_free)
		xcb_intern_atom_reply_t *r = xcb_intern_atom_reply(v->c, cookies[i], NULL);

		if (!r)
			return -EPROTO;
		v->atoms[i] = r->atom;
	}
	return 0;
}

/* MIT-SHM 1.2 with descriptors: without it there are no pixels. */
static int check_shm(struct x11 *v, const char **ret_why) {
	const xcb_query_extension_reply_t *shm = xcb_get_extension_data(v->c, &xcb_shm_id);
	xcb_shm_query_version_reply_t *r;
	bool good;

	*ret_why = "the X server has no MIT-SHM 1.2 (is it on this machine?)";
	if (!shm || !shm->present)
		return -EPROTO;
	r = xcb_shm_query_version_reply(v->c, xcb_shm_query_version(v->c), NULL);
	good = r && (r->major_version > 1 || (r->major_version == 1 && r->minor_version >= 2));
	free(r);
	v->shm_event = shm->first_event + XCB_SHM_COMPLETION;
	return good ? 0 : -EPROTO;
}

static int connect_display(struct x11 *v, const char **ret_why) {
	xcb_screen_iterator_t it;

	v->c = xcb_connect(NULL, &v->screen_number);
	if (xcb_connection_has_error(v->c)) {
		*ret_why = "cannot connect to the X server that DISPLAY names";
		return -ECONNREFUSED;
	}
	it = xcb_setup_roots_iterator(xcb_get_setup(v->c));
	for (int i = 0; i < v->screen_number && it.rem > 1; i++)
		xcb_screen_next(&it);
	v->screen = it.data;
	if (v->screen->root_depth != 24) {
		*ret_why = "the X screen's depth is not 24";
		return -EPROTO;
	}
	xcb_prefetch_extension_data(v->c, &xcb_shm_id);
	xcb_prefetch_extension_data(v->c, &xcb_randr_id);
	xcb_prefetch_extension_data(v->c, &xcb_input_id);
	*ret_why = "the X server did not answer";
	return intern_atoms(v);
}

static void attach_source(struct x11 *v) {
	v->source = g_source_new(&source_funcs, sizeof(struct x11_source));
	((struct x11_source *)v->source)->view = v;
	g_source_set_name(v->source, "x11");
	/* Nothing here runs the loop again; without this GLib wakes itself after every dispatch. */
	g_source_set_can_recurse(v->source, TRUE);
	v->poll_tag = g_source_add_unix_fd(v->source, xcb_get_file_descriptor(v->c), G_IO_IN);
	g_source_attach(v->source, NULL);
}

int x11_view_new(const struct x11_config *config, const struct x11_listener *listener, void *data,
	const char **ret_why, struct x11 **ret) {
	struct x11 *v = g_new0(struct x11, 1);
	int r;

	v->config = *config;
	v->on = listener;
	v->data = data;
	g_queue_init(&v->waiting);
	v->by_xid = g_hash_table_new(g_direct_hash, g_direct_equal);
	x11_stack_init(v);
	v->by_id = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, x11_window_free);
	v->dirty = g_ptr_array_new();
	r = connect_display(v, ret_why);
	if (!r)
		r = check_shm(v, ret_why);
	if (!r)
		r = x11_screen_init(v, ret_why);
	if (r) {
		x11_view_free(v);
		return r;
	}
	x11_frame_init(v);
	x11_tray_init(v);
	x11_launch_init(v);
	x11_input_refresh_keys(v);
	v->cursor_font = xcb_generate_id(v->c);
	xcb_open_font(v->c, v->cursor_font, strlen("cursor"), "cursor");
	attach_source(v);
	*ret = v;
	return 0;
}

struct x11 *x11_view_free(struct x11 *v) {
	if (!v)
		return NULL;
	g_clear_handle_id(&v->flash.timer, g_source_remove);
	g_hash_table_destroy(v->by_id);
	g_hash_table_destroy(v->by_xid);
	g_ptr_array_free(v->dirty, TRUE);
	g_queue_clear_full(&v->waiting, wait_free);
	x11_stack_deinit(v);
	x11_screen_deinit(v);
	if (v->source) {
		g_source_destroy(v->source);
		g_source_unref(v->source);
	}
	free(v->stash);
	g_free(v->icon);
	xcb_disconnect(v->c);
	g_free(v);
	return NULL;
}

bool x11_view_busy(const struct x11 *v) {
	return v->stash || v->waiting.length > WAITING_MAX;
}

uint32_t x11_view_depth(const struct x11 *v) {
	return v->screen->root_depth;
}
