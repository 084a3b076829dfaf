// SPDX-License-Identifier: BSD-2-Clause
/*
 * The rates of `holdfastctl counters --watch`: from two answers, from those of different daemons,
 * from odd ones, and in 80 columns with any numbers.
 *
 * Links: user/cli/counters.c user/cli/watch.c user/client/text.c user/client/client.c
 * Links: user/client/json_line.c
 * Links: user/core/json_read.c user/core/utf8.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/counters.h"
#include "drawn_frame.h"

static char *frame(const char *now, const char *before, double seconds)
{
	return drawn_frame(counters_frame, now, before, seconds, false);
}

#define TRAFFIC(address, packets, bytes)                                                           \
	"{\"traffic\":[{\"address\":\"" address "\",\"rx\":{\"packets\":" #packets                 \
	",\"bytes\":" #bytes ",\"tcp_syn\":7,\"idle_ms\":3000},\"tx\":{\"idle_ms\":null}}]}"
#define ONE "203.0.113.57"

static void rates_are_differences(void **state)
{
	static const struct {
		const char *now, *before;
		double seconds;
		const char *want;
	} rows[] = {
	    {TRAFFIC(ONE, 300, 1000), TRAFFIC(ONE, 100, 500), 2,
	     "/s     PKTS   BITS    SYN SYNACK    FIN    RST    UDP   ICMP   FRAG LAST\n" ONE "\n"
	     " in     100   2000      0      0      0      0      0      0      0 3 s\n"
	     " out      0      0      0      0      0      0      0      0      0 never\n"},
	    {TRAFFIC(ONE, 300, 1000), NULL, 2, " in       -      - "},
	    {TRAFFIC(ONE, 300, 1000), TRAFFIC(ONE, 100, 500), 0, " in       -      - "},
	    /* Another daemon counts from 0, or has other addresses. */
	    {TRAFFIC(ONE, 3, 10), TRAFFIC(ONE, 100, 500), 1, " in       -      - "},
	    {TRAFFIC(ONE, 300, 1000), TRAFFIC("203.0.113.58", 1, 5), 1, " in       -      - "},
	    {TRAFFIC(ONE, 300, 1000), "{\"traffic\":[]}", 1, " in       -      - "},
	    {"{}", "{}", 1, "No shared address is counted.\n"},
	    {"{\"traffic\":[3,{\"rx\":[]}]}", "{\"traffic\":[7,{\"rx\":1}]}", 1, " in "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *out = frame(rows[i].now, rows[i].before, rows[i].seconds);

		if (!strstr(out, rows[i].want))
			fail_msg("row %zu: %s", i, out);
		free(out);
	}
}

static void lines_fit_eighty_columns(void **state)
{
	static const char all[] =
	    "{\"packets\":BIG,\"bytes\":BIG,\"tcp_syn\":BIG,\"tcp_syn_ack\":BIG,"
	    "\"tcp_fin\":BIG,\"tcp_rst\":BIG,\"udp\":BIG,\"icmp\":BIG,"
	    "\"fragments\":BIG,\"idle_ms\":3599999}";
	char side[1024] = "", now[4096];
	char *out, *save;

	(void)state;
	for (const char *s = all; *s;) {
		bool big = strncmp(s, "BIG", 3) == 0;

		snprintf(side + strlen(side), sizeof(side) - strlen(side), "%.*s", big ? 20 : 1,
			 big ? "18446744073709551615" : s);
		s += big ? 3 : 1;
	}
	snprintf(now, sizeof(now),
		 "{\"traffic\":[{\"address\":\"2001:db8:1111:2222:3333:4444:5555:6666\",\"rx\":%s,"
		 "\"tx\":%s}]}",
		 side, side);
	out = frame(now, TRAFFIC("2001:db8:1111:2222:3333:4444:5555:6666", 0, 0), 0.5);
	for (char *l = strtok_r(out, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		if (strlen(l) > 80)
			fail_msg("%zu columns: %s", strlen(l), l);
	}
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rates_are_differences),
	    cmocka_unit_test(lines_fit_eighty_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
