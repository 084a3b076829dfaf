// SPDX-License-Identifier: BSD-2-Clause
/*
 * Checks each command before it is run for the first time. It owns nothing. Permissions are
 * computed from the file modes. Rejected: a child that becomes the user and tries, because `-t` may
 * run without root.
 */
#include "engine/host/host_command.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runner/script_user.h"

#define MAX_GROUPS 256 /* groups of one user that are looked at */
#define SHEBANG	   256 /* octets of a script that the kernel reads (BINPRM_BUF_SIZE) */

void host_tell(struct host_check *h, const char *file, int line, bool error, const char *fmt, ...)
{
	char what[800], text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	h->errors += error;
	snprintf(text, sizeof(text), "%s:%d: %s%s", file, line, error ? "" : "warning: ", what);
	h->report(h->ctx, text);
}

#define TELL(h, cmd, error, ...) host_tell(h, (cmd)->file, (cmd)->line, error, __VA_ARGS__)

/* --- the file --- */

/* Why `path` cannot be executed by anybody, or NULL. */
static const char *not_executable(const char *path)
{
	struct stat st;

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

/* Copies the interpreter of a script to `name`; "" if `path` does not begin with "#!". */
static void read_interpreter(const char *path, char name[SHEBANG])
{
	char line[SHEBANG];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd >= 0 ? read(fd, line, sizeof(line) - 1) : -1;
	size_t blanks;

	if (fd >= 0)
		close(fd);
	line[n > 0 ? n : 0] = '\0';
	name[0] = '\0';
	if (line[0] != '#' || line[1] != '!')
		return;
	blanks = strspn(line + 2, " \t");
	snprintf(name, SHEBANG, "%.*s", (int)strcspn(line + 2 + blanks, " \t\n"),
		 line + 2 + blanks);
}

/* If the interpreter in a script's first line is missing, exec fails with "No such file". */
static void check_interpreter(struct host_check *h, const struct cfg_command *cmd, const char *path,
			      bool check)
{
	char name[SHEBANG];
	size_t len;

	read_interpreter(path, name);
	len = strlen(name);
	if (len > 0 && name[len - 1] == '\r')
		TELL(h, cmd, check,
		     "'%s' cannot be run: its lines end in CR LF, so its interpreter is not found; "
		     "convert it: sed -i 's/\\r$//' %s",
		     path, path);
	else if (len > 0 && not_executable(name))
		TELL(h, cmd, check, "'%s' cannot be run: its interpreter '%s' %s", path, name,
		     not_executable(name));
}

/* --- the user --- */

struct identity {
	struct runner_user user;
	gid_t groups[MAX_GROUPS];
	int n_groups;
};

static void find_groups(struct identity *id)
{
	const struct passwd *pw = getpwuid(id->user.uid);

	id->n_groups = MAX_GROUPS;
	if (!pw || getgrouplist(pw->pw_name, id->user.gid, id->groups, &id->n_groups) < 0) {
		id->groups[0] = id->user.gid;
		id->n_groups = 1;
	}
}

/* True if the mode of `st` gives `id` the permissions `want` (4 read, 2 write, 1 execute). */
static bool may(const struct identity *id, const struct stat *st, unsigned int want)
{
	unsigned int bits = st->st_mode & 7;

	for (int i = 0; i < id->n_groups; i++) {
		if (id->groups[i] == st->st_gid)
			bits = st->st_mode >> 3 & 7;
	}
	if (id->user.uid == st->st_uid)
		bits = st->st_mode >> 6 & 7;
	return (bits & want) == want;
}

size_t host_blocked_at(const struct runner_user *user, const char *path, bool read)
{
	struct identity id = {.user = *user};
	char prefix[PATH_MAX];
	struct stat st;
	size_t len = 1;

	find_groups(&id);
	for (;;) {
		bool last = path[len] == '\0' && len > 1;
		unsigned int want = !last ? 1 : read ? 4 : 1;

		snprintf(prefix, sizeof(prefix), "%.*s", (int)len, path);
		if (stat(prefix, &st) < 0 || !may(&id, &st, want))
			return len;
		if (last)
			return 0;
		len += strspn(path + len, "/");
		len += strcspn(path + len, "/");
	}
}

static void check_permission(struct host_check *h, const struct cfg_command *cmd, const char *path,
			     const struct runner_user *user, bool check)
{
	const struct passwd *pw;
	char script[SHEBANG];
	size_t at;

	if (user->uid == 0)
		return;
	read_interpreter(path, script);
	at = host_blocked_at(user, path, false);
	if (at == 0 && script[0])
		at = host_blocked_at(user, path, true); /* the interpreter must read it */
	pw = getpwuid(user->uid);
	if (at > 0)
		TELL(h, cmd, check,
		     "'%s' cannot be run by the user %s: no permission for %.*s; correct its mode "
		     "or its owner",
		     path, pw ? pw->pw_name : "it names", (int)at, path);
}

/* --- the command --- */

/* The first argument that only a shell understands, or NULL. */
static const char *shell_word(const struct cfg_command *cmd)
{
	static const char *const words[] = {"|", "||", "&&", "&", ">", ">>", "2>", "2>&1", "&>"};
	static const char *const begins[] = {">/", ">>/", "2>/", "&>/", ">&"};

	for (int i = 1; i < cmd->argc; i++) {
		for (size_t n = 0; n < sizeof(words) / sizeof(words[0]); n++) {
			if (strcmp(cmd->argv[i], words[n]) == 0)
				return cmd->argv[i];
		}
		for (size_t n = 0; n < sizeof(begins) / sizeof(begins[0]); n++) {
			if (strncmp(cmd->argv[i], begins[n], strlen(begins[n])) == 0)
				return cmd->argv[i];
		}
	}
	return NULL;
}

static void check_security(struct host_check *h, const struct cfg_command *cmd, const char *path)
{
	char why[COMMANDS_WHY];

	if (!h->cfg->script_security && script_check_security(path, why, sizeof(why)) == -EACCES)
		TELL(h, cmd, false,
		     "'%s' is run as root, and others can change it: %s; correct that, and set "
		     "enable_script_security",
		     path, why);
}

/* A missing quote can be the reason: then an argument of the command was read as its user. */
static void tell_not_run(struct host_check *h, const struct cfg_command *cmd, bool check,
			 const char *why)
{
	if (cmd->user)
		TELL(h, cmd, check,
		     "'%s' is not run: %s; correct that, or put the whole command in double quotes "
		     "if '%s' is an argument",
		     cmd->argv[0], why, cmd->user);
	else
		TELL(h, cmd, check || !h->users.known, "'%s' is not run: %s", cmd->argv[0], why);
}

static void check_command(void *ctx, struct cfg_command *cmd, bool check)
{
	const char *wrong, *word = shell_word(cmd);
	struct host_check *h = ctx;
	char path[PATH_MAX], why[COMMANDS_WHY];
	struct runner_user user;

	if (script_find(cmd->argv[0], path) < 0) {
		TELL(h, cmd, check, "'%s' is not in PATH; write the path of a command",
		     cmd->argv[0]);
		return;
	}
	wrong = not_executable(path);
	if (wrong) {
		TELL(h, cmd, check, "'%s' %s", cmd->argv[0], wrong);
		return;
	}
	if (word)
		TELL(h, cmd, false,
		     "'%s' is handed to %s as an argument, because no shell reads the line; write "
		     "\"/bin/sh -c '...'\" around it",
		     word, cmd->argv[0]);
	if (!commands_may_run(&h->users, cmd, &user, why)) {
		tell_not_run(h, cmd, check, why);
		return;
	}
	if (user.uid == 0)
		check_security(h, cmd, path);
	check_permission(h, cmd, path, &user, check);
	check_interpreter(h, cmd, path, check);
}

/* --- setuid commands, FIFOs, script_user --- */

/* Warns of a setuid or setgid check, which runs with no_new_privs. Only the command itself is
 * checked, not the programs that a script calls. */
static void check_confined(struct host_check *h, const struct cfg_script *script)
{
	const struct cfg_command *cmd = &script->command;
	char path[PATH_MAX];
	struct stat st;

	if (script->new_privileges || cmd->argc == 0 || script_find(cmd->argv[0], path) < 0 ||
	    stat(path, &st) < 0)
		return;
	if (st.st_mode & (S_ISUID | S_ISGID))
		TELL(h, cmd, false,
		     "'%s' gains privileges when it is run, which a check does not by itself; add "
		     "new_privileges to %s, or name the user that it needs",
		     cmd->argv[0], script->name);
}

static void check_fifo(struct host_check *h, const struct cfg_fifo *fifo)
{
	struct runner_user user;
	char why[96];

	if (fifo->user && script_user_resolve(fifo->user, fifo->group, &user, why, sizeof(why)) < 0)
		host_tell(h, h->path, fifo->line, false,
			  "the FIFO %s belongs to root: %s; correct that", fifo->path, why);
}

void host_check_commands(struct host_check *h)
{
	const struct config *c = h->cfg;

	commands_find_users(c, &h->users);
	if (!h->users.known && c->script_user)
		host_tell(
		    h, c->script_user_file, c->script_user_line, true,
		    "%s for script_user, so a command that names no user is not run; create it",
		    h->users.why);
	commands_each(h->cfg, check_command, h);
	for (unsigned int n = 0; n < c->n_scripts; n++) {
		if (c->scripts[n].kind == CFG_CHECK_SCRIPT)
			check_confined(h, &c->scripts[n]);
	}
	check_fifo(h, &c->globals.notify_fifo);
	check_fifo(h, &c->globals.vrrp_notify_fifo);
}
