#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every sentence of the tray is in po/de.po, translated, and every file with sentences is in po/POTFILES."""
import re
import shutil
import subprocess
import sys
import tempfile

import tree

if not all(map(shutil.which, ('xgettext', 'msgcmp', 'msgfmt'))):
    print('skipped: gettext is not installed')
    sys.exit(tree.SKIPPED)
named = [line for line in tree.text('po/POTFILES').split('\n') if line and not line.startswith('#')]
problems = [f'po/POTFILES: there is no {name}' for name in named if name not in tree.files()]
for name in tree.files('.c'):
    if name.startswith('tray/') and re.search(r'\b(?:_|N_|ngettext)\("', tree.text(name)) and name not in named:
        problems.append(f'{name}: has sentences and is not in po/POTFILES')
with tempfile.TemporaryDirectory() as folder:
    pot = folder + '/bulkhead.pot'
    subprocess.run(['xgettext', '--from-code=UTF-8', '--keyword=_', '--keyword=N_', '--keyword=ngettext:1,2', '-o', pot, *named], cwd=tree.top, check=True,
                   capture_output=True)
    for command in (['msgcmp', 'po/de.po', pot], ['msgfmt', '--check', '-o', '/dev/null', 'po/de.po']):
        p = subprocess.run(command, cwd=tree.top, capture_output=True, text=True, env={'LC_ALL': 'C', 'PATH': '/usr/bin:/bin'})
        if p.returncode:
            problems += p.stderr.strip().split('\n')
tree.done(problems, 'gaps in the translation')
