// SPDX-License-Identifier: BSD-2-Clause
/*
 * vipprobe's accounting: which datagrams are lost, the length of a gap, and which node answered
 * when. All of it is in a header, so no object is linked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../tools/vipprobe_count.h"

#define INTERVAL_NS NS_PER_MS
#define T0	    (100 * NS_PER_S)

static struct probe_record records[64];

/* A run of datagrams, one character each: who answered it (`.`: nobody), in the order sent. */
static struct probe_run run_of(const char *answers)
{
	struct probe_run run = {.records = records,
				.capacity = 64,
				.interval_ns = INTERVAL_NS,
				.late_ns = 100 * NS_PER_MS};
	uint32_t seq;

	for (int i = 0; answers[i]; i++)
		assert_true(probe_count_sent(&run, (struct mono){T0 + i * INTERVAL_NS}, &seq));
	for (uint32_t i = 0; answers[i]; i++) {
		struct probe_message m = {.seq = i, .node = {answers[i]}};

		if (answers[i] != '.')
			probe_count_answer(&run, &m, (struct mono){T0 + (i + 1) * INTERVAL_NS});
	}
	return run;
}

static void gaps_run_from_the_first_lost_to_the_next_answered(void **state)
{
	static const struct {
		const char *why, *answers;
		int n, start_ms[3], length_ms[3], lost[3], open[3];
	} rows[] = {
	    {.why = "nothing sent", .answers = "", .n = 0},
	    {.why = "all answered", .answers = "aaaa", .n = 0},
	    {.why = "one lost", .answers = "aa.a", .n = 1, {2}, {1}, {1}, {0}},
	    {.why = "a move", .answers = "aa...bb", .n = 1, {2}, {3}, {3}, {0}},
	    {.why = "at the start", .answers = "..a", .n = 1, {0}, {2}, {2}, {0}},
	    {.why = "to the end", .answers = "a..", .n = 1, {1}, {2}, {2}, {1}},
	    {.why = "never answered", .answers = "...", .n = 1, {0}, {3}, {3}, {1}},
	    {.why = "three",
	     .answers = ".a..b...",
	     .n = 3,
	     {0, 2, 5},
	     {1, 2, 3},
	     {1, 2, 3},
	     {0, 0, 1}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct probe_run run = run_of(rows[i].answers);
		struct probe_gap gap;
		uint32_t seq = 0;
		int n = 0;

		while (probe_next_gap(&run, &seq, &gap)) {
			if (n >= rows[i].n)
				fail_msg("%s: more gaps than %d", rows[i].why, rows[i].n);
			assert_int_equal(gap.start.ns, T0 + rows[i].start_ms[n] * NS_PER_MS);
			assert_int_equal(gap.length_ns, rows[i].length_ms[n] * NS_PER_MS);
			assert_int_equal(gap.lost, rows[i].lost[n]);
			assert_int_equal(gap.open, rows[i].open[n]);
			n++;
		}
		if (n != rows[i].n)
			fail_msg("%s: %d gaps, not %d", rows[i].why, n, rows[i].n);
	}
}

static void a_gap_is_measured_by_when_datagrams_were_really_sent(void **state)
{
	struct probe_run run = {.records = records, .capacity = 3, .interval_ns = INTERVAL_NS};
	struct probe_gap gap;
	uint32_t seq, from = 0;

	(void)state;
	assert_true(probe_count_sent(&run, (struct mono){T0}, &seq));
	assert_true(probe_count_sent(&run, (struct mono){T0 + 7 * NS_PER_MS}, &seq));
	probe_count_answer(&run, &(struct probe_message){.seq = 1, .node = "b"},
			   (struct mono){T0 + 8 * NS_PER_MS});
	assert_true(probe_next_gap(&run, &from, &gap));
	assert_int_equal(gap.length_ns, 7 * NS_PER_MS);
	assert_false(probe_next_gap(&run, &from, &gap));
}

static void switches_skip_lost_datagrams(void **state)
{
	struct probe_run run = run_of(".aa..abb.b.a");
	static const struct {
		uint32_t seq;
		const char *node;
	} want[] = {{1, "a"}, {6, "b"}, {11, "a"}};
	struct probe_switch sw = {0};
	uint32_t seq = 0;
	uint8_t node = PROBE_NO_NODE;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_true(probe_next_switch(&run, &seq, &node, &sw));
		assert_int_equal(sw.seq, want[i].seq);
		assert_string_equal(run.nodes[sw.node], want[i].node);
		assert_int_equal(sw.at.ns, T0 + want[i].seq * INTERVAL_NS);
	}
	assert_false(probe_next_switch(&run, &seq, &node, &sw));
	assert_int_equal(run.by_node[0], 4);
	assert_int_equal(run.by_node[1], 3);
}

static void late_double_and_foreign_answers_are_told_apart(void **state)
{
	struct probe_run run = run_of("a.a.");
	struct probe_message m = {.seq = 1, .node = "a"};

	(void)state;
	probe_count_answer(&run, &m, (struct mono){T0 + INTERVAL_NS + run.late_ns + 1});
	assert_int_equal(run.late, 1);
	assert_int_equal(run.answered, 3); /* late is not lost */
	probe_count_answer(&run, &m, (struct mono){T0 + NS_PER_S});
	assert_int_equal(run.duplicates, 1);
	m.seq = 3;
	probe_count_answer(&run, &m, (struct mono){T0 + 3 * INTERVAL_NS + run.late_ns});
	assert_int_equal(run.late, 1); /* the bound itself is in time */
	m.seq = 4;
	probe_count_answer(&run, &m, (struct mono){T0 + NS_PER_S});
	m.seq = UINT32_MAX;
	probe_count_answer(&run, &m, (struct mono){T0 + NS_PER_S});
	m = (struct probe_message){.seq = 0}; /* a question sent back */
	probe_count_answer(&run, &m, (struct mono){T0 + NS_PER_S});
	assert_int_equal(run.strays, 3);
	assert_int_equal(run.answered, 4);
}

static void no_run_and_no_number_of_nodes_outgrows_its_memory(void **state)
{
	struct probe_run run = run_of("aaaaaaaaaaaa");
	uint32_t seq = 99;

	(void)state;
	run.capacity = run.sent;
	assert_false(probe_count_sent(&run, (struct mono){T0}, &seq));
	assert_int_equal(seq, 99);
	for (uint32_t i = 0; i < run.sent; i++)
		run.records[i].node = PROBE_NO_NODE;
	for (uint32_t i = 0; i < run.sent; i++) {
		struct probe_message m = {.seq = i, .node = {(char)('a' + i)}};

		probe_count_answer(&run, &m, (struct mono){T0});
	}
	assert_int_equal(run.n_nodes, PROBE_MAX_NODES);
	assert_int_equal(run.strays, run.sent - PROBE_MAX_NODES);
}

static void only_whole_messages_decode(void **state)
{
	struct probe_message m = {.run_high = 1, .run_low = 0xfffffffe, .seq = 7, .node = "b"}, got;
	uint8_t data[PROBE_LEN + 1] = {0};

	(void)state;
	probe_encode(&m, data);
	assert_true(probe_decode(data, PROBE_LEN, &got));
	assert_memory_equal(&got, &m, sizeof(m));
	for (size_t len = 0; len < PROBE_LEN; len++)
		assert_false(probe_decode(data, len, &got));
	assert_false(probe_decode(data, PROBE_LEN + 1, &got));
	data[0] ^= 1; /* not ours */
	assert_false(probe_decode(data, PROBE_LEN, &got));
	data[0] ^= 1;
	data[16] = '"'; /* a name that would break the report */
	assert_false(probe_decode(data, PROBE_LEN, &got));
	memset(data + 16, 'x', PROBE_NODE_MAX); /* a name without its end */
	assert_false(probe_decode(data, PROBE_LEN, &got));
	data[PROBE_LEN - 1] = '\0';
	assert_true(probe_decode(data, PROBE_LEN, &got));
	memset(data + 16, 0, PROBE_NODE_MAX); /* a question */
	assert_true(probe_decode(data, PROBE_LEN, &got));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gaps_run_from_the_first_lost_to_the_next_answered),
	    cmocka_unit_test(a_gap_is_measured_by_when_datagrams_were_really_sent),
	    cmocka_unit_test(switches_skip_lost_datagrams),
	    cmocka_unit_test(late_double_and_foreign_answers_are_told_apart),
	    cmocka_unit_test(no_run_and_no_number_of_nodes_outgrows_its_memory),
	    cmocka_unit_test(only_whole_messages_decode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
