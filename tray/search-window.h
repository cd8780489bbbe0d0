/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* One line to type into, and what fits: applications, windows, domains, actions. */
#include "tray/tray.h"

struct search_window *search_window_new(struct tray *t);
void search_window_show(struct search_window *s);
/* The domain goes away, or (NULL) all applications do: nothing that is listed may point there. */
void search_window_drop(struct search_window *s, const struct model_domain *d);
/* Something may be found that was not there, or not any more: looked for again, soon. */
void search_window_again(struct search_window *s);
struct search_window *search_window_free(struct search_window *s);
