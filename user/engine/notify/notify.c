// SPDX-License-Identifier: BSD-2-Clause
/*
 * Notifications of state changes: the commands of an instance, a group or a service, and the lines
 * of the FIFOs. The runner executes both. For each subject this file keeps which parts of its last
 * notification are still to be sent. So the notification is not lost when the runner dies or its
 * socket is full. Commands that were running when the runner died are run again: a command may see
 * the same state twice, but each last state is delivered.
 *
 * Rejected: a queue of notifications here. Only the latest state must be reported, and it is one
 * struct notice.
 */
#include "engine/notify/notify.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/group/sync_group.h"
#include "engine/instance/instance.h"
#include "engine/observe/recording.h"
#include "engine/service/service.h"
#include "engine/state.h"
#include "runner/outcome.h"

/*
 * The owner numbers at the runner, which keeps the commands of one owner in order. Each subject has
 * two: twice its id for the commands of its states, and one more for the generic command. The high
 * bits tell instances, groups and services apart. An instance has a third one (OWNER_ASIDE) for a
 * command that is about no state. before_master.c has one more for each instance and group.
 */
#define OWNERS_EACH   2
#define OWNER_GROUP   UINT32_C(0x40000000)
#define OWNER_ASIDE   UINT32_C(0x80000000)
#define OWNER_SERVICE (OWNER_GROUP | OWNER_ASIDE)

_Static_assert(OWNERS_EACH *INSTANCE_ID_MAX <= OWNER_GROUP, "an instance's owners are its own");
_Static_assert(RUNNER_MAX_OWNERS >= (OWNERS_EACH + 2) * CFG_MAX_INSTANCES +
					(OWNERS_EACH + 1) * CFG_MAX_GROUPS +
					OWNERS_EACH * CFG_MAX_SERVICES,
	       "all instances, groups and services may notify at once");

/* The configured command of `kind` (enum notifier_kind). */
static const struct cfg_command *configured(const struct cfg_notify *notify, unsigned int kind)
{
	const struct cfg_command *const commands[NOTIFY_KINDS] = {
	    [NOTIFY_MASTER] = &notify->master,	   [NOTIFY_BACKUP] = &notify->backup,
	    [NOTIFY_FAULT] = &notify->fault,	   [NOTIFY_STOP] = &notify->stop,
	    [NOTIFY_DELETED] = &notify->deleted,   [NOTIFY_ANY] = &notify->any,
	    [NOTIFY_RX_LOWER] = &notify->rx_lower, [NOTIFY_UP] = &notify->up,
	    [NOTIFY_DOWN] = &notify->down,	   [NOTIFY_DRAINED] = &notify->drained,
	    [NOTIFY_BEFORE] = &notify->before,
	};

	return commands[kind];
}

void notify_resolve(const struct script_users *users, const struct cfg_notify *cfg,
		    struct notifier notifiers[NOTIFY_KINDS])
{
	char why[COMMANDS_WHY];

	for (unsigned int kind = 0; kind < NOTIFY_KINDS; kind++) {
		const struct cfg_command *cmd = configured(cfg, kind);
		struct notifier *n = &notifiers[kind];

		*n = (struct notifier){0};
		if (cmd->argc > 0 && commands_may_run(users, cmd, &n->user, why))
			n->command = cmd;
	}
}

/* The instance, group or service that a notification is about. */
struct subject {
	struct engine *engine;
	struct recording *recording; /* NULL for a group */
	uint64_t *superseded;	     /* counter of superseded commands; NULL for a group */
	const char *kind;	     /* "INSTANCE", "GROUP" or "SERVICE" */
	char *name;
	uint32_t owner;
	uint8_t priority;
	const struct notifier *notifiers;
	struct notice *notice;
};

static struct subject instance_subject(struct instance *in)
{
	return (struct subject){
	    .engine = in->engine,
	    .recording = &in->recording,
	    .superseded = &in->notify_superseded,
	    .kind = "INSTANCE",
	    .name = in->cfg->name,
	    .owner = OWNERS_EACH * in->id,
	    .priority = in->fsm.priority,
	    .notifiers = in->notifiers,
	    .notice = &in->notice,
	};
}

/* The priority stays 0: keepalived writes 0 for a group. */
static struct subject group_subject(struct sync_group *group)
{
	return (struct subject){
	    .engine = group->engine,
	    .kind = "GROUP",
	    .name = group->cfg->name,
	    .owner = OWNER_GROUP + OWNERS_EACH * group->id,
	    .notifiers = group->notifiers,
	    .notice = &group->notice,
	};
}

/* The priority stays 0, as for a group. */
static struct subject service_subject(struct service *svc)
{
	return (struct subject){
	    .engine = svc->engine,
	    .recording = &svc->recording,
	    .superseded = &svc->notify_superseded,
	    .kind = "SERVICE",
	    .name = svc->cfg->name,
	    .owner = OWNER_SERVICE + OWNERS_EACH * svc->id,
	    .notifiers = svc->notifiers,
	    .notice = &svc->notice,
	};
}

/* --- commands --- */

/* False: the runner cannot take it now; try again later. */
static bool run_command(const struct subject *s, uint32_t owner, const struct notifier *notifier,
			char *const *argv)
{
	struct runner_notify msg = {
	    .owner = owner, .timeout_ns = NOTIFY_TIMEOUT_NS, .user = notifier->user, .argv = argv};
	struct runner_client *runner = &s->engine->runner;
	int err = runner->fd < 0 ? -EPIPE : runner_send_notify(runner->fd, &msg);
	uint32_t suppressed;

	if (err == -EPIPE || err == -EAGAIN) {
		if (log_allow(&runner->wait_limit, loop_now(s->engine->loop), &suppressed))
			log_error("%s: notify command %s has to wait for the runner: %s%s", s->name,
				  argv[0], strerror(-err), LOG_SUPPRESSED(suppressed));
		return false;
	}
	if (err < 0)
		log_error("%s: notify command %s is not run: %s", s->name, argv[0], strerror(-err));
	return true;
}

/* The arguments are those of keepalived: the configured words, then KIND NAME STATE PRIORITY. */
static bool run_generic(const struct subject *s, const char *state)
{
	const struct cfg_command *cmd = s->notifiers[NOTIFY_ANY].command;
	char kind[16], state_arg[16], priority[4];
	char *argv[CFG_MAX_ARGS + 5];
	int n = 0;

	for (; n < cmd->argc && n < CFG_MAX_ARGS; n++)
		argv[n] = cmd->argv[n];
	snprintf(kind, sizeof(kind), "%s", s->kind);
	snprintf(state_arg, sizeof(state_arg), "%s", state);
	snprintf(priority, sizeof(priority), "%u", s->priority);
	argv[n++] = kind;
	argv[n++] = s->name;
	argv[n++] = state_arg;
	argv[n++] = priority;
	argv[n] = NULL;
	return run_command(s, s->owner + 1, &s->notifiers[NOTIFY_ANY], argv);
}

/* `generic`: 1 for the generic command, 0 for the state's own. */
static bool run_either(const struct subject *s, unsigned int generic)
{
	struct notice *notice = s->notice;
	const struct notifier *n = &s->notifiers[generic ? NOTIFY_ANY : notice->kind];

	if (!n->command)
		return true;
	if (!(generic ? run_generic(s, notice->state)
		      : run_command(s, s->owner, n, n->command->argv)))
		return false;
	notice->running[generic]++;
	if (s->recording)
		recording_notify(s->recording, generic);
	return true;
}

/* --- lines --- */

static bool has_fifo(const struct engine *engine)
{
	for (unsigned int i = 0; i < RUNNER_MAX_FIFOS; i++) {
		if (engine->fifos[i].argv)
			return true;
	}
	return false;
}

/* Writes a line in keepalived's format to the FIFOs. False: try again later. */
static bool write_line(const struct subject *s, const char *word)
{
	char line[RUNNER_LINE];
	int fd = s->engine->runner.fd, err;

	if (!has_fifo(s->engine))
		return true;
	snprintf(line, sizeof(line), "%s \"%s\" %s %u", s->kind, s->name, word, s->priority);
	err = fd < 0 ? -EPIPE : runner_send_line(fd, line);
	return err != -EPIPE && err != -EAGAIN;
}

/* --- states --- */

/* Sends the parts of the last notification that are due. */
static void say_due(const struct subject *s)
{
	struct notice *notice = s->notice;

	for (unsigned int generic = 0; generic < 2; generic++) {
		uint32_t bit = generic ? NOTICE_GENERIC : NOTICE_OWN;

		if ((notice->due & bit) && run_either(s, generic))
			notice->due &= ~bit;
	}
	if ((notice->due & NOTICE_LINE) && write_line(s, notice->state))
		notice->due &= ~(uint32_t)NOTICE_LINE;
	if (notice->due && s->engine->runner.fd >= 0)
		runner_client_retry(&s->engine->runner);
}

static void say_state(const struct subject *s, enum notifier_kind kind, const char *state)
{
	s->notice->kind = kind;
	s->notice->state = state;
	s->notice->due = NOTICE_OWN | NOTICE_GENERIC | NOTICE_LINE;
	say_due(s);
}

void notify_instance(struct instance *in, enum notifier_kind kind, const char *state)
{
	struct subject s = instance_subject(in);

	say_state(&s, kind, state);
}

void notify_group(struct sync_group *group, enum notifier_kind kind, const char *state)
{
	struct subject s = group_subject(group);

	say_state(&s, kind, state);
}

void notify_service(struct service *svc, enum notifier_kind kind, const char *state)
{
	struct subject s = service_subject(svc);

	say_state(&s, kind, state);
}

void notify_states(struct engine *engine)
{
	struct service *svc;
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		struct subject s = instance_subject(in);

		write_line(&s, vrrp_state_name(in->fsm.state));
	}
	for (unsigned int i = 0; i < engine->cfg->n_groups; i++) {
		struct subject s = group_subject(&engine->groups[i]);

		if (s.notice->state)
			write_line(&s, s.notice->state);
	}
	ENGINE_EACH_SERVICE (engine, svc) {
		struct subject s = service_subject(svc);

		if (s.notice->state)
			write_line(&s, s.notice->state);
	}
}

/* --- what is not a state --- */

void notify_priority(struct instance *in)
{
	struct subject s = instance_subject(in);
	bool wanted = in->cfg->notify_priority_changes ||
		      (in->group && in->group->cfg->notify_priority_changes);

	if (wanted && !in->stopped)
		write_line(&s,
			   in->fsm.state == VRRP_MASTER ? "MASTER_PRIORITY" : "BACKUP_PRIORITY");
}

void notify_lower_priority(struct instance *in)
{
	const struct notifier *n = &in->notifiers[NOTIFY_RX_LOWER];
	struct subject s = instance_subject(in);
	uint32_t suppressed;

	if (!log_allow(&in->lower_limit, loop_now(in->engine->loop), &suppressed))
		return;
	if (n->command)
		run_command(&s, OWNER_ASIDE | in->id, n, n->command->argv);
	write_line(&s, "MASTER_RX_LOWER_PRI");
}

/* --- the runner's answers --- */

static void each_subject(struct engine *engine, void (*fn)(const struct subject *s))
{
	struct service *svc;
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		struct subject s = instance_subject(in);

		fn(&s);
	}
	for (unsigned int i = 0; i < engine->cfg->n_groups; i++) {
		struct subject s = group_subject(&engine->groups[i]);

		fn(&s);
	}
	ENGINE_EACH_SERVICE (engine, svc) {
		struct subject s = service_subject(svc);

		fn(&s);
	}
}

void notify_repeat(struct engine *engine)
{
	each_subject(engine, say_due);
}

static void was_lost(const struct subject *s)
{
	struct notice *notice = s->notice;

	if (notice->running[0] > 0)
		notice->due |= NOTICE_OWN;
	if (notice->running[1] > 0)
		notice->due |= NOTICE_GENERIC;
	if (notice->running[0] + notice->running[1] > 0)
		log_warn("%s: its notify command was lost with the runner: it is run again",
			 s->name);
	notice->running[0] = notice->running[1] = 0;
}

void notify_runner_lost(struct engine *engine)
{
	each_subject(engine, was_lost);
	before_master_runner_lost(engine);
}

static bool group_of(struct engine *engine, uint32_t id, struct subject *s)
{
	for (unsigned int i = 0; i < engine->cfg->n_groups; i++) {
		if (engine->groups[i].id != id)
			continue;
		*s = group_subject(&engine->groups[i]);
		return true;
	}
	return false;
}

static bool service_of(struct engine *engine, uint32_t id, struct subject *s)
{
	struct service *svc;

	ENGINE_EACH_SERVICE (engine, svc) {
		if (svc->id != id)
			continue;
		*s = service_subject(svc);
		return true;
	}
	return false;
}

/* Finds the subject of `owner`. *aside: the command was about no state. False: the subject no
 * longer exists. */
static bool subject_of(struct engine *engine, uint32_t owner, struct subject *s, bool *aside)
{
	uint32_t what = owner & OWNER_SERVICE, id = owner & ~OWNER_SERVICE;
	struct instance *in;

	*aside = what == OWNER_ASIDE;
	if (what == OWNER_GROUP)
		return group_of(engine, id / OWNERS_EACH, s);
	if (what == OWNER_SERVICE)
		return service_of(engine, id / OWNERS_EACH, s);
	in = instance_find(engine, *aside ? id : id / OWNERS_EACH);
	if (in)
		*s = instance_subject(in);
	return in;
}

void notify_done(struct engine *engine, const struct runner_done *done)
{
	unsigned int *running;
	char ended[OUTCOME_TEXT];
	struct subject s;
	bool aside;

	if (before_master_done(engine, done) || !subject_of(engine, done->owner, &s, &aside))
		return;
	if (!done->superseded && done->outcome != HEALTH_OK)
		log_warn("%s: notify command: %s%s%s", s.name,
			 outcome_text(done->outcome, done->status, ended),
			 done->detail[0] ? ": " : "", done->detail);
	if (aside)
		return;
	running = &s.notice->running[done->owner % OWNERS_EACH];
	*running -= *running > 0;
	if (!s.recording)
		return;
	recording_notify_done(s.recording, done);
	*s.superseded += done->superseded;
}
