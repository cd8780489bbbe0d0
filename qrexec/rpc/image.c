/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The service qubes.GetImageRGBA, in a domain: reads one line, "xdgicon:NAME" or the absolute path
 * of a picture, and prints it as "W H\n" and its pixels of four bytes, at most 512 on a side. The
 * picture is the domain's own matter, decoded where it lies; who asks gets nothing but pixels.
 */
#include <gdk-pixbuf/gdk-pixbuf.h>
#include <stdio.h>
#include <string.h>

#define SIDE_MAX 512
#define PREFIX   "xdgicon:"

/* Where the pictures of applications are, those first that a menu need not scale much. */
static const char *const places[] = {"icons/hicolor/48x48/apps/%s.png",
	"icons/hicolor/64x64/apps/%s.png", "icons/hicolor/128x128/apps/%s.png",
	"icons/hicolor/256x256/apps/%s.png", "icons/hicolor/scalable/apps/%s.svg",
	"icons/hicolor/32x32/apps/%s.png", "icons/hicolor/24x24/apps/%s.png",
	"icons/hicolor/16x16/apps/%s.png", "icons/Adwaita/48x48/legacy/%s.png",
	"icons/Adwaita/scalable/apps/%s.svg", "pixmaps/%s.png", "pixmaps/%s.xpm", "pixmaps/%s.svg"};

static GdkPixbuf *load(const char *path) {
	int w, h;

	if (!gdk_pixbuf_get_file_info(path, &w, &h))
		return NULL;
	if (w > SIDE_MAX || h > SIDE_MAX)
		return gdk_pixbuf_new_from_file_at_size(path, SIDE_MAX, SIDE_MAX, NULL);
	return gdk_pixbuf_new_from_file(path, NULL);
}

static GdkPixbuf *look_in(const char *base, const char *name) {
	for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
		g_auto(GStrv) parts = g_strsplit(places[i], "%s", 2);
		g_autofree char *path = g_strconcat(base, "/", parts[0], name, parts[1], NULL);
		GdkPixbuf *p = g_file_test(path, G_FILE_TEST_IS_REGULAR) ? load(path) : NULL;

		if (p)
			return p;
	}
	return NULL;
}

static GdkPixbuf *look_for(const char *name) {
	const char *const *folders = g_get_system_data_dirs();
	GdkPixbuf *p;

	if (!*name || strchr(name, '/'))
		return NULL;
	p = look_in(g_get_user_data_dir(), name);
	for (; !p && *folders; folders++)
		p = look_in(*folders, name);
	return p;
}

static int print(GdkPixbuf *picture) {
	g_autoptr(GdkPixbuf) p = gdk_pixbuf_add_alpha(picture, FALSE, 0, 0, 0);
	int w = gdk_pixbuf_get_width(p), h = gdk_pixbuf_get_height(p);
	const guint8 *row = gdk_pixbuf_read_pixels(p);

	printf("%d %d\n", w, h);
	for (int y = 0; y < h; y++, row += gdk_pixbuf_get_rowstride(p))
		fwrite(row, 4, (size_t)w, stdout);
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}

int main(void) {
	char line[4096];
	g_autoptr(GdkPixbuf) picture = NULL;

	if (!fgets(line, sizeof(line), stdin))
		return 1;
	line[strcspn(line, "\n")] = '\0';
	if (g_str_has_prefix(line, PREFIX))
		picture = look_for(line + strlen(PREFIX));
	else if (line[0] == '/')
		picture = load(line);
	if (!picture) {
		fprintf(stderr, "qubes.GetImageRGBA: there is no such picture\n");
		return 1;
	}
	return print(picture);
}
