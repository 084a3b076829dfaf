// SPDX-License-Identifier: BSD-2-Clause
/*
 * Users by name, and which scripts root may run.
 * Links: user/runner/script_user.c
 */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
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

#include "runner/script_user.h"

static void users_and_groups_resolve_by_name(void **state)
{
	const struct passwd *pw = getpwnam("nobody");
	uid_t nobody = pw ? pw->pw_uid : 0;
	struct runner_user u = {1, 1};
	char why[96];

	(void)state;
	assert_non_null(pw);
	assert_int_equal(script_user_resolve("root", NULL, &u, why, sizeof(why)), 0);
	assert_int_equal(u.uid, 0);
	assert_int_equal(u.gid, 0);
	assert_int_equal(script_user_resolve("nobody", "root", &u, why, sizeof(why)), 0);
	assert_int_equal(u.uid, nobody);
	assert_int_equal(u.gid, 0);
	assert_int_equal(script_user_resolve("no such user", NULL, &u, why, sizeof(why)), -ENOENT);
	assert_string_equal(why, "there is no user no such user");
	assert_int_equal(script_user_resolve("root", "no such group", &u, why, sizeof(why)),
			 -ENOENT);
	assert_string_equal(why, "there is no group no such group");
	assert_int_equal(script_user_resolve("", NULL, &u, why, sizeof(why)), -ENOENT);
	/* A failed lookup sets neither the user nor the group. */
	assert_int_equal(u.uid, nobody);
	assert_int_equal(u.gid, 0);
}

static char top[64];

static const char *at(const char *name)
{
	static char path[4][256];
	static int i;

	i = (i + 1) % 4;
	snprintf(path[i], sizeof(path[i]), "%s/%s", top, name);
	return path[i];
}

static void make_file(const char *name, mode_t mode, uid_t uid, gid_t gid)
{
	FILE *f = fopen(at(name), "w");

	assert_non_null(f);
	fclose(f);
	assert_int_equal(chown(at(name), uid, gid), 0);
	assert_int_equal(chmod(at(name), mode), 0);
}

static void make_dir(const char *name, mode_t mode, uid_t uid, gid_t gid)
{
	assert_int_equal(mkdir(at(name), 0700), 0);
	assert_int_equal(chown(at(name), uid, gid), 0);
	assert_int_equal(chmod(at(name), mode), 0);
}

static int make_tree(void **state)
{
	(void)state;
	if (geteuid() != 0)
		return 0;
	snprintf(top, sizeof(top), "/tmp/hf-security-%d", getpid());
	assert_int_equal(mkdir(top, 0755), 0);
	make_file("good", 0755, 0, 0);
	make_file("group0", 0775, 0, 0);
	make_file("group1", 0775, 0, 1);
	make_file("world", 0757, 0, 0);
	make_file("theirs", 0755, 65534, 0);
	make_dir("open", 0777, 0, 0);
	make_file("open/script", 0755, 0, 0);
	make_dir("sticky", 01777, 0, 0);
	make_file("sticky/script", 0755, 0, 0);
	make_dir("home", 0755, 65534, 65534);
	make_file("home/script", 0755, 0, 0);
	make_dir("home/stuck", 01755, 65534, 65534);
	make_file("home/stuck/script", 0755, 0, 0);
	assert_int_equal(symlink("good", at("link")), 0);
	assert_int_equal(symlink("./sticky/../good", at("dots")), 0);
	assert_int_equal(symlink(at("home/script"), at("out")), 0);
	assert_int_equal(symlink(at("good"), at("open/in")), 0);
	assert_int_equal(symlink("open/in", at("chain")), 0);
	assert_int_equal(symlink("sticky", at("dir")), 0);
	assert_int_equal(symlink("round", at("round")), 0);
	assert_int_equal(symlink("gone", at("dangling")), 0);
	assert_int_equal(symlink("good", at("theirlink")), 0);
	assert_int_equal(lchown(at("theirlink"), 65534, 0), 0);
	return 0;
}

static int remove_tree(void **state)
{
	static const char *const names[] = {
	    "good",	     "group0",	    "group1",	   "world",
	    "theirs",	     "open/script", "open/in",	   "open",
	    "sticky/script", "sticky",	    "home/script", "home/stuck/script",
	    "home/stuck",    "home",	    "link",	   "dots",
	    "out",	     "chain",	    "dir",	   "round",
	    "dangling",	     "theirlink",
	};

	(void)state;
	for (size_t i = 0; top[0] && i < sizeof(names) / sizeof(names[0]); i++)
		remove(at(names[i]));
	if (top[0])
		rmdir(top);
	return 0;
}

/* `fault`: the component that must be named, or NULL for a path that is fine. */
static const struct {
	const char *name;
	int err;
	const char *fault, *word;
} rows[] = {
    {"good", 0, NULL, NULL},
    {"./good", 0, NULL, NULL},
    {"group0", 0, NULL, NULL},
    {"sticky/script", 0, NULL, NULL},
    {"link", 0, NULL, NULL},
    {"dots", 0, NULL, NULL},
    {"dir/script", 0, NULL, NULL},
    {"group1", -EACCES, "group1", "group"},
    {"world", -EACCES, "world", "everybody"},
    {"theirs", -EACCES, "theirs", "belong"},
    {"open/script", -EACCES, "open", "everybody"},
    {"home/script", -EACCES, "home", "belong"},
    {"home/stuck/script", -EACCES, "home", "belong"},
    {"out", -EACCES, "home", "belong"},
    {"chain", -EACCES, "open", "everybody"},
    {"sticky/../open/script", -EACCES, "sticky/../open", "everybody"},
    {"theirlink", -EACCES, "theirlink", "belong"},
    {"none", -ENOENT, "none", "No such file"},
    {"dangling", -ENOENT, "gone", "No such file"},
    {"good/below", -ENOTDIR, "good/below", "Not a directory"},
};

static void the_offending_component_is_named(void **state)
{
	char why[256], want[256];

	(void)state;
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int err = script_check_security(at(rows[i].name), why, sizeof(why));

		if (err != rows[i].err)
			fail_msg("%s: %d, %s", rows[i].name, err, err ? why : "");
		if (err == 0)
			continue;
		snprintf(want, sizeof(want), "%s: ", at(rows[i].fault));
		assert_memory_equal(why, want, strlen(want));
		assert_non_null(strstr(why, rows[i].word));
	}
	assert_int_equal(script_check_security(at("round"), why, sizeof(why)), -ELOOP);
}

static void odd_paths_are_refused_or_harmless(void **state)
{
	static char longest[5000];
	char why[32];

	(void)state;
	memset(longest, '/', sizeof(longest) - 1);
	assert_int_equal(script_check_security(longest, why, sizeof(why)), -ENAMETOOLONG);
	assert_int_equal(script_check_security("bin/true", why, sizeof(why)), -EINVAL);
	assert_int_equal(script_check_security("", why, sizeof(why)), -EINVAL);
	assert_int_equal(script_check_security("/", why, sizeof(why)), 0);
	assert_int_equal(script_check_security("//bin///sh", why, sizeof(why)), 0);
}

/* A name is looked for in the folders of PATH: absolute ones, and what can be executed. */
static void a_command_is_found_where_it_can_be_run(void **state)
{
	const char *was = getenv("PATH");
	char kept[4096], path[PATH_MAX], search[256], here[PATH_MAX];

	(void)state;
	if (geteuid() != 0)
		skip();
	snprintf(kept, sizeof(kept), "%s", was ? was : "");
	assert_non_null(getcwd(here, sizeof(here)));
	assert_int_equal(chdir(top), 0);
	make_file("open/tool", 0644, 0, 0);
	make_file("sticky/tool", 0755, 0, 0);
	snprintf(search, sizeof(search), "sticky:%s", at("open"));
	setenv("PATH", search, 1);
	assert_int_equal(script_find("tool", path), -ENOENT);
	snprintf(search, sizeof(search), "%s:%s", at("open"), at("sticky"));
	setenv("PATH", search, 1);
	assert_int_equal(script_find("tool", path), 0);
	assert_string_equal(path, at("sticky/tool"));
	setenv("PATH", kept, 1);
	remove(at("open/tool"));
	remove(at("sticky/tool"));
	assert_int_equal(chdir(here), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(users_and_groups_resolve_by_name),
	    cmocka_unit_test(the_offending_component_is_named),
	    cmocka_unit_test(odd_paths_are_refused_or_harmless),
	    cmocka_unit_test(a_command_is_found_where_it_can_be_run),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
