// SPDX-License-Identifier: BSD-2-Clause
/*
 * The set of drained instances and its file: what is stored, and what is read from a damaged file.
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

#include "core/crc32.h"
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
	struct drain_key key = {.name = "eth0", .family = 4};

	(void)state;
	for (unsigned int i = 0; i < DRAIN_MAX_KEYS; i++) {
		snprintf(key.name, sizeof(key.name), "e%u", i / 255);
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
	struct drain_key key = {.name = "0123456789abcde", .family = 6};

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

static void a_service_is_known_by_its_name(void **state)
{
	struct drain_set set = {.n = 2, .keys = {{.name = "www of the shop"}, a}}, read;
	struct drain_key longest = {.family = 0};
	struct fixture *f = *state;

	memset(longest.name, 'x', sizeof(longest.name) - 1);
	assert_int_equal(drain_set_add(&set, &longest), 0);
	assert_int_equal(drain_file_save(f->path, &set), 0);
	assert_int_equal(drain_file_load(f->path, &read), 0);
	assert_memory_equal(&read, &set, sizeof(set));
	assert_true(drain_set_has(&read, &(struct drain_key){.name = "www of the shop"}));
	assert_false(drain_set_has(&read, &(struct drain_key){.name = "www"}));
	assert_false(drain_set_has(&read, &(struct drain_key){.name = "eth0"})); /* `a` is none */
}

static void what_cannot_be_written_is_told(void **state)
{
	(void)state;
	assert_int_equal(drain_file_save("/nowhere/drained", &(struct drain_set){.all = true}),
			 -ENOENT);
}

static void write_text(const char *path, const char *text, size_t len)
{
	FILE *to = fopen(path, "w");

	assert_non_null(to);
	assert_int_equal(fwrite(text, 1, len, to), len);
	fclose(to);
}

/* Every shorter file, and every file with one octet changed. */
static void a_damaged_file_drains_everything(void **state)
{
	struct drain_set set = {.n = 1, .keys = {a}};
	struct fixture *f = *state;
	char text[512];
	size_t len;
	FILE *from;

	assert_int_equal(drain_file_save(f->path, &set), 0);
	from = fopen(f->path, "r");
	assert_non_null(from);
	len = fread(text, 1, sizeof(text), from);
	fclose(from);
	for (size_t cut = 0; cut < len; cut++) {
		write_text(f->path, text, cut);
		assert_int_equal(drain_file_load(f->path, &set), -EBADMSG);
		assert_true(set.all);
	}
	for (size_t at = 0; at < len; at++) {
		text[at] ^= 1;
		write_text(f->path, text, len);
		assert_int_equal(drain_file_load(f->path, &set), -EBADMSG);
		assert_true(set.all);
		text[at] ^= 1;
	}
	write_text(f->path, text, len);
	assert_int_equal(drain_file_load(f->path, &set), 0);
	assert_false(set.all);
}

/* Of version 0.1.0, which wrote no checksum: an upgrade drained every instance by it. */
static void a_file_of_the_version_before_says_what_it_says(void **state)
{
	static const char head[] =
	    "# Drained by holdfastctl drain; holdfastctl undrain takes it back.\n";
	static const struct {
		const char *lines;
		int err;
		bool all, has_a;
	} rows[] = {
	    {"instance eth0 4 10\n", 0, false, true},
	    {"all\ninstance eth0 4 10\n", 0, true, true},
	    {"instance eth0 4 11\n", 0, false, false},
	    {"", -EBADMSG, true, true},
	    {"instance eth0 4 10", -EBADMSG, true, true}, /* cut: it was 101, perhaps */
	    {"instance eth0 4 10\nwhat\n", -EBADMSG, true, true},
	};
	struct fixture *f = *state;
	struct drain_set set;
	char text[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int len = snprintf(text, sizeof(text), "%s%s", head, rows[i].lines);

		write_text(f->path, text, (size_t)len);
		assert_int_equal(drain_file_load(f->path, &set), rows[i].err);
		assert_int_equal(set.all, rows[i].all);
		assert_int_equal(drain_set_has(&set, &a), rows[i].has_a);
	}
}

/* With a matching checksum: from another version, or written by hand. */
static void lines_that_say_nothing_are_damage(void **state)
{
	static const char *const lines[] = {
	    "instance eth0 5 10\n",
	    "instance eth0 4 0\n",
	    "instance eth0 4 256\n",
	    "instance eth0 4 -1\n",
	    "instance eth0 4 10 x\n",
	    "instance eth0 4\n",
	    "instance 0123456789abcdef 4 10\n",
	    "ALL\nall x\n\xff\n",
	};
	struct fixture *f = *state;
	struct drain_set set;
	char text[128];
	int len;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		len = snprintf(text, sizeof(text), "%schecksum %08x\n", lines[i],
			       crc32(lines[i], strlen(lines[i])));
		write_text(f->path, text, (size_t)len);
		assert_int_equal(drain_file_load(f->path, &set), -EBADMSG);
		assert_true(set.all);
	}
	len = snprintf(text, sizeof(text), "\nall\nchecksum %08x\n", crc32("\nall\n", 5));
	write_text(f->path, text, (size_t)len);
	assert_int_equal(drain_file_load(f->path, &set), 0);
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
	assert_true(set.all && set.n == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(instances_are_told_apart_by_interface_family_and_vrid),
	    cmocka_unit_test(a_full_set_takes_no_more),
	    cmocka_unit_test_setup_teardown(what_is_saved_is_loaded, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_service_is_known_by_its_name, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_cannot_be_written_is_told, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_damaged_file_drains_everything, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_file_of_the_version_before_says_what_it_says, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(lines_that_say_nothing_are_damage, setup, teardown),
	    cmocka_unit_test_setup_teardown(no_other_than_an_ordinary_small_file_is_read, setup,
					    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
