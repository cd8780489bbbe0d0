/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The names that we use on the X server. */
#define X11_ATOMS(X)                                                                               \
	X(WM_PROTOCOLS)                                                                            \
	X(WM_DELETE_WINDOW)                                                                        \
	X(WM_STATE)                                                                                \
	X(WM_CHANGE_STATE)                                                                         \
	X(UTF8_STRING)                                                                             \
	X(MANAGER)                                                                                 \
	X(_NET_WM_PING)                                                                            \
	X(_NET_WM_PID)                                                                             \
	X(_NET_WM_NAME)                                                                            \
	X(_NET_WM_ICON_NAME)                                                                       \
	X(_NET_WM_ICON)                                                                            \
	X(_NET_WM_STATE)                                                                           \
	X(_NET_WM_STATE_FULLSCREEN)                                                                \
	X(_NET_WM_STATE_MAXIMIZED_VERT)                                                            \
	X(_NET_WM_STATE_MAXIMIZED_HORZ)                                                            \
	X(_NET_WM_STATE_DEMANDS_ATTENTION)                                                         \
	X(_NET_WM_STATE_HIDDEN)                                                                    \
	X(_NET_WM_USER_TIME)                                                                       \
	X(_NET_SUPPORTING_WM_CHECK)                                                                \
	X(_NET_WORKAREA)                                                                           \
	X(_NET_CURRENT_DESKTOP)                                                                    \
	X(_NET_CLIENT_LIST)                                                                        \
	X(_NET_SYSTEM_TRAY_OPCODE)                                                                 \
	X(_XEMBED_INFO)                                                                            \
	X(_XKB_RULES_NAMES)                                                                        \
	X(_QUBES_LABEL)                                                                            \
	X(_QUBES_LABEL_COLOR)                                                                      \
	X(_QUBES_VMNAME)                                                                           \
	X(_QUBES_VMWINDOWID)                                                                       \
	X(_BULKHEAD_TRUSTED)                                                                       \
	X(_BULKHEAD_PATTERN)

enum x11_atom {
#define X11_ATOM_ENUM(name) ATOM_##name,
	X11_ATOMS(X11_ATOM_ENUM)
#undef X11_ATOM_ENUM
		ATOM_TRAY_SELECTION, /* _NET_SYSTEM_TRAY_Sn of our screen */
	ATOM_COUNT
};

/* The name of an atom; NULL for ATOM_TRAY_SELECTION, which depends on the screen. */
const char *x11_atom_name(enum x11_atom atom);
