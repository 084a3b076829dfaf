// SPDX-License-Identifier: BSD-2-Clause
/*
 * The line for `systemctl status`: its content, and that it is sent when it has changed.
 *
 * Links: user/engine/status/service_status.c user/core/sd_notify.c user/vrrp/vrrp_names.c
 * Links: user/control/status.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/sd_notify.h"
#include "engine/status/service_status.h"

static const struct status_limits limits = {.instances = 5, .neighbors = 2};

static void add_instance(struct status *st, const char *name, enum vrrp_state state)
{
	struct status_instance *in = &st->instances[st->n_instances++];

	snprintf(in->name, sizeof(in->name), "%s", name);
	in->state = state;
}

static void add_neighbor(struct status *st, const char *state)
{
	struct bgp_neighbor_status *n = &st->neighbors[st->n_neighbors++];

	snprintf(n->state, sizeof(n->state), "%s", state);
}

static void add_alarm(struct status *st, const char *reason, const char *text)
{
	struct status_alarm *alarm = &st->alarms[st->n_alarms++];

	alarm->reason = reason;
	snprintf(alarm->text, sizeof(alarm->text), "%s", text);
}

static void assert_line(const struct status *st, const char *wanted)
{
	char text[256];

	service_status_format(st, text, sizeof(text));
	assert_string_equal(text, wanted);
}

static void it_tells_instances_sessions_and_alarms(void **state)
{
	struct status *st = status_create(&limits);

	(void)state;
	assert_line(st, "0 alarms");
	add_instance(st, "web", VRRP_MASTER);
	assert_line(st, "web MASTER, 0 alarms");
	add_neighbor(st, "Established");
	assert_line(st, "web MASTER, BGP 1/1, 0 alarms");
	add_neighbor(st, "OpenSent");
	add_instance(st, "mail", VRRP_BACKUP);
	assert_line(st, "web MASTER, mail BACKUP, BGP 1/2, 0 alarms");
	add_alarm(st, "refused_password", "the adverts of 192.0.2.12 are refused");
	assert_line(
	    st, "web MASTER, mail BACKUP, BGP 1/2, 1 alarm: the adverts of 192.0.2.12 are refused");
	add_alarm(st, "config_errors", "x.conf has errors (3)");
	assert_line(st, "web MASTER, mail BACKUP, BGP 1/2, 2 alarms: x.conf has errors (3)");
	st->n_alarms = 0;
	add_instance(st, "c", VRRP_BACKUP);
	add_instance(st, "d", VRRP_FAULT);
	assert_line(st, "1 MASTER, 2 BACKUP, 1 FAULT, BGP 1/2, 0 alarms");
	status_free(st);
}

static void a_long_line_is_cut(void **state)
{
	struct status *st = status_create(&limits);
	char text[12], full[STATUS_ALARM_TEXT];

	(void)state;
	add_instance(st, "web", VRRP_MASTER);
	memset(full, 'x', sizeof(full));
	full[sizeof(full) - 1] = '\0';
	for (int i = 0; i < STATUS_MAX_ALARMS; i++)
		add_alarm(st, "fault_track", full);
	for (size_t size = 1; size <= sizeof(text); size++) {
		memset(text, 'y', sizeof(text));
		service_status_format(st, text, size);
		assert_true(strlen(text) == size - 1 &&
			    strncmp(text, "web MASTER, ", size - 1) == 0);
	}
	status_free(st);
}

static void it_is_sent_when_it_has_changed(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct status *st = status_create(&limits);
	char path[] = "/tmp/service.XXXXXX", text[256];

	(void)state;
	assert_non_null(mkdtemp(path));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_false(sd_notify_is_on());
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	sd_notify_open();
	assert_true(sd_notify_is_on());
	add_instance(st, "web", VRRP_MASTER);
	for (int i = 0; i < 2; i++) {
		service_status_tell(NULL, st);
		service_status_tell(NULL, st);
		text[recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT)] = '\0';
		assert_string_equal(text, i == 0 ? "STATUS=web MASTER, 0 alarms"
						 : "STATUS=web FAULT, 0 alarms");
		assert_int_equal(recv(fd, text, sizeof(text), MSG_DONTWAIT), -1);
		st->instances[0].state = VRRP_FAULT;
	}
	status_free(st);
	close(fd);
	unlink(address.sun_path);
	rmdir(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_tells_instances_sessions_and_alarms),
	    cmocka_unit_test(a_long_line_is_cut),
	    cmocka_unit_test(it_is_sent_when_it_has_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
