// SPDX-License-Identifier: BSD-2-Clause
/* Routes and rules of one machine. Their jobs go through the queue of address jobs, so that the
 * order of both is that of the one thread. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/addr.h"
#include "fake.h"

struct route_watch {
	route_gone_fn fn;
	void *ctx;
};

static int route_at(const struct route_job *job)
{
	for (unsigned int i = 0; i < fake->n_routes; i++) {
		const struct fake_route *r = &fake->routes[i];

		if (r->is_rule == job->is_rule &&
		    (r->is_rule ? net_rule_equal(&r->rule, &job->rule)
				: net_route_equal(&r->route, &job->route)))
			return (int)i;
	}
	return -1;
}

static const char *route_text(bool is_rule, const struct net_route *route,
			      const struct net_rule *rule, char text[NET_ROUTE_TEXT])
{
	return is_rule ? net_rule_format(rule, text) : net_route_format(route, text);
}

static int add_route(struct route_job *job)
{
	int at = route_at(job);

	if (fake->route_err < 0)
		return fake->route_err;
	job->was_there = at >= 0 && fake->routes[at].ours;
	if (at >= 0)
		return job->was_there ? 0 : -EEXIST;
	if (fake->n_routes == FAKE_ROUTES)
		return -ENOSPC;
	fake->routes[fake->n_routes++] =
	    (struct fake_route){job->is_rule, true, job->route, job->rule};
	return 0;
}

static int remove_route(const struct route_job *job)
{
	int at = route_at(job);

	if (at < 0 || !fake->routes[at].ours)
		return -ESRCH;
	fake->routes[at] = fake->routes[--fake->n_routes];
	return 0;
}

static void run_route(struct worker_job *work)
{
	struct route_job *job =
	    (struct route_job *)((char *)work - offsetof(struct route_job, work));
	bool adds = job->op == ROUTE_ADD;
	char text[NET_ROUTE_TEXT];

	job->was_there = false;
	job->err = adds ? add_route(job) : remove_route(job);
	if (adds || job->err == 0)
		fake_trace("%s %s%s", adds ? "add" : "remove",
			   route_text(job->is_rule, &job->route, &job->rule, text),
			   job->err < 0 ? " fails" : "");
}

static void done_route(struct worker_job *work)
{
	struct route_job *job =
	    (struct route_job *)((char *)work - offsetof(struct route_job, work));

	job->done(job);
}

void route_worker_give(struct address_worker *worker, struct route_job *job)
{
	job->work.run = run_route;
	job->work.done = done_route;
	if (fake->eager)
		run_route(&job->work);
	fake_queue(worker, &job->work);
}

bool fake_has_route(const char *want)
{
	char text[NET_ROUTE_TEXT];

	for (unsigned int i = 0; i < fake->n_routes; i++) {
		const struct fake_route *r = &fake->routes[i];

		if (strcmp(route_text(r->is_rule, &r->route, &r->rule, text), want) == 0)
			return true;
	}
	return false;
}

void fake_remove_route(const char *want, bool silently)
{
	char text[NET_ROUTE_TEXT];

	for (unsigned int i = 0; i < fake->n_routes; i++) {
		struct fake_route was = fake->routes[i];

		if (strcmp(route_text(was.is_rule, &was.route, &was.rule, text), want) != 0)
			continue;
		fake->routes[i] = fake->routes[--fake->n_routes];
		if (!silently && fake->route_watch)
			fake->route_watch->fn(fake->route_watch->ctx,
					      was.is_rule ? NULL : &was.route);
		fake_after_handler();
		return;
	}
}

struct route_watch *route_watch_create(struct loop *loop, route_gone_fn fn, void *ctx)
{
	struct route_watch *watch = calloc(1, sizeof(*watch)); /* owner: the engine */

	(void)loop;
	if (!watch)
		return NULL;
	*watch = (struct route_watch){fn, ctx};
	fake->route_watch = watch;
	return watch;
}

void route_watch_destroy(struct route_watch *watch)
{
	if (watch)
		fake->route_watch = NULL;
	free(watch);
}

int route_watch_filter(struct route_watch *watch, const uint8_t *protos, unsigned int n)
{
	(void)watch;
	(void)protos;
	(void)n;
	return 0;
}
