#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Functions of at most 80 lines, .c files of at most 600, headers of at most 150."""
import re

import tree

FUNCTION, SOURCE, HEADER = 80, 600, 150

# path -> (limit, why it may be longer)
FILES = {
    'proto/gui.h': (270, 'one protocol, its 24 messages and their promises side by side'),
    'gui-agent/x11-display.h': (200, 'what the x11-* files of one program share and nobody else sees'),
    'gui-daemon/x11-private.h': (220, 'what the x11-* files of one program share and nobody else sees'),
}
# (path, function) -> (limit, why)
FUNCTIONS = {
}


def functions(name):
    """(name, first line, length) of each function, as clang-format lays them out."""
    start = before = None
    for number, line in enumerate(tree.text(name).split('\n'), 1):
        if start is None and re.match(r'[A-Za-z_].*\)\s*\{$|\t.*\)\s*\{$', line) and not re.match(r'\t+(if|for|while|switch|do|else)\b', line):
            head = re.search(r'(\w+)\(', before if line.startswith('\t') and before else line)
            start = (head.group(1) if head else '?', number)
        if line == '}' and start:
            yield *start, number - start[1] + 1
            start = None
        elif line and line[0] not in '\t }#/' and start and not line.endswith('{') and not line.endswith(':'):
            start = None
        if re.match(r'[A-Za-z_]', line):
            before = line


def problems_of(name):
    length = tree.text(name).count('\n')
    limit = FILES[name][0] if name in FILES else HEADER if name.endswith('.h') else SOURCE
    if length > limit:
        yield f'{name}: {length} lines, more than {limit}'
    if name in FILES and length <= (HEADER if name.endswith('.h') else SOURCE):
        yield f'{name}: needs no exception any more'
    for function, line, lines in functions(name):
        most = FUNCTIONS.get((name, function), (FUNCTION,))[0]
        if lines > most:
            yield f'{name}:{line}: {function}() has {lines} lines, more than {most}'


tracked = tree.files('.c', '.h')
gone = [f'{name}: an exception for a file that does not exist' for name in FILES if name not in tracked]
tree.done(gone + [p for name in tracked for p in problems_of(name)], 'files or functions that are too long')
