/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policy text of the 4.0 format: by !include-service, and as two files of !compat-4.0. */
#include "fuzz-policy-check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	const char *text = size ? (const char *)data : "#";
	size_t len = size ? size : 1;
	const struct memory_file files[] = {
		{"p/main.policy", "!include-service s.Svc +a inc\n!compat-4.0\n", 0},
		{"p/inc", text, len}, {"compat/s.Svc", text, len}, {"compat/s.Svc+a", text, len},
		{"compat/inc", "work mail ask", 0}};

	check_texts(files, 5);
	return 0;
}
