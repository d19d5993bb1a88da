"""An Open vSwitch for each host of a lab: the real daemons, in the host's namespace, with a folder of their own.

Its datapath is in user space, so that any kernel will do. There, tunnels leave through a bridge that has the host's
interface and its address: somebody else's bridge, as on real hosts, which Rewire must not touch.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from backends.kvm.lab import UNDERLAY_LENGTH
from backends.kvm.namespace import inside


SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
MEMORY = "/dev/shm"  # noqa: S108 - a database that truncates an unlinked file needs a tmpfs
PATIENCE_S = 20.0
DATAPATH = "netdev"


class Daemons:
    """OVS of one host."""

    def __init__(self, netns: str, folder: Path) -> None:
        self.netns = netns
        self.folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def socket(self) -> str:
        return str(self.folder / "db.sock")

    def start(self) -> None:
        """Run the daemons that don't run."""
        if not (self.folder / "conf.db").exists():
            subprocess.run(["ovsdb-tool", "create", str(self.folder / "conf.db"), SCHEMA], check=True)
        if "ovsdb-server" not in self._running:
            self._run("ovsdb-server", str(self.folder / "conf.db"), f"--remote=p{self._remote}")
            self.vsctl("--no-wait", "init")
        if "ovs-vswitchd" not in self._running:
            self._run("ovs-vswitchd", self._remote)

    def stop(self, *names: str) -> None:
        for name in names or ("ovs-vswitchd", "ovsdb-server"):
            if daemon := self._running.pop(name, None):
                daemon.terminate()
                daemon.wait(PATIENCE_S)

    def vsctl(self, *arguments: str) -> str:
        command = ["ovs-vsctl", f"--db={self._remote}", "--timeout=20", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def shown(self, *bridges: str) -> list[str]:
        """Give all that the database says of some bridges, their ports and interfaces, but for counters."""
        names = [name for bridge in bridges for name in self.vsctl("list-ports", bridge).split()]
        tables = [("bridge", bridge) for bridge in bridges]
        tables += [(table, name) for table in ("port", "interface") for name in names]
        columns = {
            "bridge": "_uuid,name,ports,external_ids,other_config,datapath_type,fail_mode",
            "port": "_uuid,name,interfaces,tag,external_ids,other_config,protected",
            "interface": "_uuid,name,type,options,external_ids,ofport,mtu_request",
        }
        return [self.vsctl(f"--columns={columns[table]}", "list", table, name) for table, name in tables]

    @property
    def _remote(self) -> str:
        return f"unix:{self.socket}"

    def _run(self, name: str, *arguments: str) -> None:
        control = self.folder / f"{name}.ctl"
        control.unlink(missing_ok=True)
        log = (self.folder / f"{name}.out").open("wb")
        command = [name, *arguments, f"--unixctl={control}", "--no-chdir", f"--pidfile={self.folder / name}.pid"]
        surroundings = {"OVS_RUNDIR": str(self.folder), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        with inside(self.netns), log:
            self._running[name] = subprocess.Popen(command, env=surroundings, stdout=log, stderr=log)
        deadline = time.monotonic() + PATIENCE_S
        while not (control.exists() and (name == "ovs-vswitchd" or Path(self.socket).exists())):
            if time.monotonic() > deadline or self._running[name].poll() is not None:
                raise RuntimeError((self.folder / f"{name}.out").read_text())
            time.sleep(0.01)


@contextmanager
def running(netns: str) -> Iterator[Daemons]:
    """Run OVS in a namespace, and end it."""
    with tempfile.TemporaryDirectory(dir=MEMORY, prefix="ovs-") as folder:
        daemons = Daemons(netns, Path(folder))
        try:
            daemons.start()
            yield daemons
        finally:
            daemons.stop()


@contextmanager
def underlaid(hosts: dict[str, tuple[str, str]]) -> Iterator[dict[str, Daemons]]:
    """Run OVS on hosts by name, given each one's namespace and address, which its bridge `phy` has with eth0."""
    with ExitStack() as stack:
        found = {name: stack.enter_context(running(netns)) for name, (netns, _) in hosts.items()}
        for name, (netns, address) in hosts.items():
            add_phy(found[name], netns, address)
        yield found


def add_phy(daemons: Daemons, netns: str, address: str) -> None:
    daemons.vsctl("add-br", "phy", "--", "set", "bridge", "phy", f"datapath_type={DATAPATH}", "external_ids:owner=me")
    daemons.vsctl("add-port", "phy", "eth0", "--", "set", "port", "eth0", "external_ids:owner=me")
    with inside(netns):
        place = f"{address}/{UNDERLAY_LENGTH}"
        subprocess.run(["ip", "addr", "del", place, "dev", "eth0"], check=False, capture_output=True)
        subprocess.run(["ip", "addr", "add", place, "dev", "phy"], check=True)
        subprocess.run(["ip", "link", "set", "phy", "up"], check=True)
