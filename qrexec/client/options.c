/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qrexec/client/options.h"
#include "qrexec/lib/defaults.h"

#include <getopt.h>
#include <glib.h>
#include <stdio.h>

#define BUFFER_MAX (1u << 20)

enum { OPT_BUFFER = 256, OPT_ONE_SOCKET, OPT_NO_FILTER_OUT, OPT_NO_FILTER_ERR, OPT_VCHAN };

static const char usage[] =
	"usage: qrexec-client-vm [options] TARGET SERVICE[+ARGUMENT] [PROGRAM [ARGUMENTS]]\n"
	"TARGET: a domain, @default, @adminvm, @dispvm or @dispvm:DOMAIN\n"
	"  -t, -T                     keep only printable characters of stdout, stderr\n"
	"      --no-filter-escape-chars-stdout, --no-filter-escape-chars-stderr\n"
	"  -a, --agent-socket=PATH    where the agent listens\n"
	"  -p, --prefix-data=TEXT     sent before anything else\n"
	"  -s, --source-qube=DOMAIN   on whose behalf, for a relay\n"
	"      --buffer-size=BYTES    of the data channel\n"
	"      --use-stdin-socket     stdin is a socket for both directions\n"
	"      --vchan=SPEC           how to reach other domains\n";

static int take_size(const char *text, size_t *ret) {
	guint64 v;

	if (!g_ascii_string_to_unsigned(text, 10, 1, BUFFER_MAX, &v, NULL)) {
		fprintf(stderr, "qrexec-client-vm: --buffer-size is 1 to %u bytes\n", BUFFER_MAX);
		return 1;
	}
	*ret = v;
	return 0;
}

static int take(int option, struct client_options *o) {
	switch (option) {
	case 't':
		o->filter_out = FILTER_ON;
		return 0;
	case 'T':
		o->filter_err = FILTER_ON;
		return 0;
	case OPT_NO_FILTER_OUT:
		o->filter_out = FILTER_OFF;
		return 0;
	case OPT_NO_FILTER_ERR:
		o->filter_err = FILTER_OFF;
		return 0;
	case 'a':
		o->agent_socket = optarg;
		return 0;
	case 'p':
		o->prefix = optarg;
		return 0;
	case 's':
		o->source = optarg;
		return 0;
	case OPT_BUFFER:
		return take_size(optarg, &o->buffer_size);
	case OPT_ONE_SOCKET:
		o->one_socket = true;
		return 0;
	case OPT_VCHAN:
		o->vchan = optarg;
		return 0;
	default:
		fputs(usage, stderr);
		return 1;
	}
}

int client_options_parse(int argc, char **argv, struct client_options *ret) {
	static const struct option options[] = {{"agent-socket", required_argument, NULL, 'a'},
		{"prefix-data", required_argument, NULL, 'p'},
		{"source-qube", required_argument, NULL, 's'},
		{"buffer-size", required_argument, NULL, OPT_BUFFER},
		{"use-stdin-socket", no_argument, NULL, OPT_ONE_SOCKET},
		{"filter-escape-chars-stdout", no_argument, NULL, 't'},
		{"filter-escape-chars-stderr", no_argument, NULL, 'T'},
		{"no-filter-escape-chars-stdout", no_argument, NULL, OPT_NO_FILTER_OUT},
		{"no-filter-escape-chars-stderr", no_argument, NULL, OPT_NO_FILTER_ERR},
		{"vchan", required_argument, NULL, OPT_VCHAN}, {NULL, 0, NULL, 0}};
	struct client_options o = {.source = ""};
	int option;

	while ((option = getopt_long(argc, argv, "+tTa:p:s:", options, NULL)) != -1)
		if (take(option, &o))
			return 1;
	if (argc - optind < 2) {
		fputs(usage, stderr);
		return 1;
	}
	o.target = argv[optind];
	o.service = argv[optind + 1];
	o.program = argc - optind > 2 ? argv + optind + 2 : NULL;
	o.vchan = o.vchan ? o.vchan : default_vchan();
	o.agent_socket = o.agent_socket ? o.agent_socket : default_agent_socket();
	*ret = o;
	return 0;
}
