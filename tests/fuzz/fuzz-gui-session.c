/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole session of an agent: handshake, messages, windows that come, go and come again (bug class
 * A14). The screen behind it checks what it is promised: windows exist once, rectangles are within
 * the protocol's bounds, areas within their window; reports come back late and out of date.
 */
#include "gui-daemon/session.h"
#include "gui-daemon/view.h"
#include "gui-daemon/windows.h"
#include "vchan/pages.h"

#include <glib.h>

static GHashTable *on_screen; /* id -> 1 + mapped */
static struct windows *windows;

static void check_rect(struct rect r) {
	if (r.w < 1 || r.w > GUI_MAX_W || r.h < 1 || r.h > GUI_MAX_H || ABS(r.x) > GUI_MAX_W ||
		ABS(r.y) > GUI_MAX_H)
		abort();
}

static void check_exists(uint32_t id) {
	if (!g_hash_table_contains(on_screen, GUINT_TO_POINTER(id)))
		abort();
}

void view_create(struct view *v, uint32_t id, struct rect content, bool popup) {
	check_rect(content);
	if (!g_hash_table_add(on_screen, GUINT_TO_POINTER(id)))
		abort();
}
void view_destroy(struct view *v, uint32_t id) {
	g_hash_table_remove(on_screen, GUINT_TO_POINTER(id)); /* not there: never shown */
}
void view_map(struct view *v, uint32_t id, const struct view_map *map) {
	check_exists(id);
}
void view_unmap(struct view *v, uint32_t id) {
	check_exists(id);
}
void view_place(struct view *v, uint32_t id, struct rect content) {
	check_exists(id);
	check_rect(content);
}
void view_dock(struct view *v, uint32_t id) {
	check_exists(id);
}
void view_title(struct view *v, uint32_t id, const char *text) {
	check_exists(id);
	if (!g_utf8_validate(text, -1, NULL))
		abort();
}
void view_class(struct view *v, uint32_t id, const char *class, const char *name) {
	check_exists(id);
}
void view_hints(struct view *v, uint32_t id, const struct gui_hints *hints) {
	check_exists(id);
}
void view_flags(struct view *v, uint32_t id, struct gui_flags flags) {
	check_exists(id);
	if (flags.set & flags.unset)
		abort();
}
void view_cursor(struct view *v, uint32_t id, uint32_t glyph) {
	check_exists(id);
}
void view_image(struct view *v, uint32_t id, struct size size, struct pages_view *pages) {
	if (pages)
		check_exists(id);
	g_free(pages);
	if (size.w % 2)
		windows_on_imaged(windows, id);
}
void view_drop_image(struct view *v, uint32_t id) {
	check_exists(id);
}
void view_paint(struct view *v, uint32_t id, struct rect area) {
	check_exists(id);
	if (rect_empty(area) || area.x < 0 || area.y < 0)
		abort();
	windows_on_placed(windows, id, area);
}

int pages_view_new(int owner, const uint8_t *refs, uint32_t count, struct pages_view **ret) {
	if (count && refs[0] == 0xff)
		return PAGES_E_REFS;
	*ret = g_malloc(1);
	return 0;
}

static void ignore_bytes(void *data, const void *bytes, size_t size) {
}
static void ignore_minor(void *data, unsigned minor) {
}
static const char *ignore_clipboard(void *data, const struct gui_clipboard *clipboard) {
	return NULL;
}

static void ignore_text(void *data, const char *what) {
}

static struct session *session;

static void send(void *data, const struct gui_from_daemon *m) {
	session_send(session, m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct windows_config wc = {.screen = {2, {{0, 0, 1000, 800}, {1000, 0, 1920, 1080}}},
		.frame = 4,
		.popups_allowed = true,
		.send = send,
		.refused = ignore_text};
	struct session_config sc = {.xconf = {{1280, 800}, 24, 4001},
		.write = ignore_bytes,
		.on_connected = ignore_minor,
		.on_dropped = ignore_text,
		.on_clipboard = ignore_clipboard};
	size_t need;

	on_screen = g_hash_table_new(g_direct_hash, g_direct_equal);
	sc.windows = windows = windows_new(&wc);
	session = session_new(&sc);
	while ((need = session_need(session)) <= size) {
		if (session_take(session, span_over(data, need)))
			break;
		data += need;
		size -= need;
		windows_tick(windows, g_get_monotonic_time());
	}
	windows_on_screen(windows, &(struct place_screen){1, {{0, 0, 640, 480}}}, 8);
	windows_free(windows);
	session_free(session);
	if (g_hash_table_size(on_screen))
		abort();
	g_hash_table_destroy(on_screen);
	return 0;
}
