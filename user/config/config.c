// SPDX-License-Identifier: BSD-2-Clause
/*
 * Reads a configuration from a file or from memory and frees it: the join of text, parser and
 * completion, and the only part of config/ that opens files. Owns nothing between calls.
 */
#include "config/config.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/parser.h"

/* --- freeing --- */

void config_command_free(struct cfg_command *c)
{
	for (int i = 0; i < c->argc; i++)
		free(c->argv[i]);
	free(c->argv);
	free(c->user);
	free(c->group);
	free(c->file);
	*c = (struct cfg_command){0};
}

static void notify_free(struct cfg_notify *n)
{
	config_command_free(&n->master);
	config_command_free(&n->backup);
	config_command_free(&n->fault);
	config_command_free(&n->stop);
	config_command_free(&n->deleted);
	config_command_free(&n->any);
	config_command_free(&n->rx_lower);
}

void config_instance_free(struct cfg_instance *i)
{
	free(i->name);
	free(i->file);
	free(i->peers);
	free(i->vips);
	free(i->excluded);
	config_tracking_free(&i->track);
	free(i->disable_file);
	free(i->announce.prefixes);
	notify_free(&i->notify);
}

void config_bgp_free(struct cfg_bgp *b)
{
	for (unsigned int n = 0; n < b->n_neighbors; n++)
		free(b->neighbors[n].password);
	free(b->neighbors);
	free(b->name);
}

static void fifo_free(struct cfg_fifo *fifo)
{
	free(fifo->path);
	free(fifo->user);
	free(fifo->group);
}

static void globals_free(struct cfg_globals *g)
{
	free(g->disable_file);
	fifo_free(&g->notify_fifo);
	fifo_free(&g->vrrp_notify_fifo);
	config_command_free(&g->notify_fifo_script);
	config_command_free(&g->vrrp_notify_fifo_script);
	config_command_free(&g->startup_script);
	config_command_free(&g->shutdown_script);
}

void config_free(struct config *cfg)
{
	if (!cfg)
		return;
	for (unsigned int i = 0; i < cfg->n_instances; i++)
		config_instance_free(&cfg->instances[i]);
	for (unsigned int i = 0; i < cfg->n_scripts; i++)
		config_script_free(&cfg->scripts[i]);
	for (unsigned int i = 0; i < cfg->n_bgp; i++)
		config_bgp_free(&cfg->bgp[i]);
	for (unsigned int i = 0; i < cfg->n_files; i++) {
		free(cfg->files[i].name);
		free(cfg->files[i].path);
	}
	for (unsigned int i = 0; i < cfg->n_processes; i++) {
		free(cfg->processes[i].name);
		config_command_free(&cfg->processes[i].command);
	}
	for (unsigned int i = 0; i < cfg->n_groups; i++) {
		free(cfg->groups[i].name);
		free(cfg->groups[i].members);
		config_tracking_free(&cfg->groups[i].track);
		notify_free(&cfg->groups[i].notify);
	}
	globals_free(&cfg->globals);
	free(cfg->router_id);
	free(cfg->script_user);
	free(cfg->script_group);
	free(cfg->instances);
	free(cfg->scripts);
	free(cfg->bgp);
	free(cfg->files);
	free(cfg->processes);
	free(cfg->groups);
	free(cfg->link_delays);
	free(cfg);
}

void parser_draft_free(struct draft *d)
{
	free(d->bgp);
}

static void parser_free(struct parser *p)
{
	if (!p)
		return;
	for (unsigned int i = 0; i < p->n_drafts; i++)
		parser_draft_free(&p->drafts[i]);
	for (unsigned int i = 0; i < p->n_group_drafts; i++) {
		for (unsigned int n = 0; n < p->group_drafts[i].n; n++)
			free(p->group_drafts[i].names[n].name);
		free(p->group_drafts[i].names);
	}
	free(p->drafts);
	free(p->bgp_drafts);
	free(p->group_drafts);
	conf_text_destroy(p->text);
	config_free(p->cfg);
	free(p);
}

/* --- files --- */

/* The whole of a regular file, or of a pipe, in *data (malloc'ed). 0 or -errno. */
static int read_file(const char *path, char **data, size_t *len)
{
	FILE *f = fopen(path, "re");
	size_t size = 0, got;
	struct stat st;
	int rc = 0;

	*data = NULL;
	*len = 0;
	if (!f)
		return -errno;
	if (fstat(fileno(f), &st) < 0 || S_ISDIR(st.st_mode)) {
		fclose(f);
		return -EISDIR;
	}
	do {
		char *more = size < TEXT_MAX_SIZE + 1 ? realloc(*data, size + 65536) : NULL;

		if (!more) {
			rc = size ? -EFBIG : -ENOMEM;
			break;
		}
		*data = more;
		size += 65536;
		got = fread(*data + *len, 1, size - *len, f);
		*len += got;
	} while (*len == size);
	if (rc == 0 && ferror(f))
		rc = -EIO;
	fclose(f);
	if (rc < 0)
		free(*data);
	return rc;
}

static int push_file(struct conf_text *t, const char *path)
{
	char *data;
	size_t len;
	int rc = read_file(path, &data, &len);

	return rc < 0 ? rc : conf_text_push(t, path, data, len);
}

/* The files that `pattern` names, relative to the file that includes them. */
static int include(void *ctx, struct conf_text *t, const char *pattern)
{
	const char *from = conf_text_file(t), *slash = strrchr(from, '/');
	char full[PATH_MAX];
	glob_t found = {0};
	int rc = 0, n;

	(void)ctx;
	if (*pattern == '/' || !slash)
		n = snprintf(full, sizeof(full), "%s", pattern);
	else
		n = snprintf(full, sizeof(full), "%.*s/%s", (int)(slash - from), from, pattern);
	if (n < 0 || (size_t)n >= sizeof(full))
		return -ENAMETOOLONG;
	n = glob(full, GLOB_BRACE, NULL, &found);
	if (n != 0)
		return n == GLOB_NOMATCH ? -ENOENT : -ENOMEM;
	for (size_t i = found.gl_pathc; rc == 0 && i > 0; i--)
		rc = push_file(t, found.gl_pathv[i - 1]);
	globfree(&found);
	return rc;
}

static void complain(void *ctx, bool error, const char *file, int line, const char *what)
{
	if (error)
		parser_error_at(ctx, file, line, "%s", what);
	else
		parser_warn_at(ctx, file, line, "%s", what);
}

/* --- the whole --- */

/* keepalived's default for @id: the host's name up to the first dot. */
static void host_id(char *buf, size_t size)
{
	if (gethostname(buf, size) < 0)
		buf[0] = '\0';
	buf[size - 1] = '\0';
	buf[strcspn(buf, ".")] = '\0';
}

static struct parser *parser_new(const char *config_id, bool files, config_report_fn report,
				 void *ctx)
{
	struct parser *p = calloc(1, sizeof(*p));
	struct text_hooks hooks = {
	    .include = files ? include : NULL, .complain = complain, .ctx = p};
	char id[HOST_NAME_MAX + 1];

	if (!p)
		return NULL;
	host_id(id, sizeof(id));
	p->report = report;
	p->ctx = ctx;
	p->cfg = calloc(1, sizeof(*p->cfg));
	p->text = conf_text_create(&hooks, config_id ? config_id : id);
	if (!p->cfg || !p->text) {
		parser_free(p);
		return NULL;
	}
	globals_set_defaults(&p->cfg->globals);
	return p;
}

/* Reads what has been pushed, fills in, and tells how good it is. Takes `p`. */
static enum config_verdict finish(struct parser *p, const char *name, struct config **out)
{
	enum config_verdict verdict;

	parser_run(p);
	complete_bgp(p);
	complete_instances(p);
	complete_groups(p);
	warn_of_scripts(p);
	if (p->cfg->n_instances == 0 && p->errors == 0)
		parser_warn_at(p, name, 0, "no vrrp_instance: there is nothing to do; add one");
	verdict = p->errors == 0 ? CONFIG_GOOD : CONFIG_USABLE_WITH_ERRORS;
	if (p->failed || (p->errors > 0 && p->cfg->n_instances == 0)) {
		parser_error_at(p, name, 0,
				"no vrrp_instance can be used; correct the errors above");
		verdict = CONFIG_UNUSABLE;
	}
	if (verdict != CONFIG_UNUSABLE) {
		*out = p->cfg;
		p->cfg = NULL;
	}
	parser_free(p);
	return verdict;
}

enum config_verdict config_load(const char *path, const char *config_id, config_report_fn report,
				void *ctx, struct config **out)
{
	struct parser *p = parser_new(config_id, true, report, ctx);
	int rc;

	*out = NULL;
	if (!p)
		return CONFIG_UNUSABLE;
	rc = push_file(p->text, path);
	if (rc < 0) {
		parser_error_at(p, path, 0, "cannot be read: %s", strerror(-rc));
		parser_free(p);
		return CONFIG_UNUSABLE;
	}
	return finish(p, path, out);
}

enum config_verdict config_parse_text(const char *name, const char *text, size_t len,
				      const char *config_id, config_report_fn report, void *ctx,
				      struct config **out)
{
	struct parser *p = parser_new(config_id, false, report, ctx);
	char *copy = malloc(len + 1);

	*out = NULL;
	if (!p || !copy) {
		free(copy);
		parser_free(p);
		return CONFIG_UNUSABLE;
	}
	if (len > 0)
		memcpy(copy, text, len);
	if (conf_text_push(p->text, name, copy, len) < 0) {
		parser_error_at(p, name, 0, "cannot be read: too large");
		parser_free(p);
		return CONFIG_UNUSABLE;
	}
	return finish(p, name, out);
}
