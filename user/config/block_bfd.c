// SPDX-License-Identifier: BSD-2-Clause
/*
 * BFD sessions: `bfd` of a BGP neighbor, and keepalived's bfd_instance. A pair of addresses
 * identifies a session. Blocks for the same session share it and must have the same values.
 * Rejected: using the faster values of two blocks, because an error in one block would then change
 * the other.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bfd_wire.h"
#include "config/parser.h"
#include "config/value.h"
#include "core/addr.h"
#include "core/mono.h"

#define MIN_INTERVAL_NS	    NS_PER_MS
#define MAX_INTERVAL_NS	    (60 * NS_PER_S)
#define DEFAULT_INTERVAL_NS (50 * NS_PER_MS)
#define DEFAULT_MULTIPLIER  3

/* keepalived's values */
#define INSTANCE_INTERVAL_NS (10 * NS_PER_MS)
#define INSTANCE_MULTIPLIER  5
#define INSTANCE_HOPLIMIT    64 /* expected from the peer if no hoplimit is given */
#define INSTANCE_NAME_MAX    32
#define IDLE_INTERVAL_NS     NS_PER_S
#define MAX_INSTANCE_MS	     4294967
#define ANY_HOPS	     255

/* Counts a session. False after an error: there are too many. */
static bool count_session(struct parser *p)
{
	if (p->n_bfd < CFG_MAX_BFD) {
		p->n_bfd++;
		return true;
	}
	parser_error(p, "more than %d BFD sessions; write fewer", CFG_MAX_BFD);
	return false;
}

/* --- bfd of a neighbor --- */

void *neighbor_bfd_open(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_bfd *b = &((struct cfg_neighbor *)target)->bfd;

	(void)kw;
	parser_no_more(p, 1);
	if (!b->given && !count_session(p))
		return NULL;
	*b = (struct cfg_bfd){.given = true,
			      .min_tx_ns = DEFAULT_INTERVAL_NS,
			      .multiplier = DEFAULT_MULTIPLIER,
			      .line = p->stmt.line};
	return b;
}

void neighbor_bfd_close(struct parser *p, void *target)
{
	struct cfg_bfd *b = target;

	(void)p;
	if (b->min_rx_ns == 0)
		b->min_rx_ns = b->min_tx_ns;
}

static void set_multihop(struct parser *p, const struct keyword *kw, void *target)
{
	parser_set(p, kw, target);
	((struct cfg_bfd *)target)->given_multihop = true;
}

#define IN(field) offsetof(struct cfg_bfd, field)

static const struct keyword neighbor_bfd[] = {
    {"interval", KW_SECONDS, KW_ACTS, IN(min_tx_ns), MIN_INTERVAL_NS, MAX_INTERVAL_NS,
     .fallback = "0.05", .help = "seconds between our packets; longer if the peer asks for that"},
    {"multiplier", KW_U8, KW_ACTS, IN(multiplier), 1, UINT8_MAX, .fallback = "3",
     .help = "number of our intervals without a packet after which the peer sets the session Down"},
    {"min_rx", KW_SECONDS, KW_ACTS, IN(min_rx_ns), MIN_INTERVAL_NS, MAX_INTERVAL_NS,
     .fallback = "the interval",
     .help = "the shortest time between the peer's packets, in seconds"},
    {"passive", KW_FLAG, KW_ACTS, IN(passive), .fallback = "off",
     .help = "send no packet before the peer has sent one"},
    {"strict", KW_FLAG, KW_ACTS, IN(strict), .fallback = "off",
     .help = "establish no BGP session before BFD is Up"},
    {"multihop", KW_BOOL, KW_ACTS, IN(multihop),
     .fallback = "on within our AS, and where multihop or ttl_security exceeds 1",
     .help = "use UDP port 4784, for a neighbor at any distance, and not 3784",
     .set = set_multihop},
};

const struct keyword_block block_neighbor_bfd = {"bfd", neighbor_bfd, KW_COUNT(neighbor_bfd), NULL};

void print_neighbor_bfd(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_bfd *b = &((const struct cfg_neighbor *)target)->bfd;

	if (!b->given)
		return;
	dump_open(d, "%s", kw->name);
	dump_block(d, &block_neighbor_bfd, b, NULL);
	dump_close(d);
}

/* --- bfd_instance --- */

void bfd_set_defaults(struct cfg_bfd *b)
{
	*b = (struct cfg_bfd){.given = true,
			      .min_tx_ns = INSTANCE_INTERVAL_NS,
			      .min_rx_ns = INSTANCE_INTERVAL_NS,
			      .idle_tx_ns = IDLE_INTERVAL_NS,
			      .multiplier = INSTANCE_MULTIPLIER};
}

static bool is_good_name(struct parser *p, const struct config *c, const char *name)
{
	if (!*name || strlen(name) >= INSTANCE_NAME_MAX) {
		parser_error(
		    p, "bfd_instance needs a name of 1 to %d characters; this one is left out",
		    INSTANCE_NAME_MAX - 1);
		return false;
	}
	for (unsigned int i = 0; i < c->n_bfds; i++) {
		if (strcmp(c->bfds[i].name, name) == 0) {
			parser_error(p,
				     "bfd_instance %s is defined already; this one is left out, "
				     "give it another name",
				     name);
			return false;
		}
	}
	return true;
}

void *bfd_open(struct parser *p, const struct keyword *kw, void *target)
{
	struct config *c = target;
	const char *name = parser_word(p, 1);
	struct cfg_bfd *b;

	(void)kw;
	if (!name || !is_good_name(p, c, name) || !count_session(p))
		return NULL;
	parser_no_more(p, 2);
	b = parser_append(p, &c->bfds, &c->n_bfds, sizeof(*b), CFG_MAX_BFD, "bfd_instances");
	if (!b)
		return NULL;
	bfd_set_defaults(b);
	b->line = p->stmt.line;
	parser_string(p, &b->name, name);
	if (b->name)
		return b;
	c->n_bfds--;
	return NULL;
}

/* Removes the last bfd_instance, which is the present one. A track_bfd of it is then an error. */
static void drop_instance(struct parser *p)
{
	struct config *c = p->cfg;

	free(c->bfds[--c->n_bfds].name);
}

static bool has_peer_of_another(const struct config *c, const struct cfg_bfd *b)
{
	for (const struct cfg_bfd *other = c->bfds; other < b; other++) {
		if (ipaddr_equal(&other->peer, &b->peer))
			return true;
	}
	return false;
}

/* Computes the lowest TTL of accepted packets, as keepalived does: from the TTL that we send. If
 * none is given, keepalived sends 64 over IPv6 and expects that. */
static void set_hops(struct parser *p, struct cfg_bfd *b)
{
	uint8_t expected = ipaddr_is_v4(&b->peer) ? BFD_TTL : INSTANCE_HOPLIMIT;

	if (b->ttl)
		expected = b->ttl;
	if (b->max_hops > expected && b->max_hops != ANY_HOPS) {
		parser_error_at(
		    p, p->stmt.file, b->line,
		    "bfd_instance %s: max_hops exceeds the TTL %u and is lowered to it; "
		    "write 255 for any distance",
		    b->name, expected);
		b->max_hops = expected;
	}
	b->min_ttl = b->max_hops == ANY_HOPS ? 0 : (uint8_t)(expected - b->max_hops);
}

void bfd_close(struct parser *p, void *target)
{
	struct cfg_bfd *b = target;
	const char *wrong = NULL;

	if (ipaddr_is_unset(&b->peer))
		wrong = "has no neighbor_ip; add one";
	else if (!ipaddr_is_unset(&b->source) && ipaddr_is_v4(&b->source) != ipaddr_is_v4(&b->peer))
		wrong = "has a source_ip of another address family than neighbor_ip; correct it";
	else if (has_peer_of_another(p->cfg, b))
		wrong = "has the neighbor_ip of another one; remove one of them";
	if (!wrong) {
		set_hops(p, b);
		return;
	}
	parser_error_at(p, p->stmt.file, b->line, "bfd_instance %s is left out: it %s", b->name,
			wrong);
	drop_instance(p);
}

static void set_peer(struct parser *p, const struct keyword *kw, void *target)
{
	(void)kw;
	if (parser_address(p, 1, &((struct cfg_bfd *)target)->peer))
		parser_no_more(p, 2);
}

static void set_ttl(struct parser *p, const struct keyword *kw, void *target)
{
	int64_t value;

	if (!parser_int(p, 1, kw->min, kw->max, &value))
		return;
	((struct cfg_bfd *)target)->ttl = (uint8_t)value;
	parser_no_more(p, 2);
}

/* Milliseconds with up to three decimals. */
static void set_milliseconds(struct parser *p, const struct keyword *kw, void *target)
{
	const char *word = parser_word(p, 1);
	int64_t ns; /* the text is read as seconds, so the value is 1000 times too large */

	if (!word)
		return;
	if (value_seconds(word, kw->min * NS_PER_S, kw->max * NS_PER_S, &ns) < 0) {
		parser_error(p, "'%s' is not %lld to %lld milliseconds; write so", word,
			     (long long)kw->min, (long long)kw->max);
		return;
	}
	ns = ns / NS_PER_MS * NS_PER_US;
	memcpy((char *)target + kw->offset, &ns, sizeof(ns));
	parser_no_more(p, 2);
}

static void print_milliseconds(struct dump *d, const struct keyword *kw, const void *target)
{
	char text[32];
	int64_t ns;

	memcpy(&ns, (const char *)target + kw->offset, sizeof(ns));
	dump_line(d, "%s %s", kw->name, value_format_seconds(ns * (NS_PER_S / NS_PER_MS), text));
}

/* -1 means 255, as in keepalived. */
static void set_max_hops(struct parser *p, const struct keyword *kw, void *target)
{
	int64_t value;

	if (!parser_int(p, 1, kw->min, kw->max, &value))
		return;
	((struct cfg_bfd *)target)->max_hops = value < 0 ? ANY_HOPS : (uint8_t)value;
	parser_no_more(p, 2);
}

static void print_max_hops(struct dump *d, const struct keyword *kw, const void *target)
{
	dump_line(d, "%s %u", kw->name, ((const struct cfg_bfd *)target)->max_hops);
}

#define MILLISECONDS(name_, field, min_, fallback_, help_)                                         \
	{                                                                                          \
		name_, KW_CUSTOM, KW_ACTS, IN(field), min_, MAX_INSTANCE_MS,                       \
		    .argument = "MILLISECONDS", .fallback = fallback_, .help = help_,              \
		    .set = set_milliseconds, .print = print_milliseconds                           \
	}

static const struct keyword instance[] = {
    {"neighbor_ip", KW_ADDRESS, KW_ACTS, IN(peer), .help = "the address of the peer; required"},
    {"neighbour_ip", KW_ADDRESS, KW_ACTS, KW_NOWHERE, .help = "the same as neighbor_ip",
     .set = set_peer},
    {"source_ip", KW_ADDRESS, KW_ACTS, IN(source), .fallback = "as the kernel chooses",
     .help = "our address"},
    MILLISECONDS("min_rx", min_rx_ns, 1, "10", "the shortest time between the peer's packets"),
    MILLISECONDS("min_tx", min_tx_ns, 1, "10", "the shortest time between our packets"),
    MILLISECONDS("idle_tx", idle_tx_ns, 1000, "1000",
		 "the shortest time between our packets while the session is not Up"),
    {"multiplier", KW_U8, KW_ACTS, IN(multiplier), 1, UINT8_MAX, .fallback = "5",
     .help = "number of our intervals without a packet after which the peer sets the session Down"},
    {"passive", KW_FLAG, KW_ACTS, IN(passive), .fallback = "off",
     .help = "send no packet before the peer has sent one"},
    {"ttl", KW_U8, KW_ACTS, IN(ttl), 1, UINT8_MAX, .fallback = "255", .help = "the TTL to send"},
    {"hoplimit", KW_U8, KW_ACTS, KW_NOWHERE, 1, UINT8_MAX, .fallback = "255",
     .help = "the hop limit to send, over IPv6", .set = set_ttl},
    {"max_hops", KW_CUSTOM, KW_ACTS, KW_NOWHERE, -1, UINT8_MAX, .argument = "N", .fallback = "0",
     .help = "refuse packets whose TTL is more than N below ttl, or without ttl below 255 (64 over "
	     "IPv6); 255: refuse none",
     .set = set_max_hops, .print = print_max_hops},
    {"weight", KW_WEIGHT, KW_ACTS, KW_WEIGHT_AT(struct cfg_bfd), -253, 253, .fallback = "0",
     .help = "the change of the priority; 0: Down leads to FAULT"},
    {"vrrp", KW_FLAG, KW_NO_EFFECT, KW_NOWHERE, .help = "report the session to VRRP",
     .instead = "a session is always reported to what tracks it"},
    {"checker", KW_FLAG, KW_NO_EFFECT, KW_NOWHERE, .help = "report the session to LVS",
     .instead = "load balancing is not done here"},
};

const struct keyword_block block_bfd = {"bfd_instance", instance, KW_COUNT(instance), NULL};

/* --- completing, after the whole file has been read --- */

/* The BFD session has the addresses and the distance of the BGP session (RFC 5882 section 4). */
static void follow_neighbor(const struct cfg_bgp *bgp, struct cfg_neighbor *n)
{
	struct cfg_bfd *b = &n->bfd;
	bool far = n->multihop > 1 || n->ttl_security > 1 || n->remote_as == bgp->local_as;

	b->peer = n->address;
	b->source = n->source;
	if (!b->given_multihop)
		b->multihop = far;
	if (!b->multihop)
		b->min_ttl = BFD_TTL;
	else if (n->ttl_security)
		b->min_ttl = (uint8_t)(BFD_TTL + 1 - n->ttl_security);
}

/* The sessions that have been completed. */
struct known {
	struct cfg_bfd *all[CFG_MAX_BFD];
	unsigned int n;
};

static struct cfg_bfd *find_known(const struct known *known, const struct cfg_bfd *b)
{
	for (unsigned int i = 0; i < known->n; i++) {
		if (cfg_bfd_same_session(known->all[i], b))
			return known->all[i];
	}
	return NULL;
}

/* True if the values are the same. A neighbor's block has no idle interval and no TTL. */
static bool agrees(const struct cfg_bfd *a, const struct cfg_bfd *b)
{
	return a->min_tx_ns == b->min_tx_ns && a->min_rx_ns == b->min_rx_ns &&
	       a->multiplier == b->multiplier && a->passive == b->passive;
}

/* Of two blocks for one session the values of the first one apply. */
static void share_session(struct parser *p, struct known *known, struct cfg_bfd *b,
			  const char *file)
{
	struct cfg_bfd *first = find_known(known, b);
	char text[IPADDR_TEXT];

	if (!first) {
		known->all[known->n++] = b;
		return;
	}
	if (first->min_ttl < b->min_ttl) /* the stricter limit applies */
		first->min_ttl = b->min_ttl;
	if (agrees(first, b))
		return;
	parser_error_at(p, file, b->line,
			"BFD with %s is one session with that of line %d, whose values hold here "
			"too; write the same in both",
			ipaddr_format(&b->peer, text), first->line);
	b->min_tx_ns = first->min_tx_ns;
	b->min_rx_ns = first->min_rx_ns;
	b->multiplier = first->multiplier;
	b->passive = first->passive;
}

void complete_bfd(struct parser *p)
{
	struct known known = {.n = 0};

	for (unsigned int i = 0; i < p->cfg->n_bfds; i++)
		known.all[known.n++] = &p->cfg->bfds[i];
	for (unsigned int i = 0; i < p->cfg->n_bgp; i++) {
		struct cfg_bgp *bgp = &p->cfg->bgp[i];

		for (unsigned int k = 0; k < bgp->n_neighbors; k++) {
			struct cfg_bfd *b = &bgp->neighbors[k].bfd;

			if (!b->given)
				continue;
			follow_neighbor(bgp, &bgp->neighbors[k]);
			share_session(p, &known, b, p->bgp_drafts[i].file);
		}
	}
}
