/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Draws into a window of one X server and watches a pixel of another: from the client's draw to the
 * pixel being readable. Whatever copies in between (the floor, ours, a peer) is somebody else's
 * process.
 *
 * usage: bench-frames SOURCE-DISPLAY SINK-DISPLAY WIDTH HEIGHT [X Y]
 * Makes its window on the source (title "bench-frames") and prints its id; then reads commands on
 * stdin, one a line: latency X Y FRAMES      60 draws a second; pixel X Y of the sink      ->
 * "latency p50 p99 (ms)" rate X Y SECONDS        closed loop                                   ->
 * "rate frames-per-second frames" key X Y FRAMES KEYCODE  XTEST key on the sink changes the colour
 * -> "key p50 p99 (ms)" quit The pointer of the sink must be elsewhere: a cursor under the pixel
 * would be read.
 */
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/XTest.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct bench {
	Display *source, *sink;
	Window window;
	GC gc;
	unsigned w, h;
	uint32_t color;
	int x, y;
};

static double now_ms(void) {
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void draw(struct bench *b) {
	/* Steps that never repeat a neighbour and never meet a label's colour by accident. */
	b->color = (b->color + 0x030507) & 0xffffff;
	XSetForeground(b->source, b->gc, b->color);
	XFillRectangle(b->source, b->window, b->gc, 0, 0, b->w, b->h);
	XFlush(b->source);
}

static uint32_t pixel(struct bench *b) {
	XImage *image = XGetImage(
		b->sink, DefaultRootWindow(b->sink), b->x, b->y, 1, 1, AllPlanes, ZPixmap);
	uint32_t p = 0xff000000;

	if (image) {
		p = (uint32_t)XGetPixel(image, 0, 0) & 0xffffff;
		XDestroyImage(image);
	}
	return p;
}

/* Draws on its own key events, as an application would. */
static void serve_source(struct bench *b) {
	while (XPending(b->source)) {
		XEvent e;

		XNextEvent(b->source, &e);
		if (e.type == KeyPress)
			draw(b);
		else if (e.type == Expose)
			XFillRectangle(b->source, b->window, b->gc, 0, 0, b->w, b->h);
	}
	XFlush(b->source);
}

static bool wait_pixel(struct bench *b, double deadline) {
	while (pixel(b) != b->color) {
		serve_source(b);
		if (now_ms() > deadline)
			return false;
	}
	return true;
}

static void sleep_until(double t) {
	struct timespec ts = {
		(time_t)(t / 1e3), (long)((t - 1e3 * (double)(time_t)(t / 1e3)) * 1e6)};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static void report(const char *name, double *ms, unsigned n, unsigned lost) {
	qsort(ms, n, sizeof(*ms), compare);
	if (n == 0)
		printf("%s none %u lost\n", name, lost);
	else
		printf("%s %.3f %.3f %u lost\n", name, ms[n / 2], ms[n * 99 / 100], lost);
	fflush(stdout);
}

static void latency(struct bench *b, unsigned frames, int keycode) {
	double *ms = calloc(frames, sizeof(*ms)), next = now_ms();
	unsigned n = 0, lost = 0;

	for (unsigned i = 0; i < frames; i++) {
		double begin;

		next += 1000.0 / 60 + (double)(i % 7) * 0.3;
		sleep_until(next);
		serve_source(b);
		begin = now_ms();
		if (keycode) {
			uint32_t before = b->color;

			XTestFakeKeyEvent(b->sink, (unsigned)keycode, True, 0);
			XTestFakeKeyEvent(b->sink, (unsigned)keycode, False, 0);
			XFlush(b->sink);
			while (b->color == before && now_ms() < begin + 1000) {
				struct pollfd fd = {ConnectionNumber(b->source), POLLIN, 0};

				poll(&fd, 1, 100);
				serve_source(b);
			}
		} else {
			draw(b);
		}
		if (wait_pixel(b, begin + 1000))
			ms[n++] = now_ms() - begin;
		else
			lost++;
		if (now_ms() > next)
			next = now_ms();
	}
	report(keycode ? "key" : "latency", ms, n, lost);
	free(ms);
}

static void rate(struct bench *b, double seconds) {
	double begin = now_ms(), end = begin + seconds * 1e3;
	unsigned n = 0;

	while (now_ms() < end) {
		draw(b);
		if (!wait_pixel(b, now_ms() + 1000))
			break;
		n++;
	}
	printf("rate %.1f %u\n", n / ((now_ms() - begin) / 1e3), n);
	fflush(stdout);
}

static void paint(struct bench *b, double seconds) {
	double next = now_ms(), end = next + seconds * 1e3;
	unsigned n = 0;

	for (; next < end; next += 1000.0 / 60, n++) {
		sleep_until(next);
		serve_source(b);
		draw(b);
	}
	printf("paint %u 0\n", n);
	fflush(stdout);
}

static void make_window(struct bench *b) {
	XEvent e;

	b->window = XCreateSimpleWindow(
		b->source, DefaultRootWindow(b->source), b->x, b->y, b->w, b->h, 0, 0, 0x102030);
	b->color = 0x102030;
	XSelectInput(b->source, b->window, ExposureMask | KeyPressMask | StructureNotifyMask);
	XStoreName(b->source, b->window, "bench-frames");
	b->gc = XCreateGC(b->source, b->window, 0, NULL);
	XMapWindow(b->source, b->window);
	do
		XNextEvent(b->source, &e);
	while (e.type != MapNotify);
	draw(b);
	printf("window 0x%lx\n", b->window);
	fflush(stdout);
}

int main(int argc, char **argv) {
	struct bench b = {0};
	char line[128];
	double n;
	int code;

	if ((argc != 5 && argc != 7) || !(b.source = XOpenDisplay(argv[1])) ||
		!(b.sink = XOpenDisplay(argv[2])))
		return 2;
	b.w = (unsigned)strtoul(argv[3], NULL, 10);
	b.h = (unsigned)strtoul(argv[4], NULL, 10);
	if (argc == 7) {
		b.x = (int)strtol(argv[5], NULL, 10);
		b.y = (int)strtol(argv[6], NULL, 10);
	}
	make_window(&b);
	for (;;) {
		struct pollfd fds[] = {{0, POLLIN, 0}, {ConnectionNumber(b.source), POLLIN, 0}};

		serve_source(&b);
		poll(fds, 2, -1);
		if (!fds[0].revents)
			continue;
		if (!fgets(line, sizeof(line), stdin) || !strcmp(line, "quit\n"))
			return 0;
		if (sscanf(line, "latency %d %d %lf", &b.x, &b.y, &n) == 3)
			latency(&b, (unsigned)n, 0);
		else if (sscanf(line, "rate %d %d %lf", &b.x, &b.y, &n) == 3)
			rate(&b, n);
		else if (sscanf(line, "paint %lf", &n) == 1)
			paint(&b, n);
		else if (sscanf(line, "key %d %d %lf %d", &b.x, &b.y, &n, &code) == 4)
			latency(&b, (unsigned)n, code);
	}
}
