// SPDX-License-Identifier: BSD-2-Clause
/*
 * Which address of an advert is not configured here, or which configured address is missing in it.
 *
 * Links: user/engine/instance/other_list.c user/core/addr.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/instance/other_list.h"
#include "vrrp_advert.h"

#define MOST 4

static void fill(struct cfg_instance *cfg, struct cfg_vip *vips, const char *const *texts)
{
	*cfg = (struct cfg_instance){.vips = vips, .family = strchr(texts[0], ':') ? 6 : 4};
	for (; texts[cfg->n_vips] && cfg->n_vips < MOST; cfg->n_vips++)
		assert_int_equal(ipaddr_parse(&vips[cfg->n_vips].prefix.addr, texts[cfg->n_vips]),
				 0);
}

static void the_address_that_differs_is_named(void **state)
{
	static const struct {
		const char *ours[MOST + 1], *theirs[MOST + 1], *name;
	} rows[] = {
	    {{"10.0.0.1"}, {"10.0.0.2"}, "; 10.0.0.2 is not ours"},
	    {{"10.0.0.1", "10.0.0.2"}, {"10.0.0.9", "10.0.0.2"}, "; 10.0.0.9 is not ours"},
	    {{"10.0.0.1", "10.0.0.2", "10.0.0.3"},
	     {"10.0.0.3", "10.0.0.1"},
	     "; 10.0.0.2 is missing there"},
	    {{"fd00::1"}, {"fd00::2"}, "; fd00::2 is not ours"},
	    {{"fd00::1", "fd00::2"}, {"fd00::1"}, "; fd00::2 is missing there"},
	    {{"10.0.0.1", "10.0.0.2"},
	     {"10.0.0.1", "10.0.0.9"},
	     ""}, /* it stands behind the first */
	    {{"10.0.0.1"}, {"10.0.0.1", "10.0.0.9"}, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cfg_vip our_vips[MOST] = {0}, their_vips[MOST] = {0};
		struct cfg_instance ours, theirs;
		struct hf_ev_list heard = {0};
		char text[OTHER_LIST_TEXT];

		fill(&ours, our_vips, rows[i].ours);
		fill(&theirs, their_vips, rows[i].theirs);
		heard.first = theirs.vips[0].prefix.addr;
		other_list_of(&theirs, &heard.sum, &heard.count);
		assert_string_equal(other_list_name(&ours, &heard, text), rows[i].name);
	}
}

/* An advert without one, or nothing told since the start. */
static void no_address_is_no_name(void **state)
{
	static const char *const texts[] = {"10.0.0.1", "10.0.0.2", NULL};
	const struct hf_ev_list none = {0};
	struct cfg_vip vips[MOST] = {0};
	char text[OTHER_LIST_TEXT];
	struct cfg_instance ours;

	(void)state;
	fill(&ours, vips, texts);
	assert_string_equal(other_list_name(&ours, &none, text), "");
}

/* Here it is computed by address, in the kernel half over a message. */
static void the_sum_is_that_of_a_message(void **state)
{
	static const char *const lists[][MOST + 1] = {{"10.0.0.1", "192.0.2.9"},
						      {"fd00::1", "2001:db8:1:2:3:4:5:6"}};

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		uint8_t msg[VRRP_HDR_LEN + 16 * MOST] = {0}, count;
		struct cfg_vip vips[MOST] = {0};
		struct cfg_instance ours;
		uint32_t sum, len = 0;

		fill(&ours, vips, lists[i]);
		for (unsigned int k = 0; k < ours.n_vips; k++) {
			uint32_t size = ours.family == 4 ? 4 : 16;

			memcpy(msg + VRRP_HDR_LEN + len, vips[k].prefix.addr.b + 16 - size, size);
			len += size;
		}
		other_list_of(&ours, &sum, &count);
		assert_int_equal(count, 2);
		assert_int_equal(vrrp_list_sum(msg, msg + sizeof(msg), len, ours.family), sum);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_address_that_differs_is_named),
	    cmocka_unit_test(no_address_is_no_name),
	    cmocka_unit_test(the_sum_is_that_of_a_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
