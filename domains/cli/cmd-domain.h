/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The listings of `bulkhead domain`. */

int cmd_domain_list(int argc, char **argv);
int cmd_domain_show(int argc, char **argv);
int cmd_domain_log(int argc, char **argv);
