/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <stdbool.h>
/* The listings of `bulkhead domain`. */

int cmd_domain_list(int argc, char **argv);
int cmd_domain_show(int argc, char **argv);
int cmd_domain_log(int argc, char **argv);

/* cmd-domain-snapshot.c */
int cmd_domain_snapshot(int argc, char **argv);
int cmd_domain_rollback(int argc, char **argv);
int cmd_domain_snapshots(int argc, char **argv);

/* cmd-domain-rules.c: tells the rules that name a domain which is no more. */
void domain_rules_left(const char *name);
/* Tells the rules that name a domain which is to be made, and asks the person at the terminal
 * unless that was done already. False: it is not to be made. */
bool domain_rules_accept(const char *name, bool asked);
