/* SPDX-License-Identifier: BSD-2-Clause */
/* The keywords that the tables of bgp_announce and bgp_service share: speaker, prefixes and path
 * attributes of a struct cfg_announce. */
#ifndef HF_ATTRIBUTE_KEYWORDS_H
#define HF_ATTRIBUTE_KEYWORDS_H

#include <stddef.h>

#include "config/parser.h"

#define ATTRIBUTE(name)                                                                            \
	void attribute_set_##name(struct parser *p, const struct keyword *kw, void *target);       \
	void attribute_print_##name(struct dump *d, const struct keyword *kw, const void *target)
ATTRIBUTE(instance);
ATTRIBUTE(prefix);
ATTRIBUTE(community);
ATTRIBUTE(large);
ATTRIBUTE(origin);
ATTRIBUTE(med);
ATTRIBUTE(as_path);
ATTRIBUTE(next_hop);
#undef ATTRIBUTE

/* Reads the `i`th word as a community. False: an error has been reported. */
bool attribute_get_community(struct parser *p, unsigned int i, uint32_t *out);

#define KW_ATTRIBUTE(name_, functions, offset_, max_, argument_, fallback_, help_)                 \
	{                                                                                          \
		name_, KW_CUSTOM, KW_ACTS, offset_, 0, max_,                                       \
		    .argument = argument_, .fallback = fallback_, .help = help_,                   \
		    .set = attribute_set_##functions, .print = attribute_print_##functions         \
	}

/* The rows, for a table whose target is a `type` with a struct cfg_announce in `field`.
 * `prefixes_`: the text for the default of `prefix`; NULL: none. */
#define KW_ATTRIBUTES(type, field, prefixes_)                                                      \
	KW_ATTRIBUTE("instance", instance, offsetof(type, field), 0, "NAME",                       \
		     "the only bgp_instance",                                                      \
		     "the bgp_instance, which may be defined anywhere in the file"),               \
	    KW_ATTRIBUTE("prefix", prefix, offsetof(type, field), 0, "ADDRESS/LENGTH", prefixes_,  \
			 "a prefix to announce, exactly as written; may be repeated"),             \
	    KW_ATTRIBUTE("community", community, offsetof(type, field), 0, "AS:VALUE ...", NULL,   \
			 "communities that are always attached (RFC 1997)"),                       \
	    KW_ATTRIBUTE("large_community", large, offsetof(type, field), 0, "AS:VALUE:VALUE ...", \
			 NULL, "communities that are always attached (RFC 8092)"),                 \
	    KW_ATTRIBUTE("origin", origin, offsetof(type, field), 0, "{igp|egp|incomplete}",       \
			 "igp; incomplete on platform linode", "the ORIGIN attribute"),            \
	    KW_ATTRIBUTE("med", med, offsetof(type, field), UINT32_MAX, "N", "none is sent",       \
			 "the MULTI_EXIT_DISC attribute"),                                         \
	    {"local_pref",                                                                         \
	     KW_U32,                                                                               \
	     KW_ACTS,                                                                              \
	     offsetof(type, field.attrs.local_pref),                                               \
	     0,                                                                                    \
	     UINT32_MAX,                                                                           \
	     .fallback = "100",                                                                    \
	     .help = "the LOCAL_PREF attribute, within our own AS"},                               \
	    KW_ATTRIBUTE("as_path", as_path, offsetof(type, field), BGP_MAX_PREPEND, "prepend N",  \
			 "prepend 0", "prepend our AS N more times"),                              \
	    KW_ATTRIBUTE("next_hop", next_hop, offsetof(type, field), 0, "{self|ADDRESS}", "self", \
			 "the next hop: our address on each session, or ADDRESS; may be repeated " \
			 "for the other family")

#endif
