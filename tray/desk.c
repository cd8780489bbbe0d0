/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/desk.h"

#include "proto/ctl.h"
#include "tray/banner.h"
#include "tray/clip-notice.h"
#include "tray/lock-watch.h"
#include "tray/x11-keys.h"
#include "tray/x11-lockers.h"
#include "tray/x11-tray-host.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct desk {
	int fd;
	guint source;
	void (*ended)(void *data);
	void *ended_data;
	char *hide_key, *keyboard_key;
	struct keys *keys;
	struct banner *banner;
	struct clip_notice *clip;
	struct lock_watch *lock;
	struct lockers *lockers;
	struct tray_host *tray;
	bool hidden;
	uint32_t focused;         /* the domain that has the focus, 0 none */
	uint32_t keyboard_locked; /* the only domain that gets keys, 0 none is locked */
	char focused_name[CTL_TEXT_SIZE], locked_name[CTL_TEXT_SIZE];
};

/* The manager reads at once or is gone: a full socket means that it hangs, and then the last state
 * it was told stands. */
static void tell(struct desk *d, enum ctl_type type, uint32_t value) {
	struct ctl_msg m = {.type = type, .value = value};
	uint8_t buf[CTL_SIZE];

	ctl_encode(&m, buf);
	if (send(d->fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		g_printerr("bulkhead-desk: the manager does not read: %s\n", g_strerror(errno));
}

static void update_banner(struct desk *d) {
	g_autofree char *text = NULL;

	if (d->hidden)
		text = g_strdup_printf("All windows of domains are hidden: what you see now is "
				       "your own desktop.  %s shows them again.",
			d->hide_key);
	else if (d->keyboard_locked)
		text = g_strdup_printf("The keyboard belongs to %s until you press %s.",
			d->locked_name, d->keyboard_key);
	banner_show(d->banner, text);
}

static void on_hide_key(void *data) {
	struct desk *d = data;

	d->hidden = !d->hidden;
	tell(d, CTL_HIDE_ALL, d->hidden);
	update_banner(d);
}

static void on_keyboard_key(void *data) {
	struct desk *d = data;

	d->keyboard_locked = d->keyboard_locked ? 0 : d->focused;
	g_strlcpy(d->locked_name, d->focused_name, sizeof(d->locked_name));
	tell(d, CTL_KEYBOARD_LOCK, d->keyboard_locked);
	update_banner(d);
}

static void on_lock(bool locked, void *data) {
	tell(data, CTL_SCREEN_LOCKED, locked);
}

static void on_locker_window(bool locked, void *data) {
	struct desk *d = data;

	lock_watch_set(d->lock, LOCK_BY_WINDOW, locked);
}

static gboolean on_manager(gint fd, GIOCondition condition, gpointer data) {
	struct desk *d = data;
	uint8_t buf[CTL_SIZE + 1];
	struct ctl_msg m;
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

	(void)condition;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return G_SOURCE_CONTINUE;
	if (n <= 0) {
		d->source = 0;
		d->ended(d->ended_data);
		return G_SOURCE_REMOVE;
	}
	if (ctl_decode(span_over(buf, (size_t)n), &m))
		return G_SOURCE_CONTINUE;
	clip_notice_take(d->clip, &m);
	if (m.type == CTL_FOCUSED_DOMAIN) {
		d->focused = m.value;
		g_strlcpy(d->focused_name, m.text, sizeof(d->focused_name));
	}
	return G_SOURCE_CONTINUE;
}

static void bind_key(struct desk *d, const char *key, key_action action, const char *what) {
	switch (keys_bind(d->keys, key, action, d)) {
	case KEYS_E_NAME:
		g_printerr("bulkhead-desk: '%s' is no key of this keyboard: nothing will %s. "
			   "Choose another in desk.conf.\n",
			key, what);
		break;
	case KEYS_E_TAKEN:
		g_printerr("bulkhead-desk: another program holds %s: nothing will %s. Choose "
			   "another in desk.conf.\n",
			key, what);
		break;
	default:
		break;
	}
}

/* The keys of the clipboard are taken by the gui-daemon whose window has the focus. */
static void tell_chord(struct desk *d, enum ctl_type type, const char *key, const char *usual) {
	struct ctl_chord chord = {0};
	unsigned keysym = 0, modifiers = 0;

	if (!strcmp(key, usual)) /* what gui-daemons do unasked */
		return;
	if (*key && (!keys_parse(key, &keysym, &modifiers) || keysym > CTL_KEYSYM_MAX ||
			    modifiers == 0)) {
		g_printerr("bulkhead-desk: '%s' is no key with Ctrl, Shift, Alt or Super: %s is "
			   "used. Choose another in desk.conf.\n",
			key, usual);
		return;
	}
	chord.keysym = keysym;
	chord.modifiers = (uint16_t)modifiers;
	tell(d, type, ctl_chord_pack(chord));
}

int desk_new(
	const struct desk_options *o, void (*ended)(void *data), void *data, struct desk **ret) {
	struct desk *d = g_new0(struct desk, 1);

	d->fd = o->ctl_fd;
	d->ended = ended;
	d->ended_data = data;
	d->hide_key = g_strdup(o->hide_key);
	d->keyboard_key = g_strdup(o->keyboard_key);
	d->source = g_unix_fd_add(d->fd, G_IO_IN | G_IO_HUP, on_manager, d);
	d->banner = banner_new();
	d->clip = clip_notice_new(*o->paste_key ? o->paste_key : DESK_PASTE_KEY);
	tell_chord(d, CTL_COPY_KEY, o->copy_key, DESK_COPY_KEY);
	tell_chord(d, CTL_PASTE_KEY, o->paste_key, DESK_PASTE_KEY);
	d->keys = keys_new();
	bind_key(d, d->hide_key, on_hide_key, "hide the windows of domains");
	bind_key(d, d->keyboard_key, on_keyboard_key, "lock the keyboard to one domain");
	d->lock = lock_watch_new(on_lock, d);
	d->lockers = lockers_new(on_locker_window, d);
	d->tray = tray_host_new();
	*ret = d;
	return 0;
}

struct desk *desk_free(struct desk *d) {
	if (!d)
		return NULL;
	if (d->source)
		g_source_remove(d->source);
	d->tray = tray_host_free(d->tray);
	d->lockers = lockers_free(d->lockers);
	d->lock = lock_watch_free(d->lock);
	d->keys = keys_free(d->keys);
	d->banner = banner_free(d->banner);
	d->clip = clip_notice_free(d->clip);
	close(d->fd);
	g_free(d->hide_key);
	g_free(d->keyboard_key);
	g_free(d);
	return NULL;
}
