// SPDX-License-Identifier: BSD-2-Clause
/*
 * Objects that a configuration names and the host does not have: commands, users, interfaces.
 *
 * Links: user/engine/host/host_check.c user/engine/host/host_command.c
 * Links: user/engine/notify/commands.c
 * Links: user/runner/script_user.c user/config/config.c user/config/parser.c user/config/set.c
 * Links: user/config/keywords.c user/config/text.c user/config/defs.c user/config/words.c
 * Links: user/config/value.c user/config/dump.c user/config/complete.c
 * Links: user/config/complete_group.c user/config/complete_warn.c
 * Links: user/config/complete_datapath.c
 * Links: user/config/complete_bgp.c user/config/neighbor_name.c
 * Links: user/config/platform.c user/config/block_global.c user/config/block_instance.c
 * Links: user/config/block_link.c user/config/block_lists.c user/config/block_script.c
 * Links: user/config/block_group.c user/config/block_bgp.c user/config/block_bfd.c
 * Links: user/config/block_traffic.c
 * Links: user/config/block_announce.c
 * Links: user/config/block_check.c user/config/block_track.c
 * Links: user/config/block_takeover.c user/core/addr.c
 * Links: user/config/generator.c user/config/block_auth.c user/config/block_sbfd.c
 * Links: user/config/block_uplinks.c
 * Links: user/core/secret.c
 * Links: user/core/log.c
 * Links: user/config/block_attributes.c user/core/prefix_index.c user/config/block_service.c
 * Links: user/config/complete_service.c
 * Links: user/config/block_routes.c user/config/block_rule.c user/config/block_static.c
 * Links: user/config/block_vmac.c
 * Links: user/core/net_route.c
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

#include "engine/notify/commands.h"
#include "engine/host/host_check.h"

#define ROOT	 "script_user root"
#define SECURITY "script_user root\n enable_script_security"

static char dir[] = "/tmp/hf-host-XXXXXX";

static void collect(void *ctx, const char *line)
{
	char *said = ctx;

	snprintf(said + strlen(said), 4096 - strlen(said), "%s\n", line);
}

/* Files of the scratch folder, DIR in the rows. */
static const struct {
	const char *name, *text;
	mode_t mode;
} files[] = {
    {"open", "", 0777},
    {"mine", "#!/bin/sh\n", 0700},
    {"exec-only", "#!/bin/sh\n", 0711},
    {"windows", "#!/bin/sh\r\nexit 0\r\n", 0755},
    {"shebang", "#! /no/such/python3 -u\n", 0755},
    {"good", "#!/bin/sh\n", 0755},
};
#define FILES (sizeof(files) / sizeof(files[0]))

static const struct {
	const char *globals, *script, *line, *interface;
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
    {SECURITY, "DIR/open", "", "lo", 1, "is not run: /tmp/"},
    {SECURITY, "DIR/open\n user nobody", "", "lo", 0, ""},
    {ROOT, "/bin/su\n user nobody", "", "lo", 0, "warning: '/bin/su' gains privileges when"},
    {ROOT, "/bin/su\n user nobody\n new_privileges", "", "lo", 0, ""},
    {ROOT, "/bin/true\n user no-such-user", "", "lo", 1, "there is no user no-such-user; correct"},
    {ROOT, "/bin/true\n user nobody no-such-group", "", "lo", 1,
     "f:5: '/bin/true' is not run: there is no group no-such-group"},
    {ROOT, "/bin/true", "notify /no/such", "lo", 0, "warning: '/no/such' does not exist"},
    {ROOT, "/bin/true", "notify_stop \"/bin/true\" no-such-user", "lo", 0,
     "warning: '/bin/true' is not run: there is no user no-such-user"},
    {ROOT, "/bin/true", "notify_fault \"/bin/true\" root no-such-group", "lo", 0,
     "there is no group no-such-group"},
    {ROOT, "/bin/true", "notify_backup \"/bin/true\" nobody nogroup", "lo", 0, ""},
    {SECURITY, "/bin/true", "notify_deleted \"DIR/open\" nobody", "lo", 0, ""},
    {SECURITY, "/bin/true", "notify_deleted DIR/open", "lo", 0, "warning: '/tmp/"},
    {ROOT, "/bin/true", "", "hf-none", 0, "warning: A: there is no interface hf-none now"},
    {ROOT, "/bin/true", "track_interface {\n hf-none2\n }", "lo", 0, "no interface hf-none2"},
    /* The default user: with an unknown user a command is not run, and never as root. */
    {"script_user no-such-user", "/bin/true", "", "lo", 2,
     "f:2: there is no user no-such-user for script_user"},
    {"script_user no-such-user", "/bin/true", "", "lo", 2,
     "f:5: '/bin/true' is not run: there is no user no-such-user for script_user"},
    {"script_user nobody no-such-group", "/bin/true", "notify /bin/true", "lo", 3,
     "f:2: there is no group no-such-group for script_user"},
    {"script_user no-such-user", "/bin/true\n user nobody", "", "lo", 1, "f:2: there is no user"},
    {"enable_script_security", "/bin/true", "", "lo", 1,
     "is not run: enable_script_security is set and there is no user keepalived_script"},
    {"enable_script_security", "/bin/true\n user root", "notify /bin/true", "lo", 1,
     "is not run: enable_script_security is set and there is no user keepalived_script"},
    {"vrrp_version 3", "/bin/true", "", "lo", 0, ""},
    {ROOT, "/bin/true", "unicast_src_ip 192.0.2.254\n unicast_peer {\n 192.0.2.1\n }", "lo", 0,
     "warning: A: this host has no address 192.0.2.254 now"},
    {ROOT, "/bin/true", "unicast_src_ip 127.0.0.1\n unicast_peer {\n 192.0.2.1\n }", "lo", 0, ""},
    {ROOT, "/bin/true",
     "unicast_src_ip 192.0.2.254\n unicast_peer {\n 192.0.2.1\n 127.0.0.1\n }", "lo", 0,
     "warning: A: 127.0.0.1 in unicast_peer is an address of this host; write the other node's"},
    {"notify_fifo /run/hf-f no-such-user", "/bin/true", "", "lo", 0,
     "f:2: warning: the FIFO /run/hf-f belongs to root: there is no user no-such-user"},
    /* A name is checked by the file that is found in PATH. */
    {SECURITY, "\"true -x\"", "", "lo", 0, ""},
    {SECURITY, "\"sh -c 'exit 0'\"", "", "lo", 0, ""},
    {SECURITY, "good", "", "lo", 1, "is not run: /tmp/"},
    {ROOT, "\"/bin/true || /bin/false\"", "", "lo", 0, "f:5: warning: '||' is handed to /bin/true"},
    {ROOT, "\"/bin/true >/dev/null\"", "", "lo", 0, "warning: '>/dev/null' is handed to"},
    {ROOT, "\"/bin/sh -c 'true | true || false'\"", "", "lo", 0, ""},
    {ROOT, "/bin/true", "notify \"/bin/echo a | /bin/cat\"", "lo", 0, "warning: '|' is handed"},
    {ROOT, "DIR/windows", "", "lo", 1, "its lines end in CR LF"},
    {ROOT, "DIR/shebang", "", "lo", 1, "its interpreter '/no/such/python3' does not exist"},
    {ROOT, "/bin/true", "notify DIR/shebang", "lo", 0, "warning: '/tmp/"},
    {ROOT, "DIR/good\n user nobody", "", "lo", 0, ""},
    {ROOT, "DIR/mine\n user nobody", "", "lo", 1,
     "cannot be run by the user nobody: no permission"},
    {ROOT, "DIR/exec-only\n user nobody", "", "lo", 1, "cannot be run by the user nobody"},
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

/* The interface is one that exists everywhere, but `lo` cannot be an instance's: it is put there.
 */
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

static void make_file(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static void what_is_missing_is_told(void **state)
{
	char path[FILES][64], *old = strdup(getenv("PATH") ? getenv("PATH") : "/bin"), new[512];

	(void)state;
	if (geteuid() != 0)
		skip(); /* files of root's, and users to run them */
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chmod(dir, 0755), 0);
	for (size_t i = 0; i < FILES; i++) {
		snprintf(path[i], sizeof(path[i]), "%s/%s", dir, files[i].name);
		make_file(path[i], files[i].text, files[i].mode);
	}
	/* A relative folder in PATH is not searched: it would depend on the current directory. */
	snprintf(new, sizeof(new), ":%s:.:%s", old, dir);
	setenv("PATH", new, 1);
	assert_int_equal(chown(path[FILES - 1], 65534, 0), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(i);
	setenv("PATH", old, 1);
	free(old);
	for (size_t i = 0; i < FILES; i++)
		unlink(path[i]);
	rmdir(dir);
}

/* The checked file is the executed one: a name is replaced once by the path found in PATH. */
static void a_name_is_replaced_by_its_path(void **state)
{
	static const char text[] = "vrrp_script c {\n script \"sh -c true\"\n}\n"
				   "vrrp_script d {\n script no-such-command\n}\n"
				   "vrrp_instance A {\n interface eth0\n virtual_router_id 1\n"
				   " no_virtual_ipaddress\n notify \"true a\"\n}\n";
	struct config *cfg = NULL;

	(void)state;
	config_parse_text("f", text, sizeof(text) - 1, "x", NULL, NULL, &cfg);
	assert_non_null(cfg);
	commands_find(cfg);
	assert_int_equal(cfg->scripts[0].command.argv[0][0], '/');
	assert_string_equal(strrchr(cfg->scripts[0].command.argv[0], '/'), "/sh");
	assert_string_equal(cfg->scripts[0].command.argv[1], "-c");
	assert_string_equal(cfg->scripts[1].command.argv[0], "no-such-command");
	assert_int_equal(cfg->instances[0].notify.any.argv[0][0], '/');
	config_free(cfg);
}

#define AUTH(more)                                                                                 \
	" version 3\n auth_hmac {\n" more " key 1 hex:"                                            \
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n active_key 1\n }\n"

/* 90 addresses of IPv6 fill an Ethernet frame; an interface that is not there has its size. */
static void adverts_that_need_fragments_are_an_error(void **state)
{
	static const char form[] = "vrrp_instance A {\n interface hf-none\n virtual_router_id 1\n"
				   " priority 5\n%s virtual_ipaddress {\n ~SEQ%s\n }\n}\n";
	static const struct {
		const char *more, *addresses;
		unsigned int errors;
	} cases[] = {
	    {"", "x(n,1,90) fd00::${n}", 0},
	    {"", "x(n,1,91) fd00::${n}", 1},
	    {"", "(n,1,255) 10.0.0.${n}", 0},
	    {AUTH(""), "x(n,1,89) fd00::${n}", 0}, /* the trailer needs room too */
	    {AUTH(""), "x(n,1,90) fd00::${n}", 1},
	    {AUTH("mode receive-only\n"), "x(n,1,90) fd00::${n}", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config *cfg = NULL;
		char text[512], said[4096] = "";

		snprintf(text, sizeof(text), form, cases[i].more, cases[i].addresses);
		config_parse_text("f", text, strlen(text), "x", NULL, NULL, &cfg);
		assert_non_null(cfg);
		assert_int_equal(host_check(cfg, "f", collect, said), cases[i].errors);
		assert_int_equal(strstr(said, "do not fit an advert") != NULL, cases[i].errors);
		config_free(cfg);
	}
}

/* An address's device is tracked, and was told of once for each reason. */
static void a_missing_interface_is_told_once(void **state)
{
	static const char text[] = "vrrp_instance A {\n interface hf-a\n virtual_router_id 1\n"
				   " priority 5\n virtual_ipaddress {\n 10.0.0.1/32 dev hf-b\n"
				   " 10.0.0.2/32 dev hf-b\n 10.0.0.3/32 dev hf-c no_track\n"
				   " 10.0.0.4/32 dev hf-c no_track\n }\n}\n";
	struct config *cfg = NULL;
	char said[4096] = "";
	unsigned int lines = 0;

	(void)state;
	config_parse_text("f", text, sizeof(text) - 1, "x", NULL, NULL, &cfg);
	assert_non_null(cfg);
	assert_int_equal(host_check(cfg, "f", collect, said), 0);
	for (const char *at = said; (at = strstr(at, "there is no interface hf-")); at++)
		lines++;
	assert_int_equal(lines, 3);
	config_free(cfg);
}

/* The engine has only the rights that file modes give to root. */
static void a_file_that_root_may_not_read_is_told(void **state)
{
	static const struct {
		mode_t dir, file;
		uid_t owner;
		bool told;
	} cases[] = {
	    {0755, 0600, 0, false},    {0755, 0644, 65534, false}, {0755, 0600, 65534, true},
	    {0750, 0644, 65534, true}, {0700, 0600, 0, false},
	};
	char folder[] = "/tmp/hf-host-XXXXXX", path[64];

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/f.conf", folder);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config *cfg = NULL;
		char said[4096] = "";

		make_file(path,
			  "vrrp_instance A {\n interface eth0\n virtual_router_id 1\n"
			  " no_virtual_ipaddress\n priority 5\n}\n",
			  cases[i].file);
		assert_int_equal(chown(path, cases[i].owner, 65534), 0);
		assert_int_equal(chown(folder, cases[i].owner, 65534), 0);
		assert_int_equal(chmod(folder, cases[i].dir), 0);
		config_load(path, "x", NULL, NULL, &cfg);
		assert_non_null(cfg);
		assert_int_equal(host_check(cfg, path, collect, said), 0);
		assert_int_equal(strstr(said, "a reload cannot read this file") != NULL,
				 cases[i].told);
		config_free(cfg);
	}
	unlink(path);
	rmdir(folder);
}

/* Without one the daemon would not start. */
static void a_router_id_must_be_found(void **state)
{
	static const char form[] = "bgp_instance b {\n local_as 65001\n%s\n neighbor 192.0.2.1 {\n"
				   " remote_as 65000\n }\n}\nvrrp_instance A {\n interface %s\n"
				   " virtual_router_id 1\n priority 5\n virtual_ipaddress {\n"
				   " 10.0.0.1\n }\n bgp_announce {\n }\n}\n";
	static const struct {
		const char *id, *interface;
		unsigned int errors;
	} cases[] = {{"", "hf-none", 1}, {"router_id 192.0.2.11", "hf-none", 0}, {"", "lo", 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config *cfg = NULL;
		char text[512], said[4096] = "";

		snprintf(text, sizeof(text), form, cases[i].id, "eth0");
		config_parse_text("f", text, strlen(text), "x", NULL, NULL, &cfg);
		assert_non_null(cfg);
		snprintf(cfg->instances[0].interface, IF_NAMESIZE, "%s", cases[i].interface);
		assert_int_equal(host_check(cfg, "f", collect, said), cases[i].errors);
		assert_int_equal(strstr(said, "f:1: bgp_instance b has no router_id") != NULL,
				 cases[i].errors);
		config_free(cfg);
	}
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
	assert_non_null(
	    strstr(said, "f:1: warning: A: no priority, so it is 100 as on every node"));
	config_free(cfg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_missing_is_told),
	    cmocka_unit_test(a_name_is_replaced_by_its_path),
	    cmocka_unit_test(a_priority_that_nobody_chose_is_told),
	    cmocka_unit_test(a_router_id_must_be_found),
	    cmocka_unit_test(adverts_that_need_fragments_are_an_error),
	    cmocka_unit_test(a_missing_interface_is_told_once),
	    cmocka_unit_test(a_file_that_root_may_not_read_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
