// SPDX-License-Identifier: BSD-2-Clause
/*
 * The set of drained instances and its file: what is kept, what of a damaged one is read.
 *
 * Links: user/record/drain_file.c user/core/state_file.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "record/drain_file.h"

static const struct drain_key a = {"eth0", 4, 10}, b = {"eth0", 6, 10}, c = {"eth0", 4, 11},
			      d = {"eth0.12", 4, 10};

struct fixture {
	char dir[32], path[48];
};

static int setup(void **state)
{
	static struct fixture f;

	snprintf(f.dir, sizeof(f.dir), "/tmp/drain.XXXXXX");
	if (!mkdtemp(f.dir))
		return -1;
	snprintf(f.path, sizeof(f.path), "%s/drained", f.dir);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	return rmdir(f->dir);
}

static void instances_are_told_apart_by_interface_family_and_vrid(void **state)
{
	struct drain_set set = {0};

	(void)state;
	assert_int_equal(drain_set_add(&set, &a), 0);
	assert_int_equal(drain_set_add(&set, &a), 0);
	assert_int_equal(set.n, 1);
	assert_true(drain_set_has(&set, &a));
	assert_false(drain_set_has(&set, &b) || drain_set_has(&set, &c) || drain_set_has(&set, &d));
	assert_int_equal(drain_set_add(&set, &d), 0);
	drain_set_remove(&set, &c);
	drain_set_remove(&set, &a);
	assert_false(drain_set_has(&set, &a));
	assert_true(drain_set_has(&set, &d));
	set.all = true;
	assert_true(drain_set_has(&set, &c));
}

static void a_full_set_takes_no_more(void **state)
{
	struct drain_set set = {0};
	struct drain_key key = {.interface = "eth0", .family = 4};

	(void)state;
	for (unsigned int i = 0; i < HF_MAX_INSTANCES; i++) {
		snprintf(key.interface, sizeof(key.interface), "e%u", i / 255);
		key.vrid = (uint8_t)(i % 255 + 1);
		assert_int_equal(drain_set_add(&set, &key), 0);
	}
	assert_int_equal(drain_set_add(&set, &key), 0); /* it is there */
	assert_int_equal(drain_set_add(&set, &d), -ENOSPC);
}

static void what_is_saved_is_loaded(void **state)
{
	struct drain_set set = {0}, read;
	struct fixture *f = *state;
	struct drain_key key = {.interface = "0123456789abcde", .family = 6};

	assert_int_equal(drain_file_load(f->path, &read), -ENOENT);
	for (unsigned int vrid = 1; vrid <= 255; vrid++) {
		key.vrid = (uint8_t)vrid;
		assert_int_equal(drain_set_add(&set, &key), 0);
	}
	for (int all = 0; all <= 1; all++) {
		set.all = all;
		assert_int_equal(drain_file_save(f->path, &set), 0);
		assert_int_equal(drain_file_load(f->path, &read), 0);
		assert_memory_equal(&read, &set, sizeof(set));
	}
	set = (struct drain_set){.all = true};
	assert_int_equal(drain_file_save(f->path, &set), 0);
	assert_int_equal(drain_file_load(f->path, &read), 0);
	assert_true(read.all && read.n == 0);
}

static void an_empty_set_has_no_file(void **state)
{
	struct drain_set set = {.all = true};
	struct fixture *f = *state;

	assert_int_equal(drain_file_save(f->path, &set), 0);
	assert_int_equal(access(f->path, F_OK), 0);
	set.all = false;
	assert_int_equal(drain_file_save(f->path, &set), 0);
	assert_int_equal(access(f->path, F_OK), -1);
	assert_int_equal(drain_file_save(f->path, &set), 0);
	assert_int_equal(drain_file_save("/nowhere/drained", &(struct drain_set){.all = true}),
			 -ENOENT);
}

static void of_a_damaged_file_is_read_what_can_be(void **state)
{
	static const struct {
		const char *text;
		int err;
		bool all;
		unsigned int n;
	} rows[] = {
	    {"", 0, false, 0},
	    {"# a word\n\ninstance eth0 4 10", 0, false, 1},
	    {"all", 0, true, 0},
	    {"all\ninstance eth0 4 10\n", 0, true, 1},
	    {"instance eth0 4 10\ninstance eth0 4 10\n", 0, false, 1},
	    {"instance eth0 5 10\ninstance eth0 4 10\n", -EBADMSG, false, 1},
	    {"instance eth0 4 0\n", -EBADMSG, false, 0},
	    {"instance eth0 4 256\n", -EBADMSG, false, 0},
	    {"instance eth0 4 -1\n", -EBADMSG, false, 0},
	    {"instance eth0 4 10 x\n", -EBADMSG, false, 0},
	    {"instance eth0 4\n", -EBADMSG, false, 0},
	    {"instance 0123456789abcdef 4 10\n", -EBADMSG, false, 0},
	    {"ALL\nall x\n\xff\n", -EBADMSG, false, 0},
	};
	struct fixture *f = *state;
	struct drain_set set;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		FILE *to = fopen(f->path, "w");

		assert_non_null(to);
		fputs(rows[i].text, to);
		fclose(to);
		if (drain_file_load(f->path, &set) != rows[i].err || set.all != rows[i].all ||
		    set.n != rows[i].n)
			fail_msg("%s: all %d, n %u", rows[i].text, set.all, set.n);
	}
}

static void no_other_than_an_ordinary_small_file_is_read(void **state)
{
	struct fixture *f = *state;
	struct drain_set set;
	FILE *to = fopen(f->path, "w");

	assert_non_null(to);
	for (int i = 0; i < 10000; i++)
		fputs("instance eth0 4 10\n", to);
	fclose(to);
	assert_int_equal(drain_file_load(f->path, &set), -EBADMSG);
	assert_int_equal(drain_file_load("/dev/zero", &set), -EBADMSG);
	assert_int_equal(set.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(instances_are_told_apart_by_interface_family_and_vrid),
	    cmocka_unit_test(a_full_set_takes_no_more),
	    cmocka_unit_test_setup_teardown(what_is_saved_is_loaded, setup, teardown),
	    cmocka_unit_test_setup_teardown(an_empty_set_has_no_file, setup, teardown),
	    cmocka_unit_test_setup_teardown(of_a_damaged_file_is_read_what_can_be, setup, teardown),
	    cmocka_unit_test_setup_teardown(no_other_than_an_ordinary_small_file_is_read, setup,
					    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
