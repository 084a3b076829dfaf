// SPDX-License-Identifier: BSD-2-Clause
/*
 * Links, addresses and sockets of one machine. An address job takes fake->address_ns and is then
 * done as by the kernel, or at once, because a thread may be that fast. Changes by a test are
 * reported as by the kernel.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/addr.h"
#include "fake.h"
#include "kernel/garp.h"
#include "kernel/neighbor.h"

struct netlink_watch {
	netlink_link_fn link_fn;
	netlink_address_fn address_fn;
	void *ctx;
};

struct address_worker {
	struct loop *loop;
	address_done_fn fn;
	void *ctx;
	struct worker_job *first, **end;
	struct loop_timer timer;
};

/* --- links and addresses ----------------------------------------------------------------------*/

static struct fake_link *link_by_index(uint32_t ifindex)
{
	for (unsigned int i = 0; i < fake->n_links; i++) {
		if (fake->links[i].ifindex == ifindex)
			return &fake->links[i];
	}
	return NULL;
}

static uint32_t index_by_name(const char *name)
{
	for (unsigned int i = 0; i < fake->n_links; i++) {
		if (strcmp(fake->links[i].name, name) == 0)
			return fake->links[i].ifindex;
	}
	return 0;
}

/* The place of that address, or -1. */
static int address_at(uint32_t ifindex, const struct ipaddr *address)
{
	for (unsigned int i = 0; i < fake->n_addresses; i++) {
		if ((ifindex == 0 || fake->addresses[i].ifindex == ifindex) &&
		    ipaddr_equal(&fake->addresses[i].prefix.addr, address))
			return (int)i;
	}
	return -1;
}

static void drop_address(int at)
{
	fake->addresses[at] = fake->addresses[--fake->n_addresses];
}

void fake_add_link(uint32_t ifindex, const char *name, bool up)
{
	struct fake_link *link = &fake->links[fake->n_links++];

	*link = (struct fake_link){.ifindex = ifindex, .up = up};
	strncpy(link->name, name, sizeof(link->name) - 1);
}

static void report_link(const struct fake_link *link, bool gone)
{
	struct netlink_link told = {.ifindex = link->ifindex, .up = link->up, .gone = gone};

	memcpy(told.name, link->name, sizeof(told.name));
	fake->nl->link_fn(fake->nl->ctx, &told);
}

void fake_set_link(uint32_t ifindex, bool up, bool gone)
{
	struct fake_link *link = link_by_index(ifindex), was;

	if (!link)
		return;
	link->up = up;
	was = *link;
	if (gone)
		*link = fake->links[--fake->n_links];
	report_link(&was, gone);
	fake_after_handler();
}

void fake_add_address(uint32_t ifindex, const char *prefix, bool ours)
{
	struct fake_address *a = &fake->addresses[fake->n_addresses++];

	*a = (struct fake_address){.ifindex = ifindex, .ours = ours};
	if (ipprefix_parse(&a->prefix, prefix) < 0)
		abort();
	if (fake->nl && fake->nl->address_fn) {
		fake->nl->address_fn(fake->nl->ctx, ifindex, &a->prefix, false);
		fake_after_handler();
	}
}

bool fake_holds_address(const struct ipaddr *address)
{
	return address_at(0, address) >= 0;
}

bool fake_has_address(const char *prefix)
{
	struct ipprefix p;

	return ipprefix_parse(&p, prefix) == 0 && address_at(0, &p.addr) >= 0;
}

void fake_remove_address(uint32_t ifindex, const char *prefix)
{
	struct ipprefix p;
	int at = ipprefix_parse(&p, prefix) == 0 ? address_at(ifindex, &p.addr) : -1;

	if (at < 0)
		return;
	drop_address(at);
	if (fake->nl && fake->nl->address_fn) {
		fake->nl->address_fn(fake->nl->ctx, ifindex, &p, true);
		fake_after_handler();
	}
}

struct netlink_watch *netlink_watch_create(struct loop *loop, netlink_link_fn link_fn,
					   netlink_address_fn address_fn, void *ctx)
{
	struct netlink_watch *watch = calloc(1, sizeof(*watch)); /* owner: the engine */

	(void)loop;
	if (!watch)
		return NULL;
	*watch = (struct netlink_watch){link_fn, address_fn, ctx};
	fake->nl = watch;
	return watch;
}

void netlink_watch_destroy(struct netlink_watch *watch)
{
	free(watch);
	fake->nl = NULL;
}

void netlink_watch_by(struct netlink_watch *watch, struct worker *worker)
{
	(void)watch;
	(void)worker;
}

int netlink_sync(struct netlink_watch *nl)
{
	(void)nl;
	for (unsigned int i = 0; i < fake->n_links; i++)
		report_link(&fake->links[i], false);
	return 0;
}

bool netlink_has_address(const struct netlink_watch *nl, uint32_t ifindex,
			 const struct ipaddr *address)
{
	(void)nl;
	return address_at(ifindex, address) >= 0;
}

int netlink_first_address(const struct netlink_watch *nl, uint32_t ifindex, uint8_t family,
			  struct ipaddr *out)
{
	(void)nl;
	for (unsigned int i = 0; i < fake->n_addresses; i++) {
		const struct fake_address *a = &fake->addresses[i];

		if (a->ifindex == ifindex && !a->ours &&
		    ipaddr_is_v4(&a->prefix.addr) == (family == 4)) {
			*out = a->prefix.addr;
			return 0;
		}
	}
	return -ENOENT;
}

bool netlink_next_ours(const struct netlink_watch *nl, unsigned int *place, struct ipprefix *prefix,
		       const char **device)
{
	(void)nl;
	while (*place < fake->n_addresses) {
		const struct fake_address *a = &fake->addresses[(*place)++];
		const struct fake_link *link = link_by_index(a->ifindex);

		if (!a->ours || !link)
			continue;
		*prefix = a->prefix;
		*device = link->name;
		return true;
	}
	return false;
}

/* --- the address worker -----------------------------------------------------------------------*/

static int add(const struct address_job *job, bool *was_there)
{
	int at = address_at(job->ifindex, &job->prefix.addr);

	if (fake->address_err < 0)
		return fake->address_err;
	*was_there = at >= 0 && fake->addresses[at].ours;
	if (at >= 0)
		return *was_there ? 0 : -EEXIST;
	if (fake->n_addresses == FAKE_ADDRESSES)
		return -ENOSPC;
	fake->addresses[fake->n_addresses++] =
	    (struct fake_address){job->ifindex, job->prefix, true};
	return 0;
}

static int take_away(const struct address_job *job)
{
	int at = address_at(job->ifindex, &job->prefix.addr);

	if (job->op == ADDRESS_PURGE && (at < 0 || !fake->addresses[at].ours))
		return -ENOENT;
	if (at < 0)
		return -EADDRNOTAVAIL;
	drop_address(at);
	if (fake->removed)
		fake->removed(fake->ctx, &job->prefix);
	return 0;
}

static void carry_out(struct address_job *job)
{
	char text[IPPREFIX_TEXT];

	job->was_there = false;
	job->ifindex = index_by_name(job->dev);
	if (job->ifindex == 0)
		job->err = -ENODEV;
	else if (job->op == ADDRESS_ADD)
		job->err = add(job, &job->was_there);
	else
		job->err = take_away(job);
	if (job->op != ADDRESS_PURGE)
		fake_trace("%s %s %s%s", job->op == ADDRESS_ADD ? "add" : "remove",
			   ipprefix_format(&job->prefix, text), job->dev,
			   job->err < 0 ? " fails" : "");
}

static void do_first(struct address_worker *worker)
{
	struct worker_job *work = worker->first;
	struct address_job *job =
	    (struct address_job *)((char *)work - offsetof(struct address_job, work));

	worker->first = work->next;
	if (!worker->first)
		worker->end = &worker->first;
	if (!fake->eager && work->run)
		work->run(work);
	else if (!fake->eager)
		carry_out(job);
	if (worker->first)
		loop_arm(worker->loop, &worker->timer, mono_add(fake->now, fake->address_ns));
	if (work->run)
		work->done(work);
	else
		worker->fn(worker->ctx, job);
}

static void on_work(struct loop_timer *timer)
{
	do_first(timer->ctx);
}

struct address_worker *address_worker_create(struct loop *loop, address_done_fn fn, void *ctx)
{
	struct address_worker *worker = calloc(1, sizeof(*worker)); /* owner: the engine */

	if (!worker)
		return NULL;
	worker->loop = loop;
	worker->fn = fn;
	worker->ctx = ctx;
	worker->end = &worker->first;
	worker->timer = (struct loop_timer){.fn = on_work, .ctx = worker, .name = "addresses"};
	return worker;
}

void address_worker_destroy(struct address_worker *worker)
{
	if (worker)
		loop_disarm(worker->loop, &worker->timer);
	free(worker);
}

void fake_queue(struct address_worker *worker, struct worker_job *work)
{
	work->next = NULL;
	*worker->end = work;
	worker->end = &work->next;
	if (worker->timer.slot == 0)
		loop_arm(worker->loop, &worker->timer, mono_add(fake->now, fake->address_ns));
}

void address_worker_give(struct address_worker *worker, struct address_job *job)
{
	job->work.run = NULL;
	if (fake->eager)
		carry_out(job);
	fake_queue(worker, &job->work);
}

void address_worker_wait(struct address_worker *worker, int64_t wait_ns)
{
	(void)wait_ns;
	if (worker->first)
		do_first(worker);
}

struct worker *address_worker_thread(struct address_worker *worker)
{
	(void)worker;
	return NULL;
}

int address_worker_set_priority(struct address_worker *worker, int priority)
{
	(void)worker;
	(void)priority;
	return 0;
}

void vrrp_group(uint8_t family, struct ipaddr *group)
{
	if (ipaddr_parse(group, family == 4 ? "224.0.0.18" : "ff02::12") < 0)
		abort();
}

/* --- adverts and announcements to a LAN -------------------------------------------------------*/

int vrrp_socket_open(const struct vrrp_socket_key *key, enum vrrp_socket_use use)
{
	(void)use;
	if (fake->n_sockets == FAKE_SOCKETS)
		return -EMFILE;
	fake->sockets[fake->n_sockets] = *key;
	return FAKE_FD + (int)fake->n_sockets++;
}

int vrrp_socket_send(int fd, const struct ipaddr *to, const uint8_t *msg, size_t len)
{
	const struct vrrp_socket_key *key = &fake->sockets[fd - FAKE_FD];

	if (fake->send_err < 0)
		return fake->send_err;
	if (ipaddr_equal(to, &fake->unreachable))
		return -EHOSTUNREACH;
	fake_trace("advert %u", msg[2]);
	if (fake->send)
		fake->send(fake->ctx, key, to, msg, len);
	return 0;
}

int garp_open(struct garp *garp)
{
	*garp = (struct garp){-1, -1};
	return 0;
}

void garp_close(struct garp *garp)
{
	(void)garp;
}

int garp_send(const struct garp *garp, uint32_t ifindex, const struct ipaddr *address)
{
	char text[IPADDR_TEXT];

	(void)garp;
	(void)ifindex;
	fake_trace("garp %s", ipaddr_format(address, text));
	return 0;
}

/* --- neighbors: an answer takes fake->neighbor_ns ---------------------------------------------*/

static void on_neighbor(struct loop_timer *timer)
{
	struct neighbor_job *job = timer->ctx;

	free(timer);
	job->err = fake->neighbor_err;
	job->found = fake->neighbor;
	job->found.at = fake->now;
	job->done(job);
}

/* No thread; something that is not NULL, and is never looked into. */
struct worker *neighbor_worker_create(struct loop *loop)
{
	return (struct worker *)loop;
}

/* The jobs that are left are dropped. */
void neighbor_worker_destroy(struct worker *worker)
{
	(void)worker;
	for (unsigned int i = fake->n_timers; i-- > 0;) {
		struct loop_timer *timer = fake->timers[i];

		if (timer->fn != on_neighbor)
			continue;
		loop_disarm(fake->loop, timer);
		free(timer);
		i = fake->n_timers;
	}
}

void neighbor_worker_give(struct worker *worker, struct neighbor_job *job)
{
	struct loop_timer *timer = calloc(1, sizeof(*timer)); /* owner: on_neighbor() */
	char text[IPADDR_TEXT];

	(void)worker;
	if (!timer)
		abort();
	fake_trace("%s %s", job->op == NEIGHBOR_PROBE ? "probe" : "read",
		   ipaddr_format(&job->address, text));
	*timer = (struct loop_timer){.fn = on_neighbor, .ctx = job, .name = "neighbor"};
	loop_arm(fake->loop, timer, mono_add(fake->now, fake->neighbor_ns));
}

/* --- datagrams --------------------------------------------------------------------------------*/

struct datagrams {
	int unused;
};

struct datagrams *datagrams_create(struct loop *loop, uint16_t port, datagram_fn fn, void *ctx)
{
	static struct datagrams one;

	(void)loop;
	(void)port;
	errno = -fake->datagrams_err;
	if (fake->datagrams_err)
		return NULL;
	fake->heard = fn;
	fake->heard_ctx = ctx;
	return &one;
}

void datagrams_destroy(struct datagrams *d)
{
	if (d)
		fake->heard = NULL;
}

int datagrams_send(struct datagrams *d, const struct datagram_way *way, const void *data,
		   size_t len)
{
	(void)d;
	if (fake->datagram)
		fake->datagram(fake->ctx, way, data, len);
	return 0;
}

void fake_datagram(const struct datagram_way *way, const uint8_t *data, size_t len)
{
	if (!fake->heard)
		return;
	fake->heard(fake->heard_ctx, way, data, len);
	fake_after_handler();
}

/* --- gateways ---------------------------------------------------------------------------------*/

struct gateways {
	gateway_fn fn;
	void *ctx;
};

struct gateways *gateways_create(struct loop *loop, gateway_fn fn, void *ctx)
{
	struct gateways *g = calloc(1, sizeof(*g)); /* owner: the engine */

	(void)loop;
	if (!g)
		return NULL;
	*g = (struct gateways){fn, ctx};
	fake->gateways = g;
	return g;
}

void gateways_destroy(struct gateways *g)
{
	if (g)
		fake->gateways = NULL;
	free(g);
}

void gateways_look(struct gateways *g)
{
	g->fn(g->ctx, fake->gateway);
}

/* --- router advertisements --------------------------------------------------------------------*/

struct router_adverts {
	router_advert_fn fn;
	void *ctx;
};

struct router_adverts *router_adverts_create(struct loop *loop, router_advert_fn fn, void *ctx)
{
	struct router_adverts *ra = calloc(1, sizeof(*ra)); /* owner: the engine */

	(void)loop;
	if (!ra)
		return NULL;
	*ra = (struct router_adverts){fn, ctx};
	fake->router_adverts = ra;
	return ra;
}

void router_adverts_destroy(struct router_adverts *ra)
{
	if (ra)
		fake->router_adverts = NULL;
	free(ra);
}

int router_adverts_send(struct router_adverts *ra, uint32_t ifindex)
{
	(void)ra;
	fake_trace("router advert on %u", ifindex);
	return 0;
}

void fake_router_advert(uint32_t ifindex, const struct ipaddr *address)
{
	fake->router_adverts->fn(fake->router_adverts->ctx, ifindex, address);
	fake_after_handler();
}
