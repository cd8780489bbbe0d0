/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The font's own names, the names of CSS and those of common themes (gui-protocol, appendix). */
#include "gui-agent/cursor-names.h"

#include <string.h>

/* clang-format off */
/* Sorted by name in ASCII order: looked up by bisection. */
static const struct {
	const char *name;
	uint8_t glyph;
} cursors[] = {
	{"X_cursor", 0},
	{"alias", 60},
	{"all-scroll", 52},
	{"arrow", 2},
	{"based_arrow_down", 4},
	{"based_arrow_up", 6},
	{"boat", 8},
	{"bogosity", 10},
	{"bottom_left_corner", 12},
	{"bottom_right_corner", 14},
	{"bottom_side", 16},
	{"bottom_tee", 18},
	{"box_spiral", 20},
	{"cell", 90},
	{"center_ptr", 22},
	{"circle", 24},
	{"clock", 26},
	{"closedhand", 60},
	{"coffee_mug", 28},
	{"col-resize", 108},
	{"color-picker", 130},
	{"context-menu", 68},
	{"copy", 90},
	{"cross", 30},
	{"cross_reverse", 32},
	{"crosshair", 34},
	{"default", 68},
	{"diamond_cross", 36},
	{"dnd-ask", 60},
	{"dnd-copy", 60},
	{"dnd-link", 60},
	{"dnd-move", 60},
	{"dnd-no-drop", 24},
	{"dnd-none", 60},
	{"dot", 38},
	{"dotbox", 40},
	{"double_arrow", 42},
	{"draft_large", 44},
	{"draft_small", 46},
	{"draped_box", 48},
	{"e-resize", 96},
	{"ew-resize", 108},
	{"exchange", 50},
	{"fleur", 52},
	{"forbidden", 24},
	{"gobbler", 54},
	{"grab", 58},
	{"grabbing", 60},
	{"gumby", 56},
	{"h-scroll", 52},
	{"hand", 60},
	{"hand1", 58},
	{"hand2", 60},
	{"heart", 62},
	{"help", 92},
	{"ibeam", 152},
	{"icon", 64},
	{"iron_cross", 66},
	{"left_ptr", 68},
	{"left_ptr_watch", 150},
	{"left_side", 70},
	{"left_tee", 72},
	{"leftbutton", 74},
	{"ll_angle", 76},
	{"lr_angle", 78},
	{"man", 80},
	{"middlebutton", 82},
	{"mouse", 84},
	{"move", 52},
	{"n-resize", 138},
	{"ne-resize", 136},
	{"nesw-resize", 12},
	{"no-drop", 24},
	{"not-allowed", 24},
	{"ns-resize", 116},
	{"nw-resize", 134},
	{"nwse-resize", 14},
	{"openhand", 58},
	{"pencil", 86},
	{"pirate", 88},
	{"plus", 90},
	{"pointer", 60},
	{"pointing_hand", 60},
	{"progress", 150},
	{"question_arrow", 92},
	{"right_ptr", 94},
	{"right_side", 96},
	{"right_tee", 98},
	{"rightbutton", 100},
	{"row-resize", 116},
	{"rtl_logo", 102},
	{"s-resize", 16},
	{"sailboat", 104},
	{"sb_down_arrow", 106},
	{"sb_h_double_arrow", 108},
	{"sb_left_arrow", 110},
	{"sb_right_arrow", 112},
	{"sb_up_arrow", 114},
	{"sb_v_double_arrow", 116},
	{"se-resize", 14},
	{"shuttle", 118},
	{"size_all", 52},
	{"size_bdiag", 12},
	{"size_fdiag", 14},
	{"size_hor", 108},
	{"size_ver", 116},
	{"sizing", 120},
	{"spider", 122},
	{"split_h", 108},
	{"split_v", 116},
	{"spraycan", 124},
	{"star", 126},
	{"sw-resize", 12},
	{"target", 128},
	{"tcross", 130},
	{"text", 152},
	{"top_left_arrow", 132},
	{"top_left_corner", 134},
	{"top_right_corner", 136},
	{"top_side", 138},
	{"top_tee", 140},
	{"trek", 142},
	{"ul_angle", 144},
	{"umbrella", 146},
	{"up_arrow", 22},
	{"ur_angle", 148},
	{"v-scroll", 52},
	{"vertical-text", 152},
	{"w-resize", 70},
	{"wait", 150},
	{"watch", 150},
	{"whats_this", 92},
	{"xterm", 152},
	{"zoom-in", 90},
	{"zoom-out", 90},
};
/* clang-format on */

static int compare(const char *name, size_t len, const char *other) {
	int r = strncmp(name, other, len);

	return r == 0 && other[len] != '\0' ? -1 : r;
}

uint32_t cursor_glyph(const char *name, size_t len) {
	size_t low = 0, high = sizeof(cursors) / sizeof(cursors[0]);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int r = compare(name, len, cursors[middle].name);

		if (r == 0)
			return 0x100u + cursors[middle].glyph;
		if (r < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return 0;
}
