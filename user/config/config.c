// SPDX-License-Identifier: BSD-2-Clause
/*
 * Reads a configuration from a file or from memory, and frees it. This file calls the text layer,
 * the parser and the completion in turn, and is the only part of config/ that opens configuration
 * files. It owns nothing between calls.
 */
#include "config/config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/parser.h"
#include "core/secret.h"

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
	config_command_free(&n->up);
	config_command_free(&n->down);
	config_command_free(&n->drained);
	config_command_free(&n->before);
}

void config_announce_free(struct cfg_announce *a)
{
	free(a->bgp_name);
	free(a->prefixes);
}

void config_instance_free(struct cfg_instance *i)
{
	free(i->name);
	free(i->file);
	free(i->peers);
	free(i->vips);
	free(i->excluded);
	free(i->routes);
	free(i->rules);
	config_tracking_free(&i->track);
	free(i->disable_file);
	config_announce_free(&i->announce);
	notify_free(&i->notify);
	config_auth_free(i->auth);
}

void config_group_free(struct cfg_group *g)
{
	free(g->name);
	free(g->members);
	config_tracking_free(&g->track);
	notify_free(&g->notify);
}

void config_service_free(struct cfg_service *s)
{
	free(s->name);
	free(s->file);
	free(s->disable_file);
	config_announce_free(&s->announce);
	config_tracking_free(&s->track);
	notify_free(&s->notify);
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
	for (unsigned int i = 0; i < cfg->n_traffic; i++)
		config_traffic_free(&cfg->traffic[i]);
	for (unsigned int i = 0; i < cfg->n_bfds; i++)
		free(cfg->bfds[i].name);
	for (unsigned int i = 0; i < cfg->n_groups; i++)
		config_group_free(&cfg->groups[i]);
	for (unsigned int i = 0; i < cfg->n_services; i++)
		config_service_free(&cfg->services[i]);
	for (unsigned int i = 0; i < cfg->n_sources; i++)
		free(cfg->sources[i]);
	globals_free(&cfg->globals);
	free(cfg->statics.name);
	free(cfg->statics.excluded);
	free(cfg->statics.routes);
	free(cfg->statics.rules);
	free(cfg->sources);
	free(cfg->router_id);
	free(cfg->script_user);
	free(cfg->script_group);
	free(cfg->script_user_file);
	free(cfg->instances);
	free(cfg->scripts);
	free(cfg->bgp);
	free(cfg->files);
	free(cfg->processes);
	free(cfg->traffic);
	free(cfg->bfds);
	free(cfg->groups);
	free(cfg->services);
	free(cfg->link_delays);
	free(cfg);
}

static void parser_free(struct parser *p)
{
	if (!p)
		return;
	for (unsigned int i = 0; i < p->n_group_drafts; i++) {
		for (unsigned int n = 0; n < p->group_drafts[i].n; n++)
			free(p->group_drafts[i].names[n].name);
		free(p->group_drafts[i].names);
	}
	free(p->drafts);
	free(p->bgp_drafts);
	free(p->group_drafts);
	free(p->braces);
	free(p->room.sbfd);
	prefix_index_free(&p->prefixes);
	conf_text_destroy(p->text);
	config_free(p->cfg);
	secret_wipe(p, sizeof(*p)); /* the last line may have been a key */
	free(p);
}

/* --- files --- */

/* The file that this process reads at the moment, for another thread that waits for it. */
static struct {
	pthread_mutex_t mutex;
	char path[PATH_MAX]; /* "": none */
} reading = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void note_reading(const char *path)
{
	pthread_mutex_lock(&reading.mutex);
	snprintf(reading.path, sizeof(reading.path), "%s", path);
	pthread_mutex_unlock(&reading.mutex);
}

bool config_reading(char *path, size_t size)
{
	pthread_mutex_lock(&reading.mutex);
	snprintf(path, size, "%s", reading.path);
	pthread_mutex_unlock(&reading.mutex);
	return *path;
}

int parser_open_file(const char *path, off_t *size, char why[TEXT_WHY])
{
	struct stat st;
	int fd = -1, err = -EINVAL;

	note_reading(path);
	/* The type is checked before opening, because opening a watchdog device starts it. */
	if (stat(path, &st) < 0 || S_ISREG(st.st_mode)) {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		err = -errno;
	}
	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		fd = -1;
		err = -EINVAL;
	}
	if (fd < 0) {
		snprintf(why, TEXT_WHY, "'%s' cannot be read: %s", path,
			 err == -EINVAL ? "it is not a regular file; write the name of one"
					: strerror(-err));
		return err;
	}
	*size = st.st_size;
	return fd;
}

/* Reads a regular file into *data (from malloc()). 0, or -errno with the reason in `why`. */
static int read_file(const char *path, char **data, size_t *len, char why[TEXT_WHY])
{
	off_t size = 0;
	int fd = parser_open_file(path, &size, why), err = -EFBIG;
	ssize_t got = 0;

	*data = NULL;
	*len = 0;
	if (fd < 0)
		return fd;
	if (size <= TEXT_MAX_SIZE) {
		*data = malloc((size_t)size + 1);
		err = *data ? 0 : -ENOMEM;
	}
	while (err == 0 && *len < (size_t)size) {
		got = read(fd, *data + *len, (size_t)size - *len);
		if (got <= 0)
			break;
		*len += (size_t)got;
	}
	if (got < 0)
		err = -errno;
	close(fd);
	if (err == 0)
		return 0;
	free(*data);
	snprintf(why, TEXT_WHY, "'%s' cannot be read: %s", path, strerror(-err));
	return err;
}

static int push_file(struct conf_text *t, const char *path, char why[TEXT_WHY])
{
	char *data;
	size_t len;
	int err = read_file(path, &data, &len, why);

	if (err < 0)
		return err;
	err = conf_text_push(t, path, data, len);
	if (err < 0)
		snprintf(why, TEXT_WHY, "'%s' is not read: %s", path,
			 err == -EFBIG	  ? "more than 64 MiB of configuration; split the host"
			 : err == -EMFILE ? "too many files; join some"
					  : strerror(-err));
	return err;
}

/*
 * The maximum number of names that the braces of `pattern` expand to: the product of their
 * alternatives. glob() would create all of them: 28 pairs of braces give 2^28 names.
 */
static size_t brace_names(const char *pattern)
{
	size_t names = 1;

	for (const char *open = strchr(pattern, '{'); open; open = strchr(open + 1, '{')) {
		size_t alternatives = 1, depth = 0;

		for (const char *at = open; *at; at++) {
			depth += *at == '{';
			alternatives += *at == ',';
			if (*at == '}' && --depth == 0)
				break;
		}
		if (names > TEXT_MAX_FILES)
			return names;
		names *= alternatives;
	}
	return names;
}

/*
 * The number of names that glob() has read in directories for this load. A pattern alone has no
 * bound: in /proc each further directory part multiplies the names. It belongs to the thread,
 * because glob() gives the functions below no argument, and because two threads may load at the
 * same time: a load that hangs is abandoned.
 */
static _Thread_local size_t *names_read;

/* NULL also when the limit has been reached: for glob() the directory ends. */
static struct dirent *next_name(void *dir)
{
	if (*names_read > TEXT_MAX_NAMES)
		return NULL;
	++*names_read;
	return readdir(dir);
}

static void *open_directory(const char *path)
{
	if (*names_read <= TEXT_MAX_NAMES)
		return opendir(path);
	errno = EMFILE;
	return NULL;
}

static void close_directory(void *dir)
{
	closedir(dir);
}

/* glob(), which ends when *read exceeds TEXT_MAX_NAMES. */
static int bounded_glob(const char *pattern, size_t *read, glob_t *found)
{
	*found = (glob_t){.gl_readdir = next_name,
			  .gl_opendir = open_directory,
			  .gl_closedir = close_directory,
			  .gl_stat = stat,
			  .gl_lstat = lstat};
	names_read = read;
	return glob(pattern, GLOB_BRACE | GLOB_ALTDIRFUNC, NULL, found);
}

/* Pushes the files that glob() has found, the last one first. 0, or -errno with the reason in
 * `why`. */
static int push_found(struct conf_text *t, const glob_t *found, const char *pattern,
		      char why[TEXT_WHY])
{
	int rc = 0;

	if (found->gl_pathc > (size_t)conf_text_room(t)) {
		snprintf(why, TEXT_WHY,
			 "'%s' is not included: %zu files, and %d altogether are the most; join "
			 "some",
			 pattern, found->gl_pathc, TEXT_MAX_FILES);
		return -EMFILE;
	}
	for (size_t i = found->gl_pathc; i > 0; i--) {
		int err = push_file(t, found->gl_pathv[i - 1], why);

		rc = err < 0 ? err : rc; /* the other files are still read */
	}
	return rc;
}

/* Pushes the files that `pattern` names, relative to the file that includes them. */
static int include(void *ctx, struct conf_text *t, const char *pattern, char why[TEXT_WHY])
{
	const char *from = conf_text_file(t), *slash = strrchr(from, '/');
	struct parser *p = ctx;
	char full[PATH_MAX];
	glob_t found;
	int rc, n;

	if (*pattern == '/' || !slash)
		n = snprintf(full, sizeof(full), "%s", pattern);
	else
		n = snprintf(full, sizeof(full), "%.*s/%s", (int)(slash - from), from, pattern);
	if (n < 0 || (size_t)n >= sizeof(full) || brace_names(full) > TEXT_MAX_FILES) {
		snprintf(why, TEXT_WHY,
			 "'%.200s' is not included: it stands for more than %d files; write fewer",
			 pattern, TEXT_MAX_FILES);
		return -E2BIG;
	}
	note_reading(full);
	n = bounded_glob(full, &p->names_read, &found);
	if (p->names_read > TEXT_MAX_NAMES) {
		snprintf(why, TEXT_WHY,
			 "'%.200s' is not included: the search reads more than %d names in "
			 "directories; write a narrower pattern",
			 pattern, TEXT_MAX_NAMES);
		globfree(&found);
		return -E2BIG;
	}
	if (n != 0) {
		snprintf(why, TEXT_WHY, "no file named %s to include; correct the name%s", pattern,
			 strchr(pattern, '$') ? " (within a word a definition is ${NAME})" : "");
		return n == GLOB_NOMATCH ? -ENOENT : -ENOMEM;
	}
	rc = push_found(t, &found, pattern, why);
	globfree(&found);
	return rc;
}

static void config_on_report(void *ctx, bool error, const char *file, int line, const char *what)
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
	    .include = files ? include : NULL, .report = config_on_report, .ctx = p};
	char id[HOST_NAME_MAX + 1];

	if (!p)
		return NULL;
	host_id(id, sizeof(id));
	p->report = report;
	p->ctx = ctx;
	p->reads_files = files;
	p->cfg = calloc(1, sizeof(*p->cfg));
	p->text = conf_text_create(&hooks, config_id ? config_id : id);
	if (!p->cfg || !p->text) {
		parser_free(p);
		return NULL;
	}
	globals_set_defaults(&p->cfg->globals);
	return p;
}

static void keep_sources(struct parser *p)
{
	char **source;

	for (int n = 0; conf_text_name(p->text, n); n++) {
		source = parser_append(p, &p->cfg->sources, &p->cfg->n_sources, sizeof(*source),
				       TEXT_MAX_FILES, "files");
		if (source)
			parser_string(p, source, conf_text_name(p->text, n));
	}
}

/*
 * Reports a file whose braces balance only with those of another file. keepalived accepts such a
 * file, and so does Holdfast if the file has no error. If it has one, the error may be a missing
 * brace. Then nobody knows which lines belong to which block. True if nothing can be used.
 */
static bool is_odd(struct parser *p)
{
	const struct file_braces *odd = p->unbalanced ? NULL : parser_odd_file(p);

	if (!odd)
		return false;
	if (p->errors == 0) {
		parser_warn_at(
		    p, odd->file, odd->line,
		    "this brace has its partner in another file; a brace that is missing "
		    "would not be noticed here");
		return false;
	}
	parser_error_at(p, odd->file, odd->line,
			"this brace has no partner in its file, so nothing can be used while there "
			"are errors; correct the braces, or the errors above");
	return true;
}

static bool is_idle(const struct config *cfg)
{
	return cfg->n_instances == 0 && cfg->n_services == 0;
}

/* Parses the pushed texts, completes the configuration, and returns the verdict. Frees `p`. */
static enum config_verdict finish(struct parser *p, const char *name, struct config **out)
{
	enum config_verdict verdict;
	bool odd;

	parser_run(p);
	note_reading("");
	keep_sources(p);
	complete_bgp(p);
	complete_bfd(p);
	complete_instances(p);
	complete_groups(p);
	complete_services(p);
	warn_of_scripts(p);
	warn_of_traffic(p);
	if (is_idle(p->cfg) && p->errors == 0)
		parser_warn_at(p, name, 0,
			       "no vrrp_instance and no bgp_service: there is nothing to do; add "
			       "one");
	odd = is_odd(p);
	verdict = odd ? CONFIG_UNUSABLE : p->errors == 0 ? CONFIG_GOOD : CONFIG_USABLE_WITH_ERRORS;
	if (p->unbalanced) {
		parser_error_at(
		    p, name, 0,
		    "the braces do not balance, so nothing of it can be used; correct the "
		    "error above");
		verdict = CONFIG_UNUSABLE;
	} else if (p->failed || (p->errors > 0 && is_idle(p->cfg))) {
		parser_error_at(p, name, 0,
				"no vrrp_instance or bgp_service can be used; correct the errors "
				"above");
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
	char why[TEXT_WHY];

	*out = NULL;
	if (!p)
		return CONFIG_UNUSABLE;
	if (push_file(p->text, path, why) < 0) {
		note_reading("");
		parser_error_at(p, path, 0, "%s", why);
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
