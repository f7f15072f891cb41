# SPDX-License-Identifier: Apache-2.0
"""Records of an invented sensor, as JSON lines: what the engine would say of so many pairs, always the same for the same
number, and of now. Addresses are of documentation and private ranges. Used by the tests of the page and of the API.

records(500) is a list of lines; hostile() one with hostile text in every field that takes text from packets.
"""

import json
import random
import re
from datetime import datetime, timedelta, timezone

SENSOR = "edge-1"
NOW = datetime.now(timezone.utc).replace(microsecond=0)
RULES = ["hq-branches", "servers", "storage", "backup"]
SUITES = [
    ["AES_GCM_16_256", "HMAC_SHA2_384", "ECP_384", "ML_KEM_768"],
    ["AES_GCM_16_256", "HMAC_SHA2_384", "ECP_384"],
    ["AES_CBC_256", "HMAC_SHA2_256_128", "HMAC_SHA2_256", "MODP_2048"],
    ["AES_CBC_128", "HMAC_SHA1_96", "HMAC_SHA1", "MODP_1024"],
    ["3DES", "HMAC_MD5_96", "HMAC_MD5", "MODP_1024"],
]
# Kind, number and key length of each name, in the order of an inventory.
ALGORITHMS = {
    "3DES": ("encryption", 3, None), "AES_CBC_128": ("encryption", 12, 128), "AES_CBC_256": ("encryption", 12, 256),
    "AES_GCM_16_256": ("encryption", 20, 256), "HMAC_MD5_96": ("integrity", 1, None), "HMAC_SHA1_96": ("integrity", 2, None),
    "HMAC_SHA2_256_128": ("integrity", 12, None), "HMAC_MD5": ("prf", 1, None), "HMAC_SHA1": ("prf", 2, None), "HMAC_SHA2_256": ("prf", 5, None),
    "HMAC_SHA2_384": ("prf", 6, None), "MODP_1024": ("group", 2, None), "MODP_2048": ("group", 14, None), "ECP_384": ("group", 20, None),
    "ML_KEM_768": ("additional-key-exchange", 36, None),
}
CLEAR = [("HTTP", 80), ("SMBv23", 445), ("DNS", 53), ("TLS", 443), ("SSH", 22), ("tcp/9000", 9000)]
LEAKS = {
    "sa-lost": "ESP between them ended {} before, and clear traffic took over",
    "nobody-initiates": "neither side opens IKE with the other",
    "selector-gap": "ESP between them goes on at the same time, so this traffic is outside the filters",
    "unanswered": "IKE was tried for {} and not answered",
}


def stamp(when):
    return when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def line(kind, **fields):
    return {"type": kind, "time": fields.pop("time", stamp(NOW)), "sensor": SENSOR, **fields}


def finding(number, a, b, identity, cause, severity, text, **fields):
    first = NOW - timedelta(seconds=fields.pop("age", 600))
    last = NOW - timedelta(seconds=2)
    record = line(
        "finding", alert=f"{number:016x}", id=identity, cause=cause, state="open", severity=severity, grade="observed",
        subject={"kind": "pair", "a": a, "b": b}, a=a, b=b, src=a, dst=b, src_port=49152 + number % 9999, dst_port=80,
        spi=None, ike_spi=None, interface="eth1", vlan=None, rule="hq-branches", protocol="HTTP", community_id=None,
        count=64 + number * 7, bytes=9000 + number * 811, first=stamp(first), last=stamp(last),
        duration=(last - first).total_seconds(), cleared_by=None, text=text,
        advice="Compare the IPsec policy of both peers: rules, selectors and whether clear traffic is allowed as a fall-back.",
        windows_event=4963, evidence={"services": "HTTP (tcp/80)", "both_directions": True},
    )
    record.update(fields)
    return record


def ends_of(count):
    """So many pairs: branches with their head office, servers among themselves, an IPv6 site."""
    pairs = []
    for i in range(count):
        if i % 10 == 9:
            pairs.append((f"2001:db8:5::{i % 40 + 1:x}", f"2001:db8:5:{i // 40 + 1:x}::{i:x}"))
        elif i % 3 == 0:
            pairs.append((f"10.1.0.{i % 7 + 10}", f"10.{20 + i // 60}.{i % 60}.1"))
        else:
            pairs.append((f"10.4.{i // 120}.{i % 11 + 10}", f"10.4.{8 + i // 50}.{i % 120 + 100}"))
    return list(dict.fromkeys(pairs))


def sas_of(pair, rng, rekeys, verdict, span):
    a, b = pair
    out = []
    for src, dst in ((a, b), (b, a)):
        begin, spi = NOW - timedelta(seconds=span), None
        for k in range(rekeys + 1):
            last_one = k == rekeys
            end = NOW - timedelta(seconds=1) if last_one else begin + timedelta(seconds=span / (rekeys + 1) * rng.uniform(0.96, 1.08))
            end = min(end, NOW)
            state = "superseded" if not last_one else "stale" if verdict == "stale" else "ended" if verdict in ("idle", "cleartext") else "active"
            old, spi = spi, rng.randrange(0xC0000000, 0xCFFFFFFF)
            packets = rng.randrange(50, 500000)
            out.append(line("sa", time=stamp(end), src=src, dst=dst, spi=f"0x{spi:08x}", proto="esp", encap=rng.choice(["none", "none", "udp"]),
                            first=stamp(begin), last=stamp(end), packets=packets, bytes=packets * rng.randrange(90, 1300), seq_first=1,
                            seq_last=packets, lost=rng.choice([0, 0, 0, 12]), replayed=0, replaces=f"0x{old:08x}" if old else None,
                            **{"continues": None}, ike_spi=None, exchange=None, initiator=None, state=state))
            begin = end - timedelta(seconds=rng.uniform(0, 4))
    return out


def of_pair(i, pair, rng):
    a, b = pair
    roll = rng.random()
    verdict = ("secured" if roll < 0.86 else "mixed" if roll < 0.91 else "cleartext" if roll < 0.935 else "integrity-only" if roll < 0.95
               else "negotiating" if roll < 0.965 else "idle")
    if i == 0:
        verdict = "mixed"
    rule = RULES[i % 4] if i % 7 else "learned"
    rekeys = rng.choice([0, 1, 3, 6, 11]) if verdict != "negotiating" else 0
    span = rng.choice([900, 7200, 40000])
    if i == 0:
        rekeys, span = 4, 7200
    out = []
    esp = 0
    if verdict not in ("cleartext", "negotiating"):
        sas = sas_of(pair, rng, rekeys, verdict, span)
        esp = sum(sa["bytes"] for sa in sas)
        out += sas
    clear = []
    if verdict in ("cleartext", "mixed"):
        for name, _ in rng.sample(CLEAR, rng.choice([1, 1, 2, 3])):
            packets = rng.randrange(10, 90000)
            clear.append({"protocol": name, "service": None, "packets": packets, "bytes": packets * rng.randrange(80, 900)})
    out.append(line("pair", a=a, b=b, verdict=verdict, rule=rule, carries=None, esp={"packets": esp // 700, "bytes": esp}, offending={name: sum(row[name] for row in clear) for name in ("packets", "bytes")},
                    cleartext=clear,
                    rekeys=rekeys, rekey_interval_median=span / (rekeys + 1) if rekeys else None, rekey_initiator=None))
    suite = SUITES[0 if roll < 0.25 else 1 if roll < 0.55 else 2 if roll < 0.93 else 3 if roll < 0.985 else 4]
    outcome = {"cleartext": "unanswered", "negotiating": "in-progress"}.get(verdict, "established")
    out.append(line("ike_sa", time=stamp(NOW - timedelta(seconds=rng.randrange(5, span))), initiator=a, responder=b,
                    ispi=f"0x{rng.getrandbits(64) | 1:016x}", rspi=f"0x{rng.getrandbits(64) | 1:016x}" if outcome == "established" else None,
                    version="2.0" if i % 9 else "1.0", mode="ikev2" if i % 9 else "main", step="CREATE_CHILD_SA" if outcome == "established" else "IKE_SA_INIT",
                    outcome=outcome, offered=suite, selected=suite if outcome == "established" else None,
                    auth="certificate" if i % 2 else "pre-shared-key", vendors=None,
                    notifies=["NAT_DETECTION_SOURCE_IP", "IKEV2_FRAGMENTATION_SUPPORTED"], nat="none", children=None, retransmissions=0, schedule=None))
    out.append(inventory(a, b, ["2.0" if i % 9 else "1.0"], suite if outcome == "established" else None, suite))
    if verdict in ("cleartext", "mixed"):
        cause = rng.choice(list(LEAKS)) if i else "sa-lost"
        severity = "medium" if rule == "learned" else "high"
        wanted = "though the two used to speak ESP" if rule == "learned" else f'though rule "{rule}" wants it secured'
        text = f"{a} sends {clear[0]['protocol']} to {b} in clear, {wanted}: {LEAKS[cause].format('0.5 s')}."
        out.append(finding(i + 1, a, b, "cleartext-leak", cause, severity, text, rule=rule, protocol=clear[0]["protocol"],
                           age=rng.randrange(30, 9000) if i else 900, grade="possible" if rule == "learned" else "observed"))
    if suite is SUITES[4] and outcome == "established":
        out.append(finding(10000 + i, a, b, "weak-ike-selected", None, "medium", f"{a} and {b} agreed on 3DES, HMAC_MD5_96 and MODP_1024.",
                           windows_event=None, evidence={"table": "rfc8247"}, age=span))
    if i % 37 == 5 and verdict == "secured":
        out.append(finding(20000 + i, a, b, "rekey-too-often", "time", "low", f"{a} and {b} change keys every 65 s; the limit that drives it is a lifetime of 60 s.",
                           windows_event=None, evidence={"interval_median": 65.0}, age=span))
    return out


def inventory(a, b, versions, selected, offered, vendors=()):
    """A line of a pair, as the engine writes it, octet by octet."""
    def uses(names):
        return [{"kind": kind, "name": name, "id": number, "key_length": length, "registry": 2}
                for name, (kind, number, length) in ALGORITHMS.items() if name in (names or ())]

    quantum = "unknown" if not selected else "yes" if any(name.startswith("ML_KEM") for name in selected) else "no"
    return {"type": "inventory", "time": stamp(NOW), "sensor": "edge-1", "subject": {"kind": "pair", "a": a, "b": b}, "versions": versions,
            "modes": ["main" if version == "1.0" else "ikev2" for version in versions], "selected": uses(selected), "offered": uses(offered),
            "vendors": list(vendors), "certificates": False, "esp": ["encrypted"] if selected else [], "quantum_safe": quantum,
            "first": stamp(NOW), "last": stamp(NOW), "messages": 6}


def inventory_end(lines):
    pairs = sum(record["type"] == "inventory" for record in lines)
    return {"type": "inventory_summary", "time": stamp(NOW), "sensor": "edge-1", "peers": 0, "pairs": pairs, "certificates": 0, "unlisted": 0}


STAGES = {"read": 0.064, "decode": 0.027, "track": 0.125, "name": 0.0305, "judge": 0.011, "records": 0.002}


def ring(used, peak, full):
    return {"ring": 67_108_864, "ring_used": used, "ring_peak": peak, "ring_full": full}


def health(count):
    return line("health", version="0.1.0", started=stamp(NOW - timedelta(days=3, hours=5)),
                interfaces=[{"name": "eth1", "up": True, "received": 918_273_645, "dropped": 0, "interface_dropped": 0, **ring(1_500_000, 9_000_000, 0)},
                            {"name": "eth2", "up": True, "received": 818_001_333, "dropped": 1204, "interface_dropped": 0, **ring(50_000_000, 67_108_864, 3)}],
                workers=[{"read": 900_000_000, "tracked": 936_279_978, "together": 1000.5, "waited": 250.25, "processors": "2"},
                         {"read": 836_274_978, "tracked": 799_995_000, "together": 1000.5, "waited": 300.75, "processors": None}],
                stages={name: {"packets": 1_000_000, "seconds": seconds} for name, seconds in STAGES.items()},
                tables=[{"name": "flows", "used": count * 37, "limit": 1_000_000, "evicted": 0, "bytes": 64_000_000},
                        {"name": "sas", "used": count * 9, "limit": 200_000, "evicted": 0, "bytes": 12_800_000},
                        {"name": "ike", "used": count, "limit": 50_000, "evicted": 0, "bytes": 4_000_000},
                        {"name": "pairs", "used": count, "limit": 200_000, "evicted": 0, "bytes": 9_600_000},
                        {"name": "learned", "used": count // 7, "limit": 50_000, "evicted": 0, "bytes": 800_000}],
                transitions_lost=0, untracked=0, alerts_open=0,
                pairs={"secured": 0, "mixed": 0, "cleartext": 0, "integrity-only": 0, "negotiating": 0, "idle": 0})


def summary(lines):
    def total(kind):
        return sum(1 for record in lines if record["type"] == kind)

    esp = sum(record["esp"]["packets"] for record in lines if record["type"] == "pair")
    clear = sum(row["packets"] for record in lines if record["type"] == "pair" for row in record["cleartext"])
    classes = {"esp": esp, "ah": 0, "ike": total("ike_sa") * 6, "keepalive": 0, "icmp": esp // 5000, "cleartext": clear, "non_ip": 40,
               "fragment": 0, "malformed": 0, "truncated": 0}
    octets = sum(record["bytes"] for record in lines if record["type"] == "sa")
    return line("summary", packets=sum(classes.values()), bytes=octets, first=stamp(NOW - timedelta(days=3)), last=stamp(NOW), classes=classes,
                sas=total("sa"), ike_sas=total("ike_sa"), pairs=total("pair"), flows=0, findings=total("finding"), in_progress=0)


def records(count, seed=1):
    rng = random.Random(seed * 1000 + count)
    lines = []
    for i, pair in enumerate(ends_of(count)):
        lines += of_pair(i, pair, rng)
    return [*lines, summary(lines), health(count), inventory_end(lines)]


# What an attacker would like to see interpreted. The last is longer than any field should be shown.
HOSTILE = [
    "<script>document.title='owned'</script>", "<img src=x onerror=\"document.title='owned'\">", "\u202egnp.exe\u2066",
    "two\nlines\r\n\tand a tab", "\u001b[31mred\u001b[0m", "'\"><svg onload=document.title='owned'>", "javascript:document.title='owned'",
    "\u200b\ufeff", "${7*7}{{7*7}}", "A" * 330,
]


def hostile():
    lines = []
    for i, text in enumerate(HOSTILE):
        a, b = f"192.0.2.{i + 1}", "198.51.100.1"
        lines.append(line("pair", a=a, b=b, verdict="mixed", rule=text, carries=[text], offending={"packets": 3, "bytes": 300}, esp={"packets": 9, "bytes": 999},
                          cleartext=[{"protocol": text, "service": None, "packets": 3, "bytes": 300}], rekeys=0, rekey_interval_median=None, rekey_initiator=None))
        lines += sas_of((a, b), random.Random(i), 1, "mixed", 600)
        lines.append(line("ike_sa", initiator=a, responder=b, ispi=f"0x{i + 1:016x}", rspi=f"0x{i + 9:016x}", version="2.0", mode="ikev2", step=text,
                          outcome="established", offered=[text], selected=[text], auth=text, vendors=[text], notifies=[text], nat="none", children=None, retransmissions=3,
                          schedule={"sender": "initiator", "gaps": [1.0, 2.0, 4.0]}))
        lines.append(inventory(a, b, ["2.0"], SUITES[0], SUITES[0], [text]))
        lines.append(finding(i + 1, a, b, "cleartext-leak", "sa-lost", "high", f"{a} sends {text} in clear.", rule=text, protocol=text, interface=text,
                             evidence={"services": text, "vendor": text}))
    return [*lines, summary(lines), health(len(HOSTILE)), inventory_end(lines)]


def text(lines):
    """As jansson writes it: compact, and what is beyond ASCII in capital hexadecimal digits."""
    def upper(found):
        return found[0] if found[0] == "\\\\" else found[0][:2] + found[0][2:].upper()

    return "".join(re.sub(r"\\\\|\\u[0-9a-f]{4}", upper, json.dumps(record, separators=(",", ":"))) + "\n" for record in lines)


if __name__ == "__main__":
    import sys

    sys.stdout.write(text(hostile() if sys.argv[1] == "hostile" else records(int(sys.argv[1]))))
