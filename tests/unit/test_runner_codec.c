// SPDX-License-Identifier: BSD-2-Clause
/*
 * The runner's messages: encoding and decoding, damage of every kind, the last line of output, and
 * the queue of messages while the engine does not read.
 * Links: user/runner/runner_codec.c user/runner/last_line.c user/runner/runner_outbox.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "runner/last_line.h"
#include "runner/runner_codec.h"
#include "runner/runner_outbox.h"

static char arg0[] = "/bin/check", arg1[] = "", arg2[] = "two words";
static char *argv3[] = {arg0, arg1, arg2, NULL};

static struct runner_message samples(int i)
{
	switch (i) {
	case 0:
		return (struct runner_message){
		    .type = RUNNER_CHECK,
		    .check = {
			0xffffffff, RUNNER_MIN_NS, RUNNER_MAX_NS, {65534, 0}, argv3, RUNNER_FILE}};
	case 1:
		return (struct runner_message){.type = RUNNER_REMOVE, .remove_id = 7};
	case 2:
		return (struct runner_message){
		    .type = RUNNER_NOTIFY,
		    .notify = {1, INT64_C(5000000000), {0, 4294967294U}, argv3}};
	case 3:
		return (struct runner_message){
		    .type = RUNNER_RESULT,
		    .result = {9, HEALTH_SIGNAL, -1, 1, INT64_C(123456789012345), 3, "bye"}};
	case 4:
		return (struct runner_message){.type = RUNNER_PACE, .pace = {3, RUNNER_MIN_NS}};
	case 6:
		return (struct runner_message){.type = RUNNER_FIFO,
					       .fifo = {1, {1, 2}, {3, 4}, argv3}};
	case 7:
		return (struct runner_message){.type = RUNNER_FIFO_CLOSE, .remove_id = 1};
	case 8:
		return (struct runner_message){.type = RUNNER_LINE_TEXT,
					       .line = "INSTANCE \"a\" MASTER 100"};
	case 9:
		return (struct runner_message){
		    .type = RUNNER_FIFO_STATE,
		    .fifo_state = {1, ENOENT, 2, 3, UINT64_MAX, INT64_C(1) << 40}};
	case 10:
		return (struct runner_message){.type = RUNNER_BEAT, .beat_ns = RUNNER_MIN_NS};
	case 11:
		return (struct runner_message){.type = RUNNER_ALIVE};
	default:
		return (struct runner_message){.type = RUNNER_DONE,
					       .done = {2, true, HEALTH_SPAWN, EAGAIN, 0, ""}};
	}
}
#define N_SAMPLES 12

/* Decodes from a heap copy of exactly `len` octets, so that ASan sees a read past it. */
static int decode_copy(const uint8_t *data, size_t len, struct runner_message *msg, void **copy)
{
	*copy = malloc(len > 0 ? len : 1);
	assert_non_null(*copy);
	memcpy(*copy, data, len);
	return runner_message_decode(msg, *copy, len);
}

static void messages_survive_the_round_trip(void **state)
{
	uint8_t a[RUNNER_MSG_MAX], b[RUNNER_MSG_MAX];

	(void)state;
	for (int i = 0; i < N_SAMPLES; i++) {
		struct runner_message in = samples(i), out;
		int len = runner_message_encode(&in, a, sizeof(a));
		void *copy;

		assert_true(len > 0);
		assert_int_equal(decode_copy(a, (size_t)len, &out, &copy), 0);
		assert_int_equal(out.type, in.type);
		assert_int_equal(runner_message_encode(&out, b, sizeof(b)), len);
		assert_memory_equal(a, b, (size_t)len);
		free(copy);
	}
}

static void a_check_arrives_whole(void **state)
{
	struct runner_message in = samples(0), out;
	uint8_t data[RUNNER_MSG_MAX];
	int len = runner_message_encode(&in, data, sizeof(data));

	(void)state;
	assert_int_equal(runner_message_decode(&out, data, (size_t)len), 0);
	assert_int_equal(out.check.id, 0xffffffff);
	assert_true(out.check.interval_ns == RUNNER_MIN_NS);
	assert_true(out.check.timeout_ns == RUNNER_MAX_NS);
	assert_int_equal(out.check.user.uid, 65534);
	assert_int_equal(out.check.user.gid, 0);
	for (int i = 0; i < 3; i++)
		assert_string_equal(out.check.argv[i], argv3[i]);
	assert_null(out.check.argv[3]);
}

static void a_result_arrives_whole(void **state)
{
	struct runner_message in = samples(3), out;
	uint8_t data[RUNNER_MSG_MAX];
	int len = runner_message_encode(&in, data, sizeof(data));

	(void)state;
	assert_int_equal(runner_message_decode(&out, data, (size_t)len), 0);
	assert_int_equal(out.result.id, 9);
	assert_int_equal(out.result.outcome, HEALTH_SIGNAL);
	assert_int_equal(out.result.status, -1);
	assert_true(out.result.duration_ns == 1);
	assert_true(out.result.started_ns == INT64_C(123456789012345));
	assert_int_equal(out.result.skipped, 3);
	assert_string_equal(out.result.detail, "bye");
}

static void cut_and_lengthened_messages_are_refused(void **state)
{
	uint8_t data[RUNNER_MSG_MAX + 1] = {0};

	(void)state;
	for (int i = 0; i < N_SAMPLES; i++) {
		struct runner_message msg = samples(i);
		int len = runner_message_encode(&msg, data, RUNNER_MSG_MAX);
		void *copy;

		for (int cut = 0; cut < len; cut++) {
			assert_int_equal(decode_copy(data, (size_t)cut, &msg, &copy), -EBADMSG);
			free(copy);
		}
		data[len] = 0;
		assert_int_equal(decode_copy(data, (size_t)len + 1, &msg, &copy), -EBADMSG);
		free(copy);
	}
	assert_int_equal(runner_message_decode(&(struct runner_message){0}, data, sizeof(data)),
			 -EBADMSG);
}

/* Offsets are those of the layout in runner_codec.h. */
static void single_bad_fields_are_refused(void **state)
{
	static const struct {
		const char *why;
		int sample;
		size_t at, len;
		const char *octets;
	} bad[] = {
	    {"no such type", 1, 0, 1, "\x00"},
	    {"no such type", 1, 0, 1, "\x20"},
	    {"interval 0", 0, 5, 8, "\0\0\0\0\0\0\0\0"},
	    {"interval just under the least", 0, 5, 8, "\0\0\0\0\0\x0f\x42\x3f"},
	    {"interval negative", 0, 5, 8, "\xff\xff\xff\xff\xff\xff\xff\xff"},
	    {"timeout just over the most", 0, 13, 8, "\x20\0\0\0\0\0\0\0"},
	    {"uid -1 would stay root", 0, 21, 4, "\xff\xff\xff\xff"},
	    {"gid -1 would stay root's", 0, 25, 4, "\xff\xff\xff\xff"},
	    {"no such kind", 0, 29, 1, "\x20"},
	    {"new privileges neither 0 nor 1", 0, 30, 1, "\x02"},
	    {"no argument", 0, 31, 2, "\0\0"},
	    {"too many arguments", 0, 31, 2, "\0\x51"},
	    {"argument longer than the message", 0, 33, 2, "\xff\xff"},
	    {"no NUL at the end", 0, 35 + 10, 1, "x"},
	    {"a NUL inside", 0, 35 + 4, 1, "\0"},
	    {"notify timeout 0", 2, 5, 8, "\0\0\0\0\0\0\0\0"},
	    {"outcome out of range", 3, 5, 1, "\x20"},
	    {"duration negative", 3, 10, 8, "\x80\0\0\0\0\0\0\0"},
	    {"detail without NUL", 3, 35, 1, "x"},
	    {"pace 0", 4, 5, 8, "\0\0\0\0\0\0\0\0"},
	    {"no such FIFO", 6, 1, 4, "\0\0\0\2"},
	    {"FIFO's owner -1", 6, 5, 4, "\xff\xff\xff\xff"},
	    {"FIFO's reader -1", 6, 13, 4, "\xff\xff\xff\xff"},
	    {"FIFO without a path", 6, 21, 2, "\0\0"},
	    {"no such FIFO to close", 7, 1, 4, "\xff\xff\xff\xff"},
	    {"two lines in one", 8, 3, 1, "\n"},
	    {"line without NUL", 8, 26, 1, "x"},
	    {"state of no FIFO", 9, 1, 4, "\0\0\0\2"},
	    {"superseded neither 0 nor 1", 5, 5, 1, "\x02"},
	};
	uint8_t data[RUNNER_MSG_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct runner_message msg = samples(bad[i].sample);
		int len = runner_message_encode(&msg, data, sizeof(data));

		assert_true(bad[i].at + bad[i].len <= (size_t)len);
		memcpy(data + bad[i].at, bad[i].octets, bad[i].len);
		if (runner_message_decode(&msg, data, (size_t)len) != -EBADMSG)
			fail_msg("row %zu: taken: %s", i, bad[i].why);
	}
}

/* A text that is longer than its place is refused. It is neither truncated nor written beyond it.
 */
static void what_is_too_large_is_not_taken(void **state)
{
	static uint8_t data[RUNNER_MSG_MAX];
	const size_t head = 1 + 4 + 1 + 4 + 8 + 8 + 4, argv = 1 + 4 + 8 + 8;
	struct runner_message msg;

	(void)state;
	data[0] = RUNNER_RESULT;
	data[head + 1] = RUNNER_DETAIL; /* octets, a NUL behind them */
	memset(data + head + 2, 'x', RUNNER_DETAIL);
	assert_int_equal(runner_message_decode(&msg, data, head + 2 + RUNNER_DETAIL + 1), -EBADMSG);
	memset(data, 0, sizeof(data));
	data[0] = RUNNER_NOTIFY;
	data[9] = 1; /* a timeout of 16 ms */
	data[argv + 1] = RUNNER_MAX_ARGS + 1;
	for (size_t i = 0; i <= RUNNER_MAX_ARGS; i++) {
		data[argv + 2 + 4 * i + 1] = 1;
		data[argv + 2 + 4 * i + 2] = 'x';
	}
	assert_int_equal(runner_message_decode(&msg, data, argv + 2 + 4 * (RUNNER_MAX_ARGS + 1)),
			 -EBADMSG);
	data[argv + 1] = RUNNER_MAX_ARGS;
	assert_int_equal(runner_message_decode(&msg, data, argv + 2 + 4 * RUNNER_MAX_ARGS), 0);
}

static void an_empty_command_is_refused_on_both_ends(void **state)
{
	char *none[] = {NULL}, *empty[] = {arg1, NULL};
	struct runner_message msg = samples(2);
	uint8_t data[RUNNER_MSG_MAX];

	(void)state;
	msg.notify.argv = none;
	assert_int_equal(runner_message_encode(&msg, data, sizeof(data)), -EINVAL);
	msg.notify.argv = empty;
	assert_int_equal(runner_message_encode(&msg, data, sizeof(data)), -EINVAL);
	msg = samples(0);
	msg.check.interval_ns = RUNNER_MIN_NS - 1;
	assert_int_equal(runner_message_encode(&msg, data, sizeof(data)), -EINVAL);
}

static void what_is_too_large_is_not_sent(void **state)
{
	static char longest[RUNNER_MSG_MAX + 1];
	char *argv[RUNNER_MAX_ARGS + 2] = {longest};
	struct runner_message msg = samples(2);
	uint8_t data[2 * RUNNER_MSG_MAX];

	(void)state;
	msg.notify.argv = argv;
	/* 1 type, 4 owner, 8 timeout, 8 ids, 2 count, 2 length, 1 NUL */
	memset(longest, 'x', RUNNER_MSG_MAX - 26);
	assert_int_equal(runner_message_encode(&msg, data, sizeof(data)), RUNNER_MSG_MAX);
	assert_int_equal(runner_message_encode(&msg, data, RUNNER_MSG_MAX - 1), -EMSGSIZE);
	longest[RUNNER_MSG_MAX - 26] = 'x';
	assert_int_equal(runner_message_encode(&msg, data, sizeof(data)), -EMSGSIZE);
	for (int i = 0; i < RUNNER_MAX_ARGS; i++)
		argv[i] = arg0;
	assert_true(runner_message_encode(&msg, data, sizeof(data)) > 0);
	argv[RUNNER_MAX_ARGS] = arg0;
	assert_int_equal(runner_message_encode(&msg, data, sizeof(data)), -EMSGSIZE);
	msg = samples(8);
	longest[RUNNER_LINE - 1] = '\0';
	msg.line = longest;
	assert_int_equal(runner_message_encode(&msg, data, sizeof(data)), -EINVAL);
	msg.line = longest + 1;
	assert_true(runner_message_encode(&msg, data, sizeof(data)) > 0);
	msg = samples(3);
	memset(msg.result.detail, 'x', RUNNER_DETAIL); /* no string */
	assert_int_equal(runner_message_encode(&msg, data, sizeof(data)), -EMSGSIZE);
}

static void the_last_line_is_kept(void **state)
{
	static const struct {
		const char *in, *out;
	} lines[] = {
	    {"", ""},
	    {"one", "one"},
	    {"one\n", "one"},
	    {"one\ntwo", "two"},
	    {"one\ntwo\n\n\r\n", "two"},
	    {"10 %\r20 %\r", "20 %"},
	    {"a\tb\x1b[0m\x7f", "a b?[0m?"},
	    {"gr\xc3\xbc\xc3\x9f", "gr????"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct last_line whole = {0}, pieces = {0};

		last_line_put(&whole, lines[i].in, strlen(lines[i].in));
		assert_string_equal(whole.text, lines[i].out);
		for (size_t k = 0; lines[i].in[k]; k++)
			last_line_put(&pieces, &lines[i].in[k], 1);
		assert_string_equal(pieces.text, lines[i].out);
	}
}

static void a_long_last_line_is_cut(void **state)
{
	struct last_line line = {0};
	char want[RUNNER_DETAIL];

	(void)state;
	memset(want, 'x', sizeof(want));
	want[sizeof(want) - 1] = '\0';
	for (int i = 0; i < 1000; i++)
		last_line_put(&line, "x", 1);
	assert_string_equal(line.text, want);
	last_line_put(&line, "\nshort", 6);
	assert_string_equal(line.text, "short");
}

/* --- the queue --- */

static struct outbox box;
static int reader;	 /* the engine's end of its socket */
static uint32_t last_id; /* of the filling: the first message that was kept */

static void put_result(uint32_t id, int status)
{
	outbox_put(&box, &(struct runner_message){.type = RUNNER_RESULT,
						  .result = {.id = id, .status = status}});
}

static void put_done(uint32_t owner, bool superseded, int status)
{
	struct runner_done done = {.owner = owner, .superseded = superseded, .status = status};

	outbox_put(&box, &(struct runner_message){.type = RUNNER_DONE, .done = done});
}

/* Fills the socket with results, of which one is kept. */
static int fill(void **state)
{
	int fds[2], size = 1;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
	reader = fds[0];
	box = (struct outbox){.fd = fds[1]};
	for (last_id = 1000; !outbox_is_waiting(&box); last_id++)
		put_result(last_id, 0);
	last_id--;
	return 0;
}

static int empty(void **state)
{
	(void)state;
	outbox_clear(&box);
	close(box.fd);
	close(reader);
	return 0;
}

/* The next message in the socket. False: there is none. */
static bool next(struct runner_message *msg)
{
	static uint8_t data[RUNNER_MSG_MAX];
	ssize_t n = recv(reader, data, sizeof(data), MSG_DONTWAIT);

	if (n < 0)
		return false;
	assert_int_equal(runner_message_decode(msg, data, (size_t)n), 0);
	return true;
}

static void read_all(void)
{
	struct runner_message msg;

	while (next(&msg))
		;
}

/* The engine reads, and before the queue is sent, the check has another result. */
static void no_message_overtakes_a_kept_one(void **state)
{
	struct runner_message msg;

	(void)state;
	put_result(7, 1);
	put_result(8, 1);
	read_all();
	put_result(7, 2);
	assert_false(next(&msg));
	outbox_flush(&box);
	assert_false(outbox_is_waiting(&box));
	assert_true(next(&msg) && msg.result.id == last_id);
	assert_true(next(&msg) && msg.result.id == 7 && msg.result.status == 2);
	assert_true(next(&msg) && msg.result.id == 8 && msg.result.status == 1);
	assert_false(next(&msg)); /* the old result of 7 is gone */
	put_result(7, 3);
	assert_true(next(&msg) && msg.result.status == 3);
}

/* One message counts, the other one has the outcome: neither replaces the other. */
static void superseded_and_ended_notifications_are_both_told(void **state)
{
	struct runner_message msg;

	(void)state;
	put_done(5, true, 0);
	put_done(5, false, 3);
	put_done(5, true, 0);
	put_done(5, false, 4);
	read_all();
	outbox_flush(&box);
	assert_true(next(&msg) && msg.type == RUNNER_RESULT);
	assert_true(next(&msg) && msg.done.owner == 5 && msg.done.superseded);
	assert_true(next(&msg) && msg.done.owner == 5 && !msg.done.superseded);
	assert_int_equal(msg.done.status, 4);
	assert_false(next(&msg));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(messages_survive_the_round_trip),
	    cmocka_unit_test(a_check_arrives_whole),
	    cmocka_unit_test(a_result_arrives_whole),
	    cmocka_unit_test(cut_and_lengthened_messages_are_refused),
	    cmocka_unit_test(single_bad_fields_are_refused),
	    cmocka_unit_test(what_is_too_large_is_not_taken),
	    cmocka_unit_test(an_empty_command_is_refused_on_both_ends),
	    cmocka_unit_test(what_is_too_large_is_not_sent),
	    cmocka_unit_test(the_last_line_is_kept),
	    cmocka_unit_test(a_long_last_line_is_cut),
	    cmocka_unit_test_setup_teardown(no_message_overtakes_a_kept_one, fill, empty),
	    cmocka_unit_test_setup_teardown(superseded_and_ended_notifications_are_both_told, fill,
					    empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
