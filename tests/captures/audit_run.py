# SPDX-License-Identifier: Apache-2.0
"""Runs `espial audit --json` for the capture tests and reads what it says: records by type, and the last word of each
alert. An alert is told by open, updates and a clear; what counts is what stands at its end."""

import csv
import datetime
import json
import os
import subprocess

LOUD = ("critical", "high", "medium")


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def text_time(epoch):
    moment = datetime.datetime.fromtimestamp(int(epoch), datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{round(epoch % 1 * 1e6):06d}Z"


def table(folder, name):
    """The rows of a file of tab-separated values, by the names in its first line; None without the file."""
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        print(f"skipped: the captures are not there ({folder})")
        return None
    with open(path, encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


class Audit:
    def __init__(self, espial, capture, secured=(), more=()):
        command = [espial, "audit", "--json", *more]
        for pair in secured:
            command += ["--secured", pair]
        captures = [capture] if isinstance(capture, str) else capture
        done = subprocess.run(command + captures, capture_output=True, text=True, errors="replace", timeout=60,
                              check=False)
        self.status, self.errors = done.returncode, done.stderr
        self.records = [json.loads(line) for line in done.stdout.splitlines()]
        self.summary = next((r for r in self.records if r["type"] == "summary"), {})

    def of_type(self, kind):
        return [record for record in self.records if record["type"] == kind]

    def alerts(self):
        """{alert: its story}: the members of the last word, cleared_by, and in opens how often it opened."""
        stories = {}
        for record in self.of_type("finding"):
            story = stories.setdefault(record["alert"], {"opens": 0, "cleared_by": None})
            opens, cleared = story["opens"], story["cleared_by"]
            story.update(record)
            story["opens"] = opens + (record["state"] == "open")
            story["cleared_by"] = record["cleared_by"] if record["state"] == "clear" else cleared
        return stories

    def loud(self, allowed=()):
        return [f"{story['id']}/{story['cause']} {story['severity']} {story['a']} {story['b']}"
                for story in self.alerts().values() if story["severity"] in LOUD and story["id"] not in allowed]
