// SPDX-License-Identifier: BSD-2-Clause
/*
 * holdfastd: reads the command line and the configuration, becomes a daemon if requested, and
 * starts the engine. Options that keepalived has too have keepalived's names.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "config/config.h"
#include "core/log.h"
#include "core/sd_notify.h"
#include "datapath/datapath.h"
#include "engine/notify/commands.h"
#include "engine/engine.h"
#include "engine/host/host_check.h"
#include "version.h"

#define DEFAULT_NAME "holdfast"
#define RUN_DIR_MAX  128

/* The first one that exists is used, so a keepalived.conf need not be moved. */
static const char *const default_files[] = {"/etc/holdfast/holdfast.conf",
					    "/etc/keepalived/keepalived.conf"};

struct options {
	const char *file, *name, *config_id;
	bool test, dump, foreground, log_stderr, debug, detach, forbid_xdp, force_raw, no_bpf_timer,
	    no_realtime;
};

static const char usage_text[] =
    "usage: holdfastd [-f FILE] [-t [--dump]] [-n] [-l] [-D] [-i CONFIG_ID] [--name NAME] "
    "[--detach]\n"
    "  -f, --use-file FILE     configuration (default: /etc/holdfast/holdfast.conf, else "
    "keepalived's)\n"
    "  -t, --config-test       check it and end: 0 good, 5 usable with errors, 4 unusable\n"
    "      --dump              with -t: print what was understood\n"
    "  -n, --dont-fork         stay in the foreground\n"
    "  -l, --log-console       log to stderr\n"
    "  -D, --log-detail        log more\n"
    "  -i, --config-id ID      for lines that begin with @ID\n"
    "      --name NAME         separates several daemons: /run/NAME/, /sys/fs/bpf/NAME/\n"
    "      --detach            remove what a daemon of that name left in the kernel, and end\n"
    "      --datapath MODE     where to begin: xdp (default), tc, or raw without BPF; --no-xdp is "
    "tc\n"
    "      --no-bpf-timer      find a dead master by a timer of the daemon's own\n"
    "      --no-realtime       stay in the ordinary scheduling class\n"
    "  -v, --version\n";

enum {
	OPT_DUMP = 256,
	OPT_NAME,
	OPT_DETACH,
	OPT_NO_XDP,
	OPT_NO_REALTIME,
	OPT_DATAPATH,
	OPT_NO_BPF_TIMER
};

static const struct option long_options[] = {
    {"use-file", required_argument, NULL, 'f'},
    {"config-test", no_argument, NULL, 't'},
    {"dump", no_argument, NULL, OPT_DUMP},
    {"dont-fork", no_argument, NULL, 'n'},
    {"log-console", no_argument, NULL, 'l'},
    {"log-detail", no_argument, NULL, 'D'},
    {"config-id", required_argument, NULL, 'i'},
    {"name", required_argument, NULL, OPT_NAME},
    {"detach", no_argument, NULL, OPT_DETACH},
    {"no-xdp", no_argument, NULL, OPT_NO_XDP},
    {"datapath", required_argument, NULL, OPT_DATAPATH},
    {"no-bpf-timer", no_argument, NULL, OPT_NO_BPF_TIMER},
    {"no-realtime", no_argument, NULL, OPT_NO_REALTIME},
    {"version", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static int set_datapath_mode(struct options *opt, const char *mode)
{
	opt->forbid_xdp = strcmp(mode, "tc") == 0;
	opt->force_raw = strcmp(mode, "raw") == 0;
	if (opt->forbid_xdp || opt->force_raw || strcmp(mode, "xdp") == 0)
		return -1;
	fputs(usage_text, stderr);
	return 2;
}

/* Sets one option. Returns -1 to continue, else the exit status. */
static int set_option(struct options *opt, int c)
{
	switch (c) {
	case 'f':
		opt->file = optarg;
		break;
	case 't':
		opt->test = true;
		break;
	case 'n':
		opt->foreground = true;
		break;
	case 'l':
		opt->log_stderr = true;
		break;
	case 'D':
		opt->debug = true;
		break;
	case 'i':
		opt->config_id = optarg;
		break;
	case OPT_DUMP:
		opt->dump = true;
		break;
	case OPT_NAME:
		opt->name = optarg;
		break;
	case OPT_DETACH:
		opt->detach = true;
		break;
	case OPT_NO_XDP:
		opt->forbid_xdp = true;
		break;
	case OPT_DATAPATH:
		return set_datapath_mode(opt, optarg);
	case OPT_NO_BPF_TIMER:
		opt->no_bpf_timer = true;
		break;
	case OPT_NO_REALTIME:
		opt->no_realtime = true;
		break;
	case 'v':
		puts("holdfastd " HF_VERSION);
		return 0;
	case 'h':
		fputs(usage_text, stdout);
		return 0;
	default:
		fputs(usage_text, stderr);
		return 2;
	}
	return -1;
}

static int parse_options(struct options *opt, int argc, char **argv)
{
	int c, status = -1;

	while (status < 0 && (c = getopt_long(argc, argv, "f:tnlDi:vh", long_options, NULL)) != -1)
		status = set_option(opt, c);
	if (status < 0 &&
	    (optind < argc || !datapath_name_is_valid(opt->name) || (opt->dump && !opt->test))) {
		fputs(usage_text, stderr);
		return 2;
	}
	return status;
}

static const char *find_file(const struct options *opt)
{
	if (opt->file)
		return opt->file;
	return access(default_files[0], F_OK) == 0 ? default_files[0] : default_files[1];
}

static void report_stderr(void *ctx, const char *line)
{
	(void)ctx;
	fprintf(stderr, "%s\n", line);
}

/* `ctx` counts the errors. */
static void report_log(void *ctx, const char *line)
{
	unsigned int *errors = ctx;

	*errors += host_check_log(line);
}

static int test_file(const struct options *opt)
{
	struct config *cfg = NULL;
	enum config_verdict verdict =
	    config_load(find_file(opt), opt->config_id, report_stderr, NULL, &cfg);

	if (cfg && host_check(cfg, find_file(opt), report_stderr, NULL) > 0)
		verdict = CONFIG_USABLE_WITH_ERRORS;
	if (cfg && opt->dump)
		config_dump(cfg, stdout);
	config_free(cfg);
	return (int)verdict;
}

/* Locks /run/NAME, so that there is one daemon for each name. The lock lasts until the returned
 * descriptor is closed. Or -errno: -EWOULDBLOCK if another daemon has the lock. */
static int lock_run_dir(const char *run_dir)
{
	int fd = open(run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

static int make_run_dir(const char *run_dir)
{
	if (mkdir(run_dir, 0755) < 0 && errno != EEXIST)
		return -errno;
	return lock_run_dir(run_dir);
}

/* Removes what a daemon left in the kernel, unless a daemon of that name runs. */
static int detach(const struct options *opt)
{
	char run_dir[RUN_DIR_MAX];
	int lock_fd, err;

	snprintf(run_dir, sizeof(run_dir), "/run/%s", opt->name);
	lock_fd = lock_run_dir(run_dir);
	err = lock_fd < 0 && lock_fd != -ENOENT ? lock_fd : datapath_detach_all(opt->name);
	if (err == -ENOENT)
		fprintf(stderr, "holdfastd: nothing named %s is attached\n", opt->name);
	else if (err == -EWOULDBLOCK || err == -EBUSY)
		fprintf(stderr, "holdfastd: the daemon %s runs; stop it first: systemctl stop %s\n",
			opt->name, opt->name);
	else if (err == -EACCES || err == -EPERM)
		fprintf(stderr, "holdfastd: permission denied: run it as root\n");
	else if (err < 0)
		fprintf(stderr, "holdfastd: cannot detach: %s\n", strerror(-err));
	if (lock_fd >= 0)
		close(lock_fd);
	return err == 0 ? 0 : 1;
}

/*
 * Goes into the background. The parent waits until the daemon is ready or has failed, so that its
 * exit status tells a script the result. *ready_fd is the child's end of the pipe to the parent. 0
 * or -errno.
 */
static int daemonize(int *ready_fd)
{
	int fds[2], null_fd;
	char byte;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	switch (fork()) {
	case -1:
		return -errno;
	case 0:
		break;
	default:
		close(fds[1]);
		_exit(read(fds[0], &byte, 1) == 1 ? 0 : 1);
	}
	close(fds[0]);
	*ready_fd = fds[1];
	if (setsid() < 0 || chdir("/") < 0)
		return -errno;
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 || dup2(null_fd, STDOUT_FILENO) < 0)
		return -errno;
	return 0;
}

static void tell_ready(void *ctx)
{
	int *ready_fd = ctx;

	if (*ready_fd >= 0 && write(*ready_fd, "", 1) == 1) {
		close(*ready_fd);
		*ready_fd = -1;
	}
}

/* Makes the path absolute. Symbolic links are not resolved, so that a reload follows them again. 0
 * or -errno. */
static int absolute_path(const char *file, char path[PATH_MAX])
{
	char dir[PATH_MAX] = "";
	int n;

	if (file[0] != '/' && !getcwd(dir, sizeof(dir)))
		return -errno;
	n = snprintf(path, PATH_MAX, "%s%s%s", dir, dir[0] ? "/" : "", file);
	return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/*
 * The exit status for an unusable file. Under systemd it is EX_CONFIG (sysexits.h), for which the
 * unit does not restart the daemon. Otherwise it is that of keepalived.
 */
static int status_of_bad_file(void)
{
	return getenv("NOTIFY_SOCKET") ? EX_CONFIG : CONFIG_UNUSABLE;
}

static int run_daemon(const struct options *opt)
{
	char run_dir[RUN_DIR_MAX], path[PATH_MAX];
	int ready_fd = -1, err, lock_fd;
	unsigned int errors = 0;
	struct config *cfg = NULL;

	if (geteuid() != 0) {
		fputs("holdfastd: must be started as root: it attaches programs to interfaces and "
		      "sets addresses (-t works without)\n",
		      stderr);
		return 1;
	}
	log_init(opt->name, opt->log_stderr, opt->debug ? LOG_LV_DEBUG : LOG_LV_INFO);
	err = absolute_path(find_file(opt), path);
	if (err < 0) {
		log_error("%s: %s", find_file(opt), strerror(-err));
		return status_of_bad_file();
	}
	if (config_load(path, opt->config_id, report_log, &errors, &cfg) == CONFIG_UNUSABLE) {
		log_error("%s cannot be used: not starting", path);
		return status_of_bad_file();
	}
	log_info("holdfastd %s starts by %s: %u instance%s", HF_VERSION, path, cfg->n_instances,
		 cfg->n_instances == 1 ? "" : "s");
	commands_find(cfg);
	host_check(cfg, path, report_log, &errors);
	snprintf(run_dir, sizeof(run_dir), "/run/%s", opt->name);
	err = opt->foreground ? 0 : daemonize(&ready_fd);
	lock_fd = err < 0 ? err : make_run_dir(run_dir);
	if (lock_fd < 0) {
		log_error("%s: %s", run_dir,
			  lock_fd == -EWOULDBLOCK ? "another daemon of this name runs"
			  : lock_fd == -EACCES	  ? "permission denied: run it as root"
						  : strerror(-lock_fd));
		config_free(cfg);
		return 1;
	}
	sd_notify_open();
	err = engine_run(cfg, &(struct engine_options){.name = opt->name,
						       .run_dir = run_dir,
						       .config_path = path,
						       .config_id = opt->config_id,
						       .config_errors = errors,
						       .forbid_xdp = opt->forbid_xdp,
						       .force_raw = opt->force_raw,
						       .no_bpf_timer = opt->no_bpf_timer,
						       .no_realtime = opt->no_realtime,
						       .ready = tell_ready,
						       .ctx = &ready_fd});
	close(lock_fd);
	return err < 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct options opt = {.name = DEFAULT_NAME};
	int status = parse_options(&opt, argc, argv);

	if (status >= 0)
		return status;
	if (opt.test)
		return test_file(&opt);
	if (opt.detach)
		return detach(&opt);
	return run_daemon(&opt);
}
