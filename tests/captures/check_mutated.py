#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mutated captures, frame by frame, against tshark: check_mutated.py FRAME_FACTS ESPIAL FOLDER [FRAMES [SEED [MORE_FOLDERS...]]]

Frames of the captures in FOLDER are changed, each in one way or two: bits, lengths, ports, protocol numbers, addresses,
nested headers, cut ends. What the dissectors say of each (frame_facts) has to be what tshark says: ESP and AH with addresses,
SPI and sequence number; IKE with SPIs, version, exchange and message ID; or none of these. Where the two differ there has
to be a reason in REASONS that holds for the very octets of that frame, as docs/differences.md explains; anything else is a
failure, shown with the frame. And `espial audit` over the same frames has to count what the dissectors said of each.

The same seed makes the same frames. FRAMES: how many, 1500 unless told (every run takes 3000, `meson compile mutated` 200 000).
Exit status 77 without tshark.
"""

import collections
import glob
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile

BATCH = 20000  # frames in a file
ETHERNET, RAW, SLL = 1, 101, 113
SHOWN = int(os.environ.get("SHOWN", 12))
FIELDS = ["frame.protocols", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "esp.spi", "esp.sequence", "ah.spi", "isakmp.ispi",
          "isakmp.rspi", "isakmp.version", "isakmp.exchangetype", "isakmp.messageid"]


def read_capture(path):
    """(link type, frames) of a pcap of microseconds; others are left out."""
    with open(path, "rb") as file:
        octets = file.read()
    if len(octets) < 24 or struct.unpack_from("<I", octets)[0] != 0xA1B2C3D4:
        return None, []
    link, at, frames = struct.unpack_from("<I", octets, 20)[0], 24, []
    while at + 16 <= len(octets):
        captured = struct.unpack_from("<I", octets, at + 8)[0]
        frames.append(octets[at + 16:at + 16 + captured])
        at += 16 + captured
    return link, frames


def write_capture(path, link, frames):
    """frames: (octets, length on the wire)"""
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link))
        for number, (octets, length) in enumerate(frames):
            # Times that only rise, and far enough apart that no frame is taken for a copy of another.
            file.write(struct.pack("<IIII", 1700000000 + number, 0, len(octets), length) + octets)


# ---- mutations ----


def ip_at(frame, link):
    """Where the outermost IP header of an ordinary frame begins; None if it has none."""
    at = {ETHERNET: 14, RAW: 0, SLL: 16}[link]
    if link == ETHERNET and frame[12:14] == b"\x81\x00":
        at += 4
    return at if len(frame) > at + 20 and frame[at] >> 4 in (4, 6) else None


def flip_bits(chance, frame, at):
    for _ in range(chance.choice((1, 1, 1, 2, 8))):
        frame[chance.randrange(at, len(frame))] ^= 1 << chance.randrange(8)


def flip_early_bits(chance, frame, at):
    """Headers are where it matters."""
    frame[chance.randrange(at, min(at + 64, len(frame)))] ^= 1 << chance.randrange(8)


def set_octet(chance, frame, at):
    frame[chance.randrange(at, min(at + 80, len(frame)))] = chance.choice((0, 1, 4, 17, 50, 51, 0x7F, 0x80, 0xFF))


def set_protocol(chance, frame, at):
    number = chance.choice((1, 4, 6, 17, 41, 43, 44, 47, 50, 51, 58, 59, 60, 108, 132, 136, 141))
    frame[at + (9 if frame[at] >> 4 == 4 else 6)] = number


def set_port(chance, frame, at):
    start = at + ((frame[at] & 15) * 4 if frame[at] >> 4 == 4 else 40)
    if start + 4 <= len(frame):
        struct.pack_into(">H", frame, start + chance.choice((0, 2)), chance.choice((500, 4500, 500, 4500, 4789, 53, 848, 88)))


def set_length(chance, frame, at):
    place = at + (2 if frame[at] >> 4 == 4 else 4)
    if chance.random() < 0.4:
        place = at + (20 if frame[at] >> 4 == 4 else 40) + 4  # UDP's, or somebody else's octets
    if place + 2 <= len(frame):
        old = struct.unpack_from(">H", frame, place)[0]
        struct.pack_into(">H", frame, place, chance.choice((0, 1, 7, 8, 20, old - 1, old + 1, old + 4, old // 2, 0xFFFF)) & 0xFFFF)


def make_fragment(chance, frame, at):
    if frame[at] >> 4 == 4:
        struct.pack_into(">H", frame, at + 6, chance.choice((0x2000, 0x2001, 0x0001, 0x00B9, 0x1FFF, 0x3FFF, 0x4000, 0x8000)))


def cut(chance, frame, at):
    del frame[chance.randrange(at, len(frame)):]


def wrap_ah(chance, frame, at):
    """AH before what is there (RFC 4302 section 2)."""
    if frame[at] >> 4 != 4 or len(frame) > 1400:
        return
    words = chance.choice((4, 4, 4, 1, 0, 5, 7, 0xFF))
    size = (words + 2) * 4
    header = bytes((frame[at + 9], words, 0, 0)) + bytes(chance.randrange(256) for _ in range(max(size, 12) - 4))
    end = at + (frame[at] & 15) * 4
    frame[end:end] = header
    frame[at + 9] = 51
    struct.pack_into(">H", frame, at + 2, struct.unpack_from(">H", frame, at + 2)[0] + len(header) & 0xFFFF)


def wrap_ip(chance, frame, at):
    """IP in IP, or in GRE."""
    if len(frame) > 1400:
        return
    inner, version = len(frame) - at, frame[at] >> 4
    gre = struct.pack(">HH", 0, 0x0800 if version == 4 else 0x86DD) if chance.random() < 0.5 else b""
    protocol = 47 if gre else 4 if version == 4 else 41
    frame[at:at] = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(gre) + inner, 1, 0, 64, protocol, 0, 0xC6336401, 0xC6336402) + gre


def wrap_udp_4500(chance, frame, at):
    """ESP or IKE into UDP 4500 (RFC 3948), rightly or wrongly."""
    if frame[at] >> 4 != 4 or len(frame) > 1400:
        return
    end = at + (frame[at] & 15) * 4
    marker = bytes(4) if chance.random() < 0.3 else b""
    length = len(frame) - end + 8 + len(marker)
    if length < 8:
        return  # what its header says is longer than what there is
    frame[end:end] = struct.pack(">HHHH", 4500, 4500, length, 0) + marker
    frame[at + 9] = 17
    struct.pack_into(">H", frame, at + 2, (frame[at] & 15) * 4 + length & 0xFFFF)


MUTATIONS = [flip_bits, flip_early_bits, flip_early_bits, set_octet, set_protocol, set_port, set_length, make_fragment, cut,
             wrap_ah, wrap_ip, wrap_udp_4500]


def mutate(chance, link, frame):
    at = ip_at(frame, link)
    if at is None:
        return None
    frame = bytearray(frame)
    for _ in range(chance.choice((1, 1, 2))):
        if len(frame) >= at + 20:
            chance.choice(MUTATIONS)(chance, frame, at)
    whole = len(frame) + (chance.randrange(1, 400) if chance.random() < 0.05 else 0)
    return bytes(frame), whole


# ---- what each says ----


def nothing(text):
    return text in ("", "-")


def theirs(path, environment):
    """tshark's: for each frame {esp, ah, ike}"""
    command = ["tshark", "-n", "-r", path, "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE", "-o",
               "tcp.desegment_tcp_streams:FALSE", "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=,"]
    for field in FIELDS:
        command += ["-e", field]
    output = subprocess.run(command, capture_output=True, check=False, env=environment).stdout.decode(errors="replace")
    for line in output.splitlines():
        values = dict(zip(FIELDS, line.split("\t")))
        lists = {name: value.split(",") if value else [] for name, value in values.items()}
        said = {"protocols": values["frame.protocols"], "esp": None, "ah": None, "ike": None}
        met = collections.Counter()
        ends = ("-", "-")
        for protocol in values["frame.protocols"].split(":"):
            if protocol in ("icmp", "icmpv6"):
                break  # what an error quotes
            if protocol in ("ip", "ipv6") and len(lists[f"{protocol}.dst"]) > met[protocol]:
                ends = lists[f"{protocol}.src"][met[protocol]], lists[f"{protocol}.dst"][met[protocol]]
            if protocol == "esp" and len(lists["esp.spi"]) > met["esp"]:
                sequence = lists["esp.sequence"][met["esp"]] if len(lists["esp.sequence"]) > met["esp"] else "?"
                said["esp"] = (*ends, int(lists["esp.spi"][met["esp"]], 16), int(sequence) if sequence != "?" else None)
            if protocol == "ah" and len(lists["ah.spi"]) > met["ah"]:
                said["ah"] = (*ends, int(lists["ah.spi"][met["ah"]], 16))
            if protocol == "isakmp" and lists["isakmp.ispi"] and not met["isakmp"]:
                first = [lists[name][0] if lists[name] else "?" for name in FIELDS[8:]]
                said["ike"] = (first[0], first[1], first[2], first[3], first[4])
            met[protocol] += 1
        yield said


def ours(facts, path):
    done = subprocess.run([facts, path], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"frame_facts: {done.stderr}")
    for line in done.stdout.splitlines():
        (kind, reason, src, dst, spi, sequence, ah_src, ah_dst, ah_spi, ispi, rspi, version, exchange,
         message) = line.split("\t")
        said = {"class": kind, "reason": reason, "esp": None, "ah": None, "ike": None}
        if not nothing(spi):
            said["esp"] = (src, dst, int(spi, 16), int(sequence, 16))
        if not nothing(ah_spi):
            said["ah"] = (ah_src, ah_dst, int(ah_spi, 16))
        if not nothing(ispi):
            major, minor = version.split(".")
            said["ike"] = (ispi, rspi, f"0x{int(major) << 4 | int(minor):02x}", exchange, f"0x{message}")
        yield said


def same(one, other):
    """What tshark does not show of a header that it does show, decides nothing."""
    if one is None or other is None:
        return one is other
    return all(left == right or right in ("?", None) for left, right in zip(one, other))


# ---- reasons ----

# What tshark reads on behind, and espial does not: docs/differences.md.
REASONS = {
    "ip-length": "an IP packet says that it is longer than the frame, or shorter than its own header",
    "ah-length": "an AH header says that it is shorter than its fixed part, or longer than the packet",
    "udp-length": "a UDP datagram says that it is longer than the packet, or shorter than its own header",
    "extension": "an IPv6 extension header is longer than the packet",
    "cut": "the capture ends before what decides",
    "port-500": "a UDP datagram of port 500 whose octets are no IKE is not IKE",
    "ike-elsewhere": "IKE on other ports than 500 and 4500, with the marker of RFC 3948 or without: espial goes by its header, tshark by the ports",
    "other-port": "tshark goes by the port of another protocol, espial by 4500 and the octets",
    "short-esp": "four to seven octets on port 4500 are too short for the header of ESP",
    "wesp": "wrapped ESP (RFC 5840), which tshark does not read",
    "behind-ah": "what AH protects is AH's, unless it is ESP",
    "udp-lite": "UDP-Lite carries no IPsec (RFC 3948 is of UDP)",
    "tcp": "a TCP segment is IKE or ESP only behind the prefix of RFC 9329",
    "extension-in-ipv4": "a header of IPv6 alone has no meaning behind IPv4",
    "marker": "between ports 500 and 4500, four octets of zero are the marker of RFC 3948 to espial, and what lacks them is ESP; to tshark all is IKE",
    "reserved-bits": "a GRE or VXLAN header with a version or reserved bits set is not taken for a tunnel",
    "ike-length": "IKE whose own length is impossible: tshark shows its octets as data",
    "options": "an IPv6 option longer than its header ends tshark's reading; espial reads no options",
}


class Contradiction(Exception):
    pass


class Reader:
    """An independent reading of a frame's lengths, as far as they can contradict one another."""

    def __init__(self, octets, whole):
        self.octets, self.whole, self.cut_off = octets, whole, whole > len(octets)
        self.reserved, self.options, self.payload = False, False, None
        self.trail, self.ports, self.beyond = [], None, "cut"  # protocol numbers met, ports of the last UDP or TCP
        self.met = set()  # ports of every UDP

    def need(self, at, count, end):
        """There must be so many octets: `end` is where the enclosing header says that it ends."""
        if at + count > end:
            raise Contradiction(self.beyond)
        if at + count > len(self.octets):
            raise Contradiction("cut" if self.cut_off else self.beyond)

    def walk(self, link):
        if link == RAW:
            self.ip(0, self.whole)
        else:
            self.ethernet({ETHERNET: 12, SLL: 14}[link], self.whole)

    def ethernet(self, at, end):
        """From the type on."""
        self.beyond = "cut"
        self.need(at, 2, end)
        kind = struct.unpack_from(">H", self.octets, at)[0]
        at += 2
        while kind in (0x8100, 0x88A8, 0x9100):
            self.need(at, 4, end)
            kind = struct.unpack_from(">H", self.octets, at + 2)[0]
            at += 4
        if kind in (0x0800, 0x86DD):
            self.ip(at, end)

    def ip(self, at, end):
        self.beyond = "ip-length"
        self.need(at, 1, end)
        if self.octets[at] >> 4 == 4:
            self.need(at, 20, end)
            header, total = (self.octets[at] & 15) * 4, struct.unpack_from(">H", self.octets, at + 2)[0]
            if header < 20 or (total and total < header) or at + total > end:
                raise Contradiction("ip-length")
            self.need(at, header, end)
            self.trail.append(4)
            if struct.unpack_from(">H", self.octets, at + 6)[0] & 0x1FFF:
                return
            self.next(self.octets[at + 9], at + header, at + total if total else end)
        elif self.octets[at] >> 4 == 6:
            self.need(at, 40, end)
            length = struct.unpack_from(">H", self.octets, at + 4)[0]
            if at + 40 + length > end:
                raise Contradiction("ip-length")
            self.trail.append(41)
            self.next(self.octets[at + 6], at + 40, at + 40 + length if length else end)

    def check_options(self, protocol, at, end):
        while protocol != 43 and at + 2 <= end:
            if self.octets[at] == 0:
                at += 1
                continue
            at += 2 + self.octets[at + 1]
            self.options |= at > end

    def next(self, protocol, at, end):
        self.trail.append(protocol)
        if protocol in (4, 41):
            self.trail.pop()
            self.ip(at, end)
        elif protocol in (0, 43, 60):
            self.beyond = "extension"
            self.need(at, 2, end)
            length = (self.octets[at + 1] + 1) * 8
            self.need(at, length, end)
            self.check_options(protocol, at + 2, at + length)
            self.next(self.octets[at], at + length, end)
        elif protocol == 44:
            self.beyond = "extension"
            self.need(at, 8, end)
            if struct.unpack_from(">H", self.octets, at + 2)[0] & 0xFFF8 == 0:
                self.next(self.octets[at], at + 8, end)
        elif protocol == 47:
            self.beyond = "cut"
            self.need(at, 4, end)
            flags, kind = struct.unpack_from(">HH", self.octets, at)
            self.reserved |= bool(flags & 0x4FFF)
            at += 4 + 4 * bool(flags & 0x8000) + 4 * bool(flags & 0x2000) + 4 * bool(flags & 0x1000)
            if kind in (0x0800, 0x86DD):
                self.ip(at, end)
            elif kind == 0x6558:
                self.ethernet(at + 12, end)
            elif kind == 0x88BE:  # ERSPAN II has a header of its own, I has none
                self.ethernet(at + 12 + (8 if flags & 0x1000 else 0), end)
            elif kind == 0x22EB:
                self.ethernet(at + 12 + 12, end)
        elif protocol == 51:
            self.beyond = "ah-length"
            self.need(at, 12, end)
            length = (self.octets[at + 1] + 2) * 4
            if length < 12:
                raise Contradiction("ah-length")
            self.need(at, length, end)
            self.next(self.octets[at], at + length, end)
        elif protocol == 17:
            self.beyond = "udp-length"
            self.need(at, 8, end)
            length = struct.unpack_from(">H", self.octets, at + 4)[0]
            self.ports = struct.unpack_from(">HH", self.octets, at)
            self.met |= set(self.ports)
            if length < 8 or at + length > end:
                raise Contradiction("udp-length")
            self.payload = at + 8
            if self.ports[1] == 4789:
                self.need(at + 8, 8, end)
                self.reserved |= self.octets[at + 8:at + 12] != b"\x08\0\0\0" or self.octets[at + 15] != 0
                self.ethernet(at + 8 + 8 + 12, at + length if length else end)
                return
            self.beyond = "cut"
            self.need(at + 8, 8, end)
        elif protocol in (6, 136):
            self.beyond = "cut"
            self.need(at, 8, end)
            self.ports = struct.unpack_from(">HH", self.octets, at)
        elif protocol == 50:
            self.beyond = "cut"
            self.need(at, 8, end)


def reason_of(link, octets, whole, we, they):
    """Why the two may differ about this frame; None if there is no reason."""
    reader = Reader(octets, whole)
    contradiction = None
    try:
        reader.walk(link)
    except Contradiction as found:
        contradiction = str(found)
    if we["class"] in ("malformed", "truncated") and contradiction:
        return contradiction
    trail, ports, protocols = reader.trail, reader.ports or (0, 0), they["protocols"].split(":")
    if 51 in trail and we["ah"] and we["class"] == "ah":
        return "behind-ah"
    if 136 in trail and "udplite" in protocols:
        return "udp-lite"
    if 141 in trail and (we["class"] == "esp" or we["reason"] == "esp"):
        return "wesp"
    if any(one == 4 and other in (0, 43, 44, 60) for one, other in zip(trail, trail[1:])):
        return "extension-in-ipv4"
    if set(ports) == {500, 4500} and they["ike"] and (we["ike"] or we["esp"]):
        return "marker"
    if 17 in trail and 4500 in ports and they["esp"] and they["esp"][3] is None and not we["esp"]:
        return "short-esp"
    if 17 in trail and 500 in reader.met and they["ike"] and not we["ike"]:
        return "port-500"
    if 4789 in reader.met and we["esp"] and not they["esp"] and "vxlan" not in protocols:
        return "other-port"
    if reader.reserved and (they["esp"] or they["ah"] or they["ike"]):
        return "reserved-bits"
    if reader.options:
        return "options"
    if we["ike"] and not they["ike"] and reader.payload is not None and not {500, 4500} & set(ports):
        datagram = struct.unpack_from(">H", octets, reader.payload - 4)[0] - 8
        for skip in (0, 4):
            message = octets[reader.payload + skip:]
            if octets[reader.payload:reader.payload + skip] == bytes(skip) and len(message) >= 28 and message[17] >> 4 in (1, 2) \
                    and struct.unpack_from(">I", message, 24)[0] == datagram - skip:
                return "ike-elsewhere"
    if we["ike"] and not they["ike"] and protocols[-1] == "data" and reader.payload is not None and {500, 4500} & set(ports):
        at = reader.payload + (4 if 4500 in ports else 0)
        length = octets[at + 24:at + 28]
        if len(length) == 4 and struct.unpack(">I", length)[0] < 28:
            return "ike-length"
    if 17 in trail and (4500 in ports or 500 in ports) and not they["ike"] and not they["esp"] and "udpencap" not in protocols:
        return "other-port"
    if trail and trail[-1] == 6:
        return "tcp"
    return None


def check_audit(espial, path, said):
    """The audit's classes are those of the frames."""
    done = subprocess.run([espial, "audit", "--json", path], capture_output=True, text=True, errors="replace", check=False)
    summary = next((record for record in map(json.loads, done.stdout.splitlines()) if record["type"] == "summary"), {})
    counted = collections.Counter(entry["class"] for entry in said)
    classes = {name: count for name, count in summary.get("classes", {}).items() if count}
    if classes != dict(counted):
        return [f"audit counts {classes}, the dissectors {dict(counted)}"]
    return []


def main():
    facts, espial, folder = sys.argv[1:4]
    count = int(sys.argv[4]) if len(sys.argv) > 4 else 1500
    seed = int(sys.argv[5]) if len(sys.argv) > 5 else 4303
    if not shutil.which("tshark"):
        print("skipped: tshark is not installed")
        return 77
    seeds = collections.defaultdict(list)
    for path in sorted(path for place in [folder, *sys.argv[6:]] for path in glob.glob(f"{place}/**/*.pcap", recursive=True)):
        link, frames = read_capture(path)
        if link in (ETHERNET, RAW, SLL):
            seeds[link] += [frame for frame in frames if ip_at(frame, link) is not None]
    chance = random.Random(seed)
    compared, failures, explained = 0, [], collections.Counter()
    found = collections.Counter()
    with tempfile.TemporaryDirectory(prefix="espial-mutated.") as work:
        environment = dict(os.environ, HOME=work, XDG_CONFIG_HOME=work, LC_ALL="C")
        while compared < count:
            link = chance.choices(list(seeds), [len(frames) for frames in seeds.values()])[0]
            frames = []
            while len(frames) < min(BATCH, count - compared):
                mutant = mutate(chance, link, chance.choice(seeds[link]))
                if mutant:
                    frames.append(mutant)
            path = f"{work}/mutated.pcap"
            write_capture(path, link, frames)
            mine, other = list(ours(facts, path)), list(theirs(path, environment))
            if len(mine) != len(frames) or len(other) != len(frames):
                failures.append(f"{len(frames)} frames, {len(mine)} to us, {len(other)} to tshark")
                break
            failures += check_audit(espial, path, mine)
            for frame, we, they in zip(frames, mine, other):
                compared += 1
                found.update(name for name in ("esp", "ah", "ike") if we[name])
                differ = [name for name in ("esp", "ah", "ike") if not same(we[name], they[name])]
                if not differ:
                    continue
                reason = reason_of(link, *frame, we, they)
                if reason:
                    explained[reason] += 1
                else:
                    failures.append(f"link {link}, {frame[1]} octets: {frame[0][:160].hex()}\n    we:   {we}\n    they: {they}")
    print(f"seed {seed}: {compared} frames, of these {found['esp']} ESP, {found['ah']} AH, {found['ike']} IKE; "
          f"{sum(explained.values())} differ for a reason, {len(failures)} without one")
    for reason, times in sorted(explained.items()):
        print(f"  {times} {reason}: {REASONS[reason]}")
    for failure in failures[:SHOWN]:
        print(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
