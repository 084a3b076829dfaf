// SPDX-License-Identifier: BSD-2-Clause
/*
 * Duplicate announcers: we are MASTER and announce, and a router has another node's path for the
 * same prefix. Both paths are normal for a short time when mastership moves. So a path counts only
 * when it is at least DUPLICATE_GRACE_NS old, and our claim is too.
 *
 * A router sends us only its best path. While our path is escalated, the other path may be that of
 * a dead host, and a router that still sends it does not prefer ours. When our path has settled,
 * the path of a dead host has been withdrawn, so another node does announce. Owns one timer per
 * speaker, which runs while any router has another node's path. On a BACKUP that is the MASTER's
 * path, which is no fault.
 */
#include "engine/instance/duplicates.h"

#include "announce/announce_attrs.h"
#include "core/addr.h"
#include "engine/instance/instance.h"
#include "engine/instance/speakers.h"

#define DUPLICATE_GRACE_NS (3 * NS_PER_S)
#define DUPLICATE_CHECK_NS NS_PER_S
/* Foreign paths checked in one turn, each with up to 64 neighbors: a tenth of a millisecond. */
#define DUPLICATE_SLICE 1000

static void note(struct instance *in, const struct bgp_foreign *it, const struct ipaddr *neighbor,
		 struct mono pass)
{
	char prefix[IPPREFIX_TEXT], address[IPADDR_TEXT];

	bool not_taken = in->announcer.fsm.level == ANNOUNCE_ESCALATED;

	in->duplicate.checked = pass;
	if (in->duplicate.seen && in->duplicate.not_taken == not_taken)
		return;
	in->duplicate.seen = true;
	in->duplicate.not_taken = not_taken;
	in->duplicate.prefix = it->prefix;
	in->duplicate.neighbor = *neighbor;
	ipprefix_format(&it->prefix, prefix);
	ipaddr_format(neighbor, address);
	if (not_taken)
		log_warn("%s: %s prefers another node's path for %s to ours", in->cfg->name,
			 address, prefix);
	else
		log_warn("%s: two nodes announce %s: %s has another node's path too", in->cfg->name,
			 prefix, address);
}

/* True if a path that the router has had since `since` counts as a duplicate. */
static bool is_rival(const struct instance *in, struct mono since, struct mono now)
{
	enum announce_level level = in->announcer.fsm.level;

	if (in->fsm.state != VRRP_MASTER ||
	    (level != ANNOUNCE_SETTLED && level != ANNOUNCE_ESCALATED))
		return false;
	return mono_diff_ns(now, since) >= DUPLICATE_GRACE_NS &&
	       mono_diff_ns(now, in->announcer.claimed_at) >= DUPLICATE_GRACE_NS;
}

/* Checks the next paths of the pass. True: there may be more. */
static bool check_some(struct speaker *speaker)
{
	struct engine *engine = speaker->engine;
	struct bgp_foreign *it = &speaker->duplicate_next;
	struct ipaddr neighbor;

	for (int i = 0; i < DUPLICATE_SLICE; i++) {
		struct instance *in;

		if (!bgp_speaker_next_foreign(speaker->sp, it, &neighbor))
			return false;
		in = instance_find(engine, it->owner);
		if (in && instance_speaker(in) == speaker &&
		    is_rival(in, it->since, loop_now(engine->loop)))
			note(in, it, &neighbor, speaker->duplicate_pass);
	}
	return true;
}

/* Clears the duplicates that this pass has not found again. */
static void end_pass(struct speaker *speaker)
{
	struct engine *engine = speaker->engine;
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		if (!in->duplicate.seen || instance_speaker(in) != speaker ||
		    in->duplicate.checked.ns == speaker->duplicate_pass.ns)
			continue;
		in->duplicate.seen = false;
		log_info("%s: no other node announces its prefixes any more", in->cfg->name);
	}
	speaker->duplicate_pass = MONO_NEVER;
}

static void on_check(struct loop_timer *timer)
{
	struct speaker *speaker = timer->ctx;
	struct loop *loop = speaker->engine->loop;
	struct mono began = speaker->duplicate_pass;

	if (!mono_is_set(began)) {
		speaker->duplicate_next = (struct bgp_foreign){0};
		began = speaker->duplicate_pass = loop_now(loop);
	}
	if (check_some(speaker)) {
		loop_arm(loop, timer, loop_now(loop));
		return;
	}
	end_pass(speaker);
	if (speaker->duplicate_next.next > 0) /* foreign paths remain */
		loop_arm(loop, timer, mono_add(began, DUPLICATE_CHECK_NS));
}

static void on_first(void *ctx)
{
	struct speaker *speaker = ctx;
	struct loop *loop = speaker->engine->loop;

	loop_arm(loop, &speaker->duplicate_timer, mono_add(loop_now(loop), DUPLICATE_CHECK_NS));
}

/* Learns the epoch of another node's takeover from the MED, if the router passes it on. */
static void on_foreign_med(void *ctx, uint32_t owner, uint32_t med)
{
	struct speaker *speaker = ctx;
	struct instance *in = instance_find(speaker->engine, owner);

	if (in && instance_speaker(in) == speaker)
		announcer_learn_epoch(&in->announcer,
				      epoch_of_med(announce_med_base(&in->cfg->announce), med),
				      wall_clock_ms());
}

void duplicates_begin(struct speaker *speaker)
{
	speaker->duplicate_pass = MONO_NEVER;
	speaker->duplicate_timer =
	    (struct loop_timer){.fn = on_check, .ctx = speaker, .name = "duplicate check"};
	bgp_speaker_on_foreign(speaker->sp, on_first);
	bgp_speaker_on_foreign_med(speaker->sp, on_foreign_med);
}

void duplicates_end(struct speaker *speaker)
{
	loop_disarm(speaker->engine->loop, &speaker->duplicate_timer);
}

void duplicates_watch(struct instance *in, const struct ipprefix *prefixes, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		bgp_speaker_watch(instance_speaker(in)->sp, &prefixes[i], in->id);
}

void duplicates_unwatch(struct instance *in, struct bgp_speaker *sp,
			const struct ipprefix *prefixes, unsigned int n)
{
	in->duplicate.seen = false;
	for (unsigned int i = 0; i < n; i++)
		bgp_speaker_unwatch(sp, &prefixes[i]);
}
