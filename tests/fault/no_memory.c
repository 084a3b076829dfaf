// SPDX-License-Identifier: BSD-2-Clause
/*
 * A library that is preloaded into a program and lets one chosen allocation fail. A site is the
 * caller of malloc() and similar functions, as OBJECT+OFFSET, and the number of forks since the
 * program's start: 0 for the program itself, 1 for its children.
 *
 * NO_MEMORY_TABLE: a file of NO_MEMORY_SITES struct site, shared by all processes: the sites seen
 * so far. NO_MEMORY_AT: "GENERATION OBJECT+OFFSET USE [COUNT]": the USE-th call from there fails,
 * and the next COUNT - 1 as well.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NO_MEMORY_SITES 4096
#define NAME_LEN	44

struct site {
	uint32_t generation; /* plus 1; 0: a free entry */
	uint32_t uses, failed;
	uint32_t offset;
	char object[NAME_LEN];
	uint32_t pad;
};

_Static_assert(sizeof(struct site) == 64, "read by tests/fault/memory");

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t align, size_t size);

static struct site *table, wanted;
static uint32_t generation, first_use, n_failing = 1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static __thread int inside;

/* The count of a raw address, in this process image. */
static struct {
	const void *from;
	struct site *site;
} known[2 * NO_MEMORY_SITES];

static void after_fork(void)
{
	generation++;
	memset(known, 0, sizeof(known));
	pthread_mutex_init(&lock, NULL);
}

static void read_wanted(const char *at)
{
	char object[NAME_LEN];

	if (at && sscanf(at, "%u %43[^+]+%x %u %u", &wanted.generation, object, &wanted.offset,
			 &first_use, &n_failing) >= 4) {
		snprintf(wanted.object, sizeof(wanted.object), "%s", object);
		wanted.generation++;
	}
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("NO_MEMORY_TABLE");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *at = MAP_FAILED;

	read_wanted(getenv("NO_MEMORY_AT"));
	pthread_atfork(NULL, NULL, after_fork);
	if (fd >= 0)
		at = mmap(NULL, NO_MEMORY_SITES * sizeof(struct site), PROT_READ | PROT_WRITE,
			  MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	table = at == MAP_FAILED ? NULL : at;
}

/* The entry of a site, created if it is new; NULL: the table is full. */
static struct site *entry_of(const char *object, uint32_t offset)
{
	for (struct site *s = table; s < table + NO_MEMORY_SITES; s++) {
		if (s->generation == 0) {
			snprintf(s->object, sizeof(s->object), "%s", object);
			s->offset = offset;
			s->generation = generation + 1;
			return s;
		}
		if (s->generation == generation + 1 && s->offset == offset &&
		    strcmp(s->object, object) == 0)
			return s;
	}
	return NULL;
}

static struct site *site_of(const void *from)
{
	size_t at = ((uintptr_t)from >> 2) % (2 * NO_MEMORY_SITES);
	const char *slash;
	Dl_info info;

	while (known[at].from && known[at].from != from)
		at = (at + 1) % (2 * NO_MEMORY_SITES);
	if (known[at].from)
		return known[at].site;
	if (!dladdr(from, &info) || !info.dli_fname)
		return NULL;
	slash = strrchr(info.dli_fname, '/');
	known[at].from = from;
	known[at].site = entry_of(slash ? slash + 1 : info.dli_fname,
				  (uint32_t)((const char *)from - (const char *)info.dli_fbase));
	return known[at].site;
}

static int is_wanted(const struct site *s)
{
	return s->generation == wanted.generation && s->offset == wanted.offset &&
	       strcmp(s->object, wanted.object) == 0 && s->uses >= first_use &&
	       s->uses < first_use + n_failing;
}

/* Counts the call. True: it fails. */
static int fails(const void *from)
{
	struct site *s;
	int fail = 0;

	if (!table || inside)
		return 0;
	inside = 1;
	pthread_mutex_lock(&lock);
	s = site_of(from);
	if (s) {
		s->uses++;
		fail = is_wanted(s);
		s->failed += (uint32_t)fail;
	}
	pthread_mutex_unlock(&lock);
	inside = 0;
	if (fail)
		errno = ENOMEM;
	return fail;
}

void *malloc(size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	return size != 0 && fails(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}

void *reallocarray(void *old, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	return n * size != 0 && fails(__builtin_return_address(0)) ? NULL
								   : __libc_realloc(old, n * size);
}

void *aligned_alloc(size_t align, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_memalign(align, size);
}

int posix_memalign(void **out, size_t align, size_t size)
{
	void *at = fails(__builtin_return_address(0)) ? NULL : __libc_memalign(align, size);

	if (!at)
		return ENOMEM;
	*out = at;
	return 0;
}
