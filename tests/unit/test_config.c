// SPDX-License-Identifier: BSD-2-Clause
/*
 * The configuration language: lines, blocks, golden files (HF_GOLDEN_UPDATE=1 writes them again).
 *
 * Links: user/config/ user/core/secret.c user/core/prefix_index.c user/core/addr.c user/core/net_route.c
 */
#include <errno.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config.h"
#include "config/keywords.h"
#include "core/addr.h"
#include "core/mono.h"

/* --- reading from memory --- */

struct reading {
	enum config_verdict verdict;
	struct config *cfg;
	char *reports; /* one a line */
	size_t len;
	FILE *f;
};

static void collect(void *ctx, const char *line)
{
	fprintf(ctx, "%s\n", line);
}

static struct reading read_text(const char *text)
{
	struct reading r = {0};

	r.f = open_memstream(&r.reports, &r.len);
	r.verdict = config_parse_text("f", text, strlen(text), "node-a", collect, r.f, &r.cfg);
	fclose(r.f);
	return r;
}

static void done(struct reading *r)
{
	config_free(r->cfg);
	free(r->reports);
}

static char *dump_text(const struct config *cfg)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_int_equal(config_dump(cfg, f), 0);
	fclose(f);
	return text;
}

/* An instance whose block holds `body` besides what every one needs. */
static char *instance(const char *before, const char *body)
{
	char *text;

	assert_true(asprintf(&text,
			     "%s\nvrrp_instance A {\ninterface eth0\nvirtual_router_id 1\n%s\n"
			     "virtual_ipaddress {\n10.0.0.1\n}\n}\n",
			     before, body) > 0);
	return text;
}

/* --- verdicts and complaints --- */

#define G CONFIG_GOOD
#define E CONFIG_USABLE_WITH_ERRORS
#define U CONFIG_UNUSABLE
static const char script_c[] = "vrrp_script c {\nscript /bin/true\n}\n";
static const char speaker[] = "bgp_instance b {\nlocal_as 65001\nneighbor 192.0.2.1 {\n"
			      "remote_as 65000\n}\n}\n";
static const char internal[] = "bgp_instance b {\nlocal_as 65001\nneighbor 192.0.2.1 {\n"
			       "remote_as 65001\n}\n}\n";

/* `before`: the text before the instance. `say`: what a complaint must hold; NULL: there is none.
 */
static const struct {
	const char *before, *body;
	enum config_verdict verdict;
	const char *say;
} verdicts[] = {
    /* nothing to complain of */
    {"", "", G, NULL},
    {"", "state MASTER\npriority 200", G, NULL},
    {"", "priority \"150\"", G, NULL},
    {"$P=50", "priority $P", G, NULL},
    {"$P=5", "priority ${P}0", G, NULL},
    {"$A=$B\n$B=7", "priority $A", G, NULL},
    {"$I= \\\n priority 5 \\\n nopreempt", "$I", G, NULL},
    {"", "@node-a priority 5\n@^node-a foo\n@node-b foo", G, NULL},
    {"", "version 3\nadvert_int 0.25", G, NULL},
    {script_c, "track_script { c }", G, NULL},
    {script_c, "track_script {\nc weight -253 reverse\n}", G, NULL},
    {speaker, "bgp_announce { }", G, NULL},
    {"", "no_virtual_ipaddress", G, NULL},
    /* lines that keepalived ignores without a message */
    {"", "authentication {\nauth_type PASS\nauth_pass se!cret\n}", G,
     "f:7: warning: of the last word only the first 2 characters"},
    {"", "authentication {\nauth_type PASS\nauth_pass 123456789\n}", G, "only the first 8"},
    {"", "notify_master /x.sh Master", G, "'Master' is read as the user"},
    {script_c, "nopreempt\ntrack_script {\nc weight 5\n}", G, "brings no failover"},
    {"vrrp_script c {\nscript /bin/a b\n}", "", G, "'b' and what follows it is ignored"},
    {"", "unicast_src_ip 10.0.0.8\nunicast_peer {\n10.0.0.8\n10.0.0.9\n}", G, "own address"},
    {"", "nopreempt off", G, "'off' and what follows"},
    /* known, without effect */
    {"", "garp_master_delay 1", G, NULL},
    {"global_defs {\nvrrp_garp_extra_if 1\n}", "", G, "no effect"},
    {"", "smtp_alert", G, "no effect"},
    {"", "smtp_alert off", G, NULL},
    {"global_defs {\nnotification_email {\na@b\n}\n}", "", G, "no effect"},
    {"virtual_server 10.0.0.1 80 {\nreal_server 10.0.0.2 80 {\nweight 1\n}\n}", "", G,
     "f:1: warning: 'virtual_server' is accepted"},
    {"include nope.conf", "", E, "cannot include"},
    {"", "track_interface {\neth1 weight 254\n}", E, "out of range"},
    /* refused */
    {"", "use_vmac_addr", E, "'use_vmac_addr' is not supported; remove it on every node"},
    {"", "strict_mode on", E, "not supported"},
    {"", "strict_mode off", G, NULL},
    {"global_defs {\nvrrp_mcast_group4 224.0.0.19\n}", "", U, "multicast to another group"},
    {"global_defs {\nvrrp_mcast_group4 224.0.0.18\n}", "", G, NULL},
    /* errors by line, with a way out */
    {"", "priorty 5", E,
     "f:5: unknown keyword 'priorty' in vrrp_instance; did you mean 'priority'?"},
    {"", "frobnicate 5", E, "unknown keyword 'frobnicate' in vrrp_instance; remove it"},
    {"", "foo {\nbar {\nbaz 1\n}\n}", E, "f:5: unknown keyword 'foo'"},
    {"", "priority 0", E, "'0' is out of range; write 1 to 255"},
    {"", "preempt_delay 1001", E, "out of range"},
    {"", "garp_master_refresh 9000", G, NULL},
    {"", "garp_lower_prio_repeat 0", G, NULL},
    {"", "garp_master_repeat 0", E, "out of range"},
    {"global_defs {\nvrrp_garp_lower_prio_repeat 0\nvrrp_garp_master_refresh 9000\n}", "", G, NULL},
    {"", "notify_deleted", G, NULL},
    {"", "notify_deleted /bin/true", G, NULL},
    {"", "priority 0x64", E, "not a whole number"},
    {"", "priority", E, "'priority' needs a value"},
    {"", "state backup", E, "write MASTER or BACKUP"},
    {"", "state MASTER\nstate BACKUP", E, "BACKUP is ignored"},
    {"", "state MASTER\nnopreempt", E, "nopreempt is ignored"},
    {"", "interface lo", E, "cannot run on lo"},
    {"", "interface eth0123456789012345", E, "not the name of an interface"},
    {"", "advert_int 0.4", E, "rounded to 1"},
    {"", "version 3\nadvert_int 0.015", E, "step of 0.01"},
    {"", "version 3\nadvert_int 41", E, "cut to 40.95"},
    {"", "version 3\nauthentication {\nauth_type PASS\nauth_pass x\n}", E, "has no authentication"},
    {"", "unicast_peer {\n10.0.0.2/24\n}", G, "the prefix length of '10.0.0.2/24' is ignored"},
    {"", "unicast_peer {\n10.0.0.2/33\n}", G, "is ignored"},
    {"", "unicast_ttl 9", E, "unicast_ttl without"},
    {"", "unicast_peer {\n10.0.0.2\n::2\n}", E, "an IPv6 address in the IPv4 instance"},
    {"", "virtual_ipaddress {\n10.0.0.2 dev\n}", E, "needs another value"},
    {"", "virtual_ipaddress {\n10.0.0.2 frob\n}", E, "unknown word 'frob'"},
    {"", "virtual_ipaddress {\n10.0.0.2/33\n}", E, "'/33' is no length of a prefix, /32 is used"},
    {"", "virtual_ipaddress {\n10.0.0.2/255.255.255.0\n}", E, "/32 is used"},
    {"", "virtual_ipaddress {\nnode-b/32\n}", E, "not an address"},
    {"", "virtual_ipaddress {\n10.0.0.2\n10.0.0.2\n}", G,
     "f:7: warning: the address 10.0.0.2 is in A already, and adverts list it twice"},
    {"", "virtual_ipaddress_excluded {\n10.0.0.1\n}", G,
     "f:6: warning: the address 10.0.0.1 is in A already, the line is ignored"},
    {"", "virtual_ipaddress_excluded {\n10.0.0.1 dev eth1\n}", G, NULL},
    {"", "virtual_ipaddress {\n224.0.0.1\n}", E, "not the address of a host"},
    {"", "virtual_ipaddress {\n10.0.0.2 label 1234567890123456\n}", E, "left out"},
    {"", "track_script {\nc\n}", U, "vrrp_script c is not found"},
    {"", "track_interface {\neth0 weight 10\n}", E,
     "A: eth0 in track_interface is its own interface"},
    {script_c, "track_script {\nc weight 254\n}", E, "out of range"},
    {script_c, "track_script {\nc\nc\n}", E, "tracked already"},
    {script_c, "priority 255\ntrack_script {\nc weight 5\n}", E, "priority 255 never changes"},
    {"vrrp_script c {\nscript /bin/true\ninterval 0\n}", "", E, "out of range"},
    {"vrrp_script c {\nscript /bin/true\nraise 3\n}", "", E, "did you mean 'rise'?"},
    {"vrrp_script c {\ninterval 1\n}", "", E, "has no script"},
    {"", "notify_master \"/x\" \"a\\\"b\"", E, "is not a user"},
    {"", "notify_master \"/x\" root \":\"", E, "is not a user"},
    {"", "notify_master \"\"", E, "write its path"},
    {"", "notify_master \"/x", E, "unmatched quote"},
    {"", "notify_master '/x", E, "terminating quote"},
    {"", "notify_master /x\nnotify_master /y", E, "given already"},
    {"}", "", U, "f:1: '}' without a block"},
    {"{\nfoo\n}", "", E, "'{' without a keyword"},
    {"", "nopreempt {\n}", E, "has no block"},
    {"foo bar", "", E, "unknown keyword 'foo' in the file"},
    {"$A=$A", "priority $A", E, "uses itself"},
    {"$A=\\\n$A\\\n$A", "$A", E, "uses itself"},
    {"", "~SEQ(n) foo", E, "not a generator"},
    {"", "~SEQ(n,1,0,5) foo", E, "not a generator"},
    {"", "~FOO(n,1) foo", E, "not a generator"},
    {"", "@", E, "@ without an identifier"},
    {"", "priority 5\001", E, "control character"},
    {"", "pri\302\233o 5", E, "pri??o"}, /* CSI would reach the terminal */
    {"vrrp_instance A {\ninterface eth1\nvirtual_router_id 9\nvirtual_ipaddress { 10.0.0.9 }\n}",
     "", E, "vrrp_instance A is defined already"},
    {"vrrp_instance B {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress { 10.0.0.9 }\n}",
     "", E, "B and A both use virtual_router_id 1"},
    {"vrrp_sync_group g {\ngroup {\nA\nZ\n}\n}", "", E, "f:4: no vrrp_instance Z"},
    /* BGP */
    {"bgp_instance b {\nlocal_as 65001\n}", "", E, "has no neighbor"},
    {"bgp_instance b {\nneighbor 192.0.2.1 {\nremote_as 1\n}\n}", "", E, "add local_as N"},
    {"bgp_instance b {\nlocal_as 1\nneighbor 192.0.2.1 {\n}\n}", "", E, "add: remote_as N"},
    {"bgp_instance b {\nlocal_as 23456\nplatform linode 3\n}", "", E, "reserved"},
    {"bgp_instance b {\nhold_time 2\nplatform linode 3\n}", "", E, "RFC 4271"},
    {"bgp_instance b {\nhold_time 0\nplatform linode 3\n}", "", G, "never drops the routes"},
    {"bgp_instance b {\nplatform linode 10000\n}", "", E, "out of range"},
    {"bgp_instance b {\nplatform aws 1\n}", "", E, "unknown platform"},
    {"bgp_instance b {\nplatform linode 3\nneighbor 192.0.2.1 {\nremote_as 1\nmultihop 2\n"
     "ttl_security 1\n}\n}",
     "", E, "exclude each other"},
    {"bgp_instance b {\nplatform linode 3\nneighbor 192.0.2.1 {\nremote_as 1\nsource ::9\n}\n}", "",
     E, "address family"},
    {"bgp_instance b {\nplatform linode 3\nneighbor fe80::1 {\nremote_as 1\n}\n}", "", E,
     "link-local"},
    {speaker, "bgp_announce {\nprefix 10.0.1.0/24\n}", G, "holds no address of A"},
    {speaker, "bgp_announce {\nprefix 10.0.0.0/24\n}", G, NULL},
    {speaker, "bgp_announce {\nsettle_time 3\n}", G, "raised to the hold time"},
    {speaker, "bgp_announce {\ntakeover med\nmed 5\n}", E, "'med' is ignored"},
    {speaker, "bgp_announce {\nas_path prepend 16\n}", E, "make more than"},
    {internal, "bgp_announce {\ntakeover as_path 2\n}", E, "write takeover med"},
};

static void files_get_the_verdict_and_the_complaint_they_deserve(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		char *text = instance(verdicts[i].before, verdicts[i].body);
		struct reading r = read_text(text);
		const char *say = verdicts[i].say;

		if (r.verdict != verdicts[i].verdict || (say ? !strstr(r.reports, say) : r.len > 0))
			print_message("for\n%s\nverdict %d, reports\n%s", text, r.verdict,
				      r.reports);
		assert_int_equal(r.verdict, verdicts[i].verdict);
		if (say)
			assert_non_null(strstr(r.reports, say));
		else
			assert_string_equal(r.reports, "");
		assert_int_equal(r.cfg == NULL, r.verdict == CONFIG_UNUSABLE);
		done(&r);
		free(text);
	}
}

static void limits_end_runaway_text(void **state)
{
	static const char *const texts[] = {
	    "~SEQ(a,1,200000) ~SEQ(b,1,200000) ~SEQ(c,1,200000) $X=1",
	    "$A=~SEQ(a,1,99999) $X=1\n$A\n$A\n$A\n$A",
	};
	char *deep = calloc(1, 300001);
	struct reading r;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		r = read_text(texts[i]);
		assert_int_equal(r.verdict, CONFIG_UNUSABLE);
		assert_non_null(strstr(r.reports, "too many lines"));
		done(&r);
	}
	for (size_t i = 0; i < 300000; i += 2)
		memcpy(deep + i, "{\n", 2);
	r = read_text(deep);
	assert_int_equal(r.verdict, CONFIG_UNUSABLE);
	done(&r);
	memset(deep, 'x', 300000); /* one line, too long */
	r = read_text(deep);
	assert_non_null(strstr(r.reports, "f:1: line longer than"));
	done(&r);
	for (size_t i = 0; i < 300000; i += 4)
		memcpy(deep + i, "foo\n", 4);
	r = read_text(deep);
	assert_non_null(strstr(r.reports, "further complaints are not shown"));
	assert_true(r.len < 20000);
	done(&r);
	free(deep);
}

/* --- the structures --- */

static struct reading read_good(const char *before, const char *body)
{
	char *text = instance(before, body);
	struct reading r = read_text(text);

	if (r.verdict != CONFIG_GOOD)
		print_message("%s", r.reports);
	assert_int_equal(r.verdict, CONFIG_GOOD);
	assert_int_equal(r.cfg->n_instances, 1);
	free(text);
	return r;
}

static void an_instance_has_keepalived_s_defaults(void **state)
{
	struct reading r = read_good("", "");
	const struct cfg_instance *i = r.cfg->instances;

	(void)state;
	assert_string_equal(i->name, "A");
	assert_string_equal(i->interface, "eth0");
	assert_int_equal(i->line, 2);
	assert_int_equal(i->family, 4);
	assert_int_equal(i->version, 2);
	assert_int_equal(i->vrid, 1);
	assert_int_equal(i->priority, 100);
	assert_int_equal(i->down_adverts, 3);
	assert_int_equal(i->interval_ns, NS_PER_S);
	assert_int_equal(i->ttl, 255);
	assert_true(i->preempt && i->check_source && !i->start_master);
	assert_false(i->lower_prio_no_advert || i->higher_prio_send_advert);
	assert_int_equal(i->checksum, HF_CSUM_PLAIN);
	assert_int_equal(i->announce.bgp, -1);
	assert_int_equal(i->n_vips, 1);
	assert_int_equal(i->vips[0].prefix.len, 32);
	assert_string_equal(i->vips[0].dev, "eth0");
	done(&r);
}

static void instances_copy_the_globals_that_stand_before_them(void **state)
{
	static const char globals[] = "global_defs {\nvrrp_version 3\nvrrp_down_timer_adverts 5\n"
				      "vrrp_check_unicast_src off\nv3_checksum_as_v2\n}\n";
	char *after = NULL, *text = instance("", "");
	struct reading r = read_good(globals, "state MASTER");

	(void)state;
	assert_int_equal(r.cfg->instances[0].version, 3);
	assert_int_equal(r.cfg->instances[0].down_adverts, 5);
	assert_int_equal(r.cfg->instances[0].checksum, HF_CSUM_PLAIN);
	assert_false(r.cfg->instances[0].check_source);
	assert_int_equal(r.cfg->instances[0].priority, 255);
	done(&r);
	r = read_good(globals, "unicast_peer {\n10.0.0.2 min_ttl 254\n}");
	assert_true(r.cfg->instances[0].check_source); /* limits imply it */
	done(&r);
	assert_true(asprintf(&after, "%s%s", text, globals) > 0);
	r = read_text(after);
	assert_int_equal(r.verdict, CONFIG_GOOD);
	assert_int_equal(r.cfg->instances[0].version, 3); /* looked up at the end */
	assert_int_equal(r.cfg->instances[0].down_adverts, 3);
	assert_true(r.cfg->instances[0].check_source);
	assert_int_equal(r.cfg->instances[0].checksum, HF_CSUM_PSEUDO);
	done(&r);
	free(after);
	free(text);
}

static void ipv6_is_version_3_with_the_pseudo_header(void **state)
{
	static const char text[] =
	    "vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\n"
	    "v3_checksum_as_v2\nvirtual_ipaddress {\nfd00::1/64 dev lo\n}\n}\n";
	struct reading r = read_text(text);

	(void)state;
	assert_int_equal(r.verdict, CONFIG_GOOD);
	assert_int_equal(r.cfg->instances[0].family, 6);
	assert_int_equal(r.cfg->instances[0].version, 3);
	assert_int_equal(r.cfg->instances[0].checksum, HF_CSUM_PSEUDO);
	assert_string_equal(r.cfg->instances[0].vips[0].dev, "lo");
	done(&r);
}

static void commands_become_argv_and_user(void **state)
{
	struct reading r =
	    read_good("vrrp_script c {\nuser nobody nogroup\nscript \"/x 'a b' \\\"c d\\\"\"\n"
		      "interval 0.25\n}\nvrrp_script d {\nscript \"</dev/null\"\n}",
		      "track_script {\nd\nc weight 7\n}\nnotify_master \"/n M\" root:adm\n"
		      "notify '/bin/sh -c \"echo {} \\\\x24HOME\"'");
	const struct cfg_script *c = &r.cfg->scripts[0], *d = &r.cfg->scripts[1];
	const struct cfg_notify *n = &r.cfg->instances[0].notify;

	(void)state;
	assert_int_equal(c->command.argc, 3);
	assert_string_equal(c->command.argv[0], "/x");
	assert_string_equal(c->command.argv[1], "a b");
	assert_string_equal(c->command.argv[2], "c d");
	assert_null(c->command.argv[3]);
	assert_string_equal(c->command.user, "nobody");
	assert_string_equal(c->command.group, "nogroup");
	assert_int_equal(c->interval_ns, NS_PER_S / 4);
	assert_int_equal(c->timeout_ns, NS_PER_S / 4);
	assert_int_equal(d->command.argc, 3);
	assert_string_equal(d->command.argv[2], ": </dev/null");
	assert_int_equal(r.cfg->instances[0].track.scripts[0].script, 1);
	assert_int_equal(r.cfg->instances[0].track.scripts[1].weight, 7);
	assert_string_equal(n->master.user, "root");
	assert_string_equal(n->master.group, "adm");
	assert_int_equal(n->any.argc, 3);
	assert_string_equal(n->any.argv[2], "echo {} $HOME");
	done(&r);
}

static void linode_is_spelled_out(void **state)
{
	char *text = instance("bgp_instance l {\nplatform linode 34\n}",
			      "bgp_announce {\ncommunity 65000:100\n}"),
	     address[IPADDR_TEXT];
	struct reading r = read_text(text);
	const struct cfg_bgp *b = r.cfg->bgp;
	const struct cfg_announce *a = &r.cfg->instances[0].announce;

	(void)state;
	assert_int_equal(r.verdict, CONFIG_GOOD);
	assert_int_equal(b->local_as, 65001);
	assert_int_equal(b->hold_time_s, 9);
	assert_int_equal(b->n_neighbors, 4);
	assert_string_equal(ipaddr_format(&b->neighbors[3].address, address), "2600:3c0f:34:34::4");
	assert_int_equal(b->neighbors[3].remote_as, 65000);
	assert_int_equal(b->neighbors[3].multihop, 16);
	assert_int_equal(b->neighbors[3].port, 179);
	assert_int_equal(a->bgp, 0);
	assert_int_equal(a->takeover, TAKEOVER_COMMUNITY);
	assert_int_equal(a->community_settled, 0xfde80002);
	assert_int_equal(a->community_escalated, 0xfde80001);
	assert_int_equal(a->attrs.origin, BGP_ORIGIN_INCOMPLETE);
	assert_int_equal(a->attrs.n_communities, 1);
	assert_int_equal(a->n_prefixes, 1);
	assert_int_equal(a->prefixes[0].len, 32);
	assert_int_equal(a->settle_ns, 10 * NS_PER_S); /* the hold time and a second */
	assert_int_equal(a->linger_ns, NS_PER_S / 5);
	assert_true(a->require_session && !a->standby);
	done(&r);
	free(text);
}

static void takeover_defaults_by_the_kind_of_neighbor(void **state)
{
	struct reading r = read_good(speaker, "bgp_announce {\n}");

	(void)state;
	assert_int_equal(r.cfg->instances[0].announce.takeover, TAKEOVER_AS_PATH);
	assert_int_equal(r.cfg->instances[0].announce.prepend, 1);
	done(&r);
	r = read_good(internal, "bgp_announce {\n}");
	assert_int_equal(r.cfg->instances[0].announce.takeover, TAKEOVER_MED);
	assert_true(r.cfg->instances[0].announce.med_settled >
		    r.cfg->instances[0].announce.med_escalated);
	done(&r);
}

static void every_keyword_is_documented_and_found(void **state)
{
	(void)state;
	for (const struct keyword_block *const *b = keyword_blocks; *b; b++) {
		assert_non_null((*b)->name);
		assert_int_equal((*b)->kw == NULL, (*b)->line != NULL);
		for (unsigned int i = 0; i < (*b)->n; i++) {
			const struct keyword *kw = &(*b)->kw[i];
			bool refused = kw->effect >= KW_REFUSED;

			if (!kw->help || (refused && !kw->instead))
				print_message("%s %s\n", (*b)->name, kw->name);
			assert_non_null(kw->help);
			assert_true(!refused || kw->instead);
			assert_ptr_equal(keyword_find(*b, kw->name), kw);
			assert_true(kw->type != KW_CUSTOM || (kw->set && kw->argument));
			assert_true(kw->type != KW_BLOCK || kw->block);
		}
	}
}

/* --- golden files --- */

/* Compares `got` with the file `name` less its ".conf" plus `suffix`, or writes it there. */
static void golden(const char *name, const char *suffix, const char *got)
{
	char path[256], *want = calloc(1, 65536);
	FILE *f;

	snprintf(path, sizeof(path), "%.*s%s", (int)strlen(name) - 5, name, suffix);
	if (getenv("HF_GOLDEN_UPDATE")) {
		f = fopen(path, "w");
		assert_non_null(f);
		assert_true(fputs(got, f) >= 0);
		fclose(f);
	}
	f = fopen(path, "r");
	assert_non_null(f);
	assert_true(fread(want, 1, 65535, f) < 65535);
	fclose(f);
	if (strcmp(got, want) != 0)
		print_message("%s differs; got\n%s", path, got);
	assert_string_equal(got, want);
	free(want);
}

static void check_golden(const char *path)
{
	struct reading r = {0}, again;
	char *dump, *twice;

	r.f = open_memstream(&r.reports, &r.len);
	r.verdict = config_load(path, "node-a", collect, r.f, &r.cfg);
	fprintf(r.f, "verdict %d\n", r.verdict);
	fclose(r.f);
	golden(path, ".errors", r.reports);
	if (r.cfg) {
		dump = dump_text(r.cfg);
		golden(path, ".dump", dump);
		again = read_text(dump);
		if (r.verdict == CONFIG_GOOD && again.verdict != CONFIG_GOOD)
			print_message("the dump of %s: %s", path, again.reports);
		assert_true(again.verdict == CONFIG_GOOD || r.verdict != CONFIG_GOOD);
		assert_non_null(again.cfg);
		twice = dump_text(again.cfg);
		assert_string_equal(dump, twice);
		free(dump);
		free(twice);
		done(&again);
	}
	done(&r);
}

static void golden_files_read_as_before(void **state)
{
	glob_t found;

	(void)state;
	assert_int_equal(glob("tests/config/*.conf", 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 12);
	for (size_t i = 0; i < found.gl_pathc; i++)
		check_golden(found.gl_pathv[i]);
	globfree(&found);
}

static void every_verdict_s_dump_reads_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		char *text = instance(verdicts[i].before, verdicts[i].body);
		struct reading r = read_text(text), again;
		char *dump, *twice;

		free(text);
		if (!r.cfg) {
			done(&r);
			continue;
		}
		dump = dump_text(r.cfg);
		again = read_text(dump);
		assert_non_null(again.cfg);
		twice = dump_text(again.cfg);
		assert_string_equal(dump, twice);
		free(dump);
		free(twice);
		done(&again);
		done(&r);
	}
}

static void a_missing_file_is_unusable(void **state)
{
	struct config *cfg;

	(void)state;
	assert_int_equal(config_load("tests/config/nope", NULL, NULL, NULL, &cfg), CONFIG_UNUSABLE);
	assert_null(cfg);
	assert_int_equal(config_load("tests", NULL, NULL, NULL, &cfg), CONFIG_UNUSABLE);
	assert_null(cfg);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(files_get_the_verdict_and_the_complaint_they_deserve),
	    cmocka_unit_test(limits_end_runaway_text),
	    cmocka_unit_test(an_instance_has_keepalived_s_defaults),
	    cmocka_unit_test(instances_copy_the_globals_that_stand_before_them),
	    cmocka_unit_test(ipv6_is_version_3_with_the_pseudo_header),
	    cmocka_unit_test(commands_become_argv_and_user),
	    cmocka_unit_test(linode_is_spelled_out),
	    cmocka_unit_test(takeover_defaults_by_the_kind_of_neighbor),
	    cmocka_unit_test(every_keyword_is_documented_and_found),
	    cmocka_unit_test(golden_files_read_as_before),
	    cmocka_unit_test(every_verdict_s_dump_reads_back),
	    cmocka_unit_test(a_missing_file_is_unusable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
