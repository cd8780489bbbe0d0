/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The local backend's connection to bulkhead-hv: one a process, for vchans and pages. */
struct hv_link;

/* Owns it from now on; an earlier one is closed, and with it the pages it shared. */
void vchan_local_set_link(struct hv_link *link);
struct hv_link *vchan_local_link(void);
