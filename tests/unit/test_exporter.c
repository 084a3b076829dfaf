// SPDX-License-Identifier: BSD-2-Clause
/*
 * The status as Prometheus metrics: names, labels, units, hostile and missing members; the manual's
 * list of metrics against the table (`--print` writes it, `make manual` puts it into the page).
 * Links: user/control/peers_json.c user/bfd/bfd_codec.c
 * Links: user/exporter/metrics.c user/exporter/families.c user/client/text.c
 * Links: user/peer/peer_report_rules.c user/control/reports_json.c
 * Links: user/control/takeover_json.c
 * Links: user/control/status.c user/control/status_json.c user/core/utf8.c user/core/addr.c
 * Links: user/control/check_json.c user/control/addresses_json.c
 * Links: user/control/bfd_json.c
 * Links: user/control/json_put.c
 * Links: tests/unit/status_sample.c user/vrrp/vrrp_step.c user/vrrp/vrrp_names.c
 * Links: user/announce/announce_step.c user/health/health_step.c user/datapath/verdict_name.c
 * Links: user/announce/service_step.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exporter/metrics.h"
#include "status_sample.h"

#define PAGE "docs/man/holdfast-exporter.8"

static char *render(json_object *status)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	metrics_write(f, status);
	fclose(f);
	return text;
}

static char *render_sample(void)
{
	struct status *st = status_sample();
	char *json = status_to_json(st), *text;
	json_object *root = json_tokener_parse(json);

	assert_non_null(root);
	text = render(root);
	json_object_put(root);
	free(json);
	status_free(st);
	return text;
}

/* Whole lines that must, or ('-' first) must not, be there. */
static const char *const golden[] = {
    "holdfast_up 1",
    "# TYPE holdfast_uptime_seconds gauge",
    "holdfast_uptime_seconds 90",
    "holdfast_alarms 1",
    "holdfast_alarm{reason=\"not_announced\",subject=\"example\"} 1",
    "holdfast_loop_turns_total 12",
    "holdfast_loop_longest_turn_seconds 0.002345",
    "# TYPE holdfast_adverts_refused_total counter",
    "holdfast_adverts_refused_total{reason=\"checksum\"} 12",
    "-holdfast_adverts_refused_total{reason=\"accepted\"} 10",
    "holdfast_adverts_accepted_total 10",
    "holdfast_instance_state{vrrp_instance=\"example\",state=\"MASTER\"} 1",
    "holdfast_instance_state{vrrp_instance=\"example\",state=\"BACKUP\"} 0",
    "holdfast_instance_fault{vrrp_instance=\"example\",fault=\"drain\"} 1",
    "holdfast_instance_fault{vrrp_instance=\"example\",fault=\"track\"} 0",
    "holdfast_instance_priority{vrrp_instance=\"example\"} 90",
    "holdfast_instance_advert_interval_seconds{vrrp_instance=\"example\"} 0.0125",
    "holdfast_instance_worst_gap_seconds{vrrp_instance=\"example\"} 0.014",
    "holdfast_instance_down_interval_seconds{vrrp_instance=\"example\"} 0.0325",
    "-holdfast_instance_worst_gap_seconds{vrrp_instance=\"second\"} 0",
    "holdfast_instance_adverts_sent_total{vrrp_instance=\"example\"} 18446744073709551615",
    "holdfast_instance_transitions_total{vrrp_instance=\"example\",cause=\"master down\"} 2",
    "holdfast_instance_last_transition_timestamp_seconds{vrrp_instance=\"example\"} 1735786984",
    "-holdfast_instance_last_transition_timestamp_seconds{vrrp_instance=\"second\"} 0",
    "# TYPE holdfast_instance_silence_seconds histogram",
    "holdfast_instance_silence_seconds_bucket{vrrp_instance=\"example\",le=\"0.025\"} 0",
    "holdfast_instance_silence_seconds_bucket{vrrp_instance=\"example\",le=\"0.05\"} 1",
    "holdfast_instance_silence_seconds_bucket{vrrp_instance=\"example\",le=\"5\"} 1",
    "holdfast_instance_silence_seconds_bucket{vrrp_instance=\"example\",le=\"+Inf\"} 3",
    "holdfast_instance_silence_seconds_sum{vrrp_instance=\"example\"} 12.03609",
    "holdfast_instance_silence_seconds_count{vrrp_instance=\"example\"} 3",
    "holdfast_bgp_session_up{bgp=\"fabric\",neighbor=\"2001:db8::1\"} 1",
    "holdfast_bgp_updates_sent_total{bgp=\"fabric\",neighbor=\"2001:db8::1\"} 3",
    "holdfast_check_up{check=\"web\"} 0",
    "holdfast_check_duration_seconds{check=\"web\"} 0.0015",
    "-holdfast_check_duration_seconds{check=\"new\"} 0",
    "holdfast_check_traffic_total{check=\"callers\",kind=\"syn\"} 4000",
    "holdfast_check_traffic_total{check=\"callers\",kind=\"refused\"} 60",
    "-holdfast_check_traffic_total{check=\"web\",kind=\"syn\"} 0",
    "holdfast_vip_packets_total{address=\"203.0.113.57\",direction=\"in\"} 1",
    "holdfast_vip_bytes_total{address=\"203.0.113.57\",direction=\"out\"} 4",
    "holdfast_vip_kind_packets_total{address=\"203.0.113.57\",direction=\"in\",kind=\"tcp_syn\"} 2",
    "holdfast_datapath_info{interface=\"lo\",attach=\"tc\",timer=\"timerfd\"} 1",
    "holdfast_peer_standby_ready{peer=\"192.0.2.12\",interface=\"eth0\"} 1",
    "-holdfast_peer_standby_ready{peer=\"2001:db8::12\",interface=\"eth1\"} 0",
    "holdfast_peer_config_agrees{peer=\"192.0.2.12\",interface=\"eth0\"} 0",
    "-holdfast_peer_config_agrees{peer=\"2001:db8::12\",interface=\"eth1\"} 0",
    "holdfast_peer_info{peer=\"192.0.2.12\",interface=\"eth0\",name=\"node-b\",version=\"0.9\"} 1",
    "holdfast_peer_report_age_seconds{peer=\"192.0.2.12\",interface=\"eth0\"} 0.002",
    "holdfast_sbfd_session_up{peer=\"192.0.2.12\",interface=\"eth0\"} 1",
    "holdfast_sbfd_probes_sent_total{peer=\"192.0.2.12\",interface=\"eth0\"} 11",
    "-holdfast_sbfd_session_up{peer=\"2001:db8::12\",interface=\"eth1\"} 0",
    "holdfast_sbfd_downs_total{peer=\"192.0.2.12\",interface=\"eth0\"} 1",
};

static void the_sample_has_its_metrics(void **state)
{
	char *text = render_sample(), line[256];

	(void)state;
	for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
		bool absent = golden[i][0] == '-';

		snprintf(line, sizeof(line), "\n%s\n", golden[i] + absent);
		if ((strstr(text, line) != NULL) == absent)
			fail_msg("%s: %s", absent ? "unwanted" : "missing", golden[i]);
	}
	free(text);
}

/* Two alarms of one reason and subject are one series: a second sample would break the scrape. */
static void an_alarm_that_is_told_twice_is_one_sample(void **state)
{
	static const char line[] = "\nholdfast_alarm{reason=\"r\",subject=\"a\"} 1\n";
	json_object *root = json_tokener_parse(
	    "{\"alarm_details\":[{\"reason\":\"r\",\"subject\":\"a\"},{\"reason\":\"r\","
	    "\"subject\":\"a\"},{\"reason\":\"r\",\"subject\":\"b\"}]}");
	char *text = render(root);
	unsigned int seen = 0;

	(void)state;
	for (const char *at = text; (at = strstr(at, line)) != NULL; at++)
		seen++;
	assert_int_equal(seen, 1);
	assert_non_null(strstr(text, "subject=\"b\""));
	free(text);
	json_object_put(root);
}

/* A script and a process may have one name: each is a series of its own. */
static void checks_of_one_name_are_two_series(void **state)
{
	json_object *root = json_tokener_parse(
	    "{\"checks\":[{\"name\":\"web\",\"kind\":\"script\",\"state\":\"UP\"},"
	    "{\"name\":\"web\",\"kind\":\"process\",\"state\":\"DOWN\"},"
	    "{\"name\":\"web\",\"kind\":\"process\",\"state\":\"UP\"},"
	    "{\"name\":\"db\",\"kind\":\"process\",\"state\":\"UP\"}]}");
	char *text = render(root);

	(void)state;
	assert_non_null(strstr(text,
			       "\nholdfast_check_up{check=\"web\"} 1\n"
			       "holdfast_check_up{check=\"web\",kind_of_check=\"process\"} 0\n"
			       "holdfast_check_up{check=\"db\"} 1\n"));
	free(text);
	json_object_put(root);
}

/* Prometheus refuses a page on which a family's samples do not stand together or a type is missing.
 */
static void every_sample_follows_its_type(void **state)
{
	char *text = render_sample(), *save = NULL, type[128] = "";

	(void)state;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "# TYPE %127s", type) == 1 || line[0] == '#')
			continue;
		if (strncmp(line, type, strlen(type)) != 0)
			fail_msg("%s stands below %s", line, type);
	}
	free(text);
}

static void counters_and_times_are_named_as_such(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_families; i++) {
		const char *name = families[i].name, *last = strrchr(name, '_');
		bool counter = strcmp(families[i].type, "counter") == 0;

		if (counter != (strcmp(last, "_total") == 0))
			fail_msg("%s is a %s", name, families[i].type);
		if (strcmp(families[i].type, "histogram") == 0 && strcmp(last, "_seconds") != 0)
			fail_msg("%s has no unit", name);
		if (strstr(name, "_ms") || strstr(name, "_us"))
			fail_msg("%s is in no base unit", name);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(name, families[k].name);
	}
}

static void hostile_names_are_escaped(void **state)
{
	static const char json[] = "{\"checks\":[{\"name\":\"a\\\"b\\\\c\\nd\",\"state\":\"UP\"}]}";
	json_object *root = json_tokener_parse(json);
	char *text = render(root);

	(void)state;
	assert_non_null(strstr(text, "\nholdfast_check_up{check=\"a\\\"b\\\\c\\nd\"} 1\n"));
	free(text);
	json_object_put(root);
}

static void a_name_too_long_costs_its_label_only(void **state)
{
	json_object *root = json_object_new_object(), *list = json_object_new_array();
	json_object *check = json_object_new_object();
	char name[2 * LABELS_MAX], *text;

	(void)state;
	memset(name, '"', sizeof(name));
	json_object_object_add(root, "checks", list);
	json_object_array_add(list, check);
	json_object_object_add(check, "name", json_object_new_string_len(name, sizeof(name)));
	json_object_object_add(check, "state", json_object_new_string("UP"));
	text = render(root);
	assert_non_null(strstr(text, "\nholdfast_check_up 1\n"));
	free(text);
	json_object_put(root);
}

/* Members of another type, or none at all: no sample, and no crash. */
static void what_is_no_status_has_no_samples(void **state)
{
	static const char *const odd[] = {
	    "{}",
	    "{\"instances\":1,\"bgp\":\"x\",\"checks\":{},\"traffic\":null,\"loop\":[]}",
	    "{\"instances\":[1,null,{}],\"bgp\":[{\"neighbors\":[2]}],\"traffic\":[{\"rx\":3}]}",
	    "{\"instances\":[{\"silence_us\":{\"counts\":[1,2],\"bounds\":[]}}],\"refusals\":[1]}",
	    "{\"instances\":[{\"last_transition\":{\"at\":\"yesterday\"},\"announced\":[7]}]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		json_object *root = json_tokener_parse(odd[i]);
		char *text = render(root);

		assert_non_null(root);
		assert_non_null(strstr(text, "\nholdfast_up 1\n"));
		assert_null(strstr(text, "nan"));
		assert_null(strstr(text, "_bucket"));
		free(text);
		json_object_put(root);
	}
}

static void no_daemon_is_up_0_alone(void **state)
{
	char *text = render(NULL);

	(void)state;
	assert_non_null(strstr(text, "\nholdfast_up 0\n"));
	assert_null(strstr(text, "holdfast_uptime"));
	free(text);
}

/* --- the manual --- */

static const char *scope_labels(enum scope scope)
{
	static const char *const labels[] = {
	    [SCOPE_ROOT] = "",
	    [SCOPE_INSTANCE] = "vrrp_instance",
	    [SCOPE_SERVICE] = "bgp_service",
	    [SCOPE_NEIGHBOR] = "bgp, neighbor",
	    [SCOPE_BFD] = "peer, source, kind",
	    [SCOPE_CHECK] = "check",
	    [SCOPE_TRAFFIC] = "address, direction",
	    [SCOPE_INTERFACE] = "interface",
	    [SCOPE_PEER] = "peer, interface",
	};

	return labels[scope];
}

/* Each label of the manual is one that the samples have. */
static void the_manual_names_the_labels(void **state)
{
	json_object *root = json_tokener_parse("{\"services\":[{\"name\":\"dns\"}]}");
	char *text = render(root), want[64];

	(void)state;
	snprintf(want, sizeof(want), "holdfast_service_state{%s=\"dns\",",
		 scope_labels(SCOPE_SERVICE));
	assert_non_null(strstr(text, want));
	free(text);
	json_object_put(root);
}

static void print_list(FILE *f)
{
	fputs(".\\\" Begin of what `make manual` writes.\n", f);
	for (size_t i = 0; i < n_families; i++) {
		const struct family *family = &families[i];

		fprintf(f, ".It Ic %s%s%s\n%s\n", family->name + strlen("holdfast_"),
			family->scope == SCOPE_ROOT ? "" : " Ar ", scope_labels(family->scope),
			family->help);
	}
	fputs(".\\\" End of what `make manual` writes.\n", f);
}

static void the_manual_lists_the_metrics(void **state)
{
	char *want = NULL, *page = NULL;
	size_t len, size = 0;
	FILE *f = open_memstream(&want, &len);

	(void)state;
	print_list(f);
	fclose(f);
	f = fopen(PAGE, "r");
	assert_non_null(f);
	assert_true(getdelim(&page, &size, '\0', f) > 0);
	fclose(f);
	if (!strstr(page, want))
		fail_msg(PAGE " is not what the table says: run `make manual`");
	free(page);
	free(want);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_sample_has_its_metrics),
	    cmocka_unit_test(an_alarm_that_is_told_twice_is_one_sample),
	    cmocka_unit_test(checks_of_one_name_are_two_series),
	    cmocka_unit_test(every_sample_follows_its_type),
	    cmocka_unit_test(counters_and_times_are_named_as_such),
	    cmocka_unit_test(hostile_names_are_escaped),
	    cmocka_unit_test(a_name_too_long_costs_its_label_only),
	    cmocka_unit_test(what_is_no_status_has_no_samples),
	    cmocka_unit_test(no_daemon_is_up_0_alone),
	    cmocka_unit_test(the_manual_names_the_labels),
	    cmocka_unit_test(the_manual_lists_the_metrics),
	};

	if (argc == 2 && strcmp(argv[1], "--print") == 0) {
		print_list(stdout);
		return 0;
	}
	return cmocka_run_group_tests_name("exporter", tests, NULL, NULL);
}
