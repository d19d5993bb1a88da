"""The reading commands, on the network of the first picture after its rewiring."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest

from rewire import VERSION
from tests.rewire.conftest import Rewire


BEFORE = "63"
"""The position before the last step of the file."""


def named(rewire: Rewire, kind: str) -> dict[str, str]:
    return {entry["uuid"]: entry["name"] for entry in rewire("show", kind).value}


def test_an_l2_inventory_has_zstacks_field_names(network: Rewire) -> None:
    inventory = network("show", "l2", "l2-2").value

    clusters = named(network, "cluster")
    assert inventory["type"] == "L2NoVlanNetwork"
    assert inventory["physicalInterface"] == "eth1"
    assert [clusters[uuid] for uuid in inventory["attachedClusterUuids"]] == ["cluster-2"]
    assert {"uuid", "name", "description", "zoneUuid"} <= set(inventory)


def test_a_nic_inventory_says_where_it_is(network: Rewire) -> None:
    nic = network("show", "nic", "vm-a/l3-1").value

    assert named(network, "host")[nic["hostUuid"]] == "host-1"
    assert nic["ip"] == "172.16.1.2"
    assert {"uuid", "vmInstanceUuid", "l3NetworkUuid", "mac"} <= set(nic)


def test_domains_list_networks_segments_hosts_and_nics(network: Rewire) -> None:
    first, second = network("domains").value

    assert first["level"] == "intended"
    assert (first["l2"], first["segments"]) == (["l2-1"], ["zone-1/eth0/untagged"])
    assert (first["hosts"], first["nics"]) == (["host-1", "host-2"], ["vm-a/l3-1", "vm-b/l3-1"])
    assert (second["hosts"], second["nics"]) == (["host-3", "host-4"], ["vm-c/l3-2", "vm-d/l3-2"])


def test_every_reading_command_looks_at_the_past(network: Rewire) -> None:
    then = network("domains", "--at", BEFORE).value[0]

    assert then["hosts"] == ["host-1", "host-2", "host-3", "host-4"]
    assert then["nics"] == ["vm-a/l3-1", "vm-b/l3-1", "vm-c/l3-1"]
    assert len(network("show", "nic", "--at", BEFORE).value) == 5
    assert len(network("plan", "host-3", "--at", BEFORE).value["bridges"]) == 2


def test_a_time_means_the_last_fact_up_to_it(network: Rewire) -> None:
    (then,) = (fact["at"] for fact in network("history").value if fact["position"] == 63)

    assert network("domains", "--at", then).value == network("domains", "--at", BEFORE).value
    assert network("show", "zone", "--at", "2020-01-01").value == []
    assert network("show", "zone", "--at", "-0s").value == network("show", "zone").value


def test_placement_gives_a_reason_for_each_host_left_out(network: Rewire) -> None:
    placement = network("placement", "--networks", "l3-1").value

    assert placement["hosts"] == ["host-1", "host-2"]
    why = "L2 network not attached to cluster cluster-2"
    assert placement["excluded"] == [{"host": h, "why": why, "l2": "l2-1"} for h in ("host-3", "host-4")]


def test_placement_on_networks_that_never_meet_is_a_no(network: Rewire) -> None:
    answer = network("placement", "--networks", "l3-1,l3-2")

    assert answer.status == 1
    assert answer.value["hosts"] == []


def test_a_plan_names_the_facts_that_caused_each_device(network: Rewire) -> None:
    plan = network("plan", "host-1").value

    facts = {fact["position"]: fact["fact"] for fact in network("history").value}
    (bridge,) = plan["bridges"]
    assert (bridge["name"], bridge["uplink"]) == ("br_eth0", "eth0")
    assert [facts[p] for p in bridge["because"]] == ["l2.created", "l2.attached-to-cluster"]
    assert [facts[p] for p in plan["ports"][0]["because"]] == ["vm.nic-attached", "vm.started"]


def test_history_is_in_order_and_names_causes_by_position(network: Rewire) -> None:
    facts = network("history", "--since", BEFORE).value

    detach, nic = facts
    assert (detach["fact"], nic["fact"]) == ("l2.detached-from-cluster", "vm.nic-detached")
    assert nic["cause"] == detach["position"]
    assert nic["command"] == detach["command"]
    assert set(nic) == {"position", "at", "actor", "reason", "fact", "subject", "data", "command", "cause"}


def test_history_of_an_object_holds_what_names_it(network: Rewire) -> None:
    tags = [fact["fact"] for fact in network("history", "cluster-2").value]

    assert tags.count("l2.attached-to-cluster") == 2
    assert tags[0] == "cluster.created"
    assert tags[-1] == "l2.detached-from-cluster"


@pytest.mark.parametrize(
    ("words", "count"),
    [(("--kind", "vm.started"), 4), (("--kind", "l2.*"), 6), (("--by", "bob"), 0), (("--until", "2"), 1)],
)
def test_history_is_filtered(network: Rewire, words: tuple[str, ...], count: int) -> None:
    assert len(network("history", *words).value) == count


def test_a_diff_is_the_blast_radius_between_two_moments(network: Rewire) -> None:
    radius = network("diff", BEFORE, "now").value

    assert radius["reach"]["lost"] == [["vm-a", "vm-c"], ["vm-b", "vm-c"]]
    assert [host["host"] for host in radius["hosts"]] == ["host-3", "host-4"]
    assert set(radius) == {"from", "to", "domains", "reach", "addresses", "services", "hosts", "refused"}
    assert set(radius["domains"]) == {"created", "removed", "split", "merged", "leaked"}


def test_verify_finds_projections_equal_and_the_chain_intact(network: Rewire) -> None:
    answer = network("verify")

    assert answer.status == 0
    assert answer.value == {"facts": 68, "projections": "equal", "chain": "intact"}


def test_same_domain_answers_with_intervals_facts_and_a_path(network: Rewire) -> None:
    ever = network("audit", "same-domain", "vm-a", "vm-c", "--ever")

    (interval,) = ever.value["intervals"]
    facts = {fact["position"]: fact["fact"] for fact in network("history").value}
    assert ever.status == 0
    assert ever.value["path"] == ["vm-a", "vm-a/l3-1", "l2-1", "vm-c/l3-1", "vm-c"]
    assert facts[interval["from"]] == "vm.started"
    assert facts[interval["to"]] == "vm.nic-detached"
    assert {interval["from"], interval["to"]} <= set(interval["because"])


def test_same_domain_says_no_with_its_status(network: Rewire) -> None:
    now = network("audit", "same-domain", "vm-a", "vm-c")

    assert now.status == 1
    assert now.value == {"answer": False, "intervals": [], "path": []}
    assert network("audit", "same-domain", "vm-a", "vm-c", "--at", BEFORE).status == 0
    assert network("audit", "same-domain", "vm-a", "vm-c", "--between", "1", BEFORE).status == 0
    assert network("audit", "same-domain", "vm-a", "vm-c", "--between", "66", "now").status == 1


@pytest.mark.parametrize("form", ["json", "yaml", "csv", "table"])
def test_every_form_names_every_object(network: Rewire, form: str) -> None:
    out = network("show", "host", "-o", form).out

    assert all(f"host-{number}" in out for number in (1, 2, 3, 4))


def test_csv_has_one_row_an_object(network: Rewire) -> None:
    rows = list(csv.DictReader(io.StringIO(network("show", "vm", "-o", "csv").out)))

    assert [row["name"] for row in rows] == ["vm-a", "vm-b", "vm-c", "vm-d"]


def test_a_table_shows_names_where_people_think_in_names(network: Rewire) -> None:
    out = network("show", "l2", "-o", "table").out

    assert "cluster-2" in out
    assert network("show", "l2", "l2-1").value["uuid"] not in out


def test_the_version_is_that_of_the_project(rewire: Rewire) -> None:
    assert rewire("--version").out == f"rewire {VERSION}\n"


def test_the_history_of_a_nic_goes_by_its_name(network: Rewire) -> None:
    told = network("history", "vm-a/l3-1").value
    assert "vm.nic-attached" in {fact["fact"] for fact in told}
    assert told == network("history", network("show", "nic", "vm-a/l3-1").value["uuid"]).value


def test_a_nic_that_never_was_has_no_history(network: Rewire) -> None:
    answer = network("history", "vm-a/l3-2")
    assert (answer.status, answer.err) == (1, "error: unknown-object: there never was an object 'vm-a/l3-2'\n")


GONE = """
- create-zone: { name: z }
- create-cluster: { name: c, zone: z }
- add-host: { name: h, cluster: c, interfaces: [eth0] }
- create-l2-no-vlan-network: { name: n, zone: z, physical-interface: eth0 }
- create-l3-network: { name: l, l2: n }
- create-l2-vxlan-network-pool: { name: p, zone: z }
"""
ENDS = """
- delete-l2-network: { l2: p }
- delete-l3-network: { l3: l }
- delete-host: { host: h }
- delete-cluster: { cluster: c }
"""


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("host", "h", ("show", "host", "{}")),
        ("pool", "p", ("show", "pool", "{}")),
        ("host", "h", ("plan", "{}")),
        ("l3", "l", ("addresses", "{}")),
        ("l3", "l", ("placement", "--networks", "{}")),
        ("cluster", "c", ("placement", "--networks", "n", "--cluster", "{}")),
    ],
)
@pytest.mark.parametrize("by_uuid", [False, True])
def test_of_what_is_gone_the_end_is_named(
    rewire: Rewire, change: Callable[[str], str], kind: str, name: str, words: tuple[str, ...], *, by_uuid: bool
) -> None:
    assert rewire("apply", change(GONE)).status == 0
    uuid = rewire("show", kind, name).value["uuid"]
    assert rewire("apply", change(ENDS)).status == 0
    asked = [word.format(uuid if by_uuid else name) for word in words]
    (end,) = (f["position"] for f in rewire("history", uuid).value if f["fact"].endswith(".deleted"))

    assert rewire(*asked, "-o", "json").error["conflicts"] == [end]
    assert rewire(*asked, "--at", str(end - 1)).err == ""
    assert rewire(*asked, "--at", "1", "-o", "json").error["conflicts"] == []


def test_a_uuid_is_known_in_every_spelling(network: Rewire) -> None:
    zone = network("show", "zone", "zone-1").value

    for spelling in (zone["uuid"], zone["uuid"].upper(), zone["uuid"].replace("-", "")):
        assert network("show", "zone", spelling).value == zone
