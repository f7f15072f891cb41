#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the manual pages out of what cannot drift from the code: the programs' own --help, the catalogue by `espial explain
--json`, and the sample configuration, which shows every setting.

make_man.py PAGE OUTPUT ESPIAL ESPIALD SAMPLE VERSION
"""

import json
import os
import re
import subprocess
import sys
import time


def escape(text):
    """roff(7): backslash, hyphens that are to be copied, and a control character at the start of a line."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    for letter, name in (("→", "\\(->"), ("↔", "<\\->"), ("’", "\\(cq"), ("–", "\\(en"), ("·", "\\(bu")):
        text = text.replace(letter, name)
    return re.sub(r"(?m)^([.'])", r"\\&\1", text)


def output_of(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def head(name, section, what, version):
    now = int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))
    date = time.strftime("%Y-%m-%d", time.gmtime(now))
    return f'.TH {name.upper().replace("-", chr(92) + "-")} {section} "{date}" "espial {version}" "espial"\n.SH NAME\n{escape(name)} \\- {escape(what)}\n'


def verbatim(text):
    return ".nf\n" + escape(text.rstrip("\n")) + "\n.fi\n"


def see_also(*pages):
    return ".SH SEE ALSO\n" + ",\n".join(f".BR {escape(name)} ({section})" for name, section in pages).replace("),\n", ") ,\n") + "\n"


def page_espial(espial, _espiald, _sample, version):
    text = head("espial", 1, "audit IPsec from the wire", version)
    usage = output_of(espial, "--help")
    text += ".SH SYNOPSIS\n.B espial\n.I COMMAND\n[\\fIOPTION\\fR]...\n.SH DESCRIPTION\n"
    text += escape("espial says which hosts speak IPsec with each other, which should and do not, and why, out of captures or by asking the running espiald. "
                   "It sends no packet, holds no key and decrypts nothing. All times are UTC.") + "\n.SH COMMANDS\n"
    commands = re.findall(r"(?m)^  (\w[\w-]*) +(\S.*)$", usage)
    for name, what in commands:
        text += f".SS {escape(name)}\n{escape(what[0].upper() + what[1:])}.\n.PP\n" + verbatim(output_of(espial, name, "--help"))
    text += ".SH EXIT STATUS\n0: clean; 1: findings of the asked severity or above; 2: a mistake in usage or input, or input that is not whole: what was whole of it is reported.\n"
    return text + see_also(("espiald", 8), ("espial.yaml", 5), ("espial-findings", 7))


def page_espiald(_espial, espiald, _sample, version):
    text = head("espiald", 8, "the IPsec auditor that always listens", version)
    text += ".SH SYNOPSIS\n.B espiald\n[\\fIOPTION\\fR]...\n.SH DESCRIPTION\n"
    text += escape("espiald captures from span ports, decides for every flow whether it is ESP, AH, IKE, ICMP or clear, and tells syslog when peers that should be secured "
                   "are not, and why. It stays in the foreground, for systemd. Started by root it goes on as the user espial, or nobody where there is none: "
                   "what it writes has to be open to that user.") + "\n.SH OPTIONS\n" + verbatim(output_of(espiald, "--help"))
    text += ".SH SIGNALS\nSIGHUP: read the configuration again, or keep the old one and say why.\nSIGUSR1: write the present state, as JSON lines to report.json.file where that is set, and, started by hand, as a report on standard output.\nSIGTERM: end.\n"
    text += ".SH FILES\n.TP\n.I /etc/espial/espial.yaml\nThe configuration.\n.TP\n.I /run/espial/control.sock\nWhere\n.BR espial (1)\nasks.\n"
    return text + see_also(("espial", 1), ("espial.yaml", 5), ("espial-findings", 7))


def page_espial_yaml(_espial, _espiald, sample, version):
    with open(sample, encoding="utf-8") as file:
        lines = [line for line in file.read().split("\n") if "SPDX" not in line]
    text = head("espial.yaml", 5, "configuration of espiald", version) + ".SH DESCRIPTION\n"
    text += "Every mistake is told with file, line and key:\n.B espial check\\-config\n.IR FILE .\nThe whole file, with every setting and its default:\n.PP\n"
    return text + verbatim("\n".join(lines).strip("\n").removeprefix("#\n")) + see_also(("espiald", 8), ("espial-findings", 7))


def page_espial_findings(espial, _espiald, _sample, version):
    text = head("espial-findings", 7, "what espial reports", version) + ".SH DESCRIPTION\n"
    text += escape("Each finding has a severity, a grade (observed: the octets say so; likely; possible) and often a cause. One alert lives from open over update to clear, "
                   "however many packets there are.") + "\n.SH FINDINGS\n"
    for line in output_of(espial, "explain", "--json").splitlines():
        row = json.loads(line)
        name, cause = row["id"], row["cause"]
        title = f"{name}/{cause}" if cause else name
        text += f".SS {escape(title)}\n"
        if row.get("severity"):
            text += f"Severity {escape(row['severity_by_case'] or row['severity'])}.\n"
        for key in ("meaning", "evidence", "false_positives", "advice", "not_visible"):
            if isinstance(row.get(key), str):
                label = {"evidence": "Told by: ", "false_positives": "What else looks like it: ", "advice": "What to do: ", "not_visible": "Not on the wire: "}.get(key, "")
                text += ".PP\n" + escape(label + row[key]) + "\n"
        for host, where in (row["look"] or {}).items():
            if where:
                text += ".PP\n" + escape(f"{host[0].upper() + host[1:]}: {where}") + "\n"
        if row["causes"]:
            text += ".PP\n" + escape("Causes: " + ", ".join(row["causes"]) + f". Each is told by espial explain {title}/CAUSE.") + "\n"
    return text + see_also(("espial", 1), ("espiald", 8))


def main():
    page, output, espial, espiald, sample, version = sys.argv[1:]
    text = globals()["page_" + re.sub(r"\W", "_", page)](espial, espiald, sample, version)
    with open(output, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main()
