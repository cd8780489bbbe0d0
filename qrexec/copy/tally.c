/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qrexec/copy/tally.h"
#include "proto/filecopy.h"

#include <errno.h>
#include <libdeflate.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

int tally_init(struct tally *t, bool digest) {
	*t = (struct tally){0};
	if (!digest)
		return 0;
	t->digest = EVP_MD_CTX_new();
	if (!t->digest || !EVP_DigestInit_ex(t->digest, EVP_sha256(), NULL)) {
		tally_deinit(t);
		return -ENOMEM;
	}
	return 0;
}

void tally_reset(struct tally *t) {
	*t = (struct tally){.digest = t->digest};
	if (t->digest)
		EVP_DigestInit_ex(t->digest, EVP_sha256(), NULL);
}

void tally_wire(struct tally *t, const void *data, size_t size) {
	t->crc = libdeflate_crc32(t->crc, data, size);
}

void tally_data(struct tally *t, const void *data, size_t size) {
	t->at += size;
	if (t->digest)
		EVP_DigestUpdate(t->digest, data, size);
}

void tally_entry(struct tally *t, const uint8_t *encoded, size_t size) {
	uint8_t header[FILECOPY_HEADER_SIZE];

	memcpy(header, encoded, sizeof(header));
	memset(header + FILECOPY_ATIME_AT, 0, FILECOPY_ATIME_SIZE);
	tally_data(t, header, sizeof(header));
	tally_data(t, encoded + sizeof(header), size - sizeof(header));
}

void tally_end(struct tally *t) {
	uint8_t mark[FILECOPY_HEADER_SIZE];

	filecopy_encode_end(mark);
	tally_data(t, mark, sizeof(mark));
}

void tally_digest_now(const struct tally *t, uint8_t ret[TALLY_DIGEST]) {
	EVP_MD_CTX *now = t->digest ? EVP_MD_CTX_new() : NULL;
	unsigned char sum[EVP_MAX_MD_SIZE];

	memset(ret, 0, TALLY_DIGEST);
	if (now && EVP_MD_CTX_copy_ex(now, t->digest) && EVP_DigestFinal_ex(now, sum, NULL))
		memcpy(ret, sum, TALLY_DIGEST);
	EVP_MD_CTX_free(now);
}

void tally_digest(struct tally *t, uint8_t ret[TALLY_DIGEST]) {
	unsigned char sum[EVP_MAX_MD_SIZE];

	memset(ret, 0, TALLY_DIGEST);
	if (t->digest && EVP_DigestFinal_ex(t->digest, sum, NULL))
		memcpy(ret, sum, TALLY_DIGEST);
}

void tally_digest_text(const uint8_t digest[TALLY_DIGEST], char ret[TALLY_DIGEST_TEXT]) {
	static const uint8_t none[TALLY_DIGEST];

	ret[0] = 0;
	if (!memcmp(digest, none, sizeof(none)))
		return;
	for (unsigned i = 0; i < TALLY_DIGEST; i++)
		snprintf(ret + 2 * i, 3, "%02x", digest[i]);
}

void tally_deinit(struct tally *t) {
	EVP_MD_CTX_free(t->digest);
	t->digest = NULL;
}

bool tally_wants_digest(void) {
	const char *v = getenv("BULKHEAD_COPY_DIGEST");

	return !v || strcmp(v, "0") != 0;
}
