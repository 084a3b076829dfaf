// SPDX-License-Identifier: BSD-2-Clause
/*
 * Log lines. In the engine the caller formats a line, and a thread of ordinary priority writes it.
 * A non-blocking socket pair between the two limits the queue. Where there is no such thread (the
 * runner, its supervisor, the start of the daemon), the caller writes the line and does not wait.
 * If a full pipe or a stopped journal does not accept the line, it is lost and counted.
 *
 * Rejected: writing from the loop, because even a write to a file can wait for the disk; a
 * lock-free ring, which saves a microsecond for lines that are written a few times an hour;
 * libsystemd for the journal, whose protocol is a datagram of NAME=value lines
 * (systemd.io/JOURNAL_NATIVE_PROTOCOL); and syslog(3), which waits for a syslog that does not read.
 */
#include "core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "core/printable.h"

#define LINE_MAX_LEN	512
#define FIELDS_MAX	512 /* for one line: at most a dozen fields of at most 64 octets */
#define STOP_TIMEOUT_NS (200 * NS_PER_MS)
/* The limit of the writer's queue. It holds two lines for each of 2,048 instances that change their
 * state at the same time. A line needs some 800 octets of kernel memory (the kernel doubles this
 * value). */
#define QUEUE_BYTES (2 << 20)

struct record {
	int level;
	uint16_t text_len;		      /* without its newline */
	char text[LINE_MAX_LEN + FIELDS_MAX]; /* the line; after it "NAME=value\n" of each field */
};

static struct {
	char ident[64];
	bool to_stderr;
	enum log_level max_level;
	const char *journal, *syslog;
	int socket_fd; /* unconnected, so a restart of the journal does not matter; or -1 */
	int stderr_fd; /* as open_stderr() gives it; -1 until the first line */
	int fds[2];    /* [0]: the writer thread reads; [1]: lines go in */
	bool threaded;
	pthread_t thread;
	atomic_uint dropped;
} logger = {.ident = "holdfast",
	    .to_stderr = true,
	    .max_level = LOG_LV_INFO,
	    .fds = {-1, -1},
	    .journal = LOG_JOURNAL_PATH,
	    .syslog = LOG_SYSLOG_PATH,
	    .socket_fd = -1,
	    .stderr_fd = -1};

static const int syslog_priority[] = {
    [LOG_LV_ERROR] = LOG_ERR,
    [LOG_LV_WARN] = LOG_WARNING,
    [LOG_LV_INFO] = LOG_INFO,
    [LOG_LV_DEBUG] = LOG_DEBUG,
};

static const char *const level_word[] = {
    [LOG_LV_ERROR] = "error: ",
    [LOG_LV_WARN] = "warning: ",
    [LOG_LV_INFO] = "",
    [LOG_LV_DEBUG] = "debug: ",
};

/* A non-blocking descriptor for stderr. O_NONBLOCK on the inherited one would change it for every
 * process that shares it, so a pipe or terminal is opened again. */
static int open_stderr(void)
{
	struct stat st;
	int fd = -1;

	if (fstat(STDERR_FILENO, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)))
		fd = open("/proc/self/fd/2",
			  O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? STDERR_FILENO : fd;
}

void log_init(const char *ident, bool to_stderr, enum log_level max_level)
{
	snprintf(logger.ident, sizeof(logger.ident), "%s", ident);
	logger.to_stderr = to_stderr;
	logger.max_level = max_level;
	if (logger.stderr_fd > STDERR_FILENO) /* stderr may have been replaced */
		close(logger.stderr_fd);
	logger.stderr_fd = -1;
	if (!to_stderr && logger.socket_fd < 0)
		logger.socket_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

void log_set_sockets(const char *journal, const char *syslog)
{
	logger.journal = journal;
	logger.syslog = syslog;
}

/* Each write_*() below returns 0 or -errno. `wait`: wait for a slow reader (in the writer
 * thread). */
static int write_stderr(const struct record *rec, bool wait)
{
	char stamp[32], line[LINE_MAX_LEN + 128];
	struct pollfd pfd = {.events = POLLOUT};
	struct timespec ts;
	struct tm tm;
	ssize_t n;
	int len;

	clock_gettime(CLOCK_REALTIME, &ts);
	localtime_r(&ts.tv_sec, &tm);
	strftime(stamp, sizeof(stamp), "%H:%M:%S", &tm);
	len = snprintf(line, sizeof(line), "%s.%06ld %s[%d]: %s%s\n", stamp, ts.tv_nsec / 1000,
		       logger.ident, getpid(), level_word[rec->level], rec->text);
	if (len < 0)
		return -EINVAL;
	if (logger.stderr_fd < 0)
		logger.stderr_fd = open_stderr();
	pfd.fd = logger.stderr_fd;
	if (poll(&pfd, 1, wait ? -1 : 0) == 0)
		return -EAGAIN;
	n = send(pfd.fd, line, (size_t)len, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
	if (n < 0 && errno == ENOTSOCK)
		n = write(pfd.fd, line, (size_t)len);
	return n < 0 ? -errno : 0;
}

static struct iovec part(char *data, size_t len)
{
	return (struct iovec){.iov_base = data, .iov_len = len};
}

static int send_parts(const char *path, struct iovec *parts, size_t n, bool wait)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct msghdr msg = {
	    .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = parts, .msg_iovlen = n};

	if (logger.socket_fd < 0 || strlen(path) >= sizeof(to.sun_path))
		return -ENOENT;
	memcpy(to.sun_path, path, strlen(path));
	return sendmsg(logger.socket_fd, &msg, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT)) < 0
		   ? -errno
		   : 0;
}

static int write_journal(struct record *rec, bool wait)
{
	char head[128], end[] = "\n", *fields = rec->text + rec->text_len + 1;
	struct iovec parts[4];

	snprintf(head, sizeof(head),
		 "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nMESSAGE=", syslog_priority[rec->level],
		 logger.ident);
	parts[0] = part(head, strlen(head));
	parts[1] = part(rec->text, rec->text_len);
	parts[2] = part(end, 1);
	parts[3] = part(fields, strlen(fields));
	return send_parts(logger.journal, parts, 4, wait);
}

/* The form of RFC 3164, as syslog(3) writes it. */
static int write_syslog(struct record *rec, bool wait)
{
	char head[160], stamp[32];
	time_t now = time(NULL);
	struct iovec parts[2];
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%h %e %T", &tm);
	snprintf(head, sizeof(head), "<%d>%s %s[%d]: %s", LOG_DAEMON | syslog_priority[rec->level],
		 stamp, logger.ident, getpid(), level_word[rec->level]);
	parts[0] = part(head, strlen(head));
	parts[1] = part(rec->text, rec->text_len);
	return send_parts(logger.syslog, parts, 2, wait);
}

static bool is_absent(int err)
{
	return err == -ENOENT || err == -ECONNREFUSED;
}

static int write_once(struct record *rec, bool wait)
{
	int err = logger.to_stderr ? -ENOENT : write_journal(rec, wait);

	if (!logger.to_stderr && is_absent(err))
		err = write_syslog(rec, wait);
	return is_absent(err) ? write_stderr(rec, wait) : err;
}

static void set_text_v(struct record *rec, enum log_level level, const char *fmt, va_list args)
{
	rec->level = level;
	vsnprintf(rec->text, LINE_MAX_LEN, fmt, args);
	printable_make(rec->text, '?'); /* a text of a peer or a file must not break the line */
	rec->text_len = (uint16_t)strlen(rec->text);
	rec->text[rec->text_len + 1] = '\0'; /* no fields */
}

static void LOG_PRINTF(3, 4)
    set_text(struct record *rec, enum log_level level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	set_text_v(rec, level, fmt, args);
	va_end(args);
}

/* A field for which there is no room is left out whole. */
static void add_field(struct record *rec, size_t *at, const struct log_field *field)
{
	size_t room = sizeof(rec->text) - *at;
	int len;

	if (!field->value || !field->value[0])
		return;
	len = snprintf(rec->text + *at, room, "%s=%s", field->name, field->value);
	if (len < 0 || (size_t)len + 1 >= room) {
		rec->text[*at] = '\0';
		return;
	}
	printable_make(rec->text + *at, '?');
	*at += (size_t)len;
	rec->text[(*at)++] = '\n';
	rec->text[*at] = '\0';
}

/* Writes the line, and after it the number of lines lost before. */
static void write_record(struct record *rec, bool wait)
{
	unsigned int dropped;

	if (write_once(rec, wait) < 0) {
		atomic_fetch_add(&logger.dropped, 1);
		return;
	}
	dropped = atomic_exchange(&logger.dropped, 0);
	if (dropped == 0)
		return;
	set_text(rec, LOG_LV_WARN, "log: %u lines were lost", dropped);
	if (write_once(rec, wait) < 0)
		atomic_fetch_add(&logger.dropped, dropped);
}

static void *writer(void *arg)
{
	struct record rec;

	(void)arg;
	while (recv(logger.fds[0], &rec, sizeof(rec), 0) > 0)
		write_record(&rec, true);
	return NULL;
}

int log_start_writer(void)
{
	int err, size = QUEUE_BYTES;

	if (logger.threaded)
		return 0;
	if (logger.fds[1] >= 0)
		close(logger.fds[1]);
	logger.fds[1] = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, logger.fds) < 0)
		return -errno;
	/* Without the privilege the queue is shorter; lost lines are counted. */
	setsockopt(logger.fds[1], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	err = pthread_create(&logger.thread, NULL, writer, NULL);
	if (err != 0) {
		close(logger.fds[0]);
		close(logger.fds[1]);
		logger.fds[1] = -1;
		return -err;
	}
	pthread_setname_np(logger.thread, "log");
	logger.threaded = true;
	return 0;
}

void log_stop_writer(void)
{
	struct timespec until;

	if (!logger.threaded)
		return;
	logger.threaded = false;
	shutdown(logger.fds[1], SHUT_WR);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += STOP_TIMEOUT_NS;
	until.tv_sec += until.tv_nsec / NS_PER_S;
	until.tv_nsec %= NS_PER_S;
	/* The other end stays until the next start: a thread may just be writing to it. */
	if (pthread_timedjoin_np(logger.thread, NULL, &until) == 0)
		close(logger.fds[0]);
}

void log_after_fork(const char *ident)
{
	logger.threaded = false;
	/* Their numbers may now belong to other descriptors, and a line would go there. */
	logger.fds[1] = -1;
	logger.socket_fd = -1;
	logger.stderr_fd = -1;
	log_init(ident, logger.to_stderr, logger.max_level);
}

static void log_record(struct record *rec)
{
	size_t len = offsetof(struct record, text) + rec->text_len + 1;

	len += strlen(rec->text + rec->text_len + 1) + 1;
	if (!logger.threaded)
		write_record(rec, false);
	else if (send(logger.fds[1], rec, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		atomic_fetch_add(&logger.dropped, 1);
}

void log_line(enum log_level level, const char *fmt, ...)
{
	int saved_errno = errno;
	struct record rec;
	va_list args;

	if (level > logger.max_level)
		return;
	va_start(args, fmt);
	set_text_v(&rec, level, fmt, args);
	va_end(args);
	log_record(&rec);
	errno = saved_errno;
}

void log_with(enum log_level level, const struct log_field *fields, const char *fmt, ...)
{
	int saved_errno = errno;
	struct record rec;
	va_list args;
	size_t at;

	if (level > logger.max_level)
		return;
	va_start(args, fmt);
	set_text_v(&rec, level, fmt, args);
	va_end(args);
	at = rec.text_len + 1u;
	for (; fields->name; fields++)
		add_field(&rec, &at, fields);
	log_record(&rec);
	errno = saved_errno;
}

bool log_allow(struct log_limit *limit, struct mono now, uint32_t *suppressed)
{
	int64_t regained;

	if (!mono_is_set(limit->refilled))
		limit->refilled = now;
	regained = mono_diff_ns(now, limit->refilled) / limit->period_ns;
	if (regained > 0) {
		limit->refilled = mono_add(limit->refilled, regained * limit->period_ns);
		limit->tokens_used -=
		    regained < limit->tokens_used ? (uint32_t)regained : limit->tokens_used;
	}
	if (limit->tokens_used >= limit->burst) {
		limit->suppressed++;
		return false;
	}
	limit->tokens_used++;
	if (suppressed)
		*suppressed = limit->suppressed;
	limit->suppressed = 0;
	return true;
}

const char *log_suppressed(uint32_t n, char text[LOG_SUPPRESSED_TEXT])
{
	text[0] = '\0';
	if (n > 0)
		snprintf(text, LOG_SUPPRESSED_TEXT, " (%" PRIu32 " such line%s suppressed)", n,
			 n == 1 ? "" : "s");
	return text;
}
