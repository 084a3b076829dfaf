/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The messages between engine and runner as octets: one message a packet of the SOCK_SEQPACKET
 * pair, used on both ends. Each message has exactly one encoding, so that decoding and encoding
 * again yields the same octets.
 *
 *   type (1)  then, big-endian:
 *   CHECK     id (4) interval_ns (8) timeout_ns (8) uid (4) gid (4) kind (1) argv
 *   REMOVE    id (4)
 *   NOTIFY    owner (4) timeout_ns (8) uid (4) gid (4) argv
 *   PACE      id (4) interval_ns (8)
 *   RESULT    id (4) outcome (1) status (4) duration_ns (8) started_ns (8) skipped (4) string
 *   DONE      owner (4) superseded (1) outcome (1) status (4) duration_ns (8) string
 *   FIFO      id (4) owner's uid (4) gid (4) reader's uid (4) gid (4) argv
 *   FIFO_CLOSE id (4)
 *   LINE      string
 *   FIFO_STATE id (4) err (4) starts (4) waiting (4) sent (8) lost (8)
 *   argv      count (2), then as many strings;  string: length (2), octets, NUL
 */
#ifndef HF_RUNNER_CODEC_H
#define HF_RUNNER_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "health/runner.h"

/* The 64 arguments of a configured command, and what `notify` appends. */
#define RUNNER_MAX_ARGS 80
/* A shorter period would let one check keep the runner busy with nothing but starting it. */
#define RUNNER_MIN_NS INT64_C(1000000)
/* 73 years: adding it to any reading of the clock cannot overflow. */
#define RUNNER_MAX_NS (INT64_MAX / 4)

enum runner_message_type {
	RUNNER_CHECK = 1,
	RUNNER_REMOVE,
	RUNNER_NOTIFY,
	RUNNER_RESULT,
	RUNNER_DONE,
	RUNNER_PACE,
	RUNNER_FIFO,
	RUNNER_FIFO_CLOSE,
	RUNNER_LINE_TEXT,
	RUNNER_FIFO_STATE,
};

struct runner_message {
	enum runner_message_type type;
	union {
		struct runner_check check;
		uint32_t remove_id; /* of REMOVE and FIFO_CLOSE */
		struct runner_pace {
			uint32_t id;
			int64_t interval_ns;
		} pace;
		struct runner_notify notify;
		struct runner_result result;
		struct runner_done done;
		struct runner_fifo fifo;
		const char *line;
		struct runner_fifo_state fifo_state;
	};
	char *argv[RUNNER_MAX_ARGS + 1]; /* where a decoded argv points */
};

/*
 * Writes `msg` into `buf` and returns its length; -EMSGSIZE if it does not fit or has too many
 * arguments, -EINVAL if a value is one that the other end would refuse. msg->argv is not used.
 */
int runner_message_encode(const struct runner_message *msg, void *buf, size_t size);

/*
 * Reads one whole message. The strings of argv stay in `data`, which must live as long as *msg; and
 * *msg must not be copied, for it points into itself. 0, or -EBADMSG: unknown type, too short, too
 * long, a string with a NUL inside, or a value out of its range.
 */
int runner_message_decode(struct runner_message *msg, void *data, size_t len);

#endif
