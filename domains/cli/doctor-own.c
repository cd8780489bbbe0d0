/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/cli/doctor.h"

#include "domains/cli/cli.h"
#include "domains/paths.h"
#include "policy/loader.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#define MIB             1048576.0
#define DISK_LITTLE_MIB 2048
#define MEM_LITTLE_MIB  1024

struct finding doctor_programs(void) {
	static const char *const ours[] = {"bulkheadd", "bulkhead-hv", "bulkhead-local-domain",
		"bulkhead-domain-init", "bulkhead-desk", "bulkhead-gui-daemon",
		"bulkhead-gui-decoder", "bulkhead-gui-agent", "bulkhead-qrexec-broker",
		"bulkhead-qrexec-daemon", "bulkhead-qrexec-agent", "bulkhead-ask"};
	g_autoptr(GString) missing = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(ours); i++) {
		g_autofree char *path = paths_find(ours[i]);

		if (!path)
			g_string_append_printf(missing, " %s", ours[i]);
	}
	if (!missing->len)
		return found(RESULT_OK, "all of them are there", NULL);
	g_string_prepend(missing, "not found:");
	return found(RESULT_MISSING, missing->str,
		"install Bulkhead whole, or name its folders in BULKHEAD_LIBEXEC (colons between)");
}

struct finding doctor_policy(void) {
	struct policy_folders folders = {0};
	struct policy_places places = {.compat = POLICY_COMPAT_FOLDER};
	struct policy_load load = {0};
	int r = policy_folders_default(&folders);

	places.folders = (const char *const *)folders.list;
	places.folder_count = folders.count;
	if (!r)
		r = policy_load(&places, &load);
	policy_load_deinit(&load);
	policy_folders_deinit(&folders);
	return r ? found(RESULT_MISSING, "the rules cannot be read: every call is refused",
			   "bulkhead policy lint names the file and the line")
		 : found(RESULT_OK, "the rules between domains can be read", NULL);
}

/* Where the homes are, or will be. */
struct finding doctor_disk(void) {
	g_autofree char *path = paths_data(), *text = NULL;
	struct statvfs fs;
	double mib;

	while (statvfs(path, &fs) && strlen(path) > 1) {
		char *up = g_path_get_dirname(path);

		g_free(path);
		path = up;
	}
	mib = (double)fs.f_bavail * (double)fs.f_frsize / MIB;
	text = g_strdup_printf(
		"%.1f GiB are free for the domains' homes (in %s)", mib / 1024, path);
	if (mib >= DISK_LITTLE_MIB)
		return found(RESULT_OK, text, NULL);
	return found(RESULT_LESS, text,
		"remove what you do not need (bulkhead domain remove), or set XDG_DATA_HOME to a "
		"larger disk before bulkheadd starts");
}

struct finding doctor_memory(void) {
	g_autofree char *info = NULL, *text = NULL;
	const char *at;
	guint64 mib;

	if (!g_file_get_contents("/proc/meminfo", &info, NULL, NULL) ||
		!(at = strstr(info, "MemAvailable:")))
		return found(RESULT_OK, "the kernel does not say how much is free", NULL);
	mib = g_ascii_strtoull(at + strlen("MemAvailable:"), NULL, 10) / 1024;
	text = g_strdup_printf("%" G_GUINT64_FORMAT " MiB can be had", mib);
	if (mib >= MEM_LITTLE_MIB)
		return found(RESULT_OK, text, NULL);
	return found(RESULT_LESS, text,
		"a domain with a browser needs about 1 GiB: stop others, and set "
		"disposable_pool=0");
}

/* Panels with icons of today's kind say so on the session bus; those with the older kind do not. */
struct finding doctor_panel(void) {
	g_autoptr(GDBusConnection) c = NULL;
	g_autoptr(GVariant) r = NULL;
	gboolean has = FALSE;

	if (g_getenv("DBUS_SESSION_BUS_ADDRESS"))
		c = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, NULL);
	if (!c)
		return found(RESULT_LESS,
			"there is no session bus: no icon by the newer way, and "
			"no notifications",
			"log in to a desktop, or start the session by dbus-run-session");
	r = g_dbus_connection_call_sync(c, "org.freedesktop.DBus", "/org/freedesktop/DBus",
		"org.freedesktop.DBus", "NameHasOwner",
		g_variant_new("(s)", "org.kde.StatusNotifierWatcher"), G_VARIANT_TYPE("(b)"),
		G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
	if (r)
		g_variant_get(r, "(b)", &has);
	if (has)
		return found(RESULT_OK, "a panel shows status icons", NULL);
	return found(RESULT_LESS, "no panel shows StatusNotifier icons: the older kind is used",
		"XFCE: add the plugin \"Status Tray\" to the panel; GNOME: "
		"gnome-shell-extension-appindicator; Openbox: tint2 shows the older kind. Without "
		"any, bulkhead-tray --search opens its window");
}
