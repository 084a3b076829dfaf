// SPDX-License-Identifier: BSD-2-Clause
/*
 * Listening sockets. A socket file outlives a daemon that was killed. So we connect to an existing
 * file, and remove it if nobody listens. A lock file is held during that time: otherwise each of
 * two daemons that start at once could remove the file of the other. Rejected: only a lock that is
 * held until the end, because a forked child would still hold it after the daemon's death.
 */
#include "control/control_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"

#define BACKLOG 16

static const char *const socket_names[CONTROL_SOCKETS] = {
    [CONTROL_SOCKET_CONTROL] = "control",
    [CONTROL_SOCKET_STATUS] = "status",
};

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Creates the directory and locks its lock file. Returns the descriptor, or -errno. */
static int lock_directory(const char *run_dir)
{
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	int fd;

	if (mkdir(run_dir, 0755) < 0 && errno != EEXIST) {
		log_error("control: cannot make %s: %s", run_dir, strerror(errno));
		return -errno;
	}
	if (snprintf(path, sizeof(path), "%s/lock", run_dir) >= (int)sizeof(path)) {
		log_error("control: %s: too long a name for a socket's directory", run_dir);
		return -ENAMETOOLONG;
	}
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		log_error("control: cannot open %s: %s", path, strerror(errno));
		return -errno;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		log_error("control: another daemon named %s starts just now", last_part(run_dir));
		close(fd);
		return -EADDRINUSE;
	}
	return fd;
}

/* 1 if a process listens on `address`, 0 if not, or -errno if that is unknown. */
static int is_answered(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), result = 1;

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0) {
		if (errno == ENOENT || errno == ECONNREFUSED)
			result = 0;
		else if (errno != EAGAIN) /* EAGAIN: it listens, but its queue is full */
			result = -errno;
	}
	close(fd);
	return result;
}

/* Removes the socket file of a daemon that has ended. 0 or -errno. */
static int remove_stale(const struct sockaddr_un *address, const char *run_dir)
{
	struct stat st;
	int answered;

	if (lstat(address->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode)) {
		log_error("control: %s exists and is no socket: remove it", address->sun_path);
		return -EEXIST;
	}
	answered = is_answered(address);
	if (answered > 0) {
		log_error("control: a daemon named %s runs already; stop it, or start this one "
			  "with another --name",
			  last_part(run_dir));
		return -EADDRINUSE;
	}
	if (answered < 0) {
		log_error("control: cannot try %s: %s", address->sun_path, strerror(-answered));
		return answered;
	}
	return unlink(address->sun_path) < 0 ? -errno : 0;
}

/* The group may connect to `status` if it exists. All else is for the owner only. */
static int set_access(const struct sockaddr_un *address, bool for_group)
{
	struct group *group = for_group ? getgrnam(CONTROL_GROUP) : NULL;

	if (group && chown(address->sun_path, (uid_t)-1, group->gr_gid) < 0)
		group = NULL; /* the daemon is not root: only for the owner */
	return chmod(address->sun_path, group ? 0660 : 0600) < 0 ? -errno : 0;
}

/* Binds, sets the permissions, and only then listens. Returns the descriptor or -errno. */
static int listen_at(const struct sockaddr_un *address, bool for_group)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	err = set_access(address, for_group);
	if (err == 0 && listen(fd, BACKLOG) < 0)
		err = -errno;
	if (err == 0)
		return fd;
	unlink(address->sun_path);
	close(fd);
	return err;
}

static int open_one(struct control_sockets *s, enum control_socket_index i, const char *run_dir)
{
	struct sockaddr_un *address = &s->address[i];
	int err;

	address->sun_family = AF_UNIX;
	if (snprintf(address->sun_path, sizeof(address->sun_path), "%s/%s", run_dir,
		     socket_names[i]) >= (int)sizeof(address->sun_path))
		return -ENAMETOOLONG;
	err = remove_stale(address, run_dir);
	if (err < 0)
		return err;
	err = listen_at(address, i == CONTROL_SOCKET_STATUS);
	if (err < 0) {
		log_error("control: cannot listen on %s: %s", address->sun_path, strerror(-err));
		return err;
	}
	s->fd[i] = err;
	return 0;
}

int control_sockets_open(struct control_sockets *s, const char *run_dir)
{
	int lock, err = 0;

	*s = (struct control_sockets){.fd = {-1, -1}};
	lock = lock_directory(run_dir);
	if (lock < 0)
		return lock;
	for (int i = 0; i < CONTROL_SOCKETS && err == 0; i++)
		err = open_one(s, i, run_dir);
	if (err < 0)
		control_sockets_close(s);
	close(lock);
	return err;
}

void control_sockets_close(struct control_sockets *s)
{
	for (int i = 0; i < CONTROL_SOCKETS; i++) {
		if (s->fd[i] < 0)
			continue;
		unlink(s->address[i].sun_path);
		close(s->fd[i]);
		s->fd[i] = -1;
	}
}
