/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the text of a definition's properties may be. Pure. */
#include <stdbool.h>

bool rule_name(const char *text);
bool rule_name_or_none(const char *text);
bool rule_line(const char *text);  /* UTF-8, one line, at most 1024 bytes */
bool rule_notes(const char *text); /* UTF-8, at most 4096 bytes */
bool rule_user(const char *text);
bool rule_tags(const char *text); /* at most 32 words of at most 31 characters, none twice */
bool rule_uuid(const char *text); /* lower case, or ""; not the admin domain's */
bool rule_pci(const char *text);

/* One entry of net_allow, "ADDRESS[/PREFIX][:PORT]", IPv6 in brackets. The address is copied to
 * address without brackets; prefix -1 for none; port 0 for all. */
#define NET_ADDRESS_MAX 46
bool rule_net_entry(
	const char *text, char address[NET_ADDRESS_MAX], bool *v6, int *prefix, unsigned *port);
bool rule_net_allow(const char *text);
