#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
A fuzzing campaign that may be stopped and gone on with: slices of each target in turn, the group that had the least
processor time first, until each group had so many hours.

    tests/fuzz/campaign.py FOLDER                          libFuzzer, two processor hours for each group
    tests/fuzz/campaign.py FOLDER --engine afl [TARGET...] AFL++ over those named, or the main ones
    tests/fuzz/campaign.py FOLDER --wall 3600              go on for an hour at most
    tests/fuzz/campaign.py FOLDER --table                  what was done so far, for docs/reliability.md
    tests/fuzz/campaign.py FOLDER --keep                   adds what was done in FOLDER to tests/fuzz/ledger.jsonl

FOLDER keeps the builds, what the fuzzers learned (corpus/TARGET, afl/TARGET: each engine reads what the other found), finds in
finds/TARGET-* and afl/TARGET/default/crashes/, and ledger.jsonl, a line for each slice: processor seconds as the kernel counted them,
executions, edges, inputs kept. tests/fuzz/ledger.jsonl has the sums of folders that may be gone, of any machine: what is shown and which
group is next counts both. What --keep adds to it leaves the ledger of FOLDER for ledger.kept.jsonl, so that it counts once.

A run that is interrupted loses the slice it was in. Exit status 1 if there are finds. A find
belongs into tests/fuzz/regression/TARGET, with what mends it; it is taken out of FOLDER then.
"""
import argparse
import json
import math
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent

# What an attacker reaches, and the targets that stand for it. Each target of tests/fuzz is in one group.
GROUPS = {
    "frame path": ["frames", "packet"],
    "dissectors": ["ike_message", "ike_payload", "ike_names", "kerberos", "readable", "certificate", "greeting"],
    "IKE tracker": ["ike_story", "ike_log"],
    "SA tracker": ["track"],
    "configuration": ["config"],
    "control protocol": ["control_request"],
    "HTTP requests": ["http"],
    "records and store": ["store", "store_cells", "spool", "record", "recall", "report", "snapshot"],
    "capture files": ["capture_file", "evidence"],
}
AFL_MAIN = ["packet", "ike_story", "track", "frames", "config", "capture_file", "store", "http", "control_request", "ike_message"]
INPUT_MAX = 16384
READ_MAX = {"track": 2 + 4 * 400}  # what is behind that is not looked at
ENGINES = {"libfuzzer": "libFuzzer", "afl": "AFL++"}
KEPT = HERE / "ledger.jsonl"


def targets_here():
    return sorted(path.stem.removeprefix("fuzz_") for path in HERE.glob("fuzz_*.c"))


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines() if line] if path.exists() else []


class Ledger:
    """What was done in a folder, slice by slice, and before that, in sums."""

    def __init__(self, folder):
        self.path = folder / "ledger.jsonl"
        self.slices, self.before = lines_of(self.path), lines_of(KEPT)

    def add(self, entry):
        self.slices.append(entry)
        with self.path.open("a") as file:
            file.write(json.dumps(entry) + "\n")

    def seconds(self, target, engine=None):
        return sum(entry["cpu"] for entry in self.before + self.slices
                   if entry["target"] == target and engine in (None, entry["engine"]))

    def sums(self):
        """One entry for each target and engine that had any time, in the order of the groups. Edges and inputs kept: most of any slice."""
        for name in (name for members in GROUPS.values() for name in members):
            for engine in ENGINES:
                entries = [entry for entry in self.before + self.slices if (entry["target"], entry["engine"]) == (name, engine)]
                if entries:
                    yield {"target": name, "engine": engine, "cpu": round(sum(entry["cpu"] for entry in entries), 1)} | {
                        what: how(entry[what] for entry in entries)
                        for what, how in (("executions", sum), ("edges", max), ("kept", max), ("finds", sum))}

    def keep(self):
        new = KEPT.with_suffix(".new")
        new.write_text("".join(json.dumps(entry) + "\n" for entry in self.sums()))
        os.replace(new, KEPT)
        with self.path.with_suffix(".kept.jsonl").open("a") as file:
            file.writelines(json.dumps(entry) + "\n" for entry in self.slices)
        self.path.unlink(missing_ok=True)


def finds(folder, target):
    """libFuzzer's, less what was only slow, and AFL++'s."""
    found = [path for path in (folder / "finds").glob(f"{target}-*") if re.fullmatch(rf"{target}-(crash|leak|timeout|oom)-.*", path.name)]
    return found + sorted((folder / "afl" / target / "default" / "crashes").glob("id*"))


def build(folder, options, targets):
    engine = options.engine
    compiler = {"libfuzzer": "clang", "afl": "afl-clang-fast"}[engine]
    if not shutil.which(compiler):
        sys.exit(f"campaign: {compiler} is not installed")
    where = folder / f"build-{engine}"
    log = folder / f"build-{engine}.log"
    with log.open("w") as out:
        if not (where / "build.ninja").exists():
            environment = os.environ | {"CC": os.environ.get("CC", compiler)}
            subprocess.run(["meson", "setup", where, TOP, "-Dtests=enabled", "-Dfuzz=true", "-Db_lundef=false"],
                           env=environment, stdout=out, stderr=out)
        # One target loads a module.
        modules = sorted(set(re.findall(r"daemon/report/\w+\.so\b", (where / "build.ninja").read_text())))
        built = subprocess.run(["ninja", "-C", where, f"-j{options.jobs}", *(f"tests/fuzz/fuzz_{name}" for name in targets), *modules],
                               stdout=out, stderr=out)
    if built.returncode != 0:
        sys.exit(f"campaign: {where} does not build\n" + log.read_text()[-3000:])
    # A copy, so that the sources may be built again while this runs.
    (folder / f"run-{engine}").mkdir(exist_ok=True)
    for name in targets:
        shutil.copy(where / "tests" / "fuzz" / f"fuzz_{name}", folder / f"run-{engine}" / f"fuzz_{name}.new")
        os.replace(folder / f"run-{engine}" / f"fuzz_{name}.new", folder / f"run-{engine}" / f"fuzz_{name}")


def gather(folder, target):
    """Seeds, and what once broke it, into the corpus of the campaign."""
    corpus = folder / "corpus" / target
    corpus.mkdir(parents=True, exist_ok=True)
    for kind in ("corpus", "regression"):
        for seed in sorted((HERE / kind / target).glob("*")):
            if not (corpus / seed.name).exists():
                shutil.copy(seed, corpus / seed.name)
    return corpus


class Run:
    """One slice of one target, as a process."""

    def __init__(self, folder, engine, target, seconds):
        self.folder, self.engine, self.target, self.seconds = folder, engine, target, seconds
        self.log = folder / "logs" / f"{target}.{engine}.log"
        self.corpus = gather(folder, target)
        self.finds_before = len(finds(folder, target))
        program = folder / f"run-{engine}" / f"fuzz_{target}"
        queue = folder / "afl" / target / "default" / "queue"
        # What was freed is kept apart for a while, but not so long that it costs more than the input.
        environment = dict(os.environ, ASAN_OPTIONS="quarantine_size_mb=4:abort_on_error=1:symbolize=0"
                           if engine == "afl" else "quarantine_size_mb=4")
        if engine == "libfuzzer":
            command = [program, f"-max_total_time={seconds}", f"-max_len={READ_MAX.get(target, INPUT_MAX)}", "-timeout=60", "-rss_limit_mb=2048",
                       "-print_final_stats=1", f"-artifact_prefix={folder}/finds/{target}-", self.corpus]
            if queue.is_dir():
                command.append(queue)
        else:
            environment |= {"AFL_SKIP_CPUFREQ": "1", "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1", "AFL_NO_UI": "1",
                            "AFL_AUTORESUME": "1", "AFL_NO_AFFINITY": "1", "AFL_IGNORE_SEED_PROBLEMS": "1", "AFL_FAST_CAL": "1"}
            command = ["afl-fuzz", "-V", str(seconds), "-m", "none", "-t", "5000+", "-G", str(READ_MAX.get(target, INPUT_MAX)),
                       "-i", self.corpus, "-o", folder / "afl" / target, "--", program]
        self.before = self.afl_stats()
        self.started = time.monotonic()
        with self.log.open("w") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=environment)

    def afl_stats(self):
        path = self.folder / "afl" / self.target / "default" / "fuzzer_stats"
        if self.engine != "afl" or not path.exists():
            return {}
        return dict(re.findall(r"^(\w+)\s*: (.*)$", path.read_text(), re.M))

    def entry(self, usage):
        entry = {"engine": self.engine, "target": self.target, "at": int(time.time()),
                 "cpu": round(usage.ru_utime + usage.ru_stime, 1), "wall": round(time.monotonic() - self.started, 1),
                 "executions": 0, "edges": 0, "kept": 0, "finds": len(finds(self.folder, self.target)) - self.finds_before}
        if self.engine == "libfuzzer":
            text = self.log.read_text(errors="replace")
            executions = re.findall(r"number_of_executed_units: (\d+)", text)
            edges = re.findall(r" cov: (\d+)", text)
            entry["executions"] = int(executions[-1]) if executions else 0
            entry["edges"] = int(edges[-1]) if edges else 0
            entry["kept"] = sum(1 for _ in self.corpus.iterdir())
        else:
            stats = self.afl_stats()
            # Counts of an output folder that is gone on with go on too.
            entry["executions"] = max(0, int(stats.get("execs_done", 0)) - int(self.before.get("execs_done", 0)))
            entry["edges"] = int(stats.get("edges_found", 0))
            entry["kept"] = int(stats.get("corpus_count", 0))
        return entry


def next_target(ledger, running, wanted, aim, engine):
    """The target to go on with and the seconds that its group lacks: of the group that had least, or will have had by those that are
    running, the one that had least. None, 0 if all had enough."""
    best = None
    busy = [run.target for run in running]
    for members in GROUPS.values():
        had = sum(ledger.seconds(name) for name in members) + sum(run.seconds for run in running if run.target in members)
        free = [name for name in members if name in wanted and name not in busy]
        if had < aim and free and (best is None or had < best[0]):
            best = (had, min(free, key=lambda name: ledger.seconds(name, engine)))
    return (best[1], aim - best[0]) if best else (None, 0)


def campaign(folder, options):
    for name in ("corpus", "finds", "logs", "afl"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    wanted = options.target or (AFL_MAIN if options.engine == "afl" else targets_here())
    build(folder, options, wanted)
    os.nice(19)
    end = time.monotonic() + options.wall if options.wall else None
    running = {}

    def stop(*_):
        for run in running.values():
            run.process.kill()
        sys.exit(130)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while True:
        ledger = Ledger(folder)
        slice_length = options.slice if end is None else min(options.slice, int(end - time.monotonic()))
        while len(running) < options.jobs and slice_length >= 10:
            target, lacks = next_target(ledger, running.values(), wanted, options.hours * 3600, options.engine)
            if target is None:
                break
            run = Run(folder, options.engine, target, min(slice_length, max(10, math.ceil(lacks))))
            running[run.process.pid] = run
        if not running:
            break
        pid, status, usage = os.wait4(-1, 0)
        run = running.pop(pid, None)
        if run is None:
            continue
        entry = run.entry(usage)
        ledger.add(entry)
        print(f"{entry['engine']} {entry['target']}: {entry['cpu']} s, {entry['executions']} executions, {entry['edges']} edges, "
              f"{entry['finds']} new finds", flush=True)
        # What ends at once ends at once again: it waits for a person.
        if status and entry["cpu"] < 5 or entry["executions"] == 0:
            wanted = [name for name in wanted if name != run.target]
            print(f"campaign: {run.target} is left out from now on, see {run.log}", flush=True)


def table(folder):
    ledger = Ledger(folder)
    print("| target | engine | CPU seconds | executions | a second | edges | inputs kept | finds |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for entry in ledger.sums():
        print(f"| `{entry['target']}` | {ENGINES[entry['engine']]} | {entry['cpu']:.0f} | {entry['executions']} | "
              f"{entry['executions'] / max(entry['cpu'], 0.1):.0f} | {entry['edges']} | {entry['kept']} | {entry['finds']} |")
    print("\n| group | CPU seconds |\n|---|---:|")
    for group, members in GROUPS.items():
        print(f"| {group} | {sum(ledger.seconds(name) for name in members):.0f} |")
    print(f"| all | {sum(ledger.seconds(name) for members in GROUPS.values() for name in members):.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("target", nargs="*")
    parser.add_argument("--engine", choices=list(ENGINES), default="libfuzzer")
    parser.add_argument("--hours", type=float, default=2, help="processor hours for each group")
    parser.add_argument("--slice", type=int, default=120, help="seconds of one target at a time")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="targets at once, and compilers")
    parser.add_argument("--wall", type=int, help="stop after so many seconds")
    parser.add_argument("--table", action="store_true", help="print what was done, and do nothing")
    parser.add_argument("--keep", action="store_true", help="add what was done to tests/fuzz/ledger.jsonl, print it, and do nothing else")
    options = parser.parse_intermixed_args()
    here = targets_here()
    grouped = [name for members in GROUPS.values() for name in members]
    if sorted(grouped) != here:
        sys.exit(f"campaign: in a group or in tests/fuzz, not in both: {sorted(set(grouped) ^ set(here))}")
    unknown = [name for name in options.target if name not in here]
    if unknown:
        sys.exit(f"campaign: there is no target {unknown[0]}; there are {', '.join(here)}")
    folder = options.folder.resolve()
    if options.keep:
        Ledger(folder).keep()
    elif not options.table:
        campaign(folder, options)
    table(folder)
    left = [str(path) for name in here for path in finds(folder, name)]
    for path in left:
        print(f"find: {path}")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
