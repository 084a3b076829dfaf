/* SPDX-License-Identifier: BSD-2-Clause */
/* Sends one request to the daemon and returns its answer and an exit status. */
#ifndef HF_CLI_CLIENT_H
#define HF_CLI_CLIENT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

/* The exit status, which scripts rely on: do not change the values. */
enum cli_exit {
	CLI_DONE = 0,
	CLI_REFUSED = 1,
	CLI_USAGE = 2,
	CLI_NO_DAEMON = 3,
	/* only of `status --check` */
	CLI_CHECK_ALARMS = 1,
	CLI_CHECK_NOT_SERVING = 2,
	/* only of `config` */
	CLI_FILE_DIFFERS = 1,
};

struct client_target {
	const char *run_dir; /* "/run" */
	const char *name;    /* the daemon's */
};

/*
 * Sends {"command": verb, "instance": instance} (without "instance" if NULL) and waits for the
 * answer. A `question` goes to the socket `status` if `control` may not be opened. On CLI_DONE
 * *answer is the daemon's object without "ok", which the caller frees by json_object_put(). Else
 * *answer is NULL, and the reason has been written to stderr.
 */
enum cli_exit client_ask(const struct client_target *target, const char *verb, const char *instance,
			 bool question, json_object **answer);

/* Sends "reload"; `force`: even if the file has errors. Otherwise like client_ask(). */
enum cli_exit client_reload(const struct client_target *target, bool force, json_object **answer);
/* Sends "handover", "drain" or "undrain". The first two are answered when their outcome is known.
 * `force`: as in struct control_request. Otherwise like client_ask(). */
enum cli_exit client_move(const struct client_target *target, const char *verb,
			  const char *instance, bool force, json_object **answer);
/* Sends {"command": "clear", "neighbor": neighbor} (without "neighbor" if NULL). Otherwise like
 * client_ask(). */
enum cli_exit client_clear(const struct client_target *target, const char *neighbor,
			   json_object **answer);

/* Requests the events with numbers above `after`. Otherwise like client_ask(). */
enum cli_exit client_ask_events(const struct client_target *target, int64_t after,
				json_object **answer);

/* Prints one line on stderr, after the program's name. */
void client_complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
