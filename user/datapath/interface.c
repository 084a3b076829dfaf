// SPDX-License-Identifier: BSD-2-Clause
/*
 * The interfaces to which the data path is attached, and the jobs that attach and detach. Both wait
 * for the kernel's RTNL lock, and native XDP waits for a driver that resets its queues. So once the
 * loop runs, a thread does this work with a copy of the interface's data. Each interface has one
 * job at a time. When it is done, the next job depends on what is wanted at that time.
 *
 * Another program can remove an attachment. The thread checks all attachments twice a second, and
 * at once when tc_watch.c receives the notification of a removed filter or qdisc. It attaches a
 * missing program again and logs one line.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/bfd.h"
#include "datapath/internal.h"

#define VERIFY_NS	(NS_PER_S / 2)
#define VERIFY_A_TURN	64 /* interfaces checked in a turn, of a few microseconds each */
#define PRUNE_ALWAYS	16 /* interfaces; a larger table is not pruned for each new one */
#define REMOVED_LOGGED	3  /* lines without a limit, then one each REMOVED_PACE_NS */
#define REMOVED_PACE_NS (10 * NS_PER_S)

static const char *const mode_names[] = {
    [DATAPATH_DETACHED] = "not attached",
    [DATAPATH_XDP] = "native XDP",
    [DATAPATH_TC] = "TC",
    [DATAPATH_RAW] = "raw socket",
};

/* --- the table --- */

static struct dp_interface *interface_find(const struct datapath *dp, uint32_t ifindex)
{
	for (unsigned int i = 0; i < dp->n_interfaces; i++) {
		if (dp->interfaces[i]->now.ifindex == ifindex)
			return dp->interfaces[i];
	}
	return NULL;
}

static struct dp_interface *interface_add(struct datapath *dp, const struct dp_attachment *att)
{
	struct dp_interface *ifc, **grown;

	if (dp->n_interfaces == dp->max_interfaces) {
		unsigned int max = dp->max_interfaces ? 2 * dp->max_interfaces : 8;

		grown = reallocarray(dp->interfaces, max, sizeof(*grown)); /* owner: dp */
		if (!grown)
			return NULL;
		dp->interfaces = grown;
		dp->max_interfaces = max;
	}
	ifc = calloc(1, sizeof(*ifc)); /* owner: dp->interfaces */
	if (!ifc)
		return NULL;
	ifc->dp = dp;
	ifc->now = *att;
	ifc->removed_limit = (struct log_limit)LOG_LIMIT(REMOVED_LOGGED, REMOVED_PACE_NS);
	dp->interfaces[dp->n_interfaces++] = ifc;
	return ifc;
}

/* Frees `ifc`, which is not busy, and to which nothing is attached. */
static void interface_drop(struct dp_interface *ifc)
{
	struct datapath *dp = ifc->dp;
	unsigned int i = 0;

	while (dp->interfaces[i] != ifc)
		i++;
	dp->interfaces[i] = dp->interfaces[--dp->n_interfaces];
	dp_attachment_forget(&ifc->now);
	free(ifc);
}

static int adopt(void *ctx, const struct dp_attachment *att)
{
	return interface_add(ctx, att) ? 0 : -ENOMEM;
}

int dp_interfaces_adopt(struct datapath *dp)
{
	return dp_attachments_scan(dp->dir, adopt, dp);
}

/* --- the job --- */

static void give(struct dp_interface *ifc, bool detach);

static struct dp_interface *interface_of(struct worker_job *job)
{
	return (struct dp_interface *)((char *)job - offsetof(struct dp_interface, job));
}

/* Also reads the present name of the interface, because it may have been renamed. */
static bool is_gone(struct dp_attachment *att)
{
	char name[IF_NAMESIZE];

	if (!if_indextoname(att->ifindex, name))
		return errno == ENXIO;
	memcpy(att->name, name, sizeof(att->name));
	return false;
}

/* In the thread. */
static void run(struct worker_job *job)
{
	struct dp_interface *ifc = interface_of(job);
	const struct datapath *dp = ifc->dp;

	ifc->ran = true;
	if (!is_gone(&ifc->work)) {
		if (ifc->detach)
			dp->mode->detach(dp, &ifc->work);
		else
			dp->mode->attach(dp, &ifc->work, &ifc->attempt);
	}
	if (is_gone(&ifc->work)) { /* also if it has disappeared meanwhile */
		ifc->attempt.gone = true;
		dp_attachment_unpin(dp->dir, &ifc->work);
	}
}

static void log_attempt(struct dp_interface *ifc, bool first)
{
	const struct dp_attachment *now = &ifc->now;
	const struct dp_attempt *attempt = &ifc->attempt;
	bool removed = attempt->in_removed || attempt->out_removed;
	const char *colon = now->reason[0] ? ": " : "";

	if (first)
		log_line(now->reason[0] ? LOG_LV_WARN : LOG_LV_INFO, "datapath: %s: %s%s%s",
			 now->name, mode_names[now->attach], colon, now->reason);
	else if (removed && log_allow(&ifc->removed_limit, loop_clock(), NULL))
		log_error("datapath: %s: somebody removed Holdfast's program at %s: now %s%s%s",
			  now->name, attempt->in_removed ? "ingress" : "egress",
			  mode_names[now->attach], colon, now->reason);
}

/* Logs the result of the attempt, and reports a changed result to datapath_attached_fn. */
static void interface_report_attempt(struct dp_interface *ifc)
{
	struct datapath *dp = ifc->dp;
	bool first = !ifc->tried || ifc->err != ifc->attempt.err;

	ifc->tried = true;
	ifc->err = ifc->attempt.err;
	log_attempt(ifc, first && !ifc->attempt.in_removed);
	if (first && dp->attached_fn)
		dp->attached_fn(dp->attached_ctx, ifc->now.ifindex, ifc->err);
}

/* In the loop. */
static void done(struct worker_job *job)
{
	struct dp_interface *ifc = interface_of(job);
	bool again = ifc->again;

	ifc->busy = false;
	ifc->again = false;
	ifc->now = ifc->work;
	if (ifc->attempt.gone || (ifc->detach && !ifc->claimed)) {
		interface_drop(ifc);
		return;
	}
	if (ifc->detach)
		ifc->tried = false;
	else
		interface_report_attempt(ifc);
	if (!ifc->claimed)
		give(ifc, true);
	else if (ifc->detach || again)
		give(ifc, false);
}

/* Starts the job of `ifc`. Without a thread the job is done when this returns, and `ifc` may have
 * been freed. */
static void give(struct dp_interface *ifc, bool detach)
{
	struct worker *worker = ifc->dp->worker;

	ifc->busy = true;
	ifc->ran = false;
	ifc->detach = detach;
	ifc->work = ifc->now;
	ifc->work.reflects = ifc->reflects;
	ifc->attempt = (struct dp_attempt){0};
	ifc->job = (struct worker_job){.run = run, .done = done};
	if (worker) {
		worker_give(worker, &ifc->job);
		return;
	}
	run(&ifc->job);
	done(&ifc->job);
}

/*
 * Frees the interfaces that do not exist any more; the kernel has removed their attachments. To ask
 * for each costs three system calls. So a large table is pruned only when it is full: then the cost
 * for each new interface does not grow with their number.
 */
static void prune(struct datapath *dp)
{
	if (dp->n_interfaces > PRUNE_ALWAYS && dp->n_interfaces < dp->max_interfaces)
		return;
	for (unsigned int i = dp->n_interfaces; i-- > 0;) {
		struct dp_interface *ifc = dp->interfaces[i];

		if (ifc->busy || !is_gone(&ifc->now))
			continue;
		dp_attachment_unpin(dp->dir, &ifc->now);
		interface_drop(ifc);
	}
}

/* --- public functions --- */

/* Finds or adds the interface `ifindex`. 0, -ENODEV or -ENOMEM. */
static int interface_take(struct datapath *dp, uint32_t ifindex, struct dp_interface **ifc)
{
	struct dp_attachment att = {.ifindex = ifindex, .link_fd = -1};

	if (!if_indextoname(ifindex, att.name))
		return errno == ENXIO ? -ENODEV : -errno;
	*ifc = interface_find(dp, ifindex);
	if (!*ifc) {
		prune(dp);
		*ifc = interface_add(dp, &att);
	}
	return *ifc ? 0 : -ENOMEM;
}

int datapath_reflect(struct datapath *dp, uint32_t ifindex)
{
	struct dp_interface *ifc;
	int err = interface_take(dp, ifindex, &ifc);

	if (err < 0 || ifc->reflects)
		return err;
	ifc->reflects = true;
	if (ifc->claimed)
		dp_interfaces_verify(dp, ifindex);
	return 0;
}

int datapath_attach_interface(struct datapath *dp, uint32_t ifindex)
{
	struct dp_interface *ifc;
	int err = interface_take(dp, ifindex, &ifc);

	if (err < 0)
		return err;
	if (ifc->claimed && ifc->tried)
		return ifc->err;
	ifc->claimed = true;
	if (!ifc->busy)
		give(ifc, false);
	if (dp->worker)
		return -EINPROGRESS;
	ifc = interface_find(dp, ifindex);
	return ifc ? ifc->err : -ENODEV;
}

void datapath_release_interface(struct datapath *dp, uint32_t ifindex)
{
	struct dp_interface *ifc = interface_find(dp, ifindex);

	if (!ifc)
		return;
	ifc->claimed = false;
	ifc->tried = false; /* if it is attached again first, the result is reported again */
	dp_sweep_soon(dp);
}

void dp_interfaces_sweep(struct datapath *dp)
{
	for (unsigned int i = dp->n_interfaces; i-- > 0;) {
		struct dp_interface *ifc = dp->interfaces[i];

		if (!ifc->claimed && !ifc->busy)
			give(ifc, true);
	}
}

static void verify_one(struct dp_interface *ifc)
{
	if (!ifc->claimed)
		return;
	if (!ifc->busy && dp_xdp_removed(&ifc->now))
		ifc->deaf_until = mono_add(loop_now(ifc->dp->loop), VERIFY_NS);
	if (ifc->busy)
		ifc->again = true;
	else
		give(ifc, false);
}

void dp_interfaces_verify(struct datapath *dp, uint32_t ifindex)
{
	struct dp_interface *ifc = interface_find(dp, ifindex);

	if (ifc)
		verify_one(ifc);
}

/* Checks all interfaces soon, VERIFY_A_TURN in each turn. */
void dp_interfaces_verify_all(struct datapath *dp)
{
	dp->unverified = dp->n_interfaces;
	loop_arm(dp->loop, &dp->verify, loop_now(dp->loop));
}

/* The kernel does not report a detached XDP link, and with fast adverts the deadline passes before
 * the next check. For VERIFY_NS after the detection silence proves nothing. In this time the thread
 * attaches the program again, and the next adverts arrive. After it the silence counts, even if the
 * program is still missing. */
bool datapath_was_deaf(struct datapath *dp, uint32_t ifindex)
{
	struct dp_interface *ifc = interface_find(dp, ifindex);

	if (!ifc || !ifc->claimed)
		return false;
	if (!ifc->busy && dp_xdp_removed(&ifc->now))
		dp_interfaces_verify(dp, ifindex);
	return mono_is_set(ifc->deaf_until) && mono_before(loop_now(dp->loop), ifc->deaf_until);
}

/* Continues a round, which lasts VERIFY_NS with its pause. */
static void on_verify(struct loop_timer *timer)
{
	struct datapath *dp = timer->ctx;
	struct mono now = loop_now(dp->loop);

	if (dp->unverified == 0) {
		dp->unverified = dp->n_interfaces;
		dp->next_round = mono_add(now, VERIFY_NS);
	}
	if (dp->unverified > dp->n_interfaces)
		dp->unverified = dp->n_interfaces;
	for (int i = 0; i < VERIFY_A_TURN && dp->unverified > 0; i++)
		verify_one(dp->interfaces[--dp->unverified]);
	loop_arm(dp->loop, timer, dp->unverified > 0 ? now : dp->next_round);
}

int datapath_start_worker(struct datapath *dp, datapath_attached_fn fn, void *ctx)
{
	if (dp->mode == &dp_mode_raw)
		return 0; /* raw mode: attaching does not wait, and nothing can be removed */
	dp->worker = worker_create(dp->loop, "attachments");
	if (!dp->worker)
		return -errno;
	dp->attached_fn = fn;
	dp->attached_ctx = ctx;
	dp->tc_watch = dp_tc_watch_create(dp);
	if (!dp->tc_watch)
		log_warn("datapath: removed TC filters are noticed after half a second: %s",
			 strerror(errno));
	dp->verify = (struct loop_timer){.fn = on_verify, .ctx = dp, .name = "attachments"};
	loop_arm(dp->loop, &dp->verify, mono_add(loop_now(dp->loop), VERIFY_NS));
	return 0;
}

int datapath_set_worker_priority(struct datapath *dp, int priority)
{
	return dp->worker ? worker_set_priority(dp->worker, priority) : 0;
}

void dp_interfaces_close(struct datapath *dp, bool detach)
{
	loop_disarm(dp->loop, &dp->verify);
	dp_tc_watch_destroy(dp->tc_watch);
	dp->tc_watch = NULL;
	worker_destroy(dp->worker);
	dp->worker = NULL;
	dp->attached_fn = NULL;
	for (unsigned int i = dp->n_interfaces; i-- > 0;) {
		struct dp_interface *ifc = dp->interfaces[i];

		if (ifc->busy && ifc->ran)
			ifc->now = ifc->work;
		if (detach)
			dp->mode->detach(dp, &ifc->now);
		interface_drop(ifc);
	}
	free(dp->interfaces);
	dp->interfaces = NULL;
}

/* --- status --- */

bool datapath_bfd_hears(const struct datapath *dp, uint32_t ifindex)
{
	const struct dp_interface *ifc = interface_find(dp, ifindex);

	return ifc && (ifc->now.attach == DATAPATH_XDP || ifc->now.attach == DATAPATH_TC);
}

bool datapath_sees_egress(const struct datapath *dp, uint32_t ifindex)
{
	const struct dp_interface *ifc = interface_find(dp, ifindex);

	return ifc && ifc->claimed && ifc->now.out.on;
}

unsigned int datapath_interfaces(const struct datapath *dp)
{
	return dp->n_interfaces;
}

void datapath_interface_status(const struct datapath *dp, unsigned int index,
			       struct datapath_interface *out)
{
	const struct dp_attachment *now = &dp->interfaces[index]->now;

	*out = (struct datapath_interface){
	    .ifindex = now->ifindex, .attach = now->attach, .bpf_timer = dp->bpf_timer};
	memcpy(out->name, now->name, sizeof(out->name));
	memcpy(out->reason, now->reason, sizeof(out->reason));
}
