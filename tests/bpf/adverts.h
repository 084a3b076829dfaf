/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One instance of each kind, a valid advert for each, and every invalid variant of it. The unit
 * test of the validator and the test of the programs both use this table.
 */
#ifndef TEST_ADVERTS_H
#define TEST_ADVERTS_H

#include "packet.h"
#include "vrrp_advert.h"
#include "vrrp_rules.h"

/* Each row is a template of which some fields are set again. */
#pragma GCC diagnostic ignored "-Woverride-init"

#define TEST_VRID     5
#define TEST_PASSWORD "secret12"

enum test_instance { UNICAST_V2, UNICAST_V3, MULTICAST_V3, UNICAST_V6, MULTICAST_V6 };

#define ADVERT_COMMON .type = VRRP_TYPE_ADVERT, .vrid = TEST_VRID, .priority = 200, .count = 2
#define ADVERT_V2                                                                                  \
	ADVERT_COMMON, .src = "192.0.2.11", .dst = "192.0.2.12", .version = 2, .interval = 1,      \
		       .auth_type = VRRP_AUTH_PASS, .password = TEST_PASSWORD, .ttl = 60
#define ADVERT_V3                                                                                  \
	ADVERT_COMMON, .src = "192.0.2.11", .dst = "192.0.2.12", .version = 3, .interval = 100,    \
		       .form = HF_CSUM_PSEUDO, .ttl = 60
#define ADVERT_M3 ADVERT_V3, .dst = VRRP_GROUP_V4, .ttl = VRRP_TTL
#define ADVERT_V6 ADVERT_V3, .src = "2001:db8::11", .dst = "2001:db8::12"
#define ADVERT_M6 ADVERT_V3, .src = "fe80::11", .dst = VRRP_GROUP_V6, .ttl = VRRP_TTL

static const struct advert test_templates[] = {
    [UNICAST_V2] = {ADVERT_V2}, [UNICAST_V3] = {ADVERT_V3},   [MULTICAST_V3] = {ADVERT_M3},
    [UNICAST_V6] = {ADVERT_V6}, [MULTICAST_V6] = {ADVERT_M6},
};

/* We are .12 with priority 100. .11 is the peer, with a TTL of 50 to 70 in unicast instances. */
static inline struct hf_inst_cfg test_instance_cfg(enum test_instance kind)
{
	static const char *const self[] = {"192.0.2.12", "192.0.2.12", "192.0.2.12", "2001:db8::12",
					   "fe80::12"};
	bool multicast = kind == MULTICAST_V3 || kind == MULTICAST_V6;

	return (struct hf_inst_cfg){
	    .role = VRRP_ROLE_BACKUP,
	    .version = kind == UNICAST_V2 ? 2 : 3,
	    .family = is_v4(self[kind]) ? 4 : 6,
	    .vrid = TEST_VRID,
	    .priority = 100,
	    .preempt = 1,
	    .down_adverts = 3,
	    .auth_type = kind == UNICAST_V2 ? VRRP_AUTH_PASS : VRRP_AUTH_NONE,
	    .auth_data = TEST_PASSWORD,
	    .interval_us = 1000000,
	    .flags = multicast ? HF_CFG_MULTICAST : HF_CFG_CHECK_SOURCE,
	    .address = test_addr(self[kind]),
	};
}

/* Expects the first `count` addresses of put_message(). */
static inline void test_expect_list(struct hf_inst_cfg *cfg, uint8_t count)
{
	uint8_t msg[VRRP_MAX_LEN] = {0};
	uint32_t len = vrrp_list_len(cfg->family, count);

	for (uint32_t i = 0; i < len; i++)
		msg[VRRP_HDR_LEN + i] = (uint8_t)(0xc0 + i);
	cfg->flags |= HF_CFG_CHECK_LIST;
	cfg->list_count = count;
	cfg->list_sum = vrrp_list_sum(msg, msg + sizeof(msg), len, cfg->family);
}

static const struct hf_peer test_peer = {.min_ttl = 50, .max_ttl = 70};

static const struct advert_case {
	const char *what;
	enum test_instance instance;
	struct advert advert;
	enum hf_verdict_reason reason;
} advert_cases[] = {
    {"v2", UNICAST_V2, {ADVERT_V2}, HF_V_ACCEPTED},
    {"v2 without addresses", UNICAST_V2, {ADVERT_V2, .count = 0}, HF_V_ACCEPTED},
    {"v2 with 255 addresses", UNICAST_V2, {ADVERT_V2, .count = 255}, HF_V_ACCEPTED},
    {"v2 in a padded frame", UNICAST_V2, {ADVERT_V2, .padding = 26}, HF_V_ACCEPTED},
    {"v2 resigning", UNICAST_V2, {ADVERT_V2, .priority = 0}, HF_V_ACCEPTED},
    {"v3", UNICAST_V3, {ADVERT_V3}, HF_V_ACCEPTED},
    {"v3 from the address owner", UNICAST_V3, {ADVERT_V3, .priority = 255}, HF_V_ACCEPTED},
    {"v3 with another interval", UNICAST_V3, {ADVERT_V3, .interval = 1}, HF_V_ACCEPTED},
    {"v3 with the longest interval", UNICAST_V3, {ADVERT_V3, .interval = 0xfff}, HF_V_ACCEPTED},
    {"v3 by RFC 9568", UNICAST_V3, {ADVERT_V3, .form = HF_CSUM_PLAIN}, HF_V_ACCEPTED},
    {"v3 by old keepalived", UNICAST_V3, {ADVERT_V3, .form = HF_CSUM_PSEUDO_GROUP}, HF_V_ACCEPTED},
    {"v3 multicast", MULTICAST_V3, {ADVERT_M3}, HF_V_ACCEPTED},
    {"v3 multicast, plain", MULTICAST_V3, {ADVERT_M3, .form = HF_CSUM_PLAIN}, HF_V_ACCEPTED},
    {"IPv6", UNICAST_V6, {ADVERT_V6}, HF_V_ACCEPTED},
    {"v3 with 255 addresses", UNICAST_V3, {ADVERT_V3, .count = 255}, HF_V_ACCEPTED},
    {"IPv6 with all that fit an MTU of 1500", UNICAST_V6, {ADVERT_V6, .count = 90}, HF_V_ACCEPTED},
    {"IPv6 with 200 addresses", UNICAST_V6, {ADVERT_V6, .count = 200}, HF_V_ACCEPTED},
    {"IPv6 multicast", MULTICAST_V6, {ADVERT_M6}, HF_V_ACCEPTED},

    {"header cut", UNICAST_V3, {ADVERT_V3, .count = 0, .truncate = 1}, HF_V_TRUNCATED},
    {"addresses cut", UNICAST_V3, {ADVERT_V3, .truncate = 1}, HF_V_TRUNCATED},
    {"password cut", UNICAST_V2, {ADVERT_V2, .truncate = 1}, HF_V_TRUNCATED},
    {"IP length below a header", UNICAST_V3, {ADVERT_V3, .extra = -9}, HF_V_TRUNCATED},
    {"lowest TTL", UNICAST_V3, {ADVERT_V3, .ttl = 50}, HF_V_ACCEPTED},
    {"TTL below", UNICAST_V3, {ADVERT_V3, .ttl = 49}, HF_V_TTL},
    {"highest TTL", UNICAST_V3, {ADVERT_V3, .ttl = 70}, HF_V_ACCEPTED},
    {"TTL above", UNICAST_V3, {ADVERT_V3, .ttl = 71}, HF_V_TTL},
    {"multicast from afar", MULTICAST_V3, {ADVERT_M3, .ttl = 254}, HF_V_TTL},
    {"IPv6 multicast from afar", MULTICAST_V6, {ADVERT_M6, .ttl = 254}, HF_V_TTL},
    {"foreign source", UNICAST_V3, {ADVERT_V3, .src = "192.0.2.13"}, HF_V_SOURCE},
    {"foreign IPv6 source", UNICAST_V6, {ADVERT_V6, .src = "2001:db8::13"}, HF_V_SOURCE},
    {"unlisted multicast source", MULTICAST_V3, {ADVERT_M3, .src = "192.0.2.13"}, HF_V_ACCEPTED},
    {"own source", UNICAST_V3, {ADVERT_V3, .src = "192.0.2.12"}, HF_V_OWN_SOURCE},
    {"own IPv6 source", MULTICAST_V6, {ADVERT_M6, .src = "fe80::12"}, HF_V_OWN_SOURCE},
    {"v2 to v3", UNICAST_V3, {ADVERT_V2}, HF_V_VERSION},
    {"v3 to v2", UNICAST_V2, {ADVERT_V3}, HF_V_VERSION},
    {"version 0", UNICAST_V3, {ADVERT_V3, .version = 0}, HF_V_VERSION},
    {"type 0", UNICAST_V3, {ADVERT_V3, .type = 0}, HF_V_TYPE},
    {"type 2", UNICAST_V2, {ADVERT_V2, .type = 2}, HF_V_TYPE},
    {"255 addresses, one missing", UNICAST_V3, {ADVERT_V3, .count = 255, .extra = -4}, HF_V_LENGTH},
    {"255 addresses, the last cut",
     UNICAST_V2,
     {ADVERT_V2, .count = 255, .truncate = 9},
     HF_V_TRUNCATED},
    {"an octet too many", UNICAST_V3, {ADVERT_V3, .extra = 1}, HF_V_LENGTH},
    {"an address too many", UNICAST_V3, {ADVERT_V3, .extra = 4}, HF_V_LENGTH},
    {"an address too few", UNICAST_V3, {ADVERT_V3, .extra = -4}, HF_V_LENGTH},
    {"v2 without password field", UNICAST_V2, {ADVERT_V2, .extra = -8}, HF_V_LENGTH},
    {"IPv6 an address too few", UNICAST_V6, {ADVERT_V6, .extra = -16}, HF_V_LENGTH},
    {"no authentication", UNICAST_V2, {ADVERT_V2, .auth_type = VRRP_AUTH_NONE}, HF_V_AUTH_TYPE},
    {"authentication 2", UNICAST_V2, {ADVERT_V2, .auth_type = 2}, HF_V_AUTH_TYPE},
    {"wrong first octet", UNICAST_V2, {ADVERT_V2, .password = "Secret12"}, HF_V_PASSWORD},
    {"wrong last octet", UNICAST_V2, {ADVERT_V2, .password = "secret13"}, HF_V_PASSWORD},
    {"shorter password", UNICAST_V2, {ADVERT_V2, .password = "secret"}, HF_V_PASSWORD},
    {"empty password", UNICAST_V2, {ADVERT_V2, .password = ""}, HF_V_PASSWORD},
    {"v2 interval", UNICAST_V2, {ADVERT_V2, .interval = 2}, HF_V_INTERVAL},
    {"v3 interval 0", UNICAST_V3, {ADVERT_V3, .interval = 0}, HF_V_INTERVAL},
    {"IPv6 plain checksum", UNICAST_V6, {ADVERT_V6, .form = HF_CSUM_PLAIN}, HF_V_CHECKSUM},
    {"IPv6 group checksum", UNICAST_V6, {ADVERT_V6, .form = HF_CSUM_PSEUDO_GROUP}, HF_V_CHECKSUM},
    {"multicast to unicast", UNICAST_V3, {ADVERT_M3}, HF_V_DESTINATION},
    {"unicast to multicast", MULTICAST_V3, {ADVERT_V3, .ttl = 255}, HF_V_DESTINATION},
    {"IPv6 multicast to unicast", UNICAST_V6, {ADVERT_M6}, HF_V_DESTINATION},
};

#define N_ADVERT_CASES (sizeof(advert_cases) / sizeof(advert_cases[0]))

#endif
