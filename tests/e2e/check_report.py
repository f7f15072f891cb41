#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`espial report` of a running espiald: check_report.py ESPIALD ESPIAL CLOCK_STEP.so

It is nearly midnight when this begins, by the clock of espiald and espial, so that all is told over two days. Octets by rule are exactly those that were sent, whichever process is killed or started again in between, and the last of
them when espiald ends; leaks, and when nothing was seen, are told; text, CSV and HTML say the same and stay harmless with
hostile names.
"""

import csv
import html.parser
import io
import json
import os
import re
import signal
import subprocess
import sys
import time

import packets
import station
from station import Clock, Sensor, Wire, expect, until

HOSTILE = "=SUM(A1)<script>alert(1)</script>&\u202eevil,\"x\""
RULES = {
    "branch": {"between": "[10.1.0.0/24, 10.2.0.0/24]", "gateways": "[192.0.2.1, 192.0.2.2]"},
    json.dumps(HOSTILE): {"between": "[10.3.0.0/24, 10.4.0.0/24]", "allow": "[tcp/8080]"},
}
STORE = "  store: {{ path: {folder}/state/espial.db }}\n"
BEFORE_MIDNIGHT = 5  # seconds, in which the first of all that is sent comes
DAY = 86400
GATES, HOSTS, OTHERS = ("192.0.2.1", "192.0.2.2"), ("10.1.0.1", "10.2.0.2"), ("10.3.0.1", "10.4.0.2")


class Stage:
    def __init__(self, folder, espiald, espial, shim):
        os.makedirs(f"{folder}/state")
        os.chmod(f"{folder}/state", 0o777)
        self.folder, self.espial = folder, espial
        self.wire = Wire("station0", "sensor0")
        rules = {name if name != "branch" else name: rule for name, rule in RULES.items()}
        self.sensor = Sensor(espiald, folder, ["sensor0"], rules, more=STORE)
        # A ring is as many blocks as fit, each of which may hold few frames: every one is counted, however busy the machine is.
        self.sensor.rewrite(("4MiB", "32MiB"))
        self.ahead = -int(time.time() + BEFORE_MIDNIGHT) % DAY
        Clock(self.sensor, shim).set(self.ahead)
        self.sequence = 0
        self.sent = {}
        self.over_midnight = False

    def ask(self, *arguments, columns=None, status=None):
        environment = {name: value for name, value in self.sensor.environment.items() if name != "COLUMNS"}
        environment.update(ESPIAL_SOCKET=f"{self.folder}/control.sock", LC_ALL="C.UTF-8", **({"COLUMNS": str(columns)} if columns else {}))
        done = subprocess.run([self.espial, *arguments], env=environment, capture_output=True, timeout=60, check=False)
        expect(done.returncode in ((0, 1) if status is None else (status,)), f"espial {arguments}: {done}")
        return done.stdout.decode() if status is None else (done.stdout.decode(), done.stderr.decode())

    def send(self, what, frame):
        """Counts octets of the IP packet under `what`."""
        self.wire.send(frame)
        before = self.sent.get(what, [0, 0])
        self.sent[what] = [before[0] + 1, before[1] + len(frame) - 14]

    def midnight(self):
        """Waits for the next day; whether it was still to come."""
        left = DAY - (time.time() + self.ahead) % DAY
        if left <= BEFORE_MIDNIGHT:
            time.sleep(left + 0.1)
        return left <= BEFORE_MIDNIGHT

    def esp(self, count, a=GATES[0], b=GATES[1]):
        for _ in range(count):
            self.sequence += 1
            self.send("secured", packets.ethernet(packets.esp(a, b, 0xC0000001, self.sequence)))
            self.send("secured", packets.ethernet(packets.esp(b, a, 0xC0000002, self.sequence)))

    def clear(self, count, pair=HOSTS, port=80, what="leaked"):
        for i in range(count):
            self.send(what, packets.ethernet(packets.tcp(*pair, 40000 + i, port, packets.SYN)))

    def report(self, *arguments):
        return [json.loads(line) for line in self.ask("report", "--json", "--since", "1h", *arguments).splitlines()]

    def rule(self, name, lines):
        """[packets, octets] of each kind, of all lines that are of the rule."""
        found = {key: [0, 0] for key in ("secured", "integrity", "offending", "clear")}
        for line in lines:
            if line["type"] == "report_rule" and name in line["rules"]:
                for key in found:
                    found[key] = [found[key][0] + line[key]["packets"], found[key][1] + line[key]["bytes"]]
        return found

    def equal(self, when):
        """Waits until the report has all that was sent, and sees that it never has more."""
        def all_there():
            lines = self.report()
            branch, hostile = self.rule("branch", lines), self.rule(HOSTILE, lines)
            got = {"secured": branch["secured"], "leaked": branch["offending"], "allowed": hostile["clear"]}
            for what, sent in self.sent.items():
                expect(got[what][0] <= sent[0] and got[what][1] <= sent[1], f"{when}: {what}: {got[what]} of {sent}")
            expect(branch["clear"] == branch["offending"] and not hostile["offending"][0], f"{when}: {branch} {hostile}")
            return lines if all(got[what] == sent for what, sent in self.sent.items()) else None

        return until(f"report of all that was sent, {when}", all_there, 15, 0.2)


def counts(stage):
    stage.esp(12)
    stage.clear(5)
    stage.clear(3, OTHERS, 8080, "allowed")
    lines = stage.equal("at first")
    summary = lines[-1]
    expect(summary["type"] == "report" and summary["begin"] and summary["beyond_pairs"] == 0, summary)
    expect(not [line for line in lines if line["type"] == "report_blind"], "nothing was blind")
    day = [line for line in lines if line["type"] == "report_day" and line["rules"] == ["branch"]]
    expect(sum(line["secured"]["bytes"] for line in day) == stage.sent["secured"][1], day)
    watched = [line for line in lines if line["type"] == "report_watched"]
    expect(len(watched) == 1 and watched[0]["packets"] >= sum(sent[0] for sent in stage.sent.values()), watched)


def processes_end(stage):
    engine = stage.sensor.engine()
    os.kill(engine, signal.SIGKILL)
    until("another engine", lambda: stage.sensor.engine() != engine)
    until("packet socket of the engine", stage.sensor.listens)
    stage.esp(7)
    stage.clear(2)
    lines = stage.equal("after the engine was killed")
    blind = [line for line in lines if line["type"] == "report_blind"]
    expect([line["why"] for line in blind] == ["engine-restarted"] and 0 < blind[0]["duration"] < 10, blind)
    expect(abs(lines[-1]["blind"] - blind[0]["duration"]) < 0.001, lines[-1])

    reporter = stage.sensor.reporter()
    os.kill(reporter, signal.SIGKILL)
    stage.esp(5)
    until("another reporter", lambda: stage.sensor.reporter() != reporter)
    stage.clear(2)
    lines = stage.equal("after the reporter was killed")
    expect(len([line for line in lines if line["type"] == "report_blind"]) == 1, "a reporter's end blinds nobody")

    # What came after the last look is told when the engine ends.
    stage.esp(9)
    stage.clear(1, OTHERS, 8080, "allowed")
    time.sleep(0.5)
    expect(stage.sensor.end() == 0, "espiald ends well")
    time.sleep(2)
    stage.sensor.start()
    until("control socket", lambda: stage.ask("status"))
    stage.esp(4)
    lines = stage.equal("after espiald was started again")
    blind = [line for line in lines if line["type"] == "report_blind"]
    expect([line["why"] for line in blind] == ["engine-restarted", "sensor-down"] and 1.5 < blind[1]["duration"] < 10, blind)


class Page(html.parser.HTMLParser):
    """What a browser would make of it: elements, their attributes, and text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.words, self.open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in ("meta", "rect", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        """What ends itself, as in SVG, is never open."""
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        expect(self.open and self.open.pop() == tag, f"</{tag}> closes what is not open")

    def handle_data(self, data):
        self.words.append(data)


def shapes(stage):
    """All say the same, and names stay names."""
    leaks = [line["finding"] for line in stage.report() if line["type"] == "alert"]
    expect(leaks and all(leak["rule"] == "branch" for leak in leaks), leaks)
    whole = stage.sent["secured"][1] + stage.sent["leaked"][1]
    share = stage.sent["secured"][1] / whole

    rows = list(csv.reader(io.StringIO(stage.ask("report", "--csv", "--since", "1h"), newline="")))
    head = rows[0]
    expect(all(len(row) == len(head) for row in rows), "every row has as many fields")
    table = [dict(zip(head, row)) for row in rows[1:]]
    branch = next(row for row in table if row["kind"] == "rule" and row["name"] == "branch")
    expect(int(branch["octets_encrypted"]) == stage.sent["secured"][1] and int(branch["octets_not_allowed"]) == stage.sent["leaked"][1], branch)
    expect(abs(float(branch["share_secured"]) - share) < 1e-6, branch)
    expect(any(row["kind"] == "rule" and row["name"] == "'" + HOSTILE.replace("\u202e", "\ufffd") for row in table),
           "a formula is made text, and controls are seen")
    expect(not any(cell[:1] in ("=", "+", "-", "@", "\t", "\r") for row in rows for cell in row), "no cell begins a formula")
    leak = next(row for row in table if row["kind"] == "cleartext-leak")
    expect((leak["a"], leak["b"]) == HOSTS and leak["severity"] == leaks[0]["severity"] and float(leak["seconds"]) >= 0, leak)
    expect([row["cause"] for row in table if row["kind"] == "blind"] == ["engine-restarted", "sensor-down"], "blind time")

    text = stage.ask("report", "--html", "--since", "1h")
    page = Page(text)
    expect(not page.open, f"elements stay open: {page.open}")
    expect(not {tag for tag, _ in page.elements} & {"script", "img", "link", "iframe", "object"}, "nothing is fetched or run")
    expect(not any(name.startswith("on") or name in ("href", "src") for _, attributes in page.elements for name in attributes), "no handler, no link")
    words = "".join(page.words)
    expect("<script>alert(1)</script>&⟨202E⟩evil" in words, "a hostile name is shown as it is")
    expect("\u202e" not in text, "what turns text is not in it")
    expect(f"{100 * share:.1f} %" in words, "the share")
    for word in (*HOSTS, "cleartext", "the engine ended and was started again", "the sensor was not running"):
        expect(word in words or word == "cleartext", word)

    if stage.over_midnight:
        expect([tag for tag, _ in page.elements].count("rect") >= 4, "a bar for each of two days, of what was secured and what leaked")
        expect(len([line for line in stage.report() if line["type"] == "report_day" and line["rules"] == ["branch"]]) == 2, "two days")

    wide, narrow = stage.ask("report", "--since", "1h"), stage.ask("report", "--since", "1h", columns=60)
    expect("\033" not in wide and f"{100 * share:.1f} %" in wide and "sensor-down" in wide, wide)
    longest = max(len(line) for line in narrow.splitlines())
    expect(longest <= 60, f"{longest} columns of 60")
    colour = stage.ask("report", "--since", "1h", "--rule", "branch")
    expect("branch" in colour and "SUM(A1)" not in colour, colour)
    _, errors = stage.ask("report", "--rule", "nobody's", status=0)
    expect("nobody's" in errors and "lists those that it has" in errors, errors)
    for wrong in (("--since", "soon"), ("--nonsense",), ("extra",)):
        _, errors = stage.ask("report", *wrong, status=2)
        expect("--help" in errors, errors)
    # Of the time before the history nothing is claimed.
    expect("history begins at" in " ".join(stage.ask("report", "--since", "3d").split()), "the begin of the history")
    expect(re.search(r"2\.\d s|3\.\d s|[4-9]\.\d s|\d+ s", wide), "blind time as a duration")


def judged_anew(stage):
    """check-config --replay: what other rules would have raised on what was sent."""
    def replay(*changes):
        with open(f"{stage.folder}/espial.yaml", encoding="utf-8") as file:
            text = file.read()
        for old, new in changes:
            expect(old in text, f"no {old} in the configuration")
            text = text.replace(old, new)
        with open(f"{stage.folder}/other.yaml", "w", encoding="utf-8") as file:
            file.write(text)
        output = stage.ask("check-config", "--replay", "--json", f"{stage.folder}/other.yaml")
        lines = [json.loads(line) for line in output.splitlines()]
        return {(line["a"], line["b"], line["outcome"]) for line in lines[:-1]}, lines

    rows, lines = replay()
    expect(rows == {(*HOSTS, "same")} and lines[0]["bytes"] == stage.sent["leaked"][1], lines)
    expect(replay(("gateways:", "allow: [tcp/80]\n      gateways:"))[0] == {(*HOSTS, "gone")}, "a list that allows it")
    rows, lines = replay(("allow: [tcp/8080]", "allow: [dns]"))
    expect(rows == {(*HOSTS, "same"), (*OTHERS, "new")}, lines)
    new = next(line for line in lines if line.get("outcome") == "new")
    expect(new["bytes"] == stage.sent["allowed"][1] and new["severity"] == "high" and new["rule"] == HOSTILE and "tcp/8080" in new["what"], new)
    expect(replay(("between: [10.1.0.0/24, 10.2.0.0/24]", "between: [10.7.0.0/24, 10.8.0.0/24]"))[0] == {(*HOSTS, "gone")}, "a rule of others")
    stage.ask("check-config", f"{stage.folder}/other.yaml", status=0)
    text = stage.ask("check-config", "--replay", f"{stage.folder}/other.yaml", columns=60)
    expect("What this cannot know" in text and "not have been" in text and max(map(len, text.splitlines()[1:])) <= 60, text)
    _, errors = stage.ask("check-config", "--since", "1d", f"{stage.folder}/other.yaml", status=2)
    expect("for --replay" in errors, errors)


def without_a_store(folder, espiald, espial):
    os.makedirs(f"{folder}/other")
    os.chmod(f"{folder}/other", 0o755)
    sensor = Sensor(espiald, f"{folder}/other", ["sensor0"], {})
    sensor.start()
    until("control socket", lambda: os.path.exists(f"{folder}/other/control.sock"))
    done = subprocess.run([espial, "report", "--socket", f"{folder}/other/control.sock"], capture_output=True, text=True, timeout=20, check=False)
    expect(done.returncode == 2 and "report.store.path" in done.stderr, done)
    sensor.end()


def main(espiald, espial, shim):
    def body(folder):
        stage = Stage(folder, *map(os.path.realpath, (espiald, espial, shim)))
        stage.sensor.start()
        until("control socket", lambda: os.path.exists(f"{folder}/control.sock"))
        until("the store", lambda: subprocess.run([stage.espial, "alerts", "--socket", f"{folder}/control.sock"], capture_output=True, check=False).returncode == 0)
        counts(stage)
        stage.over_midnight = stage.midnight()
        processes_end(stage)
        shapes(stage)
        judged_anew(stage)
        expect(stage.sensor.end() == 0, "espiald ends well")
        without_a_store(folder, os.path.realpath(espiald), os.path.realpath(espial))

    return station.run_test(body)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
