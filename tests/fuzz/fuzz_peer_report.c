// SPDX-License-Identifier: BSD-2-Clause
/*
 * Any octets as a peer report. An accepted report is read to its end and written again. The new
 * report has the same content.
 * Links: user/peer/peer_report_codec.c
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "peer/peer_report_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t max)
{
	assert(strlen(text) <= max);
	for (; *text; text++)
		assert(*text >= 0x20 && *text < 0x7f);
}

static void write_again(struct peer_report *report)
{
	enum peer_report_signature signature = report->signature_type;
	struct peer_report_instance inst;
	struct peer_report_writer rw;
	struct peer_report again;
	uint8_t buf[PEER_REPORT_MAX], count = report->count;
	size_t len, signed_len;

	assert(peer_report_begin(&rw, buf, sizeof(buf), &report->head, signature) == 0);
	for (uint8_t i = 0; i < count; i++) {
		assert(peer_report_next(report, &inst));
		check_text(inst.reason, PEER_REPORT_REASON_MAX);
		assert(peer_report_add(&rw, &inst) == 0);
	}
	assert(!peer_report_next(report, &inst));
	len = peer_report_end(&rw, report->head.more, signature, &signed_len);
	assert(signed_len <= report->signed_len); /* without parts of a later version */
	assert(peer_report_parse(&again, buf, len) == PEER_REPORT_OK);
	assert(again.count == count && again.head.sequence == report->head.sequence);
	assert(again.head.more == report->head.more && again.head.part == report->head.part);
	assert(strcmp(again.head.name, report->head.name) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct peer_report report;
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	if (peer_report_parse(&report, copy, size) == PEER_REPORT_OK) {
		assert(size <= PEER_REPORT_MAX);
		check_text(report.head.name, PEER_REPORT_NAME_MAX);
		check_text(report.head.version, PEER_REPORT_VERSION_MAX);
		assert(report.signed_len + 2 + report.signature_len == size);
		write_again(&report);
	}
	free(copy);
	return 0;
}
