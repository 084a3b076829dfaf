// SPDX-License-Identifier: BSD-2-Clause
/*
 * auth_hmac in the configuration: keys of every form, refused lines, that no message and no dump
 * contains a key, and that a reload notices a changed key.
 *
 * Links: user/config/block_announce.c user/config/block_bgp.c user/config/block_bfd.c
 * Links: user/config/block_traffic.c
 * Links: user/config/block_global.c
 * Links: user/config/platform.c user/config/block_group.c user/config/block_instance.c
 * Links: user/config/block_link.c user/config/block_lists.c user/config/block_check.c
 * Links: user/config/block_track.c
 * Links: user/config/block_takeover.c user/config/block_script.c user/config/complete.c
 * Links: user/config/complete_bgp.c user/config/neighbor_name.c user/config/complete_group.c
 * Links: user/config/config.c
 * Links: user/config/defs.c
 * Links: user/config/diff.c user/config/dump.c user/config/keywords.c user/config/parser.c
 * Links: user/config/set.c
 * Links: user/config/text.c user/config/complete_warn.c user/config/value.c user/config/words.c
 * Links: user/config/complete_datapath.c
 * Links: user/core/addr.c user/core/nearest.c
 * Links: user/config/generator.c user/config/block_auth.c user/config/block_sbfd.c
 * Links: user/config/block_uplinks.c
 * Links: user/core/secret.c
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

#include "config/config.h"
#include "config/diff.h"

#define HEX32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define TEXT  "correct horse battery staple and so on"

struct reading {
	enum config_verdict verdict;
	struct config *cfg;
	char reports[4096];
};

static void collect(void *ctx, const char *line)
{
	struct reading *r = ctx;
	size_t len = strlen(r->reports);

	snprintf(r->reports + len, sizeof(r->reports) - len, "%s\n", line);
}

/* An instance with those lines; read as a file if `file` is set, which then holds it. */
static struct reading read_lines(const char *more, const char *block, const char *file)
{
	static const char frame[] =
	    "vrrp_instance x {\ninterface eth0\nversion 3\nvirtual_router_id 1\nunicast_peer {\n"
	    "192.0.2.2\n}\nvirtual_ipaddress {\n203.0.113.57/32 dev lo\n}\n%sauth_hmac {\n%s}\n}\n";
	struct reading r = {0};
	char text[4096];
	FILE *f;
	int len = snprintf(text, sizeof(text), frame, more, block);

	if (!file) {
		r.verdict = config_parse_text("test", text, (size_t)len, "id", collect, &r, &r.cfg);
		return r;
	}
	f = fopen(file, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	chmod(file, 0600);
	r.verdict = config_load(file, "id", collect, &r, &r.cfg);
	return r;
}

static struct reading read_block(const char *block)
{
	return read_lines("", block, NULL);
}

static char *dump(const struct config *cfg)
{
	size_t len = 0;
	char *text = NULL;
	FILE *f = open_memstream(&text, &len);

	assert_int_equal(config_dump(cfg, f), 0);
	fclose(f);
	return text;
}

static void keys_are_read_in_every_form(void **state)
{
	struct reading r = read_block("key 3 hex:" HEX32 "\nkey 255 \"" TEXT "\"\nactive_key 3\n");
	const struct cfg_auth *auth;
	uint8_t octets[32];
	struct hmac_key key;

	(void)state;
	assert_int_equal(r.verdict, CONFIG_GOOD);
	auth = r.cfg->instances[0].auth;
	assert_int_equal(auth->n_keys, 2);
	assert_int_equal(auth->keys[0].id, 3);
	assert_int_equal(auth->keys[1].id, 255);
	for (uint8_t i = 0; i < sizeof(octets); i++)
		octets[i] = i;
	hmac_key_init(&key, octets, sizeof(octets));
	assert_memory_equal(&auth->secret[0], &key, sizeof(key));
	hmac_key_init(&key, (const uint8_t *)TEXT, strlen(TEXT));
	assert_memory_equal(&auth->secret[1], &key, sizeof(key));
	assert_int_equal(auth->active_key, 3);
	assert_int_equal(auth->mode, CFG_AUTH_ENFORCE);
	assert_false(auth->monotonic);
	assert_int_equal(auth->window_s, 5);
	config_free(r.cfg);
}

static void the_rest_is_read(void **state)
{
	struct reading r = read_lines("advert_int 40\n",
				      "key 1 hex:" HEX32 "\nactive_key 1\nmode receive-only\n"
				      "anti_replay monotonic\n",
				      NULL);

	(void)state;
	assert_int_equal(r.verdict, CONFIG_GOOD);
	assert_int_equal(r.cfg->instances[0].auth->mode, CFG_AUTH_RECEIVE_ONLY);
	assert_true(r.cfg->instances[0].auth->monotonic);
	assert_int_equal(r.cfg->instances[0].auth->window_s, 120);
	assert_non_null(strstr(r.reports, "forged ones too"));
	config_free(r.cfg);
}

/* The instance is left out, and no complaint repeats a key or a part of it. */
static void what_is_wrong_is_refused_and_no_key_is_told(void **state)
{
	static const struct {
		const char *block, *report;
	} rows[] = {
	    {"key 1 hex:" HEX32 "00\nkey 1 hex:" HEX32 "\nactive_key 1\n", "given already"},
	    {"key 1 hex:c0ffee" HEX32 "c0ffe\nactive_key 1\n", "hexadecimal"},
	    {"key 1 hex:c0ffeexx" HEX32 "\nactive_key 1\n", "hexadecimal"},
	    {"key 1 hex:c0ffee" HEX32 HEX32 "\nactive_key 1\n", "hexadecimal"},
	    {"key 1 hex:c0ffee\nactive_key 1\n", "32 to 64 octets"},
	    {"key 1 c0ffee\nactive_key 1\n", "32 to 64 octets"},
	    {"key hex:c0ffee" HEX32 "\nactive_key 1\n", "the ID is 1 to 255"},
	    {"key c0ffee hex:" HEX32 "\nactive_key 1\n", "the ID is 1 to 255"},
	    {"key 0 hex:c0ffee" HEX32 "\nactive_key 1\n", "the ID is 1 to 255"},
	    {"key 256 hex:c0ffee" HEX32 "\nactive_key 1\n", "the ID is 1 to 255"},
	    {"key 1 a passphrase c0ffee that nobody has put into quotes\nactive_key 1\n",
	     "the ID is 1 to 255"},
	    {"key 1 hex:" HEX32 "\n", "no key 0"},
	    {"key 1 hex:" HEX32 "\nactive_key 2\n", "no key 2"},
	    {"key 1 hex:" HEX32 "\nactive_key 1\nmode strict\n", "receive-only"},
	    {"key 1 hex:" HEX32 "\nactive_key 1\nanti_replay no\n", "monotonic"},
	    {"key 1 hex:" HEX32 "\nactive_key 1\ntime_window 301\n", "1 to 300"},
	    {"key 1 file:/etc/passwd\nactive_key 1\n", "no file is read here"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reading r = read_block(rows[i].block);

		if (r.verdict != CONFIG_UNUSABLE || !strstr(r.reports, rows[i].report))
			fail_msg("%s: %d, %s", rows[i].block, (int)r.verdict, r.reports);
		if (strstr(r.reports, "c0ffee") || strstr(r.reports, HEX32))
			fail_msg("told: %s", r.reports);
	}
}

static void a_password_beside_it_is_ignored(void **state)
{
	struct reading r = read_lines("authentication {\nauth_type PASS\nauth_pass x\n}\n",
				      "key 1 hex:" HEX32 "\nactive_key 1\n", NULL);

	(void)state;
	assert_int_equal(r.verdict, CONFIG_USABLE_WITH_ERRORS);
	assert_non_null(strstr(r.reports, "beside auth_hmac"));
	assert_int_equal(r.cfg->instances[0].auth_type, VRRP_AUTH_NONE);
	assert_non_null(r.cfg->instances[0].auth);
	config_free(r.cfg);
}

static void a_dump_hides_keys_and_reads_back_to_itself(void **state)
{
	struct reading r = read_block("key 1 \"" TEXT "\"\nactive_key 1\n"), again = {0};
	char *first = dump(r.cfg), *second;

	(void)state;
	assert_null(strstr(first, "horse"));
	assert_non_null(strstr(first, "key 1 hidden\n"));
	again.verdict =
	    config_parse_text("dump", first, strlen(first), "id", collect, &again, &again.cfg);
	assert_int_equal(again.verdict, CONFIG_GOOD);
	assert_non_null(strstr(again.reports, "stays in FAULT"));
	assert_true(again.cfg->instances[0].auth->keys[0].hidden);
	second = dump(again.cfg);
	assert_string_equal(first, second);
	free(first);
	free(second);
	config_free(r.cfg);
	config_free(again.cfg);
}

static void a_reload_notices_another_key_under_the_same_print(void **state)
{
	struct reading a = read_block("key 1 \"" TEXT "\"\nactive_key 1\n");
	struct reading same = read_block("key 1 \"" TEXT "\"\nactive_key 1\n");
	struct reading other = read_block("key 1 \"" TEXT ".\"\nactive_key 1\n");
	struct config_diff *d = config_diff_create(a.cfg, same.cfg);

	(void)state;
	assert_int_equal(d->changed, 0);
	config_diff_free(d);
	d = config_diff_create(a.cfg, other.cfg);
	assert_int_equal(d->changed, 1);
	config_diff_free(d);
	config_free(a.cfg);
	config_free(same.cfg);
	config_free(other.cfg);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	chmod(path, mode);
}

/* As with systemd credentials: an environment variable has the directory. */
static void a_key_file_is_read_and_its_mode_is_looked_at(void **state)
{
	char dir[] = "/tmp/holdfast-test-XXXXXX", conf[64], path[64];
	struct reading inline_key = read_block("key 1 hex:" HEX32 "\nactive_key 1\n"), r;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(conf, sizeof(conf), "%s/conf", dir);
	snprintf(path, sizeof(path), "%s/vrrp key", dir);
	write_file(path, "hex:" HEX32 "\n", 0600);
	setenv("HOLDFAST_TEST_DIRECTORY", dir, 1);
	for (int i = 0; i < 2; i++) {
		r = read_lines("",
			       "key 1 \"file:${_ENV HOLDFAST_TEST_DIRECTORY}/vrrp key\"\n"
			       "active_key 1\n",
			       conf);
		assert_int_equal(r.verdict, CONFIG_GOOD);
		assert_memory_equal(r.cfg->instances[0].auth->secret,
				    inline_key.cfg->instances[0].auth->secret,
				    sizeof(struct hmac_key));
		assert_int_equal(strstr(r.reports, "chmod 600") != NULL, i);
		config_free(r.cfg);
		chmod(path, 0640);
	}
	write_file(path, "hex:c0ffee\n", 0600);
	r = read_lines(
	    "", "key 1 \"file:${_ENV HOLDFAST_TEST_DIRECTORY}/vrrp key\"\nactive_key 1\n", conf);
	assert_int_equal(r.verdict, CONFIG_UNUSABLE);
	assert_null(strstr(r.reports, "c0ffee"));
	unlink(path);
	unlink(conf);
	rmdir(dir);
	config_free(inline_key.cfg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_are_read_in_every_form),
	    cmocka_unit_test(the_rest_is_read),
	    cmocka_unit_test(what_is_wrong_is_refused_and_no_key_is_told),
	    cmocka_unit_test(a_password_beside_it_is_ignored),
	    cmocka_unit_test(a_dump_hides_keys_and_reads_back_to_itself),
	    cmocka_unit_test(a_reload_notices_another_key_under_the_same_print),
	    cmocka_unit_test(a_key_file_is_read_and_its_mode_is_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
