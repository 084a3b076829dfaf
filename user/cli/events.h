/* SPDX-License-Identifier: BSD-2-Clause */
/* `holdfastctl events` and `explain`: the flight recorder's records as people read them. */
#ifndef HF_CLI_EVENTS_H
#define HF_CLI_EVENTS_H

#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>

#include "client/client.h"

struct events_options {
	struct client_target target;
	bool json, follow;
	const char *number; /* explain: of the event; NULL: the last one */
	const char *svg;    /* explain: the file for the picture, "-": stdout; NULL: no picture */
};

enum cli_exit events_run(const struct events_options *opt);
enum cli_exit explain_run(const struct events_options *opt);

/* Prints the explanation of `event`, an element of the answer whose texts are printable. */
void explain_show(json_object *event);

#endif
