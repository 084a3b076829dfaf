# SPDX-License-Identifier: BSD-2-Clause
"""Questions to the kernel of a machine: the next hops of a host's route, the addresses of an interface. `ip` would cost
two processes for each question of a test that waits."""
import contextlib
import ctypes
import os
import socket
import struct

CLONE_NEWNET = 0x40000000
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_DUMP = 1, 0x300
RTM_GETADDR, RTM_GETROUTE = 22, 26
RTM_F_FIB_MATCH = 0x2000
RTA_DST, RTA_GATEWAY, RTA_MULTIPATH, RTA_VIA = 1, 5, 9, 18
IFA_ADDRESS, IFA_LOCAL = 1, 2
HEADER, ROUTE, ADDRESS, ATTRIBUTE, NEXT_HOP = map(struct.Struct, ("=IHHII", "=BBBBBBBBI", "=BBBBi", "=HH", "=HBBi"))

_libc = ctypes.CDLL(None, use_errno=True)


def _setns(fd, kind):
    if _libc.setns(fd, kind) != 0:
        raise OSError(ctypes.get_errno(), "setns")


@contextlib.contextmanager
def namespace_of(pid, name, kind):
    """This thread is in that namespace of the process meanwhile; of a PID namespace, only its new children are."""
    own = os.open(f"/proc/thread-self/ns/{name}", os.O_RDONLY)
    try:
        other = os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY)
        try:
            _setns(other, kind)
        finally:
            os.close(other)
        try:
            yield
        finally:
            _setns(own, kind)
    finally:
        os.close(own)


def _aligned(size, least):
    return max(size + 3 & ~3, least)


def _attributes(data):
    while len(data) >= ATTRIBUTE.size:
        size, kind = ATTRIBUTE.unpack_from(data)
        yield kind, data[ATTRIBUTE.size:size]
        data = data[_aligned(size, ATTRIBUTE.size):]


def _text(address):
    return socket.inet_ntop(socket.AF_INET if len(address) == 4 else socket.AF_INET6, address)


def _answers(kernel, kind, flags, body):
    """(type, body) of each message of the answer."""
    kernel.send(HEADER.pack(HEADER.size + len(body), kind, NLM_F_REQUEST | flags, 1, 0) + body)
    while True:
        data = kernel.recv(1 << 18)
        while len(data) >= HEADER.size:
            size, found = HEADER.unpack_from(data)[:2]
            if found == NLMSG_DONE:
                return
            yield found, data[HEADER.size:size]
            data = data[_aligned(size, HEADER.size):]
        if not flags & NLM_F_DUMP:
            return


def _gateways(data):
    """Of a route's attributes, or of those of one of its next hops. RTA_VIA has an address of another family."""
    for kind, value in _attributes(data):
        if kind in (RTA_GATEWAY, RTA_VIA):
            yield _text(value[2:] if kind == RTA_VIA else value)
        while kind == RTA_MULTIPATH and len(value) >= NEXT_HOP.size:
            size = NEXT_HOP.unpack_from(value)[0]
            yield from _gateways(value[NEXT_HOP.size:size])
            value = value[_aligned(size, NEXT_HOP.size):]


def _kernel():
    return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)


def next_hops(pid, address):
    """The gateways of the route to exactly this host, in the network of process `pid`. Empty: there is no such route."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    host = socket.inet_pton(family, address)
    body = ROUTE.pack(family, 8 * len(host), 0, 0, 0, 0, 0, 0, RTM_F_FIB_MATCH) + \
        ATTRIBUTE.pack(ATTRIBUTE.size + len(host), RTA_DST) + host
    with namespace_of(pid, "net", CLONE_NEWNET):
        kernel = _kernel()
    with kernel:
        (kind, answer), = _answers(kernel, RTM_GETROUTE, 0, body)
    if kind == NLMSG_ERROR or ROUTE.unpack_from(answer)[1] != 8 * len(host):
        return []
    return list(_gateways(answer[ROUTE.size:]))


def addresses(pid, dev):
    """The addresses of an interface, in the network of process `pid`. Empty: there is no such interface."""
    with namespace_of(pid, "net", CLONE_NEWNET):
        try:
            index = socket.if_nametoindex(dev)
        except OSError:
            return set()
        kernel = _kernel()
    found = set()
    with kernel:
        for kind, answer in _answers(kernel, RTM_GETADDR, NLM_F_DUMP, ADDRESS.pack(socket.AF_UNSPEC, 0, 0, 0, 0)):
            if kind != NLMSG_ERROR and ADDRESS.unpack_from(answer)[4] == index:
                own = dict(_attributes(answer[ADDRESS.size:]))
                found.add(_text(own.get(IFA_LOCAL) or own[IFA_ADDRESS]))
    return found
