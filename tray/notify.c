/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/notify.h"

#include "tray/swatch.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>

#define ICON 48

struct notify {
	GDBusConnection *bus;
	GCancellable *cancel;
	GHashTable *ids; /* "domain kind" -> id of what is shown */
};

struct asked {
	struct notify *notify;
	char *key;
};

static void on_bus(GObject *source, GAsyncResult *result, gpointer user) {
	g_autoptr(GError) error = NULL;
	GDBusConnection *c = g_bus_get_finish(result, &error);
	struct notify *n = user;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	n->bus = c;
}

struct notify *notify_new(void) {
	struct notify *n = g_new0(struct notify, 1);

	n->cancel = g_cancellable_new();
	n->ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_bus_get(G_BUS_TYPE_SESSION, n->cancel, on_bus, n);
	return n;
}

struct notify *notify_free(struct notify *n) {
	if (!n)
		return NULL;
	g_cancellable_cancel(n->cancel);
	g_object_unref(n->cancel);
	g_clear_object(&n->bus);
	g_hash_table_unref(n->ids);
	g_free(n);
	return NULL;
}

/* (iiibiiay): width, height, row, alpha, bits, channels, pixels. */
static GVariant *picture(const struct model_domain *d) {
	cairo_surface_t *s = swatch_new(d->rgb, d->pattern, g_ascii_toupper(d->name[0]), ICON, 1);
	const unsigned char *data = cairo_image_surface_get_data(s);
	int stride = cairo_image_surface_get_stride(s);
	guchar rgb[ICON * ICON * 3];

	cairo_surface_flush(s);
	for (int y = 0; y < ICON; y++)
		for (int x = 0; x < ICON; x++) {
			uint32_t p = ((const uint32_t *)(const void *)(data + y * stride))[x];
			guchar *out = rgb + (y * ICON + x) * 3;

			out[0] = p >> 16 & 0xff;
			out[1] = p >> 8 & 0xff;
			out[2] = p & 0xff;
		}
	cairo_surface_destroy(s);
	return g_variant_new("(iiibii@ay)", ICON, ICON, ICON * 3, FALSE, 8, 3,
		g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, rgb, sizeof(rgb), 1));
}

static const char *summary(enum notice_kind kind) {
	switch (kind) {
	case NOTICE_APP:
		return _("%s: an application says");
	case NOTICE_STARTED:
		return _("%s has started");
	case NOTICE_STOPPED:
		return _("%s has stopped");
	case NOTICE_FAILED:
		return _("%s: something went wrong");
	case NOTICE_REFUSED:
		return _("%s: something was refused");
	case NOTICE_KINDS:
		break;
	}
	return "%s";
}

static void on_shown(GObject *source, GAsyncResult *result, gpointer user) {
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant)
		r = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
	struct asked *a = user;
	guint32 id;

	if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) && r) {
		g_variant_get(r, "(u)", &id);
		g_hash_table_replace(a->notify->ids, g_strdup(a->key), GUINT_TO_POINTER(id));
	}
	g_free(a->key);
	g_free(a);
}

static char *body(const struct notice *n) {
	g_autofree char *text = g_markup_escape_text(n->text, -1), *more = NULL;

	if (n->merged < 2)
		return g_steal_pointer(&text);
	more = g_strdup_printf(
		ngettext("and %u more like it", "and %u more like it", n->merged - 1),
		n->merged - 1);
	return g_strconcat(text, *text ? "\n" : "", more, NULL);
}

void notify_show(struct notify *n, const struct notice *notice, const struct model_domain *d) {
	g_autofree char *title = NULL, *text = NULL, *key = NULL;
	bool grave = notice->kind == NOTICE_FAILED;
	GVariantBuilder hints;
	struct asked *a;

	if (!n->bus)
		return;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	title = g_strdup_printf(summary(notice->kind), notice->domain);
#pragma GCC diagnostic pop
	text = body(notice);
	key = g_strdup_printf("%s %d", notice->domain, notice->kind);
	g_variant_builder_init(&hints, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(&hints, "{sv}", "urgency", g_variant_new_byte(grave ? 2 : 1));
	g_variant_builder_add(
		&hints, "{sv}", "desktop-entry", g_variant_new_string("bulkhead-tray"));
	if (d)
		g_variant_builder_add(&hints, "{sv}", "image-data", picture(d));
	a = g_new(struct asked, 1);
	*a = (struct asked){n, g_strdup(key)};
	g_dbus_connection_call(n->bus, "org.freedesktop.Notifications",
		"/org/freedesktop/Notifications", "org.freedesktop.Notifications", "Notify",
		g_variant_new("(susssasa{sv}i)", "Bulkhead",
			GPOINTER_TO_UINT(g_hash_table_lookup(n->ids, key)), "", title, text, NULL,
			&hints, grave ? 0 : -1),
		G_VARIANT_TYPE("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, n->cancel, on_shown, a);
}
