"""Same seed, same trace; another host, the same draws for all others."""

import os
import subprocess
import sys
from pathlib import Path

from domain import commands as c
from simulator import chance, run, trace
from simulator.trace import HostConverged, HostNotified, OperationDone, OperationStarted
from tests.simulator.builder import DataCentre, cluster, guest, pool, vlan, vxlan


ROOT = Path(__file__).parents[2]


def told(*, seed: int, newcomers: tuple[str, ...] = ()) -> run.Run:
    centre = DataCentre()
    before = centre.do(
        *cluster("c1", "h1", "h2", "h3", *newcomers),
        *vlan("v", 10),
        *pool("p", "c1"),
        *vxlan("x", "p"),
        guest("a", "h1", "x", number=1),
        guest("b", "h2", "x", number=2),
        guest("c", "h3", "x", number=3),
    )
    moved = centre.do(
        c.AttachL2NetworkToCluster(l2="v", cluster="c1"),
        c.MigrateVm(vm="a", host="h2"),
        guest("d", "h1", "x", "v", number=4),
    )
    return run.simulate(before, moved, seed=seed)


def written(seed: int) -> bytes:
    return b"".join(trace.lines(told(seed=seed).trace))


def in_another_process(hash_seed: str) -> bytes:
    script = f"import sys; from {__name__} import written; sys.stdout.buffer.write(written(7))"
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return done.stdout


def test_a_seed_gives_one_trace_in_every_process() -> None:
    first, second, third = in_another_process("0"), in_another_process("1"), in_another_process("4242")

    assert first == second == third
    assert first.count(b"\n") > 20


def test_another_seed_gives_another_trace() -> None:
    assert written(7) == written(7)
    assert written(7) != written(8)


def test_a_host_that_joins_changes_nothing_for_the_others() -> None:
    def steps_of(happened: run.Run, host: str) -> list[tuple[int, str]]:
        records = [
            record
            for record in happened.trace
            if isinstance(record, HostNotified | OperationStarted | OperationDone | HostConverged)
        ]
        return [(record.at_us, type(record).__name__) for record in records if record.host == host]

    few, more = told(seed=3), told(seed=3, newcomers=("h4",))

    assert steps_of(more, "h4")
    assert len(steps_of(few, "h1")) > 5
    assert all(steps_of(few, host) == steps_of(more, host) for host in ("h1", "h2", "h3"))


def test_hosts_do_not_draw_alike() -> None:
    drawn = {
        (seed, host, purpose): chance.stream(seed, host, purpose).random()
        for seed in (1, 2)
        for host in ("h1", "h2")
        for purpose in ("messages", "operations")
    }

    assert len(set(drawn.values())) == len(drawn)
