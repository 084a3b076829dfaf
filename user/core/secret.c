// SPDX-License-Identifier: BSD-2-Clause
/* Whole pages, because madvise() works on pages. See secret.h. */
#include "core/secret.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

void *secret_alloc(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int err;

	if (at == MAP_FAILED)
		return NULL;
	if (madvise(at, size, MADV_DONTDUMP) == 0 && madvise(at, size, MADV_WIPEONFORK) == 0)
		return at;
	err = errno;
	munmap(at, size);
	errno = err;
	return NULL;
}

void secret_wipe(void *at, size_t size)
{
	explicit_bzero(at, size);
}

void secret_free(void *secret, size_t size)
{
	if (!secret)
		return;
	secret_wipe(secret, size);
	munmap(secret, size);
}
