#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nothing is forgotten over restarts, and nothing is told twice: check_remember.py ESPIALD ESPIAL

A pair is learned, its keys change now and then, others leak. The engine is killed, then all of espiald, which finds its store
again. What was learned leaks and is told without being learned anew; rekeys of both lives are counted together; what is
open keeps its number, in syslog, store and control socket alike; what was acknowledged stays quiet; a maintenance window that
is edited in place holds from the reload on.
"""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import packets
import station
from station import Sensor, SyslogNg, Wire, expect, processes_named, until

RULES = {"branch": {"between": "[10.99.0.0/16]"}}
MORE = "  store: {{ path: {folder}/state/espial.db }}\n  spool: {{ dir: {folder}/state/spool }}\n"
KNOWN = ("10.5.0.1", "10.5.0.2")   # learned, leaks after the engine was killed
LATER = ("10.5.1.1", "10.5.1.2")   # learned, leaks after all of espiald was
KEYS = ("10.5.2.1", "10.5.2.2")    # changes its keys
LIFE = 5.0                         # seconds of an SA of these


class Stage:
    def __init__(self, folder, espiald, espial):
        self.folder, self.espial = folder, espial
        self.wire = Wire("station0", "sensor0")
        self.sequences = {}
        self.lock = threading.Lock()
        os.mkdir(f"{folder}/state")
        os.chmod(f"{folder}/state", 0o777)
        self.syslog = SyslogNg(folder)
        self.syslog.start()
        self.sensor = Sensor(espiald, folder, ["sensor0"], RULES, more=MORE)
        self.sensor.start()

    # ---- traffic ----

    def send(self, packet):
        with self.lock:
            self.wire.send(packets.ethernet(packet))

    def esp(self, pair, spi, carried=64):
        for source, destination, number in ((*pair, spi), (*pair[::-1], spi + 0x10000)):
            with self.lock:
                self.sequences[number] = self.sequences.get(number, 0) + 1
            self.send(packets.esp(source, destination, number, self.sequences[number], carried))

    def negotiate(self, pair, spi):
        story = packets.Story()
        story.ike(0, *pair, spi)
        for _, _, frame in story.ordered():
            with self.lock:
                self.wire.send(frame)
            time.sleep(0.01)

    def clear(self, pair, port=80):
        self.send(packets.tcp(*pair, 40000, port, packets.SYN))

    # ---- what came of it ----

    def ask(self, *arguments, status=(0, 1)):
        done = subprocess.run([self.espial, *arguments, "--socket", f"{self.folder}/control.sock"], capture_output=True,
                              text=True, timeout=30, check=False)
        expect(done.returncode in status, f"espial {arguments}: {done.returncode} {done.stderr}")
        return done.stdout

    def open_alerts(self):
        return [json.loads(line) for line in self.ask("alerts", "--open", "--json").splitlines()]

    def told(self, *words):
        return [record for record in map(json.loads, self.sensor.records())
                if record["type"] == "finding" and all(word in json.dumps(record) for word in words)]

    def known(self, pair):
        """What the store has of it."""
        try:
            store = sqlite3.connect(f"file:{self.folder}/state/espial.db?mode=ro", uri=True, timeout=5)
            row = store.execute("SELECT record FROM known WHERE a=? AND b=?", pair).fetchone()
            store.close()
        except sqlite3.OperationalError:
            return None  # not yet, or being written
        return json.loads(row[0]) if row else None

    def learned(self, pair):
        return (self.known(pair) or {}).get("learned")

    def rekeys(self, pair):
        known = self.known(pair)
        return min(direction["rekeys"] for direction in known["directions"]) if known else 0

    # ---- restarts ----

    def kill_engine(self):
        old = self.sensor.engine()
        os.kill(old, signal.SIGKILL)
        until("another engine", lambda: (processes_named("espiald-engine", self.sensor.process.pid) or [old])[0] != old)
        self.syslog.wait("The engine is up again")

    def kill_all(self):
        children = [self.sensor.engine(), self.sensor.reporter()]
        self.sensor.end(signal.SIGKILL)
        until("end of engine and reporter", lambda: not any(os.path.exists(f"/proc/{pid}") for pid in children), 5)
        self.sensor.start()
        until("an answer", lambda: subprocess.run([self.espial, "status", "--socket", f"{self.folder}/control.sock"],
                                                  capture_output=True, check=False).returncode == 0)


class Keys(threading.Thread):
    """ESP of two peers whose SAs live for LIFE, except that a change waits while `hold` is set."""

    def __init__(self, stage):
        super().__init__(daemon=True)
        self.stage, self.hold, self.over = stage, threading.Event(), threading.Event()
        self.spi = 0xC1000000

    def run(self):
        born, count = time.monotonic(), 0
        while not self.over.wait(0.1):
            if time.monotonic() - born >= LIFE and not self.hold.is_set():
                self.spi, born = self.spi + 1, time.monotonic()
            count += 1
            self.stage.esp(KEYS, self.spi, 64 + 16 * (count % 7))


def opened(stage, *words):
    return [record for record in stage.told(*words) if record["state"] == "open"]


def leak_of(stage, pair):
    return until(f"leak of {pair}", lambda: opened(stage, "cleartext-leak", f'"{pair[0]}"'))[0]


def learn(stage):
    for number, pair in enumerate((KNOWN, LATER)):
        stage.negotiate(pair, 0x1111222233330000 + number * 0x100)
        for _ in range(10):
            stage.esp(pair, 0xC0000001 + number * 0x100)
            time.sleep(0.02)
    until("both pairs in the store", lambda: stage.learned(KNOWN) and stage.learned(LATER))
    rules = until("rules for all that was learned", lambda: (lambda text: text.count("- name:") == 2 and text)(stage.ask("pairs", "promote")),
                  step=1.1)
    expect(rules.count("# learned: ") == 2 and all(f'between: ["{a}", "{b}"]' in rules for a, b in (KNOWN, LATER)), rules)
    expect(stage.ask("pairs", "promote", LATER[0]).count("- name:") == 1, "those of one address")
    print("learned: two pairs, and the store has them")


def engine(stage, keys):
    until("two rekeys in the store", lambda: stage.rekeys(KEYS) >= 2, 30)
    keys.hold.set()
    expect(not stage.told("rekey-too-often"), "too often before it was seen three times")
    stage.kill_engine()
    time.sleep(1)
    keys.hold.clear()
    stage.clear(KNOWN)
    leak = leak_of(stage, KNOWN)
    expect(leak["rule"] == "learned" and leak["cause"] == "sa-lost", leak)
    expect(not stage.told('"peer-new"', f'"{KNOWN[0]}"')[2:], "a peer is new twice")
    often = until("rekeys of both lives", lambda: opened(stage, "rekey-too-often"))[0]
    expect(often["count"] >= 3 and often["cause"] == "time", often)
    print(f"engine killed: the learned pair's leak is told, and rekeys of both lives ({often['count']})")
    return leak, often


def all_of_it(stage, leak):
    stage.kill_all()
    stage.clear(LATER)
    stage.clear(KNOWN)
    later = leak_of(stage, LATER)
    expect(later["rule"] == "learned" and later["cause"] == "sa-lost", later)
    shown = {alert["alert"]: alert for alert in stage.open_alerts()}
    expect(leak["alert"] in shown and later["alert"] in shown, f"{leak['alert']} among {sorted(shown)}")
    expect(len(opened(stage, "cleartext-leak", f'"{KNOWN[0]}"')) == 1, "the leak of before is opened twice")
    expect(len(opened(stage, "rekey-too-often")) == 1, "too often, twice")
    print("espiald killed: the other learned pair's leak is told, nothing is opened twice")
    return later


def acknowledged(stage):
    """Both leak; one is known about. Its cause, ten seconds later, is told of the other alone; so is what a restart brings."""
    quiet, loud = ("10.99.1.1", "10.99.1.2"), ("10.99.2.1", "10.99.2.2")

    def both():
        for one, other in (quiet, loud):
            stage.clear((one, other))
            stage.clear((other, one))
        return True

    both()
    number, spoken = leak_of(stage, quiet)["alert"], leak_of(stage, loud)["alert"]
    stage.ask("alerts", "ack", number, "--until", "1h", status=(0,))
    stage.ask("alerts", "ack", number, "--until", "2020-01-01", status=(2,))
    until("the cause of the other", lambda: both() and [r for r in stage.told(spoken) if r["state"] == "update"], step=0.5)
    stage.kill_engine()
    both()
    expect(re.search(f"{number} .* known ", stage.ask("alerts", "--open")), "it is not shown as known")
    time.sleep(1)
    stage.kill_all()
    both()
    time.sleep(1)
    expect(re.search(f"{number} .* known ", stage.ask("alerts", "--open")), "it is not known any more after a restart")
    expect("acknowledged until" in stage.ask("alerts", "show", number), "show does not say until when")
    expect([record["state"] for record in stage.told(number)] == ["open"], f"a word about {stage.told(number)}")
    # Its end is told, and says that somebody knew.
    for _ in range(5):
        stage.esp(quiet, 0xC2000001)
        time.sleep(0.05)
    end = until("its end", lambda: [r for r in stage.told(number) if r["state"] == "clear"])[0]
    expect("acknowledged_until" in end["evidence"], end)
    stage.ask("alerts", "ack", spoken, "--until", "1h", status=(0,))
    stage.ask("alerts", "ack", spoken, "--until", "now", status=(0,))
    expect(not re.search(f"{spoken} .* known ", stage.ask("alerts", "--open")), "it is known still")
    print("acknowledged: no word of it over two restarts, but its end")


def maintenance(stage):
    """A window is put in, edited in place, and taken out again, under one engine."""
    pid = stage.sensor.engine()
    window = "alerts:\n  maintenance:\n    - name: move\n      hosts: [10.99.7.0/24]\n      at: daily {}\n"
    minute = int(time.time() // 60) % 1440

    def clock(minutes):
        minutes %= 1440
        return f"{minutes // 60:02}:{minutes % 60:02}"

    now = window.format(f"{clock(minute - 5)}-{clock(minute + 30)}")
    other = window.format(f"{clock(minute - 90)}-{clock(minute - 60)}")
    stage.sensor.rewrite(("policy:\n", now + "policy:\n"))
    stage.ask("reload", status=(0,))
    stage.clear(("10.99.7.1", "10.99.7.2"))
    stage.clear(("10.99.8.1", "10.99.8.2"))
    leak_of(stage, ("10.99.8.1", "10.99.8.2"))
    expect(not stage.told('"10.99.7.1"'), "told in the window")
    stage.sensor.rewrite((now, other))
    stage.ask("reload", status=(0,))
    told = leak_of(stage, ("10.99.7.1", "10.99.7.2"))
    expect(told["evidence"]["held_back"] > 0, told)
    expect(stage.sensor.engine() == pid, "another engine")
    expect("started the next time" not in stage.sensor.notices(), "the reload says that a window waits for a start")
    print("maintenance: held back while the window says so, told as soon as it is edited")


def damaged(stage, later):
    """What somebody else wrote is left out, with one message; a file that is none is set aside; espiald works on either way."""
    def began(pattern):
        after = len(stage.sensor.notices())
        stage.sensor.start()
        stage.sensor.wait_notice(pattern, after=after)
        stage.clear(LATER)
        expect(len(re.findall(pattern, stage.sensor.notices()[after:])) == 1, f"{pattern}: not once")

    expect(stage.sensor.end() == 0, "espiald does not end with status 0")
    store = sqlite3.connect(f"{stage.folder}/state/espial.db", timeout=5)
    with store:
        store.execute("UPDATE known SET record=replace(record, '\"running\":', '\"\x1b[31m\":') WHERE b<>'' AND a=?", (KNOWN[0],))
        store.execute("UPDATE known SET record='{' WHERE b='' AND a=?", (KEYS[0],))
    changed = store.total_changes
    store.close()
    expect(changed == 2, f"{changed} records changed")
    began(f"{changed} records in the store are not as espial writes them, and are left out")
    # What is whole is known still.
    expect(later["alert"] in {alert["alert"] for alert in stage.open_alerts()}, "the other leak is not open any more")
    until("the learned pair that nobody spoiled", lambda: stage.learned(LATER))
    expect(len(opened(stage, "cleartext-leak", f'"{LATER[0]}"')) == 1, "the other leak is opened twice")
    expect(stage.sensor.end() == 0, "espiald does not end with status 0")
    for name in os.listdir(f"{stage.folder}/state"):
        if name.startswith("espial.db"):
            os.unlink(f"{stage.folder}/state/{name}")
    with open(f"{stage.folder}/state/espial.db", "wb") as file:
        file.write(b"no database at all\n" * 1000)
    os.chmod(f"{stage.folder}/state/espial.db", 0o666)
    began(r"it is now espial\.db\.\w+-\w+, and a new one is begun")
    # The engine was told nothing of the pair, and it learns anew: what it knows comes into the new store.
    stage.negotiate(LATER, 0x1111222233334444)
    until("the pair in the new store", lambda: stage.esp(LATER, 0xC0000301) or stage.learned(LATER), step=0.1)
    print("damaged: records of others are left out with one message, a file of others is set aside with one")


def alone(stage):
    """A second espiald of the same configuration, as somebody starts it who looks for a fault, changes nothing of what the first keeps."""
    done = subprocess.run([sys.argv[1], "-c", f"{stage.folder}/espial.yaml"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                          check=False)
    expect(done.returncode == 2 and "another espiald keeps its findings there" in done.stderr, f"a second espiald: {done}")
    done = subprocess.run([sys.argv[1], "-c", f"{stage.folder}/espial.yaml", "--check-config"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    expect(done.returncode == 0, "a configuration cannot be checked while espiald runs with it")
    print("alone: a second espiald is refused")


def body(folder):
    stage = Stage(folder, sys.argv[1], sys.argv[2])
    keys = Keys(stage)
    keys.start()
    # Until the engine is told what is known frames only wait, and where a machine is slow they find no more room.
    until("frames that are taken", lambda: json.loads(stage.ask("status", "--json", status=(0, 1, 2)) or "{}").get("packets"))
    learn(stage)
    leak, _ = engine(stage, keys)
    keys.over.set()
    later = all_of_it(stage, leak)
    acknowledged(stage)
    maintenance(stage)
    alone(stage)
    damaged(stage, later)
    expect(stage.sensor.end() == 0, "espiald does not end with status 0")
    stage.syslog.end()


if __name__ == "__main__":
    sys.exit(station.run_test(body, "syslog-ng"))
