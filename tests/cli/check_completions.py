#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the shells complete is what espial takes: check_completions.py ESPIAL MAKE_COMPLETIONS

Each command that is offered exists, each option that is offered is known to its command, and bash can read its file.
"""

import re
import shutil
import subprocess
import sys


def main():
    espial, make = sys.argv[1:3]
    made = {shell: subprocess.run([sys.executable, make, espial, shell], capture_output=True, text=True, check=True).stdout
            for shell in ("bash", "zsh", "fish")}
    offered = dict(re.findall(r"^    ([\w-]+)\) local options='(.*)' ;;$", made["bash"], re.MULTILINE))
    failures = 0
    for command, options in offered.items():
        for option in options.split():
            done = subprocess.run([espial, command, option], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  env={"ESPIAL_SOCKET": "/nonexistent"}, timeout=10, check=False)
            if "unrecognized option" in done.stderr:
                print(f"espial {command} does not know {option}, which its --help tells of")
                failures += 1
        for shell in ("zsh", "fish"):
            for option in options.split():
                if option.lstrip("-") not in made[shell]:
                    print(f"{shell}: {command} {option} is missing")
                    failures += 1
    if not {"status", "alerts", "audit"} <= offered.keys():
        print(f"commands are missing: {sorted(offered)}")
        failures += 1
    if shutil.which("bash") and subprocess.run(["bash", "-n"], input=made["bash"], text=True, check=False).returncode:
        failures += 1
    print(f"{len(offered)} commands, {sum(len(o.split()) for o in offered.values())} options, {failures} failures")
    return 1 if failures or len(offered) < 3 else 0


if __name__ == "__main__":
    sys.exit(main())
