/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* `bulkhead policy ... --json` as a child process: its answer comes later, read as JSON. */
#include <gio/gio.h>
#include <json-glib/json-glib.h>

#define POLICY_CLI_OUTPUT_MAX (8 * 1024 * 1024)

/* root: NULL if there was no JSON; error: then a sentence for the person. Not called once the
 * cancellable was cancelled. */
typedef void (*policy_cli_answer)(void *user, JsonNode *root, const char *error);

/* arguments: after "bulkhead policy", NULL at the end. input: its standard input; NULL: none. */
void policy_cli_run(const char *const *arguments, GBytes *input, GCancellable *cancel,
	policy_cli_answer answer, void *user);
/* Members of an object, "" or 0 if there is none of that type. */
const char *policy_json_text(JsonObject *o, const char *key);
gint64 policy_json_number(JsonObject *o, const char *key);
/* NULL if there is none. */
JsonArray *policy_json_array(JsonNode *root, const char *key);
