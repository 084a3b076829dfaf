/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whom a script runs as, and whether root may run it: asked when the configuration is loaded. Both
 * may block (name service, file system), so neither belongs on the engine's loop.
 */
#ifndef HF_SCRIPT_USER_H
#define HF_SCRIPT_USER_H

#include <stddef.h>

#include "health/runner.h"

/*
 * The ids of `user` and `group`, by name; `group` NULL: the user's own group. 0; -ENOENT if there
 * is no such user or group; or -errno of the name service.
 */
int script_user_resolve(const char *user, const char *group, struct runner_user *out);

/*
 * Could somebody other than root change what `path` runs? keepalived's enable_script_security: each
 * component, and each symbolic link's target, must belong to root and be writable neither by a
 * group other than 0 nor by others; in a sticky directory others cannot replace root's files, so
 * those pass. 0; -EACCES with the offending component and what is wrong with it in `why`; or -errno
 * (`why` is set too): -EINVAL for a path that is not absolute, -ENOENT, -ELOOP, -ENAMETOOLONG.
 */
int script_check_security(const char *path, char *why, size_t size);

#endif
