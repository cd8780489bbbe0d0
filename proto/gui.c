/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The GUI protocol's table of lengths, its ranges and its handshake. Never opens, allocates or logs
 * anything.
 */
#include "proto/gui-layout.h"

#define FIRST GUI_KEYPRESS

#define HINTS_KNOWN                                                                                \
	(GUI_HINT_US_POSITION | GUI_HINT_P_POSITION | GUI_HINT_MIN_SIZE | GUI_HINT_MAX_SIZE |      \
		GUI_HINT_RESIZE_INC | GUI_HINT_BASE_SIZE)

/* MFNDUMP is not here: machine frames are never taken from a domain. */
static const struct gui_layout layouts[] = {
	[GUI_KEYPRESS - FIRST] = {.from_daemon = true, .fixed = 20},
	[GUI_BUTTON - FIRST] = {.from_daemon = true, .fixed = 20},
	[GUI_MOTION - FIRST] = {.from_daemon = true, .fixed = 16},
	[GUI_CROSSING - FIRST] = {.from_daemon = true, .fixed = 28},
	[GUI_FOCUS - FIRST] = {.from_daemon = true, .fixed = 12},
	[GUI_CREATE - FIRST] = {.from_agent = true, .fixed = 24},
	[GUI_DESTROY - FIRST] = {.from_agent = true, .from_daemon = true, .fixed = 0},
	[GUI_MAP - FIRST] = {.from_agent = true, .from_daemon = true, .fixed = 8},
	[GUI_UNMAP - FIRST] = {.from_agent = true, .fixed = 0},
	[GUI_CONFIGURE - FIRST] = {.from_agent = true, .from_daemon = true, .fixed = 20},
	[GUI_SHMIMAGE - FIRST] = {.from_agent = true, .fixed = 16},
	[GUI_CLOSE - FIRST] = {.from_daemon = true, .fixed = 0},
	[GUI_CLIPBOARD_REQ - FIRST] = {.from_daemon = true, .fixed = 0},
	[GUI_CLIPBOARD_DATA - FIRST] = {.from_agent = true,
		.from_daemon = true,
		.unit = 1,
		.units_max = GUI_CLIPBOARD_MAX + 1},
	[GUI_WMNAME - FIRST] = {.from_agent = true, .fixed = 128},
	[GUI_KEYMAP_NOTIFY - FIRST] = {.from_daemon = true, .fixed = 32},
	[GUI_DOCK - FIRST] = {.from_agent = true, .fixed = 0},
	[GUI_WINDOW_HINTS - FIRST] = {.from_agent = true, .fixed = 36},
	[GUI_WINDOW_FLAGS - FIRST] = {.from_agent = true, .from_daemon = true, .fixed = 8},
	[GUI_WMCLASS - FIRST] = {.from_agent = true, .fixed = 128},
	[GUI_WINDOW_DUMP -
		FIRST] = {.from_agent = true, .fixed = 16, .unit = 4, .units_max = GUI_MAX_REFS},
	[GUI_CURSOR - FIRST] = {.from_agent = true, .fixed = 4},
	[GUI_WINDOW_DUMP_ACK - FIRST] = {.from_daemon = true, .fixed = 0},
};

const struct gui_layout *gui_layout_of(uint32_t type) {
	const struct gui_layout *l;

	if (type < FIRST || type - FIRST >= sizeof(layouts) / sizeof(layouts[0]))
		return NULL;
	l = &layouts[type - FIRST];
	return l->from_agent || l->from_daemon ? l : NULL;
}

bool gui_layout_fits(const struct gui_layout *layout, uint32_t length) {
	uint32_t rest = length - layout->fixed;

	if (length < layout->fixed)
		return false;
	if (layout->unit == 0)
		return rest == 0;
	return rest % layout->unit == 0 && rest / layout->unit <= layout->units_max;
}

uint32_t gui_clipboard_most(unsigned minor) {
	return minor < GUI_MINOR_BIG_CLIPBOARD ? GUI_CLIPBOARD_MAX_OLD : GUI_CLIPBOARD_MAX + 1;
}

static bool size_ok(struct size s) {
	return s.w >= 1 && s.w <= GUI_MAX_W && s.h >= 1 && s.h <= GUI_MAX_H;
}

static bool size_within(struct size s, uint32_t w, uint32_t h) {
	return s.w <= w && s.h <= h;
}

bool gui_rect_ok(struct rect r) {
	return r.x >= -GUI_MAX_W && r.x <= GUI_MAX_W && r.y >= -GUI_MAX_H && r.y <= GUI_MAX_H &&
	       size_ok((struct size){r.w, r.h});
}

bool gui_dump_ok(struct size size, uint32_t ref_count) {
	return size_ok(size) && ref_count <= GUI_MAX_REFS &&
	       (uint64_t)ref_count * GUI_PAGE >= (uint64_t)size.w * size.h * 4;
}

bool gui_cursor_ok(uint32_t glyph) {
	return glyph == 0 || (glyph >= 0x100 && glyph < 0x19a);
}

uint32_t gui_hints_sane(const struct gui_hints *hints) {
	uint32_t sane = hints->flags & HINTS_KNOWN;

	if (!size_within(hints->min, GUI_MAX_W, GUI_MAX_H))
		sane &= ~GUI_HINT_MIN_SIZE;
	if (!size_ok(hints->max))
		sane &= ~GUI_HINT_MAX_SIZE;
	if ((sane & GUI_HINT_MIN_SIZE) && !size_within(hints->min, hints->max.w, hints->max.h))
		sane &= ~GUI_HINT_MAX_SIZE;
	if (!size_ok(hints->inc) || hints->inc.w == GUI_MAX_W || hints->inc.h == GUI_MAX_H)
		sane &= ~GUI_HINT_RESIZE_INC;
	if (!size_within(hints->base, GUI_MAX_W, GUI_MAX_H))
		sane &= ~GUI_HINT_BASE_SIZE;
	return sane;
}

bool gui_event_type_ok(enum gui_type type, uint32_t event) {
	uint32_t first = type == GUI_KEYPRESS   ? 2
			 : type == GUI_BUTTON   ? 4
			 : type == GUI_CROSSING ? 7
						: 9;

	return event == first || event == first + 1;
}

int gui_decode_version(struct span in, struct gui_version *ret) {
	uint32_t v = span_u32(&in);

	if (!span_done(&in))
		return GUI_E_LENGTH;
	*ret = (struct gui_version){.major = (uint16_t)(v >> 16), .minor = (uint16_t)v};
	return 0;
}

size_t gui_encode_version(struct gui_version v, void *buf, size_t size) {
	struct sink out = sink_over(buf, size);

	sink_u32(&out, (uint32_t)v.major << 16 | v.minor);
	return out.bad ? 0 : size - out.left;
}

int gui_negotiate(struct gui_version agent, struct gui_version *ret) {
	if (agent.major != GUI_VERSION_MAJOR)
		return agent.major < GUI_VERSION_MAJOR ? 1 : 2;
	*ret = (struct gui_version){.major = GUI_VERSION_MAJOR,
		.minor = agent.minor < GUI_VERSION_MINOR ? agent.minor : GUI_VERSION_MINOR};
	return 0;
}

static bool xconf_ok(const struct gui_xconf *x) {
	return x->screen.w >= 1 && x->screen.w <= GUI_SCREEN_MAX && x->screen.h >= 1 &&
	       x->screen.h <= GUI_SCREEN_MAX;
}

int gui_decode_xconf(struct span in, struct gui_xconf *ret) {
	struct gui_xconf x = {0};

	x.screen.w = span_u32(&in);
	x.screen.h = span_u32(&in);
	x.depth = span_u32(&in);
	x.mem_kib = span_u32(&in);
	if (!span_done(&in))
		return GUI_E_LENGTH;
	if (!xconf_ok(&x))
		return GUI_E_RANGE;
	*ret = x;
	return 0;
}

size_t gui_encode_xconf(const struct gui_xconf *xconf, void *buf, size_t size) {
	struct sink out = sink_over(buf, size);

	if (!xconf_ok(xconf))
		return 0;
	sink_u32(&out, xconf->screen.w);
	sink_u32(&out, xconf->screen.h);
	sink_u32(&out, xconf->depth);
	sink_u32(&out, xconf->mem_kib);
	return out.bad ? 0 : size - out.left;
}

uint32_t gui_dump_ref(const struct gui_dump *dump, uint32_t i) {
	struct span at = span_over(dump->refs + (size_t)i * 4, 4);

	return span_u32(&at);
}
