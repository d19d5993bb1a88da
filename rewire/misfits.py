"""Says which field of a step has not the shape that its command wants, and what would be right.

Which one it is msgspec finds out, and says in the types of JSON: nothing for who writes YAML.
"""

from __future__ import annotations

import re
from typing import get_args

import msgspec

from domain.commands import Command


WORDS = {
    "object": "a mapping",
    "array": "a list",
    "str": "text",
    "int": "a whole number",
    "float": "a number with a point",
    "bool": "true or false",
    "null": "nothing",
}
LIKE_TEXT = frozenset({"int", "float", "bool"})
"""What a parser makes of text that is not in quotes."""
WRONG = re.compile(r"Expected `(.+)`, got `(.+)`")
UNKNOWN = re.compile(r"Object contains unknown field `(.+)`")
MISSING = re.compile(r"Object missing required field `(.+)`")
CHOICE = re.compile(r"Invalid enum value (.+)")


def told(error: Exception, kind: type[Command]) -> str:
    """Say what a command of some kind can't be made of."""
    said, _, path = str(error).partition(" - at ")
    if found := WRONG.fullmatch(said):
        return wrong(place(path), *found.groups())
    if found := UNKNOWN.fullmatch(said):
        return f"there is no field {found[1]}"
    if found := MISSING.fullmatch(said):
        return f"the field {found[1]} is missing"
    if found := CHOICE.fullmatch(said):
        return f"{place(path)} must be {' or '.join(choices(kind, field(path)))}, and is {found[1]}"
    return str(error)


def wrong(where: str, wanted: str, given: str) -> str:
    every = wanted.split(" | ")
    must = " or ".join(WORDS.get(word, word) for word in every if word != "null")
    hint = ""
    if given == "null":
        hint = " (leave it out, or give it a value)"
    elif "str" in every and given in LIKE_TEXT:
        hint = " (put text that looks like something else in quotes)"
    return f"{where} must be {must}, and is {WORDS.get(given, given)}{hint}"


def place(path: str) -> str:
    """Name what a path leads to: `$.networks[0]` is an entry of networks."""
    if not field(path):
        return "what follows the command"
    before = "a key of " if "key" in path else "an entry of " if "[" in path else ""
    return before + field(path)


def field(path: str) -> str:
    found = re.search(r"\$\.([\w-]+)", path)
    return found[1] if found else ""


def choices(kind: type[Command], name: str) -> tuple[str, ...]:
    fitting = (each.type for each in msgspec.structs.fields(kind) if each.encode_name == name)
    return tuple(str(choice) for each in fitting for choice in get_args(each))
