/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* For tests: what a domain that was taken over may try, one function each. */
#include "tests/hostile/wire.h"

#define ATTACK_FIRST 100

struct attack {
	const char *name;
	void (*run)(struct wire *w, char **arguments); /* NULL-terminated */
	bool greets_itself;                            /* plays with the handshake */
	uint32_t ring;                                 /* bytes each way; 0: 65536 */
	uint32_t windows; /* ids from ATTACK_FIRST on that go before it is played again */
};

extern const struct attack attacks_on_protocol[], attacks_on_windows[], attacks_on_memory[],
	attacks_on_second_port[], agents_of_others[];

/* A number of the arguments, or what is used where there is none. */
uint32_t attack_number(char **arguments, unsigned i, uint32_t otherwise);
