/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A question on the screen. It cannot be typed through: "Allow" is dead until the window has had
 * the focus for a second without a key; whatever else happens to it is a no.
 */
#include "tray/ask-logic.h"

struct ask_dialog;

/* answer(data, target, choice) once; "" with BROKER_DENY. It may free the dialog. The question
 * is lent and stays until the dialog is freed. */
struct ask_dialog *ask_dialog_new(const struct ask_question *q, unsigned seconds,
	void (*answer)(void *data, const char *target, enum broker_choice choice), void *data);
struct ask_dialog *ask_dialog_free(struct ask_dialog *d);
