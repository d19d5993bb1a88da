"""Pairs in bulk, weighed against each other."""

from simulator import ties


def test_what_is_lost_and_gained_back_in_one_moment_is_neither() -> None:
    lost, gained = ties.net([("a", {"b", "c"})], [("b", {"a"}), ("d", {"c"})])

    assert lost == [("a", {"c"})]
    assert gained == [("c", {"d"})]


def test_a_pair_that_goes_and_comes_and_goes_is_lost() -> None:
    assert ties.net([(1, {2}), (2, {1})], [(1, {2})]) == ([(1, {2})], [])


def test_pairs_are_told_with_the_lesser_member_first() -> None:
    assert sorted(ties.pairs([("b", {"a", "c"})])) == [("a", "b"), ("b", "c")]
