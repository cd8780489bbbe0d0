/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A GUI daemon without a screen, for tests of agents: prints every message it gets as one line of
 * JSON and does what lines on its standard input say. Waits for a new agent never: it ends when the
 * agent goes.
 *
 *   mini-daemon --vchan=SPEC --domain=N [--minor=N] [--ext]
 *
 *   key WIN 2|3 CODE STATE           button WIN 4|5 X Y BUTTON STATE      motion WIN X Y STATE
 *   crossing WIN 7|8 X Y             focus WIN 9|10                       configure WIN X Y W H
 *   map WIN | close WIN              flags WIN SET UNSET                  keymap [CODE...]
 *   clip-req WIN | clip-data TEXT    pixel WIN X Y                        save WIN PATH
 *   acks 0|1 (dumps, destroys)       reads 0|1                            frames 0|1
 * (EXT_FRAME_DONE) monitors W H X Y W H [X Y W H]   keyboard LAYOUT [VARIANT [OPTIONS]]  raw HEX
 */
#include "proto/ext.h"
#include "proto/gui.h"
#include "vchan/backend.h"
#include "vchan/libvchan.h"
#include "vchan/pages.h"

#include <glib.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define IN_MAX (GUI_HEADER_SIZE + GUI_BODY_MAX)

struct picture {
	struct size size;
	struct pages_view *view;
	uint8_t *map;
	size_t len;
};

static libvchan_t *gui, *ext;
static GHashTable *pictures;
static GByteArray *in, *ext_in;
static unsigned minor = GUI_VERSION_MINOR, phase;
static int domain = 1;
static gboolean with_ext, acks = TRUE, reads = TRUE, frames;

static void fail(const char *what) {
	printf("{\"type\": \"ERROR\", \"what\": \"%s\"}\n", what);
	fflush(stdout);
	exit(1);
}

static void put(libvchan_t *v, const void *data, size_t len) {
	if (len == 0)
		fail("a message could not be encoded");
	libvchan_set_blocking(v, 1);
	if (libvchan_write(v, data, len) != (int)len)
		fail("the agent closed");
	libvchan_set_blocking(v, 0);
}

static void say(const struct gui_from_daemon *m) {
	static uint8_t buf[GUI_HEADER_SIZE + GUI_CLIPBOARD_MAX + 1 + 128];

	put(gui, buf, gui_encode_from_daemon(m, buf, sizeof(buf)));
}

static void say_ext(const struct ext_msg *m) {
	uint8_t buf[EXT_HEADER_SIZE + EXT_BODY_MAX];

	if (ext)
		put(ext, buf, ext_encode(m, buf, sizeof(buf)));
}

static void say_plain(enum gui_type type, uint32_t window) {
	say(&(struct gui_from_daemon){.type = type, .window = window});
}

static void picture_free(gpointer data) {
	struct picture *p = data;

	if (p->map)
		munmap(p->map, p->len);
	pages_view_free(p->view);
	g_free(p);
}

static void attach(uint32_t window, const struct gui_dump *d) {
	struct picture *p = g_new0(struct picture, 1);
	size_t offset;

	p->size = d->size;
	p->len = (size_t)d->ref_count * GUI_PAGE;
	if (pages_view_new(domain, d->refs, d->ref_count, &p->view))
		fail("the pages of a dump were never shared");
	offset = pages_view_offset(p->view);
	p->map = mmap(NULL, p->len, PROT_READ, MAP_SHARED, pages_view_fd(p->view), (off_t)offset);
	if (p->map == MAP_FAILED)
		fail("the pages of a dump cannot be mapped");
	g_hash_table_insert(pictures, GUINT_TO_POINTER(window), p);
}

static struct picture *picture_of(uint32_t window) {
	struct picture *p = g_hash_table_lookup(pictures, GUINT_TO_POINTER(window));

	if (p)
		pages_view_refresh(p->view, 0, p->len);
	return p;
}

static uint32_t pixel(const struct picture *p, uint32_t x, uint32_t y) {
	const uint8_t *b = p->map + ((size_t)y * p->size.w + x) * 4;

	return (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
}

static void print_rect(struct rect r) {
	printf(", \"x\": %d, \"y\": %d, \"w\": %u, \"h\": %u", r.x, r.y, r.w, r.h);
}

static void print_text(const char *key, const char *text) {
	printf(", \"%s\": \"", key);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		if ((unsigned char)*text >= 0x20)
			putchar(*text);
	}
	putchar('"');
}

static void print_hints(const struct gui_hints *h) {
	printf(", \"flags\": %u, \"min\": [%u, %u], \"max\": [%u, %u], \"inc\": [%u, %u], "
	       "\"base\": [%u, %u]",
		h->flags, h->min.w, h->min.h, h->max.w, h->max.h, h->inc.w, h->inc.h, h->base.w,
		h->base.h);
}

static const char *type_name(enum gui_type type) {
	static const struct {
		enum gui_type type;
		const char *name;
	} names[] = {{GUI_CREATE, "CREATE"}, {GUI_DESTROY, "DESTROY"}, {GUI_MAP, "MAP"},
		{GUI_UNMAP, "UNMAP"}, {GUI_CONFIGURE, "CONFIGURE"}, {GUI_SHMIMAGE, "SHMIMAGE"},
		{GUI_CLIPBOARD_DATA, "CLIPBOARD_DATA"}, {GUI_WMNAME, "WMNAME"}, {GUI_DOCK, "DOCK"},
		{GUI_WINDOW_HINTS, "HINTS"}, {GUI_WINDOW_FLAGS, "FLAGS"}, {GUI_WMCLASS, "WMCLASS"},
		{GUI_WINDOW_DUMP, "DUMP"}, {GUI_CURSOR, "CURSOR"}};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		if (names[i].type == type)
			return names[i].name;
	}
	return "?";
}

static void print_place(const struct gui_from_agent *m) {
	if (m->type == GUI_CREATE)
		print_rect(m->create.at);
	else if (m->type == GUI_CONFIGURE)
		print_rect(m->configure.at);
	else if (m->type == GUI_SHMIMAGE)
		print_rect(m->shmimage.area);
	if (m->type == GUI_CREATE)
		printf(", \"override\": %d", m->create.override_redirect);
	if (m->type == GUI_MAP)
		printf(", \"override\": %d, \"transient\": %u", m->map.override_redirect,
			m->map.transient_for);
}

static void print_message(const struct gui_from_agent *m) {
	printf("{\"type\": \"%s\", \"window\": %u", type_name(m->type), m->window);
	print_place(m);
	if (m->type == GUI_WMNAME)
		print_text("text", m->wmname.untrusted_text);
	if (m->type == GUI_WMCLASS) {
		print_text("class", m->wmclass.untrusted_class);
		print_text("name", m->wmclass.untrusted_name);
	}
	if (m->type == GUI_WINDOW_HINTS)
		print_hints(&m->hints);
	if (m->type == GUI_WINDOW_FLAGS)
		printf(", \"set\": %u, \"unset\": %u", m->flags.set, m->flags.unset);
	if (m->type == GUI_CURSOR)
		printf(", \"glyph\": %u", m->cursor.glyph);
	if (m->type == GUI_WINDOW_DUMP)
		printf(", \"w\": %u, \"h\": %u, \"refs\": %u, \"first\": %u", m->dump.size.w,
			m->dump.size.h, m->dump.ref_count, gui_dump_ref(&m->dump, 0));
	if (m->type == GUI_CLIPBOARD_DATA) {
		g_autofree char *text = g_strndup(
			(const char *)m->clipboard.data, MIN(m->clipboard.size, 200));

		printf(", \"size\": %u", m->clipboard.size);
		print_text("text", m->clipboard.size ? text : "");
	}
	printf("}\n");
}

static void answer(const struct gui_from_agent *m) {
	if (m->type == GUI_WINDOW_DUMP) {
		attach(m->window, &m->dump);
		if (acks && minor >= GUI_MINOR_DUMP_ACK)
			say_plain(GUI_WINDOW_DUMP_ACK, m->window);
	} else if (m->type == GUI_DESTROY) {
		g_hash_table_remove(pictures, GUINT_TO_POINTER(m->window));
		if (acks && minor >= GUI_MINOR_DESTROY_ACK)
			say_plain(GUI_DESTROY, m->window);
	} else if (m->type == GUI_SHMIMAGE && frames) {
		say_ext(&(struct ext_msg){.type = EXT_FRAME_DONE, .window = m->window});
	}
}

/* Returns how many bytes of the front were used; 0: more are needed. */
static size_t take_version(void) {
	uint8_t buf[4 + GUI_XCONF_SIZE];
	struct gui_version v;
	struct gui_xconf xconf = {{1280, 1024}, 24, 5121};

	if (in->len < 4)
		return 0;
	if (gui_decode_version(span_over(in->data, 4), &v))
		fail("no version");
	printf("{\"type\": \"VERSION\", \"major\": %u, \"minor\": %u}\n", v.major, v.minor);
	gui_encode_version((struct gui_version){1, (uint16_t)minor}, buf, 4);
	gui_encode_xconf(&xconf, buf + 4, GUI_XCONF_SIZE);
	put(gui, buf, sizeof(buf));
	phase = 1;
	return 4;
}

static size_t take_message(void) {
	struct gui_header h;
	struct gui_from_agent m;

	if (in->len < GUI_HEADER_SIZE)
		return 0;
	if (gui_decode_agent_header(span_over(in->data, GUI_HEADER_SIZE), minor, &h))
		fail("a header that the protocol does not have");
	if (in->len < GUI_HEADER_SIZE + h.length)
		return 0;
	if (gui_decode_agent_body(&h, span_over(in->data + GUI_HEADER_SIZE, h.length), minor, &m))
		fail("a body that the protocol does not have");
	print_message(&m);
	answer(&m);
	return GUI_HEADER_SIZE + h.length;
}

static size_t take_ext(void) {
	struct ext_header h;
	struct ext_msg m;

	if (ext_in->len < EXT_HEADER_SIZE)
		return 0;
	if (ext_decode_header(span_over(ext_in->data, EXT_HEADER_SIZE), &h))
		fail("an ext header that does not decode");
	if (ext_in->len < EXT_HEADER_SIZE + h.length)
		return 0;
	if (ext_decode_body(&h, span_over(ext_in->data + EXT_HEADER_SIZE, h.length), &m))
		fail("an ext body that does not decode");
	printf("{\"type\": \"%s\"}\n", m.type == EXT_HELLO             ? "EXT_HELLO"
				       : m.type == EXT_READY           ? "EXT_READY"
				       : m.type == EXT_CLIPBOARD_OWNER ? "EXT_CLIPBOARD_OWNER"
								       : "EXT_?");
	return EXT_HEADER_SIZE + h.length;
}

static size_t take_gui(void) {
	return phase == 0 ? take_version() : take_message();
}

static void read_from(libvchan_t *v, GByteArray *a, size_t (*take)(void)) {
	uint8_t buf[65536];
	size_t used;
	int n;

	if (libvchan_wait(v) < 0)
		fail("the vchan broke");
	while ((n = libvchan_read(v, buf, sizeof(buf))) > 0) {
		g_byte_array_append(a, buf, (guint)n);
		while ((used = take()) > 0)
			g_byte_array_remove_range(a, 0, (guint)used);
	}
	if (n < 0 || libvchan_is_open(v) != VCHAN_CONNECTED) {
		printf("{\"type\": \"CLOSED\"}\n");
		fflush(stdout);
		exit(0);
	}
}

static void save(uint32_t window, const char *path) {
	struct picture *p = picture_of(window);
	FILE *f = p ? fopen(path, "wb") : NULL;

	if (f) {
		fprintf(f, "P6\n%u %u\n255\n", p->size.w, p->size.h);
		for (size_t i = 0; i < (size_t)p->size.w * p->size.h; i++) {
			const uint8_t *b = p->map + i * 4;
			uint8_t rgb[3] = {b[2], b[1], b[0]};

			fwrite(rgb, 3, 1, f);
		}
		fclose(f);
	}
	printf("{\"type\": \"SAVED\", \"window\": %u, \"done\": %d}\n", window, f != NULL);
}

static void show_pixel(uint32_t window, uint32_t x, uint32_t y) {
	struct picture *p = picture_of(window);

	if (p && x < p->size.w && y < p->size.h)
		printf("{\"type\": \"PIXEL\", \"window\": %u, \"rgb\": \"%06x\"}\n", window,
			pixel(p, x, y));
	else
		printf("{\"type\": \"PIXEL\", \"window\": %u, \"rgb\": null}\n", window);
}

static void raw(const char *hex) {
	GByteArray *a = g_byte_array_new();

	for (; g_ascii_isxdigit(hex[0]) && g_ascii_isxdigit(hex[1]); hex += 2) {
		uint8_t b = (uint8_t)(g_ascii_xdigit_value(hex[0]) << 4 |
				      g_ascii_xdigit_value(hex[1]));

		g_byte_array_append(a, &b, 1);
	}
	put(gui, a->data, a->len);
	g_byte_array_free(a, TRUE);
}

static void monitors(const uint32_t *n, unsigned count) {
	struct ext_msg m = {.type = EXT_MONITORS, .monitors = {.screen = {n[0], n[1]}}};

	for (unsigned i = 2; i + 3 < count; i += 4)
		m.monitors.monitors[m.monitors.count++].at = (struct rect){
			(int32_t)n[i], (int32_t)n[i + 1], n[i + 2], n[i + 3]};
	say_ext(&m);
}

static void keyboard(char **words) {
	struct ext_msg m = {.type = EXT_KEYBOARD, .keyboard = {.rules = "evdev", .model = "pc105"}};
	char *texts[] = {m.keyboard.layout, m.keyboard.variant, m.keyboard.options};

	for (unsigned i = 0; i < 3 && words[i]; i++)
		g_strlcpy(texts[i], words[i], EXT_XKB_TEXT);
	say_ext(&m);
}

static void keymap(const uint32_t *codes, unsigned count) {
	struct gui_from_daemon m = {.type = GUI_KEYMAP_NOTIFY};

	for (unsigned i = 0; i < count; i++)
		m.keymap.keys[(codes[i] / 8) & 31] |= (uint8_t)(1u << (codes[i] % 8));
	say(&m);
}

/* n: the numbers after the command's name; n[0] is the window. */
static bool input_command(const char *name, const uint32_t *n) {
	struct gui_from_daemon m = {.window = n[0]};

	if (strcmp(name, "key") == 0) {
		m.type = GUI_KEYPRESS;
		m.key = (struct gui_key){n[1], 0, 0, n[3], n[2]};
	} else if (strcmp(name, "button") == 0) {
		m.type = GUI_BUTTON;
		m.button = (struct gui_button){n[1], (int32_t)n[2], (int32_t)n[3], n[5], n[4]};
	} else if (strcmp(name, "motion") == 0) {
		m.type = GUI_MOTION;
		m.motion = (struct gui_motion){(int32_t)n[1], (int32_t)n[2], n[3], 0};
	} else if (strcmp(name, "crossing") == 0) {
		m.type = GUI_CROSSING;
		m.crossing = (struct gui_crossing){n[1], (int32_t)n[2], (int32_t)n[3], 0, 0, 3, 0};
	} else if (strcmp(name, "focus") == 0) {
		m.type = GUI_FOCUS;
		m.focus = (struct gui_focus){n[1], 0, 3};
	} else {
		return false;
	}
	say(&m);
	return true;
}

static bool window_command(const char *name, const uint32_t *n) {
	struct gui_from_daemon m = {.window = n[0]};

	if (strcmp(name, "configure") == 0) {
		m.type = GUI_CONFIGURE;
		m.configure.at = (struct rect){(int32_t)n[1], (int32_t)n[2], n[3], n[4]};
	} else if (strcmp(name, "flags") == 0) {
		m.type = GUI_WINDOW_FLAGS;
		m.flags = (struct gui_flags){n[1], n[2]};
	} else if (strcmp(name, "close") == 0) {
		m.type = GUI_CLOSE;
	} else if (strcmp(name, "map") == 0) {
		m.type = GUI_MAP;
	} else if (strcmp(name, "clip-req") == 0) {
		m.type = GUI_CLIPBOARD_REQ;
	} else {
		return false;
	}
	say(&m);
	return true;
}

static bool switch_command(const char *name, const uint32_t *n) {
	gboolean *what = strcmp(name, "acks") == 0     ? &acks
			 : strcmp(name, "reads") == 0  ? &reads
			 : strcmp(name, "frames") == 0 ? &frames
						       : NULL;

	if (what)
		*what = n[0] != 0;
	return what != NULL;
}

static void clip_data(const char *text) {
	struct gui_from_daemon m = {.type = GUI_CLIPBOARD_DATA};

	m.clipboard = (struct gui_clipboard){(const uint8_t *)text, (uint32_t)strlen(text)};
	say(&m);
}

static void command(const char *line) {
	g_auto(GStrv) words = g_strsplit(line, " ", 80);
	unsigned count = g_strv_length(words);
	uint32_t n[80] = {0};

	if (count == 0)
		return;
	for (unsigned i = 1; i < count; i++)
		n[i - 1] = (uint32_t)g_ascii_strtoll(words[i], NULL, 0);
	if (input_command(words[0], n) || window_command(words[0], n) ||
		switch_command(words[0], n))
		return;
	if (strcmp(words[0], "keymap") == 0)
		keymap(n, count - 1);
	else if (strcmp(words[0], "monitors") == 0)
		monitors(n, count - 1);
	else if (strcmp(words[0], "keyboard") == 0)
		keyboard(words + 1);
	else if (strcmp(words[0], "clip-data") == 0)
		clip_data(line + strlen("clip-data "));
	else if (strcmp(words[0], "pixel") == 0)
		show_pixel(n[0], n[1], n[2]);
	else if (strcmp(words[0], "save") == 0 && count == 3)
		save(n[0], words[2]);
	else if (strcmp(words[0], "raw") == 0 && count == 2)
		raw(words[1]);
	else
		fail("an unknown command");
}

static void read_commands(void) {
	static GString *text;
	char buf[65536], *end;
	ssize_t n = read(STDIN_FILENO, buf, sizeof(buf));

	if (n <= 0)
		exit(0);
	text = text ? text : g_string_new(NULL);
	g_string_append_len(text, buf, n);
	while ((end = memchr(text->str, '\n', text->len))) {
		*end = '\0';
		command(text->str);
		g_string_erase(text, 0, end - text->str + 1);
	}
}

static void open_all(void) {
	gui = libvchan_client_init(domain, GUI_PORT);
	if (!gui)
		fail("no agent serves port 6000");
	if (!with_ext)
		return;
	ext = libvchan_client_init(domain, EXT_PORT);
	if (!ext)
		fail("no agent serves port 6001");
	say_ext(&(struct ext_msg){.type = EXT_HELLO, .version = EXT_VERSION});
}

static void loop(void) {
	for (;;) {
		struct pollfd p[3] = {{STDIN_FILENO, POLLIN, 0}, {-1, POLLIN, 0}, {-1, POLLIN, 0}};

		fflush(stdout);
		if (reads)
			p[1].fd = libvchan_fd_for_select(gui);
		if (ext)
			p[2].fd = libvchan_fd_for_select(ext);
		(void)libvchan_data_ready(gui); /* asks to be woken */
		if (poll(p, 3, reads && libvchan_data_ready(gui) > 0 ? 0 : -1) < 0)
			fail("poll");
		if (p[0].revents)
			read_commands();
		if (reads && (p[1].revents || libvchan_data_ready(gui) > 0))
			read_from(gui, in, take_gui);
		if (ext && (p[2].revents || libvchan_data_ready(ext) > 0))
			read_from(ext, ext_in, take_ext);
	}
}

int main(int argc, char **argv) {
	const char *spec = NULL;

	for (int i = 1; i < argc; i++) {
		if (g_str_has_prefix(argv[i], "--vchan="))
			spec = strchr(argv[i], '=') + 1;
		else if (g_str_has_prefix(argv[i], "--domain="))
			domain = (int)g_ascii_strtoll(strchr(argv[i], '=') + 1, NULL, 10);
		else if (g_str_has_prefix(argv[i], "--minor="))
			minor = (unsigned)g_ascii_strtoull(strchr(argv[i], '=') + 1, NULL, 10);
		else if (strcmp(argv[i], "--ext") == 0)
			with_ext = TRUE;
		else
			fail("an unknown option");
	}
	if (!spec || vchan_use(spec))
		fail("--vchan= is missing or does not work");
	pictures = g_hash_table_new_full(NULL, NULL, NULL, picture_free);
	in = g_byte_array_new();
	ext_in = g_byte_array_new();
	open_all();
	loop();
}
