/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A cursor over bytes that somebody else wrote, and its writing twin.
 *
 * A read beyond the end returns zero and sticks (`bad`), so a decoder reads all its fields and asks
 * once. All wire integers of ours are little-endian (gui-protocol 0, qrexec-protocol 2).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const uint8_t *at;
	size_t left;
	bool bad;
};

static inline struct span span_over(const void *data, size_t size) {
	return (struct span){.at = data, .left = size};
}

/* The next n bytes, or NULL (and bad) if there are fewer. Zero bytes never fail. */
static inline const uint8_t *span_take(struct span *s, size_t n) {
	const uint8_t *p = s->at;

	if (s->bad || n > s->left) {
		s->bad = true;
		return NULL;
	}
	if (n > 0)
		s->at += n;
	s->left -= n;
	return p;
}

static inline uint8_t span_u8(struct span *s) {
	const uint8_t *p = span_take(s, 1);

	return p ? p[0] : 0;
}

static inline uint16_t span_u16(struct span *s) {
	const uint8_t *p = span_take(s, 2);

	return p ? (uint16_t)(p[0] | p[1] << 8) : 0;
}

static inline uint32_t span_u32(struct span *s) {
	const uint8_t *p = span_take(s, 4);

	return p ? (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
			       (uint32_t)p[3] << 24
		 : 0;
}

static inline int32_t span_i32(struct span *s) {
	return (int32_t)span_u32(s);
}

static inline uint64_t span_u64(struct span *s) {
	uint64_t low = span_u32(s);

	return low | (uint64_t)span_u32(s) << 32;
}

/* Everything was read, nothing is left over. */
static inline bool span_done(const struct span *s) {
	return !s->bad && s->left == 0;
}

struct sink {
	uint8_t *at;
	size_t left;
	bool bad;
};

static inline struct sink sink_over(void *data, size_t size) {
	return (struct sink){.at = data, .left = size};
}

static inline void sink_bytes(struct sink *s, const void *data, size_t n) {
	if (s->bad || n > s->left) {
		s->bad = true;
		return;
	}
	if (n > 0)
		memcpy(s->at, data, n);
	s->at += n;
	s->left -= n;
}

static inline void sink_u32(struct sink *s, uint32_t v) {
	uint8_t b[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};

	sink_bytes(s, b, sizeof(b));
}

static inline void sink_i32(struct sink *s, int32_t v) {
	sink_u32(s, (uint32_t)v);
}

static inline void sink_u64(struct sink *s, uint64_t v) {
	sink_u32(s, (uint32_t)v);
	sink_u32(s, (uint32_t)(v >> 32));
}

/* A fixed field of n bytes: the text, then zeros to its end, so that no memory of ours leaks
 * (bug classes D5, F2). Text longer than n - 1 bytes makes the sink bad. */
static inline void sink_text(struct sink *s, const char *text, size_t n) {
	size_t len = strlen(text);

	if (s->bad || n > s->left || len >= n) {
		s->bad = true;
		return;
	}
	memset(s->at, 0, n);
	memcpy(s->at, text, len);
	s->at += n;
	s->left -= n;
}
