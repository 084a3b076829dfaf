// SPDX-License-Identifier: BSD-2-Clause
/*
 * Request lines of the control sockets: the first octet selects the socket, the rest is the line.
 * Links: user/control/peers_json.c user/bfd/bfd_codec.c
 * Links: user/control/record_json.c user/record/record.c
 * Links: user/peer/peer_report_rules.c user/control/reports_json.c
 * Links: user/control/takeover_json.c
 * Links: user/control/control_request.c user/control/status.c user/control/status_json.c
 * Links: user/control/check_json.c user/control/addresses_json.c
 * Links: user/control/bfd_json.c
 * Links: user/core/utf8.c user/core/addr.c user/vrrp/vrrp_step.c user/vrrp/vrrp_names.c
 * Links: user/control/json_put.c
 * Links: user/announce/announce_step.c user/health/health_step.c user/datapath/verdict_name.c
 * Links: user/core/json_read.c user/announce/service_step.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "control/control_request.h"

#define CHECK(what)                                                                                \
	do {                                                                                       \
		if (!(what))                                                                       \
			abort();                                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool read_only = size > 0 && data[0] & 1;
	struct control_request req;
	char *answer;
	int err;

	if (size == 0)
		return 0;
	err = control_request_parse((const char *)data + 1, size - 1, read_only, &req);
	CHECK(req.refused == (err != 0));
	CHECK(strnlen(req.instance, sizeof(req.instance)) < sizeof(req.instance));
	CHECK(strnlen(req.error, sizeof(req.error)) < sizeof(req.error));
	if (err == 0)
		CHECK(!read_only || control_verb_is_question(req.verb));
	answer = control_request_answer(&req);
	CHECK(answer && strchr(answer, '\n') == answer + strlen(answer) - 1);
	free(answer);
	return 0;
}
