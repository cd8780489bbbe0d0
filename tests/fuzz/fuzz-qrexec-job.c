/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Input: what somebody writes to a fork server. */
#include "proto/qrexec.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct qrexec_msg m;
	size_t want;
	int r = qrexec_job_decode(span_over(data, size), &m, &want);

	if (want < QREXEC_JOB_HEADER || want > QREXEC_JOB_HEADER + QREXEC_COMMAND_MAX)
		abort();
	if (r == QREXEC_E_LENGTH && want <= size)
		abort();
	if (r == 0 && (strlen(m.command.text) != m.command.len || want != size))
		abort();
	return 0;
}
