"""A libvirt daemon that is a host of a test: in the host's network, with folders and processes of its own.

It lives in namespaces that end with it, guests included, and sees none of the machine's own configuration.
Refuses to need systemd, cgroups, or a user of its own.
"""

from __future__ import annotations

import select
import shlex
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from backends.kvm.namespace import inside
from tests.kernel.guest import COMMAND_LINE, MEMORY_MIB, Console, write_boot


PATIENCE_S = 60.0
FOLDERS = {
    "etc": "/etc/libvirt",
    "run": "/run/libvirt",
    "lib": "/var/lib/libvirt",
    "log": "/var/log/libvirt",
    "cache": "/var/cache/libvirt",
}
"""Ours, and what the daemon takes them for."""
DAEMON = """unix_sock_group = "root"
auth_unix_rw = "none"
"""
QEMU = """stdio_handler = "file"
user = "root"
group = "root"
security_driver = "none"
cgroup_controllers = []
namespaces = []
"""
DOMAIN = """<domain type='qemu'>
  <name>{name}</name>
  <uuid>{uuid}</uuid>
  <memory unit='MiB'>{memory}</memory>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <kernel>{kernel}</kernel><initrd>{initrd}</initrd><cmdline>{command_line}</cmdline>
  </os>
  <on_poweroff>destroy</on_poweroff>
  <devices>
    {interface}
    <serial type='file'><source path='{console}'/><target port='0'/></serial>
    <console type='file'><source path='{console}'/><target type='serial' port='0'/></console>
    <memballoon model='none'/>
  </devices>
</domain>
"""
INTERFACE = """<interface type='ethernet'>
      <mac address='{mac}'/><target dev='{device}' managed='no'/><model type='virtio'/><rom enabled='no'/>
    </interface>"""


class Libvirtd:
    """A daemon in a network namespace; what it keeps of the machine's QEMU may be kept for the next."""

    def __init__(self, netns: str, folder: Path, cache: Path) -> None:
        self._netns = netns
        self._folder = folder
        self._places = {name: cache if name == "cache" else folder / name for name in FOLDERS}
        self.hooks = folder / "etc" / "hooks"

    def __enter__(self) -> Self:
        for place in self._places.values():
            place.mkdir(exist_ok=True)
        (self._folder / "etc" / "libvirtd.conf").write_text(DAEMON)
        (self._folder / "etc" / "qemu.conf").write_text(QEMU)
        binds = [
            f"mkdir -p {FOLDERS[name]} && mount --bind {place} {FOLDERS[name]}" for name, place in self._places.items()
        ]
        daemon = shlex.join(["tini", "--", "libvirtd", "--pid-file", str(self._folder / "pid")])
        script = " && ".join([*binds, f"exec {daemon}"])
        own = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
        with inside(self._netns), (self._folder / "daemon").open("wb") as log:
            self._running = subprocess.Popen(
                [*own, "sh", "-c", script], stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        self._wait_for_socket()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.kill()
        self._running.wait()

    def virsh(self, *words: str) -> subprocess.CompletedProcess[str]:
        uri = f"qemu+unix:///system?socket={self._folder}/run/libvirt-sock"
        return subprocess.run(
            ["virsh", "-q", "-c", uri, *words], capture_output=True, text=True, check=False, timeout=PATIENCE_S
        )

    def domains(self) -> list[str]:
        """Give the names of the domains that run."""
        return self.virsh("list", "--name").stdout.split()

    def console(self, name: str) -> Console:
        return Console(self._folder / f"{name}.console")

    def create(self, name: str, script: str, mac: str = "", device: str = "", uuid: str = "") -> str:
        """Start a guest, and give what libvirt objects to; nothing when it runs."""
        boot = write_boot(script, self._folder / f"{name}.initrd")
        self.console(name).path.unlink(missing_ok=True)
        definition = self._folder / f"{name}.xml"
        definition.write_text(
            DOMAIN.format(
                name=name,
                uuid=uuid,
                memory=MEMORY_MIB,
                kernel=boot.image,
                initrd=self._folder / f"{name}.initrd",
                command_line=COMMAND_LINE,
                interface=INTERFACE.format(mac=mac, device=device) if mac else "",
                console=self.console(name).path,
            )
        )
        answer = self.virsh("create", str(definition))
        return answer.stderr.strip() if answer.returncode else ""

    def _wait_for_socket(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while self.virsh("list").returncode:
            log = (self._folder / "daemon").read_text(errors="replace")
            assert self._running.poll() is None, f"the daemon ended: {log}"
            assert time.monotonic() < deadline, f"the daemon doesn't answer: {log}"
            select.select([], [], [], 0.05)
