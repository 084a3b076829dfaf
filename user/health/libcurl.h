/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libcurl, loaded by the runner when the first HTTP check comes. It brings some thirty libraries
 * along, six megabytes of a process's resident memory and its start's time, and the engine, from
 * whose program the runner is forked, uses none of it.
 */
#ifndef HF_LIBCURL_H
#define HF_LIBCURL_H

#define CURL_DISABLE_TYPECHECK /* it knows the functions by their own names alone */
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

/* Loads it, once; NULL, and why not in the log. */
const struct libcurl *libcurl_load(void);

#endif
