#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the shells complete is what espial takes: check_completions.py ESPIAL MAKE_COMPLETIONS

Each command that is offered exists, each option and word that is offered is known to its command, and bash completes by its file.
"""

import re
import shutil
import subprocess
import sys


# What is typed, and what has to be offered for it, all of it.
TYPED = {
    "stat": {"status"},
    "pairs ": {"promote"},
    "pairs promote ": set(),
    "alerts a": {"ack"},
    "alerts show x a": set(),
    "alerts --severity h": {"high"},
    "alerts --id cleartext": {"cleartext-leak"},
    "explain bad": {"bad-spi"},
    "explain bad-spi ike-ref": {"ike-refused"},
    "reload --so": {"--socket"},
    "audit --cl": {"--classify"},
    "audit --classify ": {"all", "policy"},
}


def bash_offers(script, typed):
    """What the bash function offers when this is typed after `espial `."""
    words = ["espial", *typed.split(" ")]
    ask = f'{script}\nCOMP_WORDS=("$@")\nCOMP_CWORD={len(words) - 1}\n_espial\nprintf "%s\\n" "${{COMPREPLY[@]}}"\n'
    done = subprocess.run(["bash", "-c", ask, "bash", *words], capture_output=True, text=True, timeout=10, check=True)
    return set(done.stdout.split())


def main():
    espial, make = sys.argv[1:3]
    made = {shell: subprocess.run([sys.executable, make, espial, shell], capture_output=True, text=True, check=True).stdout
            for shell in ("bash", "zsh", "fish")}
    offered = dict(re.findall(r"^    ([\w-]+)\) local options='(.*?)' ", made["bash"], re.MULTILINE))
    failures = 0
    for command, options in offered.items():
        text = subprocess.run([espial, command, "--help"], capture_output=True, text=True, timeout=10, check=True).stdout
        for option in re.findall(r"^ +(?:-\w, )?(--[\w-]+)", text, re.MULTILINE):
            if option not in options.split():
                print(f"espial {command} {option} is not completed")
                failures += 1
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
    for command, words in re.findall(r"^    ([\w-]+)\) .* words='(.*?)' ", made["bash"], re.MULTILINE):
        for word in words.split():
            arguments = [espial, command, word, *(["--help"] if command != "explain" else [])]
            if subprocess.run(arguments, capture_output=True, timeout=10, check=False).returncode:
                print(f"espial {command} does not know {word}")
                failures += 1
            failures += sum(word not in made[shell] for shell in ("zsh", "fish"))
    for typed, wanted in TYPED.items() if shutil.which("bash") else ():
        if bash_offers(made["bash"], typed) != wanted:
            print(f"espial {typed}: bash offers {bash_offers(made['bash'], typed)}, not {wanted}")
            failures += 1
    print(f"{len(offered)} commands, {sum(len(o.split()) for o in offered.values())} options, {failures} failures")
    return 1 if failures or len(offered) < 3 else 0


if __name__ == "__main__":
    sys.exit(main())
