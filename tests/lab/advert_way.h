/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a program of the lab sends its adverts: the interface, the MAC address of the target, and
 * the two IPv4 addresses. All programs that send adverts have the same options for this.
 */
#ifndef HF_ADVERT_WAY_H
#define HF_ADVERT_WAY_H

#include <getopt.h>
#include <netinet/ether.h>
#include <stdbool.h>
#include <stddef.h>

struct advert_way {
	const char *dev, *from, *to;
	struct ether_addr mac;
	bool has_mac;
};

/* For the array that getopt_long() takes. */
#define ADVERT_WAY_OPTIONS                                                                         \
	{"dev", required_argument, NULL, 'd'}, {"mac", required_argument, NULL, 'm'},              \
	    {"from", required_argument, NULL, 'f'},                                                \
	{                                                                                          \
		"to", required_argument, NULL, 't'                                                 \
	}

/* Reads one option with its value. False: it is not one of these options. */
static inline bool advert_way_option(struct advert_way *way, int option, const char *value)
{
	switch (option) {
	case 'd':
		way->dev = value;
		return true;
	case 'm':
		way->has_mac = ether_aton_r(value, &way->mac) != NULL;
		return true;
	case 'f':
		way->from = value;
		return true;
	case 't':
		way->to = value;
		return true;
	default:
		return false;
	}
}

static inline bool advert_way_is_complete(const struct advert_way *way)
{
	return way->has_mac && way->dev && way->from && way->to;
}

#endif
