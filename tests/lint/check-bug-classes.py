#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/bug-classes.md names tests that exist and run, and every test that carries a row stands there."""
import re

import tree

PAGE = 'docs/bug-classes.md'
ROWS = {f'{letter}{i}' for letter, most in zip('ABCDEFNH', (16, 5, 5, 8, 16, 9, 9, 10)) for i in range(1, most + 1)}


def named():
    """(row, test, file) of the first table, {row: why} of the second."""
    tests, why = [], {}
    for line in tree.text(PAGE).split('\n'):
        cells = [c.strip() for c in line.strip('| \n').split('|')]
        if not re.fullmatch(r'[A-Z]\d+', cells[0]):
            continue
        if len(cells) == 3:
            tests += [(cells[0], t.strip(' `'), cells[2].strip('`')) for t in cells[1].split(',')]
        elif len(cells) == 2:
            why[cells[0]] = cells[1]
    return tests, why


def present():
    """{(test, file)} of all tests whose names carry a row."""
    found = set()
    for name in tree.files('.c', '.py'):
        pattern = r'"(/bug-class/[A-Z]\d+/[^"]+)"' if name.endswith('.c') else r'\bdef ((?:test_)?bug_class_[A-Z]\d+\w*)\('
        found |= {(t, name) for t in re.findall(pattern, tree.text(name))}
    return found


def runs(name):
    """Something in the build or among the integration tests runs this file."""
    if name.endswith('.py'):
        return re.match(r'tests/integration/test_\w+\.py$|tests/xen/', name)
    folder, base = name.rsplit('/', 1)
    stem = re.sub(r'^test-|\.c$', '', base)
    build = '\n'.join(tree.text(m) for m in tree.files('meson.build') if name.startswith(m.rsplit('/', 1)[0]))
    return base in build or f"'{stem}'" in build


def row_of(test):
    return re.search(r'(?:/bug-class/|bug_class_)([A-Z]\d+)', test).group(1)


def problems():
    tests, why = named()
    listed, here = {(t, f) for _, t, f in tests}, present()
    for row, test, file in tests:
        if row not in ROWS:
            yield f'{PAGE}: {row} is no row'
        if (test, file) not in here:
            yield f'{PAGE}: {row}: there is no {test} in {file}'
        elif row_of(test) != row:
            yield f'{PAGE}: {row}: {test} says another row'
        elif not runs(file):
            yield f'{PAGE}: {row}: nothing runs {file}'
    for test, file in sorted(here - listed):
        yield f'{file}: {test} is not in {PAGE}'
    covered = {row for row, _, _ in tests}
    for row in sorted(ROWS - covered - set(why)):
        yield f'{PAGE}: {row} has neither a test nor a reason why not'


tree.done(list(problems()), 'gaps in docs/bug-classes.md')
