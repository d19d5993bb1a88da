"""A small virtual machine with Debian's kernel, for what this machine's own kernel lacks.

The guest sees this machine's file system, so it runs the same checkout with the same Python; it may read
everything and write one folder. Refuses to need hardware virtualisation, to keep a guest alive between two
commands, and to outlive its time limit.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


# Which kinds of device the outer kernel lacks. Set inside the machine, and only there.
NEEDING = "REWIRE_KERNEL_TESTS_NEEDING"
# Has what takes minutes in the machine run there as well.
THOROUGH = "REWIRE_THOROUGH"

CHECKOUT = Path(__file__).parents[2]
VIRTME = Path(sys.executable).with_name("virtme-run")  # stands beside the Python that runs us
TOOLS = ("ip", "qemu-system-x86_64", "busybox", "modprobe", "script", "timeout")
BOOT = 180.0  # seconds to boot and to halt, without hardware virtualisation on a busy machine


@dataclass(frozen=True)
class Outcome:
    """What came back: the command's exit status, or None if the machine never got to its end."""

    status: int | None
    output: str
    console: str

    def __str__(self) -> str:
        return f"status {self.status}\n--- output\n{self.output}\n--- console\n{self.console}"


def obstacle() -> str | None:
    """Why no machine can be started here, or None if one can."""
    if NEEDING in os.environ:
        return "already inside the virtual machine"
    if missing := [tool for tool in TOOLS if not shutil.which(tool)]:
        return f"not installed: {', '.join(missing)}"
    if not VIRTME.exists():
        return "virtme-ng is not in this environment"
    return None if kernels() else "no Debian kernel with modules that this user may read"


def kernels() -> list[Path]:
    """The bootable kernels, the best one last. A cloud kernel is the last resort: it lacks drivers."""
    images = Path("/boot").glob("vmlinuz-*")
    return sorted(filter(_bootable, images), key=lambda image: ("cloud" not in image.name, _version(image)))


def run(command: Sequence[str], folder: Path, *, environment: Mapping[str, str], limit: float = 600) -> Outcome:
    """Boot, run one command in the checkout, halt. The command may leave files in `folder` only."""
    (folder / "guest.sh").write_text("\n".join(_script(command, folder, environment, limit)))
    with (folder / "console").open("wb") as console:
        terminal = subprocess.Popen(
            ["script", "-qec", shlex.join(_boot(folder)), "/dev/null"],  # virtme-run wants a terminal
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
        )
        try:
            with suppress(subprocess.TimeoutExpired):  # then there is no status, which says it
                terminal.wait(limit + BOOT)
        finally:
            _end(terminal, folder / "pid")
    status = _read(folder / "status").strip()
    return Outcome(int(status) if status else None, _read(folder / "output"), _tail(_read(folder / "console")))


def _boot(folder: Path) -> list[str]:
    return [
        *(str(VIRTME), "--kimg", str(kernels()[-1]), "--mods=auto", "--disable-kvm", "--force-9p"),
        *("--memory", "2G", "--cpus", "2", "--busybox", str(shutil.which("busybox")), "--show-boot-console"),
        *(f"--rwdir={folder}", "--script-sh", shlex.join(["sh", str(folder / "guest.sh")])),
        *("--qemu-opts", "-pidfile", str(folder / "pid")),
    ]


def _script(command: Sequence[str], folder: Path, environment: Mapping[str, str], limit: float) -> Iterable[str]:
    """What the guest runs. Its exit status isn't passed on by the machine, so it is written down."""
    yield f"cd {shlex.quote(str(CHECKOUT))} && mkdir /run/scratch"
    yield "modprobe tun"  # nothing else would load it: the file one opens to make a tap comes with it
    for name, value in {**environment, "TMPDIR": "/run/scratch", "PYTHONDONTWRITEBYTECODE": "1"}.items():
        yield f"export {name}={shlex.quote(value)}"
    output, status = shlex.quote(str(folder / "output")), shlex.quote(str(folder / "status"))
    yield f"timeout -k 5 {limit} {shlex.join(command)} >{output} 2>&1 </dev/null"
    yield f"echo $? >{status}\n"


def _end(terminal: subprocess.Popen[bytes], pidfile: Path) -> None:
    """Leave no process behind. A machine that halted by itself has removed its file."""
    with suppress(FileNotFoundError, ProcessLookupError, ValueError):
        os.kill(int(pidfile.read_text()), signal.SIGKILL)
    terminal.kill()
    terminal.wait()


def _bootable(image: Path) -> bool:
    modules = Path("/lib/modules", image.name.removeprefix("vmlinuz-"))
    return os.access(image, os.R_OK) and modules.is_dir()


def _version(image: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", image.name)]


def _read(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""


def _tail(text: str) -> str:
    return "\n".join(text.splitlines()[-40:])
