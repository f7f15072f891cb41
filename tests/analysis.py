#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Static analysis of the paths through the sources: analysis.py BUILD scan|gcc [FOLDER...]

scan is clang's static analyser, what scan-build runs; gcc is gcc's -fanalyzer. Every source file below the FOLDERs
(dissectors, config and daemon without) is compiled as BUILD/compile_commands.json says, with the analyser on and no code made, as many at
once as there are processors. What the analyser says is a failure unless KNOWN names it, with the reason why it is wrong. A row
of KNOWN that is not met any more is a failure too when all folders are looked at.
"""

import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys

FOLDERS = ["dissectors", "config", "daemon"]
TOOLS = {
    # What nullability cannot know of libraries, and deadcode's stores that are made for the reader, are left out.
    "scan": ["clang", "--analyze", "-Xclang", "-analyzer-output=text", "-Xclang", "-analyzer-checker=core,unix,security.insecureAPI.UncheckedReturn",
             "-Wno-unused-command-line-argument"],
    "gcc": ["gcc", "-fanalyzer", "-fdiagnostics-plain-output", "-S", "-o", "/dev/null",
            # gcc 12 loses sight of what a function frees for its caller, and takes each open descriptor for lost.
            "-Wno-analyzer-malloc-leak", "-Wno-analyzer-file-leak"],
}
# (tool, file, what it says, why it is wrong)
KNOWN = []
# Of the command line, what is for code that is made, and what another compiler does not know.
DROPPED = re.compile(r"^(-o|-c|-MF|-MQ|-MD|-g|-Winvalid-pch)$")


def command_of(entry, tool):
    words = shlex.split(entry["command"])
    words = words[next(i for i, word in enumerate(words) if os.path.basename(word) in ("gcc", "clang", "cc")) + 1:]
    kept, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word in ("-o", "-MF", "-MQ"):
            skip = True
        elif not DROPPED.match(word) and word != "-Werror" and not word.startswith("-fdiagnostics"):
            kept.append(word)
    return TOOLS[tool] + kept


def analyse(entry, tool):
    done = subprocess.run(command_of(entry, tool), cwd=entry["directory"], capture_output=True, text=True, errors="replace",
                          check=False)
    found = [line for line in done.stderr.splitlines() if re.search(r": (warning|error): ", line)]
    return found, done.stderr


def known(tool, line):
    return next((row for row in KNOWN if row[0] == tool and row[1] in line and row[2] in line), None)


def main():
    build, tool = sys.argv[1:3]
    folders = sys.argv[3:] or FOLDERS
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        entries = json.load(file)
    chosen = {}
    for entry in entries:
        path = os.path.relpath(os.path.join(entry["directory"], entry["file"]), root)
        if any(path.startswith(folder + "/") for folder in folders):
            chosen.setdefault(path, entry)
    wrong, met = 0, set()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for (found, text), path in zip(pool.map(lambda entry: analyse(entry, tool), chosen.values()), chosen):
            new = []
            for line in found:
                row = known(tool, line)
                if row:
                    met.add(row)
                else:
                    new.append(line)
            if new:
                wrong += len(new)
                print(f"---- {path}\n{text[:6000]}")
    if folders == FOLDERS:
        for row in KNOWN:
            if row[0] == tool and row not in met:
                wrong += 1
                print(f"KNOWN, and not met any more: {row}")
    print(f"{tool}: {len(chosen)} files, {wrong} findings, {len(met)} known to be wrong")
    return 1 if wrong or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
