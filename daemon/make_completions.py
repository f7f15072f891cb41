#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Completions of the shells for espial, made of what espial says of itself: make_completions.py ESPIAL bash|zsh|fish

Commands come from `espial --help`, options and words such as `promote` from each `espial COMMAND --help`, findings from
`espial explain`, so none can be forgotten or outlive its option. Called by meson.
"""

import json
import re
import subprocess
import sys

FILES = ("FILE", "PATH")
WORDS = {"LEVEL": ["critical", "high", "medium", "low", "info"]}


def help_of(espial, *command):
    return subprocess.run([espial, *command, "--help"], capture_output=True, text=True, check=True).stdout


def commands_of(espial):
    """[(name, what it does)]"""
    part = help_of(espial).split("Commands:\n", 1)[1].split("\n\n", 1)[0]
    return [tuple(re.match(r"  (\S+)\s+(.*)", line).groups()) for line in part.splitlines()]


def options_of(espial, command):
    """[(short or "", long, argument that it must have or "", text)]"""
    found = re.findall(r"^  (?:-(\w), |    )--([\w-]+)(?:\[?=\[?(\S*?)\]?|\[=\S+\]| ([A-Z]\S*|[a-z]+(?:\|[a-z]+)+))?(?:  +(.*))?$",
                       help_of(espial, command), re.MULTILINE)
    return [(short, long, blank, text) for short, long, _, blank, text in found]


def findings_of(espial):
    text = subprocess.run([espial, "explain", "--json"], capture_output=True, text=True, check=True).stdout
    return list(dict.fromkeys(json.loads(line)["id"] for line in text.splitlines()))


def words_of(espial, command):
    """What may follow the command, and whether files may."""
    usage = help_of(espial, command).split("\n\n", 1)[0]
    lines = [line.split(f"espial {command}", 1)[1] for line in usage.splitlines() if f"espial {command}" in line]
    words = [found[1] for found in (re.match(r" ([a-z]+)(?: |$)", line) for line in lines) if found]
    if any("FINDING" in line for line in lines):
        words += WORDS["FINDING"]
    return words, any(re.search(r" FILE\b", line) for line in lines)


def bash(commands):
    lines = ["# bash completion for espial; made from its --help", "_espial() {",
             "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}", "  COMPREPLY=()",
             "  case $before in"]
    files = sorted({f"--{long}" for _, _, options, _, _ in commands for _, long, argument, _ in options if argument in FILES})
    if files:
        lines.append(f"    {'|'.join(files)}) mapfile -t COMPREPLY < <(compgen -f -- \"$word\"); return ;;")
    for argument, words in WORDS.items():
        names = sorted({f"--{long}" for _, _, options, _, _ in commands for _, long, blank, _ in options if blank == argument})
        lines.append(f"    {'|'.join(names)}) mapfile -t COMPREPLY < <(compgen -W '{' '.join(words)}' -- \"$word\"); return ;;")
    lines += ["  esac", "  if ((COMP_CWORD == 1)); then",
              f"    mapfile -t COMPREPLY < <(compgen -W '{' '.join(name for name, *_ in commands)}' -- \"$word\")",
              "    return", "  fi", "  case ${COMP_WORDS[1]} in"]
    for name, _, options, words, files in commands:
        lines.append(f"    {name}) local options='{' '.join('--' + long for _, long, _, _ in options)}' words='{' '.join(words)}'"
                     f" files={'-f' if files else ''} ;;")
    lines += ["    *) return ;;", "  esac", "  if [[ $word == -* ]]; then",
              "    mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")", "  else",
              "    ((COMP_CWORD == 2)) || [[ ${COMP_WORDS[1]} == explain ]] || words=",
              "    mapfile -t COMPREPLY < <(compgen $files ${words:+-W \"$words\"} -- \"$word\")", "  fi", "}",
              "complete -o filenames -F _espial espial"]
    return lines


def quoted(text):
    return text.replace("'", "").replace("[", "(").replace("]", ")").replace(":", ",")


def zsh(commands):
    lines = ["#compdef espial", "# made from espial's --help", "local -a commands", "commands=("]
    lines += [f"  '{name}:{quoted(what)}'" for name, what, *_ in commands]
    lines += [")", "if ((CURRENT == 2)); then", "  _describe command commands", "  return", "fi", "case $words[2] in"]
    for name, _, options, words, files in commands:
        lines.append(f"  {name}) _arguments \\")
        for _, long, argument, text in options:
            value = f": :{'_files' if argument in FILES else '(' + ' '.join(WORDS.get(argument, [])) + ')'}" if argument else ""
            lines.append(f"    '--{long}[{quoted(text) or long}]{value}' \\")
        rest = "_files" if files else f"({' '.join(words)})" if words else "_default"
        lines.append(f"    '*: :{rest}' ;;")
    return lines + ["esac"]


def fish(commands):
    lines = ["# fish completion for espial; made from its --help"]
    for name, what, options, words, files in commands:
        lines.append(f"complete -c espial -n __fish_use_subcommand -f -a {name} -d '{quoted(what)}'")
        if words or not files:
            lines.append(f"complete -c espial -n '__fish_seen_subcommand_from {name}'{'' if files else ' -f'} -a '{' '.join(words)}'")
        for short, long, argument, text in options:
            line = f"complete -c espial -n '__fish_seen_subcommand_from {name}' -l {long}"
            line += f" -s {short}" if short else ""
            line += " -r" if argument else ""
            line += f" -f -a '{' '.join(WORDS[argument])}'" if argument in WORDS else ""
            lines.append(line + (f" -d '{quoted(text)}'" if text else ""))
    return lines


def main():
    espial, shell = sys.argv[1:3]
    WORDS["FINDING"] = findings_of(espial)
    commands = [(name, what, options_of(espial, name), *words_of(espial, name)) for name, what in commands_of(espial)]
    for name, _, options, _, _ in commands:
        # policy|all: one of these words
        WORDS.update({argument: argument.split("|") for _, _, argument, _ in options if "|" in argument})
        if not options:
            sys.exit(f"{name}: its --help shows no options as this reads them; spell them as the others do")
    print("\n".join({"bash": bash, "zsh": zsh, "fish": fish}[shell](commands)))


if __name__ == "__main__":
    main()
