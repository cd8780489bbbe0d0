# SPDX-License-Identifier: GPL-2.0-or-later
"""The emulated machine: QEMU without hardware help, Xen, the admin domain; commands, keys and pictures from outside."""
import json
import os
import pathlib
import re
import socket
import subprocess
import threading

# xsave: silent corruption in the admin domain without "-"; smap: it dies at its first user IRET; rdtscp: PVH guests hang.
CPU = "max,-smap,-rdtscp,-xsave"
XEN_OPTIONS = ("console=com1 com1=115200,8n1 dom0_mem=1536M,max:1536M dom0_max_vcpus=1 dom0_vcpus_pin "
               "loglvl=warning guest_loglvl=warning no-real-mode spec-ctrl=no xpti=no")
ADMIN_OPTIONS = "console=hvc0 quiet bulkhead.role=admin"
BOOT_TIMEOUT = 240
# What must not stand in any log. PVH guests are created once more for the emulator's own triple faults (see Machine.create).
TRAPS = re.compile(r"segfault at|general protection|trap (invalid|divide|int3|stack)|BUG:|Oops|Kernel panic|"
                   r"double fault|FATAL (TRAP|PAGE FAULT)|Xen BUG|Assertion .* failed|crashed\b|"
                   r"stack smashing|AddressSanitizer|runtime error:", re.I)
TRIPLE_FAULT = "Triple fault"


class Failure(Exception):
    """Something that the test looks for; its text goes into the check's line."""


class Machine:
    def __init__(self, root, boot, test_image, logs, devices=None):
        """devices: makes, in a folder for sockets, more of QEMU's options and the world that is behind them."""
        self.logs = pathlib.Path(logs)
        self.sockets = self.logs / "sockets"
        self.sockets.mkdir(parents=True, exist_ok=True)
        self.lock = threading.Lock()
        self.serial = self.logs / "hypervisor.log"
        self.next_id = 1
        self.pending = {}
        self.boot = boot
        listener = self._listen("control")
        monitor = self._listen("monitor")
        command = [
            "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", CPU, "-smp", "2", "-m", "3072", "-no-reboot",
            "-nodefaults", "-display", "none", "-vga", "std",
            "-kernel", str(boot / "xen"), "-append", XEN_OPTIONS,
            "-initrd", f"{boot}/vmlinuz {ADMIN_OPTIONS},{boot}/initrd.gz",
            "-serial", f"file:{self.serial}",
            "-chardev", f"socket,id=control,path={self.sockets}/control",
            "-device", "virtio-tablet-pci", "-device", "virtio-serial-pci", "-device", "virtserialport,chardev=control",
            "-chardev", f"socket,id=monitor,path={self.sockets}/monitor", "-mon", "chardev=monitor,mode=control",
        ]
        more, self.world = devices(self.sockets) if devices else ([], None)
        command += more
        for number, image in enumerate((root / "root.img", test_image, boot / "boot.img")):
            command += ["-drive", f"file={image},if=none,format=raw,readonly=on,id=d{number}",
                        "-device", f"virtio-blk-pci,drive=d{number}"]
        self.qemu_log = open(self.logs / "qemu.log", "w")
        self.qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.qemu_log, stderr=self.qemu_log)
        self.monitor = self._accept(monitor)
        self.qmp("qmp_capabilities")
        self.control = self._accept(listener)
        self.ready = threading.Event()
        threading.Thread(target=self._read_control, daemon=True).start()

    def _listen(self, name):
        path = self.sockets / name
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(os.path.relpath(path))
        listener.listen(1)
        listener.settimeout(20)
        return listener

    def _accept(self, listener):
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            raise Failure("QEMU did not start: " + (self.logs / "qemu.log").read_text()) from None
        listener.close()
        return connection.makefile("rwb", buffering=0)

    def _read_control(self):
        for line in self.control:
            try:
                message = json.loads(line)
            except ValueError:
                continue
            if message["id"] == 0:
                self.ready.set()
                continue
            with self.lock:
                slot = self.pending.pop(message["id"], None)
            if slot:
                slot[1] = message
                slot[0].set()

    def wait_ready(self):
        if not self.ready.wait(BOOT_TIMEOUT):
            raise Failure(f"the admin domain did not answer in {BOOT_TIMEOUT} s:\n" + self.tail())

    def tail(self, lines=25):
        return "\n".join(self.serial.read_text(errors="replace").splitlines()[-lines:])

    def start(self, sh, timeout=30, guest=None):
        """Starts a command; the handle goes to finish()."""
        slot = [threading.Event(), None, timeout, sh]
        with self.lock:
            number, self.next_id = self.next_id, self.next_id + 1
            self.pending[number] = slot
        request = {"id": number, "sh": sh, "timeout": timeout}
        if guest:
            request["guest"] = guest
        self.control.write(json.dumps(request).encode() + b"\n")
        return slot

    def finish(self, slot, check=True):
        """(exit status, output) of a started command."""
        event, _, timeout, sh = slot
        if not event.wait(timeout + 30):
            raise Failure(f"no answer in {timeout + 30} s to: {sh}\n" + self.tail())
        message = slot[1]
        if check and message["rc"]:
            raise Failure(f"{sh}\nended with {message['rc']}:\n{message['out']}")
        return message["rc"], message["out"]

    def sh(self, sh, timeout=30, guest=None):
        """The output of a command that must succeed, in the admin domain or in a guest."""
        return self.finish(self.start(sh, timeout, guest))[1]

    def qmp(self, execute, **arguments):
        if execute == "qmp_capabilities":
            self.monitor.readline()
        self.monitor.write(json.dumps({"execute": execute, "arguments": arguments}).encode() + b"\n")
        while True:
            answer = json.loads(self.monitor.readline())
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise Failure(f"QEMU's monitor refused {execute}: {answer['error']['desc']}")

    def create(self, name, kind, memory=256, extra=""):
        """A guest in userspace. The emulator sometimes triple-faults a PVH kernel: then, and only then, once more."""
        kernel = "vmlinux" if kind == "pvh" else "vmlinuz"
        config = (f'name = "{name}"\ntype = "{kind}"\nmemory = {memory}\nvcpus = 1\n'
                  f'kernel = "/boot-images/{kernel}"\nramdisk = "/boot-images/initrd.gz"\n'
                  'extra = "console=hvc0 quiet bulkhead.role=guest"\ntsc_mode = "native"\n'
                  'disk = ["/dev/vda,raw,xvda,ro", "/dev/vdb,raw,xvdb,ro"]\n'
                  f'on_crash = "preserve"\n{extra}\n')
        for attempt in (1, 2):
            mark = self.serial.stat().st_size
            self.sh(f"cat > /run/{name}.cfg <<'END'\n{config}END\nxl create /run/{name}.cfg", timeout=120)
            rc, out = self.finish(self.start("ready", 180, name), check=False)
            if rc == 0:
                return
            fresh = self.serial.read_bytes()[mark:].decode(errors="replace")
            if attempt == 1 and kind == "pvh" and TRIPLE_FAULT in fresh:
                print(f"note: the emulator triple-faulted the kernel of {name} (pvh) in early boot; created once more")
                self.sh(f"xl destroy {name}; mv /var/log/xen/console/guest-{name}.log "
                        f"/var/log/xen/console/guest-{name}-first.log")
                continue
            raise Failure(f"guest {name} ({kind}) did not come up: {out}\n" + self.console(name)[-2000:])

    def start_bulkhead(self, command, timeout=60):
        """bulkhead in the admin domain, as the session's ordinary user."""
        return self.start("XDG_RUNTIME_DIR=/run/user/1000 runuser -u user -w XDG_RUNTIME_DIR -- bulkhead " + command, timeout)

    def bulkhead(self, command, timeout=60):
        return self.finish(self.start_bulkhead(command, timeout))[1]

    def console(self, name):
        return self.sh(f"cat /var/log/xen/console/guest-{name}.log 2>&1 || true")

    def screen(self, name):
        """A picture of the admin domain's screen: (width, height, bytes of RGB)."""
        path = self.logs / f"{name}.ppm"
        self.qmp("screendump", filename=str(path.resolve()))
        data = path.read_bytes()
        header = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", data)
        return int(header[1]), int(header[2]), data[header.end():]

    def click(self, x, y):
        """Moves the real mouse there and presses its left button."""
        width, height, _ = self.screen("click")
        axes = [{"type": "abs", "data": {"axis": axis, "value": at * 0x8000 // size + 1}}
                for axis, at, size in (("x", x, width), ("y", y, height))]
        self.qmp("input-send-event", events=axes)
        for down in (True, False):
            self.qmp("input-send-event", events=[{"type": "btn", "data": {"button": "left", "down": down}}])

    def keys(self, *names):
        """Presses and releases keys of the real keyboard together ("shift", "a")."""
        self.qmp("send-key", keys=[{"type": "qcode", "data": name} for name in names])

    def type(self, text):
        """Types lower-case letters, digits, spaces and line ends."""
        for c in text:
            self.keys({" ": "spc", "\n": "ret"}.get(c, c))

    def collect(self):
        """Brings the guests' consoles and the admin domain's logs out."""
        try:
            for name in self.sh("ls /var/log/xen/console /var/log/xen/*.log /tmp/*.log 2>/dev/null; true").split():
                if not name.endswith(".log"):
                    continue
                path = name if "/" in name else f"/var/log/xen/console/{name}"
                (self.logs / pathlib.Path(name).name).write_text(self.sh(f"tail -c 400000 '{path}'"))
            for name in self.sh("xl list | awk 'NR > 2 && $5 !~ /p/ { print $1 }'").split():
                _, text = self.finish(self.start("tail -n 100 /tmp/*.log; ps ax", 20, name), check=False)
                (self.logs / f"inside-{name}.log").write_text(text)
            (self.logs / "admin-processes.log").write_text(self.sh("ps ax; DISPLAY=:0 timeout 5 xwininfo -root -tree; true"))
            (self.logs / "admin-kernel.log").write_text(self.sh("dmesg"))
        except Failure as failure:
            (self.logs / "collect-failed").write_text(str(failure))

    def traps(self):
        """Lines of any log that tell of a trap or a crash."""
        found = []
        for log in sorted(self.logs.glob("*.log")):
            for line in log.read_text(errors="replace").splitlines():
                if TRAPS.search(line) and not line.startswith("@@"):
                    found.append(f"{log.name}: {line.strip()}")
        return found

    def close(self):
        if self.qemu.poll() is None:
            self.collect()
            self.qemu.terminate()
            try:
                self.qemu.wait(20)
            except subprocess.TimeoutExpired:
                self.qemu.kill()
        self.qemu_log.close()
