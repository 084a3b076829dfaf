// SPDX-License-Identifier: BSD-2-Clause
/*
 * Encodes and decodes the runner's messages. It owns nothing. Rejected: to send the structs as they
 * are in memory. Both ends are the same program, but the runner handles untrusted processes, and
 * the bounds checks here protect the engine from a corrupted runner.
 */
#include "runner/runner_codec.h"

#include <errno.h>
#include <string.h>

#include "core/bytes.h"

static void put_s64(struct wr *w, int64_t v)
{
	wr_u32(w, (uint32_t)((uint64_t)v >> 32));
	wr_u32(w, (uint32_t)v);
}

static int64_t get_s64(struct rd *r)
{
	uint64_t high = rd_u32(r);

	return (int64_t)(high << 32 | rd_u32(r));
}

static void put_string(struct wr *w, const char *s)
{
	size_t len = strlen(s);

	if (len > UINT16_MAX) {
		w->error = true;
		return;
	}
	wr_u16(w, (uint16_t)len);
	wr_bytes(w, s, len + 1);
}

/* Returns a string, which stays in the message, and sets *len. An invalid string: NULL, and sets
 * the error. */
static const uint8_t *get_string(struct rd *r, size_t *len)
{
	const uint8_t *b;

	*len = rd_u16(r);
	b = rd_bytes(r, *len + 1);
	if (!b || memchr(b, '\0', *len + 1) != b + *len) {
		r->error = true;
		return NULL;
	}
	return b;
}

/* A greater number than `max` is an error. */
static uint8_t get_u8_max(struct rd *r, uint8_t max)
{
	uint8_t v = rd_u8(r);

	if (v > max)
		r->error = true;
	return v;
}

/* A duration or a time of the clock, from `min_ns` to RUNNER_MAX_NS. */
static int64_t get_time(struct rd *r, int64_t min_ns)
{
	int64_t v = get_s64(r);

	if (v < min_ns || v > RUNNER_MAX_NS)
		r->error = true;
	return v;
}

static void put_user(struct wr *w, const struct runner_user *user)
{
	wr_u32(w, user->uid);
	wr_u32(w, user->gid);
}

static struct runner_user get_user(struct rd *r)
{
	struct runner_user user = {.uid = rd_u32(r)};

	user.gid = rd_u32(r);
	/* setresuid() takes -1 as "do not change"; the command would run as root. */
	if (user.uid == (uid_t)-1 || user.gid == (gid_t)-1)
		r->error = true;
	return user;
}

static void put_argv(struct wr *w, char *const *argv)
{
	uint16_t argc = 0;

	while (argc <= RUNNER_MAX_ARGS && argv[argc])
		argc++;
	if (argc > RUNNER_MAX_ARGS) {
		w->error = true;
		return;
	}
	wr_u16(w, argc);
	for (uint16_t i = 0; i < argc; i++)
		put_string(w, argv[i]);
}

static char *const *get_argv(struct rd *r, struct runner_message *msg, char *data)
{
	uint16_t argc = rd_u16(r);
	size_t len;

	if (argc == 0 || argc > RUNNER_MAX_ARGS) {
		r->error = true;
		return NULL;
	}
	for (uint16_t i = 0; i < argc; i++) {
		const uint8_t *b = get_string(r, &len);

		if (!b || (i == 0 && len == 0)) {
			r->error = true;
			return NULL;
		}
		msg->argv[i] = data + (b - (const uint8_t *)data);
	}
	msg->argv[argc] = NULL;
	return msg->argv;
}

static void put_detail(struct wr *w, const char detail[RUNNER_DETAIL])
{
	if (strnlen(detail, RUNNER_DETAIL) == RUNNER_DETAIL)
		w->error = true;
	else
		put_string(w, detail);
}

static void get_detail(struct rd *r, char detail[RUNNER_DETAIL])
{
	size_t len;
	const uint8_t *b = get_string(r, &len);

	if (!b || len >= RUNNER_DETAIL)
		r->error = true;
	else
		memcpy(detail, b, len + 1);
}

static void put_check(struct wr *w, const struct runner_check *check)
{
	wr_u32(w, check->id);
	put_s64(w, check->interval_ns);
	put_s64(w, check->timeout_ns);
	put_user(w, &check->user);
	wr_u8(w, (uint8_t)check->kind);
	wr_u8(w, check->new_privileges);
	put_argv(w, check->argv);
}

static void get_check(struct rd *r, struct runner_message *msg, char *data)
{
	msg->check.id = rd_u32(r);
	msg->check.interval_ns = get_time(r, RUNNER_MIN_NS);
	msg->check.timeout_ns = get_time(r, RUNNER_MIN_NS);
	msg->check.user = get_user(r);
	msg->check.kind = get_u8_max(r, RUNNER_KINDS - 1);
	msg->check.new_privileges = get_u8_max(r, 1);
	msg->check.argv = get_argv(r, msg, data);
}

const char *runner_kind_name(enum runner_check_kind kind)
{
	static const char *const names[RUNNER_KINDS] = {"script", "file",    "tcp",
							"http",	  "process", "disable_file"};

	return kind < RUNNER_KINDS ? names[kind] : "?";
}

static void put_notify(struct wr *w, const struct runner_notify *notify)
{
	wr_u32(w, notify->owner);
	put_s64(w, notify->timeout_ns);
	put_user(w, &notify->user);
	put_argv(w, notify->argv);
}

static void get_notify(struct rd *r, struct runner_message *msg, char *data)
{
	msg->notify.owner = rd_u32(r);
	msg->notify.timeout_ns = get_time(r, RUNNER_MIN_NS);
	msg->notify.user = get_user(r);
	msg->notify.argv = get_argv(r, msg, data);
}

static void put_result(struct wr *w, const struct runner_result *result)
{
	wr_u32(w, result->id);
	wr_u8(w, (uint8_t)result->outcome);
	wr_u32(w, (uint32_t)result->status);
	put_s64(w, result->duration_ns);
	put_s64(w, result->started_ns);
	wr_u32(w, result->skipped);
	put_detail(w, result->detail);
}

static void get_result(struct rd *r, struct runner_result *result)
{
	result->id = rd_u32(r);
	result->outcome = get_u8_max(r, HEALTH_OUTCOMES - 1);
	result->status = (int)rd_u32(r);
	result->duration_ns = get_time(r, 0);
	result->started_ns = get_time(r, 0);
	result->skipped = rd_u32(r);
	get_detail(r, result->detail);
}

static void put_done(struct wr *w, const struct runner_done *done)
{
	wr_u32(w, done->owner);
	wr_u8(w, done->superseded);
	wr_u8(w, (uint8_t)done->outcome);
	wr_u32(w, (uint32_t)done->status);
	put_s64(w, done->duration_ns);
	put_detail(w, done->detail);
}

static void get_done(struct rd *r, struct runner_done *done)
{
	done->owner = rd_u32(r);
	done->superseded = get_u8_max(r, 1);
	done->outcome = get_u8_max(r, HEALTH_OUTCOMES - 1);
	done->status = (int)rd_u32(r);
	done->duration_ns = get_time(r, 0);
	get_detail(r, done->detail);
}

static void put_fifo(struct wr *w, const struct runner_fifo *fifo)
{
	wr_u32(w, fifo->id);
	put_user(w, &fifo->owner);
	put_user(w, &fifo->reader);
	put_argv(w, fifo->argv);
}

static uint32_t get_fifo_id(struct rd *r)
{
	uint32_t id = rd_u32(r);

	if (id >= RUNNER_MAX_FIFOS)
		r->error = true;
	return id;
}

static void get_fifo(struct rd *r, struct runner_message *msg, char *data)
{
	msg->fifo.id = get_fifo_id(r);
	msg->fifo.owner = get_user(r);
	msg->fifo.reader = get_user(r);
	msg->fifo.argv = get_argv(r, msg, data);
}

/* A newline inside is an error, because the FIFO's reader would see two lines. */
static void get_line(struct rd *r, struct runner_message *msg)
{
	size_t len;
	const uint8_t *b = get_string(r, &len);

	if (!b || len + 1 >= RUNNER_LINE || memchr(b, '\n', len))
		r->error = true;
	else
		msg->line = (const char *)b;
}

static void put_fifo_state(struct wr *w, const struct runner_fifo_state *state)
{
	wr_u32(w, state->id);
	wr_u32(w, (uint32_t)state->err);
	wr_u32(w, state->starts);
	wr_u32(w, state->waiting);
	put_s64(w, (int64_t)state->sent);
	put_s64(w, (int64_t)state->lost);
}

static void get_fifo_state(struct rd *r, struct runner_fifo_state *state)
{
	state->id = get_fifo_id(r);
	state->err = (int)rd_u32(r);
	state->starts = rd_u32(r);
	state->waiting = rd_u32(r);
	state->sent = (uint64_t)get_s64(r);
	state->lost = (uint64_t)get_s64(r);
}

int runner_message_encode(const struct runner_message *msg, void *buf, size_t size)
{
	struct wr w = wr_init(buf, size < RUNNER_MSG_MAX ? size : RUNNER_MSG_MAX);
	struct runner_message check;

	wr_u8(&w, (uint8_t)msg->type);
	switch (msg->type) {
	case RUNNER_CHECK:
		put_check(&w, &msg->check);
		break;
	case RUNNER_REMOVE:
	case RUNNER_FIFO_CLOSE:
		wr_u32(&w, msg->remove_id);
		break;
	case RUNNER_FIFO:
		put_fifo(&w, &msg->fifo);
		break;
	case RUNNER_LINE_TEXT:
		put_string(&w, msg->line);
		break;
	case RUNNER_FIFO_STATE:
		put_fifo_state(&w, &msg->fifo_state);
		break;
	case RUNNER_BEAT:
		put_s64(&w, msg->beat_ns);
		break;
	case RUNNER_ALIVE:
		break;
	case RUNNER_PACE:
		wr_u32(&w, msg->pace.id);
		put_s64(&w, msg->pace.interval_ns);
		break;
	case RUNNER_NOTIFY:
		put_notify(&w, &msg->notify);
		break;
	case RUNNER_RESULT:
		put_result(&w, &msg->result);
		break;
	case RUNNER_DONE:
		put_done(&w, &msg->done);
		break;
	}
	if (w.error)
		return -EMSGSIZE;
	/* The rules for values are only in the decoder. */
	return runner_message_decode(&check, buf, wr_len(&w)) < 0 ? -EINVAL : (int)wr_len(&w);
}

int runner_message_decode(struct runner_message *msg, void *data, size_t len)
{
	struct rd r = rd_init(data, len);

	*msg = (struct runner_message){.type = rd_u8(&r)};
	if (len > RUNNER_MSG_MAX)
		return -EBADMSG;
	switch (msg->type) {
	case RUNNER_CHECK:
		get_check(&r, msg, data);
		break;
	case RUNNER_REMOVE:
		msg->remove_id = rd_u32(&r);
		break;
	case RUNNER_PACE:
		msg->pace.id = rd_u32(&r);
		msg->pace.interval_ns = get_time(&r, RUNNER_MIN_NS);
		break;
	case RUNNER_NOTIFY:
		get_notify(&r, msg, data);
		break;
	case RUNNER_RESULT:
		get_result(&r, &msg->result);
		break;
	case RUNNER_DONE:
		get_done(&r, &msg->done);
		break;
	case RUNNER_FIFO:
		get_fifo(&r, msg, data);
		break;
	case RUNNER_FIFO_CLOSE:
		msg->remove_id = get_fifo_id(&r);
		break;
	case RUNNER_LINE_TEXT:
		get_line(&r, msg);
		break;
	case RUNNER_FIFO_STATE:
		get_fifo_state(&r, &msg->fifo_state);
		break;
	case RUNNER_BEAT:
		msg->beat_ns = get_time(&r, RUNNER_MIN_NS);
		break;
	case RUNNER_ALIVE:
		break;
	default:
		return -EBADMSG;
	}
	return r.error || rd_left(&r) > 0 ? -EBADMSG : 0;
}
