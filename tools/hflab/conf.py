# SPDX-License-Identifier: BSD-2-Clause
"""Configuration files for the lab's nodes."""
from .bird import NODE_AS, ROUTER_AS
from .plan import SHARED, SHARED6

# The seed guide's scripts: a check that fails while a file is there, and a notify script that
# drives the BGP daemon of the guide and keeps a log.
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

PAIR = """global_defs {{
    router_id {name}
    script_user root
}}
vrrp_script service {{
    script "/etc/keepalived/check.sh"
    interval {interval}
    timeout 2
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
    advert_int 0.01
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
        settle_time 9
        linger 0.2
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
    """What differs between the nodes. `a` has the higher priority."""
    plan = node.lab.plan
    addresses = plan.nodes6 if family6 else plan.nodes
    peer, = (name for name in addresses if name != node.name)
    return {"name": node.name, "source": addresses[node.name], "peer": addresses[peer],
            "router": plan.router_of(addresses[node.name]), "router_id": plan.nodes[node.name],
            "prefix": f"{SHARED6}/128" if family6 else f"{SHARED}/32",
            "local_as": NODE_AS, "remote_as": ROUTER_AS}


def pair(node, family6=False, interval="0.2", takeover="community 65000:2 65000:1"):
    """Millisecond failover: VRRPv3 by unicast every 10 ms, a checked service, sticky."""
    node.write("check.sh", CHECK_SH, 0o755)
    node.configure(PAIR.format(priority=200 if node.name == "a" else 100, interval=interval,
                               takeover=takeover, **_values(node, family6)))


def pair6(node):
    pair(node, family6=True)


def guide(node, announce=False):
    """The seed guide's files at their places, with its user; `announce`: and what Holdfast adds."""
    values = _values(node)
    node.write("check.sh", CHECK_SH, 0o755)
    node.write("notify.sh", NOTIFY_SH, 0o755)
    text = GUIDE.format(priority=100 if node.name == "a" else 99,
                        announce=GUIDE_ANNOUNCE if announce else "", **values)
    node.configure(text + (GUIDE_BGP.format(**values) if announce else ""))
    uid = 64057  # of the range that Debian leaves to local use; the node alone knows it
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
