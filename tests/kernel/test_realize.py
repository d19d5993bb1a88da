"""A host comes to its plan from wherever it is, and what is not ours stays as it is."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path

import msgspec
import pytest

from backends.errors import HostBusy, Unfinished
from backends.kvm import lock, refusal, tap
from backends.kvm.host import Host
from backends.kvm.kernel import Kernel
from backends.kvm.making import Plug
from backends.kvm.namespace import inside
from backends.kvm.realization import NoVlan, Vxlan
from backends.kvm.requests import Request
from domain.errors import HostUnreachable
from projections.found import Found
from projections.operations import MoveAddress, Operation, apply_all, describe
from projections.plan import HostPlan
from tests.kernel import probe
from tests.kernel.fabric import (
    Cut,
    after,
    blurred,
    ip,
    one_host,
    plan_of,
    port_on,
    tagged,
    tunnelled,
    untagged,
)


pytestmark = pytest.mark.kernel("bridge", "tap", "veth")

ADDRESSES = ("-6 addr add fd00::1/64 dev eth0 nodad", "route add default via 10.0.0.254")
PLANS = [
    pytest.param(plan_of(untagged(), tunnelled()), id="untagged-and-tunnelled", marks=pytest.mark.kernel("vxlan")),
    pytest.param(plan_of(untagged(), tagged()), id="untagged-and-tagged", marks=pytest.mark.kernel("vlan")),
]
on_plans = pytest.mark.parametrize("plan", PLANS)


@on_plans
@pytest.mark.parametrize("plug", ["tap", "veth"])
def test_the_operations_do_to_the_kernel_what_they_say_and_are_needed_once(plan: HostPlan, plug: Plug) -> None:
    with one_host(*ADDRESSES) as path, Host(path, plug=plug) as host:
        before = host.look()
        done = host.realize(plan)

        said = apply_all(before, done.operations)
        assert blurred(host.look(), said) == said
        assert host.check(plan).settled
        assert host.realize(plan).settled


@on_plans
def test_deleting_leaves_a_host_as_it_was(plan: HostPlan) -> None:
    with one_host(*ADDRESSES) as path, Host(path) as host:
        before = host.look()
        host.realize(plan)
        done = host.delete("h")

        assert host.look() == before
        assert host.delete("h").settled
        assert done.operations


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(plan_of(untagged(), tunnelled()), id="untagged-and-tunnelled", marks=pytest.mark.kernel("vxlan")),
        pytest.param(tagged(), id="tagged", marks=pytest.mark.kernel("vlan")),
    ],
)
def test_a_run_that_was_cut_off_after_any_operation_is_made_good_by_the_next(plan: HostPlan) -> None:
    with one_host(*ADDRESSES) as path, Host(path, plug="veth") as host:
        before = host.look()
        steps = len(host.realize(plan).operations)
        whole = host.look()
        back = len(host.delete("h").operations)

        for number in range(1, 1 + steps):
            assert cut_off(lambda: host.realize(plan, on_operation=after(number)))  # noqa: B023 - called at once
            host.realize(plan)
            assert host.look() == whole

            assert cut_off(lambda: host.delete("h", on_operation=after(min(number, back))))  # noqa: B023
            host.delete("h")
            assert host.look() == before


@pytest.mark.kernel("vxlan")
def test_a_process_that_was_killed_at_any_moment_is_made_good_by_the_next() -> None:
    plan = plan_of(untagged(), tunnelled())
    with one_host(*ADDRESSES) as path, Host(path) as host:
        before = host.look()
        host.realize(plan)
        whole = host.look()
        for milliseconds in (1, 3, 7, 12, 20, 40, 70, 110):
            kill_amid(path, plan, milliseconds / 1000)
            host.realize(plan)
            assert host.look() == whole

        kill_amid(path, plan, 0.05)
        host.delete("h")
        assert host.look() == before


@pytest.mark.kernel("vxlan")
@pytest.mark.parametrize("plug", ["tap", "veth"])
def test_a_run_that_was_cut_off_between_two_calls_to_the_kernel_is_made_good_by_the_next(
    plug: Plug, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(untagged(), tunnelled())
    with one_host(*ADDRESSES) as path, Host(path, plug=plug) as host:
        before = host.look()
        host.realize(plan)
        whole = host.look()
        for calls in count():
            back = finishes(monkeypatch, calls, lambda: host.delete("h"))
            host.delete("h")
            assert host.look() == before
            forth = finishes(monkeypatch, calls, lambda: host.realize(plan))
            host.realize(plan)
            assert host.look() == whole
            if back and forth:
                break


def test_a_tap_whose_maker_died_before_it_was_marked_is_gone() -> None:
    with one_host() as path, Host(path) as host:
        with pytest.raises(Cut), tap.lasting("nic020000000001", path):
            raise Cut

        assert "nic020000000001" not in host.look().links


def test_a_bridge_forwards_at_once_and_runs_no_spanning_tree() -> None:
    with one_host() as path, Host(path) as host:
        host.realize(untagged())

        (shown,) = json.loads(ip(path, "-j -d link show dev br_eth0"))
        details = shown["linkinfo"]["info_data"]
        assert (details["stp_state"], details["forward_delay"]) == (0, 0)


def test_what_is_foreign_is_still_there_afterwards() -> None:
    foreign = (
        *("link add br0 type bridge", "link add v0 type veth peer name v1", "tuntap add nic0 mode tap"),
        *("link set v0 master br0", "link set br0 up", "addr add 10.5.0.1/24 dev br0", "link set nic0 alias mine"),
    )
    with one_host(*foreign) as path, Host(path) as host:
        before = [of_device(path, name) for name in ("br0", "v0", "v1", "nic0")]
        host.realize(untagged())
        assert [of_device(path, name) for name in ("br0", "v0", "v1", "nic0")] == before

        host.delete("h")
        assert [of_device(path, name) for name in ("br0", "v0", "v1", "nic0")] == before


@pytest.mark.kernel("vxlan")
def test_a_foreign_device_with_a_wanted_name_is_told_and_left_alone() -> None:
    plan = plan_of(untagged(), tunnelled())
    with one_host("link add br_vx_9 type bridge") as path, Host(path) as host:
        before = of_device(path, "br_vx_9")

        done = host.realize(plan)

        assert [obstacle.name for obstacle in done.obstacles] == ["br_vx_9"]
        assert of_device(path, "br_vx_9") == before
        assert ours(host.look()) == {"br_eth0", "nic020000000001"}


@pytest.mark.kernel("vxlan")
@pytest.mark.parametrize("own", ["port 4789", "vni 77", "via eth0", "port 4789 vni 77"])
@pytest.mark.parametrize("far", ["10.0.0.2", "10.0.0.9"])
def test_an_entry_of_somebodys_in_a_tunnels_table_goes_whatever_it_has_of_its_own(own: str, far: str) -> None:
    with one_host() as path, Host(path) as host:
        host.realize(tunnelled())
        before = host.look()
        with inside(path):
            entry = ["fdb", "append", "00:00:00:00:00:00", "dev", "vxlan9", "dst", far, *own.split()]
            subprocess.run(["bridge", *entry], check=True)
        assert not host.check(tunnelled()).settled

        host.realize(tunnelled())

        assert host.look() == before


def test_a_namespace_that_was_made_anew_under_its_name_is_the_host_from_then_on(tmp_path: Path) -> None:
    pin = tmp_path / "h"
    pin.touch()
    with pinned(pin), Host(str(pin)) as host:
        host.realize(untagged())
        with pinned(pin):
            assert not host.check(untagged()).settled

            host.realize(untagged())

            assert "br_eth0" in ip(str(pin), "-br link show")
            assert host.check(untagged()).settled


@contextmanager
def pinned(pin: Path) -> Iterator[None]:
    """Have a file stand for a namespace with one interface."""
    subprocess.run(["unshare", f"--net={pin}", "ip", "link", "add", "eth0", "type", "veth"], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(pin)], check=True)


@pytest.mark.kernel("macvlan")
def test_an_interface_that_somebody_else_listens_on_is_refused_with_what_it_may_be() -> None:
    with one_host("link add mv0 link eth0 type macvlan") as path, Host(path) as host:
        before = host.look()
        with pytest.raises(HostUnreachable, match=r"enslave eth0 to br_eth0: somebody else .* such as a macvlan"):
            host.realize(untagged())

        assert host.look() == before


def test_a_foreign_device_with_the_name_of_a_nic_keeps_out_that_nic_alone() -> None:
    plan = msgspec.structs.replace(untagged(), ports=(port_on("br_eth0", 1), port_on("br_eth0", 2)))
    with one_host("link add nic020000000001 type veth peer name v1") as path, Host(path) as host:
        before = of_device(path, "nic020000000001")

        done = host.realize(plan)

        assert [(o.name, o.l2) for o in done.obstacles] == [("nic020000000001", "l2-eth0")]
        assert of_device(path, "nic020000000001") == before
        assert ours(host.look()) == {"br_eth0", "nic020000000002"}

        ip(path, "link delete nic020000000001")
        assert not host.realize(plan).obstacles
        assert ours(host.look()) == {"br_eth0", "nic020000000001", "nic020000000002"}


def test_a_nic_that_the_kernel_refuses_keeps_no_other_one_out_nor_its_network() -> None:
    plan = msgspec.structs.replace(untagged(), ports=tuple(port_on("br_eth0", number) for number in (1, 2, 3)))
    left = ("link add p020000000001 type veth peer name v1", "link add p020000000002 type veth peer name v2")
    with one_host(*left) as path, Host(path, plug="veth") as host:
        told = list[Operation]()
        with pytest.raises(Unfinished) as failed:
            host.realize(plan, on_operation=told.append)

        assert [describe(each.operation) for each in failed.value.failures] == [
            "create-port nic020000000001",
            "create-port nic020000000002",
        ]
        assert ours(host.look()) == {"br_eth0", "nic020000000003"}
        assert [describe(o) for o in told if isinstance(o, MoveAddress)] == ["move-address 10.0.0.1/24 eth0 -> br_eth0"]

        ip(path, "link delete p020000000001")
        ip(path, "link delete p020000000002")
        host.realize(plan)
        assert host.check(plan).settled


@pytest.mark.kernel("vxlan")
def test_a_realization_works_on_its_own_network_alone() -> None:
    plan = plan_of(untagged(), tunnelled())
    with one_host() as path, Host(path) as host:
        NoVlan().realize(host, plan, "l2-eth0")
        assert NoVlan().check(host, plan, "l2-eth0").settled
        assert ours(host.look()) == {"br_eth0", "nic020000000001"}

        Vxlan().realize(host, plan, "l2-vni9")
        NoVlan().delete(host, plan, "l2-eth0")
        assert ours(host.look()) == {"br_vx_9", "vxlan9", "nic020000000003"}
        assert Vxlan().check(host, plan, "l2-vni9").settled


def test_a_tenants_bridge_takes_no_address_from_its_tenants() -> None:
    with one_host() as path, Host(path, plug="veth") as host:
        host.realize(plan_of(HostPlan("h", 1, bridges=tagged().bridges)))

        assert ip(path, "addr show dev br_eth0_10").count("inet6") == 0


def test_guests_ends_are_up_and_have_the_guests_mac_address() -> None:
    with one_host() as path, Host(path, plug="veth") as host:
        host.realize(untagged())

        shown = ip(path, "-br link show dev p020000000001")
        assert "02:00:00:00:00:01" in shown
        assert "UP" in shown


def test_two_processes_never_work_on_one_host_at_the_same_time() -> None:
    with one_host() as path, Host(path) as host, lock.held(path):
        with pytest.raises(HostUnreachable, match=f"process {os.getpid()} is changing this host"):
            host.realize(untagged())

        assert host.check(untagged()).operations  # looking is free


def test_nobody_without_rights_keeps_others_from_a_host() -> None:
    with one_host() as path, Host(path) as host, ExitStack() as stack:
        for name in (lock.NAME, lock.AGENT):
            stranger = stack.enter_context(lock.unix_socket(path))
            stranger.bind(name)
            stranger.listen()

        with lock.held(path, lock.AGENT):
            host.realize(untagged())

        assert host.check(untagged()).settled
        with lock.held(path), pytest.raises(HostBusy):
            host.realize(untagged(), patience_s=0.1)
        assert "Permission denied" in in_child(lambda: take_as_nobody(path))


def take_as_nobody(path: str) -> None:
    with lock.port_socket(path) as wanted, refusal.translated("taking the lock"):
        os.setuid(65534)
        wanted.bind((lock.HOME, lock.PORTS[lock.NAME]))


def test_a_host_may_be_a_namespace_by_its_name() -> None:
    name = f"rewire-test-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        with Host(name) as host:
            assert set(host.look().links) == {"lo"}
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)


def test_a_namespace_that_is_not_there_is_told_with_the_remedy() -> None:
    with pytest.raises(HostUnreachable, match="no network namespace rewire-none: create it with `ip netns add rew"):
        Host("rewire-none")


def test_who_may_not_change_a_host_is_told_so() -> None:
    with one_host() as path, inside(path), Host() as host:
        told = in_child(lambda: realize_as_nobody(host))

        forbidden = "not permitted; looking at a host's filters needs root"
        assert told == f"host-unreachable: reading the table bridge rewire: {forbidden}"


def test_a_kind_of_device_that_the_kernel_lacks_is_told_with_the_remedy() -> None:
    if not probe.lack("vlan"):
        pytest.skip("this kernel has VLAN devices")
    with one_host() as path, Host(path) as host:
        with pytest.raises(HostUnreachable, match=r"create-vlan eth0\.10: the kernel has no vlan .*`modprobe 8021q`"):
            host.realize(plan_of(tagged(), untagged()))

        assert ours(host.look()) == {"br_eth0", "nic020000000001"}  # the other network was made all the same


def of_device(path: str, name: str) -> dict[str, object]:
    """What somebody set on a device, without what the kernel makes of it as cables come and go."""
    shown = json.loads(ip(path, f"-j -d addr show dev {name}"))[0]
    given = ("ifindex", "ifname", "mtu", "address", "master", "group", "ifalias", "promiscuity", "inet6_addr_gen_mode")
    addresses = [a["local"] for a in shown["addr_info"] if a["scope"] == "global"]
    return {key: shown.get(key) for key in given} | {"addresses": addresses, "up": "UP" in shown["flags"]}


def ours(found: Found) -> set[str]:
    return {link.name for link in found.links.values() if link.ours}


def finishes(monkeypatch: pytest.MonkeyPatch, calls: int, run: Callable[[], object]) -> bool:
    """Let a run make so many changing calls to the kernel. Tell whether it needed no more."""
    attempt, left = Kernel.attempt, iter(range(calls))

    def attempt_or_die(kernel: Kernel, *wanted: Request) -> list[OSError | None]:
        if next(left, None) is None:
            raise Cut
        return attempt(kernel, *wanted)

    with monkeypatch.context() as patched, suppress(Cut):
        patched.setattr(Kernel, "attempt", attempt_or_die)
        run()
        return True
    return False


def cut_off(run: Callable[[], object]) -> bool:
    with pytest.raises(Cut):
        run()
    return True


def kill_amid(path: str, plan: HostPlan, delay_s: float) -> None:
    """Let another process realize and delete a plan over and over, and kill it."""
    ready, says = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            work_for_ever(path, plan, says)
        finally:
            os._exit(1)
    os.read(ready, 1)
    signal.sigtimedwait([signal.SIGCHLD], delay_s)
    os.kill(child, signal.SIGKILL)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    os.close(ready)
    os.close(says)


def work_for_ever(path: str, plan: HostPlan, says: int) -> None:
    with Host(path, plug="tap") as host:
        os.write(says, b".")
        while True:
            host.delete("h")
            host.realize(plan)


def in_child(work: Callable[[], None]) -> str:
    """Run in another process, and give what it raised."""
    heard, says = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            work()
        except HostUnreachable as error:
            os.write(says, str(error).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(says)
    with os.fdopen(heard) as pipe:
        return pipe.read()


def realize_as_nobody(host: Host) -> None:
    os.setuid(65534)
    host.realize(untagged())
