/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policy text of today, as the file of a folder and as what it includes. */
#include "fuzz-policy-check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	const char *text = size ? (const char *)data : "#";
	size_t len = size ? size : 1;
	const struct memory_file files[] = {{"p/main.policy", text, len}, {"p/inc", text, len}};

	check_texts(files, 2);
	return 0;
}
