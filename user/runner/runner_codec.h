/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The encoding of the messages between engine and runner, for both ends. Each packet of the
 * SOCK_SEQPACKET sockets contains one message. A message has exactly one encoding.
 *
 *   type (1)  then, big-endian:
 *   CHECK     id (4) interval_ns (8) timeout_ns (8) uid (4) gid (4) kind (1) new_privileges (1)
 *             argv
 *   REMOVE    id (4)
 *   NOTIFY    owner (4) timeout_ns (8) uid (4) gid (4) argv
 *   PACE      id (4) interval_ns (8)
 *   RESULT    id (4) outcome (1) status (4) duration_ns (8) started_ns (8) skipped (4) string
 *   DONE      owner (4) superseded (1) outcome (1) status (4) duration_ns (8) string
 *   FIFO      id (4) owner's uid (4) gid (4) reader's uid (4) gid (4) argv
 *   FIFO_CLOSE id (4)
 *   LINE      string
 *   FIFO_STATE id (4) err (4) starts (4) waiting (4) sent (8) lost (8)
 *   BEAT      interval_ns (8)
 *   ALIVE     nothing
 *   argv: count (2), then this number of strings.  string: length (2), octets, NUL
 */
#ifndef HF_RUNNER_CODEC_H
#define HF_RUNNER_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "runner/runner.h"

/* The 64 arguments of a configured command, and those that `notify` appends. */
#define RUNNER_MAX_ARGS 80
/* The shortest interval and timeout. With a shorter interval one check would use all of the
 * runner's time. */
#define RUNNER_MIN_NS INT64_C(1000000)
/* 73 years. Its sum with any time of the clock does not overflow. */
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
	RUNNER_BEAT,
	RUNNER_ALIVE,
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
		int64_t beat_ns; /* of BEAT */
	};
	char *argv[RUNNER_MAX_ARGS + 1]; /* storage of a decoded argv */
};

/*
 * Writes `msg` into `buf`, and returns its length; -EMSGSIZE: it does not fit, or it has too many
 * arguments; -EINVAL: the other end would refuse a value. msg->argv is not used.
 */
int runner_message_encode(const struct runner_message *msg, void *buf, size_t size);

/*
 * Reads one whole message. *msg has pointers into `data`, which must exist as long as *msg. *msg
 * must not be copied, because it has pointers into itself. Returns 0; or -EBADMSG: an unknown type,
 * a wrong length, a string with a NUL inside, or a value outside its range.
 */
int runner_message_decode(struct runner_message *msg, void *data, size_t len);

#endif
