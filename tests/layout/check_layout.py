#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the tree to its layout (docs/architecture.md): who may include whom, where each outside library is at home,
and what every file begins with.

check_layout.py SOURCE_ROOT [BUILD_ROOT]

Every breach is one line, `file:line: what is wrong; what to do`. What is allowed stands below as data, so that a change
of the layout is a change of these tables. With a build folder it also knows which test files are registered. Reads files
only, runs nothing. Called by meson (tests/layout/meson.build).
"""

import json
import os
import re
import sys

# What a file of a folder may include of our own, beside its own folder: whole folders (ending in '/') or single headers.
# The longest matching folder counts.
OWN = {
    "dissectors/": [],
    "config/": [],
    "daemon/audit/": ["dissectors/", "config/policy.h"],
    # Values only: a sink knows what a finding is, not how it came about. The IKE log and the inventory read messages.
    "daemon/report/": ["daemon/audit/certificate_facts.h", "daemon/audit/evidence_mark.h", "daemon/audit/finding.h", "daemon/audit/hash.h", "daemon/audit/record.h", "dissectors/"],
    "daemon/": ["daemon/audit/", "daemon/report/", "dissectors/", "config/"],
    "tests/": ["dissectors/", "config/", "daemon/", "tests/"],
}

# The home of each outside library: the only files, or folders, that may include its headers.
HOMES = {
    "pcap/": ["daemon/capture.c"],
    "event2/": ["daemon/loop.c", "daemon/control.c", "daemon/http.c"],
    "systemd/": ["daemon/loop.c"],
    "seccomp.h": ["daemon/sandbox.c"],
    "ndpi/": ["daemon/classify.c"],
    "zlib.h": ["daemon/capture_file_stream.c"],
    "zstd.h": ["daemon/capture_file_stream.c"],
    "cyaml/": ["config/config_schema.c", "config/config_schema_check.h"],
    "yaml.h": ["config/config_document.h"],
    "jansson.h": [
        "daemon/report/json.c", "daemon/report/json_line.c", "daemon/report/known_json.c", "daemon/report/health_json.c", "daemon/report/siem_json.c", "daemon/report/record_reader.c", "daemon/report/ike_log_json.c", "daemon/report/ike_octets.c",
        "daemon/report/inventory_json.c", "daemon/report/inventory_cyclonedx.c", "daemon/report/inventory_reader.c", "daemon/explain_command.c",
        "daemon/check_config_command.c", "daemon/control_history.c", "daemon/replay.c", "daemon/control_request.c", "daemon/control_status.c", "daemon/status_command.c",
        "daemon/report/api.c", "daemon/report/period.c",
    ],
    "openssl/": ["daemon/certificate.c", "daemon/report/tls.c", "daemon/report/community_id.c", "daemon/report/crypto_memory.c", "daemon/report/nat_hash.c"],
    "sqlite3.h": ["daemon/report/store_file.c", "daemon/report/store_history.c", "daemon/report/store_history_view.c", "daemon/report/store_view.c", "daemon/report/store_write.c"],
    "syslog-ng/": ["daemon/report/evtlog_module.c"],
    "xxhash.h": ["daemon/audit/hash.h"],
    "sanitizer/": ["daemon/monitor.c"],
}

# Tests may use any library; the test framework is at home there.
TEST_LIBRARIES = list(HOMES) + ["check.h"]

# The C library, POSIX and the kernel's interface.
SYSTEM = re.compile(
    r"^(?:(?:sys|net|netinet|netpacket|arpa|linux)/[\w/]+\.h|(?:assert|ctype|dirent|dlfcn|endian|errno|execinfo|fcntl|fnmatch|ftw"
    r"|getopt|glob|grp|inttypes|langinfo|libgen|limits|locale|malloc|math|netdb|poll|pthread|pwd|sched|search|setjmp|signal|spawn"
    r"|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|strings|syslog|termios|threads"
    r"|time|ucontext|unistd|utime|wchar|wctype)\.h)$"
)

# What pure code must not even be able to call: clock, files, sockets, processes; in the dissectors neither memory nor text.
IMPURE = {
    "dissectors/": re.compile(r"^(stdio|stdlib|malloc|time|sys/.*|unistd|fcntl|poll|pthread|signal|syslog|net/.*)\.h$"),
    "daemon/audit/": re.compile(r"^(time|sys/(time|socket|stat)|unistd|fcntl|poll|pthread|signal|syslog|net/.*)\.h$"),
}

VAGUE = re.compile(r"(?:^|[_.\-])(utils?|common|misc|helpers?)(?:$|[_.\-])", re.IGNORECASE)
SPDX = "SPDX-License-Identifier: Apache-2.0"
LINES_MAX = 800
# Longer for a good reason: one list, which would be harder to read in pieces.
LONG = {"dissectors/ike_names.h": "the IANA registries of IKE as one list"}
SKIPPED = {".git", "__pycache__"}

# Folders of one machine, and hosts of package registries: neither belongs in sources. Spelled so as not to match here.
FOLDERS = ("/work" "/", "/tmp" "/", "/root" "/", "/home" "/")
MACHINE = re.compile(rf"(?<![\w./<$}})~*-])(?:{'|'.join(FOLDERS)})[\w.]")
HOSTS = ("pypi.org", "pythonhosted.org", "registry.npmjs.org", "proxy.golang.org", "crates.io", "rubygems.org", "deb.debian.org",
         "docker.io", "ghcr.io", "quay.io")
REGISTRIES = re.compile(rf"\b(?:index\.)?(?:{'|'.join(map(re.escape, HOSTS))})\b")

# Breaches that are known and have to go; each row with what is wrong. Nothing new belongs here.
KNOWN = set()

breaches = []


def breach(path, line, text):
    if f"{path}:{line}" not in KNOWN:
        breaches.append(f"{path}:{line}: {text}")


def tree(root):
    """All files but those of git and of build folders, as paths relative to the root."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(
            name
            for name in folders
            if name not in SKIPPED and not os.path.exists(os.path.join(folder, name, "meson-private"))
            and not (folder == root and name.startswith("build"))
        )
        for name in sorted(set(files) - SKIPPED):
            yield os.path.relpath(os.path.join(folder, name), root)


def lines_of(root, path):
    with open(os.path.join(root, path), "rb") as file:
        data = file.read()
    if b"\0" in data:
        return None
    try:
        return data.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        return None


def row(table, path):
    """The row of the longest folder that holds the path."""
    return max((folder for folder in table if path.startswith(folder)), key=len, default=None)


def among(path, allowed):
    return any(path.startswith(entry) if entry.endswith("/") else path == entry for entry in allowed)


def check_own_include(root, path, number, name):
    beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
    target = next((found for found in (beside, os.path.normpath(name)) if os.path.isfile(os.path.join(root, found))), None)
    if target is None:
        breach(path, number, f'"{name}" is not in the tree; include libraries with <>, our headers by relative path')
        return
    folder = row(OWN, path)
    if folder is None:
        breach(path, number, "C code has its place in dissectors/, config/, daemon/ or tests/; move the file there")
    elif row(OWN, target) != folder and not among(target, OWN[folder]):
        breach(path, number, f"{folder} must not include {target}; allowed beside its own folder: "
               f"{', '.join(OWN[folder]) or 'nothing'}. Pass a value, or move the code to where the include is allowed")


def check_outside_include(path, number, name, used):
    impure = IMPURE.get(row(OWN, path))
    if impure and impure.match(name):
        breach(path, number, f"<{name}> has no place in pure code; let the caller in daemon/ do that and pass the result")
    elif SYSTEM.match(name):
        return
    library = next((key for key in HOMES if (name.startswith(key) if key.endswith("/") else name == key)), None)
    if path.startswith("tests/"):
        if library is None and name not in TEST_LIBRARIES:
            breach(path, number, f"<{name}> is of an unknown library; add it to TEST_LIBRARIES or HOMES here")
    elif library is None:
        breach(path, number, f"<{name}> is of an unknown library; give the library one home in HOMES here")
    elif path not in HOMES[library]:
        breach(path, number, f"<{name}> is at home in {', '.join(HOMES[library])}; call what that file offers instead")
    else:
        used.add((library, path))


def check_includes(root, path, lines, used):
    for number, line in enumerate(lines, 1):
        if "include" not in line:
            continue
        found = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if found and found[1] == '"':
            check_own_include(root, path, number, found[2])
        elif found:
            check_outside_include(path, number, found[2], used)


def check_opening(path, lines):
    """SPDX line, then a comment that says what the file is for."""
    if not lines:
        breach(path, 1, "the file is empty; remove it")
    elif path.endswith((".c", ".h")):
        if lines[0] != f"/* {SPDX} */":
            breach(path, 1, f"the first line has to be: /* {SPDX} */")
        elif len(lines) < 2 or not re.match(r"/\*(\s+\S|$)", lines[1]):
            breach(path, 2, "a comment has to follow that says what the file is for, and what it must not do")
    else:
        at = next((i for i, line in enumerate(lines[:2]) if line == f"# {SPDX}"), None)
        if at is None:
            breach(path, 1, f"the first line, or the one after #!, has to be: # {SPDX}")
        elif path.endswith(".py") and not (len(lines) > at + 1 and lines[at + 1].startswith('"""')):
            breach(path, at + 2, "a docstring has to follow that says what the file is for")
        elif not path.endswith((".py", "meson.build", "meson_options.txt")) and not (
            len(lines) > at + 1 and lines[at + 1].startswith("#")
        ):
            breach(path, at + 2, "a comment has to follow that says what the file is for")


def check_guard(path, lines, guards):
    code = [(number, line) for number, line in enumerate(lines, 1) if line.startswith("#")]
    ending = os.path.basename(path)[:-2].upper() + "_H"
    guard = code[0][1].removeprefix("#ifndef ").strip() if code else ""
    if not code or not code[0][1].startswith("#ifndef ESPIAL_") or not guard.endswith(ending):
        breach(path, code[0][0] if code else 1, f"the first directive has to be the guard: #ifndef ESPIAL_..._{ending}")
    elif len(code) < 3 or code[1][1] != f"#define {guard}" or code[-1][1] != "#endif" or lines[-1] != "#endif":
        breach(path, code[0][0], f"the guard {guard} has to be defined in the next line, and #endif to end the file")
    elif guard in guards:
        breach(path, code[0][0], f"the guard {guard} is that of {guards[guard]} too; name it after folder and file")
    else:
        guards[guard] = path


def check_lines(path, lines, is_this):
    """What no line of any file may say. Whole files are asked first: most say nothing of the kind."""
    whole = "\n".join(lines)
    is_part = os.path.basename(path) == "meson.build" and path != "meson.build"
    if not is_part and not any(text in whole for text in FOLDERS + HOSTS):
        return
    for number, line in enumerate(lines, 1):
        if MACHINE.search(line):
            breach(path, number, "a path of one machine; use a relative one, or mkdtemp() and mktemp for temporary files")
        if REGISTRIES.search(line) and not is_this:
            breach(path, number, "the host of a package registry; name the package instead")
        if is_part and re.search(r"(?<![\w.])dependency\(", line):
            breach(path, number, "dependency() belongs into the top meson.build; use its variable here")


def is_source(path, lines):
    return path.endswith((".c", ".h", ".py", ".sh", "meson.build", "meson_options.txt")) or lines[0].startswith("#!")


def check_file(root, path, used, guards):
    for part in path.split("/"):
        if VAGUE.search(part):
            breach(path, 1, f"'{part}' says nothing; name it after the concept that it holds")
    lines = lines_of(root, path)
    if not lines:
        return
    if path != "LICENSE":
        check_lines(path, lines, os.path.abspath(os.path.join(root, path)) == os.path.abspath(__file__))
    if not is_source(path, lines):
        return
    check_opening(path, lines)
    if len(lines) > LINES_MAX and path not in LONG:
        breach(path, LINES_MAX + 1, f"{len(lines)} lines, more than {LINES_MAX}; split the file by theme")
    if path.endswith((".c", ".h")):
        check_includes(root, path, lines, used)
    if path.endswith(".h"):
        check_guard(path, lines, guards)


def check_registered(root, build, paths):
    """Every test file belongs to a target or a command of a test."""
    def load(name):
        with open(os.path.join(build, "meson-info", name), encoding="utf-8") as file:
            return json.load(file)

    commands = {os.path.realpath(word) for test in load("intro-tests.json") for word in test["cmd"] if "/" in word}
    built, tested = set(), set()
    for target in load("intro-targets.json"):
        sources = {os.path.realpath(source) for part in target["target_sources"] for source in part.get("sources", [])}
        built |= sources
        if commands & {os.path.realpath(name) for name in target["filename"]}:
            tested |= sources
    for path in paths:
        found = re.match(r"tests/(?:.*/)?(check|fuzz)_[^/]*\.(c|py|sh)$", path)
        if not found:
            continue
        whole = os.path.realpath(os.path.join(root, path))
        # With -Dfuzz=true a fuzz target is built and not run as a test.
        if whole not in commands and whole not in tested and not (found[1] == "fuzz" and whole in built):
            breach(path, 1, f"no test runs this file; register it in {os.path.dirname(path)}/meson.build, or in the list "
                   "that is read there")


def main():
    root = sys.argv[1]
    used, guards = set(), {}
    paths = list(tree(root))
    for path in paths:
        check_file(root, path, used, guards)
    for library, homes in HOMES.items():
        for home in homes:
            if (library, home) not in used:
                breach(home, 1, f"does not include {library} any more; take the row out of HOMES in "
                       "tests/layout/check_layout.py")
    if len(sys.argv) > 2:
        check_registered(root, sys.argv[2], paths)
    for text in breaches:
        print(text)
    print(f"{len(paths)} files looked at, {len(breaches)} breaches of the layout")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
