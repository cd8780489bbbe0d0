# SPDX-License-Identifier: GPL-2.0-or-later
"""What every lint shares: the files of the project and how to end."""
import pathlib
import re
import subprocess
import sys

top = pathlib.Path(__file__).resolve().parent.parent.parent
SKIPPED = 77  # meson's exit status for a test that was not run


def files(*suffixes):
    """Paths relative to the top of all tracked files (of all but build folders where this is no clone)."""
    try:
        listed = subprocess.run(['git', '-C', top, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'], capture_output=True, check=True)
        names = listed.stdout.decode().split('\0')
    except (OSError, subprocess.CalledProcessError):
        names = [str(p.relative_to(top)) for p in top.rglob('*') if not re.match(r'\.|build', p.relative_to(top).parts[0])]
    return [n for n in sorted(set(names)) if n.endswith(suffixes or '') and (top / n).is_file() and not (top / n).is_symlink()]


def text(name):
    return (top / name).read_text(errors='replace')


def without_comments(source):
    """C source with comments and the contents of strings blanked; lines stay where they are."""
    def blank(match):
        s = match.group(0)
        if s.startswith('/'):
            return re.sub(r'[^\n]', ' ', s)
        return s[0] + ' ' * (len(s) - 2) + s[0]
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, source, flags=re.S)


def done(problems, what):
    for p in problems:
        print(p)
    print(f'{what}: {len(problems)} found')
    sys.exit(1 if problems else 0)
