#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls and words that do not stand in this tree."""
import re

import tree


def call(names):
    return re.compile(rf'(?<![\w.>])({names})\s*\(')


C = [
    (call('system|popen'), 'no shell'),
    (call('strcpy|stpcpy|strcat|strncat|sprintf|vsprintf|gets|atoi|atol|atoll|atof|alloca|strtok|mktemp|tmpnam'), 'banned (HACKING.md)'),
    (call('sleep|usleep|nanosleep|clock_nanosleep|g_usleep'), 'no sleeps: wait for the event'),
    (re.compile(r'\bgoto\s+(?!out\b|fail\b|done\b)\w+'), 'goto only to one exit label (out, fail, done)'),
]
# What a peer sent is never asserted on; decoders have nothing else to look at.
DECODERS = [(call('assert|g_assert\\w*|abort|exit|_exit|malloc|calloc|realloc|fprintf|printf|g_malloc\\w*|g_new0?'), 'proto/ opens, allocates, logs and exits never')]
PYTHON = [
    (re.compile(r'\btime\.sleep\('), 'no sleeps: wait for the event'),
    (re.compile(r'\bshell\s*=\s*True|\bos\.(system|popen)\('), 'no shell'),
]
SHELL = [(re.compile(r'^\s*sleep\s'), 'no sleeps: wait for the event')]
# Split so that this file does not find itself.
WORDS = [
    (re.compile('--no-' + 'sandbox|MOZ_' + 'DISABLE_'), 'switches off a sandbox of the application'),
    (re.compile(r'\b(TO' + 'DO|FIX' + 'ME|XX' + 'X)\\b'), 'unfinished work belongs into an issue'),
    (re.compile('/work' + '/(wt|main|shared)|/home' + '/\\w+/work'), 'a path of somebody\'s machine'),
]
WORDS_NOT_IN = re.compile(r'^(tests/(data|fuzz/corpus)|docs/pictures)/')

# path -> {text of the line: why}; the text is looked for anywhere in the line.
EXCEPTIONS = {
    'SECURITY.md': {'no-sandbox': 'says that it is not used'},
    'domains/cli/cmd-policy.c': {'g_usleep(WAIT_US)': 'a command without a loop; whoever writes the rules is done in milliseconds'},
    'tests/bench/bench-frames.c': {'clock_nanosleep(': 'draws at a fixed rate: the pause is what is measured against'},
    'tests/integration/gui_stage.py': {'time.sleep(0.01)': 'an X server tells nobody what other clients did: asked until a deadline'},
    'tests/integration/test_domains_life.py': {'time.sleep(0.02)': 'what other processes did is asked until a deadline'},
    'tests/integration/qrexec_wire.py': {'time.sleep(0.005)': 'what other processes did is asked until a deadline',
                                         'time.sleep(0.002)': 'a socket of another process is tried until a deadline'},
    'tests/lint/check-banned.py': {'time.sleep': 'the exceptions themselves'},
    'tests/xen/checks_desktop.py': {'time.sleep(0.3)': 'a picture of the emulated screen is looked at until a deadline'},
    'tests/xen/inside/agent.py': {'time.sleep(0.05)': 'a console file grows without telling anybody: read until a deadline'},
}


def excused(name, line):
    return any(text in line for text in EXCEPTIONS.get(name, {}))


def rules_of(name):
    if name.endswith(('.c', '.h')):
        rules = list(C)
        if name.startswith('proto/') and '/test-' not in name:
            rules += DECODERS
        return rules
    if name.endswith('.py'):
        return PYTHON
    if re.match(r'(scripts|\.ci|tests)/', name) and tree.text(name).startswith('#!') and 'sh' in tree.text(name).split('\n')[0]:
        return SHELL
    return []


def problems_of(name):
    source = tree.text(name)
    raw = source.split('\n')
    code = tree.without_comments(source).split('\n') if name.endswith(('.c', '.h')) else raw
    for number, line in enumerate(code, 1):
        for rule, why in rules_of(name):
            if rule.search(line) and not excused(name, raw[number - 1]):
                yield f'{name}:{number}: {line.strip()[:80]}: {why}'
    if WORDS_NOT_IN.match(name):
        return
    for number, line in enumerate(raw, 1):
        for rule, why in WORDS:
            if rule.search(line) and not excused(name, line):
                yield f'{name}:{number}: {line.strip()[:80]}: {why}'


tree.done([p for name in tree.files() if name != 'LICENSE' for p in problems_of(name)], 'banned calls and words')
