/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-daemon/domain.h"

#include "common/text-filter.h"
#include "gui-daemon/channel.h"
#include "gui-daemon/gate.h"
#include "gui-daemon/input.h"
#include "gui-daemon/manager.h"
#include "gui-daemon/x11-view.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#define REPORTS_MAX     (1u << 20)  /* what a decoder may leave unread */
#define MOTION_BACKLOG  (32u << 10) /* beyond it pointer motion is left out */
#define CHORD_MODIFIERS 5           /* Shift and Control, until the desk says otherwise */
#define REFUSALS_TOLD   64          /* an honest decoder has fewer to tell */

/* What take_orders answers besides a gate's answers and -errno: the decoder said that it is over.
 */
#define DECODER_OVER    2

struct domain {
	struct options options;
	struct x11 *x11;
	struct gate *gate;
	struct channel *decoder;
	struct input input;
	struct manager *manager;
	uint32_t chord_window; /* where the person pressed the last chord */
	/* The clipboard's request that the decoder owes an answer. */
	uint32_t clip_number;
	bool clip_asked;
	uint32_t told_windows;
	bool told_focus, told_image, started, connected;
	unsigned refusals;
	int status;
	const struct domain_user *user;
	void *data;
};

static void tell(struct domain *d, const char *what, const char *consequence) {
	char text[CTL_TEXT_SIZE];

	snprintf(text, sizeof(text), "%s: %s%s", d->options.name.s, what, consequence);
	fprintf(stderr, "bulkhead-gui-daemon: %s\n", text);
	manager_tell(d->manager, CTL_GUI_REFUSED, 0, text);
}

static void over(struct domain *d, int status) {
	d->status = status;
	d->user->on_over(d->data);
}

/* To the decoder. */

static void report_with(struct domain *d, const struct view_report *r, int fd) {
	uint8_t bytes[VIEW_PACKET_MAX];
	size_t size = view_encode_report(r, bytes, sizeof(bytes));

	if (size > 0) /* what the X server made up is none of the domain's */
		channel_put(d->decoder, bytes, size, fd);
}

static void report(struct domain *d, enum view_type type, uint32_t window) {
	struct view_report r = {.type = type, .window = window};

	report_with(d, &r, -1);
}

static void send_input(void *data, const struct gui_from_daemon *m) {
	struct domain *d = data;
	struct view_report r = {.type = VIEW_INPUT, .window = m->window, .input = *m};

	if (m->type == GUI_MOTION && channel_backlog(d->decoder) > MOTION_BACKLOG)
		return;
	report_with(d, &r, -1);
}

static void report_screen(
	struct domain *d, const struct place_screen *usable, const struct ext_monitors *monitors) {
	struct view_report r = {.type = VIEW_SCREEN};

	r.screen.frame = x11_view_frame(d->x11);
	r.screen.depth = x11_view_depth(d->x11);
	r.screen.monitors = *monitors;
	memcpy(r.screen.usable, usable->usable, sizeof(r.screen.usable));
	report_with(d, &r, -1);
}

static void report_keyboard(struct domain *d, const struct ext_keyboard *k) {
	struct view_report r = {.type = VIEW_KEYBOARD, .keyboard = *k};

	report_with(d, &r, -1);
}

/* Of the screen. */

static void on_x11_input(void *data, const struct gui_from_daemon *m) {
	struct domain *d = data;

	if (m->type != GUI_KEYMAP_NOTIFY && !gate_known(d->gate, m->window))
		return;
	if (m->type == GUI_WINDOW_FLAGS || m->type == GUI_MAP || m->type == GUI_CLOSE)
		send_input(d, m);
	else
		input_on_event(&d->input, m);
}

static void on_x11_placed(void *data, uint32_t window, struct rect content) {
	struct domain *d = data;
	struct view_report r = {.type = VIEW_PLACED, .window = window, .placed = content};

	gate_on_placed(d->gate, window, content);
	report_with(d, &r, -1);
}

static void on_x11_imaged(void *data, uint32_t window) {
	struct domain *d = data;

	gate_on_imaged(d->gate);
	report(d, VIEW_IMAGED, window);
}

static void on_x11_destroyed(void *data, uint32_t window) {
	struct domain *d = data;

	input_forget(&d->input, window);
	report(d, VIEW_DESTROYED, window);
}

static void on_x11_painted(void *data, uint32_t window) {
	struct domain *d = data;

	report(d, VIEW_PAINTED, window);
	if (d->told_image)
		return;
	d->told_image = true;
	manager_tell(d->manager, CTL_GUI_FIRST_IMAGE, 0, NULL);
}

static void on_x11_screen(
	void *data, const struct place_screen *usable, const struct ext_monitors *monitors) {
	struct domain *d = data;

	gate_on_screen(d->gate, usable, x11_view_frame(d->x11));
	report_screen(d, usable, monitors);
}

static void on_x11_keyboard(void *data, const struct ext_keyboard *keyboard) {
	report_keyboard(data, keyboard);
}

static void tell_focus(struct domain *d) {
	if (d->input.focused == d->told_focus)
		return;
	d->told_focus = d->input.focused;
	manager_tell(d->manager, CTL_GUI_FOCUS, d->told_focus, NULL);
}

static void on_x11_turn(void *data) {
	tell_focus(data);
}

static void on_x11_chord(void *data, uint32_t window, unsigned what) {
	struct domain *d = data;

	if (!d->input.focused || d->input.focus != window || !input_keys_allowed(&d->input))
		return;
	d->chord_window = window;
	tell_focus(d); /* the manager hears of the focus before the chord */
	manager_tell(d->manager, CTL_CLIP_CHORD, what, NULL);
}

static void on_x11_lost(void *data) {
	struct domain *d = data;

	fprintf(stderr, "bulkhead-gui-daemon: %s: the X server ended\n", d->options.name.s);
	over(d, 1);
}

static const struct x11_listener x11_listener = {
	.on_input = on_x11_input,
	.on_placed = on_x11_placed,
	.on_imaged = on_x11_imaged,
	.on_destroyed = on_x11_destroyed,
	.on_painted = on_x11_painted,
	.on_screen = on_x11_screen,
	.on_keyboard = on_x11_keyboard,
	.on_chord = on_x11_chord,
	.on_turn = on_x11_turn,
	.on_lost = on_x11_lost,
};

static void refocus(void *data, uint32_t window) {
	x11_view_refocus(((struct domain *)data)->x11, window);
}

/* Of the decoder: what came through the gate. */

static void on_gate(void *data, const struct view_order *o, int fd) {
	struct domain *d = data;
	uint32_t w = o->window;

	switch ((int)o->type) {
	case VIEW_CREATE:
		x11_view_create(d->x11, w, o->create.at, o->create.popup);
		break;
	case VIEW_DESTROY:
		x11_view_destroy(d->x11, w);
		break;
	case VIEW_MAP:
		x11_view_map(d->x11, w, &o->map, d->input.focused);
		break;
	case VIEW_UNMAP:
		x11_view_unmap(d->x11, w);
		break;
	case VIEW_PLACE:
		x11_view_place(d->x11, w, o->place);
		break;
	case VIEW_DOCK:
		x11_view_dock(d->x11, w);
		break;
	case VIEW_TITLE:
		x11_view_title(d->x11, w, o->untrusted_title);
		break;
	case VIEW_CLASS:
		x11_view_class(d->x11, w, o->class.untrusted_class, o->class.untrusted_name);
		break;
	case VIEW_HINTS:
		x11_view_hints(d->x11, w, &o->hints);
		break;
	case VIEW_FLAGS:
		x11_view_flags(d->x11, w, o->flags);
		break;
	case VIEW_CURSOR:
		x11_view_cursor(d->x11, w, o->glyph);
		break;
	case VIEW_IMAGE:
		x11_view_image(d->x11, w, o->image.size, fd, o->image.page);
		break;
	case VIEW_DROP_IMAGE:
		x11_view_drop_image(d->x11, w);
		break;
	default:
		x11_view_paint(d->x11, w, o->area);
		break;
	}
}

/* Of the decoder: what is for the manager. */

static void on_ready(struct domain *d) {
	if (!d->started)
		manager_tell(d->manager, CTL_GUI_STARTED, 0, NULL);
	d->started = true;
}

static void on_connected(struct domain *d, uint32_t minor) {
	if (!d->connected)
		manager_tell(d->manager, CTL_GUI_CONNECTED, minor, NULL);
	d->connected = true;
}

static void on_refused(struct domain *d, const struct view_order *o) {
	char text[CTL_TEXT_SIZE];

	if (d->refusals++ >= REFUSALS_TOLD)
		return;
	text_filter(o->untrusted_refused, sizeof(o->untrusted_refused), text, sizeof(text));
	tell(d, text, "");
}

/* An answer that nobody waits for may be late, and is dropped. */
static void on_clip_said(struct domain *d, const struct view_said *said, int fd) {
	char line[CTL_TEXT_SIZE];

	if (!d->clip_asked || said->number != d->clip_number)
		return;
	d->clip_asked = false;
	text_filter(said->untrusted_line, sizeof(said->untrusted_line), line, sizeof(line));
	manager_tell_fd(d->manager, said->what, said->number, line, said->text ? fd : -1);
}

static int on_order(struct domain *d, const struct view_order *o, int fd) {
	switch ((int)o->type) {
	case VIEW_READY:
		on_ready(d);
		return 0;
	case VIEW_CONNECTED:
		on_connected(d, o->minor);
		return 0;
	case VIEW_REFUSED:
		on_refused(d, o);
		return 0;
	case VIEW_CLIP_SAID:
		on_clip_said(d, &o->said, fd);
		return 0;
	case VIEW_END:
		return DECODER_OVER;
	default:
		return gate_take(d->gate, o, fd, g_get_monotonic_time());
	}
}

/* The descriptor is the last message's. */
static int take_orders(void *data, struct span packet, int *fd) {
	struct domain *d = data;
	struct view_order o;
	int r = 0;

	while (r == 0 && packet.left > 0) {
		if (view_decode_order(&packet, &o))
			return -EPROTO;
		r = on_order(d, &o, packet.left == 0 ? *fd : -1);
	}
	return r;
}

static int64_t wait_us(void *data) {
	struct domain *d = data;

	return x11_view_busy(d->x11) ? CHANNEL_BUSY : gate_wait_us(d->gate, g_get_monotonic_time());
}

static void on_decoder_turn(void *data) {
	struct domain *d = data;
	uint32_t mapped = gate_mapped(d->gate);

	if (mapped == d->told_windows)
		return;
	d->told_windows = mapped;
	manager_tell(d->manager, CTL_GUI_WINDOWS, mapped, NULL);
}

static void tell_end(struct domain *d, int why) {
	static const char ended[] = ": connection ended";

	if (why == GATE_E_VIOLATION)
		tell(d, gate_reason(d->gate), ": the process that reads its messages was ended");
	else if (why == CHANNEL_E_CLOSED)
		tell(d, "the process that reads its messages ended", ended);
	else if (why == CHANNEL_E_FULL)
		tell(d, "the process that reads its messages does not read what it is told", ended);
	else if (why == -EPROTO || why == -EMSGSIZE)
		tell(d, "the process that reads its messages said nonsense", ended);
	else if (why < 0)
		tell(d, strerror(-why), ended);
}

static void on_decoder_end(void *data, int why) {
	struct domain *d = data;

	if (why == CHANNEL_E_CLOSED && !d->started) { /* it has told why itself */
		over(d, 1);
		return;
	}
	tell_end(d, why);
	manager_tell(d->manager, CTL_GUI_AGENT_GONE, 0, NULL);
	over(d, 0);
}

static const struct channel_user channel_user = {
	take_orders, wait_us, on_decoder_turn, on_decoder_end};

/* Of the manager. */

static void ask_clip(struct domain *d, const struct ctl_msg *m, int fd) {
	struct view_report r = {.type = VIEW_CLIP_ASK, .window = d->chord_window};

	r.asked = (struct view_asked){m->type, m->value, fd >= 0};
	d->clip_asked = m->type != CTL_CLIP_CANCEL;
	d->clip_number = m->value;
	report_with(d, &r, fd);
}

/* Still in the window where the person pressed the chord (bug class B2)? */
static bool focus_stayed(const struct domain *d) {
	return d->input.focused && d->input.focus == d->chord_window &&
	       input_keys_allowed(&d->input);
}

static void on_put(struct domain *d, const struct ctl_msg *m, int fd) {
	if (focus_stayed(d))
		ask_clip(d, m, fd);
	else
		manager_tell(d->manager, CTL_CLIP_FAILED, m->value,
			"another window got the focus meanwhile: press the keys again");
}

static void on_manager(void *data, const struct ctl_msg *m, int fd) {
	struct domain *d = data;

	switch ((int)m->type) {
	case CTL_CLIP_GET:
	case CTL_CLIP_CANCEL:
		ask_clip(d, m, -1);
		break;
	case CTL_CLIP_LOOK:
		ask_clip(d, m, fd);
		break;
	case CTL_CLIP_PUT:
	case CTL_CLIP_PUT_RAW:
		on_put(d, m, fd);
		break;
	case CTL_COPY_KEY:
		x11_view_set_chord(d->x11, CTL_CHORD_COPY, ctl_chord_unpack(m->value));
		break;
	case CTL_PASTE_KEY:
		x11_view_set_chord(d->x11, CTL_CHORD_PASTE, ctl_chord_unpack(m->value));
		break;
	case CTL_SCREEN_LOCKED:
		input_set_screen_locked(&d->input, m->value != 0);
		break;
	case CTL_HIDE_ALL:
		input_set_hidden(&d->input, m->value != 0);
		x11_view_hide_all(d->x11, m->value != 0);
		break;
	case CTL_KEYBOARD_LOCK:
		input_set_keyboard_lock(&d->input, m->value);
		break;
	case CTL_PAUSED:
		x11_view_paused(d->x11, m->value != 0);
		break;
	case CTL_LAUNCHED:
		x11_view_launched(d->x11);
		break;
	case CTL_SCREEN_CHANGED:
		x11_view_refresh_screen(d->x11);
		break;
	default: /* what is not for this daemon */
		break;
	}
}

/* Life. */

static int open_view(struct domain *d) {
	const struct options *o = &d->options;
	struct x11_config config = {.domain = o->name.s,
		.label = o->label,
		.letter = o->letter,
		.frame = o->frame,
		.fullscreen_allowed = o->fullscreen_allowed,
		.flash_ms = (unsigned)o->flash_ms};
	const char *why = NULL;
	int r = x11_view_new(&config, &x11_listener, d, &why, &d->x11);

	if (r) {
		fprintf(stderr, "bulkhead-gui-daemon: %s: cannot show windows: %s\n", o->name.s,
			why ? why : strerror(-r));
		return r;
	}
	x11_view_set_chord(d->x11, CTL_CHORD_COPY, (struct ctl_chord){'c', CHORD_MODIFIERS});
	x11_view_set_chord(d->x11, CTL_CHORD_PASTE, (struct ctl_chord){'v', CHORD_MODIFIERS});
	return 0;
}

/* The decoder waits for what the screen is, in one packet. */
static int open_gate(struct domain *d) {
	struct gate_config config = {.popups_allowed = d->options.popups_allowed,
		.frame = x11_view_frame(d->x11),
		.order = on_gate,
		.data = d};
	struct input_config input = {.domain_id = (uint32_t)d->options.domain_id,
		.send = send_input,
		.refocus = refocus,
		.data = d};
	struct ext_monitors monitors;
	struct ext_keyboard keyboard;

	x11_view_screen(d->x11, &config.screen, &monitors, &keyboard);
	input_init(&d->input, &input);
	d->gate = gate_new(&config);
	if (!d->gate)
		return -ENOMEM;
	report_screen(d, &config.screen, &monitors);
	report_keyboard(d, &keyboard);
	channel_flush(d->decoder);
	return 0;
}

int domain_new(const struct options *options, int decoder, const struct domain_user *user,
	void *data, struct domain **ret) {
	struct domain *d = g_new0(struct domain, 1);
	int r;

	d->options = *options;
	d->user = user;
	d->data = data;
	d->manager = manager_new(options->ctl_fd, on_manager, d);
	d->decoder = channel_new(decoder, REPORTS_MAX, &channel_user, d);
	r = open_view(d);
	if (!r)
		r = open_gate(d);
	if (r) {
		domain_free(d);
		return r;
	}
	*ret = d;
	return 0;
}

struct domain *domain_free(struct domain *d) {
	if (!d)
		return NULL;
	channel_free(d->decoder);
	x11_view_free(d->x11);
	gate_free(d->gate);
	manager_free(d->manager);
	g_free(d);
	return NULL;
}

int domain_status(const struct domain *d) {
	return d->status;
}
