#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""All of it together: check_joint.py ESPIALD ESPIAL MODULE SCREENSHOT

espiald runs as a user without rights, with the one capability of its unit and its sandbox on, beside two live strongSwan
gateways. The tunnel is dropped while HTTP goes on: the alert is in the real syslog-ng, on the page in Chromium, counted by
Prometheus and listed by `espial alerts`, under one number. A reload allows that traffic, another forbids it again, and the
alert goes and comes; the tunnel comes back, and everybody hears that it is over. MODULE is `default` for the eventlog module
that is installed. The screenshot of the page with the alert is kept. With Debian's Python, whose Selenium it uses.
"""

import json
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import check_strongswan
import station
from station import CAP_NET_RAW, Failure, Sensor, Skip, SyslogNg, expect, start, until

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
except ImportError:
    webdriver = None

DRIVER = "/usr/bin/chromedriver"
BROWSER = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1", "--disable-dev-shm-usage",
           "--no-first-run", "--disable-background-networking", "--lang=en", "--window-size=1440,900"]
ACCOUNTS = ("espial", "nobody")  # the first that there is
PATIENCE = 20

REPORT = """  http: {{ listen: 127.0.0.1:9477 }}
  spool: {{ dir: {folder}/state/spool }}
  store: {{ path: {folder}/state/espial.db }}
"""


def account():
    for name in ACCOUNTS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Skip(f"no user {' or '.join(ACCOUNTS)}")


def reachable(path, folder, user):
    """The program, or a copy where the user may not go to where it was built."""
    path = os.path.realpath(path)
    done = subprocess.run(["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups", "test", "-r", path], check=False)
    return path if done.returncode == 0 else shutil.copy(path, f"{folder}/{os.path.basename(path)}")


class Daemon(Sensor):
    """As the unit of systemd starts it: its user, its one capability, its folders."""

    def __init__(self, espiald, folder, rule, module, user):
        for name in ("state", "logs", "runtime"):
            os.mkdir(f"{folder}/{name}", 0o750)
            os.chown(f"{folder}/{name}", user.pw_uid, user.pw_gid)
        os.chown(folder, user.pw_uid, user.pw_gid)
        super().__init__(reachable(espiald, folder, user), folder, ["sensor0"], {"branch": rule}, "eventlog", module, REPORT)
        self.environment = {"PATH": os.environ["PATH"], "STATE_DIRECTORY": f"{folder}/state", "LOGS_DIRECTORY": f"{folder}/logs",
                            "RUNTIME_DIRECTORY": f"{folder}/runtime",
                            **({"ESPIAL_EVTLOG_MODULE": reachable(module, folder, user)} if module else {})}
        self.prefix = ["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--init-groups", "--inh-caps", "-all,+net_raw",
                       "--ambient-caps", "-all,+net_raw", "--bounding-set", "-all,+net_raw", "--no-new-privs", "--pdeathsig", "KILL"]

    def check_confined(self, user):
        rights = {self.process.pid: None, self.engine(): CAP_NET_RAW, self.reporter(): 0}
        for pid, right in rights.items():
            status = station.status_of(pid)
            expect(set(status["Uid"].split()) == {str(user.pw_uid)}, f"{status['Name']} runs as {status['Uid']}, not as {user.pw_name}")
            expect(status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", f"{status['Name']} is not confined: {status}")
            expect(int(status["CapEff"], 16) & ~CAP_NET_RAW == 0, f"{status['Name']} has the rights {status['CapEff']}")
            expect(right is None or int(status["CapEff"], 16) == right, f"{status['Name']} has the rights {status['CapEff']}")


class Prometheus:
    def __init__(self, folder):
        os.mkdir(f"{folder}/prometheus")
        with open(f"{folder}/prometheus/conf.yml", "w", encoding="utf-8") as file:
            json.dump({"global": {"scrape_interval": "1s"},
                       "scrape_configs": [{"job_name": "espial", "static_configs": [{"targets": ["127.0.0.1:9477"]}]}]}, file)
        self.log = open(f"{folder}/prometheus/log", "w", encoding="utf-8")  # until the test ends
        self.process = start(["prometheus", f"--config.file={folder}/prometheus/conf.yml", f"--storage.tsdb.path={folder}/prometheus/data",
                              "--web.listen-address=127.0.0.1:9090"], stdout=self.log, stderr=self.log)

    def value(self, expression):
        url = "http://127.0.0.1:9090/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                result = json.load(answer)["data"]["result"]
        except OSError:
            return None
        return float(result[0]["value"][1]) if result else None

    def wait(self, expression, wanted):
        until(f"Prometheus with {expression} = {wanted}", lambda: self.value(expression) == wanted, PATIENCE, 0.1)


class Page:
    def __init__(self):
        options = Options()
        for option in BROWSER:
            options.add_argument(option)
        self.browser = webdriver.Chrome(service=Service(DRIVER), options=options)

    def open(self, path):
        self.browser.get(f"http://127.0.0.1:9477/{path}")

    def wait(self, selector, *words):
        script = "return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText)"
        until(f"{selector} on the page with {words}",
              lambda: any(all(word in text for word in words) for text in self.browser.execute_script(script, selector)), PATIENCE, 0.1)

    def wait_gone(self, word):
        script = "return [...document.querySelectorAll('.alert')].every((one) => !one.innerText.includes(arguments[0]))"
        until(f"page without an alert {word}", lambda: self.browser.execute_script(script, word), PATIENCE, 0.1)


class Stage:
    def __init__(self, folder, espial):
        self.folder, self.espial, self.begun = folder, os.path.realpath(espial), time.monotonic()

    def tell(self, what):
        print(f"{time.monotonic() - self.begun:5.1f} s  {what}", flush=True)

    def ask(self, *arguments):
        done = subprocess.run([self.espial, *arguments], env=dict(os.environ, ESPIAL_SOCKET=f"{self.folder}/control.sock"),
                              capture_output=True, text=True, timeout=30, check=False)
        expect(done.returncode in (0, 1), f"espial {arguments}: {done.returncode} {done.stdout}{done.stderr}")
        return done.stdout

    def records(self, *arguments):
        return [json.loads(line) for line in self.ask(*arguments, "--json").splitlines()]

    def open_leaks(self):
        return [line["finding"] for line in self.records("alerts", "--open") if line["finding"]["id"] == "cleartext-leak"]


def field(line, name):
    """Of a line in syslog-ng's file, whichever way it is quoted."""
    return (re.search(name + r"=['\"]([^'\"]*)", line) or [None, None])[1]


def await_leak(syslog, state, begin=0, **fields):
    wanted = dict(fields, id="cleartext-leak", state=state)
    return until(f"line in syslog-ng's file with {wanted}", lambda: next(
        (line for line in syslog.lines()[begin:] if all(field(line, name) == value for name, value in wanted.items())), None), PATIENCE)


def heard_everywhere(stage, prometheus, page, number):
    """The alert has one number wherever one asks."""
    found = until("leak in `espial alerts --open`", stage.open_leaks, PATIENCE, 0.1)
    expect([alert["alert"] for alert in found] == [number], f"espial alerts lists {found}, syslog-ng has {number}")
    expect(number in stage.ask("alerts", "--open"), "espial alerts lists it as text")
    page.wait(".alert", "cleartext-leak", "branch")
    keys = page.browser.execute_script("return [...document.querySelectorAll('.alert')].map((one) => one.dataset.key)")
    expect(any(number in (key or "") for key in keys), f"the page has {keys}, not {number}")
    prometheus.wait('espial_open_alerts{id="cleartext-leak"}', 1)


def gone_everywhere(stage, prometheus, page):
    expect(not stage.open_leaks(), "espial alerts lists it no more")
    page.wait_gone("cleartext-leak")
    prometheus.wait('espial_open_alerts{id="cleartext-leak"}', 0)


def story(stage, daemon, syslog, prometheus, page, alice, bob):
    folder, screenshot = stage.folder, sys.argv[4]
    check_strongswan.more_requests(folder, 20)
    secured = until("secured pair", lambda: [pair for pair in stage.records("pairs") if pair["verdict"] == "secured"], PATIENCE, 0.1)
    expect({secured[0]["a"], secured[0]["b"]} == {alice.outer, bob.outer}, f"the gateways are secured: {secured}")
    expect(not stage.open_leaks(), "no leak while the tunnel is up")
    page.open("#/alerts")
    prometheus.wait("espial_up", 1)
    prometheus.wait('espial_open_alerts{id="cleartext-leak"}', 0)
    stage.tell("the tunnel is up, and nothing wrong")

    alice.swanctl("--terminate", "--ike", "tunnel", "--force")
    first = await_leak(syslog, "open")
    stage.tell("the tunnel was dropped: alert in syslog-ng")
    for word in (alice.inner, bob.inner, "branch", "tcp/80"):
        expect(word in first, f"the alert does not say {word}: {first}")
    heard_everywhere(stage, prometheus, page, field(first, "alert"))
    prometheus.wait('espial_alerts_opened_total{id="cleartext-leak"}', 1)
    page.browser.save_screenshot(screenshot)
    stage.tell("espial alerts lists it, the page shows it, Prometheus counts it")

    # In an order that a test of one thing would not have: allowed while it is open, forbidden while it goes on.
    engine, packets = daemon.engine(), stage.records("status")[0]["packets"]
    daemon.rewrite(("      between:", "      allow: [icmp, tcp/80]\n      between:"))
    stage.ask("reload")
    await_leak(syslog, "clear", alert=field(first, "alert"))
    gone_everywhere(stage, prometheus, page)
    check_strongswan.more_requests(folder, 5)
    expect(not stage.open_leaks(), "what is allowed is no leak")
    stage.tell("a reload allowed it: clear everywhere, though HTTP goes on")
    mark = len(syslog.lines())
    daemon.rewrite(("      allow: [icmp, tcp/80]\n", ""))
    stage.ask("reload")
    second = await_leak(syslog, "open", mark)
    heard_everywhere(stage, prometheus, page, field(second, "alert"))
    expect(daemon.engine() == engine and stage.records("status")[0]["packets"] > packets, "capture went on")
    stage.tell("another forbade it: alert everywhere, from the same engine")

    alice.swanctl("--initiate", "--child", "net")
    last = await_leak(syslog, "clear", mark, alert=field(second, "alert"))
    expect("secured-again" in last, f"the clear message does not say why: {last}")
    gone_everywhere(stage, prometheus, page)
    prometheus.wait('espial_alerts_opened_total{id="cleartext-leak"}', 2)
    stage.tell("the tunnel is back: clear everywhere")
    status = stage.records("status")[0]
    expect([one["dropped"] for one in status["interfaces"]] == [0] and status["untracked"] == 0, f"something was dropped: {status}")


def body(folder):
    espiald, espial, module = sys.argv[1:4]
    if webdriver is None or not os.path.exists(DRIVER):
        raise Skip("no Chromium to be driven (chromium, chromium-driver, python3-selenium)")
    check_strongswan.need_charon()
    station.need_own_mounts()
    user = account()
    alice, bob = check_strongswan.build(folder)
    prometheus = Prometheus(folder)
    syslog = SyslogNg(folder)
    syslog.start()
    rule = {"between": f"[{alice.inner}, {bob.inner}]", "gateways": f"[{alice.outer}, {bob.outer}]"}
    daemon = Daemon(espiald, folder, rule, None if module in ("none", "default") else module, user)
    daemon.start()
    daemon.check_confined(user)
    alice.start_charon(bob)
    bob.start_charon(alice)
    alice.swanctl("--initiate", "--child", "net")
    bob.begin(sys.executable, "-c", check_strongswan.SERVER, bob.inner)
    alice.begin(sys.executable, "-c", check_strongswan.CLIENT, alice.inner, bob.inner, f"{folder}/done")
    until("page", lambda: socket.socket().connect_ex(("127.0.0.1", 9477)) == 0)
    page = Page()
    try:
        story(Stage(folder, espial), daemon, syslog, prometheus, page, alice, bob)
        expect(daemon.end() == 0, "espiald does not end with status 0")
    except (Failure, subprocess.TimeoutExpired):
        print(alice.log()[-1000:], page.browser.execute_script("return document.body.innerText")[-1000:], sep="\n----\n")
        raise
    finally:
        page.browser.quit()
    syslog.end()


if __name__ == "__main__":
    sys.exit(station.run_test(body, "syslog-ng", "swanctl", "nsenter", "unshare", "setpriv", "prometheus"))
