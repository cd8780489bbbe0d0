/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkhead-ask: one question of bulkhead-qrexec-broker to the person, one answer, then the end. It
 * decides nothing by itself but no: if the broker goes, so does the question.
 */
#include "tray/ask-dialog.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <gtk/gtk.h>
#include <sys/socket.h>

struct asker {
	int fd;
	struct ask_question question;
	struct ask_dialog *dialog;
	int status;
};

static int broker_fd = -1, seconds = ASK_SECONDS;
static uint8_t packet[BROKER_PACKET_MAX]; /* the question's texts lie in it */
static struct broker_msg message;

static const GOptionEntry entries[] = {
	{"broker-fd", 0, 0, G_OPTION_ARG_INT, &broker_fd, "descriptor of the socket to the broker",
		"N"},
	{"seconds", 0, 0, G_OPTION_ARG_INT, &seconds, "deny after so long", "N"},
	{NULL, 0, 0, 0, NULL, NULL, NULL},
};

static void on_answer(void *data, const char *target, enum broker_choice choice) {
	struct asker *a = data;
	uint8_t out[512];
	struct broker_msg m = {.type = BROKER_CHOICE,
		.id = a->question.id,
		.value = (uint32_t)choice,
		.count = 1,
		.texts = {target}};
	size_t size = broker_encode(&m, out, sizeof(out));

	if (size == 0 || send(a->fd, out, size, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)size) {
		g_printerr("bulkhead-ask: the answer did not reach the broker: %s\n",
			size ? g_strerror(errno) : "it is too long");
		a->status = 1;
	}
	gtk_main_quit();
}

static gboolean over(struct asker *a, const char *why) {
	if (why)
		g_printerr("bulkhead-ask: %s\n", why);
	a->status = why ? 1 : 0;
	gtk_main_quit();
	return G_SOURCE_REMOVE;
}

static gboolean on_broker(gint fd, GIOCondition condition, gpointer data) {
	struct asker *a = data;
	ssize_t n;

	(void)condition;
	if (a->dialog) {
		uint8_t byte;

		n = recv(fd, &byte, 1, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return G_SOURCE_CONTINUE;
		return over(a, n > 0 ? "the broker said more than one question" : NULL);
	}
	n = recv(fd, packet, sizeof(packet), MSG_DONTWAIT | MSG_TRUNC);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return G_SOURCE_CONTINUE;
	if (n <= 0)
		return over(a, NULL);
	if ((size_t)n > sizeof(packet) ||
		broker_decode(BROKER_TO_DIALOG, span_over(packet, (size_t)n), &message))
		return over(a, "what the broker said is no question");
	ask_question_read(&message, &a->question);
	a->dialog = ask_dialog_new(&a->question, (unsigned)seconds, on_answer, a);
	return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv) {
	static struct asker a;
	g_autoptr(GError) error = NULL;

	gdk_set_allowed_backends("x11");
	bindtextdomain("bulkhead", BULKHEAD_LOCALE_DIR);
	bind_textdomain_codeset("bulkhead", "UTF-8");
	textdomain("bulkhead");
	if (!gtk_init_with_args(&argc, &argv, NULL, entries, NULL, &error)) {
		g_printerr("bulkhead-ask: %s\n",
			error ? error->message : "the display cannot be opened");
		return 1;
	}
	if (broker_fd < 0 || seconds < 1 || seconds > 600) {
		g_printerr("bulkhead-ask: is started by bulkhead-qrexec-broker (--broker-fd is "
			   "missing, or --seconds is not in 1..600)\n");
		return 2;
	}
	a.fd = broker_fd;
	fcntl(a.fd, F_SETFD, FD_CLOEXEC);
	g_unix_fd_add(a.fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_broker, &a);
	gtk_main();
	a.dialog = ask_dialog_free(a.dialog);
	close(a.fd);
	return a.status;
}
