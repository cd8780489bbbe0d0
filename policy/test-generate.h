/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* For property tests and the benchmark: domains and policies from a seed. */
#include "policy/system.h"

#include <glib.h>

/* count domains d0, d1, ...: tags t0..t7, classes, every eighth a disposable template. */
struct policy_system *generate_system(guint count);

/* Rules for services s0..s<services-1> that use every word of the language. tokens: how many names
 * of domains occur. The caller frees the text. */
char *generate_policy(GRand *rand, guint rules, guint services, guint domains);

/* A domain of generate_system, sometimes one that does not exist; a word that a caller may write.
 */
char *generate_source(GRand *rand, guint domains);
char *generate_target(GRand *rand, guint domains);
