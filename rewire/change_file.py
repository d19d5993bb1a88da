"""Change files: YAML or JSON, a list of steps, each a command with its fields.

A file is read and checked whole before its first step is run: what can't be understood has written nothing.
Whether a step is allowed is not asked here.
"""

from __future__ import annotations

import difflib
import json
import sys
from pathlib import Path
from typing import Any, get_args

import msgspec

from domain.commands import COMMANDS, Command
from domain.errors import Code, InvalidFile
from rewire import misfits


BESIDE = {
    "expect-error": "the code that the step must be refused with; the run goes on then, and stops if it is not",
    "note": "any text, for readers of the file: nothing is done with it",
}
"""What may stand in a step beside its command, and what it means."""


class Step(msgspec.Struct, frozen=True):
    """One command of a change file."""

    number: int
    command: Command
    expect_error: str
    """The code that the step must be refused with, or nothing."""
    note: str


def read_all(names: tuple[str, ...]) -> list[Step]:
    """Read several files as one list of steps, numbered through."""
    steps: list[Step] = []
    for name in names:
        steps += [msgspec.structs.replace(step, number=len(steps) + step.number) for step in parse(text_of(name), name)]
    return steps


def text_of(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise InvalidFile(f"{name} can't be read: {error.strerror}") from error


def parse(text: bytes, name: str) -> list[Step]:
    """Read the steps of one file.

    Raises `InvalidFile`, with the file, the step and what was expected, when it is not a list of known commands.
    """
    entries = load(text, name)
    if not isinstance(entries, list):
        raise InvalidFile(f"{name} holds no list of steps: begin each step with '- '")
    return [step(entry, number, f"{name}: step {number}") for number, entry in enumerate(entries, start=1)]


def load(text: bytes, name: str) -> Any:
    """Parse JSON where it is JSON, YAML 1.2 otherwise (in which `no` is a word and `52:54:00` is no number)."""
    if text.lstrip()[:1] in {b"[", b"{"}:
        try:
            return json.loads(text, object_pairs_hook=once)
        except (ValueError, RecursionError) as error:
            if name.endswith(".json"):
                raise InvalidFile(f"{name} is not valid JSON: {error}") from error
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(text.decode())
    except UnicodeDecodeError as error:
        raise InvalidFile(f"{name} is no text: {error}") from error
    except (YAMLError, ValueError, KeyError, RecursionError) as error:
        raise InvalidFile(f"{name} is not valid YAML: {gist(error)}") from error


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make a mapping in which no key stands twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"a key stands twice among {', '.join(key for key, _ in pairs)}")
    return found


def gist(error: Exception) -> str:
    """Say what is wrong and where, without the parser's further thoughts."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return where + " ".join(str(problem or error).split())


def step(entry: Any, number: int, where: str) -> Step:
    if not isinstance(entry, dict):
        raise InvalidFile(f"{where} is no mapping: write '- COMMAND: {{FIELD: VALUE}}'")
    named = [key for key in entry if key not in BESIDE]
    if len(named) != 1:
        told = ", ".join(map(str, named)) or "none"
        raise InvalidFile(f"{where} must have one command, beside {' and '.join(BESIDE)}, and has {told}")
    expected, note = entry.get("expect-error", ""), entry.get("note", "")
    if expected and expected not in get_args(Code):
        raise InvalidFile(f"{where} expects {expected!r}, which is no error code")
    return Step(number, command(named[0], entry[named[0]], where), expected, str(note))


def command(spelling: Any, fields: Any, where: str) -> Command:
    kind = COMMANDS.get(spelling) if isinstance(spelling, str) else None
    if kind is None:
        near = difflib.get_close_matches(str(spelling), COMMANDS, n=1)
        meant = f"did you mean {near[0]}?" if near else f"the commands are {', '.join(sorted(COMMANDS))}"
        raise InvalidFile(f"{where} has no command {spelling!r}; {meant}")
    try:
        return msgspec.convert(fields, kind)
    except (msgspec.ValidationError, UnicodeError) as error:
        why = misfits.told(error, kind)
        raise InvalidFile(f"{where}: {spelling}: {why}; its fields are {', '.join(usage(kind))}") from error


def usage(kind: type[Command]) -> list[str]:
    """Give a command's fields as a change file spells them, those that may be left out with a question mark."""
    return [f.encode_name + ("" if f.required else "?") for f in msgspec.structs.fields(kind)]
