/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-daemon/x11-atoms.h"

static const char *const names[ATOM_COUNT] = {
#define X11_ATOM_NAME(name) [ATOM_##name] = #name,
	X11_ATOMS(X11_ATOM_NAME)
#undef X11_ATOM_NAME
};

const char *x11_atom_name(enum x11_atom atom) {
	return names[atom];
}
