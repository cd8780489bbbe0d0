/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/icons.h"

#include "common/cleanup.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/stat.h>

struct icons {
	GHashTable *known; /* name -> GdkPixbuf or NULL; asked for at least once */
	GPtrArray *wanted; /* names for the next round */
	char **folders;
	int side;
	GCancellable *cancel;
	bool busy;
	void (*came)(void *user);
	void *user;
};

struct round {
	char **names, **folders;
	int side;
};

static void round_free(gpointer p) {
	struct round *r = p;

	g_strfreev(r->names);
	g_strfreev(r->folders);
	g_free(r);
}

static void object_unref(gpointer p) {
	if (p)
		g_object_unref(p);
}

/* The size is known before the pixels are: a picture that is too large is never decoded. */
static void on_size(GdkPixbufLoader *loader, int w, int h, gpointer user) {
	int side = *(int *)user;

	if (w < 1 || h < 1 || w > ICONS_SIDE_MAX || h > ICONS_SIDE_MAX) {
		*(int *)user = 0;
		gdk_pixbuf_loader_set_size(loader, 1, 1);
		return;
	}
	if (w >= h)
		gdk_pixbuf_loader_set_size(loader, side, MAX(1, h * side / w));
	else
		gdk_pixbuf_loader_set_size(loader, MAX(1, w * side / h), side);
}

/* Only the kind that the file's name promises is decoded, of the three that menus need. */
static GdkPixbuf *decode(const char *type, const guchar *data, gsize size, int side) {
	g_autoptr(GdkPixbufLoader) loader = gdk_pixbuf_loader_new_with_type(type, NULL);
	GdkPixbuf *p = NULL;
	bool ok;

	if (!loader)
		return NULL;
	g_signal_connect(loader, "size-prepared", G_CALLBACK(on_size), &side);
	ok = gdk_pixbuf_loader_write(loader, data, size, NULL);
	ok = gdk_pixbuf_loader_close(loader, NULL) && ok;
	if (ok && side)
		p = gdk_pixbuf_loader_get_pixbuf(loader);
	return p ? g_object_ref(p) : NULL;
}

static const char *type_of(const char *path) {
	static const char *const types[] = {"png", "svg", "xpm"};
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot && i < G_N_ELEMENTS(types); i++)
		if (!strcmp(dot + 1, types[i]))
			return types[i];
	return NULL;
}

GdkPixbuf *icons_load_file(const char *path, int side) {
	const char *type = type_of(path);
	AUTO(auto_close) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	g_autofree guchar *data = NULL;
	struct stat st;
	ssize_t n;

	if (!type || fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) ||
		st.st_size > ICONS_FILE_MAX)
		return NULL;
	data = g_malloc((gsize)st.st_size + 1);
	n = read(fd, data, (gsize)st.st_size);
	return n > 0 ? decode(type, data, (gsize)n, side) : NULL;
}

/* Where icons of applications are, the fitting sizes first. */
static const char *const places[] = {"icons/hicolor/48x48/apps/%s.png",
	"icons/hicolor/32x32/apps/%s.png", "icons/hicolor/64x64/apps/%s.png",
	"icons/hicolor/128x128/apps/%s.png", "icons/hicolor/scalable/apps/%s.svg",
	"icons/hicolor/24x24/apps/%s.png", "icons/hicolor/16x16/apps/%s.png",
	"icons/Adwaita/32x32/legacy/%s.png", "icons/Adwaita/scalable/apps/%s.svg", "pixmaps/%s.png",
	"pixmaps/%s.xpm", "pixmaps/%s.svg"};

static GdkPixbuf *look_for(const struct round *r, const char *name) {
	for (char **folder = r->folders; *folder; folder++)
		for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
			g_auto(GStrv) parts = g_strsplit(places[i], "%s", 2);
			g_autofree char *path = g_strconcat(
				*folder, "/", parts[0], name, parts[1], NULL);
			GdkPixbuf *p = icons_load_file(path, r->side);

			if (p)
				return p;
		}
	return NULL;
}

static void work(GTask *task, gpointer source, gpointer data, GCancellable *cancel) {
	struct round *r = data;
	GPtrArray *found = g_ptr_array_new_with_free_func(object_unref);

	for (char **name = r->names; *name && !g_cancellable_is_cancelled(cancel); name++)
		g_ptr_array_add(found, look_for(r, *name));
	g_task_return_pointer(task, found, (GDestroyNotify)g_ptr_array_unref);
}

static void start_round(struct icons *i);

static void on_done(GObject *source, GAsyncResult *result, gpointer user) {
	g_autoptr(GPtrArray) found = g_task_propagate_pointer(G_TASK(result), NULL);
	struct round *r = g_task_get_task_data(G_TASK(result));
	struct icons *i = user;

	if (!found)
		return; /* cancelled: icons_free */
	for (guint n = 0; n < found->len; n++)
		g_hash_table_replace(i->known, g_strdup(r->names[n]),
			g_steal_pointer(&g_ptr_array_index(found, n)));
	i->busy = false;
	i->came(i->user);
	start_round(i);
}

static void start_round(struct icons *i) {
	struct round *r;
	GTask *task;

	if (i->busy || i->wanted->len == 0)
		return;
	g_ptr_array_add(i->wanted, NULL);
	r = g_new0(struct round, 1);
	r->names = (char **)g_ptr_array_free(i->wanted, FALSE);
	r->folders = g_strdupv(i->folders);
	r->side = i->side;
	i->wanted = g_ptr_array_new_with_free_func(g_free);
	i->busy = true;
	task = g_task_new(NULL, i->cancel, on_done, i);
	g_task_set_task_data(task, r, round_free);
	g_task_run_in_thread(task, work);
	g_object_unref(task);
}

GdkPixbuf *icons_get(struct icons *i, const char *name) {
	gpointer p = NULL;

	if (!*name || g_hash_table_lookup_extended(i->known, name, NULL, &p))
		return p;
	if (g_hash_table_size(i->known) < ICONS_COUNT_MAX) {
		g_hash_table_insert(i->known, g_strdup(name), NULL);
		g_ptr_array_add(i->wanted, g_strdup(name));
		start_round(i);
	}
	return NULL;
}

struct icons *icons_new(
	const char *const *folders, int scale, void (*came)(void *user), void *user) {
	struct icons *i = g_new0(struct icons, 1);

	i->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, object_unref);
	i->wanted = g_ptr_array_new_with_free_func(g_free);
	i->folders = g_strdupv((char **)(guintptr)folders);
	i->side = ICONS_PIXELS * scale;
	i->cancel = g_cancellable_new();
	i->came = came;
	i->user = user;
	return i;
}

struct icons *icons_free(struct icons *i) {
	if (!i)
		return NULL;
	g_cancellable_cancel(i->cancel);
	g_object_unref(i->cancel);
	g_hash_table_unref(i->known);
	g_ptr_array_unref(i->wanted);
	g_strfreev(i->folders);
	g_free(i);
	return NULL;
}
