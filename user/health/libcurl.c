// SPDX-License-Identifier: BSD-2-Clause
/*
 * Finds libcurl's functions by name; owns the table of them, which is filled once and stays for the
 * life of the process, as the library does. Rejected: a program of its own for HTTP checks, which
 * would be one more to install, start and watch.
 */
#include "health/libcurl.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#include "core/log.h"

#define SONAME "libcurl.so.4" /* what curl.h is the header of, on every Linux since 2006 */

/* `function`: where the pointer to it goes; ISO C converts no data pointer to one. */
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
