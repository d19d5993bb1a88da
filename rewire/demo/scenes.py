"""The scenes that need no kernel: what is recorded, what follows from it, and what would follow."""

from __future__ import annotations

import shutil
from pathlib import Path

from rewire import data_centre, output
from rewire.demo.stage import EXAMPLES, Stage, lay_out, position


HOSTS = 200


def attachment(stage: Stage) -> None:
    stage.scene(
        "Two clusters, two networks",
        "L2 network 1 is attached to both clusters, L2 network 2 to cluster 2 only. Each step of the file",
        "becomes facts; what follows from the facts is who hears whom.",
    )
    lay_out("partial-attachment")
    stage.run("apply partial-attachment.yaml --actor alice --reason 'new racks'")
    stage.run("domains")


def question(stage: Stage) -> None:
    stage.scene(
        "What if network 1 left cluster 2?",
        "Asked on a fork of the history, before a host is touched: same rules, same refusals, nothing recorded.",
    )
    stage.run("what-if partial-attachment-detach.yaml --simulate")


def rewiring(stage: Stage) -> None:
    stage.scene(
        "The rewiring, step by step",
        "Bob does it. The history keeps what the network was, who changed it, and which fact caused which.",
    )
    before = position()
    stage.run("apply partial-attachment-detach.yaml --actor bob --reason 'cluster 2 gets a network of its own'")
    stage.run(f"history --since {before}")
    stage.run(f"domains --at {before}")
    stage.run("domains")


def reckoning(stage: Stage) -> None:
    stage.scene(
        "The auditor asks",
        "Were these two ever in one broadcast domain, since when, until when, and because of which facts?",
    )
    stage.run("audit same-domain vm-a vm-c --ever")
    stage.run("audit same-domain vm-a vm-d --ever")
    stage.run("verify")


def vlan(stage: Stage) -> None:
    stage.scene(
        "VLAN 10 over two clusters, and the detach that takes one out",
        "A host's plan follows from the facts, as of any of them; each device names the facts that caused it.",
    )
    lay_out("vlan-two-clusters")
    stage.run("apply vlan-two-clusters.yaml")
    stage.run("plan host-v3")
    stage.run("apply vlan-two-clusters-detach.yaml")
    stage.run("plan host-v3")


def ranges(stage: Stage) -> None:
    stage.scene(
        "Two IP ranges and the gap between them",
        "192.168.0.10-50 and 192.168.0.60-100 on one L3 network. What lies between belongs to nobody; what would",
        "overlap, or hand out the gateway, is refused.",
    )
    shutil.copy(EXAMPLES / "ip-ranges.yaml", ".")
    stage.run("apply ip-ranges.yaml")
    stage.run("show nic")
    stage.run("placement --networks l3-r")


def crowd(stage: Stage) -> None:
    stage.scene(
        f"The same question at {HOSTS} hosts",
        "A VLAN over two clusters leaves one of them. The simulator runs every host's own operations in virtual time,",
        "ten hosts at a time, as ZStack does. The VMs of cluster 2 part from the others for good, as is meant.",
    )
    Path("data-centre.yaml").write_bytes(data_centre.change_file(HOSTS))
    detach = [{"detach-l2-network-from-cluster": {"l2": "tenants", "cluster": "cluster-2"}}]
    Path("tenants-leave.yaml").write_text(output.yaml_text(detach))
    stage.run("--store sqlite:big.db apply data-centre.yaml --atomic --quiet")
    stage.run("--store sqlite:big.db simulate tenants-leave.yaml --parallel 10")
