// SPDX-License-Identifier: BSD-2-Clause
/*
 * The queue toward the engine. It owns the kept messages, encoded; not the socket. Nothing is
 * allocated while the engine reads. Rejected: a flag in each check and owner and a scan over all of
 * them, which spreads the sending over three files.
 */
#include "health/runner_outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A RESULT or DONE: the longest string is RUNNER_DETAIL, the numbers take less than 64. */
#define ENTRY_SIZE (RUNNER_DETAIL + 64)

struct outbox_key {
	enum runner_message_type type;
	uint32_t id; /* check or owner */
	bool superseded;
};

struct outbox_entry {
	struct outbox_entry *next;
	struct outbox_key key;
	size_t len;
	uint8_t data[ENTRY_SIZE];
};

static struct outbox_key key_of(const struct runner_message *msg)
{
	if (msg->type == RUNNER_RESULT)
		return (struct outbox_key){RUNNER_RESULT, msg->result.id, false};
	if (msg->type == RUNNER_FIFO_STATE)
		return (struct outbox_key){RUNNER_FIFO_STATE, msg->fifo_state.id, false};
	return (struct outbox_key){RUNNER_DONE, msg->done.owner, msg->done.superseded};
}

static bool is_same(const struct outbox_key *a, const struct outbox_key *b)
{
	return a->type == b->type && a->id == b->id && a->superseded == b->superseded;
}

/* True if the message is dealt with: sent, or there is nobody to send it to. */
static bool send_now(struct outbox *box, const void *data, size_t len)
{
	if (box->fd < 0)
		return true;
	if (send(box->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return true;
	return errno != EAGAIN && errno != ENOBUFS && errno != EINTR;
}

static struct outbox_entry *find(struct outbox *box, const struct outbox_key *key)
{
	struct outbox_entry *e = box->first;

	while (e && !is_same(&e->key, key))
		e = e->next;
	return e;
}

static struct outbox_entry *append(struct outbox *box, const struct outbox_key *key)
{
	struct outbox_entry *e =
	    box->n < OUTBOX_MAX ? calloc(1, sizeof(*e)) : NULL; /* owner: box */

	if (!e) {
		box->dropped++;
		return NULL;
	}
	e->key = *key;
	if (box->last)
		box->last->next = e;
	else
		box->first = e;
	box->last = e;
	box->n++;
	return e;
}

void outbox_put(struct outbox *box, const struct runner_message *msg)
{
	struct outbox_key key = key_of(msg);
	uint8_t data[ENTRY_SIZE];
	int len = runner_message_encode(msg, data, sizeof(data));
	struct outbox_entry *e;

	if (len < 0) {
		box->dropped++;
		return;
	}
	/* What is kept was said first. */
	if (!box->first && send_now(box, data, (size_t)len))
		return;
	e = find(box, &key);
	if (!e)
		e = append(box, &key);
	if (!e)
		return;
	memcpy(e->data, data, (size_t)len);
	e->len = (size_t)len;
}

static void drop_first(struct outbox *box)
{
	struct outbox_entry *e = box->first;

	box->first = e->next;
	if (!box->first)
		box->last = NULL;
	box->n--;
	free(e);
}

void outbox_flush(struct outbox *box)
{
	while (box->first && send_now(box, box->first->data, box->first->len))
		drop_first(box);
}

bool outbox_is_waiting(const struct outbox *box)
{
	return box->first != NULL;
}

void outbox_clear(struct outbox *box)
{
	while (box->first)
		drop_first(box);
}
