#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is in force after a reload, and what is said of it: check_reload.py ESPIALD ESPIAL

What the log says is in force is what the engine goes by, also where the engine dies or is slow meanwhile, and after the next crash.
Whoever asks is answered by whichever reporter; what waits for the next start is named while it does; the report at the end knows what is
open, however many reporters there were. What a reload changes of rules check_control.py has.
"""

import os
import re
import signal
import subprocess
import sys
import time

import packets
import station
from station import Sensor, Wire, expect, until

A, B = "10.1.0.1", "10.1.0.2"
READ_AGAIN = "configuration read again"


class Stage:
    def __init__(self, folder, espiald, espial, more=""):
        self.espial, self.folder = espial, folder
        self.wire = Wire("station0", "sensor0")
        self.sensor = Sensor(espiald, folder, ["sensor0"], {"first": {"between": f"[{A}, {B}]"}}, more=more)
        self.sensor.start()
        until("control socket", lambda: os.path.exists(f"{folder}/control.sock"))

    def ask(self, *arguments):
        return subprocess.run([self.espial, *arguments, "--socket", f"{self.folder}/control.sock"], capture_output=True,
                              text=True, timeout=30, check=False)

    def text(self):
        with open(f"{self.folder}/espial.yaml", encoding="utf-8") as file:
            return file.read()

    def mark(self):
        return len(self.sensor.notices())

    def hang_up(self):
        self.sensor.process.send_signal(signal.SIGHUP)

    def rule(self):
        """By which rule the engine judges what it sees now; an answer may be a second old."""
        self.wire.send(packets.ethernet(packets.tcp(A, B, 40000, 80, packets.SYN)))
        time.sleep(1.5)
        return until("the pair and its rule", lambda: re.findall(r'"rule":"([^"]*)"', self.ask("pairs", "--json").stdout))[0]

    def crash(self):
        engine = self.sensor.engine()
        os.kill(engine, signal.SIGKILL)
        until("another engine", lambda: self.sensor.engine() != engine and self.sensor.listens())


def engine_dies(stage):
    """The engine is dead when the signal comes: the next one gets what the file says now, and so does the one after it."""
    mark, monitor, engine = stage.mark(), stage.sensor.process.pid, stage.sensor.engine()
    stage.sensor.rewrite(("name: first", "name: second"))
    os.kill(monitor, signal.SIGSTOP)
    os.kill(engine, signal.SIGKILL)
    os.kill(monitor, signal.SIGHUP)
    os.kill(monitor, signal.SIGCONT)
    stage.sensor.wait_notice(READ_AGAIN, 4, mark)
    expect("stays" not in stage.sensor.notices()[mark:], stage.sensor.notices())
    expect(stage.rule() == "second", "the new engine goes by the file")
    stage.crash()
    expect(stage.rule() == "second", "and the one after it")


def engine_is_slow(stage):
    """It comes to a configuration when the log has said that the one in force stays: nothing comes of it, then or later."""
    mark, engine = stage.mark(), stage.sensor.engine()
    stage.sensor.rewrite(("name: second", "name: third"))
    os.kill(engine, signal.SIGSTOP)
    stage.hang_up()
    stage.sensor.wait_notice("stays", 10, mark)
    stage.hang_up()  # and another, to which it has not come either
    until("the next word", lambda: stage.sensor.notices()[mark:].count("stays") == 2, 10)
    os.kill(engine, signal.SIGCONT)
    expect(stage.rule() == "second", "what the log says is in force")
    expect(READ_AGAIN not in stage.sensor.notices()[mark:], stage.sensor.notices())
    expect(not any("policy-reloaded" in line for line in stage.sensor.records()[-3:]), "nothing was told of a reload")
    # Killed before it came to it.
    os.kill(engine, signal.SIGSTOP)
    stage.hang_up()
    until("the next word", lambda: stage.sensor.notices()[mark:].count("stays") == 3, 10)
    stage.crash()
    expect(stage.rule() == "second", "the next engine does not find it")
    done = stage.ask("reload")
    expect(done.returncode == 0 and stage.rule() == "third", f"one that it takes: {done}")


def engine_dies_twice(folder, espiald, espial):
    """Of a configuration that no engine lived to take: the one in force stays, and the next reload is heard."""
    stage = Stage(folder, espiald, espial)
    try:
        engine = stage.sensor.engine()
        stage.sensor.rewrite(("name: first", "name: second"))
        os.kill(engine, signal.SIGSTOP)
        stage.hang_up()
        time.sleep(0.5)
        os.kill(engine, signal.SIGKILL)
        following = until("another engine", lambda: stage.sensor.engine() != engine and stage.sensor.engine())
        os.kill(following, signal.SIGKILL)
        stage.sensor.wait_notice("stays")
        until("a third engine", lambda: stage.sensor.engine() != following and stage.sensor.listens())
        done = stage.ask("reload")
        expect(done.returncode == 0 and stage.rule() == "second", f"the third one takes it: {done}")
    finally:
        expect(stage.sensor.end() == 0, "espiald ends well")
    stage.wire.unplug()


def one_after_the_other(stage):
    """A reload that follows on one which changes `report` is answered, whichever reporter it meets."""
    gaps = (0, 0.1, 0.2, 0.25, 0.34, 0.36, 0.5)
    for turn, gap in enumerate(gaps):
        stage.sensor.rewrite((f"records/alerts{turn or ''}.jsonl", f"records/alerts{turn + 1}.jsonl"))
        reporter = stage.sensor.reporter()
        first = stage.ask("reload")
        time.sleep(gap)
        second = stage.ask("reload")
        expect(first.returncode == 0 and second.returncode == 0, f"{gap} s: {first} {second}")
        until("another reporter", lambda old=reporter: stage.sensor.reporter() != old)
        until("an answer", lambda: stage.ask("status").stdout)
    stage.sensor.rewrite((f"records/alerts{len(gaps)}.jsonl", "records/alerts.jsonl"))
    reporter = stage.sensor.reporter()
    expect(stage.ask("reload").returncode == 0, "the first file again")
    until("another reporter", lambda: stage.sensor.reporter() != reporter)
    until("an answer", lambda: stage.ask("status").stdout)


def at_the_next_start(stage):
    """What only a start heeds is told as long as it is pending, and no longer; an engine that is started anew is a start."""
    def later():
        done = stage.ask("reload")
        expect(done.returncode == 0, done)
        return done.stdout.partition("the next time: ")[2].strip()

    expect(later() == "", "nothing is pending")
    stage.sensor.rewrite(("sensor: e2e", "sensor: e2e\nclassify: all"))
    expect(later() == "classify" and later() == "classify", "it is pending until the next start")
    stage.sensor.rewrite(("classify: all", "classify: policy"))
    expect(later() == "", "it is as it was: nothing is pending")
    stage.sensor.rewrite(("classify: policy", "classify: all\nlimits: {flows: 5000}"))
    expect(later() == "classify, limits", "both are pending")
    stage.crash()
    expect(later() == "", "the engine of now was started by it")


def a_large_file(stage):
    """The engine is told all of it: what stands behind the first 3 MiB as well."""
    comments = f"# {'x' * 76}\n" * (3 << 20 >> 6)
    name = stage.rule()
    stage.sensor.rewrite(("sensor: e2e", f"{comments}sensor: e2e"), (f"name: {name}", "name: behind"))
    expect(stage.ask("reload").returncode == 0 and stage.rule() == "behind", "the rule behind it")
    stage.sensor.rewrite((comments, ""), ("name: behind", f"name: {name}"))
    expect(stage.ask("reload").returncode == 0 and stage.rule() == name, "the small file again")


def memory_of(pid):
    """MiB of its own."""
    return int(station.status_of(pid)["RssAnon"].split()[0]) // 1024


def many_times(stage):
    """The same file again costs the engine nothing, and another each time no more than its names. Rules are many, as for branches."""
    rules = "".join(f"    - name: branch-{i}\n      between: [10.{i // 250}.{i % 250}.0/24, 10.200.0.0/16]\n      level: require\n"
                    for i in range(1000))
    stage.sensor.rewrite(("  rules:\n", "  rules:\n" + rules))
    expect("1001 rules" in stage.ask("reload").stdout, "many rules")
    engine = stage.sensor.engine()
    for change in (lambda turn: None, lambda turn: stage.sensor.rewrite((f"10.{200 + turn}.0.0/16", f"10.{201 + turn}.0.0/16"))):
        mark, before = len(stage.sensor.records()), 0
        for turn in range(40):
            change(turn)
            done = stage.ask("reload")
            expect(done.returncode == 0 and "1001 rules" in done.stdout, done)
            expect(("nothing changed" in done.stdout) == ("10.200.0.0" in stage.text()), done)
            if turn == 10:
                before = memory_of(engine)
        grown = memory_of(engine) - before
        expect(grown < 4, f"the engine has grown by {grown} MiB")

        def told(since=mark):
            return sum("policy-reloaded" in line for line in stage.sensor.records()[since:])

        if "10.200.0.0" in stage.text():
            expect(told() == 0, "what changed nothing is not told")
        else:
            until("a word about each", lambda: told() == 40)
    expect(stage.sensor.engine() == engine, "it is the engine of the beginning")
    expect(stage.rule() == "third", "and knows what it sees")


def closing_report(folder, espiald, espial, store):
    """What espiald run by hand writes on SIGUSR1 and at its end speaks of the alert that is open; who only hands over writes none."""
    os.makedirs(f"{folder}/var", exist_ok=True)
    os.chmod(f"{folder}/var", 0o777)
    stage = Stage(folder, espiald, espial, "  store: {{ path: {folder}/var/db }}\n" if store else "")
    stage.wire.send(packets.ethernet(packets.esp(A, B, 0xC0000001, 1)))
    until("the leak", lambda: stage.rule() and any("cleartext-leak" in line for line in stage.sensor.records()))
    stage.sensor.process.send_signal(signal.SIGUSR1)
    until("a report", lambda: "needs attention" in stage.sensor.output())
    for turn in ("one", "other"):
        reporter = stage.sensor.reporter()
        stage.sensor.rewrite(("records/", f"records/{turn}-"))
        stage.hang_up()
        until("another reporter", lambda old=reporter: stage.sensor.reporter() != old)
        until("an answer", lambda: stage.ask("status").stdout)
    before = len(stage.sensor.output())
    stage.sensor.process.send_signal(signal.SIGUSR1)
    until("another report", lambda: "Pairs " in stage.sensor.output()[before:])
    expect(stage.sensor.end() == 0, "espiald ends well")
    stage.wire.unplug()
    text = stage.sensor.output()
    expect(len(re.findall(r"^Pairs ", text, re.M)) == 3, f"reports of those asked for, and one at the end: {text}")
    counted = len(re.findall(r"^\d+ findings? needs? attention", text, re.M))  # a last word on the leak may come with the end
    expect(counted in ((3,) if store else (1, 2)), f"{counted}: {text}")
    expect(text.count("Findings are those since 20") == 2 and ("open then." in " ".join(text.split())) == store, text)


def main(espiald, espial):
    def body(folder):
        stage = Stage(folder, espiald, espial)
        try:
            engine_dies(stage)
            engine_is_slow(stage)
            one_after_the_other(stage)
            at_the_next_start(stage)
            a_large_file(stage)
            many_times(stage)
        finally:
            expect(stage.sensor.end() == 0, "espiald ends well")
        stage.wire.unplug()
        os.makedirs(f"{folder}/twice")
        os.chmod(f"{folder}/twice", 0o755)
        engine_dies_twice(f"{folder}/twice", espiald, espial)
        for store in (True, False):
            os.makedirs(f"{folder}/{store}")
            os.chmod(f"{folder}/{store}", 0o755)
            closing_report(f"{folder}/{store}", espiald, espial, store)

    return station.run_test(body)


if __name__ == "__main__":
    sys.exit(main(*map(os.path.realpath, sys.argv[1:3])))
