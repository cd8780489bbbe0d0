/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/domain-state.h"

#define DO   ANSWER_DO
#define DONE ANSWER_DONE
#define WAIT ANSWER_WAIT
#define NO   ANSWER_NO

static const enum domain_answer answers[REQUEST_COUNT][DOMAIN_STATE_COUNT] = {
	/*                   stopped starting running paused stopping failed */
	[REQUEST_START] = {DO, WAIT, DONE, NO, NO, DO},
	[REQUEST_STOP] = {DONE, DO, DO, DO, WAIT, DONE},
	[REQUEST_KILL] = {DONE, DO, DO, DO, DO, DONE},
	[REQUEST_PAUSE] = {NO, NO, DO, DONE, NO, NO},
	[REQUEST_UNPAUSE] = {NO, NO, DONE, DO, NO, NO},
	[REQUEST_RUN] = {NO, NO, DO, NO, NO, NO},
	[REQUEST_SET] = {DO, NO, NO, NO, NO, DO},
	[REQUEST_REMOVE] = {DO, NO, NO, NO, NO, DO},
};

enum domain_answer domain_may(enum domain_request r, enum domain_state s) {
	return answers[r][s];
}

bool domain_may_become(enum domain_state from, enum domain_state to) {
	static const unsigned char next[DOMAIN_STATE_COUNT] = {
		[DOMAIN_STOPPED] = 1 << DOMAIN_STARTING,
		[DOMAIN_STARTING] = 1 << DOMAIN_RUNNING | 1 << DOMAIN_STOPPING |
				    1 << DOMAIN_STOPPED | 1 << DOMAIN_FAILED | 1 << DOMAIN_PAUSED,
		[DOMAIN_RUNNING] = 1 << DOMAIN_PAUSED | 1 << DOMAIN_STOPPING | 1 << DOMAIN_STOPPED |
				   1 << DOMAIN_FAILED,
		[DOMAIN_PAUSED] = 1 << DOMAIN_RUNNING | 1 << DOMAIN_STOPPING | 1 << DOMAIN_STOPPED |
				  1 << DOMAIN_FAILED,
		[DOMAIN_STOPPING] = 1 << DOMAIN_STOPPED | 1 << DOMAIN_FAILED,
		[DOMAIN_FAILED] = 1 << DOMAIN_STARTING,
	};

	return next[from] >> to & 1;
}

const char *domain_state_name(enum domain_state s) {
	static const char *const names[DOMAIN_STATE_COUNT] = {
		"stopped", "starting", "running", "paused", "stopping", "failed"};

	return names[s];
}

const char *domain_request_name(enum domain_request r) {
	static const char *const names[REQUEST_COUNT] = {
		"start", "stop", "kill", "pause", "unpause", "run", "set", "remove"};

	return names[r];
}
