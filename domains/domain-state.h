/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What may be asked of a domain in which state. A table; knows nothing else. */
#include "common/cleanup.h"

#include <stdbool.h>

enum domain_state {
	DOMAIN_STOPPED,
	DOMAIN_STARTING,
	DOMAIN_RUNNING,
	DOMAIN_PAUSED,
	DOMAIN_STOPPING,
	DOMAIN_FAILED, /* like stopped, and there is a reason */
	DOMAIN_STATE_COUNT
};

enum domain_request {
	REQUEST_START,
	REQUEST_STOP,
	REQUEST_KILL,
	REQUEST_PAUSE,
	REQUEST_UNPAUSE,
	REQUEST_RUN,
	REQUEST_SET, /* change a property that a running domain cannot change */
	REQUEST_REMOVE,
	REQUEST_COUNT
};

enum domain_answer {
	ANSWER_DO,
	ANSWER_DONE, /* nothing to do: it is so already */
	ANSWER_WAIT, /* under way already: the end of that is the answer */
	ANSWER_NO
};

enum domain_answer domain_may(enum domain_request r, enum domain_state s);

/* May a backend's report take a domain from one state to the other? */
bool domain_may_become(enum domain_state from, enum domain_state to);

const char *domain_state_name(enum domain_state s);
const char *domain_request_name(enum domain_request r);
