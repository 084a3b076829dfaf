// SPDX-License-Identifier: BSD-2-Clause
/*
 * The socket of a BGP session and its options. The file owns nothing: the descriptor is the
 * caller's. Rejected: to detect dead peers only by the hold timer. TCP_USER_TIMEOUT also ends a
 * connection whose peer keeps its window closed, or whose peer has become unreachable.
 */
#include "speaker/bgp_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/addr.h"
#include "core/traffic_class.h"

#define SOCKET_BUFFER	    (64 * 1024) /* sixteen full messages each way */
#define BACKLOG		    64
#define TTL_MAX		    255
#define TTL_IBGP	    64

static int set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

int bgp_socket_min_ttl(const struct cfg_neighbor *cfg)
{
	return cfg->ttl_security ? TTL_MAX + 1 - cfg->ttl_security : 0;
}

static int set_min_ttl(int fd, int family, int min_ttl)
{
	return family == AF_INET ? set_int(fd, IPPROTO_IP, IP_MINTTL, min_ttl)
				 : set_int(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, min_ttl);
}

static int set_hops(int fd, int family, int ttl)
{
	return family == AF_INET ? set_int(fd, IPPROTO_IP, IP_TTL, ttl)
				 : set_int(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl);
}

static int set_ttl(int fd, const struct cfg_neighbor *cfg, int family, bool ibgp)
{
	int ttl = cfg->multihop ? cfg->multihop : ibgp ? TTL_IBGP : 1, err;

	if (cfg->ttl_security) {
		err = set_min_ttl(fd, family, bgp_socket_min_ttl(cfg));
		if (err < 0)
			return err;
		ttl = TTL_MAX;
	}
	return set_hops(fd, family, ttl);
}

/* A link-local address needs its interface. */
static socklen_t place_sockaddr(const struct ipaddr *address, uint16_t port, uint32_t ifindex,
				struct sockaddr_storage *ss)
{
	socklen_t len = ipaddr_to_sockaddr(address, port, ss);

	if (address->b[0] == 0xfe && (address->b[1] & 0xc0) == 0x80)
		((struct sockaddr_in6 *)ss)->sin6_scope_id = ifindex;
	return len;
}

/* Sets the password of `cfg` for `address`; `on` false: removes it. 0 or -errno. */
static int set_password(int fd, const struct cfg_neighbor *cfg, const struct ipaddr *address,
			bool on)
{
	struct tcp_md5sig sig = {0};
	struct sockaddr_storage peer;
	size_t len = cfg->password ? strlen(cfg->password) : 0;

	if (len == 0)
		return 0;
	if (len > TCP_MD5SIG_MAXKEYLEN)
		return -EKEYREJECTED;
	ipaddr_to_sockaddr(address, 0, &peer);
	memcpy(&sig.tcpm_addr, &peer, sizeof(sig.tcpm_addr));
	if (on) {
		sig.tcpm_keylen = (uint16_t)len;
		memcpy(sig.tcpm_key, cfg->password, len);
	}
	return setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &sig, sizeof(sig)) < 0 ? -errno : 0;
}

static int bind_source(int fd, const struct cfg_neighbor *cfg, uint32_t ifindex)
{
	struct sockaddr_storage ss;
	socklen_t len;

	if (ipaddr_is_unset(&cfg->source))
		return 0;
	len = place_sockaddr(&cfg->source, 0, ifindex, &ss);
	set_int(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	return bind(fd, (struct sockaddr *)&ss, len) < 0 ? -errno : 0;
}

/* Sets options without which the session also works, so errors are ignored. */
static void set_niceties(int fd, int family)
{
	set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_int(fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER);
	set_int(fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER);
	traffic_class_set(fd, family);
}

int bgp_socket_dial(const struct cfg_neighbor *cfg, const struct bgp_place *at, bool ibgp,
		    uint16_t timeout_s)
{
	int family = ipaddr_family(&at->address);
	struct sockaddr_storage peer;
	socklen_t len = place_sockaddr(&at->address, cfg->port, at->ifindex, &peer);
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	int err;

	if (fd < 0)
		return -errno;
	set_niceties(fd, family);
	bgp_socket_set_timeout(fd, timeout_s);
	err = set_ttl(fd, cfg, family, ibgp);
	if (err == 0)
		err = set_password(fd, cfg, &at->address, true);
	if (err == 0)
		err = bind_source(fd, cfg, at->ifindex);
	if (err == 0 && connect(fd, (struct sockaddr *)&peer, len) < 0 && errno != EINPROGRESS)
		err = -errno;
	if (err == 0)
		return fd;
	close(fd);
	return err;
}

/* The buffers must be set before the handshake, which negotiates the window scale. */
int bgp_socket_bind(int family, uint16_t port)
{
	struct sockaddr_storage any = {.ss_family = (sa_family_t)family};
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP), err;

	if (fd < 0)
		return -errno;
	if (family == AF_INET)
		((struct sockaddr_in *)&any)->sin_port = htons(port);
	else
		((struct sockaddr_in6 *)&any)->sin6_port = htons(port);
	set_niceties(fd, family);
	err = set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (err == 0 && family == AF_INET6)
		err = set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (err == 0)
		err = set_hops(fd, family, TTL_MAX);
	if (err == 0 && bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0)
		err = -errno;
	if (err == 0)
		return fd;
	close(fd);
	return err;
}

int bgp_socket_listen(int fd)
{
	return listen(fd, BACKLOG) < 0 ? -errno : 0;
}

int bgp_socket_listen_password(int fd, const struct cfg_neighbor *cfg, bool on)
{
	return set_password(fd, cfg, &cfg->address, on);
}

void bgp_socket_listen_min_ttl(int fd, int family, int min_ttl)
{
	set_min_ttl(fd, family, min_ttl);
}

int bgp_socket_adopt(int fd, const struct cfg_neighbor *cfg, bool ibgp, uint16_t timeout_s)
{
	set_niceties(fd, ipaddr_family(&cfg->address));
	bgp_socket_set_timeout(fd, timeout_s);
	return set_ttl(fd, cfg, ipaddr_family(&cfg->address), ibgp);
}

int bgp_socket_result(int fd)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		return -errno;
	return -err;
}

void bgp_socket_set_timeout(int fd, uint16_t timeout_s)
{
	set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, timeout_s * 1000);
}

int bgp_socket_local(int fd, struct ipaddr *local)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0)
		return -errno;
	return ipaddr_from_sockaddr(local, NULL, &ss);
}
