/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory for keys: separate pages that are not in core files (MADV_DONTDUMP), that are empty in a
 * forked child (MADV_WIPEONFORK), and that are overwritten when they are freed.
 *
 * Rejected: no core files at all (PR_SET_DUMPABLE), which also hides everything that is not secret
 * from a debugger.
 */
#ifndef HF_SECRET_H
#define HF_SECRET_H

#include <stddef.h>

/* `size` octets of zeros, at least a page. NULL with errno. */
void *secret_alloc(size_t size);
/* Overwrites and frees memory of secret_alloc() of that `size`; NULL is fine. */
void secret_free(void *secret, size_t size);
/* Overwrites `size` octets of ordinary memory that held a secret. */
void secret_wipe(void *at, size_t size);

#endif
