# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/test counts every program that ended badly: also one that died after good subtests, or was not done in time."""
import contextlib
import io
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'scripts' / 'lib'))
import run_tests  # noqa: E402

BAD = {'dies': 'print("1..2\\nok 1 /a\\nBail out!", flush=True); import os; os.abort()',
       'fails': 'print("1..2\\nok 1 /a\\nnot ok 2 /b")',
       'exits': 'raise SystemExit(3)',
       'sleeps': 'import signal; signal.pause()'}
GOOD = {'good': 'print("1..1\\nok 1 /a")'}


def main():
    with tempfile.TemporaryDirectory() as d:
        source = pathlib.Path(d)
        lines = ["project('bulkhead')", "python = find_program('python3')"]
        for name, text in {**BAD, **GOOD}.items():
            (source / f'{name}.py').write_text(text + '\n')
            protocol = 'exitcode' if name in ('exits', 'sleeps') else 'tap'
            lines.append(f"test('{name}', python, args: files('{name}.py'), suite: 'unit', protocol: '{protocol}', timeout: {1 if name == 'sleeps' else 100})")
        (source / 'meson.build').write_text('\n'.join(lines) + '\n')
        runner = run_tests.Runner(run_tests.arguments(['--source', d]))
        runner.logs.mkdir(parents=True)
        with contextlib.redirect_stdout(io.StringIO()) as said:
            folder = runner.build('scratch', [])
            runner.meson_tests('scratch', folder, ['unit'], 300)
    c = runner.count
    wrong = [name for name in BAD if sum(name in f for f in c.failures) != 1]
    if wrong or c.failed != len(BAD) or any('good' in f for f in c.failures):
        print(said.getvalue())
        print(f'not counted as one failure each: {wrong}; {c.failed} failed: {c.failures}')
        return 1
    return 0


sys.exit(main())
