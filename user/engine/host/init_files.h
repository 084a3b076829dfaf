/* SPDX-License-Identifier: BSD-2-Clause */
/* Creates tracked files at start, as configured by init_file. */
#ifndef HF_ENGINE_INIT_FILES_H
#define HF_ENGINE_INIT_FILES_H

#include "config/config.h"

/*
 * Creates the files of `cfg` that are not also in `was` (NULL: at start), or overwrites them if
 * configured. A file that cannot be written is logged and counts as missing. The call waits for the
 * disk, so the loop must not make it.
 */
void init_files(const struct config *cfg, const struct config *was);

#endif
