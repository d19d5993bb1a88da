"""A guest that knows nothing of us: Debian's kernel and busybox in a machine of QEMU's, with a NIC on a tap of ours.

It runs a script of the test's, and what that prints on the console is all that comes out. Refuses to need
hardware virtualisation, a disk, or the tested machine's own network.
"""

from __future__ import annotations

import functools
import gzip
import io
import lzma
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from backends.kvm.namespace import inside


DRIVERS = ("virtio_pci", "virtio_net")
COMMAND_LINE = "console=ttyS0 quiet panic=-1"
MEMORY_MIB = 96
PATIENCE_S = 60.0  # a machine without hardware virtualisation starts in some seconds, if others leave it the time
INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /etc
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox --install -s /bin
export PATH=/bin
for module in MODULES; do insmod /modules/$module; done
ip link set lo up
ip link set eth0 up

# Say NAME yes when a command begins to succeed, and NAME no when it ceases to.
watch() {
  name=$1 said=
  shift
  while true; do
    if "$@" >/dev/null 2>&1; then now=yes; else now=no; fi
    [ "$now" = "$said" ] || echo "$name $now"
    said=$now
    usleep 200000
  done
}

pings() { ping -c 1 -W 1 "$1"; }

# Ask for an address: it is taken with /lease, and only asked for with /bin/true.
leases() { udhcpc -q -n -t 3 -T 1 -i eth0 -s "$1"; }

. /script
echo ended
poweroff -f
"""
LEASE = """#!/bin/busybox sh
# What udhcpc does with a lease.
case $1 in bound|renew)
  ip addr replace $ip/$mask dev $interface
  for gateway in $router; do ip route replace default via $gateway; done
  for server in $dns; do echo nameserver $server; done >/etc/resolv.conf ;;
esac
"""


class Kernel(NamedTuple):
    """A kernel that a guest boots, and its modules."""

    image: Path
    modules: Path


class Guest:
    """A machine that runs while this is entered, and is killed at the end whatever it does.

    A NIC is plugged into a tap that is there, in the network namespace that stands for the guest's host.
    """

    def __init__(self, script: str, *, host: str, device: str, mac: str) -> None:
        self._script = script
        self._host = host
        self._nic = (
            *("-netdev", f"tap,id=nic,ifname={device},script=no,downscript=no"),
            *("-device", f"virtio-net-pci,netdev=nic,mac={mac},romfile="),
        )

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="rewire-guest-"))
        self.console = Console(self._folder / "console")
        boot = write_boot(self._script, self._folder / "initrd")
        with inside(self._host):
            self._running = subprocess.Popen(
                [*machine(self.console.path), *boot_options(boot, self._folder / "initrd"), *self._nic],
                stdin=subprocess.DEVNULL,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.kill()
        self._running.wait()
        shutil.rmtree(self._folder)

    def says(self, name: str, word: str) -> bool:
        """Wait until the last that the guest said of something is this."""
        return self.console.says(name, word)


class Console:
    """What a guest prints: lines of a name and what there is to say of it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def says(self, name: str, word: str) -> bool:
        """Wait until the last that was said of something is this. Fails with all that was said."""
        deadline = time.monotonic() + PATIENCE_S
        while (said := self.said()).get(name) != word:
            assert time.monotonic() < deadline, f"waited for {name!r} {word!r}, but the guest said: {self.text()}"
            time.sleep(0.02)  # a file tells nobody that it grew
        return said[name] == word

    def said(self) -> dict[str, str]:
        """Give the last that was said of each thing."""
        lines = self.text().splitlines()[: None if self.text().endswith("\n") else -1]
        return {name: word for name, _, word in (line.partition(" ") for line in lines)}

    def text(self) -> str:
        return self.path.read_text(errors="replace").replace("\r", "") if self.path.exists() else ""


def machine(console: Path) -> Sequence[str]:
    return (
        *("qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
        *("-machine", "q35,accel=tcg", "-cpu", "max", "-m", str(MEMORY_MIB), "-serial", f"file:{console}"),
    )


def boot_options(kernel: Kernel, initrd: Path) -> Sequence[str]:
    return ("-kernel", str(kernel.image), "-initrd", str(initrd), "-append", COMMAND_LINE)


def write_boot(script: str, initrd: Path) -> Kernel:
    """Write an initial file system that runs a script, and give the kernel that it is for."""
    initrd.write_bytes(system() + archive({"script": script.encode()}))
    found = kernel()
    assert found
    return found


@functools.cache
def system() -> bytes:
    """Pack what all guests have: a kernel unpacks several archives one after the other."""
    found = kernel()
    assert found
    modules = {path.name.partition(".")[0] + ".ko": plain(path) for path in needed(found.modules, DRIVERS)}
    init = INIT.replace("MODULES", " ".join(modules))
    files = {"init": init.encode(), "bin/busybox": Path(shutil.which("busybox") or "").read_bytes()}
    files |= {f"modules/{name}": content for name, content in modules.items()}
    return archive({**files, "lease": LEASE.encode()})


def archive(files: dict[str, bytes]) -> bytes:
    """Pack files, all of them executable, into a compressed archive as a kernel takes it."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(0o755)
        names = "".join(f"{path.relative_to(folder)}\n" for path in sorted(Path(folder).rglob("*")))
        packing = ("cpio", "--create", "--format=newc", "--quiet", "--owner=+0:+0")
        packed = subprocess.run(packing, input=names.encode(), cwd=folder, check=True, capture_output=True).stdout
    into = io.BytesIO()
    with gzip.GzipFile(fileobj=into, mode="wb", compresslevel=1) as compressed:
        compressed.write(packed)
    return into.getvalue()


def needed(folder: Path, names: Iterable[str]) -> list[Path]:
    """Give the files of modules and of all that they need, in the order in which they can be loaded."""
    lines = (folder / "modules.dep").read_text().splitlines()
    needs = {
        Path(path).name.partition(".")[0]: (path, *rest.split()) for path, _, rest in (x.partition(":") for x in lines)
    }
    paths = (path for name in names for path in reversed(needs[name]))  # what a line names last needs nothing before it
    return [folder / path for path in dict.fromkeys(paths)]


def plain(module: Path) -> bytes:
    """Read a module, which some of Debian's kernels keep compressed."""
    return lzma.decompress(module.read_bytes()) if module.suffix == ".xz" else module.read_bytes()


def kernel() -> Kernel | None:
    """Give a kernel to boot, or nothing where there is none: one for clouds, if possible, since it is small."""
    images = sorted(Path("/boot").glob("vmlinuz-*"), key=lambda image: ("cloud" not in image.name, image.name))
    found = (Kernel(image, Path("/lib/modules", image.name.removeprefix("vmlinuz-"))) for image in images)
    return next((each for each in found if each.modules.is_dir()), None)
