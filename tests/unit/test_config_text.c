// SPDX-License-Identifier: BSD-2-Clause
/*
 * The lines of a configuration: includes from real files, generators over definitions.
 *
 * Links: user/config/block_auth.c user/config/block_sbfd.c user/core/secret.c
 * Links: user/config/block_uplinks.c
 * Links: user/config/config.c user/config/parser.c user/config/set.c user/config/keywords.c
 * Links: user/config/text.c user/config/generator.c user/config/defs.c user/config/words.c
 * Links: user/config/value.c user/config/dump.c user/config/complete.c user/config/complete_group.c
 * Links: user/config/complete_warn.c user/config/complete_bgp.c user/config/neighbor_name.c
 * Links: user/config/complete_datapath.c
 * Links: user/config/platform.c
 * Links: user/config/block_global.c user/config/block_instance.c user/config/block_link.c
 * Links: user/config/block_lists.c user/config/block_script.c user/config/block_group.c
 * Links: user/config/block_bgp.c user/config/block_bfd.c user/config/block_announce.c
 * Links: user/config/block_traffic.c
 * Links: user/config/block_check.c
 * Links: user/config/block_track.c
 * Links: user/config/block_takeover.c user/core/addr.c
 * Links: user/config/block_attributes.c user/core/prefix_index.c user/config/block_service.c
 * Links: user/config/complete_service.c
 * Links: user/config/block_routes.c user/config/block_rule.c user/config/block_static.c
 * Links: user/config/block_vmac.c
 * Links: user/core/net_route.c
 */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config.h"
#include "config/text.h"

#define HANG_S 20 /* the alarm kills a case that never ends */

static char dir[64];

static const char *at(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void put(const char *name, const char *text)
{
	FILE *f = fopen(at(name), "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	fclose(f);
}

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/hf-text-%d", getpid());
	alarm(HANG_S);
	return mkdir(dir, 0755);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static int remove_dir(void **state)
{
	(void)state;
	alarm(0);
	return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static char said[16384];

static void collect(void *ctx, const char *line)
{
	size_t len = strlen(said);

	(void)ctx;
	snprintf(said + len, sizeof(said) - len, "%s\n", line);
}

/* Reads the file main.conf. `said` has the messages. */
static enum config_verdict load(struct config **cfg)
{
	said[0] = '\0';
	return config_load(at("main.conf"), "node-a", collect, NULL, cfg);
}

/* A file whose one line names itself in a complaint, so that `said` tells the order of reading. */
static void put_mark(const char *name)
{
	char text[64];

	snprintf(text, sizeof(text), "mark-%s\n",
		 strrchr(name, '/') ? strrchr(name, '/') + 1 : name);
	put(name, text);
}

static void expect_marks(const char *const marks[], unsigned int n)
{
	const char *from = said;

	for (unsigned int i = 0; i < n; i++) {
		const char *found = strstr(from, marks[i]);

		if (!found)
			fail_msg("%s is not read in order:\n%s", marks[i], said);
		from = found;
	}
}

static void includes_take_names_conditions_and_definitions(void **state)
{
	static const char *const marks[] = {"mark-a", "mark-b",	  "mark-c",
					    "mark-d", "mark-e",	  "line-of-the-definition",
					    "mark-f", "last-line"};
	struct config *cfg;
	char text[2048];

	(void)state;
	for (const char *name = "a\0b\0c\0d\0e\0f\0"; *name; name += 2)
		put_mark(name);
	snprintf(text, sizeof(text),
		 "$DIR=%s\n$F=include e\n$L= \\\n include a \\\n line-of-the-definition\n"
		 "include ${DIR}/a\ninclude ${_PWD}/b\n@node-a include c\n@node-b include f\n"
		 "include \"${DIR}/d\"\n$F\n$L\n@^node-b include f\nlast-line\n",
		 dir);
	put("main.conf", text);
	load(&cfg);
	config_free(cfg);
	expect_marks(marks, 8);
	assert_null(strstr(said, "cannot"));
	assert_null(strstr(said, "no file"));
}

/* Files beside each other are no includes within includes, and come in the order of their names. */
static void many_files_beside_each_other_are_read(void **state)
{
	char name[32];
	struct config *cfg;

	(void)state;
	assert_int_equal(mkdir(at("many"), 0755), 0);
	for (int i = 100; i < 300; i++) {
		snprintf(name, sizeof(name), "many/%d", i);
		put(name, "");
	}
	put_mark("many/100");
	put_mark("many/299");
	put("main.conf", "include many/*\nlast-line\n");
	load(&cfg);
	config_free(cfg);
	expect_marks((const char *const[]){"mark-100", "mark-299", "last-line"}, 3);
	assert_null(strstr(said, "included"));
}

static void a_file_that_includes_itself_is_an_error(void **state)
{
	struct config *cfg;

	(void)state;
	put("self", "include self\n");
	put("main.conf", "include self\nlast-line\n");
	assert_int_not_equal(load(&cfg), CONFIG_GOOD);
	config_free(cfg);
	assert_non_null(
	    strstr(said, "self:1: 'self' is not included: 16 includes within includes"));
	assert_non_null(strstr(said, "last-line"));
}

static void too_many_files_are_an_error(void **state)
{
	struct config *cfg;
	char name[32];

	(void)state;
	assert_int_equal(mkdir(at("crowd"), 0755), 0);
	for (int i = 0; i < TEXT_MAX_FILES; i++) {
		snprintf(name, sizeof(name), "crowd/%d", i);
		put(name, "");
	}
	put("main.conf", "include crowd/*\nlast-line\n");
	assert_int_not_equal(load(&cfg), CONFIG_GOOD);
	config_free(cfg);
	assert_non_null(strstr(said, "main.conf:1: 'crowd/*' is not included: 1024 files"));
	assert_non_null(strstr(said, "last-line"));
}

/* As /proc does: each level has several names of the level itself. */
static void a_pattern_that_finds_ever_more_directories_ends(void **state)
{
	struct config *cfg;
	char name[32];

	(void)state;
	assert_int_equal(mkdir(at("maze"), 0755), 0);
	for (int i = 0; i < 16; i++) {
		snprintf(name, sizeof(name), "maze/%d", i);
		assert_int_equal(symlink(".", at(name)), 0);
	}
	put_mark("maze/one");
	put("main.conf", "# the second line\ninclude maze/*/*/*/*/*/*/*/*\nlast-line\n");
	assert_int_not_equal(load(&cfg), CONFIG_GOOD);
	config_free(cfg);
	assert_non_null(strstr(said, "main.conf:2: 'maze/*/*/*/*/*/*/*/*' is not included: the search "
				     "reads more than 100000 names"));
	assert_non_null(strstr(said, "last-line"));
	put("main.conf", "include maze/*/*/o*\n"); /* each of the 16^2 names is the same file */
	load(&cfg);
	config_free(cfg);
	assert_non_null(strstr(said, "mark-one"));
}

#define PARTS(name, vrid)                                                                          \
	"vrrp_instance " name " {\n interface eth0\n virtual_router_id " vrid "\n priority 100\n"  \
	" version 3\n virtual_ipaddress {\n  203.0.113." vrid "/32 dev eth0\n }\n"

/* A block may begin in one file and end in another one, as in keepalived. But with an error that
 * may be a missing brace. */
static void braces_balance_in_each_file(void **state)
{
	static const struct {
		const char *main, *one, *two;
		enum config_verdict verdict;
		const char *said;
	} rows[] = {
	    {"include one\ninclude two\n", PARTS("a", "1") "}\n", PARTS("b", "2") "}\n",
	     CONFIG_GOOD, NULL},
	    {"include one\ninclude two\n", PARTS("a", "1"), "}\n", CONFIG_GOOD,
	     "one:1: warning: this brace has its partner in another file"},
	    {PARTS("a", "1") "include two\n", "", "}\n", CONFIG_GOOD, "main.conf:1: warning: "},
	    /* The brace that is missing in one file is too many in the other one. */
	    {"include one\ninclude two\n", PARTS("a", "1"), PARTS("b", "2") "}\n}\n",
	     CONFIG_UNUSABLE, "one:1: this brace has no partner in its file"},
	    {"include two\n}\n" PARTS("a", "1") "}\n", "", PARTS("b", "2") " bogus 1\n",
	     CONFIG_UNUSABLE, "two:1: this brace has no partner in its file"},
	    {PARTS("a", "1") "}\nbogus 1\n", "", "", CONFIG_USABLE_WITH_ERRORS, NULL},
	    {PARTS("a", "1") "include two\n}\n", "", " bogus 1\n}\n" PARTS("b", "2"),
	     CONFIG_UNUSABLE, "two:2: this brace has no partner in its file"},
	};
	struct config *cfg;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put("main.conf", rows[i].main);
		put("one", rows[i].one);
		put("two", rows[i].two);
		if (load(&cfg) != rows[i].verdict)
			fail_msg("row %zu: another verdict: %s", i, said);
		config_free(cfg);
		if (rows[i].said ? !strstr(said, rows[i].said) : strstr(said, "this brace") != NULL)
			fail_msg("row %zu: %s", i, said);
	}
}

static void what_is_missing_is_an_error(void **state)
{
	static const char *const lines[] = {"include nope",  "include nope*", "include n/*.conf",
					    "includer nope", "include",	      "include \"\""};
	struct config *cfg;
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(text, sizeof(text), "%s\n", lines[i]);
		put("main.conf", text);
		assert_int_not_equal(load(&cfg), CONFIG_GOOD);
		config_free(cfg);
		assert_non_null(strstr(said, "main.conf:1: "));
	}
	/* As keepalived has it: the name of a definition ends at a blank, or it stands in braces.
	 */
	put("main.conf", "$D=n\ninclude $D/*.conf\n");
	assert_int_not_equal(load(&cfg), CONFIG_GOOD);
	config_free(cfg);
	assert_non_null(strstr(said, "within a word a definition is ${NAME}"));
}

/* A FIFO waits for its writer, a device may do anything: neither is opened. */
static void only_regular_files_are_read(void **state)
{
	static const char *const names[] = {"fifo", "/dev/zero", "many", "link"};
	struct config *cfg;
	char text[128];

	(void)state;
	assert_int_equal(mkfifo(at("fifo"), 0666), 0);
	assert_int_equal(symlink("fifo", at("link")), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(text, sizeof(text), "include %s\nlast-line\n", names[i]);
		put("main.conf", text);
		assert_int_not_equal(load(&cfg), CONFIG_GOOD);
		config_free(cfg);
		assert_non_null(strstr(said, "it is not a regular file"));
		assert_non_null(strstr(said, "last-line"));
	}
	assert_int_equal(config_load(at("fifo"), NULL, collect, NULL, &cfg), CONFIG_UNUSABLE);
}

static void braces_that_stand_for_millions_end(void **state)
{
	struct config *cfg;
	char text[256];
	int len = snprintf(text, sizeof(text), "include ");

	(void)state;
	for (int i = 0; i < 28; i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "{a,b}");
	put("main.conf", text);
	assert_int_not_equal(load(&cfg), CONFIG_GOOD);
	config_free(cfg);
	assert_non_null(strstr(said, "stands for more than 1024 files"));
	put("main.conf", "include {a,{b,c}}\n");
	load(&cfg);
	config_free(cfg);
	expect_marks((const char *const[]){"mark-a", "mark-b", "mark-c"}, 3);
}

/* The value of A has 1,000 octets; a line has at most 4,095. */
static void a_line_that_its_definitions_make_too_long_is_an_error(void **state)
{
	char text[2048], value[1001];
	struct config *cfg;

	(void)state;
	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	snprintf(text, sizeof(text), "$A=%s\n$A $A $A $A\n", value);
	put("main.conf", text);
	load(&cfg);
	config_free(cfg);
	assert_null(strstr(said, "too long"));
	snprintf(text, sizeof(text), "$A=%s\n$A $A $A $A $A\n", value);
	put("main.conf", text);
	load(&cfg);
	config_free(cfg);
	assert_non_null(strstr(said, "main.conf:2: the line gets too long by its definitions"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(includes_take_names_conditions_and_definitions),
	    cmocka_unit_test(many_files_beside_each_other_are_read),
	    cmocka_unit_test(a_file_that_includes_itself_is_an_error),
	    cmocka_unit_test(too_many_files_are_an_error),
	    cmocka_unit_test(a_pattern_that_finds_ever_more_directories_ends),
	    cmocka_unit_test(braces_balance_in_each_file),
	    cmocka_unit_test(what_is_missing_is_an_error),
	    cmocka_unit_test(only_regular_files_are_read),
	    cmocka_unit_test(braces_that_stand_for_millions_end),
	    cmocka_unit_test(a_line_that_its_definitions_make_too_long_is_an_error),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
