"""The reference of commands and facts, made from the code that it describes, so that it can't drift.

What a command may record and be refused with is found by following its handler through the domain's functions:
every fact that is made and every code that is named on the way. That is an upper bound: a command records and
is refused with no others.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType, UnionType
from typing import Any, Union, get_args, get_origin

import msgspec

from domain import aggregates
from domain.commands import COMMANDS, Command
from domain.errors import Code
from domain.handlers import HANDLERS, hanging
from domain.history import Fact
from domain.transaction import Transaction
from rewire.change_file import BESIDE


CODES = frozenset(get_args(Code))
ROOT = Path(__file__).parents[1]
SHAPES = {tuple: "list: ", dict: "mapping: "}
Found = tuple[frozenset[type[Fact]], frozenset[str]]
HEAD = """# Commands

Made from the code by `python -m rewire.reference`; a test holds it against the code. In a change file a step is
a mapping with one command as its key. Beside it may stand:

{BESIDE}

Objects are named by name or by uuid; a field with `?` may be left out.
Each command records some of the facts and may be refused with one of the codes listed here: what commands share,
such as the walk over all that hangs on an object that is deleted, is listed for each of them. Claims (`claim.taken`,
`claim.released`) go along with the facts that need them, and are not listed. Every command is refused with
`invalid-argument` for text that can't be written down (half a surrogate pair).
"""


def commands() -> str:
    """Write the page of all commands, in order of name."""
    beside = "\n".join(f"- `{key}`: {meaning}" for key, meaning in BESIDE.items())
    return "\n".join([HEAD.format(BESIDE=beside), *(page(name, COMMANDS[name]) for name in sorted(COMMANDS))])


def page(name: str, command: type[Command]) -> str:
    facts, codes = reach(HANDLERS[command])
    lines = [f"## {name}", "", *said(command), "| field | type |", "| --- | --- |"]
    lines += [f"| {field} | {kind} |" for field, kind in fields(command)]
    lines += ["", f"Records: {listed(fact.tag() for fact in facts if not fact.tag().startswith('claim.'))}"]
    lines += ["", f"Refused with: {listed(codes)}", ""]
    return "\n".join(lines)


def said(command: type[Command]) -> list[str]:
    text = command.__doc__ or ""
    own = text and not text.startswith("Base of") and command.__doc__ is not Command.__doc__
    return [" ".join(text.split()), ""] if own else []


def fields(command: type[Command]) -> Iterator[tuple[str, str]]:
    """Walk a command's fields as a change file spells them, those that are needed first."""
    found = msgspec.structs.fields(command)
    for field in sorted(found, key=lambda f: not f.required):
        yield f"{field.encode_name}{'' if field.required else '?'}", kind_of(field.type)


def kind_of(annotation: Any) -> str:
    """Say what a field takes: what its command says of it, or else its type."""
    if described := description(annotation):
        return SHAPES.get(get_origin(get_args(annotation)[0]), "") + described
    options = get_args(annotation)
    if options and all(isinstance(option, str) for option in options):
        return ", ".join(options)
    text = getattr(annotation, "__name__", str(annotation)) if not options else str(annotation)
    words = {"str": "text", "int": "number", "tuple[str, ...]": "list of text", "int | None": "number"}
    words |= {"str | None": "text", "dict[str, str]": "mapping of text to text"}
    return words.get(text, "mapping of text to lists of text" if text.startswith("dict") else text)


def description(annotation: Any) -> str:
    """Give what is said of a field; of one that may be nothing, what is said of it where it is something."""
    said = (meta.description for meta in getattr(annotation, "__metadata__", ()) if isinstance(meta, msgspec.Meta))
    return next(filter(None, said), None) or next(filter(None, map(description, parts(annotation))), "")


def parts(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if isinstance(annotation, UnionType) or get_origin(annotation) is Union else ()


def listed(words: Any) -> str:
    return ", ".join(f"`{word}`" for word in sorted(words)) or "none"


# following the code


@cache
def reach(start: Callable[..., Any]) -> Found:
    """Give the facts and codes that a function may lead to. O(the functions it may call).

    A cascade refuses nobody: it ends what it found there.
    """
    facts = frozenset(fact for item in followed(start, lambda _: True) for fact in mentioned(item)[0])
    codes = frozenset(code for item in followed(start, refuses) for code in mentioned(item)[1])
    return facts, codes


def followed(start: Callable[..., Any], goes_on: Callable[[Any], bool]) -> set[Any]:
    """Give a function and all that it may call, as far as one goes on."""
    seen: set[Any] = set()
    waiting: list[Any] = [start]
    while waiting:
        item = waiting.pop()
        if item not in seen and goes_on(item):
            seen.add(item)
            waiting += mentioned(item)[2]
    return seen


def refuses(function: Any) -> bool:
    return bool(function.__module__ != hanging.__name__)


@cache
def mentioned(function: Any) -> tuple[frozenset[type[Fact]], frozenset[str], tuple[object, ...]]:
    """Give what one function's own lines mention: facts that it makes, codes, and functions of the domain."""
    scope = scope_of(function)
    nodes = list(relevant(source(function)))
    constants = {node.value for node in nodes if isinstance(node, ast.Constant)}
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    called = [resolve(call.func, scope) for call in calls]
    named = [resolve(node, scope) for node in nodes if isinstance(node, ast.Name | ast.Attribute)]
    tables = [value for table in named if isinstance(table, dict) for value in contents(table)]
    return (
        frozenset(x for x in (*called, *tables) if isinstance(x, type) and issubclass(x, Fact)),
        frozenset(x for x in (*constants, *tables) if isinstance(x, str) and x in CODES),
        tuple(x for x in (*named, *tables) if isinstance(x, FunctionType) and is_followed(x)),
    )


def scope_of(function: Any) -> dict[str, Any]:
    """Give what names mean in a function, less those it uses for values of its own."""
    everything = getattr(function, "__globals__", None) or vars(sys.modules[function.__module__])
    code = function.__code__ if isinstance(function, FunctionType) else None
    own = {*code.co_varnames, *code.co_cellvars} if code else set[str]()
    return {name: value for name, value in everything.items() if name not in own}


def is_followed(function: FunctionType) -> bool:
    """Tell whether a function of the domain may lead further. One that lists what is given back, or applies facts
    that are made, does not.
    """
    gives_back = "Iterator[claims.Key]" in str(function.__annotations__.get("return", ""))
    return function.__module__.startswith("domain") and not gives_back and function.__name__ != "evolve"


def relevant(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk a function's lines, less the claims that it gives back, looks up or knows to be free, and the facts it only
    names.
    """
    match tree:
        case (
            ast.Call(func=ast.Attribute(value=ast.Name(id="t"), attr="release" | "holder" | "hold"))
            | ast.Call(func=ast.Name(id="witness"))
        ):
            return
        case ast.Attribute(value=ast.Call(), attr="uuid"):
            return
        case _:
            yield tree
            for part in ast.iter_child_nodes(tree):
                yield from relevant(part)


def source(function: Any) -> ast.AST:
    """Read a function's lines; a function within a table has none of its own that could be read alone."""
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function)))
    except SyntaxError:
        return ast.Module([], [])


def contents(table: dict[Any, Any]) -> Iterator[Any]:
    """Walk the values of a table of the domain's, and the fields of those that are structs."""
    for value in table.values():
        yield value
        if isinstance(value, msgspec.Struct):
            yield from msgspec.structs.astuple(value)


def resolve(node: ast.expr, scope: dict[str, Any]) -> Any:
    """Find what a name or an attribute stands for; a method is looked for on the transaction, `t`."""
    match node:
        case ast.Name(id=name):
            return scope.get(name)
        case ast.Attribute(value=ast.Name(id="t"), attr=attribute):
            return vars(Transaction).get(attribute)
        case ast.Attribute(value=value, attr=attribute):
            owner = resolve(value, scope)
            return getattr(owner, attribute, None) if isinstance(owner, ModuleType | type) else None
        case _:
            return None


# facts


def facts_schema() -> bytes:
    """Write the JSON Schema of every kind of fact, by its tag, as it stands in a store and in an export."""
    kinds = sorted(aggregates.FACTS, key=lambda fact: fact.tag())
    schemas, components = msgspec.json.schema_components(kinds)
    names = [schema["$ref"].rpartition("/")[2] for schema in schemas]
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rewire facts",
        "oneOf": [{"$ref": f"#/$defs/{kind.tag()}"} for kind in kinds],
        "$defs": {kind.tag(): components[name] for kind, name in zip(kinds, names, strict=True)},
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def main() -> None:
    (ROOT / "docs" / "commands.md").write_text(commands())
    (ROOT / "docs" / "facts.schema.json").write_bytes(facts_schema())


if __name__ == "__main__":
    main()
