/* SPDX-License-Identifier: BSD-2-Clause */
/* The tracked files that the configuration wants made at start (init_file). */
#ifndef HF_ENGINE_INIT_FILES_H
#define HF_ENGINE_INIT_FILES_H

#include "config/config.h"

/*
 * Makes those of `cfg` that `was` does not make already (NULL: at start), or writes them anew where
 * that is wanted. What cannot be written is logged: it counts as any missing file does. Waits for
 * the disk: not for the loop.
 */
void init_files(const struct config *cfg, const struct config *was);

#endif
