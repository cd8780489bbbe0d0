/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/notification.h"

#include "common/text-filter.h"

int notification_decode(struct span in, struct notification *ret) {
	uint32_t magic = span_u32(&in), app = span_u32(&in), title = span_u32(&in),
		 body = span_u32(&in);
	const uint8_t *a, *t, *b;

	if (in.bad || app > NOTIFICATION_APP_MAX || title > NOTIFICATION_TITLE_MAX ||
		body > NOTIFICATION_BODY_MAX)
		return NOTIFICATION_E_LENGTH;
	if (magic != NOTIFICATION_MAGIC)
		return NOTIFICATION_E_MAGIC;
	a = span_take(&in, app);
	t = span_take(&in, title);
	b = span_take(&in, body);
	if (!span_done(&in))
		return NOTIFICATION_E_LENGTH;
	if (title == 0 && body == 0)
		return NOTIFICATION_E_EMPTY;
	text_filter((const char *)a, app, ret->app, sizeof(ret->app));
	text_filter((const char *)t, title, ret->title, sizeof(ret->title));
	text_filter((const char *)b, body, ret->body, sizeof(ret->body));
	return 0;
}

/* At most max bytes, without the beginning of a character at the end. */
static uint32_t cut(const char *text, size_t max) {
	size_t n = strnlen(text, max + 1);

	if (n <= max)
		return (uint32_t)n;
	n = max;
	while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	return (uint32_t)n;
}

static uint8_t *put_u32(uint8_t *to, uint32_t v) {
	for (unsigned i = 0; i < 4; i++)
		to[i] = (uint8_t)(v >> (8 * i));
	return to + 4;
}

size_t notification_encode(
	const char *app, const char *title, const char *body, uint8_t ret[NOTIFICATION_MAX]) {
	const char *const texts[] = {app, title, body};
	const uint32_t sizes[] = {cut(app, NOTIFICATION_APP_MAX),
		cut(title, NOTIFICATION_TITLE_MAX), cut(body, NOTIFICATION_BODY_MAX)};
	uint8_t *to = put_u32(ret, NOTIFICATION_MAGIC);

	for (unsigned i = 0; i < 3; i++)
		to = put_u32(to, sizes[i]);
	for (unsigned i = 0; i < 3; i++) {
		memcpy(to, texts[i], sizes[i]);
		to += sizes[i];
	}
	return (size_t)(to - ret);
}
