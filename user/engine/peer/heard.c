// SPDX-License-Identifier: BSD-2-Clause
/*
 * Lists of heard hosts. Owns them and the data path's entry for unknown hosts. Rejected: an event
 * of the kernel half for each new prober, because a flood of forged probes would then be a flood of
 * events. A host is learnt by a valid report instead, which must be signed if there is a key.
 */
#include "engine/peer/heard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bfd/bfd_codec.h"
#include "core/addr.h"
#include "core/log.h"
#include "datapath/sbfd.h"
#include "engine/inbox.h"
#include "engine/instance/instance.h"
#include "engine/peer/prober.h"
#include "engine/state.h"

static struct heard *find(const struct engine *engine, uint32_t ifindex, uint8_t family)
{
	struct heard *list = engine->heard;

	while (list && (list->ifindex != ifindex || list->family != family))
		list = list->next;
	return list;
}

struct heard *heard_find(const struct engine *engine, uint32_t ifindex,
			 const struct ipaddr *address)
{
	return find(engine, ifindex, ipaddr_is_v4(address) ? 4 : 6);
}

struct heard *heard_hold(struct engine *engine, uint32_t ifindex, uint8_t family)
{
	struct heard *list = find(engine, ifindex, family);

	if (!list) {
		list = calloc(1, sizeof(*list)); /* owner: the engine */
		if (!list)
			return NULL;
		*list = (struct heard){
		    .next = engine->heard, .engine = engine, .ifindex = ifindex, .family = family};
		engine->heard = list;
	}
	list->users++;
	return list;
}

void heard_release(struct heard *list)
{
	struct heard **at;

	if (!list || --list->users > 0)
		return;
	at = &list->engine->heard;
	while (*at != list)
		at = &(*at)->next;
	*at = list->next;
	free(list);
}

/* --- who is heard -----------------------------------------------------------------------------*/

static void tell(struct heard *list)
{
	struct instance *in;

	ENGINE_EACH_INSTANCE (list->engine, in) {
		if (in->heard == list)
			inbox_post(&in->event, NEWS_PEERS);
	}
}

static bool is_ours(const struct heard *list, const struct ipaddr *address)
{
	struct instance *in;

	ENGINE_EACH_INSTANCE (list->engine, in) {
		if (in->heard == list && ipaddr_equal(&in->vcfg.address, address))
			return true;
	}
	return false;
}

static struct heard_host *oldest(struct heard *list)
{
	struct heard_host *found = &list->hosts[0];

	for (unsigned int i = 1; i < list->n; i++) {
		if (mono_before(list->hosts[i].at, found->at))
			found = &list->hosts[i];
	}
	return found;
}

void heard_note(struct heard *list, const struct ipaddr *address)
{
	struct mono now = loop_now(list->engine->loop);
	struct heard_host *host;
	char text[IPADDR_TEXT];

	for (unsigned int i = 0; i < list->n; i++) {
		if (ipaddr_equal(&list->hosts[i].address, address)) {
			list->hosts[i].at = now;
			return;
		}
	}
	if (ipaddr_is_unset(address) || is_ours(list, address))
		return;
	host = list->n < HEARD_MAX ? &list->hosts[list->n++] : oldest(list);
	*host = (struct heard_host){.address = *address, .at = now};
	log_info("peer %s is heard on the link", ipaddr_format(address, text));
	tell(list);
}

void heard_age(struct engine *engine)
{
	struct mono limit = mono_add(loop_now(engine->loop), -HEARD_NS);

	for (struct heard *list = engine->heard; list; list = list->next) {
		unsigned int before = list->n;

		for (unsigned int i = 0; i < list->n; i++) {
			if (mono_before(list->hosts[i].at, limit))
				list->hosts[i--] = list->hosts[--list->n];
		}
		if (list->n != before)
			tell(list);
	}
}

unsigned int heard_peers(const struct heard *list, struct cfg_peer out[HEARD_MAX])
{
	for (unsigned int i = 0; i < list->n; i++)
		out[i] = (struct cfg_peer){
		    .address = list->hosts[i].address, .min_ttl = BFD_TTL, .max_ttl = BFD_TTL};
	return list->n;
}

/* --- who is answered --------------------------------------------------------------------------*/

/* datapath callback: we do not probe unknown hosts, so their answers mean nothing. */
static void ignore(void *owner)
{
	(void)owner;
}

int heard_answer(struct heard *list, const struct prober_use *use)
{
	struct hf_sbfd_cfg cfg = {
	    .gate_ns = (uint64_t)use->sbfd->gate_ns,
	    .address = use->source,
	    .our_discr = use->sbfd->discriminator ? use->sbfd->discriminator
						  : sbfd_discriminator(&use->source),
	    .min_ttl = BFD_TTL,
	};
	struct ipaddr anybody = {{0}};

	list->answering++;
	if (list->family == 4)
		ipaddr_parse(&anybody, "0.0.0.0");
	if (!list->anybody)
		list->anybody =
		    datapath_sbfd_create(list->engine->dp, list->ifindex, &anybody, ignore, list);
	return list->anybody ? datapath_sbfd_set(list->anybody, &cfg) : -errno;
}

void heard_silence(struct heard *list)
{
	if (--list->answering > 0)
		return;
	datapath_sbfd_destroy(list->anybody);
	list->anybody = NULL;
}

bool heard_standby(const struct heard *list, int64_t within_ns)
{
	const volatile struct hf_sbfd_state *seen;

	if (!list || !list->anybody)
		return false;
	seen = datapath_sbfd_state(list->anybody);
	return seen->probe_ns != 0 && seen->probe_state == BFD_UP &&
	       loop_now(list->engine->loop).ns - (int64_t)seen->probe_ns < within_ns;
}
