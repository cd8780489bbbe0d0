/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The picture of all domains from JSON: {"domains": {NAME: {"type": ..., "tags": [...], ...}}},
 * also inside a "system_info" object. For the command line and for tests; the policy library itself
 * reads no JSON.
 */
#include "policy/system.h"

#include <json-glib/json-glib.h>

/* NULL with *error set if the JSON is none or is no such picture. */
struct policy_system *policy_system_from_json(JsonNode *node, GError **error);
struct policy_system *policy_system_from_file(const char *path, GError **error);
