"""A set of whole numbers that finds the next number it lacks, and of which every version is kept for the price of
what changed.

Words of 1,024 bits in a persistent map, absent where empty; above it another such map, with a bit for each word that
is full, and so on up. A search climbs over full words and down again, so it costs the same at any fill: O(log n), two
levels for a million numbers and seven for the whole of an IPv6 /64. A sparse set is as small as what is in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from immutables import Map


WORD_BITS = 10
WIDTH = 1 << WORD_BITS
PLACE = WIDTH - 1
FULL = (1 << WIDTH) - 1
BIT = tuple(1 << place for place in range(WIDTH))

Numbers = tuple[Map[int, int], ...]
"""Level 0 holds the numbers, each other level the indexes of the full words below it; the last one is never empty."""
WORDS: Map[int, int] = Map()
NONE: Numbers = (WORDS,)


def add(numbers: Numbers, n: int) -> Numbers:
    """Put in a number that is not in."""
    words, index = numbers[0], n >> WORD_BITS
    word = words.get(index, 0) | BIT[n & PLACE]
    words = words.set(index, word)
    if word != FULL:
        return (words, *numbers[1:])
    return (words, *add(numbers[1:] or NONE, index))


def remove(numbers: Numbers, n: int) -> Numbers:
    """Take out a number that is in."""
    words, index = numbers[0], n >> WORD_BITS
    before = words[index]
    word = before ^ BIT[n & PLACE]
    words = words.set(index, word) if word else words.delete(index)
    if before != FULL:
        return (words, *numbers[1:])
    above = remove(numbers[1:], index)
    return (words,) if above == NONE else (words, *above)


def holds(numbers: Numbers, n: int) -> bool:
    return bool(numbers[0].get(n >> WORD_BITS, 0) >> (n & PLACE) & 1)


def gap(numbers: Numbers, n: int) -> int:
    """Give the lowest number from `n` upward that is not in."""
    index, place = n >> WORD_BITS, n & PLACE
    holes = ~numbers[0].get(index, 0) >> place
    hole = place + (holes & -holes).bit_length() - 1
    if hole < WIDTH:
        return n - place + hole
    above = numbers[1:]
    index = gap(above, index + 1) if above else index + 1
    word = numbers[0].get(index, 0)
    return (index << WORD_BITS) + (~word & word + 1).bit_length() - 1


def words_within(numbers: Numbers, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Walk the words that lie from one number to another, in order, with what is beyond cut off. O(words)."""
    low, high = first >> WORD_BITS, last >> WORD_BITS
    for index in sorted(i for i in numbers[0] if low <= i <= high):
        word = numbers[0][index]
        if index == high:
            word &= (BIT[last & PLACE] << 1) - 1
        if index == low:
            word = word >> (first & PLACE) << (first & PLACE)
        yield index << WORD_BITS, word


def count(numbers: Numbers, first: int, last: int) -> int:
    """Count what is in from one number to another, both included. O(words)."""
    return sum(word.bit_count() for _, word in words_within(numbers, first, last))


def within(numbers: Numbers, first: int, last: int) -> Iterator[int]:
    """Walk what is in from one number to another, in order."""
    for base, left in words_within(numbers, first, last):
        word = left
        while word:
            yield base + (word & -word).bit_length() - 1
            word &= word - 1
