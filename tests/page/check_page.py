#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The page in headless Chromium: what it shows of 0, 1, 50 and 500 pairs, that it can be used with the keyboard and by a screen
reader, that it follows the sensor, and that hostile names stay text.

check_page.py SERVE_PAGE SCREENSHOT_FOLDER

Screenshots are kept in the folder; those of docs/images are made of them (pngquant). Runs with Debian's Python, whose Selenium
it uses; without that or Chromium it is skipped.
"""

import os
import re
import sys
import time

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    print("skipped: no Selenium; install python3-selenium")
    sys.exit(77)

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import records
from served import Served

DRIVER = "/usr/bin/chromedriver"
OPTIONS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1", "--disable-dev-shm-usage",
           "--no-first-run", "--disable-background-networking", "--lang=en"]
HIDDEN = re.compile("[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
PATIENCE = 15

failures = []


def expect(holds, what):
    if not holds:
        failures.append(what)
        print("FAILED:", what)


def until(ask, what):
    """The first true answer; the last one, and a failure, if there is none in time."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            answer = ask()
        except Exception as error:  # a page that is just being drawn anew
            answer = None
            last = error
        if answer:
            return answer
        if time.monotonic() > end:
            expect(False, f"in {PATIENCE} s: {what}" + (f" ({last})" if "last" in locals() else ""))
            return answer
        time.sleep(0.05)


class Page:
    def __init__(self, browser, folder):
        self.browser = browser
        self.folder = folder

    def open(self, served, path="", size=(1440, 900), theme="light"):
        self.size(size)
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": theme}]})
        self.browser.get("about:blank")
        self.browser.get(f"http://127.0.0.1:{served.port}/{path}")
        until(lambda: "waiting" not in self.text("#live-text"), "the page hears the sensor")

    def size(self, size):
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                     {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False})

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def run(self, script, *values):
        return self.browser.execute_script(script, *values)

    def rows(self):
        return int(self.run("return document.querySelector('[role=grid]').getAttribute('aria-rowcount')")) - 1

    def shot(self, name):
        self.browser.save_screenshot(os.path.join(self.folder, name + ".png"))

    def fits(self, where):
        wide = self.run("return [document.documentElement.scrollWidth, innerWidth]")
        expect(wide[0] <= wide[1], f"{where}: the page is {wide[0]} px wide in {wide[1]} px")


    def whole(self, where):
        """Words and figures of the table are not cut: of "128.5 MB" no "128.5 …" is left. Names may be."""
        cut = self.run("""return [...document.querySelectorAll('.grid-row .cell')]
            .filter((cell) => /c-(verdict|alerts|octets|number)/.test(cell.className) && cell.scrollWidth > cell.clientWidth)
            .map((cell) => cell.innerText)""")
        expect(not cut, f"{where}: cells are cut: {cut}")


def check_empty(page, program):
    with Served(program, records.records(0)) as served:
        page.open(served)
        until(lambda: "No pair has been seen yet" in page.text(".headline"), "0 pairs: says so")
        expect(not page.all(".alert"), "0 pairs: no alert is shown")
        page.shot("page-0-pairs")
    with Served(program, None) as served:
        page.browser.get(f"http://127.0.0.1:{served.port}/")
        until(lambda: "engine has not told its state" in page.text("#banner"), "no state yet: the banner says so")
        served.publish(records.records(1))
        until(lambda: "1 pair" in page.text(".list .hint"), "no state yet: the page recovers by itself")


def check_one(page, program):
    lines = records.records(1)
    with Served(program, lines) as served:
        page.open(served)
        until(lambda: len(page.all(".mcell")) == 2, "1 pair: two cells in the matrix")
        expect(page.rows() == 1, "1 pair: one row")
        page.shot("page-1-pair")
        page.all(".grid-row")[0].click()
        until(lambda: page.all(".timeline .bar"), "1 pair: its timeline")
        sas = sum(1 for record in lines if record["type"] == "sa")
        bars = len(page.all(".b-active, .b-superseded, .b-ended, .b-stale"))
        expect(bars == sas, f"timeline: {bars} bars for {sas} SAs")
        links = len(page.all(".timeline .link"))
        rekeys = sum(1 for record in lines if record["type"] == "sa" and record["replaces"])
        expect(links == rekeys, f"timeline: {links} links for {rekeys} rekeyings")
        expect(len(page.all(".b-leak")) == 1, "timeline: the leak has its bar")
        expect("sa-lost" in page.text(".alert"), "pair: its alert with the cause")
        check_timeline_keys(page)
        page.shot("page-pair")
        check_timeline_live(page, served, lines)


def check_timeline_keys(page):
    timeline = page.all(".timeline svg")[0]
    page.run("arguments[0].focus()", timeline)
    before = page.run("return document.querySelector('.b-active rect').getAttribute('width')")
    timeline.send_keys(Keys.ARROW_RIGHT)
    expect(len(page.text(".timeline-told").strip()) > 10, "timeline: the arrow key tells of a bar")
    timeline.send_keys("+")
    until(lambda: page.run("return document.querySelector('.b-active rect').getAttribute('width')") != before, "timeline: + zooms")
    timeline.send_keys("0")
    until(lambda: page.run("return document.querySelector('.b-active rect').getAttribute('width')") == before, "timeline: 0 shows all again")


def check_timeline_live(page, served, lines):
    """Traffic goes on while one goes from bar to bar: the place is kept."""
    step = lambda: webdriver.ActionChains(page.browser).send_keys(Keys.ARROW_RIGHT).perform()
    told = lambda: page.text(".timeline-told").split(" · ")[:2]
    page.run("document.querySelector('.timeline svg').focus()")
    seen = []
    for _ in range(4):
        before = page.run("return document.querySelector('.timeline .b-active title').textContent")
        step()
        seen.append(told())
        lines = [{**line, "packets": line["packets"] + 1} if line["type"] == "sa" else line for line in lines]
        served.publish(lines)
        until(lambda: page.run("return document.querySelector('.timeline .b-active title').textContent") != before, "timeline: follows the traffic")
        expect(len(page.all(".timeline .at")) == 1, "timeline: the bar one is at stays marked")
    expect(len({str(one) for one in seen}) == 4, f"timeline: the arrow key goes on while traffic goes on: {seen}")


def check_words(page, program):
    """What is in order is not shown as bad, and what is over not as going on."""
    def pair(a, b, verdict, rule, clear, offending, esp=0):
        return records.line("pair", a=a, b=b, verdict=verdict, rule=rule, carries=None, esp={"packets": esp // 100, "bytes": esp},
                            offending={"packets": offending // 100, "bytes": offending}, rekeys=0, rekey_interval_median=None, rekey_initiator=None,
                            cleartext=[{"protocol": "icmp", "service": None, "packets": clear // 100, "bytes": clear}] if clear else [])

    def told(*lines):
        return [*lines, records.summary(lines), records.health(len(lines)), records.inventory_end(lines)]

    def headline():
        return page.text(".headline").split(", of ")[0]

    # Pings that the policy allows, strangers, and a secured pair with pings.
    sound = [pair("10.1.0.1", "10.2.0.1", "cleartext", "branch", 800, 0), pair("10.1.0.1", "192.0.2.9", "cleartext", None, 5000, 0),
             pair("10.1.0.2", "10.2.0.2", "secured", "branch", 800, 0, 90000)]
    mixed = pair("10.1.0.3", "10.2.0.3", "mixed", "branch", 800, 800, 90000)
    leak = records.finding(1, "10.1.0.3", "10.2.0.3", "cleartext-leak", "sa-lost", "high", "10.1.0.3 sends icmp to 10.2.0.3 in clear.", realm="12")
    with Served(program, told(*sound)) as served:
        page.open(served)
        until(lambda: page.rows() == 3, "sound: three rows")
        expect(headline() == "No pair that should be secured spoke in clear", f"sound: {headline()}")
        parts = [part.get_attribute("class") for part in page.all(".tally-bar span")]
        expect(parts == ["v-secured", "v-idle"], f"sound: the bar shows {parts}")
        expect(not page.all(".grid-row .is-clear, .grid-row .v-cleartext, .mcell.v-cleartext"), "sound: nothing of it is red")
        served.publish(told(*sound, mixed))
        until(lambda: headline() == "1 pair that should be secured spoke in clear (no alert about it is open)", "over: says so")
        expect(len(page.all(".grid-row .is-clear")) == 1, "over: its clear octets are red")
        served.publish(told(*sound, mixed, leak))
        until(lambda: headline() == "1 pair that should be secured spoke in clear (1 alert about it is open)", "open: says so")
        page.open(served, "#/alerts")
        until(lambda: "realm 12" in page.text(".alert-facts"), "an alert names the network of its pair")
        # Equal addresses in several networks: each has its row, its alert, and its figures.
        twins = [{**mixed, "realm": 12}, {**sound[2], "a": mixed["a"], "b": mixed["b"], "realm": "tap1"}]
        leak["realm"] = 12
        served.publish(told(*twins, leak, {**leak, "alert": "2" * 16, "id": "not-quantum-safe", "cause": None}))
        page.open(served, "#/")
        until(lambda: page.rows() == 2, "twins: two rows")
        rows = [" ".join(row.text.split()) for row in page.all(".grid-row")]
        expect(rows[0].startswith("◐mixed 12 10.1.0.3") and "high +1" in rows[0] and rows[1].startswith("●secured tap1 10.1.0.3") and "high" not in rows[1],
               f"twins: {rows}")
        page.whole("twins")
        page.all(".grid-row")[0].click()
        until(lambda: [dl.text.split()[:2] for dl in page.all(".facts")] == [["Network", "12"], ["Network", "tap1"]], "twins: the figures of both")


def check_clock(page, program):
    """A browser whose clock is wrong is no reason to doubt the sensor, and the times that the page tells are the sensor's."""
    for hours in (-1, 1):
        script = page.browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {
            "source": f"const right = Date.now; Date.now = () => right() + {hours} * 3600000;"})["identifier"]
        with Served(program, records.records(1)) as served:
            page.open(served)
            expect(page.text("#banner") == "", f"clock {hours} h off: {page.text('#banner')}")
            served.stop()
            until(lambda: "not heard" in page.text("#banner"), "the sensor is gone")
            heard = re.search(r"What you see is of (\d\d):(\d\d):", page.text("#banner"))
            now = records.datetime.now(records.timezone.utc)
            ago = heard and (now.hour * 60 + now.minute - int(heard[1]) * 60 - int(heard[2])) % 1440
            expect(heard and ago <= 1, f"clock {hours} h off: {page.text('#banner')}")
        page.browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", {"identifier": script})


def check_token(page, program):
    """A token in the address of the page, as of a bookmark, is as good as one that the browser asks for."""
    with Served(program, records.records(1), token="page-token-0123456789") as served:
        page.browser.get(f"http://127.0.0.1:{served.port}/")
        expect("1 pair" not in page.run("return document.body.innerText"), "without a token nothing is shown")
        page.browser.get(f"http://x:page-token-0123456789@127.0.0.1:{served.port}/")
        until(lambda: "1 pair" in page.text(".list .hint"), "with the token in the address all is shown")


def check_many(page, program):
    with Served(program, records.records(50)) as served:
        page.open(served)
        until(lambda: page.rows() == 50, "50 pairs: 50 rows")
        page.whole("50 pairs")
        page.shot("page-50-pairs")
    lines = records.records(500)
    with Served(program, lines) as served:
        page.open(served)
        until(lambda: page.rows() == 500, "500 pairs: 500 rows")
        drawn = len(page.all(".grid-row"))
        expect(0 < drawn < 80, f"500 pairs: {drawn} rows are drawn, which should be those in view")
        page.whole("500 pairs")
        page.shot("page-500-pairs")
        check_filters(page, lines)
        check_grid_keys(page)
        served.publish(lines)
        page.open(served, "#/", theme="dark")
        until(lambda: page.all(".mcell"), "dark: the matrix")
        page.shot("page-500-pairs-dark")
        check_views(page, served, lines)
        check_narrow(page, served, lines)


def check_filters(page, lines):
    pairs = [record for record in lines if record["type"] == "pair"]
    field = page.all(".list input[type=search]")[0]
    field.send_keys("10.1.0.0/16")
    wanted = sum(1 for pair in pairs if pair["a"].startswith("10.1.") or pair["b"].startswith("10.1."))
    until(lambda: page.rows() == wanted, f"filter by network: {wanted} rows")
    field.clear()
    field.send_keys("x\b")
    mixed = sum(1 for pair in pairs if pair["verdict"] == "mixed")
    page.all(".chip.v-mixed")[0].click()
    until(lambda: page.rows() == mixed, f"filter by verdict: {mixed} rows")
    page.all(".chip.v-mixed")[0].click()
    until(lambda: page.rows() == 500, "filters taken away: all rows")
    page.run("document.querySelector('.mcell').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    until(lambda: 0 < page.rows() < 500, "a cell of the matrix narrows the list")
    page.all(".chosen-cell")[0].click()
    until(lambda: page.rows() == 500, "the cell is let go")
    head = next(button for button in page.all(".grid-head button") if button.text.startswith("Clear"))
    head.click()
    most = max(sum(row["bytes"] for row in pair["cleartext"]) for pair in pairs)
    until(lambda: f"{most / 1e6:.1f} MB" in page.text(".grid-row"), "sorted by clear octets: the most comes first")
    expect(page.all(".grid-head [aria-sort=descending]"), "the sorted column says so")


def check_grid_keys(page):
    grid = page.all("[role=grid]")[0]
    page.run("arguments[0].focus()", grid)
    grid.send_keys(Keys.END)
    until(lambda: page.run("return document.querySelector('[aria-selected=true]')?.getAttribute('aria-rowindex')") == "501", "End goes to the last row")
    grid.send_keys(Keys.HOME)
    grid.send_keys(Keys.ARROW_DOWN)
    until(lambda: page.run("return document.querySelector('[aria-selected=true]')?.getAttribute('aria-rowindex')") == "3", "Home and Down go to the second row")
    grid.send_keys(Keys.ENTER)
    until(lambda: page.run("return location.hash").startswith("#/pair/"), "Enter opens the pair")
    until(lambda: page.all(".facts dd"), "the pair is shown")
    page.browser.back()
    until(lambda: page.all("[role=grid]"), "back again")


def check_views(page, served, lines):
    alerts = sum(1 for record in lines if record["type"] == "finding")
    views = {"alerts": lambda: len(page.all(".alert")) == alerts, "ike": lambda: page.rows() == 500, "inventory": lambda: page.rows() == 500,
             "sensor": lambda: "syslog" in page.text("main") and re.search(r"eth2\s.*67\.1 MB\s+74\.5.%\s+100.%\s+3\b", page.text("main"))}
    for name, shown in views.items():
        served.publish(lines)  # so that what is shown is not of long ago
        page.open(served, "#/" + name)
        until(shown, f"view {name} is complete")
        page.shot("page-" + name)
        page.fits(name)
        check_names(page, name)
    page.open(served, "#/")
    until(lambda: page.all(".mcell"), "the overview")
    check_names(page, "overview")
    origins = page.run("return [...new Set(performance.getEntriesByType('resource').map((one) => new URL(one.name).origin))]")
    expect(origins == [f"http://127.0.0.1:{served.port}"], f"nothing is fetched from elsewhere: {origins}")


def check_names(page, view):
    """What can be operated has a name for those who do not see it."""
    nodes = page.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    for node in nodes:
        role = node.get("role", {}).get("value")
        if role in ("button", "link", "searchbox", "combobox", "grid", "application", "navigation") and not node.get("ignored"):
            expect(node.get("name", {}).get("value"), f"{view}: a {role} without a name")


def check_narrow(page, served, lines):
    for path in ("#/", "#/alerts", "#/ike", "#/sensor", "#/pair/10.1.0.10/10.20.0.1"):
        page.open(served, path, size=(390, 844))
        until(lambda: page.all(".panel"), f"narrow {path}")
        time.sleep(0.3)
        page.fits("narrow " + path)
    page.shot("page-narrow-pair")
    served.publish(lines)
    page.open(served, "#/", size=(390, 844), theme="dark")
    until(lambda: page.all(".alert"), "narrow overview")
    page.shot("page-narrow")


def check_live(page, program):
    lines = records.records(50)
    with Served(program, lines) as served:
        page.open(served, "#/alerts")
        until(lambda: page.all(".alert"), "alerts are listed")
        count = len(page.all(".alert"))
        page.run("document.querySelector('.alert details').open = true; document.querySelector('.alert summary').focus()")
        key = page.run("return document.querySelector('.alert').dataset.key")
        fresh = records.finding(777, "10.9.9.1", "10.9.9.2", "bad-spi", "stale", "critical", "10.9.9.1 goes on with an SPI that is gone.", age=1)
        served.publish([*lines, fresh])
        until(lambda: len(page.all(".alert")) == count + 1, "a new alert appears by itself")
        until(lambda: "critical bad-spi/stale" in page.run("return document.querySelector('#announcer').textContent"), "a screen reader is told of it")
        still = page.run("const one = document.querySelector(`[data-key='${arguments[0]}']`); "
                         "return [one.querySelector('details').open, one.contains(document.activeElement)]", key)
        expect(still == [True, True], f"what was unfolded and had the focus keeps both: {still}")
        expect("critical" in page.text(".alert"), "the worst comes first")
        served.publish(lines)
        until(lambda: len(page.all(".alert")) == count, "a cleared alert goes")
        served.stop()
        until(lambda: "not heard" in page.text("#banner"), "the page says that the sensor is not heard any more")
        expect(len(page.all(".alert")) == count, "and still shows what it knew")


def check_share(page, program):
    """A leak that is small beside what is secured is not nothing."""
    lines = records.records(1)
    for line in lines:
        if line["type"] == "pair":
            line["esp"]["bytes"] = 10 ** 13
            line["cleartext"] = [{"protocol": "HTTP", "service": "tcp/80", "packets": 30, "bytes": 30_000}]
            a, b = line["a"], line["b"]
    with Served(program, lines) as served:
        page.open(served, f"#/pair/{a}/{b}")
        until(lambda: ">99.9\u00a0%" in page.text("main"), "a pair with a small leak is not secured by 100 %")
        expect("100\u00a0%" not in page.text("main"), "a pair with a small leak: 100 %")
        page.open(served)
        until(lambda: ">99.9\u00a0%" in page.text("main"), "nor are all pairs")


def check_late_engine(page, program):
    """The clock of the browser is not asked whether the sensor is late."""
    for hours in (1, -1):
        script = page.browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": f"const real = Date.now; Date.now = () => real() + {hours} * 3600e3"})
        with Served(program, records.records(1)) as served:
            page.open(served, "#/sensor")
            time.sleep(0.5)
            expect("told its state" not in page.text("#banner"), f"a browser whose clock is {hours} h off: {page.text('#banner')}")
            if hours < 0:
                time.sleep(10)
                until(lambda: "engine has not told its state for 1" in page.text("#banner"), "a browser whose clock is late: it says that the engine is")
        page.browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)


def check_hostile(page, program):
    with Served(program, records.hostile()) as served:
        for path in ("#/", "#/alerts", "#/ike", "#/inventory", "#/sensor", "#/pair/192.0.2.1/198.51.100.1", "#/pair/192.0.2.3/198.51.100.1",
                     "#/pair/<script>document.title='owned'<%2Fscript>/%E2%80%AEx", "#/%00", "#/pair/%ff"):
            page.open(served, path)
            until(lambda: page.all(".panel, .empty"), f"hostile {path}")
            time.sleep(0.2)
            expect("owned" not in page.run("return document.title") or "script" in path, f"{path}: a name was run")
            expect(page.run("return document.title") != "owned", f"{path}: a name was run")
            expect(not page.all("main script, main img, main iframe, main object, main [onload], main [onerror]"), f"{path}: a name became an element")
            found = HIDDEN.search(page.run("return document.body.textContent + document.title"))
            expect(not found, f"{path}: a character that hides or turns text is shown as it is: {found and hex(ord(found[0]))}")
            page.fits("hostile " + path)
        page.open(served, "#/alerts")
        until(lambda: len(page.all(".alert")) == len(records.HOSTILE), "hostile: every alert is shown")
        expect("<script>document.title" in page.text("main"), "hostile: markup is shown as text")
        expect("⟨202E⟩" in page.text("main"), "hostile: what turns text is shown by number")
        page.shot("page-hostile")


def luminance(color):
    parts = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def check_contrast(page, program):
    """WCAG 2.1, 1.4.3: 4.5 for text. Each colour of text on each ground it stands on, in both themes."""
    with Served(program, records.records(1)) as served:
        for theme in ("light", "dark"):
            page.open(served, theme=theme)
            for ink in ("ink", "dim", "faint", "link", "secured", "mixed", "cleartext", "integrity", "negotiating", "high", "medium", "low"):
                for ground in ("panel", "ground"):
                    colors = page.run("""const probe = document.body.appendChild(document.createElement('i'));
                        const read = (name) => { probe.style.color = `var(--${name})`; return getComputedStyle(probe).color; };
                        const both = [read(arguments[0]), read(arguments[1])]; probe.remove(); return both;""", ink, ground)
                    light, dark = sorted(map(luminance, colors), reverse=True)
                    ratio = (light + 0.05) / (dark + 0.05)
                    least = 3 if ink == "faint" else 4.5
                    expect(ratio >= least, f"{theme}: {ink} on {ground} has a contrast of {ratio:.1f}, less than {least}")


def check_log(page):
    for entry in page.browser.get_log("browser"):
        text = entry["message"]
        # What the tests themselves bring about: a sensor that is away, or has no state yet, a missing token, a pair of what is no address.
        if "ERR_CONNECTION_REFUSED" in text or "503" in text or "status of 401" in text or "status of 400" in text or "ERR_EMPTY_RESPONSE" in text or "ERR_CONNECTION_RESET" in text:
            continue
        expect(False, f"the browser complains: {text}")


def main():
    program, folder = sys.argv[1:3]
    os.makedirs(folder, exist_ok=True)
    if not os.path.exists(DRIVER):
        print("skipped: no Chromium; install chromium and chromium-driver")
        return 77
    options = Options()
    for option in OPTIONS:
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(service=Service(DRIVER), options=options)
    try:
        page = Page(browser, folder)
        for check in (check_empty, check_one, check_words, check_clock, check_token, check_many, check_live, check_share, check_late_engine, check_hostile, check_contrast):
            check(page, program)
        check_log(page)
    finally:
        browser.quit()
    print(f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
