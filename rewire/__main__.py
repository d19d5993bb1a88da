"""Where the program starts, and where every error becomes one line and an exit status.

It imports next to nothing: `rewire --version` answers before the libraries are loaded. No traceback reaches a user.
"""

from __future__ import annotations

import sys

from rewire import VERSION


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its status."""
    words = sys.argv[1:] if arguments is None else arguments
    if words == ["--version"]:
        print(f"rewire {VERSION}")  # noqa: T201 - this is its output
        return
    try:
        from rewire.cli import run

        status = run(words)
    except KeyboardInterrupt:
        status = 130  # while the libraries were loading
    sys.exit(status)


if __name__ == "__main__":
    main()
