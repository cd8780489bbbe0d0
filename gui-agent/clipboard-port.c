/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-agent/clipboard-port.h"

#include "common/span.h"
#include "gui-agent/window.h"
#include "gui-agent/x11.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>

#define COMMAND_SIZE 4
#define LENGTH_SIZE  4

struct clipboard_port {
	const struct clipboard_port_events *events;
	void *user;
	GSocketService *service;
	char *path;
	/* One client. */
	GSocketConnection *client;
	GCancellable *cancel;
	bool waiting; /* for the X server's answer */
	uint8_t head[LENGTH_SIZE];
	uint8_t *text;
	size_t size;
};

static void end_client(struct clipboard_port *p) {
	if (p->cancel)
		g_cancellable_cancel(p->cancel);
	g_clear_object(&p->cancel);
	g_clear_object(&p->client);
	g_clear_pointer(&p->text, g_free);
	p->waiting = false;
}

static GInputStream *in(struct clipboard_port *p) {
	return g_io_stream_get_input_stream(G_IO_STREAM(p->client));
}

static GOutputStream *out(struct clipboard_port *p) {
	return g_io_stream_get_output_stream(G_IO_STREAM(p->client));
}

/* An operation that was taken back has no port any more. */
static bool is_over(GError *error) {
	return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void on_written(GObject *source, GAsyncResult *result, gpointer user) {
	g_autoptr(GError) error = NULL;

	g_output_stream_write_all_finish(G_OUTPUT_STREAM(source), result, NULL, &error);
	if (!is_over(error))
		end_client(user);
}

/* The length, the text behind it, and the end. */
static void reply(struct clipboard_port *p, const uint8_t *data, size_t size, uint32_t length) {
	struct sink s;

	g_free(p->text);
	p->text = g_malloc(LENGTH_SIZE + size);
	p->size = LENGTH_SIZE + size;
	s = sink_over(p->text, p->size);
	sink_u32(&s, length);
	if (size > 0)
		memcpy(p->text + LENGTH_SIZE, data, size);
	g_output_stream_write_all_async(
		out(p), p->text, p->size, G_PRIORITY_DEFAULT, p->cancel, on_written, p);
}

void clipboard_port_text(struct clipboard_port *p, const uint8_t *data, size_t size) {
	if (!p || !p->waiting)
		return;
	p->waiting = false;
	reply(p, data, size > CLIPBOARD_TEXT_MAX ? 0 : size, (uint32_t)size);
}

static bool took(struct clipboard_port *p, GObject *source, GAsyncResult *result, size_t want) {
	g_autoptr(GError) error = NULL;
	gsize got = 0;

	g_input_stream_read_all_finish(G_INPUT_STREAM(source), result, &got, &error);
	if (is_over(error))
		return false;
	if (!error && got == want)
		return true;
	end_client(p);
	return false;
}

static void on_text(GObject *source, GAsyncResult *result, gpointer user) {
	struct clipboard_port *p = user;

	if (!took(p, source, result, p->size))
		return;
	p->events->put(p->user, p->text, p->size);
	reply(p, NULL, 0, 0);
}

static void on_length(GObject *source, GAsyncResult *result, gpointer user) {
	struct clipboard_port *p = user;
	struct span s = span_over(p->head, LENGTH_SIZE);

	if (!took(p, source, result, LENGTH_SIZE))
		return;
	p->size = span_u32(&s);
	if (p->size == 0 || p->size > CLIPBOARD_TEXT_MAX) {
		end_client(p);
		return;
	}
	p->text = g_malloc(p->size);
	g_input_stream_read_all_async(
		in(p), p->text, p->size, G_PRIORITY_DEFAULT, p->cancel, on_text, p);
}

static void on_command(GObject *source, GAsyncResult *result, gpointer user) {
	struct clipboard_port *p = user;

	if (!took(p, source, result, COMMAND_SIZE))
		return;
	if (!memcmp(p->head, "get\n", COMMAND_SIZE)) {
		p->waiting = true;
		p->events->get(p->user);
	} else if (!memcmp(p->head, "put\n", COMMAND_SIZE)) {
		g_input_stream_read_all_async(
			in(p), p->head, LENGTH_SIZE, G_PRIORITY_DEFAULT, p->cancel, on_length, p);
	} else {
		end_client(p);
	}
}

/* The newest counts: who is served is either a service that the person waits for, or in its way. */
static gboolean on_connect(
	GSocketService *service, GSocketConnection *c, GObject *source, gpointer user) {
	struct clipboard_port *p = user;

	end_client(p);
	p->client = g_object_ref(c);
	p->cancel = g_cancellable_new();
	g_input_stream_read_all_async(
		in(p), p->head, COMMAND_SIZE, G_PRIORITY_DEFAULT, p->cancel, on_command, p);
	return TRUE;
}

struct clipboard_port *clipboard_port_new(const struct clipboard_port_events *events, void *user) {
	struct clipboard_port *p = g_new0(struct clipboard_port, 1);
	g_autoptr(GSocketAddress) address = NULL;
	g_autoptr(GError) error = NULL;

	p->events = events;
	p->user = user;
	p->path = g_build_filename(g_get_user_runtime_dir(), "bulkhead-clipboard", NULL);
	g_unlink(p->path);
	address = g_unix_socket_address_new(p->path);
	p->service = g_socket_service_new();
	g_signal_connect(p->service, "incoming", G_CALLBACK(on_connect), p);
	if (g_socket_listener_add_address(G_SOCKET_LISTENER(p->service), address,
		    G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, &error))
		return p;
	g_warning("no long texts of the clipboard: %s: %s", p->path, error->message);
	return clipboard_port_free(p);
}

struct clipboard_port *clipboard_port_free(struct clipboard_port *p) {
	if (!p)
		return NULL;
	end_client(p);
	g_signal_handlers_disconnect_by_data(p->service, p);
	g_socket_service_stop(p->service);
	g_socket_listener_close(G_SOCKET_LISTENER(p->service));
	g_object_unref(p->service);
	g_free(p->path);
	g_free(p);
	return NULL;
}
