/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-daemon/options.h"

#include "gui-daemon/place.h"
#include "proto/hv.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define FRAME_DEFAULT 4
#define FRAME_MAX     32

static const char help[] =
	"bulkhead-gui-daemon: shows the windows of one domain on this X display, each in its "
	"frame.\n"
	"Started by bulkheadd for every running domain; reads no configuration file.\n"
	"\n"
	"  --domain-id=N        the domain that runs the agent\n"
	"  --name=NAME          its name, shown in every title\n"
	"  --label=LABEL        its label: colour and pattern of the frames\n"
	"  --color=#RRGGBB      another colour than the label's\n"
	"  --pattern=PATTERN    another pattern than the label's\n"
	"  --letter=C           the letter on the icons (default: the name's first)\n"
	"  --vchan=SPEC         local:PATH, local-fd:N or xen\n"
	"  --ctl-fd=N           socket to the manager\n"
	"  --allow-fullscreen   windows may fill a monitor (the frame stays)\n"
	"  --flash=MS           the frame of a window that would like the focus flashes, with\n"
	"                       steps of so many milliseconds, 50 to 5000\n"
	"  --no-popups          every window is an ordinary one\n"
	"  --frame-width=PX     width of the frame at scale 1, 2 to 32 (default 4)\n";

enum {
	OPT_ID = 1,
	OPT_NAME,
	OPT_LABEL,
	OPT_COLOR,
	OPT_PATTERN,
	OPT_LETTER,
	OPT_VCHAN,
	OPT_CTL,
	OPT_FULLSCREEN,
	OPT_FLASH,
	OPT_NO_POPUPS,
	OPT_FRAME,
	OPT_VIEW,
	OPT_HELP
};

static const struct option long_options[] = {
	{"domain-id", required_argument, NULL, OPT_ID},
	{"name", required_argument, NULL, OPT_NAME},
	{"label", required_argument, NULL, OPT_LABEL},
	{"color", required_argument, NULL, OPT_COLOR},
	{"pattern", required_argument, NULL, OPT_PATTERN},
	{"letter", required_argument, NULL, OPT_LETTER},
	{"vchan", required_argument, NULL, OPT_VCHAN},
	{"ctl-fd", required_argument, NULL, OPT_CTL},
	{"allow-fullscreen", no_argument, NULL, OPT_FULLSCREEN},
	{"flash", required_argument, NULL, OPT_FLASH},
	{"no-popups", no_argument, NULL, OPT_NO_POPUPS},
	{"frame-width", required_argument, NULL, OPT_FRAME},
	{"view-fd", required_argument, NULL, OPT_VIEW},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

static int wrong(const char *option, const char *value, const char *expected) {
	fprintf(stderr, "bulkhead-gui-daemon: --%s=%s: %s\n", option, value, expected);
	return 2;
}

static int number(const char *text, int base, long low, long high, long *ret) {
	char *rest;
	long v;

	errno = 0;
	v = strtol(text, &rest, base);
	if (errno || rest == text || *rest || v < low || v > high)
		return 1;
	*ret = v;
	return 0;
}

static int set_color(struct options *o, const char *value) {
	long rgb;

	if (value[0] != '#' || strlen(value) != 7 || value[1] == '-' || value[1] == '+' ||
		number(value + 1, 16, 0, 0xffffff, &rgb))
		return wrong("color", value, "#RRGGBB is expected");
	o->label.rgb = (uint32_t)rgb;
	return 0;
}

static int set_number(const char *option, const char *value, long low, long high, int *ret) {
	char expected[64];
	long v;

	snprintf(expected, sizeof(expected), "a number from %ld to %ld is expected", low, high);
	if (number(value, 10, low, high, &v))
		return wrong(option, value, expected);
	*ret = (int)v;
	return 0;
}

static int set_name(struct options *o, const char *value) {
	int r = domain_name_parse(value, &o->name);

	return r ? wrong("name", value, domain_name_error(r)) : 0;
}

static int set_letter(struct options *o, const char *value) {
	if (strlen(value) != 1 || !strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", value[0]))
		return wrong("letter", value, "one of A-Z, 0-9 is expected");
	o->letter = value[0];
	return 0;
}

static int set_label(struct options *o, const char *value) {
	const struct label *l = label_by_name(value);

	if (!l)
		return wrong("label", value, "there is no such label");
	o->label.index = l->index;
	o->label.name = l->name;
	return 0;
}

static int set(struct options *o, int option, const char *value) {
	int frame, r = 0;

	switch (option) {
	case OPT_ID:
		return set_number("domain-id", value, 0, HV_DOMAIN_MAX, &o->domain_id);
	case OPT_NAME:
		return set_name(o, value);
	case OPT_LABEL:
		return set_label(o, value);
	case OPT_LETTER:
		return set_letter(o, value);
	case OPT_VCHAN:
		o->vchan = value;
		return 0;
	case OPT_CTL:
		return set_number("ctl-fd", value, 0, 1 << 20, &o->ctl_fd);
	case OPT_FULLSCREEN:
		o->fullscreen_allowed = true;
		return 0;
	case OPT_FLASH:
		return set_number("flash", value, 50, 5000, &o->flash_ms);
	case OPT_NO_POPUPS:
		o->popups_allowed = false;
		return 0;
	case OPT_FRAME:
		r = set_number("frame-width", value, PLACE_FRAME_MIN, FRAME_MAX, &frame);
		if (!r)
			o->frame = (unsigned)frame;
		return r;
	case OPT_VIEW: /* between its own two processes: no person gives it */
		return set_number("view-fd", value, 0, 1 << 20, &o->view_fd);
	case OPT_HELP:
		fputs(help, stdout);
		return 1;
	default:
		return 2; /* getopt has told what */
	}
}

/* What must be there, and what follows from it. */
static int finish(struct options *o, const char *color, const char *pattern) {
	const struct label *l = o->label.name ? label_by_name(o->label.name) : NULL;

	if (o->domain_id < 0 || !o->name.s[0] || !l || !o->vchan) {
		fputs("bulkhead-gui-daemon: --domain-id, --name, --label and --vchan are needed; "
		      "--help tells more\n",
			stderr);
		return 2;
	}
	o->label = *l;
	if (!o->letter) {
		char c = o->name.s[0];

		o->letter = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
	}
	if (pattern && label_pattern_parse(pattern, &o->label.pattern))
		return wrong("pattern", pattern, "there is no such pattern");
	return color ? set_color(o, color) : 0;
}

int options_parse(int argc, char **argv, struct options *ret) {
	struct options o = {.domain_id = -1,
		.ctl_fd = -1,
		.view_fd = -1,
		.popups_allowed = true,
		.frame = FRAME_DEFAULT};
	const char *color = NULL, *pattern = NULL;
	int c, r;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (c == OPT_COLOR) {
			color = optarg;
		} else if (c == OPT_PATTERN) {
			pattern = optarg;
		} else {
			r = set(&o, c, optarg);
			if (r)
				return r;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "bulkhead-gui-daemon: %s: not an option\n", argv[optind]);
		return 2;
	}
	r = finish(&o, color, pattern);
	if (!r)
		*ret = o;
	return r;
}
