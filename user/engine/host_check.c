// SPDX-License-Identifier: BSD-2-Clause
/*
 * Looks for what a configuration names on this host. It owns nothing. Rejected: asking while the
 * file is parsed, which would make the parser's answer depend on the machine it runs on, and its
 * tests and fuzzer with it.
 */
#include "engine/host_check.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "health/script_user.h"

#define DEFAULT_SCRIPT_USER "keepalived_script"

struct host_check {
	const struct config *cfg;
	const char *path;
	config_report_fn report;
	void *ctx;
	struct runner_user user; /* who runs what names nobody */
	unsigned int errors;
};

__attribute__((format(printf, 4, 5))) static void tell(const struct host_check *h, const char *file,
						       int line, const char *fmt, ...)
{
	char what[800], text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	snprintf(text, sizeof(text), "%s:%d: %s", file, line, what);
	h->report(h->ctx, text);
}

/* As tell(), of a command: an error where it decides, a warning where it is only told. */
#define TELL(h, cmd, decides, fmt, ...)                                                            \
	do {                                                                                       \
		(h)->errors += (decides);                                                          \
		tell(h, (cmd)->file, (cmd)->line, "%s" fmt,                                        \
		     (decides) ? "" : "warning: ", __VA_ARGS__);                                   \
	} while (0)

/* --- commands ---------------------------------------------------------------------------------*/

/* Is `name`, without a slash, in one of the folders that it is looked for in? */
static bool is_in_path(const char *name)
{
	const char *folder = getenv("PATH");
	char path[PATH_MAX];

	for (size_t len; folder; folder = folder[len] ? folder + len + 1 : NULL) {
		len = strcspn(folder, ":");
		snprintf(path, sizeof(path), "%.*s/%s", (int)len, folder, name);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

/* Why `path` cannot be executed, or NULL. */
static const char *not_executable(const char *path)
{
	struct stat st;

	if (!strchr(path, '/'))
		return is_in_path(path) ? NULL : "is not in PATH; write the path of a command";
	if (path[0] != '/')
		return "is no absolute path; write it from / on";
	if (stat(path, &st) < 0)
		return errno == ENOENT ? "does not exist; install it, or correct the path"
				       : "cannot be looked at; correct its permissions";
	if (!S_ISREG(st.st_mode))
		return "is no file; write the path of a command";
	if ((st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0)
		return "is not executable; chmod +x it";
	return NULL;
}

static void check_security(struct host_check *h, const struct cfg_command *cmd, bool decides)
{
	char why[160];
	int err = script_check_security(cmd->argv[0], why, sizeof(why));

	if (err < 0 && h->cfg->script_security)
		TELL(h, cmd, decides,
		     "'%s' is not run as root: %s; correct that, or name a user behind it",
		     cmd->argv[0], why);
	else if (err == -EACCES)
		TELL(h, cmd, false,
		     "'%s' is run as root, and others can change it: %s; correct that, and set "
		     "enable_script_security",
		     cmd->argv[0], why);
}

static void check_command(struct host_check *h, const struct cfg_command *cmd, bool decides)
{
	struct runner_user user = h->user;
	const char *wrong;

	if (cmd->argc == 0)
		return;
	wrong = not_executable(cmd->argv[0]);
	if (wrong)
		TELL(h, cmd, decides, "'%s' %s", cmd->argv[0], wrong);
	else if (cmd->user && script_user_resolve(cmd->user, cmd->group, &user) < 0)
		TELL(h, cmd, decides,
		     "there is no user %s%s%s, so %s is not run; create it, or put the whole "
		     "command in double quotes if it is an argument",
		     cmd->user, cmd->group ? " or group " : "", cmd->group ? cmd->group : "",
		     cmd->argv[0]);
	else if (user.uid == 0)
		check_security(h, cmd, decides);
}

/* Of what a script calls nothing is known here: only of the command itself. */
static void check_confined(struct host_check *h, const struct cfg_script *script)
{
	const struct cfg_command *cmd = &script->command;
	struct stat st;

	if (script->new_privileges || cmd->argc == 0 || stat(cmd->argv[0], &st) < 0)
		return;
	if (st.st_mode & (S_ISUID | S_ISGID))
		TELL(h, cmd, false,
		     "'%s' gains privileges when it is run, which a check does not by itself; add "
		     "new_privileges to %s, or name the user that it needs",
		     cmd->argv[0], script->name);
}

static void check_notify(struct host_check *h, const struct cfg_notify *n)
{
	const struct cfg_command *const all[] = {&n->master,  &n->backup, &n->fault,   &n->stop,
						 &n->deleted, &n->any,	  &n->rx_lower};

	for (unsigned int i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		check_command(h, all[i], false);
}

static void check_default_user(struct host_check *h)
{
	const struct config *c = h->cfg;

	if (script_user_resolve(c->script_user ? c->script_user : DEFAULT_SCRIPT_USER,
				c->script_group, &h->user) == 0)
		return;
	h->user = (struct runner_user){0, 0};
	if (!c->script_user)
		return;
	tell(h, h->path, 1, "there is no user %s%s%s for script_user; create it", c->script_user,
	     c->script_group ? " or group " : "", c->script_group ? c->script_group : "");
	h->errors++;
}

/* --- instances --------------------------------------------------------------------------------*/

static void check_interface(struct host_check *h, const struct cfg_instance *i, const char *name)
{
	if (if_nametoindex(name) == 0)
		tell(h, i->file, i->line,
		     "warning: %s: there is no interface %s now; correct the name unless it will "
		     "appear",
		     i->name, name);
}

static void check_instance(struct host_check *h, const struct cfg_instance *i)
{
	check_interface(h, i, i->interface);
	for (unsigned int n = 0; n < i->track.n_interfaces; n++)
		check_interface(h, i, i->track.interfaces[n].interface);
	for (unsigned int n = 0; n < i->n_vips; n++) {
		if (strcmp(i->vips[n].dev, i->interface) != 0)
			check_interface(h, i, i->vips[n].dev);
	}
	if (!i->given_priority)
		tell(h, i->file, i->line,
		     "warning: %s: no priority, so it is %d as on every node that names none, and "
		     "the higher address decides; add: priority N",
		     i->name, i->priority);
	check_notify(h, &i->notify);
}

unsigned int host_check(const struct config *cfg, const char *path, config_report_fn report,
			void *ctx)
{
	struct host_check h = {.cfg = cfg, .path = path, .report = report, .ctx = ctx};

	check_default_user(&h);
	for (unsigned int n = 0; n < cfg->n_scripts; n++) {
		if (cfg->scripts[n].kind != CFG_CHECK_SCRIPT)
			continue;
		check_command(&h, &cfg->scripts[n].command, true);
		check_confined(&h, &cfg->scripts[n]);
	}
	for (unsigned int n = 0; n < cfg->n_instances; n++)
		check_instance(&h, &cfg->instances[n]);
	for (unsigned int n = 0; n < cfg->n_groups; n++)
		check_notify(&h, &cfg->groups[n].notify);
	check_command(&h, &cfg->globals.notify_fifo_script, false);
	check_command(&h, &cfg->globals.vrrp_notify_fifo_script, false);
	return h.errors;
}
