"""What somebody else's package holds: L2 types of its own and a hypervisor. It needs nothing of ours but the shape."""

from __future__ import annotations

from domain import values
from domain.l2_types import Shape


MODES = range(1, 1001)


def shape(physical_interface: str, number: int) -> Shape:
    """Shape a network of guests that share an interface, apart from those with another number."""
    if number not in MODES:
        raise values.invalid(f"{number} is no macvlan group: give {MODES[0]} to {MODES[-1]}")
    interface = values.interface(physical_interface)
    return Shape(
        interface,
        number,
        bridge=f"macvlan{number}",
        device=f"mv{number}",
        carrier="own",
        segment=f"macvlan:{interface}/{number}",
    )


def tagged(physical_interface: str, number: int) -> Shape:
    """Shape a network that is nothing but a VLAN under another name."""
    interface, tag = values.interface(physical_interface), values.vlan(number)
    return Shape(interface, tag, f"tg{tag}", f"tg{tag}.dev", carrier="vlan", segment=f"{interface}/{tag}")


def nonsense(_: str, number: int) -> Shape:
    """Shape what no network can be."""
    return Shape("eth0", number, "br", "", carrier="own", segment="nowhere")


class Realization:
    """Would make such networks on hosts, if there were any."""

    l2_type = "MacVlanNetwork"
    hypervisor_type = "Bare"
