/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What stands between the decoder's orders and the screen. The decoder keeps all rules itself
 * (windows.h); this is for one that was taken over: whatever it says, the desktop's rules hold. It
 * counts windows, memory and icons, keeps pop-ups on one monitor and within their share, filters
 * texts once more, slows what comes too fast, and ends a decoder that does what an honest one never
 * does. Knows neither X nor sockets.
 */
#include "gui-daemon/place.h"
#include "proto/view.h"

struct gate;

/* An order that no honest decoder gives; gate_reason tells which. */
#define GATE_E_VIOLATION 1

#define GATE_BUSY        INT64_MAX

struct gate_config {
	struct place_screen screen;
	uint32_t frame;
	bool popups_allowed;
	/* For the screen: checked, its texts filtered. VIEW_CREATE to VIEW_PAINT only. fd is of a
	 * VIEW_IMAGE, else -1, and stays the gate's caller's. */
	void (*order)(void *data, const struct view_order *o, int fd);
	void *data;
};

/* NULL: out of memory. */
struct gate *gate_new(const struct gate_config *config);
struct gate *gate_free(struct gate *g);

/* An order from VIEW_CREATE on and the descriptor that came with it (-1: none), which stays the
 * caller's. 0, GATE_E_VIOLATION or -ENOMEM. */
MUST_USE int gate_take(struct gate *g, const struct view_order *o, int fd, int64_t now_us);
const char *gate_reason(const struct gate *g);

/* 0: more orders are welcome. Else none for so many microseconds (there were too many), or
 * GATE_BUSY: not before the X server took what it has. */
int64_t gate_wait_us(struct gate *g, int64_t now_us);

bool gate_known(const struct gate *g, uint32_t window);
uint32_t gate_mapped(const struct gate *g);

/* Reports of the screen. */
void gate_on_placed(struct gate *g, uint32_t window, struct rect content);
void gate_on_imaged(struct gate *g);
void gate_on_screen(struct gate *g, const struct place_screen *screen, uint32_t frame);
