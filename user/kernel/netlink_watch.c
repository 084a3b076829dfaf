// SPDX-License-Identifier: BSD-2-Clause
/*
 * The engine's listener. It owns the socket for notifications and the copy of all links and
 * addresses (net_table.h), and reports changes.
 *
 * After an overrun notifications are lost. Then a thread reads everything again, and each
 * difference to the copy is reported like a notification; an entry that was not read does not exist
 * any more. Notifications still arrive while the thread reads, so its result may be older than the
 * copy. So it reads again until no notification has arrived meanwhile. The differences are reported
 * in slices, one in each turn. If a notification arrives between two slices, everything is read
 * again. If the kernel refuses to list them, a timer tries it again, because the copy would lack
 * what was lost.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "core/addr.h"
#include "core/log.h"
#include "kernel/netlink.h"
#include "kernel/netlink_message.h"

#define READ_TRIES    10 /* then the result is used anyway, because there are always changes */
#define RETRY_NS      NS_PER_S	/* when nothing could be read */
#define READS_A_TURN  8		/* buffers of messages read in one turn */
#define SOCKET_OCTETS (4 << 20) /* for thousands of notifications that arrive during one turn */

struct netlink_watch {
	struct loop *loop;
	struct mnl_socket *socket;
	struct loop_source source;
	netlink_link_fn link_fn;
	netlink_address_fn address_fn;
	void *ctx;
	struct net_table table;
	bool synced; /* `table` is complete */
	uint64_t changes, overruns;
	struct worker *worker; /* NULL: reads in the loop */
	struct netlink *asker; /* the worker's while `reading` */
	struct worker_job job;
	bool reading, again;
	unsigned int tries;
	uint64_t changes_before;
	struct net_table read; /* by the job */
	int read_err;
	struct loop_timer retry_timer; /* armed while nothing could be read */
	struct loop_timer tell_timer;  /* armed while differences are left to report */
	/* entries compared so far, and the numbers in the copy when the comparison began */
	unsigned int told, old_addresses, old_links;
};

/* --- changes --- */

static void take_link(struct netlink_watch *watch, const struct netlink_link *link)
{
	if (link->gone)
		net_table_remove_link(&watch->table, link->ifindex);
	else if (net_table_set_link(&watch->table, link) < 0)
		log_error("netlink: no memory for link %s", link->name);
	watch->link_fn(watch->ctx, link);
}

static void take_address(struct netlink_watch *watch, const struct net_address *address, bool gone)
{
	if (gone)
		net_table_remove_address(&watch->table, address->ifindex, &address->prefix);
	else if (net_table_set_address(&watch->table, address) < 0)
		log_error("netlink: no memory for an address");
	if (watch->address_fn)
		watch->address_fn(watch->ctx, address->ifindex, &address->prefix, gone);
}

static int on_message(const struct nlmsghdr *nlh, void *data)
{
	struct netlink_watch *watch = data;
	struct net_address address;
	struct netlink_link link;

	if (netlink_message_link(nlh, &link))
		take_link(watch, &link);
	else if (netlink_message_address(nlh, &address))
		take_address(watch, &address, nlh->nlmsg_type == RTM_DELADDR);
	else
		return MNL_CB_OK;
	watch->changes++;
	return MNL_CB_OK;
}

/* --- reading everything again --- */

/* Each of these functions compares the entry `at` of its list, and reports a difference. An entry
 * of the copy that was not read does not exist any more. */
static void tell_old_address(struct netlink_watch *watch, unsigned int at)
{
	struct net_address was = watch->table.addresses[at];

	if (!net_table_find(&watch->read, was.ifindex, &was.prefix))
		take_address(watch, &was, true);
}

static void tell_old_link(struct netlink_watch *watch, unsigned int at)
{
	struct netlink_link was = watch->table.links[at];

	if (net_table_link(&watch->read, was.ifindex))
		return;
	was.up = false;
	was.gone = true;
	take_link(watch, &was);
}

static void tell_new_link(struct netlink_watch *watch, unsigned int at)
{
	take_link(watch, &watch->read.links[at]);
}

static void tell_new_address(struct netlink_watch *watch, unsigned int at)
{
	const struct net_address *is = &watch->read.addresses[at];

	if (net_table_find(&watch->table, is->ifindex, &is->prefix))
		net_table_set_address(&watch->table, is);
	else
		take_address(watch, is, false);
}

/* Compares the next entry. Returns false if all have been compared. Old entries are compared from
 * the last to the first, because a removal moves the last entry, which has been compared already.
 */
static bool tell_next(struct netlink_watch *watch)
{
	struct net_table *old = &watch->table, *new = &watch->read;
	unsigned int at = watch->told++;

	if (at < watch->old_addresses) {
		at = watch->old_addresses - 1 - at;
		if (at < old->n_addresses)
			tell_old_address(watch, at);
		return true;
	}
	at -= watch->old_addresses;
	if (at < watch->old_links) {
		at = watch->old_links - 1 - at;
		if (at < old->n_links)
			tell_old_link(watch, at);
		return true;
	}
	at -= watch->old_links;
	if (at < new->n_links)
		tell_new_link(watch, at);
	else if (at < new->n_links + new->n_addresses)
		tell_new_address(watch, at - new->n_links);
	else
		return false;
	return true;
}

static void read_all(struct worker_job *job)
{
	struct netlink_watch *watch =
	    (struct netlink_watch *)((char *)job - offsetof(struct netlink_watch, job));

	net_table_clear(&watch->read);
	watch->read_err = netlink_read(watch->asker, &watch->read);
}

static void drain(struct netlink_watch *watch, int reads);

static void begin_reading(struct netlink_watch *watch)
{
	watch->reading = true;
	watch->changes_before = watch->changes;
	if (watch->worker) {
		worker_give(watch->worker, &watch->job);
		return;
	}
	read_all(&watch->job);
	watch->job.done(&watch->job);
}

static void end_reading(struct netlink_watch *watch)
{
	watch->reading = false;
	watch->tries = 0;
	net_table_clear(&watch->read);
	if (watch->again) { /* another overrun: the result may lack what was lost */
		watch->again = false;
		begin_reading(watch);
	}
}

/* Starts to read again if the result may be older than the copy. Returns true if it has started. */
static bool reads_again(struct netlink_watch *watch)
{
	bool is_old =
	    watch->again || watch->read_err < 0 || watch->changes != watch->changes_before;

	if (!is_old || ++watch->tries >= READ_TRIES)
		return false;
	watch->again = false;
	begin_reading(watch);
	return true;
}

/* Reports a slice of the differences in each turn, because there may be thousands of them. */
static void on_tell(struct loop_timer *timer)
{
	struct netlink_watch *watch = timer->ctx;
	struct mono end = mono_add(loop_clock(), LOOP_SLICE_NS);

	drain(watch, READS_A_TURN);
	if (reads_again(watch))
		return;
	while (tell_next(watch)) {
		if (mono_before(loop_clock(), end))
			continue;
		loop_arm(watch->loop, timer, loop_now(watch->loop));
		return;
	}
	end_reading(watch);
}

static void on_read(struct worker_job *job)
{
	struct netlink_watch *watch =
	    (struct netlink_watch *)((char *)job - offsetof(struct netlink_watch, job));

	if (watch->read_err < 0) {
		if (reads_again(watch))
			return;
		log_error("netlink: cannot read links and addresses: %s; tried again in a second",
			  strerror(-watch->read_err));
		watch->tries = 0;
		loop_arm(watch->loop, &watch->retry_timer,
			 mono_add(loop_now(watch->loop), RETRY_NS));
		return;
	}
	watch->told = 0;
	watch->old_addresses = watch->table.n_addresses;
	watch->old_links = watch->table.n_links;
	on_tell(&watch->tell_timer);
}

static void on_retry(struct loop_timer *timer)
{
	begin_reading(timer->ctx);
}

static void on_overrun(struct netlink_watch *watch)
{
	watch->overruns++;
	log_warn("netlink: notifications were lost (overrun %llu), reading everything again",
		 (unsigned long long)watch->overruns);
	if (watch->reading)
		watch->again = true;
	else
		begin_reading(watch);
}

/* --- the socket --- */

static void drain(struct netlink_watch *watch, int reads)
{
	char buf[NETLINK_BUFFER];
	ssize_t n = 0;

	for (int i = 0; i < reads; i++) {
		n = mnl_socket_recvfrom(watch->socket, buf, sizeof(buf));
		if (n <= 0)
			break;
		mnl_cb_run(buf, (size_t)n, 0, 0, on_message, watch);
	}
	if (n < 0 && (errno == ENOBUFS || errno == ENOSPC)) /* lost, or larger than the buffer */
		on_overrun(watch);
}

static void on_readable(struct loop_source *src, uint32_t ready)
{
	(void)ready;
	drain(src->ctx, READS_A_TURN);
}

static int open_socket(struct netlink_watch *watch)
{
	watch->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!watch->socket)
		return -errno;
	if (mnl_socket_bind(watch->socket, RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
			    MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	/* Without CAP_NET_ADMIN this fails; then more notifications are lost and read again. */
	(void)setsockopt(mnl_socket_get_fd(watch->socket), SOL_SOCKET, SO_RCVBUFFORCE,
			 &(int){SOCKET_OCTETS}, sizeof(int));
	watch->source = (struct loop_source){.fd = mnl_socket_get_fd(watch->socket),
					     .fn = on_readable,
					     .ctx = watch,
					     .name = "netlink"};
	return loop_add(watch->loop, &watch->source, EPOLLIN);
}

struct netlink_watch *netlink_watch_create(struct loop *loop, netlink_link_fn link_fn,
					   netlink_address_fn address_fn, void *ctx)
{
	struct netlink_watch *watch = calloc(1, sizeof(*watch)); /* owner: the engine */
	int err = 0;

	if (!watch)
		return NULL;
	watch->loop = loop;
	watch->link_fn = link_fn;
	watch->address_fn = address_fn;
	watch->ctx = ctx;
	watch->source.fd = -1;
	watch->job = (struct worker_job){.run = read_all, .done = on_read};
	watch->tell_timer = (struct loop_timer){.fn = on_tell, .ctx = watch, .name = "netlink"};
	watch->retry_timer =
	    (struct loop_timer){.fn = on_retry, .ctx = watch, .name = "netlink again"};
	watch->asker = netlink_open();
	if (!watch->asker)
		err = -errno;
	if (err == 0)
		err = open_socket(watch);
	if (err == 0)
		return watch;
	netlink_watch_destroy(watch);
	errno = -err;
	return NULL;
}

void netlink_watch_destroy(struct netlink_watch *watch)
{
	if (!watch)
		return;
	loop_disarm(watch->loop, &watch->tell_timer);
	loop_disarm(watch->loop, &watch->retry_timer);
	loop_remove(watch->loop, &watch->source);
	if (watch->socket)
		mnl_socket_close(watch->socket);
	netlink_close(watch->asker);
	net_table_clear(&watch->table);
	net_table_clear(&watch->read);
	free(watch);
}

void netlink_watch_by(struct netlink_watch *watch, struct worker *worker)
{
	watch->worker = worker;
}

int netlink_sync(struct netlink_watch *watch)
{
	struct net_table now = {0}; /* a copy, because the callback may use the links */
	int err = watch->synced ? 0 : netlink_read(watch->asker, &watch->table);

	watch->synced = watch->synced || err == 0;
	for (unsigned int i = 0; i < watch->table.n_links && err == 0; i++)
		err = net_table_set_link(&now, &watch->table.links[i]);
	for (unsigned int i = 0; i < now.n_links && err == 0; i++)
		watch->link_fn(watch->ctx, &now.links[i]);
	net_table_clear(&now);
	return err;
}

bool netlink_has_address(const struct netlink_watch *watch, uint32_t ifindex,
			 const struct ipaddr *address)
{
	bool found = false;

	if (ifindex != NETLINK_ANYWHERE)
		return net_table_has(&watch->table, ifindex, address);
	for (unsigned int i = 0; i < watch->table.n_links && !found; i++)
		found = net_table_has(&watch->table, watch->table.links[i].ifindex, address);
	return found;
}

int netlink_first_address(const struct netlink_watch *watch, uint32_t ifindex, uint8_t family,
			  struct ipaddr *out)
{
	const struct net_address *first =
	    net_table_first(&watch->table, ifindex, family, NETLINK_ADDRESS_PROTO);

	if (!first)
		return -ENOENT;
	*out = first->prefix.addr;
	return 0;
}

bool netlink_next_ours(const struct netlink_watch *watch, unsigned int *place,
		       struct ipprefix *prefix, const char **device)
{
	const struct net_table *table = &watch->table;

	while (*place < table->n_addresses) {
		const struct net_address *a = &table->addresses[(*place)++];
		bool ours = a->proto == NETLINK_ADDRESS_PROTO || a->proto == NETLINK_STATIC_PROTO;
		const struct netlink_link *link = ours ? net_table_link(table, a->ifindex) : NULL;

		if (!link)
			continue;
		*prefix = a->prefix;
		*device = link->name;
		return true;
	}
	return false;
}
