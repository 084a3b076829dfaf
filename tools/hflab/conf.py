# SPDX-License-Identifier: BSD-2-Clause
"""Configuration files for the lab's nodes."""
from .bird import NODE_AS, ROUTER_AS
from .plan import SHARED, SHARED6

# The scripts of Linode's guide: a check that fails while a file exists, and a notify script that
# starts and stops the BGP daemon of the guide and writes a log.
CHECK_SH = """#!/bin/bash

trigger='/etc/keepalived/trigger.file'
if [ -f $trigger ]; then
  exit 1
else
  exit 0
fi
"""
NOTIFY_SH = """#!/bin/bash

state_log='/tmp/keepalived.state'
{
    echo "==================================="
    echo "Date:  $(date +'%d-%b-%Y %H:%M:%S')"
    echo "[INFO] Now $1"
} >> $state_log
case $1 in
Master) sudo systemctl restart lelastic ;;
Backup | Fault) sudo systemctl stop lelastic ;;
*) echo "[ERR] not a state: $1" ;;
esac
"""

# The same for a pair, in which it runs five times a second; bash takes three times as long to start.
PAIR_CHECK_SH = "#!/bin/sh\ntest ! -f /etc/keepalived/trigger.file\n"
# The check's timeout is long: on a busy machine its script may take seconds.
PAIR = """global_defs {{
    router_id {name}
    script_user root
}}
vrrp_script service {{
    script "/etc/keepalived/check.sh"
    interval {interval}
    timeout 20
    fall 1
    rise 1
}}
bgp_instance fabric {{
    local_as {local_as}
    router_id {router_id}
    hold_time 9
    connect_retry 1
    neighbor {router} {{
        remote_as {remote_as}
        source {source}
    }}
}}
vrrp_instance example {{
    state BACKUP
    nopreempt
    interface eth0
    version 3
    virtual_router_id 10
    priority {priority}
    advert_int {advert}
    unicast_src_ip {source}
    unicast_peer {{
        {peer}
    }}
    track_script {{
        service
    }}
    virtual_ipaddress {{
        {prefix} dev lo
    }}
    bgp_announce {{
        instance fabric
        takeover {takeover}
        settle_time {settle}
        linger {linger}
    }}
}}
"""

GUIDE = """global_defs {{
    enable_script_security
}}
vrrp_script check_for_file {{
    script "/etc/keepalived/check.sh"
    interval 5
    fall 2
    rise 2
}}
vrrp_instance example_instance {{
    state BACKUP
    nopreempt
    interface eth0
    virtual_router_id 10
    priority {priority}
    advert_int 1
    track_script {{
        check_for_file
    }}
    authentication {{
        auth_type PASS
        auth_pass dT409gtNjMiS
    }}
    unicast_src_ip {source}
    unicast_peer {{
        {peer}
    }}
    virtual_ipaddress {{
        {prefix} dev lo
    }}
    notify_master "/etc/keepalived/notify.sh Master"
    notify_backup "/etc/keepalived/notify.sh Backup"
    notify_fault "/etc/keepalived/notify.sh Fault"{announce}
}}
"""
GUIDE_ANNOUNCE = """
    bgp_announce {
        takeover community 65000:2 65000:1
        settle_time 9
    }"""
GUIDE_BGP = """
bgp_instance fabric {{
    local_as {local_as}
    router_id {source}
    hold_time 9
    neighbor {router} {{
        remote_as {remote_as}
        source {source}
    }}
}}
"""


def _values(node, family6=False):
    """The values that differ between the nodes. `a` has the highest priority, the node after `b` the lowest."""
    plan = node.lab.plan
    addresses = plan.nodes6 if family6 else plan.nodes
    peers = "\n        ".join(a for name, a in addresses.items() if name != node.name)
    return {"name": node.name, "source": addresses[node.name], "peer": peers,
            "router": plan.router_of(addresses[node.name]), "router_id": plan.nodes[node.name],
            "prefix": f"{SHARED6}/128" if family6 else f"{SHARED}/32",
            "local_as": NODE_AS, "remote_as": ROUTER_AS}


def pair(node, family6=False, interval="0.2", takeover="community 65000:2 65000:1",
         settle=9, linger=0.2, advert="0.01"):
    """Millisecond failover: VRRPv3 by unicast every 10 ms, a checked service, sticky."""
    node.write("check.sh", PAIR_CHECK_SH, 0o755)
    node.configure(PAIR.format(priority={"a": 200, "b": 100}.get(node.name, 50), interval=interval, advert=advert,
                               takeover=takeover, settle=settle, linger=linger, **_values(node, family6)))


def calm_pair(node, linger=0.2):
    """The same with adverts every 100 ms, for cases in which nothing may move. The host of a virtual machine may
    stop it for longer than three adverts of 10 ms; then a takeover by the BACKUP would be correct."""
    pair(node, advert="0.1", linger=linger)


PROBES = """    sbfd {{
        interval {interval}
        multiplier {multiplier}
        gate {gate}
    }}
"""
BFD = """        bfd {{
            interval {interval}
            multiplier {multiplier}
        }}
"""


def probed(interval="0.002", multiplier=3, advert="1", gate="0.03", bfd=None, **how):
    """A function that configures a node as pair() does, but with probes and slow adverts. `bfd`: (seconds,
    multiplier) of BFD with the router."""
    def configure(node):
        pair(node, advert=advert, **how)
        text = node.configuration().replace(f"    advert_int {advert}\n", f"    advert_int {advert}\n" +
                                            PROBES.format(interval=interval, multiplier=multiplier, gate=gate))
        if bfd:
            source = node.address6 if how.get("family6") else node.address
            line = f"        source {source}\n"
            text = text.replace(line, line + BFD.format(interval=bfd[0], multiplier=bfd[1]))
        node.configure(text)
    return configure


def pair6(node):
    pair(node, family6=True)


def guide(node, announce=False):
    """The files of Linode's guide at their paths, with its user. `announce`: also the blocks of Holdfast."""
    values = _values(node)
    node.write("check.sh", CHECK_SH, 0o755)
    node.write("notify.sh", NOTIFY_SH, 0o755)
    text = GUIDE.format(priority=100 if node.name == "a" else 99,
                        announce=GUIDE_ANNOUNCE if announce else "", **values)
    node.configure(text + (GUIDE_BGP.format(**values) if announce else ""))
    uid = 64057  # in Debian's range for local use; only the node knows this user
    for path, line in (("/etc/passwd", f"keepalived_script:x:{uid}:{uid}::/:/sbin/nologin\n"),
                       ("/etc/group", f"keepalived_script:x:{uid}:\n")):
        with open(path, encoding="utf-8") as f:
            known = "".join(x for x in f if not x.startswith("keepalived_script:"))
        node.place_over(path, known + line)
    node.run("chown", "-R", "keepalived_script:keepalived_script", "/etc/keepalived")
    node.place_commands({
        "sudo": '#!/bin/sh\nexec "$@"\n',
        "systemctl": '#!/bin/sh\necho "$*" >> /tmp/systemctl.calls\n',
    })


def guide_announced(node):
    guide(node, announce=True)
