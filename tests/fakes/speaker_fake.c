// SPDX-License-Identifier: BSD-2-Clause
/*
 * A BGP speaker with sessions that the test sets. Announcements and withdrawals reach the router
 * at once, as on an Established session of the real speaker. The fake keeps no
 * announcements for later sessions: a test that needs this announces again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/addr.h"
#include "fake.h"
#include "speaker/bgp_listen.h"

struct bgp_speaker {
	struct bgp_speaker *next;
	const struct cfg_bgp *cfg;
	uint32_t router_id;
	bgp_sessions_fn fn;
	bgp_foreign_fn foreign_fn;
	void *ctx;
	uint64_t up; /* the sessions that are Established, one bit for each neighbor */
	struct mono updated;
	bool closed;
};

struct bgp_listener {
	int unused;
};

struct bgp_speaker *bgp_speaker_create(struct loop *loop, const struct cfg_bgp *cfg,
				       uint32_t router_id, bgp_sessions_fn fn, void *ctx)
{
	struct bgp_speaker *sp = calloc(1, sizeof(*sp)); /* owner: the engine */

	(void)loop;
	if (!sp)
		return NULL;
	*sp = (struct bgp_speaker){
	    .next = fake->speakers, .cfg = cfg, .router_id = router_id, .fn = fn, .ctx = ctx};
	fake->speakers = sp;
	return sp;
}

void bgp_speaker_destroy(struct bgp_speaker *sp)
{
	struct bgp_speaker **at = &fake->speakers;

	while (*at && *at != sp)
		at = &(*at)->next;
	if (*at)
		*at = sp->next;
	free(sp);
}

static struct bgp_speaker *speaker_named(const char *name)
{
	struct bgp_speaker *sp = fake->speakers;

	while (sp && strcmp(sp->cfg->name, name) != 0)
		sp = sp->next;
	if (!sp)
		abort();
	return sp;
}

static void set_sessions(struct bgp_speaker *sp, uint64_t up)
{
	sp->up = up;
	sp->fn(sp->ctx, bgp_speaker_established(sp));
}

void fake_sessions(const char *name, unsigned int established)
{
	set_sessions(speaker_named(name), (UINT64_C(1) << established) - 1);
	fake_after_handler();
}

void fake_session(const char *name, unsigned int neighbor, bool established)
{
	struct bgp_speaker *sp = speaker_named(name);
	uint64_t bit = UINT64_C(1) << neighbor;

	set_sessions(sp, established ? sp->up | bit : sp->up & ~bit);
	fake_after_handler();
}

bool fake_has_session(const char *name, unsigned int neighbor)
{
	return speaker_named(name)->up >> neighbor & 1;
}

void bgp_speaker_on_foreign(struct bgp_speaker *sp, bgp_foreign_fn fn)
{
	sp->foreign_fn = fn;
}

void fake_foreign_path(const char *name, const char *prefix, uint32_t owner)
{
	fake->has_foreign = true;
	fake->foreign = (struct bgp_foreign){.owner = owner, .since = fake->now};
	if (ipprefix_parse(&fake->foreign.prefix, prefix) < 0)
		abort();
	for (struct bgp_speaker *sp = fake->speakers; sp; sp = sp->next) {
		if (strcmp(sp->cfg->name, name) == 0)
			sp->foreign_fn(sp->ctx);
	}
	fake_after_handler();
}

static void write_route(struct bgp_speaker *sp, const struct ipprefix *prefix,
			const struct bgp_attrs *attrs)
{
	char text[IPPREFIX_TEXT];

	sp->updated = fake->now;
	if (attrs)
		fake_trace("announce %s community %x", ipprefix_format(prefix, text),
			   attrs->n_communities > 0 ? attrs->communities[attrs->n_communities - 1]
						    : 0u);
	else
		fake_trace("withdraw %s", ipprefix_format(prefix, text));
	if (fake->route)
		fake->route(fake->ctx, prefix, attrs);
}

int bgp_speaker_announce_all(struct bgp_speaker *sp, const struct ipprefix *prefixes,
			     unsigned int n, const struct bgp_attrs *attrs)
{
	fake->n_speaker_calls++;
	if (fake->speaker_full > 0) {
		fake->speaker_full--;
		return -ENOSPC;
	}
	for (unsigned int i = 0; i < n; i++)
		write_route(sp, &prefixes[i], attrs);
	return 0;
}

int bgp_speaker_announce(struct bgp_speaker *sp, const struct ipprefix *prefix,
			 const struct bgp_attrs *attrs)
{
	return bgp_speaker_announce_all(sp, prefix, 1, attrs);
}

int bgp_speaker_withdraw_all(struct bgp_speaker *sp, const struct ipprefix *prefixes,
			     unsigned int n)
{
	fake->n_speaker_calls++;
	for (unsigned int i = 0; i < n; i++)
		write_route(sp, &prefixes[i], NULL);
	return 0;
}

int bgp_speaker_withdraw(struct bgp_speaker *sp, const struct ipprefix *prefix)
{
	return bgp_speaker_withdraw_all(sp, prefix, 1);
}

void bgp_speaker_shutdown(struct bgp_speaker *sp, const char *reason)
{
	(void)reason;
	fake_trace("shutdown %s", sp->cfg->name);
	sp->closed = true;
}

bool bgp_speaker_is_closed(const struct bgp_speaker *sp)
{
	return sp->closed;
}

int bgp_speaker_reconfigure(struct bgp_speaker *sp, const struct cfg_bgp *cfg, uint32_t router_id)
{
	sp->cfg = cfg;
	sp->router_id = router_id;
	return 0;
}

uint32_t bgp_speaker_router_id(const struct bgp_speaker *sp)
{
	return sp->router_id;
}

unsigned int bgp_speaker_established(const struct bgp_speaker *sp)
{
	return (unsigned int)__builtin_popcountll(sp->up);
}

unsigned int bgp_speaker_carries(const struct bgp_speaker *sp)
{
	if (sp->up == 0)
		return 0;
	return fake->carries ? fake->carries
			     : BGP_CARRIES_IPV4 | BGP_CARRIES_IPV6 | BGP_CARRIES_IPV4_BY |
				   BGP_CARRIES_IPV6_BY;
}

struct mono bgp_speaker_last_update(const struct bgp_speaker *sp)
{
	return sp->updated;
}

unsigned int bgp_speaker_clear(struct bgp_speaker *sp, const struct ipaddr *neighbor)
{
	(void)sp;
	(void)neighbor;
	return 0;
}

void bgp_speaker_bfd(struct bgp_speaker *sp, const struct cfg_bfd *bfd, enum bgp_bfd state,
		     const char *why)
{
	static const char *const names[] = {"unknown", "down", "up"};
	char text[IPADDR_TEXT];

	for (unsigned int i = 0; i < sp->cfg->n_neighbors; i++) {
		if (!cfg_bfd_same_session(&sp->cfg->neighbors[i].bfd, bfd))
			continue;
		fake_trace("bfd %s %s%s%s", ipaddr_format(&bfd->peer, text), names[state],
			   *why ? ": " : "", why);
		if (state == BGP_BFD_DOWN && sp->up >> i & 1)
			set_sessions(sp, sp->up & ~(UINT64_C(1) << i));
	}
}

bool bgp_speaker_lost_by_bfd(const struct bgp_speaker *sp, struct ipaddr *neighbor)
{
	(void)sp;
	(void)neighbor;
	return false;
}

/* --- functions without effect ------------------------------------------------------------------*/

void bgp_speaker_on_foreign_med(struct bgp_speaker *sp, bgp_foreign_med_fn fn)
{
	(void)sp;
	(void)fn;
}

void bgp_speaker_watch(struct bgp_speaker *sp, const struct ipprefix *prefix, uint32_t owner)
{
	(void)sp;
	(void)prefix;
	(void)owner;
	fake->n_watch_calls++;
}

void bgp_speaker_unwatch(struct bgp_speaker *sp, const struct ipprefix *prefix)
{
	(void)sp;
	(void)prefix;
	fake->n_watch_calls++;
}

bool bgp_speaker_next_foreign(const struct bgp_speaker *sp, struct bgp_foreign *it,
			      struct ipaddr *neighbor)
{
	(void)sp;
	if (!fake->has_foreign || it->next > 0)
		return false;
	*it = fake->foreign;
	it->next = 1;
	ipaddr_parse(neighbor, "192.0.2.9");
	return true;
}

unsigned int bgp_speaker_neighbors(const struct bgp_speaker *sp)
{
	(void)sp;
	return 0;
}

void bgp_speaker_status(const struct bgp_speaker *sp, unsigned int index,
			struct bgp_neighbor_status *out)
{
	(void)sp;
	(void)index;
	*out = (struct bgp_neighbor_status){0};
}

struct mono bgp_speaker_updated(const struct bgp_speaker *sp, unsigned int index,
				struct ipaddr *address)
{
	(void)sp;
	(void)index;
	(void)address;
	return MONO_NEVER;
}

void bgp_speaker_listen(struct bgp_speaker *sp, struct bgp_listener *l)
{
	(void)sp;
	(void)l;
}

struct bgp_listener *bgp_listener_create(struct loop *loop)
{
	(void)loop;
	return calloc(1, sizeof(struct bgp_listener));
}

void bgp_listener_destroy(struct bgp_listener *l)
{
	free(l);
}

uint64_t bgp_listener_refused(const struct bgp_listener *l)
{
	(void)l;
	return 0;
}

void bgp_speaker_gateway(struct bgp_speaker *sp, bool ipv6, const struct ipaddr *address,
			 uint32_t ifindex)
{
	char text[IPADDR_TEXT];

	fake_trace("gateway%s of %s: %s on %u", ipv6 ? "6" : "", sp->cfg->name,
		   ipaddr_format(address, text), ifindex);
}

bool bgp_speaker_found(struct bgp_speaker *sp, const char *interface, const struct ipaddr *address,
		       uint32_t ifindex)
{
	char text[IPADDR_TEXT];

	fake_trace("%s of %s: %s on %u", interface, sp->cfg->name, ipaddr_format(address, text),
		   ifindex);
	return true;
}
