/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The qfile stream of qubes.Filecopy (docs/protocols/filecopy.md): a step machine that takes bytes
 * as they come and says what they mean. It opens nothing and computes no CRC; whoever feeds it
 * runs the CRC over the bytes that it consumed.
 */
#include "common/cleanup.h"
#include "common/span.h"

#define FILECOPY_HEADER_SIZE 32
#define FILECOPY_RESULT_SIZE 16
#define FILECOPY_NAME_MAX    16384u /* with its NUL */
#define FILECOPY_REPLY_MAX   (FILECOPY_RESULT_SIZE + 4 + FILECOPY_NAME_MAX)
#define FILECOPY_LONG_MAX    (FILECOPY_HEADER_SIZE + 2 * FILECOPY_NAME_MAX)

enum filecopy_kind { FILECOPY_FILE = 1, FILECOPY_DIR, FILECOPY_LINK };

struct filecopy_time {
	uint32_t sec, nsec; /* nsec 0..999999999: never UTIME_NOW or UTIME_OMIT (bug class F4) */
};

struct filecopy_entry {
	enum filecopy_kind kind;
	uint16_t perm; /* 0777 at most: setuid, setgid and sticky do not travel (F3) */
	uint64_t size; /* of a file, at most INT64_MAX; else 0 */
	struct filecopy_time atime, mtime;
	char name[FILECOPY_NAME_MAX]; /* relative, no empty, "." or ".." part, no trailing '/' */
	char link[FILECOPY_NAME_MAX]; /* of a link: points inside the top folder of its name */
};

/* What a step found. */
enum filecopy_event {
	FILECOPY_MORE = 1, /* everything consumed; give more */
	FILECOPY_ENTRY,    /* d->entry is a new file, folder or link */
	FILECOPY_DATA,     /* *data are bytes of the file d->entry */
	FILECOPY_FILE_END, /* the file d->entry is whole (also for one of size 0) */
	FILECOPY_END,      /* the end mark; nothing after it is read */
	FILECOPY_BAD       /* d->error: an errno value as the reply carries it */
};

enum {
	/* Names with other characters than text_filter leaves alone are refused; without this
	 * flag. */
	FILECOPY_ALL_NAMES = 1
};

struct filecopy_decoder {
	struct filecopy_entry entry;
	int error;
	unsigned flags;
	uint64_t bytes_max, files_max; /* 0: no limit */
	/* The rest is the machine's own. */
	int state;
	uint64_t bytes, files, left;
	uint32_t field_len;
	size_t have;
	uint8_t header[FILECOPY_HEADER_SIZE];
	uint8_t field[FILECOPY_NAME_MAX];
};

void filecopy_decoder_init(struct filecopy_decoder *d, unsigned flags);

/* One step; advances *in by what it consumed. */
MUST_USE enum filecopy_event filecopy_step(
	struct filecopy_decoder *d, struct span *in, struct span *data);

/* 0, or the errno value with which such a name (such a link at such a place) is refused. */
MUST_USE int filecopy_check_name(const char *name, size_t len, unsigned flags);
MUST_USE int filecopy_check_link(const char *name, const char *target, size_t len, unsigned flags);

/* Where the time of access stands in a header: reading a file changes it. */
#define FILECOPY_ATIME_AT   16
#define FILECOPY_ATIME_SIZE 8

/* Header, name and, of a link, its target. Returns the size, or 0 if it does not fit. */
size_t filecopy_encode_entry(const struct filecopy_entry *e, void *buf, size_t size);
void filecopy_encode_end(uint8_t ret[FILECOPY_HEADER_SIZE]);

/* The one reply at the end. */
#define FILECOPY_ERROR_EOF 31415926u

struct filecopy_result {
	uint32_t error; /* 0, an errno value, or FILECOPY_ERROR_EOF */
	uint32_t crc;
	char last[FILECOPY_NAME_MAX]; /* "" if none was told; any bytes but NUL */
};

/* The whole reply, up to its end of file. 0, or 1: not a reply. */
MUST_USE int filecopy_decode_result(struct span in, struct filecopy_result *ret);
size_t filecopy_encode_result(const struct filecopy_result *r, void *buf, size_t size);
