/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/swatch.h"

static void source(cairo_t *cr, uint32_t rgb) {
	cairo_set_source_rgb(
		cr, (rgb >> 16 & 0xff) / 255.0, (rgb >> 8 & 0xff) / 255.0, (rgb & 0xff) / 255.0);
}

static cairo_surface_t *tile(uint32_t rgb, enum label_pattern pattern) {
	cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, LABEL_TILE, LABEL_TILE);
	unsigned char *data = cairo_image_surface_get_data(s);
	int stride = cairo_image_surface_get_stride(s);
	uint32_t mark = label_mark_rgb(rgb);

	cairo_surface_flush(s);
	for (unsigned y = 0; data && y < LABEL_TILE; y++)
		for (unsigned x = 0; x < LABEL_TILE; x++)
			((uint32_t *)(void *)(data + (size_t)stride * y))[x] =
				label_pattern_mark(pattern, x, y) ? mark : rgb;
	cairo_surface_mark_dirty(s);
	return s;
}

void swatch_fill(
	cairo_t *cr, uint32_t rgb, enum label_pattern pattern, int x, int y, int w, int h) {
	cairo_surface_t *t = tile(rgb, pattern);

	cairo_save(cr);
	cairo_translate(cr, x, y);
	cairo_set_source_surface(cr, t, 0, 0);
	cairo_pattern_set_extend(cairo_get_source(cr), CAIRO_EXTEND_REPEAT);
	cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_NEAREST);
	cairo_rectangle(cr, 0, 0, w, h);
	cairo_fill(cr);
	cairo_restore(cr);
	cairo_surface_destroy(t);
}

/* On a plate of the plain colour, so that the pattern does not run through it. */
static void draw_letter(cairo_t *cr, uint32_t rgb, char letter, int size) {
	char text[2] = {letter, '\0'};
	cairo_text_extents_t e;
	double plate = size * 0.62, at = (size - plate) / 2;

	source(cr, rgb);
	cairo_rectangle(cr, at, at, plate, plate);
	cairo_fill(cr);
	source(cr, label_mark_rgb(rgb));
	cairo_select_font_face(cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_BOLD);
	cairo_set_font_size(cr, size * 0.58);
	cairo_text_extents(cr, text, &e);
	cairo_move_to(cr, size / 2.0 - e.width / 2 - e.x_bearing,
		size / 2.0 - e.height / 2 - e.y_bearing);
	cairo_show_text(cr, text);
}

cairo_surface_t *swatch_new(
	uint32_t rgb, enum label_pattern pattern, char letter, int size, int scale) {
	cairo_surface_t *s = cairo_image_surface_create(
		CAIRO_FORMAT_ARGB32, size * scale, size * scale);
	cairo_t *cr;

	cairo_surface_set_device_scale(s, scale, scale);
	cr = cairo_create(s);
	swatch_fill(cr, rgb, pattern, 0, 0, size, size);
	if (letter)
		draw_letter(cr, rgb, letter, size);
	cairo_set_source_rgba(cr, 0, 0, 0, 0.6);
	cairo_set_line_width(cr, 1);
	cairo_rectangle(cr, 0.5, 0.5, size - 1, size - 1);
	cairo_stroke(cr);
	cairo_destroy(cr);
	return s;
}
