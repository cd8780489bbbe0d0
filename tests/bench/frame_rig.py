# SPDX-License-Identifier: GPL-2.0-or-later
"""The frame path alone: two X servers, bulkhead-hv, one gui-agent and one gui-daemon, without sandbox and manager."""
import os
import pathlib
import subprocess

import rig as hv_rig
from gui_stage import decoder_of
from Xlib import X


class Rig:
    def __init__(self, stack, build, x_server, sink=None):
        os.environ['BULKHEAD_BUILD'] = str(build)
        hv = stack.enter_context(hv_rig.Hv())
        self.sink, sink_pid = sink or x_server(stack, ['Xvfb', '-screen', '0', '2100x1300x24', '-noreset', '-nolisten', 'tcp'])
        top = pathlib.Path(__file__).resolve().parent.parent.parent
        pathlib.Path('/tmp/.X11-unix').mkdir(mode=0o1777, exist_ok=True)
        self.source, source_pid = x_server(stack, ['/usr/lib/xorg/Xorg', '-config', str(top / 'gui-agent/xorg-dummy.conf'), '-configdir', '/nonexistent',
                                                   '-noreset', '-nolisten', 'tcp', '-novtswitch', '-sharevts', '-logfile', '/dev/null',
                                                   *(['-ac'] if os.geteuid() == 0 else [])])
        domain, path = hv.create_domain('bench')
        read, write = os.pipe()
        agent = self.start(stack, [hv_rig.program('bulkhead-gui-agent'), '--vchan=local:' + path, f'--ready-fd={write}'],
                           {'DISPLAY': self.source}, [write])
        os.close(write)
        with os.fdopen(read) as f:
            f.readline()
        end = hv.admit(domain)
        daemon = self.start(stack, [hv_rig.program('bulkhead-gui-daemon'), f'--domain-id={domain}', '--name=bench', '--label=blue',
                                    f'--vchan=local-fd:{end.fileno()}'], {'DISPLAY': self.sink}, [end.fileno()])
        end.close()
        self.pids = [sink_pid, source_pid, agent.pid, daemon.pid]

    def start(self, stack, argv, env, fds):
        p = subprocess.Popen(argv, env={**os.environ, **env}, pass_fds=fds, stdin=subprocess.DEVNULL)
        stack.callback(p.wait)
        stack.callback(p.terminate)
        return p

    def content_of(self, title, seconds=30):
        """Root coordinates of a domain window's content once it is on the screen."""
        from desktop import Desktop
        desktop = Desktop(self.sink)
        w = desktop.wait(lambda: next((w for w, _, t in desktop.domain_windows() if title in t), None), seconds, title)
        self.pids[4:] = [decoder_of(self.pids[3])]
        child = w.query_tree().children[0]
        w.set_input_focus(X.RevertToParent, X.CurrentTime)  # as a window manager would
        desktop.d.sync()
        return desktop.absolute(child)[:2]
