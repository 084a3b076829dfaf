// SPDX-License-Identifier: BSD-2-Clause
/*
 * The executor of sbfd_step(): sends its probes, passes it the answers that the kernel half has
 * noted, and reports its results to the instances. Owns the socket and the data path's entry.
 *
 * The notes of the kernel half are read when the timer fires. An answer wakes the daemon only if
 * its state differs from that of the answer before. An advert of the peer is a sign of life, too.
 * It is looked for only before the peer is found dead, because hundreds of instances may follow one
 * peer.
 */
#include "engine/peer/prober.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "bfd/bfd_codec.h"
#include "bfd/sbfd_socket.h"
#include "config/config.h"
#include "core/addr.h"
#include "core/log.h"
#include "datapath/datapath.h"
#include "datapath/sbfd.h"
#include "engine/inbox.h"
#include "engine/instance/instance.h"
#include "engine/peer/peers.h"
#include "engine/state.h"
#include "engine/tracking/uplinks.h"

/*
 * If a peer was found dead or out of service, and is our master again within RELAPSE_NS, it was
 * alive. For DISTRUST_NS only its adverts decide then. This limits the damage of a path that loses
 * only probes, and of a daemon that is late again and again.
 */
#define RELAPSE_NS  (10 * NS_PER_S)
#define DISTRUST_NS (60 * NS_PER_S)

static void feed(struct peer *peer, struct sbfd_event *ev);

static struct mono answered_at(const struct prober *p)
{
	return (struct mono){(int64_t)datapath_sbfd_state(p->entry)->answer_ns};
}

/* --- results ----------------------------------------------------------------------------------*/

/* The last valid advert that a tied instance has heard. */
static struct mono last_advert(const struct prober *p)
{
	struct mono last = MONO_NEVER;

	for (const struct prober_tie *tie = p->ties; tie; tie = tie->next) {
		struct mono at = {(int64_t)datapath_state(tie->in->datapath)->last_rx_ns};

		if (mono_before(last, at))
			last = at;
	}
	return last;
}

static void post(struct peer *peer, enum vrrp_host host, struct mono found)
{
	struct mono now = loop_now(peer->engine->loop);
	struct prober *p = &peer->prober;
	struct prober_tie *tie;

	if (mono_before(now, p->distrusted_until))
		return;
	p->accused = now;
	for (tie = p->ties; tie; tie = tie->next) {
		tie->in->event.host = (struct host_news){
		    .host = host,
		    .address = peer->address,
		    .found_ns = found.ns,
		    .answer_ns = answered_at(p).ns,
		    .unanswered = p->cfg.multiplier,
		};
		inbox_post(&tie->in->event, NEWS_HOST);
	}
}

/* When the answer to the first unanswered probe was due. */
static struct mono unanswered_since(const struct prober *p)
{
	return (struct mono){(int64_t)p->fsm.probes.first_ns + p->cfg.interval_ns};
}

static void on_down(struct peer *peer)
{
	struct prober *p = &peer->prober;
	struct mono now = loop_now(peer->engine->loop);
	char text[IPADDR_TEXT];

	if (mono_is_set(p->asked_at)) { /* the same silence as before: not counted again */
		p->asked_at = MONO_NEVER;
		post(peer, VRRP_HOST_SILENT, now);
		return;
	}
	p->downs++;
	p->silent_since = unanswered_since(p);
	log_warn("peer %s: %u probes in a row are unanswered, the last answer came %.1f ms ago",
		 ipaddr_format(&peer->address, text), p->cfg.multiplier,
		 (double)mono_diff_ns(now, answered_at(p)) / (double)NS_PER_MS);
	post(peer, VRRP_HOST_SILENT, now);
}

static void on_closed(struct peer *peer)
{
	char text[IPADDR_TEXT];

	peer->prober.downs++;
	log_warn("peer %s: its host answers that its daemon is out of service",
		 ipaddr_format(&peer->address, text));
	post(peer, VRRP_HOST_CLOSED, answered_at(&peer->prober));
}

static void on_up(const struct peer *peer)
{
	char text[IPADDR_TEXT];

	log_info("peer %s: its host answers probes: it is watched by one each %.3f ms",
		 ipaddr_format(&peer->address, text),
		 (double)peer->prober.cfg.interval_ns / (double)NS_PER_MS);
}

/* --- probes -----------------------------------------------------------------------------------*/

/* True if a tied instance is ready to take over. */
static bool could_take_over(const struct prober *p)
{
	for (const struct prober_tie *tie = p->ties; tie; tie = tie->next) {
		if (tie->in->fsm.state == VRRP_BACKUP && tie->in->fsm.leaving == VRRP_STAY)
			return true;
	}
	return false;
}

/* A probe that could not be sent proves nothing, so the step is not told of it. */
static void send_probe(struct peer *peer, const struct bfd_packet *packet)
{
	struct prober *p = &peer->prober;
	struct sbfd_event sent = {.type = SBFD_EV_SENT};
	uint8_t msg[BFD_LEN];
	int len = bfd_packet_build(packet, msg, sizeof(msg));

	sent.began = loop_clock();
	if (len < 0 || !prober_ways_send(p, &peer->address, msg, (size_t)len))
		return;
	p->sent++;
	sent.now = loop_clock();
	feed(peer, &sent);
}

static void perform(struct peer *peer, const struct sbfd_action *act)
{
	switch (act->type) {
	case SBFD_ACT_SEND:
		send_probe(peer, &act->packet);
		break;
	case SBFD_ACT_UP:
		on_up(peer);
		break;
	case SBFD_ACT_CLOSED:
		on_closed(peer);
		break;
	case SBFD_ACT_DOWN:
		on_down(peer);
		break;
	}
}

static void feed(struct peer *peer, struct sbfd_event *ev)
{
	struct prober *p = &peer->prober;
	struct sbfd_actions actions;

	sbfd_step(&p->cfg, &p->fsm, ev, &actions);
	for (unsigned int i = 0; i < actions.n; i++)
		perform(peer, &actions.a[i]);
	if (mono_is_set(sbfd_due(&p->fsm)))
		loop_arm(peer->engine->loop, &p->timer, sbfd_due(&p->fsm));
	else if (p->tellers == 0 || !p->entry)
		loop_disarm(peer->engine->loop, &p->timer);
	else if (p->timer.slot == 0)
		loop_arm(peer->engine->loop, &p->timer, loop_now(peer->engine->loop));
}

static void feed_now(struct peer *peer, enum sbfd_event_type type)
{
	feed(peer, &(struct sbfd_event){.type = type, .now = loop_now(peer->engine->loop)});
}

static void on_answer(void *owner)
{
	struct peer *peer = owner;
	const volatile struct hf_sbfd_state *seen = datapath_sbfd_state(peer->prober.entry);

	feed(peer, &(struct sbfd_event){.type = SBFD_EV_ANSWER,
					.now = loop_now(peer->engine->loop),
					.state = (enum bfd_state)seen->answer_state});
}

/* The last answer; before the peer would be found dead, the last advert if that is newer. */
static struct mono last_sign_of_life(const struct prober *p)
{
	struct mono at = answered_at(p);

	if (p->fsm.state == SBFD_UP && p->fsm.probes.unanswered >= p->cfg.multiplier &&
	    at.ns < (int64_t)p->fsm.probes.first_ns) {
		struct mono advert = last_advert(p);

		return mono_before(at, advert) ? advert : at;
	}
	return at;
}

/* While no instance is tied: tells the peer once a second that this node could not take over. */
static void tell(struct peer *peer)
{
	struct prober *p = &peer->prober;
	struct bfd_packet packet = sbfd_probe(&p->cfg, false);

	if (p->tellers == 0 || !p->entry)
		return;
	loop_arm(peer->engine->loop, &p->timer,
		 mono_add(loop_now(peer->engine->loop), SBFD_SLOW_NS));
	send_probe(peer, &packet);
}

static void on_timer(struct loop_timer *timer)
{
	struct peer *peer = timer->ctx;
	struct prober *p = &peer->prober;

	if (p->fsm.state == SBFD_OFF) {
		tell(peer);
		return;
	}
	if (p->fsm.probes.unanswered > 0 && answered_at(p).ns >= (int64_t)p->fsm.probes.first_ns)
		on_answer(peer); /* the kernel half does not report an answer in the old state */
	if (mono_is_set(p->asked_at) && !mono_before(answered_at(p), p->asked_at))
		p->asked_at = MONO_NEVER;
	p->could_take_over = could_take_over(p);
	feed(peer, &(struct sbfd_event){.type = SBFD_EV_TIMER,
					.now = loop_now(peer->engine->loop),
					.heard = last_sign_of_life(p),
					.could_take_over = p->could_take_over});
}

/* --- telling that this node cannot take over --------------------------------------------------*/

void prober_tell(struct peer *peer)
{
	if (peer->prober.tellers++ == 0 && peer->prober.entry && !peer->prober.ties)
		loop_arm(peer->engine->loop, &peer->prober.timer, loop_now(peer->engine->loop));
}

void prober_untell(struct peer *peer)
{
	if (--peer->prober.tellers == 0 && peer->prober.entry && !peer->prober.ties)
		loop_disarm(peer->engine->loop, &peer->prober.timer);
}

/* --- facts for the cut-off rules --------------------------------------------------------------*/

bool prober_has_heard(const struct peer *peer)
{
	return peer->prober.fsm.state > SBFD_UNHEARD;
}

struct mono prober_silent_since(const struct peer *peer)
{
	const struct prober *p = &peer->prober;
	struct mono since = MONO_NEVER;

	if (p->fsm.state == SBFD_DOWN || mono_is_set(p->asked_at))
		since = p->silent_since;
	else if (p->fsm.state == SBFD_UP && p->fsm.probes.unanswered > 0)
		since = unanswered_since(p);
	/* The kernel half notes but does not report an answer in the same state as before. */
	if (mono_is_set(since) && mono_diff_ns(since, answered_at(p)) <= p->cfg.interval_ns)
		return MONO_NEVER;
	return since;
}

void prober_absolve(struct peer *peer)
{
	peer->prober.accused = MONO_NEVER;
}

void prober_ask(struct peer *peer)
{
	if (peer->prober.fsm.state != SBFD_DOWN)
		return;
	peer->prober.asked_at = loop_now(peer->engine->loop);
	prober_absolve(peer); /* post() sets it again if the peer is found dead again */
	feed_now(peer, SBFD_EV_ASK);
}

/* --- ties -------------------------------------------------------------------------------------*/

/* Begins a new generation, whose first answer the kernel half reports in any state. */
static void begin(struct peer *peer)
{
	int err = datapath_sbfd_set(peer->prober.entry, &peer->prober.published);
	char text[IPADDR_TEXT];

	if (err < 0)
		log_warn("peer %s: the data path does not tell of its answers: %s",
			 ipaddr_format(&peer->address, text), strerror(-err));
	feed_now(peer, SBFD_EV_START);
}

static void judge_relapse(struct peer *peer)
{
	struct mono now = loop_now(peer->engine->loop);
	struct prober *p = &peer->prober;
	char text[IPADDR_TEXT];

	if (!mono_is_set(p->accused) || mono_diff_ns(now, p->accused) > RELAPSE_NS)
		return;
	p->accused = MONO_NEVER;
	p->distrusted_until = mono_add(now, DISTRUST_NS);
	log_warn(
	    "peer %s: it was found dead by probes and lives: for %lld s its adverts alone decide",
	    ipaddr_format(&peer->address, text), (long long)(DISTRUST_NS / NS_PER_S));
}

void prober_tie(struct prober_tie *tie, struct peer *peer)
{
	struct prober *p = &peer->prober;

	if (!p->ties)
		judge_relapse(peer);
	tie->peer = peer;
	tie->prev = NULL;
	tie->next = p->ties;
	if (p->ties)
		p->ties->prev = tie;
	p->ties = tie;
	if (!tie->next && p->entry)
		begin(peer);
}

void prober_untie(struct prober_tie *tie)
{
	struct peer *peer = tie->peer;

	if (!peer)
		return;
	if (tie->prev)
		tie->prev->next = tie->next;
	else
		peer->prober.ties = tie->next;
	if (tie->next)
		tie->next->prev = tie->prev;
	tie->peer = NULL;
	tie->next = tie->prev = NULL;
	if (!peer->prober.ties)
		feed_now(peer, SBFD_EV_STOP);
}

/* --- users ------------------------------------------------------------------------------------*/

/* A random discriminator for our probes, not 0: a forged answer would have to contain it. */
static uint32_t draw_discriminator(void)
{
	uint32_t drawn = 0;

	if (getrandom(&drawn, sizeof(drawn), GRND_NONBLOCK) != (ssize_t)sizeof(drawn))
		drawn = (uint32_t)loop_clock().ns;
	return drawn ? drawn : 1;
}

/* Opens the data path's entry and the sockets, unless they are open for the same source. 0 or
 * -errno. */
static int open_both(struct engine *engine, struct peer *peer, const struct prober_use *use)
{
	struct prober *p = &peer->prober;

	if (!p->entry) {
		p->entry_on = use->uplinks ? uplinks_first(use->uplinks) : peer->ifindex;
		p->entry =
		    datapath_sbfd_create(engine->dp, p->entry_on, &peer->address, on_answer, peer);
		if (!p->entry)
			return -errno;
		p->n_ways = 0;
		p->timer = (struct loop_timer){.fn = on_timer, .ctx = peer, .name = "probe"};
		p->published.probe_discr = draw_discriminator();
	}
	if (!ipaddr_equal(&p->published.address, &use->source))
		prober_ways_close(p);
	return prober_ways_open(peer, use);
}

/* Ends the probes too. A tied instance stays tied: begin() follows when both are open again. */
static void close_both(struct peer *peer)
{
	struct prober *p = &peer->prober;

	loop_disarm(peer->engine->loop, &p->timer);
	p->fsm = (struct sbfd_fsm){0};
	p->asked_at = MONO_NEVER;
	if (!p->entry)
		return;
	prober_ways_close(p);
	datapath_sbfd_destroy(p->entry);
	p->entry = NULL;
}

static bool is_same(const struct sbfd_cfg *a, const struct sbfd_cfg *b)
{
	return a->my_discr == b->my_discr && a->your_discr == b->your_discr &&
	       a->interval_ns == b->interval_ns && a->multiplier == b->multiplier;
}

/* Sets `published` and `cfg` by `use`. False: nothing has changed. */
static bool describe(struct peer *peer, const struct prober_use *use, uint8_t min_ttl,
		     uint32_t discr)
{
	struct prober *p = &peer->prober;
	struct hf_sbfd_cfg before = p->published;
	struct sbfd_cfg cfg_before = p->cfg;
	const struct cfg_sbfd *sbfd = use->sbfd;

	p->published.gate_ns = (uint64_t)sbfd->gate_ns;
	p->published.address = use->source;
	p->published.our_discr =
	    sbfd->discriminator ? sbfd->discriminator : sbfd_discriminator(&use->source);
	p->published.peer_discr = discr ? discr : sbfd_discriminator(&peer->address);
	p->published.min_ttl = use->on_link ? BFD_TTL : min_ttl;
	p->cfg = (struct sbfd_cfg){.my_discr = p->published.probe_discr,
				   .your_discr = p->published.peer_discr,
				   .interval_ns = sbfd->interval_ns,
				   .multiplier = sbfd->multiplier};
	return memcmp(&before, &p->published, sizeof(before)) != 0 ||
	       !is_same(&cfg_before, &p->cfg);
}

int prober_use(struct engine *engine, struct peer *peer, const struct prober_use *use,
	       uint8_t min_ttl, uint32_t discr)
{
	struct prober *p = &peer->prober;
	uint16_t port = p->published.probe_port;
	bool fresh = !p->entry;
	int err;

	p->users++;
	peer->engine = engine;
	err = open_both(engine, peer, use);
	fresh |= p->published.probe_port != port;
	if (err == 0 && (describe(peer, use, min_ttl, discr) || fresh)) {
		err = datapath_sbfd_set(p->entry, &p->published);
		if (err == 0)
			feed_now(peer, SBFD_EV_CONFIG);
	}
	if (err < 0)
		close_both(peer);
	else if (fresh && p->ties)
		begin(peer);
	return err;
}

void prober_unuse(struct peer *peer)
{
	if (--peer->prober.users > 0)
		return;
	while (peer->prober.ties)
		prober_untie(peer->prober.ties);
	close_both(peer);
}

/* --- status -----------------------------------------------------------------------------------*/

bool prober_heard_standby(const struct peer *peer, int64_t within_ns)
{
	const volatile struct hf_sbfd_state *seen;

	if (!peer->prober.entry)
		return false;
	seen = datapath_sbfd_state(peer->prober.entry);
	return seen->probe_ns != 0 && seen->probe_state == BFD_UP &&
	       loop_now(peer->engine->loop).ns - (int64_t)seen->probe_ns < within_ns;
}

bool prober_is_watching(const struct peer *peer, const char **why)
{
	const struct prober *p = &peer->prober;

	*why = "";
	if (p->users == 0)
		*why = "no sbfd is configured";
	else if (!p->entry)
		*why = "its probes and answers have no place in the data path";
	else if (!p->ties)
		*why = "it is no master of ours";
	else if (mono_before(loop_now(peer->engine->loop), p->distrusted_until))
		*why = "probes found it dead a moment ago, and it lives";
	else if (p->fsm.state == SBFD_UNHEARD)
		*why = "its host does not answer probes";
	else if (p->fsm.state == SBFD_DOWN)
		*why = "its host answers probes no longer";
	else if (p->fsm.state == SBFD_CLOSED)
		*why = "its host says that it is out of service";
	return **why == '\0' && p->fsm.state == SBFD_UP;
}
