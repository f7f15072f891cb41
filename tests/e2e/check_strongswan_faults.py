#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Faults of live strongSwan, and what espiald says to them: check_strongswan_faults.py ESPIALD

Three charons with kernel-libipsec in namespaces, on a bridge with a mirror port: a hub, carol, who roams, and alice with one
address for each fault. espiald listens all the time. Each pair has its own connection and the hosts behind it talk over
UDP, so that the faults go on side by side:

  more, one, two, three  are sound: nothing above info until the hub fails
  carol     rekeys every 6 s and moves to another address (MOBIKE): the same
  storm     rekeys every 2 s: rekey-too-often/time, by a threshold that the policy lowers to 4 s
  key       another pre-shared key than the hub's: ike-auth-failed/pre-shared-key
  identity  an identity that the hub has not: ike-auth-failed/pre-shared-key, whose sentence names both
  proposal  comes up, and then offers another cipher: ike-refused/no-proposal, which names it
  selector  other traffic selectors than the hub's: ike-child-refused
  gone      a peer that is down: ike-unanswered, without an ICMP error
  hub       its charon is killed, and its host lives on: bad-spi of who goes on with the SPI that the hub forgot; then it
            comes back: ike-restart
  late      opens IKE with the hub when its charon is gone for good, and its host talks in clear: ike-unanswered and
            cleartext-leak/unanswered, with the ICMP error that says why

All that is told of pairs is told under ids that the faults account for, and each alert opens once. Nobody listens to the
syslog of this sensor, which is a fault too: sink-down.
"""

import json
import os
import subprocess
import sys
import time

import station
from check_strongswan import CHARON, Gateway, need_charon
from station import Failure, Sensor, Skip, expect, until

HUB, NOBODY = "192.0.2.100", "192.0.2.99"
CAROL, CAROL_MOVED = "192.0.2.50", "192.0.2.51"
# Each with the last octet of its address, and of the third of the host's behind it.
NAMES = {"storm": 12, "key": 13, "proposal": 14, "selector": 15, "more": 16, "late": 17, "identity": 18, "gone": 19, "one": 21,
         "two": 22, "three": 23, "carol": 50}
SOUND = ("more", "one", "two", "three")

CONF = """charon {{
  load = random nonce aes sha1 sha2 hmac kdf drbg gmp kernel-libipsec kernel-netlink socket-default vici
  retransmit_timeout = 1
  retransmit_base = 1
  retransmit_tries = 3
  delete_rekeyed_delay = 1
  plugins {{
    vici {{ socket = unix://{folder}/{name}.vici }}
    kernel-libipsec {{ allow_peer_ts = yes }}
  }}
  filelog {{ log {{ path = {folder}/{name}.charon\n default = 1 }} }}
}}
"""

CONNECTION = """connections {{ {name} {{
    version = 2
    local_addrs = {here}
    remote_addrs = {there}
    mobike = {mobike}
    dpd_delay = {dpd}
    rand_time = 0
    proposals = {cipher}-sha256-modp2048
    local {{ auth = psk\n id = {here_id} }}
    remote {{ auth = psk\n id = {there_id} }}
    children {{ {name} {{
      local_ts = {local_ts}
      remote_ts = {remote_ts}
      esp_proposals = aes128-sha256
      rekey_time = {rekey}
      life_time = 1h
      rand_time = 0
      dpd_action = {action}
    }} }}
}} }}
secrets {{ ike-{name} {{ id-1 = {name}.lab\n id-2 = hub-{name}.lab\n secret = "{secret}" }} }}
"""

# Answers on each host of the hub, and outlives that a way back is not there yet.
SERVER = """
import socket, select, sys
doors = []
for host in sys.argv[1:]:
    door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    door.bind((host, 7000))
    doors.append(door)
while True:
    for door in select.select(doors, [], [])[0]:
        try:
            octets, peer = door.recvfrom(2000)
            door.sendto(octets + bytes(200), peer)
        except OSError:
            pass
"""

# Asks each of the pairs FROM,TO five times a second.
CLIENT = """
import socket, sys, time
asks = []
for pair in sys.argv[1:]:
    here, there = pair.split(",")
    ask = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ask.setblocking(False)
    ask.bind((here, 0))
    asks.append((ask, (there, 7000)))
while True:
    for ask, there in asks:
        try:
            ask.sendto(bytes(100), there)
        except OSError:
            pass
        try:
            while True:
                ask.recv(2000)
        except OSError:
            pass
    time.sleep(0.2)
"""


# What may be told above info, by all of the faults together.
FAULTS = ("rekey-too-often", "ike-auth-failed", "ike-refused", "ike-child-refused", "ike-unanswered", "bad-spi", "ike-restart",
          "restart-check", "cleartext-leak")


def inner(name):
    return f"10.61.{NAMES[name]}.1"


def beyond(name):
    return f"10.62.{NAMES[name]}.1"


def outer(name):
    return f"192.0.2.{NAMES[name]}"


class Station(Gateway):
    """A charon with several connections, and the hosts behind them."""

    def connect(self, name, **more):
        """Writes the connection; the hub's end of it if this is the hub."""
        hub = self.name == "hub"
        here, there = (HUB, outer(name)) if hub else (outer(name), HUB)
        settings = {"name": name, "here": here, "there": "%any" if hub and name == "carol" else there,
                    "here_id": f"hub-{name}.lab" if hub else f"{name}.lab",
                    "there_id": f"{name}.lab" if hub else f"hub-{name}.lab",
                    "mobike": "yes" if name == "carol" else "no", "dpd": "0s" if hub else "7s", "cipher": "aes128",
                    "local_ts": f"{beyond(name) if hub else inner(name)}/32",
                    "remote_ts": f"{inner(name) if hub else beyond(name)}/32",
                    "rekey": "0s", "action": "clear" if hub else "restart", "secret": f"only for {name}"}
        settings.update(more)
        with open(f"{self.folder}/{self.name}-{name}.swanctl", "w", encoding="utf-8") as file:
            file.write(CONNECTION.format(**settings))

    def load(self):
        parts = []
        for name in sorted(os.listdir(self.folder)):
            if name.startswith(f"{self.name}-") and name.endswith(".swanctl"):
                with open(f"{self.folder}/{name}", encoding="utf-8") as file:
                    parts.append(file.read())
        with open(f"{self.folder}/{self.name}.all", "w", encoding="utf-8") as file:
            file.write("\n".join(parts))
        self.swanctl("--load-all", "--file", f"{self.folder}/{self.name}.all", "--noprompt")

    def begin_charon(self):
        with open(f"{self.folder}/{self.name}.conf", "w", encoding="utf-8") as file:
            file.write(CONF.format(folder=self.folder, name=self.name))
        vici = f"{self.folder}/{self.name}.vici"
        if os.path.exists(vici):
            os.unlink(vici)
        self.run("rm", "-f", "/run/charon.pid")
        self.charon = self.begin(CHARON)
        try:
            until("charon", lambda: os.path.exists(vici), 15)
        except Failure as failure:
            raise Skip(f"charon does not start here: {self.log()[-300:]}") from failure

    def kill_charon(self):
        self.charon.kill()
        self.charon.wait()

    def initiate(self, name, fails=False):
        command = self.inside("swanctl", "--initiate", "--child", name, "--timeout", "8", "--uri",
                              f"unix://{self.folder}/{self.name}.vici")
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        expect(bool(done.returncode) == fails, f"{name}: {done.stdout[-500:]}{done.stderr[-300:]}")

    def asynchronously(self, name):
        """Initiates without waiting for what comes of it."""
        return self.begin("swanctl", "--initiate", "--child", name, "--timeout", "1", "--uri",
                          f"unix://{self.folder}/{self.name}.vici")


class Ear:
    """espiald on the mirror port, and the findings it has told so far."""

    def __init__(self, espiald, folder):
        self.sensor = Sensor(espiald, folder, ["sensor0"], {
            "late": {"between": f"[{inner('late')}, {beyond('late')}]", "gateways": f"[{outer('late')}, {HUB}]"},
        }, more="rekey: {{ min-lifetime: 4s }}\n")
        self.sensor.start()

    def findings(self):
        records = (json.loads(line) for line in self.sensor.records() if line.endswith("}"))
        return [record for record in records if record["type"] == "finding"]

    def about(self, *addresses):
        return [finding for finding in self.findings() if set(addresses) <= {finding["a"], finding["b"]}]

    def wait(self, identifier, cause, *addresses, seconds=30.0):
        """The first such finding that names the addresses. Of many pairs of the last of them at once, there is one alert, of
        this host, that lists the others in its sentence."""
        def names(finding):
            ends = {finding["a"], finding["b"]}
            return set(addresses) <= ends or (ends == {addresses[-1], None} and
                                              all(address in finding["text"] for address in addresses))

        def told():
            return next((finding for finding in self.findings() if finding["id"] == identifier and
                         finding["cause"] == cause and names(finding)), None)
        return until(f"{identifier}/{cause} of {addresses}", told, seconds, 0.1)

    def loud(self, *addresses):
        return [f"{finding['id']}/{finding['cause']}: {finding['text']}" for finding in self.about(*addresses)
                if finding["severity"] != "info" and finding["state"] != "clear"]

    def nothing_beside(self, accounted):
        """Above info only what the faults account for, and each alert opened once."""
        strange = [finding for finding in self.findings() if finding["severity"] != "info" and
                   finding["subject"]["kind"] != "sensor" and finding["id"] not in accounted]
        expect(not strange, f"false alarms: {[(finding['id'], finding['cause'], finding['text']) for finding in strange]}")
        opened = [finding["alert"] for finding in self.findings() if finding["state"] == "open"]
        expect(len(opened) == len(set(opened)), "an alert was opened twice")


def build(folder):
    station.run("ip", "link", "add", "bridge", "type", "bridge", "ageing_time", "0")
    station.run("ip", "link", "set", "bridge", "up")
    station.Wire("mirror0", "sensor0")
    station.run("ip", "link", "set", "mirror0", "master", "bridge")
    hub = Station(folder, "hub", HUB, beyond("storm"))
    carol = Station(folder, "carol", CAROL, inner("carol"))
    alice = Station(folder, "alice", outer("storm"), inner("storm"))
    for name in NAMES:
        if name != "storm":
            hub.run("ip", "address", "add", f"{beyond(name)}/32", "dev", "lo")
        if name not in ("storm", "carol"):
            alice.run("ip", "address", "add", f"{outer(name)}/24", "dev", "wan")
            alice.run("ip", "address", "add", f"{inner(name)}/32", "dev", "lo")
        side = carol if name == "carol" else alice
        side.run("ip", "route", "add", f"{beyond(name)}/32", "via", HUB, "src", inner(name))
        if name != "carol":
            hub.run("ip", "route", "add", f"{inner(name)}/32", "via", outer(name), "src", beyond(name))
    # The peer that is down has an address on the link, so that what is sent to it is sent.
    alice.run("ip", "neighbour", "add", NOBODY, "lladdr", "02:00:00:00:00:99", "dev", "wan")
    # Carol's second address stays when the first is taken away.
    carol.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/wan/promote_secondaries")
    return hub, carol, alice


def connections(hub, carol, alice):
    for name in NAMES:
        side = carol if name == "carol" else alice
        more = {"storm": {"rekey": "2s"}, "carol": {"rekey": "6s"}, "key": {"secret": "mistyped"},
                "identity": {"here_id": "someone.lab"}, "gone": {"there": NOBODY}}.get(name, {})
        if name not in ("late", "gone"):
            hub.connect(name, **({"local_ts": "10.99.0.1/32"} if name == "selector" else {}))
        side.connect(name, **more)


def body(folder):
    need_charon()
    station.need_own_mounts()
    hub, carol, alice = build(folder)
    connections(hub, carol, alice)
    ear = Ear(sys.argv[1], folder)
    began = time.monotonic()

    def note(what):
        print(f"{time.monotonic() - began:5.1f} s: {what}", flush=True)

    for side in (hub, carol, alice):
        side.begin_charon()
    for side in (hub, carol, alice):
        side.load()
    try:
        talk(hub, carol, alice)
        note("three charons are there")
        carol.initiate("carol")
        for name in ("storm", "proposal", *SOUND):
            alice.initiate(name)
        alice.asynchronously("gone")
        for _ in range(2):
            for name in ("key", "identity", "selector"):
                alice.initiate(name, fails=True)
        note("all connections were tried")
        for name in ("key", "identity"):
            finding = ear.wait("ike-auth-failed", "pre-shared-key", outer(name), HUB)
            expect("identities" in finding["text"], f"the identity may be why too: {finding['text']}")
            note(finding["text"])
        finding = ear.wait("ike-unanswered", None, outer("gone"), NOBODY)
        expect("ICMP" not in finding["text"], f"nobody sent an ICMP error: {finding['text']}")
        note(finding["text"])
        finding = ear.wait("ike-child-refused", None, outer("selector"), HUB)
        note(finding["text"])

        # Who came up before offers another cipher.
        alice.swanctl("--terminate", "--ike", "proposal", "--timeout", "5")
        alice.connect("proposal", cipher="aes256")
        alice.load()
        alice.initiate("proposal", fails=True)
        alice.initiate("proposal", fails=True)
        finding = ear.wait("ike-refused", "no-proposal", outer("proposal"), HUB)
        expect(finding["evidence"].get("attribute") == "encryption", f"the attribute is not named: {finding}")
        note(finding["text"])

        # A roaming peer, whose keys change every six seconds.
        carol.run("ip", "address", "add", f"{CAROL_MOVED}/24", "dev", "wan")
        carol.run("ip", "address", "del", f"{CAROL}/24", "dev", "wan")
        carol.run("ip", "route", "replace", f"{beyond('carol')}/32", "via", HUB, "src", inner("carol"))
        finding = ear.wait("rekey-too-often", "time", outer("storm"), HUB)
        expect(finding["evidence"]["lifetime_to_set"] == 4, f"not by the policy's threshold: {finding}")
        note(finding["text"])
        time.sleep(8)
        expect(not ear.loud(CAROL) and not ear.loud(CAROL_MOVED), f"a false alarm about carol: "
               f"{ear.loud(CAROL) + ear.loud(CAROL_MOVED)}")
        for name in SOUND:
            expect(not ear.loud(outer(name)), f"a false alarm about a sound pair: {ear.loud(outer(name))}")
        note("nothing to say about carol, who moved, nor about who is sound")

        # The hub loses all it knew.
        hub.kill_charon()
        finding = ear.wait("bad-spi", "one-way", outer("more"), HUB, seconds=20)
        note(finding["text"])
        hub.begin_charon()
        hub.load()
        for name in SOUND:
            alice.asynchronously(name)
        finding = ear.wait("ike-restart", None, HUB, seconds=40)
        note(finding["text"])

        # And is gone for good.
        hub.kill_charon()
        alice.begin(sys.executable, "-c", CLIENT, f"{inner('late')},{beyond('late')}")
        alice.asynchronously("late")
        finding = ear.wait("ike-unanswered", None, outer("late"), HUB)
        expect("ICMP 3/3" in finding["text"], f"without the ICMP error: {finding['text']}")
        note(finding["text"])
        finding = ear.wait("cleartext-leak", "unanswered", inner("late"), beyond("late"))
        expect(finding["severity"] == "high", f"not high: {finding}")
        note(finding["text"])
    except (Failure, subprocess.TimeoutExpired):
        for side in (hub, carol, alice):
            print(f"---- {side.name}\n{side.log()[-1500:]}")
        for finding in ear.findings():
            if finding["severity"] != "info":
                print(f"{finding['time']} {finding['state']} {finding['id']}/{finding['cause']} {finding['text']}")
        raise
    expect(ear.sensor.end() == 0, "espiald does not end with status 0")
    ear.nothing_beside(FAULTS)
    expect(any(finding["id"] == "sink-down" for finding in ear.findings()), "no sink-down, and nobody took the syslog")


def talk(hub, carol, alice):
    hub.begin(sys.executable, "-c", SERVER, *(beyond(name) for name in NAMES))
    carol.begin(sys.executable, "-c", CLIENT, f"{inner('carol')},{beyond('carol')}")
    # The hosts of connections that fail stay silent: their clear traffic would be another story.
    alice.begin(sys.executable, "-c", CLIENT, *(f"{inner(name)},{beyond(name)}" for name in ("storm", *SOUND)))


if __name__ == "__main__":
    sys.exit(station.run_test(body, "swanctl", "nsenter", "unshare"))
