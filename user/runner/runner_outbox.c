// SPDX-License-Identifier: BSD-2-Clause
/*
 * The queue toward the engine. It owns the kept messages, which are encoded. It does not own the
 * socket. It allocates memory only while the socket has no room. Rejected: a flag in each check and
 * owner, and a scan over all of them, because then three files would need code that sends.
 */
#include "runner/runner_outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Octets of the longest message, a RESULT or DONE: a string of RUNNER_DETAIL, and numbers of less
 * than 64 octets. */
#define ENTRY_SIZE (RUNNER_DETAIL + 64)

struct outbox_key {
	enum runner_message_type type;
	uint32_t id; /* check or owner */
	bool superseded;
};

struct outbox_entry {
	struct outbox_entry *next;     /* the next one to send */
	struct outbox_entry *neighbor; /* in the same bucket */
	struct outbox_key key;
	size_t len;
	uint8_t data[ENTRY_SIZE];
};

static struct outbox_key key_of(const struct runner_message *msg)
{
	if (msg->type == RUNNER_RESULT)
		return (struct outbox_key){RUNNER_RESULT, msg->result.id, false};
	if (msg->type == RUNNER_ALIVE)
		return (struct outbox_key){RUNNER_ALIVE, 0, false};
	if (msg->type == RUNNER_FIFO_STATE)
		return (struct outbox_key){RUNNER_FIFO_STATE, msg->fifo_state.id, false};
	return (struct outbox_key){RUNNER_DONE, msg->done.owner, msg->done.superseded};
}

static bool is_same(const struct outbox_key *a, const struct outbox_key *b)
{
	return a->type == b->type && a->id == b->id && a->superseded == b->superseded;
}

/* False if the socket has no room, so that the message must be kept. A message that cannot be sent
 * for another reason is dropped. */
static bool send_now(struct outbox *box, const void *data, size_t len)
{
	if (box->fd < 0)
		return true;
	if (send(box->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return true;
	return errno != EAGAIN && errno != ENOBUFS && errno != EINTR;
}

/* Returns the place of the pointer to the entry of `key`, or of the NULL at the end of its
 * bucket. */
static struct outbox_entry **place_of(struct outbox *box, const struct outbox_key *key)
{
	struct outbox_entry **at = &box->buckets[key->id % OUTBOX_BUCKETS];

	while (*at && !is_same(&(*at)->key, key))
		at = &(*at)->neighbor;
	return at;
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
	*place_of(box, key) = e;
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
	/* Kept messages are sent first. */
	if (!box->first && send_now(box, data, (size_t)len))
		return;
	e = *place_of(box, &key);
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

	*place_of(box, &e->key) = e->neighbor;
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
