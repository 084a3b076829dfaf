// SPDX-License-Identifier: BSD-2-Clause
/*
 * The thread that reads the verdict counters of the kernel half. It owns the numbers that have been
 * reported. Rejected: an event for each refusal, because a forger would then control how often the
 * engine wakes. Rejected: a timer of the engine's loop, which would wake it every second without
 * need.
 */
#include "engine/observe/refusals.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/addr.h"

#define LOOK_MS	       1000
#define THREAD_STACK   (128 * 1024) /* only touched pages are locked: about 8 KB */
#define LINES_AT_ONCE  2	    /* of one reason; then one line in LINE_PERIOD_NS */
#define LINE_PERIOD_NS (10 * NS_PER_S)

struct refusals {
	struct datapath *dp;
	int stop_fd; /* readable: end */
	atomic_bool tells_unknown;
	pthread_t thread;
	struct refusal_count counts[HF_V_MAX];
};

bool refusal_is_one(uint32_t reason)
{
	return reason != HF_V_ACCEPTED && reason != HF_V_UNKNOWN_VRID &&
	       reason != HF_V_BFD + BFD_ACCEPTED;
}

uint64_t refusal_due(struct refusal_count *count, uint64_t seen, struct mono now)
{
	uint64_t n = seen - count->told;

	if (n == 0 || !log_allow(&count->limit, now, NULL))
		return 0;
	count->told = seen;
	return n;
}

static void log_refused(uint32_t reason, uint64_t n, const struct ipaddr *last)
{
	char text[IPADDR_TEXT];

	ipaddr_format(last, text);
	if (reason == HF_V_UNKNOWN_VRID)
		log_info("heard %llu adverts of virtual routers that are not ours, the last one "
			 "from %s",
			 (unsigned long long)n, text);
	else
		log_with(LOG_LV_WARN, LOG_FIELDS({"HF_REASON", datapath_verdict_name(reason)}),
			 "refused %llu %s (%s), the last one from %s", (unsigned long long)n,
			 reason < HF_V_BFD ? "adverts" : "BFD packets",
			 datapath_verdict_name(reason), text);
}

static void look(struct refusals *r)
{
	bool unknown = atomic_load(&r->tells_unknown);
	struct mono now = loop_clock();
	struct hf_verdict seen;

	for (uint32_t reason = 0; reason < HF_V_MAX; reason++) {
		bool told = refusal_is_one(reason) || (reason == HF_V_UNKNOWN_VRID && unknown);
		uint64_t n;

		if (datapath_verdict(r->dp, reason, &seen) < 0)
			continue;
		if (!told)
			r->counts[reason].told = seen.packets;
		n = refusal_due(&r->counts[reason], seen.packets, now);
		if (n > 0)
			log_refused(reason, n, &seen.last_source);
	}
}

void refusals_tell_unknown(struct refusals *refusals, bool on)
{
	atomic_store(&refusals->tells_unknown, on);
}

static void *watch(void *arg)
{
	struct refusals *r = arg;
	struct pollfd stop = {.fd = r->stop_fd, .events = POLLIN};

	while (poll(&stop, 1, LOOK_MS) <= 0)
		look(r);
	return NULL;
}

/* The counters may contain refusals of an earlier daemon, which has reported them. */
static void counts_init(struct refusals *r)
{
	struct hf_verdict seen;

	for (uint32_t reason = 0; reason < HF_V_MAX; reason++) {
		r->counts[reason].limit =
		    (struct log_limit)LOG_LIMIT(LINES_AT_ONCE, LINE_PERIOD_NS);
		if (datapath_verdict(r->dp, reason, &seen) == 0)
			r->counts[reason].told = seen.packets;
	}
}

int refusals_start(struct datapath *dp, struct refusals **out)
{
	struct refusals *r = calloc(1, sizeof(*r)); /* owner: *out */
	pthread_attr_t attr;
	int err;

	if (!r)
		return -ENOMEM;
	r->dp = dp;
	counts_init(r);
	r->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->stop_fd < 0) {
		err = -errno;
		free(r);
		return err;
	}
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, THREAD_STACK);
	err = -pthread_create(&r->thread, &attr, watch, r);
	pthread_attr_destroy(&attr);
	if (err < 0) {
		close(r->stop_fd);
		free(r);
		return err;
	}
	pthread_setname_np(r->thread, "refusals");
	*out = r;
	return 0;
}

void refusals_stop(struct refusals *r)
{
	if (!r)
		return;
	eventfd_write(r->stop_fd, 1);
	pthread_join(r->thread, NULL);
	close(r->stop_fd);
	free(r);
}
