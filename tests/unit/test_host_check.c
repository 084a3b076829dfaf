// SPDX-License-Identifier: BSD-2-Clause
/*
 * What a configuration names and the host has not: commands, users, interfaces.
 *
 * Links: user/engine/host_check.c user/health/script_user.c user/config/config.c user/config/parser.c
 * Links: user/config/set.c user/config/keywords.c user/config/text.c user/config/defs.c user/config/words.c
 * Links: user/config/value.c user/config/dump.c user/config/complete.c user/config/complete_group.c
 * Links: user/config/complete_warn.c user/config/complete_bgp.c user/config/platform.c
 * Links: user/config/block_global.c user/config/block_instance.c user/config/block_link.c
 * Links: user/config/block_lists.c user/config/block_script.c user/config/block_group.c
 * Links: user/config/block_bgp.c user/config/block_announce.c user/config/block_check.c
 * Links: user/config/block_track.c user/core/addr.c
 */
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

#include "engine/host_check.h"

#define ROOT	 "script_user root"
#define SECURITY "script_user root\n enable_script_security"

static char dir[] = "/tmp/hf-host-XXXXXX";

static void collect(void *ctx, const char *line)
{
	char *said = ctx;

	snprintf(said + strlen(said), 4096 - strlen(said), "%s\n", line);
}

static const struct {
	const char *globals, *script, *line, *interface; /* DIR: the scratch folder */
	unsigned int errors;
	const char *say; /* "": nothing at all */
} rows[] = {
    {ROOT, "\"/bin/true a\"", "", "lo", 0, ""},
    {ROOT, "true", "", "lo", 0, ""},
    {ROOT, "no-such-command", "", "lo", 1, "f:5: 'no-such-command' is not in PATH"},
    {ROOT, "bin/true", "", "lo", 1, "'bin/true' is no absolute path"},
    {ROOT, "/no/such", "", "lo", 1, "'/no/such' does not exist"},
    {ROOT, "/etc/passwd", "", "lo", 1, "'/etc/passwd' is not executable; chmod +x it"},
    {ROOT, "/bin", "", "lo", 1, "'/bin' is no file"},
    {ROOT, "DIR/open", "", "lo", 0, "f:5: warning: '/tmp/"},
    {SECURITY, "DIR/open", "", "lo", 1, "is not run as root: /tmp/"},
    {SECURITY, "DIR/open\n user nobody", "", "lo", 0, ""},
    {ROOT, "/bin/su\n user nobody", "", "lo", 0, "warning: '/bin/su' gains privileges when"},
    {ROOT, "/bin/su\n user nobody\n new_privileges", "", "lo", 0, ""},
    {ROOT, "/bin/true\n user no-such-user", "", "lo", 1, "there is no user no-such-user, so"},
    {"script_user no-such-user", "/bin/true", "", "lo", 1,
     "there is no user no-such-user for script_user"},
    {ROOT, "/bin/true", "notify /no/such", "lo", 0, "warning: '/no/such' does not exist"},
    {ROOT, "/bin/true", "notify_stop \"/bin/true\" no-such-user", "lo", 0,
     "warning: there is no user no-such-user, so"},
    {ROOT, "/bin/true", "notify_fault \"/bin/true\" root no-such-group", "lo", 0,
     "or group no-such-group"},
    {ROOT, "/bin/true", "notify_backup \"/bin/true\" nobody nogroup", "lo", 0, ""},
    {SECURITY, "/bin/true", "notify_deleted \"DIR/open\" nobody", "lo", 0, ""},
    {SECURITY, "/bin/true", "notify_deleted DIR/open", "lo", 0, "warning: '/tmp/"},
    {ROOT, "/bin/true", "", "hf-none", 0, "warning: A: there is no interface hf-none now"},
    {ROOT, "/bin/true", "track_interface {\n hf-none2\n }", "lo", 0, "no interface hf-none2"},
};

/* `from`, with the scratch folder for DIR. */
static void put_folder(char *to, size_t size, const char *from)
{
	const char *at = strstr(from, "DIR");

	if (at)
		snprintf(to, size, "%.*s%s%s", (int)(at - from), from, dir, at + strlen("DIR"));
	else
		snprintf(to, size, "%s", from);
}

/* The interface is one that exists everywhere, but `lo` cannot be an instance's: it is put there. */
static void check_row(size_t n)
{
	char script[256], line[256], text[2048], said[4096] = "";
	struct config *cfg = NULL;
	unsigned int errors;

	put_folder(script, sizeof(script), rows[n].script);
	put_folder(line, sizeof(line), rows[n].line);
	snprintf(text, sizeof(text),
		 "global_defs {\n %s\n}\nvrrp_script c {\n script %s\n}\n"
		 "vrrp_instance A {\n interface eth0\n priority 5\n virtual_router_id 1\n"
		 " no_virtual_ipaddress\n track_script {\n c\n }\n %s\n}\n",
		 rows[n].globals, script, line);
	config_parse_text("f", text, strlen(text), "x", NULL, NULL, &cfg);
	assert_non_null(cfg);
	snprintf(cfg->instances[0].interface, IF_NAMESIZE, "%s", rows[n].interface);
	errors = host_check(cfg, "f", collect, said);
	config_free(cfg);
	if (errors != rows[n].errors ||
	    (rows[n].say[0] ? !strstr(said, rows[n].say) : said[0] != '\0'))
		fail_msg("%s: %u errors, said\n%s", text, errors, said);
}

static void what_is_missing_is_told(void **state)
{
	char path[64];
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/open", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
	assert_int_equal(chmod(path, 0777), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(i);
	unlink(path);
	rmdir(dir);
}

static void a_priority_that_nobody_chose_is_told(void **state)
{
	static const char text[] = "vrrp_instance A {\n interface eth0\n virtual_router_id 1\n"
				   " no_virtual_ipaddress\n}\n";
	struct config *cfg = NULL;
	char said[4096] = "";

	(void)state;
	config_parse_text("f", text, sizeof(text) - 1, "x", NULL, NULL, &cfg);
	assert_non_null(cfg);
	assert_int_equal(host_check(cfg, "f", collect, said), 0);
	assert_non_null(strstr(said, "f:1: warning: A: no priority, so it is 100 as on every node"));
	config_free(cfg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_missing_is_told),
	    cmocka_unit_test(a_priority_that_nobody_chose_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
