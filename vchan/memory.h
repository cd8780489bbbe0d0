/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the memory backend's vchans and pages share: as which domain this process speaks now. */
int memory_domain(void);
