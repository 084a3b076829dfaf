// SPDX-License-Identifier: BSD-2-Clause
/*
 * Finds the functions of libcurl by name. It owns the table of functions, which is filled once.
 * Table and library stay until the process ends. Rejected: a separate program for HTTP checks,
 * which would have to be installed, started and monitored.
 */
#include "runner/libcurl.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#include "core/log.h"

#define SONAME "libcurl.so.4" /* unchanged since 2006 */

/* Stores the address of the function at `function`. It is copied by memcpy(), because ISO C has no
 * conversion of a data pointer to a function pointer. */
static bool find(void *library, const char *name, void *function)
{
	void *at = dlsym(library, name);

	memcpy(function, &at, sizeof(at));
	return at != NULL;
}

const struct libcurl *libcurl_load(void)
{
	static struct libcurl curl;
	static bool loaded;
	void *library = loaded ? NULL : dlopen(SONAME, RTLD_NOW | RTLD_LOCAL);

	if (loaded)
		return &curl;
#define LIBCURL_FIND(name) &&find(library, "curl_" #name, &curl.name)
	loaded = library LIBCURL_FUNCTIONS(LIBCURL_FIND);
#undef LIBCURL_FIND
	if (loaded)
		return &curl;
	log_error("HTTP checks cannot be made: %s", dlerror());
	if (library)
		dlclose(library);
	return NULL;
}
