/* SPDX-License-Identifier: BSD-2-Clause */
/* Asking the daemon: one question, one answer, and the exit status that says how it went. */
#ifndef HF_CLI_CLIENT_H
#define HF_CLI_CLIENT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

/* Part of the interface: scripts test them (design section 8). */
enum cli_exit { CLI_DONE = 0, CLI_REFUSED = 1, CLI_USAGE = 2, CLI_NO_DAEMON = 3 };

struct client_target {
	const char *run_dir; /* "/run" */
	const char *name;    /* the daemon's */
};

/*
 * Sends {"command": verb, "instance": instance} (left out if NULL) and waits for the answer. A
 * question may go to the socket `status` where `control` is not open to us. On CLI_DONE *answer is
 * the daemon's object without "ok", to be put by the caller; else the reason has been written to
 * stderr.
 */
enum cli_exit client_ask(const struct client_target *target, const char *verb, const char *instance,
			 bool question, json_object **answer);

/* {"command": "clear", "neighbor": neighbor} (left out if NULL): otherwise as client_ask(). */
enum cli_exit client_clear(const struct client_target *target, const char *neighbor,
			   json_object **answer);

/* The events with numbers above `after`: otherwise as client_ask(). */
enum cli_exit client_ask_events(const struct client_target *target, int64_t after,
				json_object **answer);

/* One line on stderr, headed by the program's name. */
void client_complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
