#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How much of the code the tests reach, by lines (clang's source-based coverage): coverage.py [--lines] FOLDER | --flags

Builds the tree with clang in FOLDER, or again there, and prints two tables, as docs/coverage.md has them:

  corpus  what the seeds of the fuzz targets alone reach of dissectors/, by file
  tests   what the seeds, the suites of these folders and the captures reach of each folder that FLOORS names, by file

--lines lists the lines that nothing reached, by file, instead of nothing. --flags names what FOLDER has to be compiled and linked with, for
who built it for other ends too. Exit status 1 if a folder is below its floor.
The tests themselves may fail (77 is fine, too): what they reached counts all the same, and the exit status tells.
"""

import glob
import json
import os
import subprocess
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FLAGS = "-fprofile-instr-generate -fcoverage-mapping"
# Percent of lines, by what was run and folder.
FLOORS = {"corpus": {"dissectors/": 95}, "tests": {"dissectors/": 90, "config/": 90, "daemon/audit/": 90}}
SUITES = {"corpus": ["fuzz"], "tests": ["fuzz", "dissectors", "config", "audit", "captures"]}


def build(folder):
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        subprocess.run(["meson", "setup", folder, SOURCE, "-Dtests=enabled", f"-Dc_args={FLAGS}",
                        f"-Dc_link_args={FLAGS}"], check=True, stdout=subprocess.DEVNULL,
                       env=dict(os.environ, CC=os.environ.get("CC", "clang")))
    subprocess.run(["ninja", "-C", folder], check=True, stdout=subprocess.DEVNULL)


def run(folder, what):
    """Runs the suites; the merged profile and whether all passed."""
    profiles = os.path.join(folder, "profile-" + what)
    os.makedirs(profiles, exist_ok=True)
    for old in glob.glob(os.path.join(profiles, "*")):
        os.remove(old)
    done = subprocess.run(["meson", "test", "-C", folder, "--no-rebuild", "--timeout-multiplier", "4",
                           *(word for suite in SUITES[what] for word in ("--suite", suite))],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
                          env=dict(os.environ, LLVM_PROFILE_FILE=os.path.join(profiles, "%m-%p.profraw")))
    merged = profiles + ".profdata"
    with open(profiles + ".list", "w", encoding="utf-8") as file:
        file.write("\n".join(glob.glob(os.path.join(profiles, "*.profraw"))))
    subprocess.run(["llvm-profdata", "merge", "-sparse", "-o", merged, "-f", profiles + ".list"], check=True,
                   stderr=subprocess.DEVNULL)
    return merged, done.returncode == 0


def programs(folder):
    with open(os.path.join(folder, "meson-info", "intro-targets.json"), encoding="utf-8") as file:
        return [target["filename"][0] for target in json.load(file) if target["type"] == "executable"]


def lines_of(folder, profile):
    """{file: {line: times}}. A line counts as reached if any code that begins on it was."""
    objects = [word for program in programs(folder) for word in ("-object", program)][1:]
    shown = subprocess.run(["llvm-cov", "export", "-format=lcov", "-instr-profile", profile, *objects],
                           capture_output=True, text=True, check=True).stdout
    files, lines = {}, {}
    for row in shown.splitlines():
        if row.startswith("SF:"):
            lines = files.setdefault(os.path.relpath(row[3:], SOURCE), {})
        elif row.startswith("DA:"):
            line, times = row[3:].split(",")[:2]
            lines[int(line)] = max(lines.get(int(line), 0), int(times))
    return files


def ranges(numbers):
    found = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in found)


def table(files, floors, with_lines):
    low = False
    for folder, floor in floors.items():
        mine = {path: lines for path, lines in files.items() if path.startswith(folder) and lines}
        reached = sum(times > 0 for lines in mine.values() for times in lines.values())
        there = sum(map(len, mine.values()))
        percent = 100 * reached / there
        low |= percent < floor
        print(f"\n| `{folder}` | lines | reached | % |\n|---|---:|---:|---:|")
        for path, lines in sorted(mine.items()):
            count = sum(times > 0 for times in lines.values())
            print(f"| `{path.removeprefix(folder)}` | {len(lines)} | {count} | {100 * count / len(lines):.1f} |")
        print(f"| all | {there} | {reached} | **{percent:.1f}** |")
        if with_lines:
            print()
            for path, lines in sorted(mine.items()):
                missed = sorted(line for line, times in lines.items() if times == 0)
                if missed:
                    print(f"{path}: {ranges(missed)}")
    return low


def main():
    if sys.argv[1:] == ["--flags"]:
        print(FLAGS)
        return 0
    with_lines = "--lines" in sys.argv[1:]
    folder = os.path.abspath([argument for argument in sys.argv[1:] if argument != "--lines"][0])
    build(folder)
    bad = False
    for what, floors in FLOORS.items():
        profile, passed = run(folder, what)
        print(f"\n### {what}" + ("" if passed else " (some tests failed)"))
        bad |= table(lines_of(folder, profile), floors, with_lines)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
