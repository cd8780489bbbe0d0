/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bulkhead-desk: see tray/desk.h. Started by bulkheadd, one per display. */
#include "tray/desk.h"

#include <gtk/gtk.h>

#define DEFAULT_HIDE_KEY     "<Super>F12"
#define DEFAULT_KEYBOARD_KEY "<Super>F11"

static int ctl_fd = -1;

static const GOptionEntry entries[] = {
	{"ctl-fd", 0, 0, G_OPTION_ARG_INT, &ctl_fd, "descriptor of the socket to bulkheadd", "N"},
	{NULL, 0, 0, 0, NULL, NULL, NULL},
};

/* The person's choice in $XDG_CONFIG_HOME/bulkhead/desk.conf: [keys] hide-all=, lock-keyboard=,
 * copy= and paste= (empty: none). */
static char *key_setting(GKeyFile *file, const char *name, const char *otherwise) {
	g_autoptr(GError) error = NULL;
	char *value = g_key_file_get_string(file, "keys", name, &error);

	return value ? value : g_strdup(otherwise);
}

static void read_settings(struct desk_options *ret) {
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *path = g_build_filename(
		g_get_user_config_dir(), "bulkhead", "desk.conf", NULL);

	if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &error) &&
		!g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
		g_printerr(
			"bulkhead-desk: %s: %s; the usual keys are used\n", path, error->message);
	ret->hide_key = key_setting(file, "hide-all", DEFAULT_HIDE_KEY);
	ret->keyboard_key = key_setting(file, "lock-keyboard", DEFAULT_KEYBOARD_KEY);
	ret->copy_key = key_setting(file, "copy", DESK_COPY_KEY);
	ret->paste_key = key_setting(file, "paste", DESK_PASTE_KEY);
}

static void free_settings(struct desk_options *o) {
	g_free((char *)(uintptr_t)o->hide_key);
	g_free((char *)(uintptr_t)o->keyboard_key);
	g_free((char *)(uintptr_t)o->copy_key);
	g_free((char *)(uintptr_t)o->paste_key);
}

int main(int argc, char **argv) {
	g_autoptr(GError) error = NULL;
	struct desk_options options = {0};
	struct desk *desk = NULL;

	gdk_set_allowed_backends("x11");
	if (!gtk_init_with_args(&argc, &argv, NULL, entries, NULL, &error)) {
		g_printerr("bulkhead-desk: %s\n",
			error ? error->message : "the display cannot be opened");
		return 1;
	}
	if (ctl_fd < 0) {
		g_printerr("bulkhead-desk: is started by bulkheadd (--ctl-fd is missing)\n");
		return 2;
	}
	options.ctl_fd = ctl_fd;
	read_settings(&options);
	if (desk_new(&options, (void (*)(void *))gtk_main_quit, NULL, &desk) < 0)
		return 1;
	free_settings(&options);
	gtk_main();
	desk_free(desk);
	return 0;
}
