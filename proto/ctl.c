/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages between bulkheadd and its daemons, bytes to typed values and back: u32 type, u32 value,
 * 256 bytes of text, 24 zero bytes. A daemon may have been taken over by its domain: its manager
 * believes nothing that is not checked here.
 */
#include "proto/ctl.h"

#include "common/text-filter.h"
#include "proto/gui.h"
#include "proto/hv.h"

#define ZEROS (CTL_SIZE - 8 - CTL_TEXT_SIZE)

struct layout {
	bool known, has_text;
	uint32_t value_max;
};

static const struct layout layouts[] = {
	[CTL_GUI_STARTED] = {.known = true},
	[CTL_GUI_CONNECTED] = {.known = true, .value_max = GUI_VERSION_MINOR},
	[CTL_GUI_WINDOWS] = {.known = true, .value_max = UINT32_MAX},
	[CTL_GUI_FOCUS] = {.known = true, .value_max = 1},
	[CTL_GUI_REFUSED] = {.known = true, .has_text = true},
	[CTL_GUI_AGENT_GONE] = {.known = true},
	[CTL_GUI_FIRST_IMAGE] = {.known = true},
	[CTL_CLIP_CHORD] = {.known = true, .value_max = CTL_CHORD_PASTE},
	[CTL_CLIP_TEXT] = {.known = true, .has_text = true, .value_max = UINT32_MAX},
	[CTL_CLIP_LARGE] = {.known = true, .value_max = UINT32_MAX},
	[CTL_CLIP_FAILED] = {.known = true, .has_text = true, .value_max = UINT32_MAX},
	[CTL_CLIP_DONE] = {.known = true, .value_max = UINT32_MAX},
	[CTL_SCREEN_LOCKED] = {.known = true, .value_max = 1},
	[CTL_HIDE_ALL] = {.known = true, .value_max = 1},
	[CTL_KEYBOARD_LOCK] = {.known = true, .value_max = HV_DOMAIN_MAX},
	[CTL_PAUSED] = {.known = true, .value_max = 1},
	[CTL_SCREEN_CHANGED] = {.known = true},
	[CTL_FOCUSED_DOMAIN] = {.known = true, .has_text = true, .value_max = HV_DOMAIN_MAX},
	[CTL_CLIP_GET] = {.known = true, .value_max = UINT32_MAX},
	[CTL_CLIP_LOOK] = {.known = true, .value_max = UINT32_MAX},
	[CTL_CLIP_PUT] = {.known = true, .value_max = UINT32_MAX},
	[CTL_CLIP_PUT_RAW] = {.known = true, .value_max = UINT32_MAX},
	[CTL_CLIP_CANCEL] = {.known = true, .value_max = UINT32_MAX},
	[CTL_COPY_KEY] = {.known = true, .value_max = UINT32_MAX},
	[CTL_PASTE_KEY] = {.known = true, .value_max = UINT32_MAX},
	[CTL_CLIP_FROM] = {.known = true, .has_text = true, .value_max = CTL_LABEL_INDEX_MAX},
	[CTL_CLIP_TO] = {.known = true, .has_text = true, .value_max = CTL_LABEL_INDEX_MAX},
	[CTL_CLIP_LINE] = {.known = true, .has_text = true, .value_max = CTL_CLIPBOARD_MAX},
	[CTL_CLIP_SHOW] = {.known = true, .value_max = CTL_SHOW_COUNT - 1},
	[CTL_LAUNCHED] = {.known = true},
};

/* Shift, Control, Mod1, Mod4 (1, 4, 8, 64), in this order from bit 25 on. */
static const uint16_t chord_modifiers[] = {1, 4, 8, 64};

uint32_t ctl_chord_pack(struct ctl_chord c) {
	uint32_t value = c.keysym & CTL_KEYSYM_MAX;

	for (unsigned i = 0; i < 4; i++)
		if (c.modifiers & chord_modifiers[i])
			value |= 1u << (25 + i);
	return value;
}

struct ctl_chord ctl_chord_unpack(uint32_t value) {
	struct ctl_chord c = {.keysym = value & CTL_KEYSYM_MAX};

	for (unsigned i = 0; i < 4; i++)
		if (value & 1u << (25 + i))
			c.modifiers |= chord_modifiers[i];
	return c;
}

static const struct layout *layout_of(uint32_t type) {
	if (type >= sizeof(layouts) / sizeof(layouts[0]) || !layouts[type].known)
		return NULL;
	return &layouts[type];
}

static bool all_zero(const uint8_t *p, size_t n) {
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

/* Text that the filter would not change, then zeros to the end and at least one. */
static bool text_ok(const uint8_t *text) {
	char filtered[CTL_TEXT_SIZE];
	size_t len = strnlen((const char *)text, CTL_TEXT_SIZE);

	return len < CTL_TEXT_SIZE && all_zero(text + len, CTL_TEXT_SIZE - len) &&
	       text_filter((const char *)text, len, filtered, sizeof(filtered)) == len &&
	       !memcmp(filtered, text, len);
}

int ctl_decode(struct span in, struct ctl_msg *ret) {
	uint32_t type = span_u32(&in), value = span_u32(&in);
	const uint8_t *text = span_take(&in, CTL_TEXT_SIZE), *zeros = span_take(&in, ZEROS);
	const struct layout *layout = layout_of(type);

	if (!span_done(&in) || !layout || value > layout->value_max)
		return 1;
	if (!all_zero(zeros, ZEROS) || !text_ok(text) || (text[0] && !layout->has_text))
		return 1;
	*ret = (struct ctl_msg){.type = (enum ctl_type)type, .value = value};
	memcpy(ret->text, text, CTL_TEXT_SIZE);
	return 0;
}

/* Text of our own may quote a domain's: it goes through the filter here, so that a message of ours
 * is never refused for it. */
void ctl_encode(const struct ctl_msg *m, uint8_t ret[CTL_SIZE]) {
	const struct layout *layout = layout_of(m->type);
	struct sink out = sink_over(ret, CTL_SIZE);
	char text[CTL_TEXT_SIZE] = "";
	const uint8_t zeros[ZEROS] = {0};

	if (layout && layout->has_text)
		text_filter(m->text, sizeof(m->text), text, sizeof(text));
	sink_u32(&out, m->type);
	sink_u32(&out, m->value);
	sink_text(&out, text, CTL_TEXT_SIZE);
	sink_bytes(&out, zeros, ZEROS);
}
