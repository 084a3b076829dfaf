// SPDX-License-Identifier: BSD-2-Clause
/*
 * Services under a new configuration. A service is identified by its name. For an unchanged service
 * only pointers move. First the prefixes that services no longer announce are withdrawn
 * (reload_withdraw.c), then all services announce new ones. So a prefix can move from one service
 * to another.
 */
#include <errno.h>
#include <string.h>

#include "core/log.h"
#include "engine/reload/reload.h"

static unsigned int old_service(const struct engine *engine, const struct service *svc)
{
	return (unsigned int)(svc->cfg - engine->cfg->services);
}

void reload_retire_services(struct engine *engine, const struct reload *r)
{
	struct service *svc;

	ENGINE_EACH_SERVICE (engine, svc)
		svc->retiring = r->diff->service_now[old_service(engine, svc)] < 0;
}

bool reload_services_released(struct engine *engine)
{
	struct service *svc;

	ENGINE_EACH_SERVICE (engine, svc) {
		if (svc->retiring && !service_is_stopped(svc))
			return false;
	}
	return true;
}

bool reload_services_told(struct engine *engine)
{
	struct service *svc;

	ENGINE_EACH_SERVICE (engine, svc) {
		if (svc->retiring && svc->notice.due)
			return false;
	}
	return true;
}

/* A service that continues is not copied, because timers and the inbox point to it. */
void reload_take_services(struct engine *engine, struct reload *r)
{
	for (unsigned int i = 0; i < r->n_services; i++) {
		int was = r->diff->services[i].was;

		if (was >= 0)
			r->services[i] = engine->services[was];
	}
}

void reload_rebind_services(struct engine *engine, struct reload *r)
{
	for (unsigned int i = 0; i < r->n_services; i++) {
		struct service *svc = engine->services[i];
		struct reload_service *part = &r->service_parts[i];

		if (svc &&
		    service_rebind(svc, &engine->cfg->services[i], part->notifiers, &part->links))
			r->asks_links = true;
	}
}

bool reload_visit_service(struct engine *engine, const struct reload *r, unsigned int at)
{
	struct service *svc = engine->services[at];

	if (!svc || (r->stage != RELOAD_CHANGE && !svc->retiring))
		return false;
	if (r->stage == RELOAD_STOP) {
		service_stop(svc);
	} else if (r->stage == RELOAD_DESTROY) {
		log_info("%s: removed by the reload", svc->cfg->name);
		service_destroy(svc);
		engine->services[at] = NULL;
	} else if (r->diff->services[at].changed) {
		service_reconfigure(svc);
	} else {
		return false;
	}
	return true;
}

bool reload_create_service(struct engine *engine, const struct reload *r, unsigned int i)
{
	struct service *svc;

	if (engine->services[i])
		return false;
	svc = engine->services[i] = service_create(engine, &engine->cfg->services[i]);
	if (svc)
		memcpy(svc->notifiers, r->service_parts[i].notifiers, sizeof(svc->notifiers));
	else
		log_error("%s: cannot be created: %s", engine->cfg->services[i].name,
			  strerror(errno));
	return true;
}
