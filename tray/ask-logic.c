/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/ask-logic.h"

#include "common/text-filter.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static void restart(struct ask_arming *a, int64_t now_us) {
	a->armed = false;
	a->due = a->focused ? now_us + ASK_QUIET_US : 0;
}

void ask_arming_focus(struct ask_arming *a, bool focused, int64_t now_us) {
	a->focused = focused;
	a->awake = false;
	restart(a, now_us);
}

enum ask_key ask_arming_key(struct ask_arming *a, int64_t now_us) {
	enum ask_key key = !a->awake ? ASK_KEY_DEAD : a->armed ? ASK_KEY_LIVES : ASK_KEY_MOVES;

	restart(a, now_us);
	return key;
}

void ask_arming_hurry(struct ask_arming *a, int64_t now_us) {
	if (!a->armed)
		restart(a, now_us);
}

bool ask_arming_tick(struct ask_arming *a, int64_t now_us) {
	if (!a->due || now_us < a->due)
		return false;
	a->due = 0;
	a->awake = a->armed = true;
	return true;
}

static int place_of(const struct ask_question *q, const char *text) {
	for (size_t i = 0; i < q->target_count; i++)
		if (!strcmp(q->targets[i].text, text))
			return (int)i;
	return -1;
}

void ask_question_read(const struct broker_msg *m, struct ask_question *ret) {
	*ret = (struct ask_question){.id = m->id,
		.source = m->texts[0],
		.service = m->texts[1],
		.argument = m->texts[2],
		.asked = m->texts[3],
		.rule = m->texts[4],
		.source_label = m->texts[5]};
	for (uint32_t i = 6; i + 3 <= m->count; i += 3)
		ret->targets[ret->target_count++] = (struct ask_target){
			m->texts[i], m->texts[i + 1], m->texts[i + 2]};
	if (m->value > 0 && m->value <= ret->target_count)
		ret->preselected = (int)m->value - 1;
	else if (ret->target_count == 1)
		ret->preselected = 0;
	else
		ret->preselected = place_of(ret, ret->asked);
}

bool ask_choice_possible(const struct ask_question *q, int target, enum broker_choice choice) {
	if (target < 0 || (size_t)target >= q->target_count)
		return false;
	if (choice == BROKER_ALWAYS)
		return q->targets[target].rule[0];
	return choice > BROKER_DENY && choice < BROKER_CHOICES;
}

enum broker_choice ask_allow(
	const struct ask_question *q, bool armed, int target, enum broker_choice choice) {
	return armed && ask_choice_possible(q, target, choice) ? choice : BROKER_DENY;
}

unsigned ask_match(const char *typed, const char *name) {
	size_t n = strlen(typed);

	if (!strncasecmp(typed, name, n))
		return name[n] ? 2 : 3;
	return strcasestr(name, typed) ? 1 : 0;
}

const char *ask_domain(const char *target, bool *ret_disposable) {
	static const char prefix[] = "@dispvm:";

	*ret_disposable = !strncmp(target, prefix, sizeof(prefix) - 1);
	return *ret_disposable ? target + sizeof(prefix) - 1 : target;
}

/* Bytes of the character at `at`, as far as they look like UTF-8; text_filter judges them. */
static size_t character(const char *at) {
	unsigned char c = (unsigned char)*at;
	size_t n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;

	for (size_t i = 1; i < n; i++)
		if (((unsigned char)at[i] & 0xc0) != 0x80)
			return 1;
	return n;
}

/* One character as it is shown, and how many places that takes. */
static size_t show(const char *at, size_t n, char out[static 20]) {
	char passed[8];

	if (*at == '\\') {
		memcpy(out, "\\\\", 3);
		return 2;
	}
	if (text_filter(at, n, passed, sizeof(passed)) == n && !memcmp(passed, at, n)) {
		memcpy(out, at, n);
		out[n] = 0;
		return 1;
	}
	for (size_t i = 0; i < n; i++)
		snprintf(out + 4 * i, 5, "\\x%02x", (unsigned char)at[i]);
	return 4 * n;
}

bool ask_escape(const char *untrusted_text, size_t most, char *ret, size_t size) {
	static const char more[] = "…";
	size_t used = 0, places = 0;

	while (*untrusted_text) {
		char out[20];
		size_t n = character(untrusted_text), wide = show(untrusted_text, n, out);

		if (places + wide > most || used + strlen(out) + sizeof(more) > size) {
			if (used + sizeof(more) <= size)
				memcpy(ret + used, more, sizeof(more));
			else
				ret[used] = 0;
			return true;
		}
		memcpy(ret + used, out, strlen(out));
		used += strlen(out);
		places += wide;
		untrusted_text += n;
	}
	ret[used] = 0;
	return false;
}
