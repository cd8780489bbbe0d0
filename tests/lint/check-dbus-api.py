#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/dbus-api.md tells every method with its arguments, every signal and property of domains/org.bulkhead.*.xml, and no others."""
import pathlib
import re
import sys
import xml.etree.ElementTree as ET


def signature(method):
    def list_of(direction):
        return [(a.get('type'), a.get('name')) for a in method.findall('arg') if a.get('direction', 'in') == direction]
    takes = ', '.join(f'{t} {n}' for t, n in list_of('in'))
    gives = ', '.join(t for t, _ in list_of('out'))
    return f'{method.get("name")}({takes})' + (f' -> {gives}' if gives else '')


def main():
    source = pathlib.Path(__file__).resolve().parent.parent.parent
    text = (source / 'docs' / 'dbus-api.md').read_text()
    wrong = 0

    def say(what):
        nonlocal wrong
        wrong += 1
        print(f'docs/dbus-api.md: {what}')

    for xml in sorted((source / 'domains').glob('org.bulkhead.*.xml')):
        interface = ET.parse(xml).getroot().find('interface')
        name = interface.get('name')
        section = re.search(rf'^### {re.escape(name)}\n(.*?)(?=^##|\Z)', text, re.S | re.M)
        if not section:
            say(f'{name} has no section')
            continue
        told = set(re.findall(r'`([A-Z]\w*)(?=[(`])', section.group(1)))
        there = set()
        for method in interface.findall('method'):
            there.add(method.get('name'))
            if f'`{signature(method)}`' not in section.group(1):
                say(f'{name}: no `{signature(method)}`')
        for signal in interface.findall('signal'):
            there.add(signal.get('name'))
            args = ', '.join(f'{a.get("type")} {a.get("name")}' for a in signal.findall('arg'))
            if f'`{signal.get("name")}({args})`' not in section.group(1):
                say(f'{name}: no signal `{signal.get("name")}({args})`')
        for p in interface.findall('property'):
            there.add(p.get('name'))
            if p.get('name') not in told:
                say(f'{name}: the property `{p.get("name")}` is missing')
        for extra in re.findall(r'^\| `(\w+)\(', section.group(1), re.M):
            if extra not in there:
                say(f'{name}: there is no method {extra}')
    sys.exit(1 if wrong else 0)


main()
