/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads libcurl when the first HTTP check is added. libcurl needs about thirty other libraries, six
 * megabytes of resident memory, and time to load. The program is not linked to it, because the
 * engine is the same program and does not need it.
 */
#ifndef HF_LIBCURL_H
#define HF_LIBCURL_H

#define CURL_DISABLE_TYPECHECK /* its macros would hide the functions' names */
#include <curl/curl.h>

#define LIBCURL_FUNCTIONS(X)                                                                       \
	X(global_init)                                                                             \
	X(global_cleanup)                                                                          \
	X(easy_init)                                                                               \
	X(easy_setopt)                                                                             \
	X(easy_getinfo)                                                                            \
	X(easy_strerror)                                                                           \
	X(easy_cleanup)                                                                            \
	X(multi_init)                                                                              \
	X(multi_setopt)                                                                            \
	X(multi_assign)                                                                            \
	X(multi_add_handle)                                                                        \
	X(multi_remove_handle)                                                                     \
	X(multi_socket_action)                                                                     \
	X(multi_info_read)                                                                         \
	X(multi_cleanup)

/* curl_easy_init() is libcurl()->easy_init(), and so on. */
struct libcurl {
#define LIBCURL_POINTER(name) typeof(curl_##name) *name;
	LIBCURL_FUNCTIONS(LIBCURL_POINTER)
#undef LIBCURL_POINTER
};

/* Loads libcurl with the first call, and returns its functions. NULL: it cannot be loaded; the
 * reason has been logged. */
const struct libcurl *libcurl_load(void);

#endif
