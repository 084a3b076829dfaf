// SPDX-License-Identifier: BSD-2-Clause
/*
 * How an owner (priority 255) of version 3 over IPv4 learns the checksum form of its peers. It is
 * MASTER at once, so its first adverts have the configured form, which a peer may refuse. Such a
 * peer is MASTER or becomes it, and then its first advert is answered in the same turn in its form.
 * Until then both are MASTER. The adverts of the fake machine have the plain form.
 *
 * Links: tests/fakes/engine_fake.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_case.h"
#include "core/addr.h"
#include "core/log.h"
#include "vrrp_advert.h"

#define OWNER(more)                                                                                \
	"vrrp_instance one {\n interface eth0\n virtual_router_id 10\n version 3\n priority 255\n" \
	" advert_int 1\n unicast_src_ip 192.0.2.1\n unicast_peer {\n 192.0.2.2\n 192.0.2.3\n }\n"  \
	" virtual_ipaddress {\n 203.0.113.10/32 dev lo\n }\n" more "}\n"

static struct {
	unsigned int n;
	int form; /* of the last one */
} sent[4];	  /* by the last octet of the destination */

static void on_send(void *ctx, const struct vrrp_socket_key *key, const struct ipaddr *to,
		    const uint8_t *msg, size_t len)
{
	const struct hf_inst_cfg cfg = {.version = 3, .family = 4};
	struct vrrp_packet pkt = {.destination = *to};
	int sum = vrrp_sum_message(msg, msg + len, (uint32_t)len);

	(void)ctx;
	(void)key;
	ipaddr_parse(&pkt.source, "192.0.2.1");
	assert_in_range(to->b[15], 2, 3);
	sent[to->b[15]].n++;
	sent[to->b[15]].form = vrrp_checksum_form((uint32_t)sum, (uint32_t)len, &pkt, &cfg);
}

static void start(const char *text)
{
	engine_fake_node(&machine);
	memset(sent, 0, sizeof(sent));
	machine.send = on_send;
	engine = engine_fake_start(text);
	fake_run_for(NS_PER_MS);
	assert_int_equal(state_of("one"), VRRP_MASTER);
	assert_true(sent[2].n > 0 && sent[3].n > 0);
	assert_int_equal(sent[2].form, HF_CSUM_PSEUDO); /* no peer is known */
	assert_int_equal(sent[3].form, HF_CSUM_PSEUDO);
}

static void rival(const char *from)
{
	struct ipaddr source;

	ipaddr_parse(&source, from);
	fake_advert(10, &source, 100, 1000000);
}

static void a_peer_that_goes_on_as_master_is_answered_in_its_form(void **state)
{
	unsigned int before;

	(void)state;
	start(OWNER(""));
	before = sent[2].n;
	rival("192.0.2.2");
	assert_true(sent[2].n > before);
	assert_int_equal(sent[2].form, HF_CSUM_PLAIN);
	assert_int_equal(sent[3].form, HF_CSUM_PSEUDO); /* each peer has its own form */
	rival("192.0.2.3");
	assert_int_equal(sent[2].form, HF_CSUM_PLAIN);
	assert_int_equal(sent[3].form, HF_CSUM_PLAIN);
	assert_int_equal(state_of("one"), VRRP_MASTER);
}

/* Nothing answers the rival, but the next advert has its form. */
static void an_owner_that_hears_nobody_learns_the_form_too(void **state)
{
	unsigned int before;

	(void)state;
	start(OWNER(" owner_ignore_adverts\n"));
	before = sent[2].n;
	rival("192.0.2.2");
	assert_int_equal(sent[2].n, before);
	fake_run_for(NS_PER_S);
	assert_true(sent[2].n > before);
	assert_int_equal(sent[2].form, HF_CSUM_PLAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(a_peer_that_goes_on_as_master_is_answered_in_its_form, end),
	    cmocka_unit_test_teardown(an_owner_that_hears_nobody_learns_the_form_too, end),
	};

	log_init("owner", true, LOG_LV_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
