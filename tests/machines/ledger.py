"""What there is, as plain dicts by name: which objects were made, what each lives in, and what goes when one goes.

It hears of commands, and of facts only what nobody could know beforehand. A command that names what is not in it, or
makes what is, must have been refused. Which VMs go with a zone, and which VIPs with an IP range, it is told.
"""

from __future__ import annotations

from collections.abc import Iterator

from domain import commands as c
from domain import l2, vip, vm
from domain.commands import Command
from domain.network import Outcome


Thing = tuple[str, str]
"""Kind and name."""

FIELDS = {
    "zone": "zone",
    "cluster": "cluster",
    "host": "host",
    "l2": "l2",
    "pool": "l2",
    "l3": "l3",
    "public_l3": "l3",
    "vm": "vm",
    "provider": "provider",
    "vip": "vip",
    "eip": "eip",
    "rule": "port-forwarding",
    "group": "security-group",
    "remote_group": "security-group",
    "switch": "switch",
}
"""The kind of object that a field names."""

MADE: dict[type[Command], tuple[str, str]] = {
    c.CreateZone: ("zone", ""),
    c.CreateCluster: ("cluster", "zone"),
    c.AddHost: ("host", "cluster"),
    c.AddSwitch: ("switch", "zone"),
    c.CreateL2NoVlanNetwork: ("l2", "zone"),
    c.CreateL2VlanNetwork: ("l2", "zone"),
    c.CreateL2OvsGreNetwork: ("l2", "zone"),
    c.CreateL2Network: ("l2", "zone"),
    c.CreateL2VxlanNetworkPool: ("l2", "zone"),
    c.CreateL2VxlanNetwork: ("l2", "pool"),
    c.CreateL3Network: ("l3", "l2"),
    c.CreateVm: ("vm", ""),
    c.CreateNetworkServiceProvider: ("provider", ""),
    c.CreateVip: ("vip", "l3"),
    c.CreateEip: ("eip", "vip"),
    c.CreatePortForwardingRule: ("port-forwarding", "vip"),
    c.CreateSecurityGroup: ("security-group", ""),
}
"""What a command makes, and which of its fields names what that lives in."""

ENDED: dict[type[Command], str] = {
    c.DeleteZone: "zone",
    c.DeleteCluster: "cluster",
    c.DeleteHost: "host",
    c.DeleteSwitch: "switch",
    c.DeleteL2Network: "l2",
    c.DeleteL3Network: "l3",
    c.DestroyVm: "vm",
    c.DeleteVip: "vip",
    c.DeleteEip: "eip",
    c.DeletePortForwardingRule: "rule",
    c.DeleteSecurityGroup: "group",
}
"""Which field names what a command ends."""


REPORTS = (c.ReportL2Realized, c.ReportL2Failed, c.ReportL2Removed, c.ReportDrift, c.ReportDriftEnded)


class Ledger:
    """Everything that lives."""

    def __init__(self) -> None:
        self.homes: dict[Thing, Thing | None] = {}
        """What each thing lives in, and ends with."""
        self.uuids: dict[str, Thing] = {}
        self.numbers: dict[Thing, int] = {}
        """The VNI of each VXLAN network."""
        self.spans: dict[tuple[str, str], range] = {}
        """(pool, range) to its VNIs."""

    def copy(self) -> Ledger:
        """Give another one that says the same."""
        other = Ledger()
        for name, kept in vars(self).items():
            setattr(other, name, dict(kept))
        return other

    # what must be refused

    def forbids(self, command: Command) -> bool:
        unknown = (thing for thing in named(command) if thing not in self.homes)
        return any(not self.may_be_gone(command, name) for _, name in unknown) or self.is_taken(command)

    def may_be_gone(self, command: Command, name: str) -> bool:
        """Tell whether a command is a host's word on what once was: it names that by its uuid."""
        return isinstance(command, REPORTS) and name in self.uuids

    def is_taken(self, command: Command) -> bool:
        """Tell whether a command makes what is there, or permissively ends what something lives in."""
        kind, _ = MADE.get(type(command), ("", ""))
        if kind and (kind, str(getattr(command, "name", ""))) in self.homes:
            return True
        thing = ending(command)
        return thing is not None and getattr(command, "mode", "") == "permissive" and len(list(self.within(thing))) > 1

    def within(self, thing: Thing) -> Iterator[Thing]:
        """Walk a thing and all that lives in it."""
        yield thing
        for other in [other for other, home in self.homes.items() if home == thing]:
            yield from self.within(other)

    # what is done

    def note(self, command: Command, outcome: Outcome) -> None:
        """Write down what a command did."""
        if type(command) in MADE:
            self.note_made(command, outcome)
        if thing := ending(command):
            self.strike(thing)
        for recorded in outcome.recorded:
            if isinstance(recorded.fact, vm.Destroyed | vip.Deleted):
                self.strike(self.uuids[recorded.originator_id])
        self.note_change(command)

    def note_change(self, command: Command) -> None:
        match command:
            case c.MoveHost(host=name, cluster=cluster):
                self.homes["host", name] = "cluster", cluster
            case c.UpdateL2Network(l2=old, name=str(new)):
                self.rename(("l2", old), ("l2", new))
            case c.UpdateL3Network(l3=old, name=str(new)):
                self.rename(("l3", old), ("l3", new))
            case c.AddVniRange(pool=pool, name=name, start=start, end=end):
                self.spans[pool, name or f"{start}-{end}"] = range(start, end + 1)
            case c.DeleteVniRange(pool=pool, name=name):
                numbers = self.spans.pop((pool, name))
                for gone in [n for n, vni in self.numbers.items() if vni in numbers and self.homes[n] == ("l2", pool)]:
                    self.strike(gone)
            case _:
                pass

    def note_made(self, command: Command, outcome: Outcome) -> None:
        kind, field = MADE[type(command)]
        thing = kind, str(getattr(command, "name", ""))
        self.homes[thing] = (FIELDS[field], str(getattr(command, field))) if field else None
        self.uuids[outcome.subject] = thing
        for recorded in outcome.recorded:
            match recorded.fact:
                case l2.Created(virtual_network_id=vni, pool=pool) if pool:
                    self.numbers[thing] = vni
                case _:
                    pass

    def strike(self, thing: Thing) -> None:
        """Cross out a thing with all that lives in it, if it is still there."""
        for gone in list(self.within(thing)):
            self.homes.pop(gone, None)
            self.numbers.pop(gone, 0)
            for key in [key for key in self.spans if ("l2", key[0]) == gone]:
                del self.spans[key]

    def rename(self, old: Thing, new: Thing) -> None:
        """Call a thing by another name, wherever it is written."""

        def spelled(thing: Thing) -> Thing:
            return new if thing == old else thing

        self.homes = {spelled(thing): home and spelled(home) for thing, home in self.homes.items()}
        self.uuids = {uuid: spelled(thing) for uuid, thing in self.uuids.items()}
        self.numbers = {spelled(thing): vni for thing, vni in self.numbers.items()}
        self.spans = {
            (spelled(("l2", pool))[1] if old[0] == "l2" else pool, name): span
            for (pool, name), span in self.spans.items()
        }


def named(command: Command) -> Iterator[Thing]:
    """Walk the objects that a command names."""
    for field, kind in FIELDS.items():
        name = getattr(command, field, "")
        if name and not (isinstance(command, c.DeleteSecurityGroupRule) and field == "rule"):
            yield kind, name
    match command:
        case c.CreateVm(networks=networks):
            yield from (("l3", name) for name in networks)
        case c.AttachNetworkServiceToL3Network(services=services):
            yield from (("provider", name) for name in services)
        case c.DetachNetworkServiceFromL3Network(services=services):
            yield from (("provider", name) for name in services)
        case _:
            pass


def ending(command: Command) -> Thing | None:
    """Give the thing that a command ends, if it is one that does."""
    field = ENDED.get(type(command), "")
    return (FIELDS[field], str(getattr(command, field))) if field else None
