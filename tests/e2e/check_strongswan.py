#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Live strongSwan: check_strongswan.py ESPIALD MODULE

Two gateways in network namespaces, each with a host behind it, on a bridge with a mirror port for the sensor. charon
runs with kernel-libipsec, which needs no IPsec in the kernel: IKE and ESP in UDP 4500. HTTP goes through the tunnel and
raises nothing; the tunnel is dropped and HTTP goes on in clear: the real syslog-ng gets the alert with both hosts, the
protocol and the rule; the tunnel comes back, and so does the clear message.
"""

import os
import re
import subprocess
import sys
import time

import station
from station import Failure, Sensor, Skip, SyslogNg, expect, start, until

CHARON = "/usr/lib/ipsec/charon"
PLUGIN = "/usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so"

CONF = """charon {{
  load = random nonce aes sha1 sha2 hmac kdf drbg gmp kernel-libipsec kernel-netlink socket-default vici
  plugins {{
    vici {{ socket = unix://{folder}/{name}.vici }}
    kernel-libipsec {{ allow_peer_ts = yes }}
  }}
  filelog {{ log {{ path = {folder}/{name}.charon\n default = 1 }} }}
}}
"""

CONNECTION = """connections {{
  tunnel {{
    version = 2
    local_addrs = {here}
    remote_addrs = {there}
    proposals = aes128-sha256-modp2048
    local {{ auth = psk\n id = {here} }}
    remote {{ auth = psk\n id = {there} }}
    children {{ net {{
      local_ts = {inner_here}/32
      remote_ts = {inner_there}/32
      esp_proposals = aes128-sha256
      start_action = none
    }} }}
  }}
}}
secrets {{ ike-peers {{ secret = "only for this test" }} }}
"""

SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "600")
        self.end_headers()
        self.wfile.write(b"figures of the quarter".ljust(600))
    def log_message(self, *arguments):
        pass
http.server.HTTPServer((sys.argv[1], 80), Handler).serve_forever()
"""

CLIENT = """
import http.client, sys, time
done = 0
while True:
    try:
        ask = http.client.HTTPConnection(sys.argv[2], 80, timeout=1, source_address=(sys.argv[1], 0))
        ask.request("GET", "/report")
        ask.getresponse().read()
        ask.close()
        done += 1
        with open(sys.argv[3], "w") as file:
            file.write(str(done))
    except OSError:
        pass
    time.sleep(0.1)
"""


class Gateway:
    """A gateway and the host behind it: a network and a mount namespace that end with their first process."""

    def __init__(self, folder, name, outer, inner):
        self.folder, self.name, self.outer, self.inner = folder, name, outer, inner
        self.holder = start(["unshare", "--net", "--mount", "sh", "-c", "mount -t tmpfs none /run && exec sleep 600"])
        own = os.readlink("/proc/self/ns/net")
        until("namespace", lambda: os.readlink(f"/proc/{self.holder.pid}/ns/net") != own and
              open(f"/proc/{self.holder.pid}/comm", encoding="ascii").read().strip() == "sleep")
        port = f"port-{name}"
        station.run("ip", "link", "add", port, "type", "veth", "peer", "name", "wan", "netns", str(self.holder.pid))
        station.run("ip", "link", "set", port, "master", "bridge", "up")
        self.run("ip", "link", "set", "lo", "up")
        self.run("ip", "address", "add", f"{outer}/24", "dev", "wan")
        self.run("ip", "address", "add", f"{inner}/32", "dev", "lo")
        self.run("ip", "link", "set", "wan", "up")
        self.run("sh", "-c", "for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 > $f; done")

    def inside(self, *command):
        # The root of the holder: that of its mounts is another one in a chroot.
        return ["nsenter", "--target", str(self.holder.pid), "--net", "--mount", "--root", *command]

    def run(self, *command):
        done = subprocess.run(self.inside(*command), capture_output=True, text=True, timeout=60, check=False)
        if done.returncode:
            raise Failure(f"{self.name}: {' '.join(command)}: {done.stdout}{done.stderr}")

    def begin(self, *command):
        return start(self.inside(*command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                     env=dict(os.environ, STRONGSWAN_CONF=f"{self.folder}/{self.name}.conf"))

    def start_charon(self, there):
        self.run("ip", "route", "add", f"{there.inner}/32", "via", there.outer, "src", self.inner)
        with open(f"{self.folder}/{self.name}.conf", "w", encoding="utf-8") as file:
            file.write(CONF.format(folder=self.folder, name=self.name))
        with open(f"{self.folder}/{self.name}.swanctl", "w", encoding="utf-8") as file:
            file.write(CONNECTION.format(here=self.outer, there=there.outer, inner_here=self.inner,
                                         inner_there=there.inner))
        self.begin(CHARON)
        try:
            until("charon", lambda: os.path.exists(f"{self.folder}/{self.name}.vici"), 10)
        except Failure as failure:
            raise Skip(f"charon does not start here: {self.log()[-300:]}") from failure
        self.swanctl("--load-all", "--file", f"{self.folder}/{self.name}.swanctl", "--noprompt")

    def swanctl(self, *arguments):
        self.run("swanctl", *arguments, "--uri", f"unix://{self.folder}/{self.name}.vici")

    def log(self):
        try:
            with open(f"{self.folder}/{self.name}.charon", encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""


def build(folder):
    """The bridge, the mirror port and the two gateways. A bridge that remembers no address sends every frame to every
    port, so one more port is a mirror of all others; it needs nothing further from the kernel."""
    station.run("ip", "link", "add", "bridge", "type", "bridge", "ageing_time", "0")
    station.run("ip", "link", "set", "bridge", "up")
    station.Wire("mirror0", "sensor0")
    station.run("ip", "link", "set", "mirror0", "master", "bridge")
    alice = Gateway(folder, "alice", "192.0.2.1", "10.61.1.1")
    bob = Gateway(folder, "bob", "192.0.2.2", "10.61.2.1")
    return alice, bob


def requests(folder):
    try:
        with open(f"{folder}/done", encoding="ascii") as file:
            return int(file.read() or 0)
    except FileNotFoundError:
        return 0


def more_requests(folder, count, seconds=20.0):
    before = requests(folder)
    until("answered HTTP requests", lambda: requests(folder) >= before + count, seconds)


def need_charon():
    for path in (CHARON, PLUGIN, "/dev/net/tun"):
        if not os.path.exists(path):
            raise Skip(f"{path} is not there (strongswan-charon, libcharon-extra-plugins)")


def body(folder):
    espiald, module = sys.argv[1:3]
    need_charon()
    station.need_own_mounts()
    alice, bob = build(folder)
    syslog = SyslogNg(folder)
    syslog.start()
    sensor = Sensor(espiald, folder, ["sensor0"], {
        "branch": {"between": f"[{alice.inner}, {bob.inner}]", "gateways": f"[{alice.outer}, {bob.outer}]"},
    }, "eventlog", module if module != "none" else None)
    sensor.start()
    alice.start_charon(bob)
    bob.start_charon(alice)
    try:
        alice.swanctl("--initiate", "--child", "net")
        bob.begin(sys.executable, "-c", SERVER, bob.inner)
        alice.begin(sys.executable, "-c", CLIENT, alice.inner, bob.inner, f"{folder}/done")
        more_requests(folder, 30)
        loud = [line for line in syslog.lines() if re.search(r"severity='(medium|high|critical)'", line)]
        expect(not loud, f"a false alarm while the tunnel is up: {loud}")

        began = time.monotonic()
        alice.swanctl("--terminate", "--ike", "tunnel", "--force")
        alert = syslog.wait("cleartext-leak", "state='open'", seconds=5, step=0.005)
        print(f"tunnel dropped: alert in syslog-ng {time.monotonic() - began:.2f} s after the command began")
        for word in (alice.inner, bob.inner, "branch", "tcp/80"):
            expect(word in alert, f"the alert does not say {word}: {alert}")
        update = syslog.wait("cleartext-leak", "state='update'", "sa-lost", "HTTP", seconds=10)
        expect("branch" in update, f"the update does not name the rule: {update}")
        more_requests(folder, 10)

        alice.swanctl("--initiate", "--child", "net")
        began = time.monotonic()
        clear = syslog.wait("cleartext-leak", "state='clear'", "secured-again", seconds=20)
        print(f"tunnel up again: clear message {time.monotonic() - began:.1f} s later")
        expect(alice.inner in clear and bob.inner in clear, f"the clear message does not name the hosts: {clear}")
        expect(sum("cleartext-leak" in line and "state='open'" in line for line in syslog.lines()) == 1, "more than one alert")
        more_requests(folder, 10)
    except (Failure, subprocess.TimeoutExpired):
        print(alice.log()[-1500:], bob.log()[-1500:], sep="\n----\n")
        raise
    expect(sensor.end() == 0, "espiald does not end with status 0")
    syslog.end()


if __name__ == "__main__":
    sys.exit(station.run_test(body, "syslog-ng", "swanctl", "nsenter", "unshare"))
