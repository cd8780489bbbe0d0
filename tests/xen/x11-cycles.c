/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests: windows that come, change their size and go, a few at a time; each step waits for what
 * the other side did through everything between. (No titles: those are rationed.)
 *
 *   x11-cycles program COUNT   in a domain: opens a window; when it was made larger, makes it a
 *                              little higher itself; destroys it when it is told to close
 *   x11-cycles person COUNT    at the admin's screen: makes each window larger when it is shown,
 *                              and closes it when it has become higher still
 */
#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT_ONCE 10
#define GROWTH  40 /* by the person */
#define MORE    7  /* by the program */

struct open {
	Window id; /* None: free */
	int width, height;
	bool grown;
};

static Display *d;
static Window root;
static Atom protocols, delete_window, client_list;
static struct open windows[AT_ONCE];
static int opened, closed, count;
static Window *seen; /* by the person, `opened` of them */

static struct open *find(Window id) {
	for (int i = 0; i < AT_ONCE; i++)
		if (windows[i].id == id)
			return &windows[i];
	return NULL;
}

static void open_next(struct open *w) {
	if (opened == count)
		return;
	w->width = 120 + opened % 80;
	w->height = 60 + opened % 60;
	w->grown = false;
	opened++;
	w->id = XCreateSimpleWindow(
		d, root, 0, 0, (unsigned)w->width, (unsigned)w->height, 0, 0, 0x3366cc);
	XSelectInput(d, w->id, StructureNotifyMask);
	XSetWMProtocols(d, w->id, &delete_window, 1);
	XMapWindow(d, w->id);
}

static void program_event(struct open *w, const XEvent *e) {
	if (e->type == ConfigureNotify && !w->grown && e->xconfigure.height >= w->height + GROWTH) {
		w->grown = true;
		XResizeWindow(d, w->id, (unsigned)(w->width + GROWTH),
			(unsigned)(w->height + GROWTH + MORE));
	} else if (e->type == ClientMessage) {
		XDestroyWindow(d, w->id);
	} else if (e->type == DestroyNotify) {
		closed++;
		w->id = None;
		open_next(w);
	}
}

/* The list still has one that is gone for a moment. */
static bool was_seen(Window id) {
	for (int i = 0; i < opened; i++)
		if (seen[i] == id)
			return true;
	return false;
}

static void show_new(Window id) {
	struct open *w = find(None);
	XWindowAttributes a;

	if (!w || opened == count)
		errx(1, "more windows than were opened");
	*w = (struct open){.id = id};
	seen[opened++] = id;
	XSelectInput(d, id, StructureNotifyMask);
	XGetWindowAttributes(d, id, &a);
	w->width = a.width;
	w->height = a.height;
	XResizeWindow(d, id, (unsigned)(a.width + GROWTH), (unsigned)(a.height + GROWTH));
}

/* What the window manager lists. */
static void look_at_list(void) {
	unsigned long n = 0, left;
	unsigned char *data = NULL;
	Atom type;
	int format;

	XGetWindowProperty(
		d, root, client_list, 0, 64, False, XA_WINDOW, &type, &format, &n, &left, &data);
	for (unsigned long i = 0; i < n; i++) {
		Window id = ((Window *)(void *)data)[i];

		if (!was_seen(id))
			show_new(id);
	}
	if (data)
		XFree(data);
}

static void person_event(struct open *w, const XEvent *e) {
	XEvent order = {
		.xclient = {.type = ClientMessage, .message_type = protocols, .format = 32}};

	if (e->type == ConfigureNotify && !w->grown &&
		e->xconfigure.height >= w->height + GROWTH + MORE) {
		w->grown = true;
		order.xclient.window = w->id;
		order.xclient.data.l[0] = (long)delete_window;
		XSendEvent(d, w->id, False, NoEventMask, &order);
	} else if (e->type == DestroyNotify) {
		closed++;
		w->id = None;
	}
}

int main(int argc, char **argv) {
	bool person = argc == 3 && !strcmp(argv[1], "person");

	count = argc == 3 ? (int)strtol(argv[2], NULL, 10) : 0;
	if (count < 1 || !(seen = calloc((size_t)count, sizeof(*seen))))
		errx(2, "usage: x11-cycles program|person COUNT");
	d = XOpenDisplay(NULL);
	if (!d)
		errx(1, "no X server");
	root = DefaultRootWindow(d);
	protocols = XInternAtom(d, "WM_PROTOCOLS", False);
	delete_window = XInternAtom(d, "WM_DELETE_WINDOW", False);
	client_list = XInternAtom(d, "_NET_CLIENT_LIST", False);
	if (person) {
		XSelectInput(d, root, PropertyChangeMask);
		look_at_list();
	}
	for (int i = 0; !person && i < AT_ONCE; i++)
		open_next(&windows[i]);
	while (closed < count) {
		struct open *w;
		XEvent e;

		XNextEvent(d, &e);
		w = e.xany.window == root ? NULL : find(e.xany.window);
		if (w)
			person ? person_event(w, &e) : program_event(w, &e);
		else if (person && e.type == PropertyNotify && e.xproperty.atom == client_list)
			look_at_list();
	}
	printf("%d windows opened, %d closed\n", opened, closed);
	return 0;
}
