/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The user of a script, and the safety of its path. These functions are for the load of the
 * configuration. They may block (name service, file system), so the engine's loop must not call
 * them.
 */
#ifndef HF_SCRIPT_USER_H
#define HF_SCRIPT_USER_H

#include <limits.h>
#include <stddef.h>

#include "runner/runner.h"

/* PATH of commands if the daemon's environment has none. */
#define SCRIPT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/*
 * Looks up the IDs of `user` and `group` by name. `group` NULL: the primary group of the user.
 * Returns 0; -ENOENT: there is no such user or group; or -errno of the name service. On failure
 * `out` is unchanged, and `why` has the reason: "there is no group www".
 */
int script_user_resolve(const char *user, const char *group, struct runner_user *out, char *why,
			size_t size);

/*
 * Writes the path of the file that the command `name` executes to `path`. A name without a slash is
 * searched in the absolute directories of PATH. A name with a slash is the path itself. Returns 0,
 * -ENOENT or -ENAMETOOLONG.
 */
int script_find(const char *name, char path[PATH_MAX]);

/*
 * Checks that only root can change the file that `path` executes, as enable_script_security of
 * keepalived. Each component, and each target of a symbolic link, must belong to root. It must not
 * be writable by a group other than 0 or by others. A directory with the sticky bit is accepted,
 * because others cannot replace root's files in it. Returns 0; -EACCES: a component is not safe;
 * -EINVAL: the path is not absolute; -ENOENT, -ELOOP, -ENAMETOOLONG or another -errno. On failure
 * `why` has the component and the reason.
 */
int script_check_security(const char *path, char *why, size_t size);

#endif
