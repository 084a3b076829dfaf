// SPDX-License-Identifier: BSD-2-Clause
/*
 * The flight recorder: its ring, its encoding, its file (intact and damaged), and its JSON.
 *
 * Links: user/announce/announce_step.c user/control/record_json.c user/record/record_codec.c
 * Links: tests/unit/record_sample.c user/record/record_file.c user/core/state_file.c
 * Links: user/health/health_step.c user/vrrp/vrrp_names.c user/vrrp/vrrp_step.c
 * Links: user/record/record.c user/core/utf8.c user/core/addr.c
 * Links: user/control/json_put.c user/announce/service_step.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>
#include <json-c/json_pointer.h>

#include "announce/announce_step.h"
#include "announce/service_step.h"
#include "control/record_json.h"
#include "core/crc32.h"
#include "health/health_step.h"
#include "record/record_codec.h"
#include "record/record_file.h"
#include "record_sample.h"

struct fixture {
	struct record_ring ring, other;
	uint8_t buf[RECORD_FILE_MAX];
};

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void fill(struct record_ring *ring, unsigned int n)
{
	struct record head = record_sample_head();

	for (unsigned int i = 0; i < n; i++)
		record_begin(ring, &head);
}

static void the_ring_keeps_the_newest(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(record_oldest(&f->ring), 0);
	assert_null(record_find(&f->ring, 0));
	assert_null(record_find(&f->ring, 1));
	fill(&f->ring, RECORD_KEPT);
	assert_int_equal(record_oldest(&f->ring), 1);
	fill(&f->ring, 6);
	assert_int_equal(f->ring.last, RECORD_KEPT + 6);
	assert_int_equal(record_oldest(&f->ring), 7);
	assert_null(record_find(&f->ring, 6));
	assert_int_equal(record_find(&f->ring, 7)->number, 7);
	assert_null(record_find(&f->ring, RECORD_KEPT + 7));
}

static void steps_beyond_the_room_are_counted(void **state)
{
	struct fixture *f = *state;
	struct record *rec;

	fill(&f->ring, 1);
	rec = record_find(&f->ring, 1);
	assert_int_equal(record_zero_ns(rec), 0);
	assert_int_equal(record_took_ns(rec), 0);
	for (int i = 0; i < RECORD_STEPS + 3; i++)
		record_add(rec, &(struct record_step){.at_ns = i + 1, .kind = RECORD_UPDATE});
	assert_int_equal(rec->n_steps, RECORD_STEPS);
	assert_int_equal(rec->lost_steps, 3);
	assert_int_equal(rec->steps[RECORD_STEPS - 1].at_ns, RECORD_STEPS);
}

/* The duration ends with the last UPDATE of the takeover. Later UPDATEs do not count. */
static void the_time_taken_is_that_of_the_last_update(void **state)
{
	struct fixture *f = *state;
	struct record *rec = record_sample(&f->ring);

	assert_int_equal(record_took_ns(rec), 210000);
	record_add(rec, &(struct record_step){.at_ns = INT64_MAX, .kind = RECORD_UPDATE});
	assert_int_equal(record_took_ns(rec), 210000);
	rec->steps[6].kind = RECORD_WOKEN; /* no UPDATE any more: the advert */
	assert_int_equal(record_took_ns(rec), 260000);
	rec->steps[8].kind = RECORD_WOKEN; /* nor an advert: the decision */
	rec->n_steps = 16;
	assert_int_equal(record_took_ns(rec), 70000);
	rec->steps[2].kind = RECORD_ANNOUNCED; /* nothing was detected: from the wake-up */
	assert_int_equal(record_took_ns(rec), 10000);
}

/* With before_master the UPDATE comes after the advert and still is the end. A later UPDATE is not.
 */
static void the_time_taken_includes_before_master(void **state)
{
	static const struct {
		enum record_kind kind;
		int64_t at_ns;
	} steps[] = {{RECORD_DETECTED, 1000}, {RECORD_BEFORE_ASKED, 2000},
		     {RECORD_ADVERT, 3000},   {RECORD_BEFORE_ENDED, 8000},
		     {RECORD_UPDATE, 9000},   {RECORD_ANNOUNCED, 9500},
		     {RECORD_UPDATE, 50000}};
	struct fixture *f = *state;
	struct record *rec;

	fill(&f->ring, 1);
	rec = record_find(&f->ring, 1);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		record_add(rec, &(struct record_step){.at_ns = steps[i].at_ns,
						      .kind = (uint8_t)steps[i].kind});
	assert_int_equal(record_took_ns(rec), 8000);
}

static void records_come_back_as_they_were(void **state)
{
	struct fixture *f = *state;
	int len;

	for (int i = 0; i < 3; i++) {
		len = record_build(&f->ring, f->buf, sizeof(f->buf));
		assert_true(len > 0);
		memset(&f->other, 0xa5, sizeof(f->other));
		assert_true(record_parse(&f->other, f->buf, (size_t)len));
		assert_memory_equal(&f->ring, &f->other, sizeof(f->ring));
		if (i == 0)
			record_sample(&f->ring);
		for (int k = 0; i == 1 && k < RECORD_KEPT + 9; k++)
			record_sample(&f->ring);
	}
	assert_int_equal(record_build(&f->ring, f->buf, 1000), -1);
}

static void a_record_of_a_service_comes_back(void **state)
{
	struct fixture *f = *state;
	struct record *rec = record_sample(&f->ring);
	int len;

	rec->subject = RECORD_OF_SERVICE;
	rec->from = SERVICE_DRAINED;
	rec->to = SERVICE_STOP;
	len = record_build(&f->ring, f->buf, sizeof(f->buf));
	assert_true(record_parse(&f->other, f->buf, (size_t)len));
	assert_memory_equal(&f->ring, &f->other, sizeof(f->ring));
}

/* Writes the checksum of the first `len` octets after them. Returns the whole length. */
static size_t seal(uint8_t *buf, size_t len)
{
	uint32_t sum = crc32(buf, len);

	for (int i = 0; i < 4; i++)
		buf[len++] = (uint8_t)(sum >> (24 - 8 * i));
	return len;
}

/* The format before services: without the octet for the kind of a record. */
static void a_file_of_an_earlier_version_is_read(void **state)
{
	enum { VERSION_AT = 4, LENGTH_AT = 6, SUBJECT_AT = LENGTH_AT + 2 + 8 + 8 };
	struct fixture *f = *state;
	size_t len;

	record_sample(&f->ring);
	len = (size_t)record_build(&f->ring, f->buf, sizeof(f->buf)) - 4;
	f->buf[VERSION_AT] = 1;
	f->buf[LENGTH_AT + 1]--; /* of the record; its low octet is not 0 */
	memmove(f->buf + SUBJECT_AT, f->buf + SUBJECT_AT + 1, len - SUBJECT_AT - 1);
	len = seal(f->buf, len - 1);
	assert_true(record_parse(&f->other, f->buf, len));
	assert_memory_equal(&f->ring, &f->other, sizeof(f->ring));
	f->buf[VERSION_AT] = 3; /* which is not known yet */
	seal(f->buf, len - 4);
	assert_false(record_parse(&f->other, f->buf, len));
}

/* The largest possible ring fits into the file. */
static void a_full_ring_fits(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < RECORD_KEPT; i++) {
		struct record *rec = record_sample(&f->ring);

		memset(rec->instance, 'i', sizeof(rec->instance) - 1);
		memset(rec->detail, 'd', sizeof(rec->detail) - 1);
		while (rec->n_steps < RECORD_STEPS)
			record_add(rec, &(struct record_step){.at_ns = 1, .kind = RECORD_WOKEN});
	}
	assert_true(record_build(&f->ring, f->buf, sizeof(f->buf)) > 0);
}

static void damaged_octets_are_refused_whole(void **state)
{
	static const struct record_ring empty;
	struct fixture *f = *state;
	int len;

	record_sample(&f->ring);
	len = record_build(&f->ring, f->buf, sizeof(f->buf));
	for (int i = 0; i < len; i++) {
		assert_false(record_parse(&f->other, f->buf, (size_t)i)); /* cut short */
		f->buf[i] ^= 0x10;
		if (record_parse(&f->other, f->buf, (size_t)len))
			fail_msg("octet %d may be anything", i);
		assert_memory_equal(&f->other, &empty, sizeof(empty));
		f->buf[i] ^= 0x10;
	}
	assert_true(record_parse(&f->other, f->buf, (size_t)len));
	f->buf[len] = 0;
	assert_false(record_parse(&f->other, f->buf, (size_t)len + 1));
}

static void set_state(struct record *rec)
{
	rec->to = VRRP_FAULT + 1;
}

static void set_subject(struct record *rec)
{
	rec->subject = RECORD_SUBJECTS;
}

/* Of a service: one state more than an instance has. */
static void set_service_state(struct record *rec)
{
	rec->subject = RECORD_OF_SERVICE;
	rec->from = SERVICE_STATES;
}

static void set_cause(struct record *rec)
{
	rec->cause = VRRP_CAUSE_MAX;
}

static void set_peer(struct record *rec)
{
	rec->peer = RECORD_PEERS;
}

static void set_kind(struct record *rec)
{
	rec->steps[1].kind = RECORD_KINDS;
}

static void set_level(struct record *rec)
{
	rec->steps[7].value = ANNOUNCE_FAILED + 1;
}

static void set_outcome(struct record *rec)
{
	rec->steps[11].value = HEALTH_SPAWN + 1;
}

static void set_time(struct record *rec)
{
	rec->steps[0].at_ns = -1;
}

/* A file with a valid checksum, but with values that no daemon writes. */
static void impossible_values_are_refused(void **state)
{
	static void (*const damages[])(struct record *) = {
	    set_state, set_subject, set_service_state, set_cause, set_peer,
	    set_kind,  set_level,   set_outcome,       set_time};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		int len;

		memset(&f->ring, 0, sizeof(f->ring));
		damages[i](record_sample(&f->ring));
		len = record_build(&f->ring, f->buf, sizeof(f->buf));
		assert_true(len > 0);
		if (record_parse(&f->other, f->buf, (size_t)len))
			fail_msg("damage %zu is let through", i);
		assert_int_equal(f->other.last, 0);
	}
}

/* It would be written in another way than it was read. */
static void a_text_that_ends_early_is_refused(void **state)
{
	enum { TEXT_AT = 6 + 2 + 8 + 8 + 1 + 1 };
	struct fixture *f = *state;
	int len;

	record_sample(&f->ring);
	len = record_build(&f->ring, f->buf, sizeof(f->buf));
	assert_int_equal(f->buf[TEXT_AT - 1], strlen(record_sample_head().instance));
	f->buf[TEXT_AT + 1] = '\0';
	seal(f->buf, (size_t)len - 4);
	assert_false(record_parse(&f->other, f->buf, (size_t)len));
}

static void numbers_that_would_run_out_are_refused(void **state)
{
	struct fixture *f = *state;
	int len;

	f->ring.last = UINT64_MAX / 2;
	record_sample(&f->ring);
	len = record_build(&f->ring, f->buf, sizeof(f->buf));
	assert_false(record_parse(&f->other, f->buf, (size_t)len));
}

static void the_file_is_replaced_or_left(void **state)
{
	struct fixture *f = *state;
	char dir[] = "/tmp/record.XXXXXX", path[64], fresh[80];
	struct stat st;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/transitions", dir);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	assert_int_equal(record_file_load(path, &f->other), -ENOENT);
	record_sample(&f->ring);
	assert_int_equal(record_file_save(path, &f->ring), 0);
	assert_int_equal(record_file_load(path, &f->other), 0);
	assert_memory_equal(&f->ring, &f->other, sizeof(f->ring));
	assert_int_equal(mkdir(fresh, 0700), 0); /* in the way of the next one */
	assert_true(record_file_save(path, &f->other) < 0);
	assert_int_equal(rmdir(fresh), 0);
	assert_int_equal(record_file_load(path, &f->other), 0);
	assert_int_equal(truncate(path, 100), 0);
	assert_int_equal(record_file_load(path, &f->other), -EBADMSG);
	assert_int_equal(f->other.last, 0);
	assert_int_equal(truncate(path, 100 << 20), 0); /* read no more than can be ours */
	assert_int_equal(record_file_load(path, &f->other), -EBADMSG);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600),
			 0); /* opening it for reading would wait for a writer */
	assert_int_equal(record_file_load(path, &f->other), -EBADMSG);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(record_file_load(path, &f->other), -ELOOP);
	assert_int_equal(record_file_save(path, &f->ring),
			 0); /* the link is replaced, not followed */
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

/* The place of each value (RFC 6901) and its text. */
static const struct {
	const char *path, *value;
} golden[] = {
    {"/schema", "1"},
    {"/last", "2"},
    {"/events/0/number", "1"},
    {"/events/1/number", "2"},
    {"/events/1/instance", "\"example\""},
    {"/events/1/at", "\"2025-01-02T03:03:04.567Z\""},
    {"/events/1/from", "\"BACKUP\""},
    {"/events/1/to", "\"MASTER\""},
    {"/events/1/cause", "\"master down\""},
    {"/events/1/detail", "\"caf\xc3\xa9 ?\""},
    {"/events/1/faults", "[\"link\",\"drain\"]"},
    {"/events/1/priority", "100"},
    {"/events/1/master", "{\"address\":\"192.0.2.11\",\"priority\":200,\"interval_ms\":12.500}"},
    {"/events/1/peer", "\"silent\""},
    {"/events/1/took_us", "210"},
    {"/events/1/steps_lost", "0"},
    {"/events/1/steps/0", "{\"step\":\"last_advert\",\"us\":-36090}"},
    {"/events/1/steps/2", "{\"step\":\"detected\",\"us\":0}"},
    {"/events/1/steps/5", "{\"step\":\"address_added\",\"us\":150,\"address\":\"203.0.113.57\"}"},
    {"/events/1/steps/6", "{\"step\":\"update\",\"us\":210,\"neighbor\":\"2001:db8::1\"}"},
    {"/events/1/steps/7", "{\"step\":\"announced\",\"us\":212,\"as\":\"escalated\"}"},
    {"/events/1/steps/8", "{\"step\":\"advert\",\"us\":260,\"priority\":100}"},
    {"/events/1/steps/11",
     "{\"step\":\"notify_ended\",\"us\":35000,\"outcome\":\"exit status\",\"status\":3}"},
};

static void every_field_stands_where_it_is_documented(void **state)
{
	struct fixture *f = *state;
	struct record *rec;
	json_object *root, *found;
	char *text;

	fill(&f->ring, 1);
	rec = record_sample(&f->ring);
	rec->faults = VRRP_FAULT_LINK | VRRP_FAULT_DRAIN;
	snprintf(rec->detail, sizeof(rec->detail), "caf\xc3\xa9 \xff");
	text = records_to_json(&f->ring, 0);
	root = json_tokener_parse(text);
	assert_non_null(root);
	for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
		if (json_pointer_get(root, golden[i].path, &found) < 0)
			fail_msg("%s is missing", golden[i].path);
		assert_string_equal(
		    json_object_to_json_string_ext(found, JSON_C_TO_STRING_PLAIN |
							      JSON_C_TO_STRING_NOSLASHESCAPE),
		    golden[i].value);
	}
	json_object_put(root);
	free(text);
}

static void only_what_is_newer_is_told(void **state)
{
	struct fixture *f = *state;
	char *text;

	fill(&f->ring, 3);
	text = records_to_json(&f->ring, 2);
	assert_non_null(strstr(text, "\"last\":3"));
	assert_non_null(strstr(text, "\"number\":3"));
	assert_null(strstr(text, "\"number\":2"));
	free(text);
	text = records_to_json(&f->ring, 3);
	assert_string_equal(text, "{\"schema\":1,\"last\":3,\"events\":[]}");
	free(text);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(the_ring_keeps_the_newest),
	    CASE(steps_beyond_the_room_are_counted),
	    CASE(the_time_taken_is_that_of_the_last_update),
	    CASE(the_time_taken_includes_before_master),
	    CASE(records_come_back_as_they_were),
	    CASE(a_record_of_a_service_comes_back),
	    CASE(a_file_of_an_earlier_version_is_read),
	    CASE(a_full_ring_fits),
	    CASE(damaged_octets_are_refused_whole),
	    CASE(impossible_values_are_refused),
	    CASE(a_text_that_ends_early_is_refused),
	    CASE(numbers_that_would_run_out_are_refused),
	    CASE(the_file_is_replaced_or_left),
	    CASE(every_field_stands_where_it_is_documented),
	    CASE(only_what_is_newer_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
