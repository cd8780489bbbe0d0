#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""clang-format 14 would change nothing (scripts/format does it)."""
import shutil
import subprocess
import sys

import tree

VERSION = 14

program = shutil.which(f'clang-format-{VERSION}') or shutil.which('clang-format')
if not program:
    print('skipped: clang-format is not installed (Debian package clang-format)')
    sys.exit(tree.SKIPPED)
version = subprocess.run([program, '--version'], capture_output=True, text=True, check=True).stdout
if f'version {VERSION}.' not in version:
    print(f'skipped: this needs clang-format {VERSION}, here is: {version.strip()}')
    sys.exit(tree.SKIPPED)
names = tree.files('.c', '.h')
sys.exit(subprocess.run([program, '--dry-run', '-Werror', '--ferror-limit=1', *names], cwd=tree.top).returncode)
