/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The qfile stream; see filecopy.h. */
#include "proto/filecopy.h"
#include "common/text-filter.h"

#include <errno.h>
#include <sys/stat.h>

enum { AT_HEADER, AT_NAME, AT_LINK, AT_ENTRY, AT_DATA, AT_FILE_END, AT_END, AT_BAD };

void filecopy_decoder_init(struct filecopy_decoder *d, unsigned flags) {
	memset(d, 0, sizeof(*d));
	d->flags = flags;
}

/* Only characters that may stand on a desktop unchanged (bug class F6). */
static bool is_showable(const char *text, size_t len) {
	char shown[FILECOPY_NAME_MAX];

	return text_filter(text, len, shown, sizeof(shown)) == len && !memcmp(text, shown, len);
}

static bool is_dots(const char *part, size_t len) {
	return (len == 1 && part[0] == '.') || (len == 2 && part[0] == '.' && part[1] == '.');
}

int filecopy_check_name(const char *name, size_t len, unsigned flags) {
	size_t start = 0;

	if (len == 0 || memchr(name, 0, len))
		return EILSEQ;
	if (len >= FILECOPY_NAME_MAX)
		return ENAMETOOLONG;
	for (size_t i = 0; i <= len; i++) {
		if (i < len && name[i] != '/')
			continue;
		if (i == start || is_dots(name + start, i - start))
			return EILSEQ;
		start = i + 1;
	}
	return (flags & FILECOPY_ALL_NAMES) || is_showable(name, len) ? 0 : EILSEQ;
}

/* A link stays inside the first folder of its name: as many leading ".." as folders lie between,
 * and none later, so that what stands in the middle cannot lead further up. */
int filecopy_check_link(const char *name, const char *target, size_t len, unsigned flags) {
	size_t depth = 1, ups = 0, start = 0;
	bool leading = true;

	for (; *name; name++)
		depth += *name == '/';
	if (depth < 2 || len == 0 || target[0] == '/' || memchr(target, 0, len))
		return ENOLINK;
	if (len >= FILECOPY_NAME_MAX)
		return ENAMETOOLONG;
	for (size_t i = 0; i <= len; i++) {
		size_t part = i - start;

		if (i < len && target[i] != '/')
			continue;
		if (part == 2 && !memcmp(target + start, "..", 2)) {
			if (!leading || ++ups > depth - 2)
				return ENOLINK;
		} else if (part > 0 && !is_dots(target + start, part)) {
			leading = false;
		}
		start = i + 1;
	}
	return (flags & FILECOPY_ALL_NAMES) || is_showable(target, len) ? 0 : EILSEQ;
}

static enum filecopy_event bad(struct filecopy_decoder *d, int error) {
	d->error = error;
	d->state = AT_BAD;
	return FILECOPY_BAD;
}

/* Fills `into` up to `want` bytes; true when it is full. */
static bool gather(struct filecopy_decoder *d, struct span *in, uint8_t *into, size_t want) {
	size_t n = want - d->have < in->left ? want - d->have : in->left;
	const uint8_t *p = span_take(in, n);

	if (p && n)
		memcpy(into + d->have, p, n);
	d->have += n;
	if (d->have < want)
		return false;
	d->have = 0;
	return true;
}

static bool header_is_end(const uint8_t *header) {
	static const uint8_t zero[FILECOPY_HEADER_SIZE];

	return !memcmp(header, zero, sizeof(zero));
}

static int take_time(struct span *in, struct filecopy_time *ret) {
	ret->sec = span_u32(in);
	ret->nsec = span_u32(in);
	return ret->nsec > 999999999 ? EINVAL : 0;
}

static int take_kind(uint32_t mode, enum filecopy_kind *ret) {
	if (S_ISREG(mode))
		*ret = FILECOPY_FILE;
	else if (S_ISDIR(mode))
		*ret = FILECOPY_DIR;
	else if (S_ISLNK(mode))
		*ret = FILECOPY_LINK;
	else
		return EINVAL;
	return 0;
}

/* 0, or the errno value of the refusal. */
static int on_header(struct filecopy_decoder *d) {
	struct span in = span_over(d->header, sizeof(d->header));
	struct filecopy_entry *e = &d->entry;
	uint32_t mode;
	uint64_t size;

	d->field_len = span_u32(&in);
	mode = span_u32(&in);
	size = span_u64(&in);
	if (d->field_len > FILECOPY_NAME_MAX)
		return ENAMETOOLONG;
	if (d->field_len == 0 || size > INT64_MAX || take_kind(mode, &e->kind) ||
		take_time(&in, &e->atime) || take_time(&in, &e->mtime))
		return EINVAL;
	if (e->kind == FILECOPY_LINK && (size == 0 || size >= FILECOPY_NAME_MAX))
		return size ? ENAMETOOLONG : ENOLINK;
	e->perm = (uint16_t)(mode & 0777);
	d->left = e->kind == FILECOPY_DIR ? 0 : size;
	e->size = e->kind == FILECOPY_FILE ? size : 0;
	if (d->files_max && ++d->files > d->files_max)
		return EDQUOT;
	if (d->bytes_max && (e->size > d->bytes_max - d->bytes))
		return EDQUOT;
	d->bytes += d->bytes_max ? e->size : 0;
	return 0;
}

static int on_name(struct filecopy_decoder *d) {
	size_t len = d->field_len;
	int answer;

	if (d->field[len - 1] == 0)
		len--;
	if (len >= FILECOPY_NAME_MAX)
		return ENAMETOOLONG;
	answer = filecopy_check_name((const char *)d->field, len, d->flags);
	if (answer)
		return answer;
	memcpy(d->entry.name, d->field, len);
	d->entry.name[len] = 0;
	d->entry.link[0] = 0;
	return 0;
}

static int on_link(struct filecopy_decoder *d) {
	size_t len = (size_t)d->left;
	int answer = filecopy_check_link(d->entry.name, (const char *)d->field, len, d->flags);

	if (answer)
		return answer;
	memcpy(d->entry.link, d->field, len);
	d->entry.link[len] = 0;
	return 0;
}

static enum filecopy_event step_data(
	struct filecopy_decoder *d, struct span *in, struct span *data) {
	size_t n = d->left < in->left ? (size_t)d->left : in->left;

	if (n == 0)
		return FILECOPY_MORE;
	*data = span_over(span_take(in, n), n);
	d->left -= n;
	if (d->left == 0)
		d->state = AT_FILE_END;
	return FILECOPY_DATA;
}

/* After the entry was told: a file has data, the others are whole. */
static int state_after(const struct filecopy_decoder *d) {
	if (d->entry.kind != FILECOPY_FILE)
		return AT_HEADER;
	return d->left ? AT_DATA : AT_FILE_END;
}

enum filecopy_event filecopy_step(struct filecopy_decoder *d, struct span *in, struct span *data) {
	int answer = 0;

	while (!answer) {
		switch (d->state) {
		case AT_HEADER:
			if (!gather(d, in, d->header, sizeof(d->header)))
				return FILECOPY_MORE;
			d->state = header_is_end(d->header) ? AT_END : AT_NAME;
			if (d->state == AT_NAME)
				answer = on_header(d);
			break;
		case AT_NAME:
			if (!gather(d, in, d->field, d->field_len))
				return FILECOPY_MORE;
			answer = on_name(d);
			d->state = d->entry.kind == FILECOPY_LINK ? AT_LINK : AT_ENTRY;
			break;
		case AT_LINK:
			if (!gather(d, in, d->field, (size_t)d->left))
				return FILECOPY_MORE;
			answer = on_link(d);
			d->state = AT_ENTRY;
			break;
		case AT_ENTRY:
			d->state = state_after(d);
			return FILECOPY_ENTRY;
		case AT_DATA:
			return step_data(d, in, data);
		case AT_FILE_END:
			d->state = AT_HEADER;
			return FILECOPY_FILE_END;
		case AT_END:
			return FILECOPY_END;
		default:
			return FILECOPY_BAD;
		}
	}
	return bad(d, answer);
}
