/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A domain's windows as the daemon knows them: what the domain may do with each (gui-protocol 3.4,
 * 5.2, 5.3, 5.5), what the screen made of it, and what to tell either side. Knows neither vchan nor
 * X: messages to the agent go through `send`, orders for the screen through view.h.
 */
#include "common/quota.h"
#include "gui-daemon/place.h"
#include "gui-daemon/rate.h"
#include "proto/gui.h"

struct view;
struct windows;

/* What windows_on_message answers besides 0 and -errno: no honest agent does this; windows_reason
 * tells it in words. */
#define WINDOWS_E_VIOLATION   1

#define WINDOWS_MAX           1024u   /* windows on the screen */
#define WINDOWS_GHOSTS_MAX    8192u   /* beyond that: known, but never shown */
#define WINDOWS_PAGES_MAX     393216u /* four of the largest windows: 1.5 GiB */
#define WINDOWS_DUMPS_MAX     256u    /* images that the X server has not taken yet */
/* Windows made, destroyed, mapped, unmapped, docked: so many at once, so many a second. */
#define WINDOWS_CHANGES_BURST 4000u
#define WINDOWS_CHANGES_RATE  2000u
#define WINDOWS_DOCKED_MAX    16u

struct windows_config {
	struct view *view;
	struct place_screen screen;
	uint32_t frame;
	int domain_id;
	bool fullscreen_allowed, popups_allowed;
	/* To the agent. */
	void (*send)(void *data, const struct gui_from_daemon *m);
	/* To the person's log, once for each kind of refusal: what was limited. */
	void (*refused)(void *data, const char *what);
	void *data;
};

/* NULL: out of memory. */
struct windows *windows_new(const struct windows_config *config);
/* Destroys them all on the screen, too. */
struct windows *windows_free(struct windows *t);

/* A decoded message; minor is the negotiated version. */
MUST_USE int windows_on_message(struct windows *t, const struct gui_from_agent *m, unsigned minor);
const char *windows_reason(const struct windows *t);

/* 0: more messages are welcome. Else none for so many microseconds (the domain changed its windows
 * too often), or -1: not before the X server took what it has. */
int64_t windows_wait_us(struct windows *t, int64_t now_us);
/* Microseconds after which windows_tick has something to do; -1: never. */
int64_t windows_next_tick(struct windows *t, int64_t now_us);
void windows_tick(struct windows *t, int64_t now_us);

uint32_t windows_mapped(const struct windows *t);

/* Reports of the screen. */
void windows_on_placed(struct windows *t, uint32_t id, struct rect content);
void windows_on_imaged(struct windows *t, uint32_t id);
void windows_on_destroyed(struct windows *t, uint32_t id);
/* frame: its width from now on. */
void windows_on_screen(struct windows *t, const struct place_screen *screen, uint32_t frame);
/* Flags that the window manager changed, a map by the tray. */
void windows_on_report(struct windows *t, const struct gui_from_daemon *m);

bool windows_known(const struct windows *t, uint32_t id);
