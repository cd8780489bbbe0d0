/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qrexec/copy/tally.h"

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

void tally_add(struct tally *t, const void *data, size_t size) {
	t->crc = libdeflate_crc32(t->crc, data, size);
	if (t->digest)
		EVP_DigestUpdate(t->digest, data, size);
}

void tally_digest(struct tally *t, char ret[TALLY_DIGEST_TEXT]) {
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	ret[0] = 0;
	if (!t->digest || !EVP_DigestFinal_ex(t->digest, sum, &len))
		return;
	for (unsigned i = 0; i < len && i < 32; i++)
		snprintf(ret + 2 * i, 3, "%02x", sum[i]);
}

void tally_deinit(struct tally *t) {
	EVP_MD_CTX_free(t->digest);
	t->digest = NULL;
}

bool tally_wants_digest(void) {
	const char *v = getenv("BULKHEAD_COPY_DIGEST");

	return !v || strcmp(v, "0") != 0;
}
