"""Open vSwitch on one host, by OVSDB: a look at its bridges and ports, and a transaction for each change.

A row of ours carries its mark among its external ids from its birth, since both are one transaction. A change is
done when OVS has carried it out, not when it is written down. Where nobody listens, no library is imported.
"""

from __future__ import annotations

import logging
import stat
import time
from pathlib import Path
from typing import Any

from immutables import Map

from domain.errors import HostUnreachable
from projections.marks import MARK
from projections.operations import describe
from projections.ovs import Ovs, OvsBridge, OvsKind, OvsPort
from projections.ovs_operations import (
    AddGrePort,
    CreateOvsBridge,
    DeleteOvsBridge,
    OvsOperation,
    PlugPort,
    RemoveOvsPort,
)


SOCKET = "/run/openvswitch/db.sock"
"""Where Open vSwitch listens unless it is told otherwise."""
PATIENCE_S = 5.0
TABLES = ("Open_vSwitch", "Bridge", "Port", "Interface")
IDLE = "ovs-vswitchd doesn't carry it out; is it running?"
GLANCE_S = 0.02
"""Between two looks at whether the daemon has caught up."""


class VSwitch:
    """Open vSwitch, by the socket of its database. Connects when it is first asked.

    *datapath* is the kind of datapath that bridges get: nothing for the kernel's, `netdev` for the one in user space.
    """

    def __init__(self, socket: str, *, datapath: str = "") -> None:
        self.socket = socket
        self._datapath = datapath
        self._api: Any = None

    def close(self) -> None:
        if self._api is not None:
            self._api.ovsdb_connection.stop(PATIENCE_S)
            self._api = None

    def look(self) -> Ovs:
        """Give what OVS has, or why it can't be asked.

        It is asked anew each time: the library follows the database only by and by. What is written down and not
        carried out is not there, so a daemon that stays behind is as good as down.
        """
        self.close()
        try:
            api = self._connected()
        except HostUnreachable as error:
            return Ovs(down=error.sentence)
        if not catches_up(api):
            return Ovs(down=f"something was changed in Open vSwitch, and {IDLE}")
        with api.ovsdb_connection.lock:  # the library reads on in a thread of its own
            bridges = list(api.tables["Bridge"].rows.values())
            ports = [port_of(port, row.name) for row in bridges for port in row.ports if port.name != row.name]
            return Ovs(
                bridges=Map({row.name: bridge_of(row) for row in bridges}),
                ports=Map({port.name: port for port in ports}),
            )

    def perform(self, operation: OvsOperation) -> None:
        """Change rows as an operation says, and wait until OVS has done so."""
        api = self._connected()
        try:
            with api.transaction(check_error=True, log_errors=False) as transaction:
                for command in commands(api, operation, self._datapath):
                    transaction.add(command)
        except Exception as error:  # the library raises whatever went wrong, in whatever class
            raise HostUnreachable(f"{describe(operation)}: {why(api, error)}") from error
        if isinstance(operation, AddGrePort | PlugPort) and (fault := fault_of(api, operation.name)):
            raise HostUnreachable(f"{describe(operation)}: Open vSwitch can't make it: {fault}")

    def _connected(self) -> Any:
        if self._api is None:
            self._api = connect(self.socket)
        return self._api


def connect(socket: str) -> Any:
    if not socket:
        raise HostUnreachable("it is not known where Open vSwitch listens on this host: name its socket")
    if not listens(socket):
        raise HostUnreachable(f"Open vSwitch can't be reached at {socket}: start openvswitch-switch")
    from ovsdbapp.backend.ovs_idl.connection import Connection, OvsdbIdl

    for name in ("ovsdbapp", "ovs"):  # what went wrong is told by what is raised
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        idl = OvsdbIdl.from_server(f"unix:{socket}", "Open_vSwitch", helper_tables=TABLES)
        return database()(Connection(idl, PATIENCE_S))
    except Exception as error:  # as above
        raise HostUnreachable(f"Open vSwitch can't be reached at {socket}: {words(error)}") from error


def database() -> Any:
    """Give a database whose changes fail when OVS doesn't carry them out: the library only logs that.

    Each has a connection of its own: else all share one, of the class.
    """
    from ovsdbapp.backend.ovs_idl.transaction import Transaction
    from ovsdbapp.schema.open_vswitch import impl_idl

    class CarriedOut(impl_idl.OvsVsctlTransaction):  # type: ignore[misc] # the library has no types
        def post_commit(self, txn: Any) -> None:
            Transaction.post_commit(self, txn)
            self.do_post_commit(txn)

    class Database(impl_idl.OvsdbIdl):  # type: ignore[misc] # as above
        _ovsdb_connection = None

        def create_transaction(self, check_error: bool = False, log_errors: bool = True, **_: Any) -> Any:  # noqa: FBT001, FBT002 - the library's own words
            return CarriedOut(self, self.ovsdb_connection, check_error=check_error, log_errors=log_errors)

    return Database


def catches_up(api: Any) -> bool:
    """Wait until OVS has carried out all that is written down; tell whether it has."""
    deadline = time.monotonic() + PATIENCE_S
    while is_behind(api) and time.monotonic() < deadline:
        time.sleep(GLANCE_S)
    return not is_behind(api)


def is_behind(api: Any) -> bool:
    with api.ovsdb_connection.lock:
        row = next(iter(api.tables["Open_vSwitch"].rows.values()))
        return bool(row.cur_cfg < row.next_cfg)


def why(api: Any, error: Exception) -> str:
    """Say why a change failed. One that is written down and not carried out waits for the daemon."""
    return IDLE if is_behind(api) else f"Open vSwitch refuses: {words(error)}"


def fault_of(api: Any, name: str) -> str:
    """Give why OVS could not make an interface that is written down, in its own words."""
    with api.ovsdb_connection.lock:
        return "; ".join(next((row.error for row in api.tables["Interface"].rows.values() if row.name == name), ()))


def words(error: Exception) -> str:
    """Say what the library raised; not all of its exceptions can say it themselves."""
    return str(error.args[0]) if error.args else type(error).__name__


def listens(socket: str) -> bool:
    """Tell whether there is a socket. One that a dead server left behind is found out by connecting."""
    try:
        return stat.S_ISSOCK(Path(socket).stat().st_mode)
    except OSError:
        return False


# rows


def bridge_of(row: Any) -> OvsBridge:
    mark = row.external_ids.get(MARK, "")
    return OvsBridge(row.name, ours=bool(mark), mark=mark)


def port_of(row: Any, bridge: str) -> OvsPort:
    """Read a port; a bond has several interfaces, and is none of ours."""
    mark = row.external_ids.get(MARK, "")
    (interface, *others) = row.interfaces or [None]
    options = interface.options if interface else {}
    return OvsPort(
        name=row.name,
        bridge=bridge,
        kind=kind_of(interface.type) if interface and not others else "other",
        ours=bool(mark),
        mark=mark,
        local=options.get("local_ip", ""),
        remote=options.get("remote_ip", ""),
        key=int(key) if (key := options.get("key", "")).isdecimal() else 0,
        protected=bool(row.protected),
        fault="; ".join(interface.error) if interface else "",
    )


def kind_of(text: str) -> OvsKind:
    return "gre" if text == "gre" else "other" if text not in ("", "system") else "system"


# changes


def guard(api: Any, bridge: str, *names: str) -> Any:
    """Give a command that fails where some ports of a bridge, or any of them, are not ours, up to the last moment."""
    from ovsdbapp.backend.ovs_idl.command import BaseCommand

    class Guard(BaseCommand):  # type: ignore[misc] # the library has no types
        def run_idl(self, _: Any) -> None:
            row = self.api.lookup("Bridge", bridge)
            row.verify("ports")
            for port in row.ports:
                named = port.name in names if names else port.name != bridge
                if named and MARK not in port.external_ids:
                    raise RuntimeError(f"{port.name} is plugged into {bridge}, which Rewire did not do")

    return Guard(api)


def commands(api: Any, operation: OvsOperation, datapath: str) -> list[Any]:
    match operation:
        case CreateOvsBridge(name=name, mark=mark):
            columns = ("external_ids", {MARK: mark}), ("fail_mode", "standalone")
            return [api.add_br(name, datapath_type=datapath or None), api.db_set("Bridge", name, *columns)]
        case DeleteOvsBridge(name=name):
            return [guard(api, name), api.del_br(name)]
        case AddGrePort(name=name, bridge=bridge, mark=mark) as tunnel:
            ends = {"local_ip": tunnel.local, "remote_ip": tunnel.remote, "key": str(tunnel.key)}
            interface = api.db_set("Interface", name, ("type", "gre"), ("options", ends))
            port = api.db_set("Port", name, ("external_ids", {MARK: mark}), ("protected", True))
            return [api.add_port(bridge, name), interface, port]
        case PlugPort(name=name, bridge=bridge, mark=mark, protected=protected):
            told = ("external_ids", {MARK: mark}), ("protected", protected)
            return [api.add_port(bridge, name), api.db_set("Port", name, *told)]
        case RemoveOvsPort(name=name, bridge=bridge):
            return [guard(api, bridge, name), api.del_port(name, bridge=bridge)]
        case _:
            raise TypeError(operation)
