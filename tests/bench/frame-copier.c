/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two-copy floor of the frame path (docs/performance.md): one process that shows a window of
 * one X server on another, with nothing of what isolation costs. Damage -> ShmGetImage into a
 * shared segment -> ShmPutImage from it; keys go back by XTEST.
 *
 * usage: frame-copier SOURCE-DISPLAY SOURCE-WINDOW SINK-DISPLAY WIDTH HEIGHT; prints "ready" when
 * its window is mapped at 0,0.
 */
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/XShm.h>
#include <X11/extensions/XTest.h>
#include <X11/extensions/Xdamage.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/shm.h>

struct copier {
	Display *source, *sink;
	Window from, to;
	XImage *get, *put;
	XShmSegmentInfo get_info, put_info;
	GC gc;
	Damage damage;
	int damage_event;
	bool dirty, putting;
};

static XImage *image_new(Display *d, XShmSegmentInfo *info, unsigned w, unsigned h, int shmid) {
	XImage *image = XShmCreateImage(
		d, DefaultVisual(d, DefaultScreen(d)), 24, ZPixmap, NULL, info, w, h);

	info->shmid = shmid;
	info->shmaddr = image->data = shmat(shmid, NULL, 0);
	info->readOnly = False;
	XShmAttach(d, info);
	XSync(d, False);
	return image;
}

static void copier_step(struct copier *c) {
	XEvent e;

	while (XPending(c->source)) {
		XNextEvent(c->source, &e);
		if (e.type == c->damage_event)
			c->dirty = true;
	}
	while (XPending(c->sink)) {
		XNextEvent(c->sink, &e);
		if (e.type == XShmGetEventBase(c->sink) + ShmCompletion)
			c->putting = false;
		else if (e.type == Expose)
			c->dirty = true;
		else if (e.type == KeyPress || e.type == KeyRelease)
			XTestFakeKeyEvent(c->source, e.xkey.keycode, e.type == KeyPress, 0);
	}
	XFlush(c->source);
	if (!c->dirty || c->putting)
		return;
	c->dirty = false;
	c->putting = true;
	XDamageSubtract(c->source, c->damage, None, None);
	XShmGetImage(c->source, c->from, c->get, 0, 0, AllPlanes);
	XShmPutImage(c->sink, c->to, c->gc, c->put, 0, 0, 0, 0, (unsigned)c->put->width,
		(unsigned)c->put->height, True);
	XFlush(c->sink);
}

int main(int argc, char **argv) {
	struct copier c = {0};
	XSetWindowAttributes wa = {.override_redirect = True,
		.event_mask = KeyPressMask | KeyReleaseMask | ExposureMask};
	unsigned w, h;
	int error_base, shmid;

	if (argc != 6 || !(c.source = XOpenDisplay(argv[1])) || !(c.sink = XOpenDisplay(argv[3])))
		return 2;
	c.from = strtoul(argv[2], NULL, 0);
	w = (unsigned)strtoul(argv[4], NULL, 10);
	h = (unsigned)strtoul(argv[5], NULL, 10);
	if (!XDamageQueryExtension(c.source, &c.damage_event, &error_base))
		return 2;
	c.damage_event += XDamageNotify;
	shmid = shmget(IPC_PRIVATE, (size_t)w * h * 4, IPC_CREAT | 0600);
	c.get = image_new(c.source, &c.get_info, w, h, shmid);
	c.put = image_new(c.sink, &c.put_info, w, h, shmid);
	shmctl(shmid, IPC_RMID, NULL);
	c.damage = XDamageCreate(c.source, c.from, XDamageReportNonEmpty);
	c.to = XCreateWindow(c.sink, DefaultRootWindow(c.sink), 0, 0, w, h, 0, CopyFromParent,
		InputOutput, NULL, CWOverrideRedirect | CWEventMask, &wa);
	c.gc = XCreateGC(c.sink, c.to, 0, NULL);
	XMapRaised(c.sink, c.to);
	XSync(c.sink, False);
	XSetInputFocus(c.sink, c.to, RevertToPointerRoot, CurrentTime);
	XSync(c.sink, False);
	XSetInputFocus(c.source, c.from, RevertToPointerRoot, CurrentTime);
	XSync(c.source, False);
	puts("ready");
	fflush(stdout);
	for (;;) {
		struct pollfd fds[] = {{ConnectionNumber(c.source), POLLIN, 0},
			{ConnectionNumber(c.sink), POLLIN, 0}};

		copier_step(&c);
		if (!XPending(c.source) && !XPending(c.sink) && !(c.dirty && !c.putting))
			poll(fds, 2, -1);
	}
}
