"""What a kernel tells of nftables is what nft was told, and it needs no nft to tell it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from backends.kvm.tables import Tables


pytestmark = [pytest.mark.kernel("nftables"), pytest.mark.usefixtures("namespace")]

TEXT = """
table inet rewire {
  comment "ours, by its words: digest=0a"
  set names { type ifname; elements = { "br0", "a-name-of-15-by" }; }
  set nobody { type ifname; }
  chain judged {
    iifname "br0" drop comment "first"
    iifname "br1" drop
    iifname @names counter drop comment "third one"
  }
  chain empty { }
}
table inet silent { }
"""


@pytest.fixture
def loaded(namespace: None) -> None:  # by which nothing is loaded elsewhere
    subprocess.run(["nft", "-f", "-"], input=TEXT, text=True, check=True)


@pytest.mark.usefixtures("loaded")
def test_comments_and_names_are_read_as_they_were_written() -> None:
    with Tables(None, "inet") as tables:
        assert tables.comment("rewire") == "ours, by its words: digest=0a"
        assert tables.rules("rewire", "judged") == ["first", "", "third one"]
        assert tables.names("rewire", "names") == {"br0", "a-name-of-15-by"}


@pytest.mark.usefixtures("loaded")
def test_what_is_not_there_or_says_nothing_is_told_apart() -> None:
    with Tables(None, "inet") as tables:
        assert tables.comment("silent") == ""
        assert tables.comment("nowhere") is None
        assert (tables.rules("rewire", "empty"), tables.rules("rewire", "no"), tables.rules("no", "no")) == ([], [], [])
        assert (tables.names("rewire", "nobody"), tables.names("no", "no")) == (frozenset(), frozenset())
    with Tables(None, "bridge") as tables:
        assert tables.comment("rewire") is None


def test_who_may_not_look_is_told_so() -> None:
    asked = 'from backends.kvm.tables import Tables; Tables(None, "inet").comment("rewire")'
    bare = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", sys.executable, "-c", asked]

    done = subprocess.run(bare, capture_output=True, text=True, check=False)

    assert "reading the table inet rewire: not permitted; looking at a host's filters needs root" in done.stderr
