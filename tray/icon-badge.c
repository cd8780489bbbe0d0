/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/icon-badge.h"

#include "tray/icons.h"
#include "tray/swatch.h"

#include <gdk/gdk.h>

#define BADGE (ICONS_PIXELS / 2)

GdkPixbuf *icon_badge_plain(const uint8_t icon[ICON_SIZE]) {
	struct icon i;
	g_autoptr(GBytes) pixels = NULL;

	if (icon_decode(span_over(icon, ICON_SIZE), &i))
		return NULL;
	pixels = g_bytes_new(i.rgba, (gsize)i.w * i.h * 4);
	return gdk_pixbuf_new_from_bytes(
		pixels, GDK_COLORSPACE_RGB, TRUE, 8, (int)i.w, (int)i.h, (int)i.w * 4);
}

/* Half of each pixel is its own, half is the label's colour in the pixel's brightness. */
static void tint(GdkPixbuf *p, uint32_t rgb) {
	int stride = gdk_pixbuf_get_rowstride(p), w = gdk_pixbuf_get_width(p);
	const unsigned label[] = {rgb >> 16 & 0xff, rgb >> 8 & 0xff, rgb & 0xff};
	guchar *row = gdk_pixbuf_get_pixels(p);

	for (int y = 0; y < gdk_pixbuf_get_height(p); y++, row += stride)
		for (guchar *at = row; at < row + w * 4; at += 4) {
			unsigned light = (at[0] * 54u + at[1] * 183u + at[2] * 19u) / 256;

			for (unsigned c = 0; c < 3; c++)
				at[c] = (guchar)((at[c] + (light + label[c]) / 2) / 2);
		}
}

GdkPixbuf *icon_badge_new(GdkPixbuf *plain, uint32_t rgb, enum label_pattern pattern) {
	g_autoptr(GdkPixbuf) small = gdk_pixbuf_scale_simple(
		plain, ICONS_PIXELS, ICONS_PIXELS, GDK_INTERP_BILINEAR),
			     own = gdk_pixbuf_add_alpha(small, FALSE, 0, 0, 0);
	cairo_surface_t *s = cairo_image_surface_create(
				CAIRO_FORMAT_ARGB32, ICONS_PIXELS, ICONS_PIXELS),
			*badge = swatch_new(rgb, pattern, 0, BADGE, 1);
	cairo_t *cr = cairo_create(s);
	GdkPixbuf *out;

	tint(own, rgb);
	gdk_cairo_set_source_pixbuf(cr, own, 0, 0);
	cairo_paint(cr);
	cairo_set_source_surface(cr, badge, ICONS_PIXELS - BADGE, ICONS_PIXELS - BADGE);
	cairo_paint(cr);
	cairo_destroy(cr);
	out = gdk_pixbuf_get_from_surface(s, 0, 0, ICONS_PIXELS, ICONS_PIXELS);
	cairo_surface_destroy(badge);
	cairo_surface_destroy(s);
	return out;
}
