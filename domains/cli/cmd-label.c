/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `bulkhead label list`. Asks nobody: the labels are built in. */
#include "domains/cli/cli.h"

#include "common/label.h"

#include <stdio.h>
#include <string.h>

static void print_json(void) {
	g_autoptr(GVariant) list = NULL;
	GVariantBuilder b;

	g_variant_builder_init(&b, G_VARIANT_TYPE("aa{sv}"));
	for (size_t i = 0; i < label_count; i++) {
		g_autofree char *color = g_strdup_printf("#%06x", (unsigned)labels[i].rgb);
		const char *pattern = label_pattern_name(labels[i].pattern);

		g_variant_builder_open(&b, G_VARIANT_TYPE_VARDICT);
		g_variant_builder_add(&b, "{sv}", "index", g_variant_new_uint32(labels[i].index));
		g_variant_builder_add(&b, "{sv}", "name", g_variant_new_string(labels[i].name));
		g_variant_builder_add(&b, "{sv}", "color", g_variant_new_string(color));
		g_variant_builder_add(&b, "{sv}", "pattern", g_variant_new_string(pattern));
		g_variant_builder_close(&b);
	}
	list = g_variant_ref_sink(g_variant_builder_end(&b));
	cli_print_json(list);
}

int cmd_label(int argc, char **argv) {
	gboolean json = FALSE;
	GOptionEntry entries[] = {
		{"json", 0, 0, G_OPTION_ARG_NONE, &json, "for programs", NULL}, {NULL}};

	if (!cli_options(&argc, &argv, entries, "list", "The labels there are.", false))
		return CLI_USAGE;
	if (argc != 2 || strcmp(argv[1], "list")) {
		fprintf(stderr, "usage: bulkhead label list [--json]\n");
		return CLI_USAGE;
	}
	if (json) {
		print_json();
		return CLI_OK;
	}
	printf("%-8s %-8s %s\n", "NAME", "COLOUR", "PATTERN");
	for (size_t i = 0; i < label_count; i++)
		printf("%-8s #%06x  %s\n", labels[i].name, (unsigned)labels[i].rgb,
			label_pattern_name(labels[i].pattern));
	return CLI_OK;
}
