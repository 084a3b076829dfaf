// SPDX-License-Identifier: BSD-2-Clause
/*
 * The effects of the engine, in their order, when facts reach it. All of user/engine/ runs on a
 * fake machine (tests/fakes/). Each row is a list of events, and the effects of the last event as
 * the fakes have traced them.
 *
 * Events, separated by blanks: "s1" one session Established, "s0" none; "a200" an advert of
 * priority 200 by the other node, "a0" one of priority 0, "b200" the same for the second instance;
 * "+500" 500 milliseconds pass; "l0" the link goes down, "l1" up; "x" the address is removed by
 * another program; "drain", "undrain", "handover", "stop"; "reload" puts the second configuration
 * in force; "full" and "free": the runner accepts nothing, everything.
 *
 * Links: tests/fakes/engine_fake.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../fakes/engine_fake.h"
#include "log_lines.h"
#include "core/addr.h"
#include "core/log.h"
#include "engine/instance/instance.h"
#include "engine/service/service.h"
#include "engine/state.h"

#define LINK 2
#define VIP  "203.0.113.57/32"

#define SPEAKER                                                                                    \
	"bgp_instance fabric {\nlocal_as 65001\nrouter_id 192.0.2.11\n"                            \
	"neighbor 192.0.2.1 {\nremote_as 65000\n}\n}\n"
#define INSTANCE(name, vrid, vip, more)                                                            \
	"vrrp_instance " name " {\nstate BACKUP\ninterface fake0\nvirtual_router_id " vrid "\n"    \
	"version 3\npriority 100\nadvert_int 1\nunicast_src_ip 192.0.2.11\n"                       \
	"unicast_peer {\n192.0.2.12\n}\nvirtual_ipaddress {\n" vip " dev fake0\n}\n"               \
	"notify_master \"/bin/true " name "-MASTER\"\nnotify_backup \"/bin/true " name             \
	"-BACKUP\"\n"                                                                              \
	"notify_fault \"/bin/true " name "-FAULT\"\nnotify_stop \"/bin/true " name "-STOP\"\n"     \
	"notify_deleted \"/bin/true " name "-DELETED\"\n" more "}\n"
#define ANNOUNCE                                                                                   \
	"bgp_announce {\nprefix " VIP "\ntakeover community 65000:2 65000:1\nsettle_time 9\n"      \
	"linger 0.2\n}\n"
#define NO_GARP "garp_master_repeat 1\ngarp_master_delay 0\n"

static const char routed[] = SPEAKER INSTANCE("web", "51", VIP, NO_GARP ANNOUNCE);
static const char standby[] =
    SPEAKER INSTANCE("web", "51", VIP,
		     NO_GARP "bgp_announce {\nprefix " VIP "\nstandby announce\n"
			     "takeover community 65000:2 65000:1\n"
			     "settle_time 9\n}\n");
static const char plain[] = INSTANCE("web", "51", VIP, NO_GARP);
static const char other[] = INSTANCE("api", "52", "203.0.113.58/32", NO_GARP);
static const char group[] = INSTANCE("web", "51", VIP, NO_GARP) INSTANCE(
    "api", "52", "203.0.113.58/32",
    NO_GARP) "vrrp_sync_group g {\ngroup {\nweb\napi\n}\nnotify_master \"/bin/true g-MASTER\"\n"
	     "notify_backup \"/bin/true g-BACKUP\"\nnotify_fault \"/bin/true g-FAULT\"\n}\n";

#define TAKES_OVER "s1 a200 +3700"

static const struct row {
	const char *why, *conf, *reloaded, *happens, *effects;
} rows[] = {
    {"nothing before a session", routed, NULL, "a200", ""},
    {"a session makes a BACKUP, which tells the LAN its address", routed, NULL, "s1",
     "garp 192.0.2.11; notify web-BACKUP"},
    {"the address is there before the announcement", routed, NULL, TAKES_OVER,
     "advert 100; notify web-MASTER; add " VIP " fake0; announce " VIP
     " community fde80001; garp 203.0.113.57"},
    {"it settles without a gap", routed, NULL, TAKES_OVER " +8900 +200",
     "announce " VIP " community fde80002; advert 100"},
    {"a resigning master leaves the skew time", routed, NULL, "s1 a200 a0 +700",
     "advert 100; notify web-MASTER; add " VIP " fake0; announce " VIP
     " community fde80001; garp 203.0.113.57"},
    {"a better master: withdrawn, then the address is removed, after the linger", routed, NULL,
     TAKES_OVER " a200 +250", "withdraw " VIP "; remove " VIP " fake0"},
    {"a fault resigns and withdraws at once", routed, NULL, TAKES_OVER " l0",
     "advert 0; withdraw " VIP "; notify web-FAULT"},
    {"then the address is removed", routed, NULL, TAKES_OVER " l0 +1", "remove " VIP " fake0"},
    {"the link is back: as at a start", routed, NULL, TAKES_OVER " l0 +1 l1",
     "garp 192.0.2.11; notify web-BACKUP"},
    {"the last session is lost: FAULT", routed, NULL, TAKES_OVER " s0",
     "advert 0; withdraw " VIP "; notify web-FAULT"},
    {"a handover resigns and serves on", routed, NULL, TAKES_OVER " handover",
     "advert 0; notify web-BACKUP"},
    {"until the successor is heard and the linger has passed", routed, NULL,
     TAKES_OVER " handover a90 +250", "withdraw " VIP "; remove " VIP " fake0"},
    {"without a successor it is MASTER again", routed, NULL, TAKES_OVER " handover +6000 +1", ""},
    {"a drain resigns", routed, NULL, TAKES_OVER " drain", "advert 0; notify web-BACKUP"},
    {"it is in FAULT when the successor serves", routed, NULL, TAKES_OVER " drain a90 +250",
     "withdraw " VIP "; notify web-FAULT; remove " VIP " fake0"},
    {"undrained it takes part again", routed, NULL, TAKES_OVER " drain a90 +250 undrain",
     "garp 192.0.2.11; notify web-BACKUP"},
    {"a removed address is added again", routed, NULL, TAKES_OVER " x +1", "add " VIP " fake0"},
    {"a BACKUP does not add it again", routed, NULL, "s1 a200 x +1", ""},
    {"a stop resigns, serves and withdraws", routed, NULL, TAKES_OVER " stop a90 +250",
     "withdraw " VIP "; notify web-STOP; remove " VIP " fake0"},
    {"a standby is announced from the start on", standby, NULL, "",
     "announce " VIP " community fde80002"},
    {"a standby that leaves MASTER is announced as one", standby, NULL, TAKES_OVER " a200 +250",
     "announce " VIP " community fde80002; remove " VIP " fake0"},
    {"without BGP there are announcements on the LAN", plain, NULL, "a200 +3700",
     "advert 100; notify web-MASTER; add " VIP " fake0; garp 203.0.113.57"},
    {"a removed instance is released and says DELETED", plain, other, "a200 +3700 reload a90 +300",
     "notify web-DELETED; remove " VIP " fake0; garp 192.0.2.11; notify api-BACKUP"},
    {"a full runner is told later", plain, NULL, "full a200 +3700",
     "advert 100; add " VIP " fake0; garp 203.0.113.57"},
    {"it gets only the last state", plain, NULL, "full a200 +3700 free +100", "notify web-MASTER"},
    {"the notification of a removed instance waits for a full runner", plain, other,
     "a200 +3700 full reload a90 +300 free +100",
     "notify web-DELETED; garp 192.0.2.11; notify api-BACKUP"},
    {"but not for ever", plain, other, "a200 +3700 full reload a90 +300 +2100 free +100",
     "notify api-BACKUP"},
    {"a group waits for all of its members", group, NULL, "a200 b200 +2000 b200 +1700", ""},
    {"it takes over with all of them", group, NULL, "a200 b200 +2000 b200 +1700 +3900",
     "advert 100; notify api-MASTER; advert 100; notify web-MASTER; notify g-MASTER; add "
     "203.0.113.58/32 fake0; garp 203.0.113.58; add " VIP " fake0; garp 203.0.113.57; "
     "probe 192.0.2.12; probe 192.0.2.12; advert 100; advert 100"},
    {"if one yields, the others yield too", group, NULL, "a200 b200 +3700 a200",
     "notify web-BACKUP; advert 0; notify api-BACKUP; notify g-BACKUP"},
    {"a fault is shared in the same turn", group, NULL, "a200 b200 +3700 l0",
     "advert 0; notify web-FAULT; advert 0; notify api-FAULT; notify g-FAULT"},
};

static struct fake machine;
static struct engine *engine;

static void happen(const struct row *row, const char *what)
{
	struct ipaddr peer;

	ipaddr_parse(&peer, "192.0.2.12");
	if (what[0] == '+')
		fake_run_for(atoi(what + 1) * NS_PER_MS);
	else if (what[0] == 'a' || what[0] == 'b')
		fake_advert(what[0] == 'a' ? 51 : 52, &peer, (uint8_t)atoi(what + 1), 1000000);
	else if (strcmp(what, "stop") == 0)
		engine_fake_begin_stop(engine);
	else if (what[0] == 's')
		fake_sessions("fabric", (unsigned int)atoi(what + 1));
	else if (what[0] == 'l')
		fake_set_link(LINK, what[1] == '1', false);
	else if (what[0] == 'x')
		fake_remove_address(LINK, VIP);
	else if (strcmp(what, "full") == 0 || strcmp(what, "free") == 0)
		machine.runner_is_full = what[1] == 'u';
	else if (strcmp(what, "reload") == 0)
		assert_true(engine_fake_reload(engine, row->reloaded));
	else
		engine_fake_order(engine,
				  what[0] == 'd'   ? CONTROL_DRAIN
				  : what[0] == 'u' ? CONTROL_UNDRAIN
						   : CONTROL_HANDOVER,
				  "web", strcmp(what, "drain!") == 0);
}

static void run(const struct row *row)
{
	char happens[256], *rest = happens;

	fake_init(&machine);
	fake_add_link(LINK, "fake0", true);
	fake_add_address(LINK, "192.0.2.11/24", false);
	engine = engine_fake_start(row->conf);
	snprintf(happens, sizeof(happens), "%s", row->happens);
	for (char *what; (what = strsep(&rest, " "));) {
		if (*what) {
			fake_traced();
			happen(row, what);
		}
	}
}

static void every_row_has_its_effects(void **state)
{
	unsigned int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *effects;

		run(&rows[i]);
		effects = fake_traced();
		if (strcmp(effects, rows[i].effects) != 0) {
			wrong++;
			print_error("%s (%s):\n  wanted %s\n  got    %s\n", rows[i].why,
				    rows[i].happens, rows[i].effects, effects);
		}
		engine_fake_free(engine);
	}
	assert_int_equal(wrong, 0);
}

/* --- a new source address ---------------------------------------------------------------------*/

static const char delayed[] =
    "vrrp_instance web {\nstate BACKUP\ninterface fake0\nvirtual_router_id 51\nversion 3\n"
    "priority 150\nadvert_int 1\npreempt_delay 300\nvirtual_ipaddress {\n" VIP " dev fake0\n}\n}\n";

static void advert_of_a_lower_master(void)
{
	struct ipaddr master;

	ipaddr_parse(&master, "192.0.2.12");
	fake_advert(51, &master, 100, 1000000);
}

/* The new address is published to the kernel half, and the delay holds. */
static void a_new_source_address_does_not_end_preempt_delay(void **state)
{
	struct instance *web;

	(void)state;
	fake_init(&machine);
	fake_add_link(LINK, "fake0", true);
	fake_add_address(LINK, "192.0.2.11/24", false);
	engine = engine_fake_start(delayed);
	web = engine_fake_instance(engine, "web");
	fake_add_address(LINK, "192.0.2.14/24", false);
	for (int s = 0; s < 299; s++) {
		advert_of_a_lower_master();
		if (s == 10)
			fake_remove_address(LINK, "192.0.2.11/24");
		assert_int_equal(web->fsm.state, VRRP_BACKUP);
		fake_run_for(NS_PER_S);
	}
	for (int s = 0; s < 6; s++) {
		advert_of_a_lower_master();
		fake_run_for(NS_PER_S);
	}
	assert_int_equal(web->fsm.state, VRRP_MASTER);
	assert_int_equal(web->last_cause, VRRP_CAUSE_PREEMPT);
	engine_fake_free(engine);
}

/* --- what a reload could not create -----------------------------------------------------------*/

#define WEB   INSTANCE("web", "51", VIP, NO_GARP)
#define API   INSTANCE("api", "52", "203.0.113.58/32", NO_GARP)
#define STORE "bgp_service store {\nprefix 203.0.113.60/32\n}\n"

static unsigned int count_services(void)
{
	struct service *svc;
	unsigned int n = 0;

	ENGINE_EACH_SERVICE (engine, svc)
		n++;
	return n;
}

static void the_next_reload_creates_what_one_could_not(void **state)
{
	(void)state;
	fake_init(&machine);
	fake_add_link(LINK, "fake0", true);
	fake_add_address(LINK, "192.0.2.11/24", false);
	engine = engine_fake_start(SPEAKER WEB);
	machine.reserve_err = -ENOMEM;
	assert_true(engine_fake_reload(engine, SPEAKER WEB API STORE));
	assert_null(engine_fake_instance(engine, "api"));
	assert_int_equal(count_services(), 0);
	assert_true(
	    engine_fake_reload(engine, SPEAKER WEB API STORE)); /* again, and in vain again */
	machine.reserve_err = 0;
	assert_true(engine_fake_reload(engine, SPEAKER WEB API STORE));
	assert_non_null(engine_fake_instance(engine, "api"));
	assert_int_equal(engine_fake_instance(engine, "api")->fsm.state, VRRP_BACKUP);
	assert_int_equal(count_services(), 1);
	assert_true(engine_fake_reload(engine, SPEAKER WEB API STORE)); /* none is created twice */
	assert_int_equal(engine->n_slots, 2);
	assert_int_equal(count_services(), 1);
	engine_fake_free(engine);
}

/* --- a runner whose socket is full ------------------------------------------------------------*/

/* Each is sent again every 20 ms; the log gets three lines at once, then one in ten seconds. */
static void commands_that_wait_do_not_fill_the_log(void **state)
{
	(void)state;
	fake_init(&machine);
	fake_add_link(LINK, "fake0", true);
	fake_add_address(LINK, "192.0.2.11/24", false);
	engine = engine_fake_start(group);
	machine.runner_is_full = true;
	fake_traced();
	log_lines_begin(LOG_LV_ERROR);
	fake_run_for(65 * NS_PER_S);
	log_lines_end();
	assert_in_range(log_lines_with("has to wait for the runner: "), 3, 3 + 7);
	assert_true(log_lines_with(" such lines suppressed)") > 0);
	assert_null(strstr(fake_traced(), "notify "));
	machine.runner_is_full = false;
	fake_run_for(100 * NS_PER_MS);
	assert_non_null(strstr(fake_traced(), "notify web-MASTER"));
	engine_fake_free(engine);
}

/* --- a runner that has no time ----------------------------------------------------------------*/

/* It is late once a second, and answers again before it counts as hung. */
static void a_runner_that_is_often_late_does_not_fill_the_log(void **state)
{
	(void)state;
	fake_init(&machine);
	fake_add_link(LINK, "fake0", true);
	fake_add_address(LINK, "192.0.2.11/24", false);
	engine =
	    engine_fake_start("vrrp_script fast {\nscript /bin/true\ninterval 0.2\n}\n" INSTANCE(
		"web", "51", VIP, "track_script {\nfast\n}\n"));
	log_lines_begin(LOG_LV_INFO);
	for (int i = 0; i < 65; i++) {
		machine.runner_is_silent = true;
		fake_run_for(400 * NS_PER_MS);
		machine.runner_is_silent = false;
		fake_run_for(600 * NS_PER_MS);
	}
	log_lines_end();
	assert_in_range(log_lines_with("the runner does not answer: "), 3, 3 + 7);
	assert_int_equal(log_lines_with("the runner answers again"),
			 log_lines_with("the runner does not answer: "));
	assert_true(log_lines_with(" such lines suppressed)") > 0);
	engine_fake_free(engine);
}

static void neither_does_one_that_cannot_be_started(void **state)
{
	(void)state;
	fake_init(&machine);
	fake_add_link(LINK, "fake0", true);
	fake_add_address(LINK, "192.0.2.11/24", false);
	engine = engine_fake_start(plain);
	log_lines_begin(LOG_LV_INFO);
	machine.supervisor_err = -EAGAIN;
	machine.runner_has_ended = true;
	fake_run_for(65 * NS_PER_S);
	log_lines_end();
	assert_int_equal(log_lines_with("the runner has ended"), 1);
	assert_in_range(log_lines_with("cannot start the runner: "), 3, 3 + 7);
	engine_fake_free(engine);
}

/* --- a damaged history ------------------------------------------------------------------------*/

static void a_damaged_history_is_an_alarm_until_it_is_written(void **state)
{
	const char *damaged = "/here: earlier transitions are lost: the file is damaged";

	(void)state;
	fake_init(&machine);
	fake_add_link(LINK, "fake0", true);
	engine = engine_fake_start(plain);
	snprintf(engine->record_path, sizeof(engine->record_path), "/here");
	engine->record_error = 0;
	assert_false(engine_fake_has_alarm(engine, damaged));
	engine->record_error = -EBADMSG;
	assert_true(engine_fake_has_alarm(engine, damaged));
	engine->record_error = -EIO;
	assert_true(engine_fake_has_alarm(
	    engine, "/here: earlier transitions are lost: Input/output error"));
	machine.records_kept = true;
	engine->record_error = -EBADMSG;
	assert_false(engine_fake_has_alarm(engine, damaged));
	engine_fake_free(engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_row_has_its_effects),
	    cmocka_unit_test(a_new_source_address_does_not_end_preempt_delay),
	    cmocka_unit_test(the_next_reload_creates_what_one_could_not),
	    cmocka_unit_test(commands_that_wait_do_not_fill_the_log),
	    cmocka_unit_test(a_runner_that_is_often_late_does_not_fill_the_log),
	    cmocka_unit_test(neither_does_one_that_cannot_be_started),
	    cmocka_unit_test(a_damaged_history_is_an_alarm_until_it_is_written),
	};

	log_init("engine", true, LOG_LV_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
