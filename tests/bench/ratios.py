# SPDX-License-Identifier: BSD-2-Clause
"""Ratios of the figures of Holdfast to those of the other program that was measured in the same run. Times depend on the
machine, ratios hardly do. Of every ratio a smaller one is better."""
from statistics import median


def detection(result):
    for name, figures in result["figures"].items():
        if figures.get("keepalived") and figures["keepalived"]["advert_us"]:
            yield (f"detection, {name}: median, Holdfast to keepalived",
                   median(figures["holdfast"]["advert_us"]) / median(figures["keepalived"]["advert_us"]))


def failover(result):
    rows = {r["name"]: r for r in result["figures"]}
    if "host_death" in rows and "guide_host_death" in rows:
        yield ("host death: median, adverts of 10 ms to those of 1 s",
               rows["host_death"]["median_ms"] / rows["guide_host_death"]["median_ms"])


def outages(result):
    found = {name: median(f["outage_ms"]) for name, f in result["figures"].items()
             if f["outage_ms"] and f.get("shown", "outage_ms") == "outage_ms"}
    for name, ours in found.items():
        if name != "parts" and "parts" in found:
            yield f"host death, {name}: median, to BIRD's BFD on the nodes", ours / found["parts"]


def service(result):
    pairs = (("holdfast", "exabgp_100ms", "a check each 100 ms"), ("holdfast_10ms", "exabgp_fastest", "fast checks"))
    for router, stacks in result["figures"]["deaths"].items():
        for ours, theirs, what in pairs:
            if stacks.get(ours) and stacks.get(theirs):
                yield (f"dead service, {router}, {what}: median, Holdfast to exabgp",
                       median(r["left_ms"] for r in stacks[ours]) / median(r["left_ms"] for r in stacks[theirs]))


def a_minute(rows):
    """False failovers a minute, without those that a stopped CPU of the machine explains; 1 more, so that a ratio to 0
    exists."""
    return 1 + median(60 * max(0, r["false_failovers"] - (r["stalls"] or 0)) / r["seconds"] for r in rows)


def flood(result):
    for load in dict.fromkeys(r["load"] for r in result["figures"]):
        rows = {side: [r for r in result["figures"] if (r["load"], r["side"]) == (load, side)]
                for side in ("holdfast", "keepalived_rt")}
        if all(rows.values()):
            yield (f"false failovers, {load}: 1 + those of a minute, Holdfast to keepalived with priority 50",
                   a_minute(rows["holdfast"]) / a_minute(rows["keepalived_rt"]))


def scale(result):
    figures = result["figures"]
    if figures.get("fast_keepalived"):
        yield ("255 instances at 10 ms: CPU of MASTER for each advert, Holdfast to keepalived",
               figures["fast"]["us_an_advert"] / figures["fast_keepalived"]["us_an_advert"])
    sizes = figures.get("sizes", [])
    for n in sorted({r["instances"] for r in sizes}):
        for role in ("MASTER", "BACKUP"):
            ours, theirs = ([r["cpu"][role] for r in sizes if (r["instances"], r["side"]) == (n, side)]
                            for side in ("holdfast", "keepalived"))
            if ours and theirs and median(theirs) > 0:
                yield f"CPU of {role}, {n} instances: median, Holdfast to keepalived", median(ours) / median(theirs)


def packet(result):
    base = median(result["figures"]["base"])
    for what, above in result["figures"]["above"].items():
        yield f"packet, {what}: median, to an empty program", (base + median(above)) / base


def prefixes(result):
    for n, runs in result["figures"].items():
        ours, theirs = (median(r["last_ms"] for r in runs[name]) for name in ("Holdfast", "BIRD"))
        yield f"takeover of {int(n):,} prefixes: median, Holdfast to BIRD", ours / theirs


OF = {"detection": detection, "failover": failover, "outages": outages, "service": service, "flood": flood,
      "scale": scale, "packet": packet, "prefixes": prefixes}
