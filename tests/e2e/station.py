# SPDX-License-Identifier: Apache-2.0
"""What the live tests are made of: a network of their own, the sensor, the real syslog-ng, and a station that sends.

The test moves into a network namespace without a name, which ends with it, however it ends; every process it starts is
told by the kernel to die with it. Nothing is left behind but a temporary folder, if the test itself is killed.
"""

import ctypes
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

SKIPPED = 77
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
CAP_NET_RAW = 1 << 13
AHEAD = -10  # nice value of a live test, and so of all it starts
IDLE = 0.3  # seconds: a pause longer than this is waited for no longer
LIBC = ctypes.CDLL(None, use_errno=True)

SYSLOG_NG = """@version: 3.35
options {{ chain-hostnames(no); keep-hostname(yes); use-dns(no); dns-cache(no); stats-freq(0); }};
source s_log {{ unix-dgram("{folder}/log"); }};
destination d_file {{ file("{folder}/messages" flush-lines(1) template("$LEVEL $PROGRAM $MSG\\n")); }};
log {{ source(s_log); destination(d_file); }};
"""


class Skip(Exception):
    """Why the test cannot run here."""


class Failure(Exception):
    """What was expected and did not come."""


def need(*tools):
    if os.geteuid() != 0:
        raise Skip("needs root")
    for tool in tools:
        if not shutil.which(tool):
            raise Skip(f"{tool} is not installed")


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def need_own_mounts():
    """A chroot, whose root is no mount point, cannot have mounts of its own."""
    if subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        raise Skip("no mount namespace to be had here")


def enter_own_network():
    if LIBC.unshare(CLONE_NEWNET) != 0:
        raise Skip("no permission to make a network namespace")
    for family in ("all", "default"):
        with open(f"/proc/sys/net/ipv6/conf/{family}/disable_ipv6", "w", encoding="ascii") as file:
            file.write("1")
    run("ip", "link", "set", "lo", "up")


def go_first():
    """A live test waits for most of its time, and what it waits for is bounded in seconds: what computes lets it by."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, AHEAD)
    except PermissionError:
        pass


def end_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def start(command, **more):
    # pylint: disable=subprocess-popen-preexec-fn
    return subprocess.Popen(command, preexec_fn=end_with_parent, **more)


def until(what, condition, seconds=20.0, step=0.02):
    """Waits for the condition and gives back what it says."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise Failure(f"after {seconds:.0f} s there is still no {what}")
        time.sleep(step)


def expect(condition, what):
    if not condition:
        raise Failure(what)


# ---- wire ----


class Wire:
    """A cable of two ends: the station sends at `near`, the sensor listens at `far`."""

    def __init__(self, near, far):
        self.near, self.far = near, far
        self.socket = None
        self.plug()

    def plug(self):
        run("ip", "link", "add", self.near, "type", "veth", "peer", "name", self.far)
        for end in (self.near, self.far):
            run("ip", "link", "set", end, "arp", "off", "multicast", "off", "mtu", "9000", "up")
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.socket.bind((self.near, 0))

    def unplug(self):
        self.socket.close()
        run("ip", "link", "del", self.near)

    def send(self, frame):
        self.socket.send(frame)


def read_pcap(path):
    """[(seconds, frame)] of a little-endian capture with microseconds on Ethernet."""
    with open(path, "rb") as file:
        octets = file.read()
    assert struct.unpack_from("<I", octets)[0] == 0xA1B2C3D4 and struct.unpack_from("<I", octets, 20)[0] == 1
    frames, offset = [], 24
    while offset < len(octets):
        seconds, micros, length, _ = struct.unpack_from("<IIII", octets, offset)
        frames.append((seconds + micros / 1e6, octets[offset + 16:offset + 16 + length]))
        offset += 16 + length
    return frames


def replay(frames, send, note=None):
    """Sends with the frames' own timing; a pause of more than IDLE is shortened to it. note(frame, time before it)."""
    due, before = time.monotonic(), None
    for moment, frame in frames:
        if before is not None:
            due += min(max(moment - before, 0), IDLE)
        before = moment
        pause = due - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        if note:
            note(frame, time.time())
        send(frame)


# ---- syslog-ng ----


class SyslogNg:
    def __init__(self, folder):
        self.folder = folder
        self.process = None
        with open(f"{folder}/conf", "w", encoding="utf-8") as file:
            file.write(SYSLOG_NG.format(folder=folder))

    def start(self):
        for name in ("ctl", "pid"):
            if os.path.exists(f"{self.folder}/{name}"):
                os.unlink(f"{self.folder}/{name}")
        with open(f"{self.folder}/syslog-ng.errors", "a", encoding="utf-8") as errors:
            self.process = start(
                ["syslog-ng", "--foreground", "--no-caps", "--cfgfile", f"{self.folder}/conf", "--persist-file",
                 f"{self.folder}/persist", "--pidfile", f"{self.folder}/pid", "--control", f"{self.folder}/ctl"],
                stdout=subprocess.DEVNULL, stderr=errors)
        until("syslog-ng", lambda: os.path.exists(f"{self.folder}/ctl") and os.path.exists(f"{self.folder}/log"))

    def end(self, number=signal.SIGTERM):
        if self.process:
            self.process.send_signal(number)
            self.process.wait()
            self.process = None

    def lines(self):
        try:
            with open(f"{self.folder}/messages", encoding="utf-8") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def wait(self, *words, seconds=20.0, skip=0, step=0.02):
        """The first line after `skip` lines that has all the words."""
        return until(f"line in syslog-ng's file with {words}",
                     lambda: next((line for line in self.lines()[skip:] if all(word in line for word in words)), None),
                     seconds, step)


# ---- espiald ----

CONFIG = """sensor: e2e
capture:
{interfaces}
policy:
  rules:
{rules}
report:
  syslog: {{ to: {folder}/log, shape: {shape} }}
  json: {{ file: {folder}/records/alerts.jsonl }}
  control: {{ socket: {folder}/control.sock }}
"""


def processes_named(name, parent):
    """Process ids of the parent's children with the name."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/status", encoding="utf-8") as file:
                    status = file.read()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if status.startswith(f"Name:\t{name}\n") and f"\nPPid:\t{parent}\n" in status and \
                    "\nState:\tZ" not in status:
                found.append(int(entry))
    return found


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


class Sensor:
    def __init__(self, espiald, folder, interfaces, rules, shape="rfc5424", module=None, more=""):
        self.espiald, self.folder = espiald, folder
        self.process = None
        self.prefix = []  # what starts it with less than the test has
        self.environment = dict(os.environ, **({"ESPIAL_EVTLOG_MODULE": module} if module else {}))
        os.makedirs(f"{folder}/records", exist_ok=True)
        os.chmod(f"{folder}/records", 0o777)
        rule_text = "".join(f"    - name: {name}\n" + "".join(f"      {key}: {value}\n" for key, value in rule.items())
                            for name, rule in rules.items())
        with open(f"{folder}/espial.yaml", "w", encoding="utf-8") as file:
            file.write((CONFIG + more).format(folder=folder, shape=shape, rules=rule_text, interfaces="\n".join(
                f"  - interface: {name}\n    buffer: 4MiB" for name in interfaces)))

    def rewrite(self, *changes):
        """Writes the configuration anew, with (old, new) text of it exchanged. What is running has to read it again."""
        with open(f"{self.folder}/espial.yaml", encoding="utf-8") as file:
            text = file.read()
        for old, new in changes:
            expect(old in text, f"{old!r} in the configuration")
            text = text.replace(old, new)
        with open(f"{self.folder}/espial.yaml", "w", encoding="utf-8") as file:
            file.write(text)

    def start(self):
        with open(f"{self.folder}/out", "a", encoding="utf-8") as out, \
                open(f"{self.folder}/notices", "a", encoding="utf-8") as errors:
            self.process = start([*self.prefix, self.espiald, "-c", f"{self.folder}/espial.yaml"], stdin=subprocess.DEVNULL,
                                 stdout=out, stderr=errors, env=self.environment)
        self.engine()
        self.reporter()
        until("packet socket of the engine", self.listens)

    def listens(self):
        """Whether the engine has its packet sockets and takes frames: it has dropped its rights by then."""
        try:
            return int(status_of(self.engine())["CapEff"], 16) == CAP_NET_RAW
        except (FileNotFoundError, ProcessLookupError):
            return False

    def child(self, name):
        return until(name, lambda: (processes_named(name, self.process.pid) or [None])[0], 10)

    def engine(self):
        return self.child("espiald-engine")

    def reporter(self):
        return self.child("espiald-report")

    def notices(self):
        with open(f"{self.folder}/notices", encoding="utf-8") as file:
            return file.read()

    def wait_notice(self, pattern, seconds=10.0, after=0):
        return until(f"notice {pattern!r}", lambda: re.search(pattern, self.notices()[after:]), seconds)

    def output(self):
        with open(f"{self.folder}/out", encoding="utf-8") as file:
            return file.read()

    def records(self):
        path = f"{self.folder}/records/alerts.jsonl"
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            return file.read().splitlines()

    def end(self, number=signal.SIGTERM):
        if self.process is None:
            return None
        self.process.send_signal(number)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired as late:
            self.process.kill()
            raise Failure("espiald does not end") from late
        finally:
            self.process = None


class Clock:
    """The clock of a sensor that is not started yet, by clock_step.c: so many seconds beside the right time."""

    def __init__(self, sensor, shim):
        self.path = f"{sensor.folder}/clock"
        with open(self.path, "wb") as file:
            file.write(bytes(8))
        os.chmod(self.path, 0o644)
        sensor.environment.update(LD_PRELOAD=shim, ESPIAL_CLOCK_STEP=self.path)

    def set(self, seconds):
        """Without cutting off the file: espiald has it mapped."""
        with open(self.path, "r+b") as file:
            file.write(struct.pack("<q", seconds))


# ---- a test ----


def run_test(body, *tools, ahead=True):
    """Runs body(folder) in a network and a folder of its own, before what computes unless it does so itself; exit status for
    meson."""
    folder = tempfile.mkdtemp(prefix="espial-e2e.")
    os.chmod(folder, 0o755)

    def interrupted(number, _):
        raise KeyboardInterrupt(f"signal {number}")

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    try:
        need("ip", *tools)
        enter_own_network()
        if ahead:
            go_first()
        body(folder)
        return 0
    except Skip as reason:
        print(f"skipped: {reason}")
        return SKIPPED
    except BaseException:
        for name in ("notices", "out", "messages", "syslog-ng.errors"):
            if os.path.exists(f"{folder}/{name}"):
                with open(f"{folder}/{name}", encoding="utf-8", errors="replace") as file:
                    print(f"---- {name}\n{file.read()[-3000:]}")
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
