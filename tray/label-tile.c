/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/label-tile.h"

#include "common/label.h"

#define FRAME 10

static const struct label *look(const char *name) {
	static const struct label unknown = {0, "", 0x808080, PATTERN_SOLID};
	const struct label *l = label_by_name(name);

	return l ? l : &unknown;
}

/* LABEL_TILE pixels square, to be repeated. */
static cairo_surface_t *ground(const struct label *l) {
	cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, LABEL_TILE, LABEL_TILE);
	uint8_t *data = cairo_image_surface_get_data(s);
	int stride = cairo_image_surface_get_stride(s);
	uint32_t mark = label_mark_rgb(l->rgb);

	for (unsigned y = 0; y < LABEL_TILE; y++) {
		uint32_t *row = (uint32_t *)(void *)(data + (size_t)stride * y);

		for (unsigned x = 0; x < LABEL_TILE; x++)
			row[x] = label_pattern_mark(l->pattern, x, y) ? mark : l->rgb;
	}
	cairo_surface_mark_dirty(s);
	return s;
}

static void fill(cairo_t *c, const char *label, double width, double height) {
	cairo_surface_t *s = ground(look(label));
	cairo_pattern_t *p = cairo_pattern_create_for_surface(s);

	cairo_pattern_set_extend(p, CAIRO_EXTEND_REPEAT);
	cairo_pattern_set_filter(p, CAIRO_FILTER_NEAREST);
	cairo_set_source(c, p);
	cairo_rectangle(c, 0, 0, width, height);
	cairo_fill(c);
	cairo_pattern_destroy(p);
	cairo_surface_destroy(s);
}

cairo_surface_t *label_tile_picture(const char *label, int width, int height) {
	cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
	cairo_t *c = cairo_create(s);

	fill(c, label, width, height);
	cairo_destroy(c);
	return s;
}

static gboolean on_draw(GtkWidget *tile, cairo_t *c, gpointer data) {
	(void)data;
	fill(c, g_object_get_data(G_OBJECT(tile), "label"), gtk_widget_get_allocated_width(tile),
		gtk_widget_get_allocated_height(tile));
	return FALSE;
}

static void style(GtkWidget *name) {
	g_autoptr(GtkCssProvider) css = gtk_css_provider_new();

	gtk_css_provider_load_from_data(css,
		"* { background: #ffffff; color: #000000; font-weight: bold; padding: 6px 14px; }",
		-1, NULL);
	gtk_style_context_add_provider(gtk_widget_get_style_context(name), GTK_STYLE_PROVIDER(css),
		GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
}

GtkWidget *label_tile_new(const char *what) {
	GtkWidget *tile = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0), *text = gtk_label_new(NULL);

	gtk_label_set_ellipsize(GTK_LABEL(text), PANGO_ELLIPSIZE_MIDDLE);
	gtk_label_set_max_width_chars(GTK_LABEL(text), 32);
	gtk_widget_set_margin_start(text, FRAME);
	gtk_widget_set_margin_end(text, FRAME);
	gtk_widget_set_margin_top(text, FRAME);
	gtk_widget_set_margin_bottom(text, FRAME);
	style(text);
	gtk_box_pack_start(GTK_BOX(tile), text, TRUE, TRUE, 0);
	g_object_set_data(G_OBJECT(tile), "name", text);
	g_object_set_data_full(G_OBJECT(tile), "what", g_strdup(what), g_free);
	g_signal_connect(tile, "draw", G_CALLBACK(on_draw), NULL);
	label_tile_set(tile, "", "");
	return tile;
}

void label_tile_set(GtkWidget *tile, const char *label, const char *name) {
	GtkLabel *text = g_object_get_data(G_OBJECT(tile), "name");
	g_autofree char *heard = g_strdup_printf(
		"%s: %s", (const char *)g_object_get_data(G_OBJECT(tile), "what"), name);

	g_object_set_data_full(G_OBJECT(tile), "label", g_strdup(label), g_free);
	gtk_label_set_text(text, name);
	atk_object_set_name(gtk_widget_get_accessible(GTK_WIDGET(text)), heard);
	gtk_widget_queue_draw(tile);
}
