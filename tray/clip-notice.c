/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/clip-notice.h"

#include "common/label.h"
#include "common/text-filter.h"
#include "tray/label-tile.h"
#include "tray/trusted.h"
#include "tray/x11-clicks.h"

#include <gtk/gtk.h>

#define STAYS_MS  4000 /* of what is only news */
#define LINE_MOST 60   /* characters */
#define MARGIN    16

struct clip_notice {
	GtkWidget *window, *title, *from, *arrow, *to, *line, *hint;
	char *key;
	guint timer;
	unsigned size;
};

static void style(GtkWidget *widget, const char *css) {
	g_autoptr(GtkCssProvider) provider = gtk_css_provider_new();

	gtk_css_provider_load_from_data(provider, css, -1, NULL);
	gtk_style_context_add_provider(gtk_widget_get_style_context(widget),
		GTK_STYLE_PROVIDER(provider), GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
}

static GtkWidget *add_label(GtkWidget *box, const char *css) {
	GtkWidget *label = gtk_label_new(NULL);

	style(label, css);
	gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
	gtk_label_set_max_width_chars(GTK_LABEL(label), LINE_MOST);
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_box_pack_start(GTK_BOX(box), label, FALSE, FALSE, 0);
	return label;
}

static void build(struct clip_notice *n) {
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 8),
		  *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 10);

	n->window = gtk_window_new(GTK_WINDOW_POPUP);
	gtk_window_set_title(GTK_WINDOW(n->window), "Bulkhead clipboard");
	gtk_window_set_accept_focus(GTK_WINDOW(n->window), FALSE);
	style(n->window, "* { background: #101010; color: #ffffff; }");
	gtk_container_set_border_width(GTK_CONTAINER(box), MARGIN);
	n->title = add_label(box, "* { font-size: 13pt; font-weight: bold; }");
	n->from = label_tile_new("From");
	n->arrow = gtk_label_new("\xe2\x86\x92");
	style(n->arrow, "* { font-size: 16pt; color: #ffffff; }");
	n->to = label_tile_new("To");
	gtk_box_pack_start(GTK_BOX(row), n->from, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(row), n->arrow, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(row), n->to, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(box), row, FALSE, FALSE, 0);
	n->line = add_label(box, "* { background: #ffffff; color: #000000; font-family: monospace; "
				 "padding: 6px 10px; }");
	n->hint = add_label(box, "* { font-size: 12pt; color: #ffffff; }");
	gtk_container_add(GTK_CONTAINER(n->window), box);
	atk_object_set_name(gtk_widget_get_accessible(n->window), "Bulkhead clipboard");
	trusted_mark(n->window);
	gtk_widget_realize(n->window);
	gtk_widget_show_all(box);
}

static char *key_words(const char *accelerator) {
	GdkModifierType mods = 0;
	guint key = 0;

	gtk_accelerator_parse(accelerator, &key, &mods);
	return gtk_accelerator_get_label(key, mods);
}

struct clip_notice *clip_notice_new(const char *paste_key) {
	struct clip_notice *n = g_new0(struct clip_notice, 1);

	n->key = key_words(paste_key);
	build(n);
	return n;
}

static void hide(struct clip_notice *n) {
	g_clear_handle_id(&n->timer, g_source_remove);
	gtk_widget_hide(n->window);
}

static gboolean on_timer(gpointer data) {
	struct clip_notice *n = data;

	n->timer = 0;
	hide(n);
	return G_SOURCE_REMOVE;
}

/* On the monitor of the pointer, above the middle. */
static void place(struct clip_notice *n) {
	GdkDisplay *display = gdk_display_get_default();
	GdkDevice *pointer = gdk_seat_get_pointer(gdk_display_get_default_seat(display));
	GdkRectangle area;
	GtkRequisition size;
	int x = 0, y = 0;

	gdk_device_get_position(pointer, NULL, &x, &y);
	gdk_monitor_get_geometry(gdk_display_get_monitor_at_point(display, x, y), &area);
	gtk_widget_get_preferred_size(n->window, NULL, &size);
	gtk_window_resize(GTK_WINDOW(n->window), size.width, size.height);
	gtk_window_move(GTK_WINDOW(n->window), area.x + (area.width - size.width) / 2,
		area.y + area.height / 8);
}

static char *size_words(unsigned bytes) {
	g_autofree char *round = g_format_size(bytes);

	return bytes < 1000 ? g_strdup_printf("%u %s", bytes, bytes == 1 ? "byte" : "bytes")
			    : g_strdup_printf("%s (%u bytes)", round, bytes);
}

static void set_texts(struct clip_notice *n, unsigned what) {
	g_autofree char *size = size_words(n->size), *hint = NULL;
	const char *title = what == CTL_SHOW_COPIED ? "Copied:"
			    : what == CTL_SHOW_ASK  ? "Paste"
						    : "Pasted:";
	g_autofree char *all = g_strdup_printf(
		"%s %s of text%s", title, size, what == CTL_SHOW_ASK ? "?" : "");

	if (what == CTL_SHOW_COPIED)
		hint = g_strdup_printf("%s pastes it into another domain, once.", n->key);
	else if (what == CTL_SHOW_ASK)
		hint = g_strdup_printf("Press %s again to paste it. Else nothing leaves.", n->key);
	else
		hint = g_strdup("It is in that domain's clipboard now, and nowhere else.");
	gtk_label_set_text(GTK_LABEL(n->title), all);
	gtk_label_set_text(GTK_LABEL(n->hint), hint);
	gtk_widget_set_visible(n->arrow, what != CTL_SHOW_COPIED);
	gtk_widget_set_visible(n->to, what != CTL_SHOW_COPIED);
}

static void show(struct clip_notice *n, unsigned what) {
	hide(n);
	if (what == CTL_SHOW_NOTHING)
		return;
	set_texts(n, what);
	place(n);
	gtk_widget_show(n->window);
	clicks_pass(n->window); /* it is to be read, and in nobody's way */
	gdk_window_raise(gtk_widget_get_window(n->window));
	if (what != CTL_SHOW_ASK)
		n->timer = g_timeout_add(STAYS_MS, on_timer, n);
}

static void set_tile(GtkWidget *tile, const struct ctl_msg *m) {
	const char *label = "";

	for (size_t i = 0; i < label_count; i++)
		if (labels[i].index == m->value)
			label = labels[i].name;
	label_tile_set(tile, label, m->text);
}

void clip_notice_take(struct clip_notice *n, const struct ctl_msg *m) {
	char line[CTL_TEXT_SIZE];

	if (m->type == CTL_CLIP_FROM) {
		set_tile(n->from, m);
	} else if (m->type == CTL_CLIP_TO) {
		set_tile(n->to, m);
	} else if (m->type == CTL_CLIP_LINE) {
		text_filter(m->text, sizeof(m->text), line, sizeof(line));
		gtk_label_set_text(GTK_LABEL(n->line), *line ? line : " ");
		n->size = m->value;
	} else if (m->type == CTL_CLIP_SHOW) {
		show(n, m->value);
	}
}

struct clip_notice *clip_notice_free(struct clip_notice *n) {
	if (!n)
		return NULL;
	g_clear_handle_id(&n->timer, g_source_remove);
	gtk_widget_destroy(n->window);
	g_free(n->key);
	g_free(n);
	return NULL;
}
