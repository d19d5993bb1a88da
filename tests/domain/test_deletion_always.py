"""Whatever a history did, and whatever is deleted from it: nothing that is left hangs on what is gone."""

from __future__ import annotations

from hypothesis import given as every
from hypothesis import strategies as st

from domain import commands as c
from domain.commands import Command
from tests.given import Case
from tests.machines import remains
from tests.strategies import cases, wired_cases


DELETIONS: tuple[Command, ...] = (
    c.DeleteZone(zone="z", mode="enforcing"),
    *(c.DeleteCluster(cluster=name, mode="enforcing") for name in ("c1", "c2")),
    *(c.DeleteHost(host=name, mode="enforcing") for name in ("h1", "h2", "h3")),
    *(c.DeleteL2Network(l2=name, mode="enforcing") for name in ("v10", "w10", "plain", "x", "pool")),
    *(c.DeleteL3Network(l3=name, mode="enforcing") for name in ("lv", "lw", "lp", "lx")),
    c.DeleteVniRange(pool="pool", name="100-102", mode="enforcing"),
    *(c.DestroyVm(vm=name) for name in ("a", "b", "e")),
    *(c.ChangeL2NetworkVlan(l2=name, vlan=vlan) for name in ("v10", "w10", "plain") for vlan in (0, 10, 11)),
    *(c.MoveHost(host=name, cluster=cluster) for name in ("h1", "h2") for cluster in ("c1", "c2")),
    *(c.SetHostState(host=name, state="maintenance") for name in ("h1", "h2")),
)


@every(st.one_of(cases(), wired_cases()), st.lists(st.sampled_from(DELETIONS), min_size=1, max_size=4))
def test_no_deletion_leaves_an_orphan_or_a_claim(case: Case, deletions: list[Command]) -> None:
    for command in deletions:
        case.when(command)
        remains.check(case.network, case.topology)


@every(cases(), st.sampled_from(DELETIONS))
def test_no_position_within_a_deletion_has_an_orphan(case: Case, deletion: Command) -> None:
    before = case.network.position()
    case.when(deletion)
    for position in range(before, case.network.position() + 1):
        living = set(case.at(position).objects.states)
        assert set(case.at(position).objects.children) <= living


@every(cases(), st.sampled_from(DELETIONS))
def test_what_permissive_lets_pass_enforcing_does_the_same(case: Case, deletion: Command) -> None:
    """A permissive deletion is refused, or there is nothing that an enforcing one would remove beside."""
    if not hasattr(deletion, "mode"):
        return
    kind = type(deletion)
    fields = {f: getattr(deletion, f) for f in deletion.__struct_fields__}
    result = case.when(kind(**fields | {"mode": "permissive"}))
    if result.outcome:
        assert len([r for r in result.recorded if r.fact.tag().endswith("deleted")]) == 1
    else:
        assert result.refusal
        assert result.refusal.code in {"still-in-use", "unknown-object"}
