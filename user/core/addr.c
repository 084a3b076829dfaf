// SPDX-License-Identifier: BSD-2-Clause
/* Converts struct ipaddr to and from text (inet_pton, inet_ntop) and sockaddr. No state. */
#include "core/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int ipaddr_parse(struct ipaddr *a, const char *text)
{
	uint8_t v4[4];

	if (inet_pton(AF_INET, text, v4) == 1) {
		ipaddr_from_v4(a, v4);
		return 0;
	}
	/* An IPv4-mapped address in text ("::ffff:192.0.2.1") is refused: it is always a mistake.
	 */
	if (inet_pton(AF_INET6, text, a->b) != 1 || ipaddr_is_v4(a))
		return -EINVAL;
	return 0;
}

int ipprefix_parse(struct ipprefix *p, const char *text)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char host[IPADDR_TEXT], *end;
	unsigned long bits, max;

	*p = (struct ipprefix){0};
	if (len >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	if (ipaddr_parse(&p->addr, host) < 0)
		return -EINVAL;
	max = ipaddr_is_v4(&p->addr) ? 32 : 128;
	bits = max;
	if (slash) {
		if (slash[1] < '0' || slash[1] > '9')
			return -EINVAL;
		bits = strtoul(slash + 1, &end, 10);
		if (*end != '\0' || bits > max)
			return -EINVAL;
	}
	p->len = (uint8_t)bits;
	return 0;
}

const char *ipaddr_format(const struct ipaddr *a, char buf[IPADDR_TEXT])
{
	if (ipaddr_is_v4(a))
		inet_ntop(AF_INET, a->b + 12, buf, IPADDR_TEXT);
	else
		inet_ntop(AF_INET6, a->b, buf, IPADDR_TEXT);
	return buf;
}

const char *ipprefix_format(const struct ipprefix *p, char buf[IPPREFIX_TEXT])
{
	char host[IPADDR_TEXT];

	snprintf(buf, IPPREFIX_TEXT, "%s/%u", ipaddr_format(&p->addr, host), p->len);
	return buf;
}

bool ipaddr_equal(const struct ipaddr *a, const struct ipaddr *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

bool ipprefix_equal(const struct ipprefix *a, const struct ipprefix *b)
{
	return a->len == b->len && ipaddr_equal(&a->addr, &b->addr);
}

int ipaddr_family(const struct ipaddr *a)
{
	return ipaddr_is_v4(a) ? AF_INET : AF_INET6;
}

socklen_t ipaddr_to_sockaddr(const struct ipaddr *a, uint16_t port, struct sockaddr_storage *ss)
{
	*ss = (struct sockaddr_storage){0};
	if (ipaddr_is_v4(a)) {
		struct sockaddr_in *sin = (struct sockaddr_in *)ss;

		sin->sin_family = AF_INET;
		sin->sin_port = htons(port);
		memcpy(&sin->sin_addr, a->b + 12, 4);
		return sizeof(*sin);
	}
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ss;

	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = htons(port);
	memcpy(&sin6->sin6_addr, a->b, 16);
	return sizeof(*sin6);
}

int ipaddr_from_sockaddr(struct ipaddr *a, uint16_t *port, const struct sockaddr_storage *ss)
{
	const struct sockaddr_in *sin = (const struct sockaddr_in *)ss;
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)ss;

	if (ss->ss_family == AF_INET) {
		ipaddr_from_v4(a, (const uint8_t *)&sin->sin_addr);
		if (port)
			*port = ntohs(sin->sin_port);
		return 0;
	}
	if (ss->ss_family != AF_INET6)
		return -EAFNOSUPPORT;
	memcpy(a->b, &sin6->sin6_addr, 16);
	if (port)
		*port = ntohs(sin6->sin6_port);
	return 0;
}
