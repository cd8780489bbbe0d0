#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/bug-classes.md names tests that exist and run, and every test that carries a row stands there; a row without a test
has its reason in docs/bug-classes-open.md. With --fix: writes both anew from the tests that are there."""
import re
import sys

import tree

PAGE, OPEN = 'docs/bug-classes.md', 'docs/bug-classes-open.md'
ROWS = {f'{letter}{i}' for letter, most in zip('ABCDEFNH', (16, 5, 5, 8, 16, 9, 9, 10)) for i in range(1, most + 1)}


def cells(line):
    found = [c.strip() for c in line.strip('| \n').split('|')]
    return found if re.fullmatch(r'[A-Z]\d+', found[0]) else None


def named():
    """(row, test, file) of the one page, {row: why} of the other."""
    tests = []
    for c in filter(None, map(cells, tree.text(PAGE).split('\n'))):
        if len(c) == 3:
            tests += [(c[0], t.strip(' `'), c[2].strip('`')) for t in c[1].split(',')]
    return tests, {c[0]: c[1] for c in filter(None, map(cells, tree.text(OPEN).split('\n'))) if len(c) == 2}


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
        yield f'{OPEN}: {row} has neither a test nor a reason why not'
    for row in sorted(set(why) & covered):
        yield f'{OPEN}: {row} has a test: run this with --fix'


def order(row):
    return row[0], int(row[1:])


def fix():
    """Tests that are there, those that are gone left out; reasons of rows that have none."""
    rows, (_, why) = {}, named()
    for test, file in sorted(present()):
        rows.setdefault((row_of(test), file), []).append(test)
    lines = [f'| {row} | {", ".join(rows[row, file])} | {file} |' for row, file in sorted(rows, key=lambda k: (order(k[0]), k[1]))]
    covered = {row for row, _ in rows}
    reasons = [f'| {row} | {why.get(row, "the issue that builds it brings the test")} |' for row in sorted(ROWS - covered, key=order)]
    for page, table in ((PAGE, lines), (OPEN, reasons)):
        head = [line for line in tree.text(page).split('\n') if not cells(line)]
        (tree.top / page).write_text('\n'.join(head).strip() + '\n' + '\n'.join(table) + '\n')


if sys.argv[1:] == ['--fix']:
    fix()
tree.done(list(problems()), 'gaps in docs/bug-classes.md')
