// SPDX-License-Identifier: BSD-2-Clause
/*
 * Tells the world of state changes: the commands of an instance or a group, and the lines of the
 * FIFOs, all of it done by the runner. It owns of each subject what is still to be told: a runner
 * that is lost, or takes nothing just now, does not cost the last notification. What it was running
 * when it died is run again, so that a command may see the same state twice but never not at all.
 *
 * Rejected: a queue of notifications here. Only the latest state is worth telling, and that is a
 * pair of words.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/engine_state.h"

/* A notify script that hangs must not block the next for ever. */
#define NOTIFY_TIMEOUT_NS (60 * NS_PER_S)
/* Owners at the runner: of a subject two, for its commands and the generic one are each kept in
 * order; and of an instance one for what is not a state. */
#define OWNERS_EACH 2
#define OWNER_ASIDE UINT32_C(0x80000000)
#define FIRST_GROUP HF_MAX_INSTANCES

/* Of whom the commands and lines speak. */
struct subject {
	struct engine *engine;
	const char *kind; /* "INSTANCE" or "GROUP" */
	char *name;
	uint32_t owner;
	uint8_t priority;
	const struct notifier *notifiers;
	struct notice *notice;
};

static struct subject instance_subject(struct instance *in)
{
	return (struct subject){
	    in->engine,	      "INSTANCE",    in->cfg->name, OWNERS_EACH * in->slot,
	    in->fsm.priority, in->notifiers, &in->notice};
}

/* keepalived says priority 0 of a group. */
static struct subject group_subject(struct sync_group *group)
{
	return (struct subject){group->engine,
				"GROUP",
				group->cfg->name,
				OWNERS_EACH * (FIRST_GROUP + group->id),
				0,
				group->notifiers,
				&group->notice};
}

/* --- commands --- */

/* False: not now, but it may be later. */
static bool run_command(const struct subject *s, uint32_t owner, const struct notifier *notifier,
			char *const *argv)
{
	struct runner_notify msg = {
	    .owner = owner, .timeout_ns = NOTIFY_TIMEOUT_NS, .user = notifier->user, .argv = argv};
	int fd = s->engine->runner_fd;
	int err = fd < 0 ? -EPIPE : runner_send_notify(fd, &msg);

	if (err == 0)
		return true;
	log_error("%s: notify command %s %s: %s", s->name, argv[0],
		  err == -EPIPE || err == -EAGAIN ? "has to wait for the runner" : "is not run",
		  strerror(-err));
	return err != -EPIPE && err != -EAGAIN;
}

/* keepalived's generic form: the command's own words, then INSTANCE NAME STATE PRIORITY. */
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
	if (s->owner < OWNERS_EACH * FIRST_GROUP)
		recording_notify(s->engine->instances[s->owner / OWNERS_EACH], generic);
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

/* As keepalived writes it. */
static bool write_line(const struct subject *s, const char *word)
{
	char line[RUNNER_LINE];
	int fd = s->engine->runner_fd, err;

	if (!has_fifo(s->engine))
		return true;
	snprintf(line, sizeof(line), "%s \"%s\" %s %u", s->kind, s->name, word, s->priority);
	err = fd < 0 ? -EPIPE : runner_send_line(fd, line);
	return err != -EPIPE && err != -EAGAIN;
}

/* --- states --- */

/* Tells what is due of the subject's last state. */
static void tell(const struct subject *s)
{
	struct notice *notice = s->notice;

	for (unsigned int generic = 0; generic < 2; generic++) {
		uint32_t bit = generic ? NOTICE_GENERIC : NOTICE_OWN;

		if ((notice->due & bit) && run_either(s, generic))
			notice->due &= ~bit;
	}
	if ((notice->due & NOTICE_LINE) && write_line(s, notice->state))
		notice->due &= ~(uint32_t)NOTICE_LINE;
	if (notice->due && s->engine->runner_fd >= 0)
		checks_retry(s->engine);
}

static void tell_state(const struct subject *s, enum notifier_kind kind, const char *state)
{
	s->notice->kind = kind;
	s->notice->state = state;
	s->notice->due = NOTICE_OWN | NOTICE_GENERIC | NOTICE_LINE;
	tell(s);
}

void checks_notify(struct instance *in, enum notifier_kind kind, const char *state)
{
	struct subject s = instance_subject(in);

	tell_state(&s, kind, state);
}

void checks_notify_group(struct sync_group *group, enum notifier_kind kind, const char *state)
{
	struct subject s = group_subject(group);

	tell_state(&s, kind, state);
}

void notify_states(struct engine *engine)
{
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
		run_command(&s, OWNER_ASIDE | in->slot, n, n->command->argv);
	write_line(&s, "MASTER_RX_LOWER_PRI");
}

/* --- the runner's answers --- */

static void each_subject(struct engine *engine, void (*fn)(const struct subject *s))
{
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		struct subject s = instance_subject(in);

		fn(&s);
	}
	for (unsigned int i = 0; i < engine->cfg->n_groups; i++) {
		struct subject s = group_subject(&engine->groups[i]);

		fn(&s);
	}
}

void notify_repeat(struct engine *engine)
{
	each_subject(engine, tell);
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
}

/* The group or instance that the answer belongs to. False: there is none any more. */
static bool subject_of(struct engine *engine, uint32_t owner, struct subject *s)
{
	uint32_t index = (owner & ~OWNER_ASIDE) / (owner & OWNER_ASIDE ? 1 : OWNERS_EACH);

	if (index < FIRST_GROUP && engine->instances[index]) {
		*s = instance_subject(engine->instances[index]);
		return true;
	}
	for (unsigned int i = 0; i < engine->cfg->n_groups && index >= FIRST_GROUP; i++) {
		if (engine->groups[i].id == index - FIRST_GROUP) {
			*s = group_subject(&engine->groups[i]);
			return true;
		}
	}
	return false;
}

void notify_done(struct engine *engine, const struct runner_done *done)
{
	struct subject s;
	struct instance *in;
	unsigned int *running;

	if (!subject_of(engine, done->owner, &s))
		return;
	if (!done->superseded && done->outcome != HEALTH_OK)
		log_warn("%s: notify command: %s %d%s%s", s.name,
			 health_outcome_text(done->outcome), done->status,
			 done->detail[0] ? ": " : "", done->detail);
	if (done->owner & OWNER_ASIDE)
		return;
	running = &s.notice->running[done->owner % OWNERS_EACH];
	*running -= *running > 0;
	if (done->owner >= OWNERS_EACH * FIRST_GROUP)
		return;
	in = engine->instances[done->owner / OWNERS_EACH];
	recording_notify_done(in, done);
	in->notify_superseded += done->superseded;
}
