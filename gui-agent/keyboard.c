/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One child at a time; its end starts the next. Must never use a shell. */
#include "gui-agent/keyboard.h"

#include <glib.h>
#include <string.h>

struct keyboard {
	keyboard_done_fn *done;
	void *user;
	guint watch; /* of the child that runs */
	bool due;
	struct ext_keyboard names, applied; /* applied: all zero before the first */
};

static void run(struct keyboard *k);

static void on_child_exit(GPid pid, gint status, gpointer user) {
	struct keyboard *k = user;
	g_autoptr(GError) error = NULL;

	g_spawn_close_pid(pid);
	k->watch = 0;
	if (!g_spawn_check_wait_status(status, &error))
		g_warning("setxkbmap did not take the keyboard layout: %s", error->message);
	if (k->due)
		run(k);
	else
		k->done(k->user);
}

/* Appends an option only if there is something to say. */
static void add(GPtrArray *argv, const char *option, const char *value) {
	if (!value[0])
		return;
	g_ptr_array_add(argv, (char *)option);
	g_ptr_array_add(argv, (char *)value);
}

static void run(struct keyboard *k) {
	const struct ext_keyboard *n = &k->names;
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	GPid pid;

	k->due = false;
	k->applied = *n;
	g_ptr_array_add(argv, (char *)"setxkbmap");
	add(argv, "-rules",
		"evdev"); /* the protocol's keycodes are evdev's, whatever the admin's */
	add(argv, "-model", n->model[0] ? n->model : "pc105");
	add(argv, "-layout", n->layout[0] ? n->layout : "us");
	add(argv, "-variant", n->variant);
	g_ptr_array_add(argv, (char *)"-option"); /* forgets the options of before */
	g_ptr_array_add(argv, (char *)"");
	add(argv, "-option", n->options);
	g_ptr_array_add(argv, NULL);
	if (!g_spawn_async(NULL, (char **)argv->pdata, NULL,
		    G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, &error)) {
		g_warning("setxkbmap cannot be run, the keyboard layout stays: %s (package "
			  "x11-xkb-utils)",
			error->message);
		k->done(k->user);
		return;
	}
	k->watch = g_child_watch_add(pid, on_child_exit, k);
}

struct keyboard *keyboard_new(keyboard_done_fn *done, void *user) {
	struct keyboard *k = g_new0(struct keyboard, 1);

	k->done = done;
	k->user = user;
	return k;
}

struct keyboard *keyboard_free(struct keyboard *k) {
	if (!k)
		return NULL;
	if (k->watch)
		g_source_remove(k->watch);
	g_free(k);
	return NULL;
}

void keyboard_set(struct keyboard *k, const struct ext_keyboard *names) {
	if (!k->watch && memcmp(names, &k->applied, sizeof(*names)) == 0) {
		k->done(k->user); /* a new map stops the X server for some 50 ms: not for nothing */
		return;
	}
	k->names = *names;
	k->due = true;
	if (!k->watch)
		run(k);
}
