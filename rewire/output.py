"""Results as people and as programs read them: a table, JSON, YAML or CSV.

JSON is complete and goes to standard output alone. A table is for eyes: names in place of uuids, and only the
columns that help. Everything else a command has to say goes to standard error.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import click
import msgspec

from domain.errors import Refusal, RewireError


MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
Format = Literal["table", "json", "yaml", "csv"]
Row = Mapping[str, Any]
Name = Callable[[str], str]


def chosen(wanted: str | None) -> str:
    """Give the format asked for; a table on a terminal, JSON otherwise."""
    return wanted or ("table" if sys.stdout.isatty() else "json")


def show(
    value: Any,
    wanted: str | None,
    *,
    columns: Sequence[str] = (),
    fields: Sequence[str] = (),
    name: Name = str,
    empty: str = "nothing",
) -> None:
    """Print a list of objects, or one object; the columns are a table's, the fields those that CSV has in any case."""
    plain = msgspec.to_builtins(value)
    match chosen(wanted):
        case "json":
            click.echo(json_text(plain))
        case "yaml":
            click.echo(yaml_text(plain), nl=False)
        case "csv":
            click.echo(csv_text(plain, fields), nl=False)
        case _:
            print_table(plain, columns, name, empty)


def json_text(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def yaml_text(value: Any) -> str:
    from ruamel.yaml import YAML

    text = io.StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment] # the library types it as a method
    writer.dump(value, text)
    return text.getvalue()


def csv_text(value: Any, fields: Sequence[str] = ()) -> str:
    rows = as_rows(value)
    text = io.StringIO()
    header = list(dict.fromkeys([*fields, *(key for row in rows for key in row)]))
    writer = csv.DictWriter(text, header, lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: flat(cell) for key, cell in row.items()} for row in rows)
    return text.getvalue()


def as_rows(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def flat(cell: Any) -> Any:
    """Keep a plain value; write a nested one as JSON."""
    return msgspec.json.encode(cell).decode() if isinstance(cell, dict | list | tuple) else cell


def print_table(value: Any, columns: Sequence[str], name: Name, empty: str) -> None:
    from rich.console import Console
    from rich.table import Table

    # A MAC address may hold what stands for an emoji: fa:ab:00:00:00:01.
    console = Console(emoji=False)
    rows = as_rows(value)
    if not rows:
        console.print(f"[dim]{empty}[/dim]")
        return
    fields = list(columns) or list(dict.fromkeys(key for row in rows for key in row))
    cells = [[readable(row.get(field), str if field == "uuid" else name) for field in fields] for row in rows]
    alone = isinstance(value, dict)
    table = Table(box=None, header_style="bold", pad_edge=False, show_header=not alone)
    for field in ("", "") if alone else fields:
        table.add_column(heading(field), overflow="fold")
    for row in zip(map(heading, fields), cells[0], strict=True) if alone else cells:
        table.add_row(*row)
    console.print(table)


def heading(field: str) -> str:
    """Write `attachedClusterUuids` as `attached clusters`."""
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in field).replace("_", " ")
    return words.removesuffix(" uuid").replace(" uuids", "s").strip()


def readable(cell: Any, name: Name) -> str:
    from rich.markup import escape

    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case list() | tuple():
            return ", ".join(readable(item, name) for item in cell)
        case dict():
            named = ((readable(key, name), readable(item, name)) for key, item in cell.items() if key != "uuid")
            return " ".join(f"{key}={text}" for key, text in named if text)
        case str() if MOMENT.fullmatch(cell):
            return cell[:19].replace("T", " ")
        case str():
            return escape(name(cell))
        case _:
            return str(cell)


class Error(msgspec.Struct, frozen=True):
    """An error as programs read it."""

    code: str
    message: str
    conflicts: tuple[int, ...]
    """The positions of the facts that stand in the way."""


def error_object(error: RewireError) -> Error:
    return Error(error.code, error.sentence, error.conflicts if isinstance(error, Refusal) else ())


def without_fork(error: Error, base: int) -> Error:
    """Take out the facts of a fork that left its parent at a position: nobody can look them up."""
    return msgspec.structs.replace(error, conflicts=tuple(p for p in error.conflicts if p <= base))


def note(text: str) -> None:
    """Say something beside the result, on standard error."""
    click.echo(text, err=True)
