"""Try many histories and print the agreement: `python -m tests.conformance [COUNT [SEED]]`."""

from __future__ import annotations

import sys

from tests.conformance import campaign


def main(count: str = "1000", seed: str = "1") -> int:
    result = campaign.run(int(count), int(seed), lambda line: print(line, flush=True))  # noqa: T201 - this is its output
    print(result.agreement)  # noqa: T201
    return 1 if result.disagreements else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
