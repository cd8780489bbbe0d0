/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * GLib's messages as plain lines on stderr: no control character of anybody reaches a terminal or a
 * log, and nothing is opened for it (a confined process could not).
 */
void log_use(const char *program, const char *about);
