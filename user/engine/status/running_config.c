// SPDX-License-Identifier: BSD-2-Clause
/*
 * CONTROL_CONFIG: prints the configuration in force, reads the file again and compares the two
 * prints. So layout and comments are no difference. The configuration in force is constant, and
 * only a reload replaces it, which the control thread starts after this has ended. So this thread
 * may read it while no reload is running. Rejected: comparing the file's time or checksum, which
 * misses includes and shows differences that change nothing.
 */
#include "engine/status/running_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/parser.h"
#include "control/control_request.h"
#include "engine/notify/commands.h"
#include "engine/state.h"

/* The output of config_dump(), allocated by malloc(); NULL: no memory. */
static char *print(const struct config *cfg)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int err;

	if (!f)
		return NULL;
	err = config_dump(cfg, f);
	if (fclose(f) == 0 && err == 0)
		return text;
	free(text);
	return NULL;
}

/* Compares the keys, which are not printed. Only called for equal prints, whose instances are the
 * same in the same order. */
static bool keys_differ(const struct config *a, const struct config *b)
{
	for (unsigned int i = 0; i < a->n_instances && i < b->n_instances; i++) {
		if (config_auth_keys_differ(&a->instances[i], &b->instances[i]))
			return true;
	}
	return false;
}

/* 1 if the file differs from `running`, whose print is `text`, or cannot be used; else 0; or
 * -ENOMEM. */
static int file_differs(const struct engine *engine, const struct config *running, const char *text)
{
	struct config *cfg = NULL;
	char *now = NULL;
	int result = 1;

	if (config_load(engine->opt->config_path, engine->opt->config_id, NULL, NULL, &cfg) ==
	    CONFIG_UNUSABLE)
		goto out;
	commands_find(cfg);
	now = print(cfg);
	result = now ? strcmp(text, now) != 0 || keys_differ(running, cfg) : -ENOMEM;
out:
	free(now);
	config_free(cfg);
	return result;
}

void running_config_show(void *ctx, struct control_request *req)
{
	struct engine *engine = ctx;
	int differs;

	if (atomic_load(&engine->reloading)) {
		control_request_refuse(req, "a reload is running; try again in a few seconds");
		return;
	}
	req->text = print(engine->cfg);
	differs = req->text ? file_differs(engine, engine->cfg, req->text) : -ENOMEM;
	if (differs < 0)
		control_request_refuse(req, "out of memory");
	req->file_differs = differs > 0;
}
