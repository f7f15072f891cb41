#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the commands that ask espiald say, and end with: check_commands.py ESPIAL ESPIALD

The espiald that is asked is one of the test's own, which answers what the test wants: so each answer can be had, without rights and
without waiting for it.
"""

import contextlib
import datetime
import fcntl
import itertools
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import unittest

ESPIAL = ESPIALD = ""
CAPTURES = os.path.join(os.path.dirname(__file__), "..", "captures")
DONE = {"type": "done"}
COMMANDS = ("audit", "explain", "inventory", "status", "pairs", "sas", "ike", "alerts", "report", "reload", "check-config", "test-alert")


def each_once(pairs):
    """An object as espiald takes it: no key twice."""
    assert len(dict(pairs)) == len(pairs), pairs
    return dict(pairs)


class Answers(threading.Thread):
    """The other end of the control socket: `lines` by the name of the request."""

    def __init__(self, path, lines):
        super().__init__(daemon=True)
        self.lines, self.requests = lines, []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:  # closed: that was all
                return
            # Whoever cannot print what it asked for hangs up.
            with contextlib.suppress(BrokenPipeError), client, client.makefile("rw", encoding="utf-8") as talk:
                request = json.loads(talk.readline(), object_pairs_hook=each_once)
                self.requests.append(request)
                for line in itertools.chain(self.lines.get(request["request"], []), [DONE]):
                    talk.write(json.dumps(line, separators=(",", ":")) + "\n")

    def end(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.join()


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="check_commands.")
        self.addCleanup(shutil.rmtree, self.folder)
        self.socket = os.path.join(self.folder, "control.sock")

    def path(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def answers(self, **lines):
        answers = Answers(self.socket, lines)
        answers.start()

        def end():
            answers.end()
            os.unlink(self.socket)

        self.addCleanup(end)
        return answers

    def run_program(self, *command):
        environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False,
                              env={**environment, "LC_ALL": "C.UTF-8", "ESPIAL_SOCKET": self.socket})

    def espial(self, *arguments):
        return self.run_program(ESPIAL, *arguments)


def status(**changes):
    """An answer to `status` of a sensor for which all is well."""
    return {
        "type": "status", "time": "2026-11-21T20:30:00.000000Z", "sensor": "edge-1", "version": "0.1.0",
        "started": "2026-11-21T20:00:00.000000Z", "uptime": 1800.0, "packets": 12, "bytes": 1234, "last_packet": None,
        "packets_per_second": None, "bits_per_second": None, "classes": {"esp": 12},
        "interfaces": [{"name": "eth1", "up": True, "received": 12, "dropped": 0, "interface_dropped": 0, "frames_per_second": None,
                        "ring": 0, "ring_used": 0, "ring_peak": 0, "ring_full": 0}],
        "workers": [], "stages": [],
        "tables": [{"name": "flows", "used": 99, "limit": 100, "evicted": 0, "bytes": 1000}],
        "memory": 1000, "transitions_lost": 0, "untracked": 0, "pairs": {"secured": 1}, "sas": 2, "alerts": {"high": 0},
        "sinks": [{"name": "syslog", "up": True, "delivered": 3, "queued": 0, "dropped": 0, "problem": None}], **changes}


def alert(severity):
    finding = {"type": "finding", "time": "2026-11-21T20:30:00.000000Z", "sensor": "edge-1", "alert": "0123456789abcdef",
               "id": "cleartext-leak", "cause": "sa-lost", "state": "open", "severity": severity, "grade": "observed",
               "subject": {"kind": "pair", "a": "10.1.0.1", "b": "10.2.0.2"}, "a": "10.1.0.1", "b": "10.2.0.2", "src": "10.1.0.1",
               "dst": "10.2.0.2", "src_port": 40000, "dst_port": 80, "spi": None, "ike_spi": None, "interface": None, "vlan": None,
               "rule": "branch", "protocol": "HTTP", "community_id": None, "count": 1, "bytes": 60,
               "first": "2026-11-21T20:30:00.000000Z", "last": "2026-11-21T20:30:00.000000Z", "duration": 0.0, "cleared_by": None,
               "text": "10.1.0.1 sends HTTP to 10.2.0.2 in clear.", "advice": "Look.", "windows_event": None, "evidence": {}}
    return {"type": "alert", "alert": finding["alert"], "state": "open", "opened": finding["time"], "acknowledged_until": None,
            "acknowledged_by": None, "finding": finding}


class ExitStatus(Case):
    """The same for a person and for a program."""

    def same(self, wanted, *arguments):
        for form in ([], ["--json"]):
            with self.subTest(arguments=arguments, form=form):
                done = self.espial(*arguments, *form)
                self.assertEqual((done.returncode, done.stderr), (wanted, ""))
                if form:
                    self.assertTrue(all(json.loads(line) for line in done.stdout.splitlines()))
                    self.assertEqual(len(done.stdout.splitlines()), 1)

    def test_of_status(self):
        well = status()
        for changes, wanted in (
                ({}, 0),
                ({"interfaces": [{**well["interfaces"][0], "up": False}]}, 1),
                ({"interfaces": [{**well["interfaces"][0], "dropped": 1}]}, 1),
                ({"sinks": [{**well["sinks"][0], "up": False, "problem": "nobody listens"}]}, 1),
                ({"tables": [{**well["tables"][0], "evicted": 1}]}, 1),
                ({"tables": [{**well["tables"][0], "used": 50, "evicted": 1}]}, 0),
                ({"transitions_lost": 1}, 1),
                ({"untracked": 1}, 1)):
            with self.subTest(changes=changes):
                answers = Answers(self.socket, {"status": [status(**changes)]})
                answers.start()
                try:
                    self.same(wanted, "status")
                finally:
                    answers.end()
                    os.unlink(self.socket)

    def test_of_status_that_is_none(self):
        self.answers(status=["this is no status"])
        for form in ([], ["--json"]):
            done = self.espial("status", *form)
            self.assertEqual(done.returncode, 2)
            self.assertIn("different versions", done.stderr)

    def test_of_alerts(self):
        self.answers(alerts=[alert("high")], alert=[alert("medium")])
        self.same(1, "alerts")
        self.same(1, "alerts", "show", "0123456789abcdef")

    def test_of_alerts_that_can_wait(self):
        self.answers(alerts=[alert("low")])
        self.same(0, "alerts")

    def same_trouble(self, *arguments):
        for form in ([], ["--json"]):
            done = self.espial(*arguments, *form)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn("does not answer", done.stderr)

    def test_where_nobody_answers(self):
        for command in ("status", "alerts", "pairs", "report"):
            self.same_trouble(command)


class Realms(Case):
    """Networks with equal addresses are told apart where they are kept apart, and nothing is said of them where there are none."""

    def test_of_pairs_and_sas(self):
        pair = {"type": "pair", "time": "2026-11-21T20:30:00.000000Z", "sensor": "edge-1", "a": "10.1.0.1", "b": "10.2.0.2", "verdict": "secured",
                "rule": None, "carries": None, "esp": {"packets": 9, "bytes": 999}, "offending": {"packets": 0, "bytes": 0}, "cleartext": [],
                "rekeys": 0, "rekey_interval_median": None, "rekey_initiator": None}
        for realms, titles in (([None, None], ["A", "B", "VERDICT"]), ([12, None], ["A", "B", "REALM"]), (["tap1", "tap2"], ["A", "B", "REALM"])):
            answers = Answers(self.socket, {"pairs": [{**pair, **({"realm": realm} if realm else {})} for realm in realms]})
            answers.start()
            try:
                head, *rows = self.espial("pairs").stdout.splitlines()
            finally:
                answers.end()
                os.unlink(self.socket)
            self.assertEqual(head.split()[:3], titles)
            for row, realm in zip(rows, realms):
                self.assertEqual(row.split()[2], str(realm or "-") if titles[2] == "REALM" else "secured")


class Show(Case):
    def test_tells_what_an_alert_rests_on_and_nothing_of_others(self):
        told = alert("high")
        told["finding"].update(state="update", evidence={"services": "HTTP (tcp/80)", "esp_to_clear": 0.3, "both_directions": True})
        self.answers(alert=[told])
        shown = self.espial("alerts", "show", told["alert"]).stdout
        self.assertEqual(shown.splitlines()[:3], ["HIGH      cleartext-leak/sa-lost  10.1.0.1 ↔ 10.2.0.2",
                                                  "          10.1.0.1 sends HTTP to 10.2.0.2 in clear.",
                                                  "          since 2026-11-21 20:30:00, observed, 1 packet, 60 B, rule branch"])
        facts = dict(re.findall(r"(?m)^(\w+)  +(\S.*)$", shown.split("Evidence ")[1]))
        for name, value in (("src", "10.1.0.1"), ("dst_port", "80"), ("services", "HTTP (tcp/80)"), ("esp_to_clear", "0.3"),
                            ("both_directions", "true"), ("last", "2026-11-21T20:30:00.000000Z")):
            self.assertEqual(facts[name], value)
        self.assertNotIn("Pairs", shown)
        self.assertNotIn("secured throughout", shown)


class Figures(Case):
    def test_of_slow_packets_are_thousands(self):
        for nanoseconds, packets, words in (
                (22454.0, 1000, "22454 ns: 44.5 thousand packets a second"), (10000.0, 1000, "10000 ns: 0.1 million packets"),
                (250.0, 1000, "250 ns: 4.0 million packets"), (142312.0, 999, "142312 ns, of too few packets to say more\n")):
            stages = [{"name": "decode", "ns_per_packet": nanoseconds, "packets": packets}, {"name": "judge", "ns_per_packet": 0.0, "packets": 9999}]
            answers = Answers(self.socket, {"status": [status(stages=stages)]})
            answers.start()
            try:
                self.assertIn(words, self.espial("status").stdout)
            finally:
                answers.end()
                os.unlink(self.socket)


class Lists(Case):
    """What a row says of a record."""

    def rows(self, command):
        """Each row of the table as a dictionary; cells are two spaces apart."""
        done = self.espial(command)
        self.assertEqual(done.stderr, "")
        lines = [re.split(" {2,}", line.strip()) for line in done.stdout.splitlines()]
        return [dict(zip(lines[0], line)) for line in lines[1:]]

    def test_an_event_is_told_and_not_open(self):
        lines = [alert("high")]
        for name in ("sa-up", "peer-new", "secured-again", "policy-reloaded"):
            event = alert("info")
            event["finding"] = {**event["finding"], "id": name, "cause": None}
            lines.append(event)
        cleared = alert("high")
        cleared["finding"] = {**cleared["finding"], "state": "clear", "cleared_by": "secured-again"}
        self.answers(alerts=[*lines, cleared])
        self.assertEqual([row["STATE"] for row in self.rows("alerts")], ["open", "told", "told", "told", "told", "cleared"])

    def test_the_age_of_an_sa_is_until_now_while_it_is_in_use(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        first, last = ((now - datetime.timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.%fZ") for hours in (30, 25))
        self.answers(sas=[{"type": "sa", "time": last, "sensor": "edge-1", "src": "10.1.0.1", "dst": "10.2.0.2", "spi": "0xc0000001",
                           "proto": "esp", "encap": "none", "first": first, "last": last, "packets": 2, "bytes": 200, "seq_first": 1,
                           "seq_last": 2, "lost": 0, "replayed": 0, "replaces": None, "continues": None, "ike_spi": None, "exchange": None,
                           "initiator": None, "state": state} for state in ("active", "stale", "superseded", "ended")])
        self.assertEqual([row["AGE"] for row in self.rows("sas")], ["1 d 6 h", "1 d 6 h", "5 h 0 min", "5 h 0 min"])


# One of something, as if it were several.
PLURAL_OF_ONE = r"(?<![\d.,])1 (frames|packets|pairs|rules|interfaces|transitions|SAs|alerts|messages|records|periods)\b"


class AlertsTable(Case):
    def test_says_whom_it_is_about_where_it_is_narrow(self):
        """The longest name takes no address away from all rows: it is cut first, and what can be left out is."""
        long = alert("high")
        long["finding"].update(id="ike-auth-failed", cause="pre-shared-key")
        self.answers(alerts=[long, alert("high")])
        for columns, name in ((80, "ike-auth-failed/pre-sh"), (68, "ike-auth-f"), (120, "ike-auth-failed/pre-shared-key ")):
            done = subprocess.run([ESPIAL, "alerts"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False,
                                  env={**os.environ, "LC_ALL": "C.UTF-8", "ESPIAL_SOCKET": self.socket, "COLUMNS": str(columns)})
            for line in done.stdout.splitlines()[1:]:
                self.assertIn("10.1.0.1 10.2.0.2", line)
                self.assertLessEqual(len(line), columns)
            self.assertIn(name, done.stdout)

    def test_asks_for_the_last_of_what_is_given_twice(self):
        answers = self.answers(alerts=[alert("high")], ack=[])
        done = self.espial("alerts", "--open", "--open", "--severity", "low", "--severity", "high", "--pair", "10.1.0.1", "--pair",
                           "10.2.0.2", "--id", "bad-spi", "--id", "cleartext-leak", "--since", "2026-11-20", "--since", "2026-11-21")
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertEqual(answers.requests.pop(), {
            "request": "alerts", "open": True, "since": "2026-11-21T00:00:00.000000Z", "pair": ["10.2.0.2"], "id": "cleartext-leak",
            "severity": "high"})
        done = self.espial("alerts", "ack", "0123456789abcdef", "--until", "4h", "--until", "now")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(answers.requests.pop(), {"request": "ack", "until": None, "alert": "0123456789abcdef"})


class One(Case):
    """One packet is no packets."""

    def test_in_status(self):
        one = status(packets=1, transitions_lost=1, untracked=1, interfaces=[{**status()["interfaces"][0], "received": 1}],
                     workers=[{"read": 1, "tracked": 1, "together": 0, "waited": 0, "processors": None}])
        self.answers(status=[one])
        text = self.espial("status").stdout
        for words in ("1 packet, ", "up, 1 frame, ", "1 frame read and tracked", "1 transition, 1 packet that found no place"):
            self.assertIn(words, text)
        self.assertNotRegex(text, PLURAL_OF_ONE)

    def test_of_several(self):
        self.answers(status=[status(transitions_lost=2, untracked=3)])
        text = self.espial("status").stdout
        for words in ("12 packets, ", "up, 12 frames, ", "2 transitions, 3 packets that found no place"):
            self.assertIn(words, text)

    def test_in_checks(self):
        path = self.path("one.yaml", "capture: [ { interface: eth0 } ]\npolicy: { rules: [ { name: a, between: [10.0.0.1, 10.0.0.2] } ] }\n")
        for done in (self.espial("check-config", path), self.run_program(ESPIALD, "-c", path, "--check-config")):
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, f"{path}: usable, 1 rule, 1 interface\n", ""))


PERIOD = {"type": "report", "time": "2026-11-21T20:30:00.000000Z", "sensor": "edge-1", "since": "2026-11-21T00:00:00.000000Z", "begin": None,
          "until": "2026-11-21T20:30:00.000000Z", "blind": 0.0, "blind_left_out": 0, "beyond_pairs": 0, "beyond_bytes": 0}


class Names(Case):
    """Names have letters of all the world, which JSON lines write as numbers."""

    def test_of_a_rule_that_is_asked_for(self):
        for name in ("branch", "Z\u00fcrich \u2192 Gen\u00e8ve", 'a "b" \\ c', "\U0001f512"):
            leak = alert("high")
            leak["finding"]["rule"] = name
            other = alert("high")
            other["finding"].update(rule="other", evidence={"what": f',"rule":{json.dumps(name)},'})
            with self.subTest(name=name):
                answers = Answers(self.socket, {"alerts": [leak, other], "report": [PERIOD]})
                answers.start()
                try:
                    done = self.espial("report", "--rule", name, "--json")
                finally:
                    answers.end()
                    os.unlink(self.socket)
                told = [json.loads(line) for line in done.stdout.splitlines()]
                self.assertEqual({line["finding"]["rule"] for line in told if line["type"] == "alert"}, {name})
                self.assertEqual(done.returncode, 1)

    def test_in_what_became_of_an_order(self):
        said = "/etc/espial/espial.yaml:7: rule 'Z\u00fcrich \"1\" \u001b[31m': level"
        for lines, stream in ([{"type": "error", "text": said}], "stderr"), ([{"type": "outcome", "text": f"syslog: up\n{said}"}], "stdout"):
            with self.subTest(stream=stream):
                answers = Answers(self.socket, {"reload": lines})
                answers.start()
                try:
                    done = self.espial("reload")
                finally:
                    answers.end()
                    os.unlink(self.socket)
                text = getattr(done, stream)
                self.assertIn("/etc/espial/espial.yaml:7: rule 'Z\u00fcrich \"1\" \ufffd[31m': level\n", text)
                if stream == "stdout":
                    self.assertTrue(text.startswith("syslog: up\n/etc"), text)

    def test_of_the_sensor_in_a_bill(self):
        self.answers(inventory=[{"type": "inventory_summary", "time": None, "sensor": "Z\u00fcrich-\\1", "peers": 0, "pairs": 0,
                                 "certificates": 0, "unlisted": 0}])
        done = self.espial("inventory", "--cyclonedx")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(json.loads(done.stdout)["metadata"]["properties"], [{"name": "espial:sensor", "value": "Z\u00fcrich-\\1"}])


class FullDisk(Case):
    """What was printed and did not arrive is no success; one message says why."""

    @unittest.skipUnless(os.path.exists("/dev/full"), "needs /dev/full")
    def test_is_told(self):
        config = self.path("one.yaml", "capture: [ { interface: eth0 } ]\n")
        pair = {"type": "pair", "time": "2026-11-21T20:30:00.000000Z"}
        self.answers(status=[status()], alerts=[alert("high")], alert=[alert("high")], pairs=[pair], sas=[pair], **{"ike-sas": [pair]},
                     ike=[pair], inventory=[], report=[PERIOD])
        capture = os.path.join(CAPTURES, "demo-policy-flush.pcap")
        for arguments in (["--help"], ["help", "audit"], ["--version"], ["explain"], ["explain", "bad-spi"], ["explain", "--json", "bad-spi"],
                          ["inventory", capture], ["inventory", "--json", capture], ["inventory", "--cyclonedx", capture],
                          ["status"], ["status", "--json"], ["pairs", "--json"], ["sas", "--json"], ["ike", "--json"],
                          ["alerts"], ["alerts", "--json"], ["alerts", "show", "0123456789abcdef"], ["report"], ["report", "--csv"],
                          ["audit", capture], ["check-config", config]):
            with self.subTest(arguments=arguments), open("/dev/full", "wb") as full:
                done = subprocess.run([ESPIAL, *arguments], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True,
                                      timeout=60, check=False, env={**os.environ, "LC_ALL": "C.UTF-8", "ESPIAL_SOCKET": self.socket})
                self.assertEqual(done.returncode, 2)
                self.assertRegex(done.stderr, r"\Aespial: [a-z ]* is incomplete: (standard output: .* room on the disk\?|.*No space left on device)\n\Z")

    @unittest.skipUnless(os.path.exists("/dev/full"), "needs /dev/full")
    def test_what_has_no_end_ends(self):
        """The IKE log is of use only where it arrives."""
        message = {"type": "ike_octets", "time": "2026-11-21T20:30:00.000000Z", "sensor": "edge-1", "src": "10.1.0.1", "dst": "10.2.0.2",
                   "src_port": 500, "dst_port": 500, "encap": "none", "length": 28, "joined": 0,
                   "hex": "0011223344556677" + "00" * 8 + "21202208" + "00" * 4 + "0000001c"}
        self.answers(**{"ike-log": itertools.repeat(message)})
        for arguments in (["ike", "--log"], ["ike", "--log=7"], ["ike", "--log", "--json"]):
            with self.subTest(arguments=arguments), open("/dev/full", "wb") as full:
                done = subprocess.run([ESPIAL, *arguments], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True,
                                      timeout=30, check=False, env={**os.environ, "LC_ALL": "C.UTF-8", "ESPIAL_SOCKET": self.socket})
                self.assertEqual(done.returncode, 2)
                self.assertRegex(done.stderr, r"\Aespial: what was printed is incomplete: standard output: .*\n\Z")

    def test_closed_output_is_told(self):
        self.answers(status=[status()])
        for command in ("explain", "status --json"):
            done = self.run_program("/bin/sh", "-c", f'exec "$0" {command} >&-', ESPIAL)
            self.assertEqual((done.returncode, done.stderr),
                             (2, "espial: what was printed is incomplete: standard output: Bad file descriptor\n"))

    def test_who_reads_no_further_is_told_nothing(self):
        reading, writing = os.pipe()
        os.close(reading)
        with os.fdopen(writing, "wb") as nobody:
            done = subprocess.run([ESPIAL, "explain"], stdout=nobody, stderr=subprocess.PIPE, timeout=30, check=False)
        self.assertEqual((done.returncode, done.stderr), (-signal.SIGPIPE, b""))


class Nothing(Case):
    """What there is none of, and where to look then; never the command that was just given."""

    def test_no_alerts(self):
        self.answers()
        done = self.espial("alerts")
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertEqual(done.stderr, "there are no alerts; 'espial status' tells whether frames arrive\n")

    def test_none_of_those_asked_for(self):
        self.answers()
        for choice in (["--open"], ["--since", "2h"], ["--severity", "high"], ["--id", "bad-spi"], ["--pair", "10.1.0.1"]):
            done = self.espial("alerts", *choice)
            self.assertEqual((done.returncode, done.stdout), (0, ""))
            self.assertTrue(done.stderr.startswith("no such alerts; 'espial alerts' without a choice lists all,"), done.stderr)


class Options(Case):
    """One that does not apply is not passed over: one message that says why, and nothing is asked."""

    def test_that_do_not_apply(self):
        alert_number = "0123456789abcdef"
        config = self.path("one.yaml", "capture: [ { interface: eth0 } ]\n")
        answers = self.answers(alerts=[alert("high")], alert=[alert("high")])
        for arguments, said in (
                (["pairs", "--name", "x"], "--name is for 'espial pairs promote'"),
                (["pairs", "--name", "x", "10.0.0.1", "10.0.0.2"], "--name is for 'espial pairs promote'"),
                (["pairs", "promote", "--json"], "--json and --watch are not for 'espial pairs promote', which writes rules, once"),
                (["pairs", "promote", "--watch"], "--json and --watch are not for 'espial pairs promote', which writes rules, once"),
                (["sas", "--name", "x"], "--name is for 'espial pairs promote'"),
                (["pairs", "--log"], "--log is for 'espial ike'"),
                (["ike", "--log", "--watch"], "--log goes on until it is ended: leave out --watch"),
                (["alerts", "--until", "4h"], "--until is for 'espial alerts ack'"),
                (["alerts", "--until", "now"], "--until is for 'espial alerts ack'"),
                (["alerts", "show", alert_number, "--until", "4h"], "--until is for 'espial alerts ack'"),
                (["alerts", "show", alert_number, "--open"],
                 "--open, --since, --severity, --id and --pair choose from the list; show and ack are about one alert"),
                (["alerts", "ack", alert_number, "--until", "4h", "--id", "bad-spi"],
                 "--open, --since, --severity, --id and --pair choose from the list; show and ack are about one alert"),
                (["alerts", "show", alert_number, "--watch"], "--watch is for the list; show and ack are about one alert"),
                (["alerts", "show", alert_number, "--pcap", "-", "--json"], "--json and --pcap: give one of them"),
                (["alerts", "ack", alert_number, "--until", "99999d"], "--until 99999d: give 30min, 4h, 7d, 2026-11-21, or 2026-11-21 20:30 (UTC)"),
                (["alerts", "ack", alert_number, "--until", "40000w"], "--until 40000w: give 30min, 4h, 7d, 2026-11-21, or 2026-11-21 20:30 (UTC)"),
                (["alerts", "--since", "99999w"], "--since 99999w: give 30min, 4h, 7d, 2026-11-21, or 2026-11-21 20:30 (UTC)"),
                (["report", "--since", "40000w"], "--since 40000w: give 12h, 30d, 2026-11-21, or 2026-11-21 20:30 (UTC)"),
                (["alerts", "--since", "2222-01-01"], "--since 2222-01-01: that is in the future"),
                (["report", "--since", "2222-01-01"], "--since 2222-01-01: that is in the future"),
                (["check-config", "--replay", "--since", "2222-01-01", config], "--since 2222-01-01: that is in the future"),
                (["report", "--html", "--csv"], "--html, --csv and --json: give one of them"),
                (["report", "--json", "--csv"], "--html, --csv and --json: give one of them"),
                (["inventory", "--json", "--cyclonedx"], "--json and --cyclonedx: give one of them"),
                (["inventory", "--cyclonedx", "--json", "none.pcap"], "--json and --cyclonedx: give one of them"),
                (["audit", "-i", "lo", "--workers", "2"],
                 "--workers is for capture files; for interfaces it is capture.workers of the configuration")):
            with self.subTest(arguments=arguments):
                done = self.espial(*arguments)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                whose = "espial audit" if arguments[0] == "audit" else "espial"
                self.assertEqual(done.stderr.splitlines(), [f"{whose}: {said}", f"Try 'espial {arguments[0]} --help'."])
        self.assertEqual(answers.requests, [])

    def test_that_there_are_none_of(self):
        for command in COMMANDS:
            for action in ([], *([["show"], ["ack"]] if command == "alerts" else [])):
                with self.subTest(command=command, action=action):
                    done = self.espial(command, *action, "--nonsense")
                    self.assertEqual((done.returncode, done.stdout), (2, ""))
                    self.assertEqual(done.stderr.splitlines(), [f"espial {command}: unrecognized option '--nonsense'",
                                                                f"Try 'espial {command} --help'."])

    def test_that_do(self):
        self.answers(alerts=[alert("low")])
        for arguments in (["alerts", "--open", "--since", "2h", "--severity", "low", "--id", "cleartext-leak", "--pair", "10.1.0.1"],
                          ["alerts", "ack", "0123456789abcdef", "--until", "4h"], ["alerts", "ack", "0123456789abcdef", "--until", "now"],
                          ["pairs", "--json"], ["inventory", "--json", "--json"]):
            with self.subTest(arguments=arguments):
                done = self.espial(*arguments)
                self.assertEqual((done.returncode, done.stderr), (0, ""))


class Watch(Case):
    """What stands on the screen of a terminal: all since it was cleared last."""

    def screen(self, *arguments, rows=24):
        """And the status, where the command ended by itself; else it is looked at while it sleeps."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 80, 0, 0))
        process = subprocess.Popen([ESPIAL, *arguments], stdin=slave, stdout=slave, stderr=slave,
                                   env={**os.environ, "LC_ALL": "C.UTF-8", "ESPIAL_SOCKET": self.socket})
        os.close(slave)
        shown, status = b"", None
        try:
            while select.select([master], [], [], 5.0 if not shown else 0.5)[0]:
                shown += os.read(master, 65536)
        except OSError:  # the terminal is gone with its last writer
            status = process.wait(10)
        finally:
            process.kill()
            process.wait()
            os.close(master)
        return shown.decode().split("\x1b[J")[-1].replace("\r\n", "\n"), status

    def test_of_nothing_says_so(self):
        self.answers()
        for command, said in (("alerts", "there are no alerts; 'espial status' tells whether frames arrive\n"),
                              ("sas", "espiald has seen no SAs yet; 'espial status' tells whether frames arrive\n")):
            self.assertEqual(self.screen(command, "--watch=3"), (said, None))

    def test_shows_what_comes_first(self):
        def numbered(i):
            one = alert("high")
            return {**one, "alert": f"{i:016x}", "finding": {**one["finding"], "alert": f"{i:016x}"}}

        for count, more in ((2, 0), (6, 0), (7, 1), (8, 2), (40, 34)):
            answers = Answers(self.socket, {"alerts": [numbered(i) for i in range(count)]})
            answers.start()
            try:
                shown = re.sub("\x1b\\[[0-9;]*m", "", self.screen("alerts", "--watch=3", rows=9)[0]).splitlines()
            finally:
                answers.end()
                os.unlink(self.socket)
            # The head of the table, rows, and what is told below it, in eight lines.
            with self.subTest(count=count):
                self.assertLessEqual(len(shown), 8)
                self.assertTrue(shown[0].startswith("ALERT"))
                self.assertTrue(shown[1].startswith(f"{0:016x}"))
                if count <= 6:
                    self.assertTrue(shown[-1].startswith("'espial alerts show ALERT' tells"))
                    self.assertEqual(len(shown), count + 2)
                else:
                    self.assertEqual(len(shown), 8)
                    self.assertRegex(shown[-1], rf"^\.\.\. and {more + 1} lines? more, ")

    def test_that_ends_says_why(self):
        for command in ("alerts", "sas", "status"):
            shown, ended_with = self.screen(command, "--watch=3")
            self.assertIn("espiald does not answer at", shown)
            self.assertEqual(ended_with, 2)


class Times(Case):
    def test_are_taken_as_espial_writes_them(self):
        answers = self.answers()
        for text, wanted in (("2026-11-21", "2026-11-21T00:00:00.000000Z"), ("2026-11-21 20:30", "2026-11-21T20:30:00.000000Z"),
                             ("2026-11-21T20:30", "2026-11-21T20:30:00.000000Z"), ("2026-11-21 20:30:59", "2026-11-21T20:30:59.000000Z"),
                             ("2026-11-21T20:30:59Z", "2026-11-21T20:30:59.000000Z"), ("2026-11-21T20:30:59.5", "2026-11-21T20:30:59.500000Z"),
                             ("2026-11-21T20:30:59.123456Z", "2026-11-21T20:30:59.123456Z")):
            done = self.espial("alerts", "--since", text)
            self.assertEqual((done.returncode, answers.requests[-1]["since"]), (0, wanted), done.stderr)

    def test_that_are_none(self):
        for text in ("", "20:30", "2026-11-21T", "2026-11-21x20:30", "2026-11-21 20:3", "2026-11-21T20:30:59X", "2026-11-21T20:30:59.",
                     "2026-11-21T20:30:59.1234567Z", "2026-11-21T20:30:59+01:00", "2026-02-30", "2026-11-21 24:00", "-1h", "1.5h"):
            for command in ("alerts", "report"):
                done = self.espial(command, "--since", text)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(f"--since {text}: give ", done.stderr)


class Names(Case):
    """Captures have the names that somebody else gave them, and a terminal does what it reads."""

    def test_that_are_hostile_do_nothing(self):
        name = "\x1b]0;owned\x07\x1b[31mred\u202e\udcff"
        for arguments in (["audit", name], ["inventory", name], ["check-config", name], [name], ["sas", name], ["alerts", name], ["explain", name]):
            done = subprocess.run([ESPIAL, *arguments], capture_output=True, timeout=30, check=False)
            self.assertEqual((done.returncode, done.stdout), (2, b""))
            self.assertIn(b"?]0;owned??[31mred??", done.stderr)
            self.assertFalse(re.search(b"[\x00-\x09\x0b-\x1f\x7f-\xff]", done.stderr), done.stderr)

    def test_in_any_language_are_shown(self):
        done = self.espial("audit", "ümlaut €.pcap")
        self.assertEqual(done.stderr, "espial: ümlaut €.pcap: cannot be opened: No such file or directory\n")


class Help(Case):
    def test_of_a_command(self):
        for command in COMMANDS:
            with self.subTest(command=command):
                done, told = self.espial("help", command), self.espial(command, "--help")
                self.assertEqual((done.returncode, done.stderr, done.stdout), (0, "", told.stdout))
                self.assertTrue(done.stdout.startswith(f"Usage: espial {command}"))

    def test_of_all(self):
        for arguments in (["help"], ["help", "--help"], ["--help"], ["-h"]):
            done = self.espial(*arguments)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertTrue(done.stdout.startswith("Usage: espial COMMAND"))

    def test_of_none(self):
        done = self.espial("help", "nonsense")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(done.stderr.splitlines(), ["espial: 'nonsense' is no command", "Try 'espial --help'."])
        done = self.espial("help", "audit", "status")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(done.stderr.splitlines(), ["espial: help: name one command", "Try 'espial --help'."])


if __name__ == "__main__":
    ESPIAL, ESPIALD = sys.argv[1:3]
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
