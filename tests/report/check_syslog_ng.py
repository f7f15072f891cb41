#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The syslog sink against the real syslog-ng: every shape, datagrams and a stream, killed and restarted in between.

check_syslog_ng.py FEED_SYSLOG MODULE. syslog-ng gets its own configuration, state and sockets in a temporary folder.
Nothing may be missing; a message may come twice only around the kill. Exit 77 where syslog-ng is not installed.
"""

import collections
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BEFORE, WITHOUT, AFTER = 200, 100, 200
SEVERITIES = ["crit", "err", "warning", "notice", "info"]
WORDS = ["critical", "high", "medium", "low", "info"]

# As a default configuration reads its log socket, and with the one flag that reads structured data.
CONFIG = """@version: 3.35
options {{ chain-hostnames(no); keep-hostname(yes); use-dns(no); dns-cache(no); stats-freq(0); }};
source s_local {{ unix-dgram("{dir}/local"); }};
source s_eventlog {{ unix-dgram("{dir}/eventlog"); }};
source s_stream {{ unix-stream("{dir}/stream"); }};
source s_full {{ unix-dgram("{dir}/full" flags(syslog-protocol)); }};
parser p_tags {{ kv-parser(prefix(".tag.") value-separator("=") pair-separator(", ")); }};
destination d_plain {{ file("{dir}/out" flush-lines(1)
    template("$SOURCE\\t$FACILITY\\t$LEVEL\\t$PROGRAM\\t$PID\\t$MSGID\\t$HOST\\t${{.SDATA.espial@32473.alert}}\\t$MSG\\n")); }};
destination d_tags {{ file("{dir}/tags" flush-lines(1)
    template("${{.tag.alert}}\\t${{.tag.id}}\\t${{.tag.dst}}\\t${{.tag.cause}}\\n")); }};
log {{ source(s_local); source(s_eventlog); source(s_stream); source(s_full); destination(d_plain); }};
log {{ source(s_eventlog); parser(p_tags); destination(d_tags); }};
"""


class SyslogNg:
    def __init__(self, folder):
        self.folder = folder
        with open(f"{folder}/conf", "w", encoding="utf-8") as file:
            file.write(CONFIG.format(dir=folder))
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            ["syslog-ng", "--foreground", "--no-caps", "--cfgfile", f"{self.folder}/conf",
             "--persist-file", f"{self.folder}/persist", "--pidfile", f"{self.folder}/pid",
             "--control", f"{self.folder}/ctl"],
            stdout=subprocess.DEVNULL, stderr=open(f"{self.folder}/errors", "a", encoding="utf-8"))
        deadline = time.monotonic() + 20
        while not os.path.exists(f"{self.folder}/ctl") and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)

    def kill(self, number=signal.SIGKILL):
        self.process.send_signal(number)
        self.process.wait()
        for name in ("ctl", "pid"):
            if os.path.exists(f"{self.folder}/{name}"):
                os.unlink(f"{self.folder}/{name}")


class Feed:
    def __init__(self, folder, feed, module, socket, shape):
        self.fifo = f"{folder}/commands-{socket}"
        os.mkfifo(self.fifo)
        self.process = subprocess.Popen([feed, f"{folder}/{socket}", shape, module, self.fifo],
                                        stdout=subprocess.PIPE, text=True)
        self.commands = open(self.fifo, "w", encoding="utf-8")

    def say(self, command):
        self.commands.write(command + "\n")
        self.commands.flush()
        answer = self.process.stdout.readline().strip()
        assert answer == "ok", f"{command}: {answer}"

    def end(self):
        self.say("end")
        assert self.process.wait() == 0


def check_line(shape, line):
    source, facility, level, program, pid, msgid, host, alert, text = line.split("\t", 8)
    assert facility == "authpriv", line
    assert program == "espiald", line
    assert pid.isdigit(), line
    match = re.search(r"alert=['\"]([0-9a-f]{16})['\"]", text)
    if shape == "full":
        assert msgid == "cleartext-leak" and host == "edge-1" and not match, line
        number = int(alert, 16)
        assert text.startswith("10.2.0.2 sends HTTP to 10.1.0.1 in clear"), line
    else:
        assert match, line
        number = int(match[1], 16)
        start = "[espial@32473 alert=" if shape == "local" else "10.2.0.2 sends HTTP to 10.1.0.1 in clear"
        assert text.startswith(start), line
        assert f"severity={text[match.end() - 1]}{WORDS[number % 5]}" in text, line
    assert level == SEVERITIES[number % 5], line
    return number


def run(folder, feed, module):
    daemon = SyslogNg(folder)
    daemon.start()
    routes = [("local", "local"), ("stream", "stream"), ("full", "full")]
    if module != "none":
        routes.append(("eventlog", "eventlog"))
    feeds = {}
    for socket, shape in routes:
        feeds[socket] = Feed(folder, feed, module, socket, "local" if shape == "stream" else shape)
    for feed_process in feeds.values():
        feed_process.say(f"send 0 {BEFORE}")
        feed_process.say("flush")
    time.sleep(0.5)  # what syslog-ng has read it may still be writing, which is beyond the sink's reach
    # Stopped, it reads nothing: what is sent now lies in its sockets when it is killed.
    daemon.process.send_signal(signal.SIGSTOP)
    for feed_process in feeds.values():
        feed_process.say(f"send {BEFORE} 5")
    daemon.kill()
    for feed_process in feeds.values():
        feed_process.say(f"send {BEFORE + 5} {WITHOUT - 5}")
    daemon.start()
    for feed_process in feeds.values():
        feed_process.say("flush")
        feed_process.say(f"send {BEFORE + WITHOUT} {AFTER}")
        feed_process.say("flush")
    time.sleep(0.5)
    daemon.kill(signal.SIGTERM)
    for feed_process in feeds.values():
        feed_process.end()

    total = BEFORE + WITHOUT + AFTER
    seen = collections.defaultdict(list)
    examples = {}
    with open(f"{folder}/out", encoding="utf-8") as file:
        for line in file:
            shape = line.split("\t")[0][2:]
            seen[shape].append(check_line("local" if shape == "stream" else shape, line.rstrip("\n")))
            examples[shape] = line.rstrip("\n")
    for socket, _ in routes:
        numbers = seen[socket]
        first_seen = list(dict.fromkeys(numbers))
        assert first_seen == list(range(total)), f"{socket}: {len(first_seen)} of {total} seen, or out of order"
        print(f"{socket}: {total} of {total} in order, {len(numbers) - total} twice")
        print(examples[socket])
    if module != "none":
        with open(f"{folder}/tags", encoding="utf-8") as file:
            tags = [line.rstrip("\n").split("\t") for line in file]
        assert len(tags) >= total
        for tag in tags:
            assert tag[1:] == ["cleartext-leak", "10.1.0.1", "sa-lost"], tag
        print(f"kv-parser: {len(tags)} messages taken apart")


def main():
    if not shutil.which("syslog-ng"):
        print("skipped: syslog-ng is not installed")
        return 77
    folder = tempfile.mkdtemp(prefix="check_syslog_ng.")
    try:
        run(folder, sys.argv[1], sys.argv[2])
    except BaseException:
        errors = f"{folder}/errors"
        if os.path.exists(errors):
            with open(errors, encoding="utf-8") as file:
                print(file.read()[-2000:])
        raise
    finally:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
