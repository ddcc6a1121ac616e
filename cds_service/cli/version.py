"""``recurrence-cds version``: which product, on which Python."""

from __future__ import annotations

import argparse
import platform
from importlib.metadata import PackageNotFoundError, version

DISTRIBUTION = "recurrence-cds"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Takes none."""
    parser.set_defaults(distribution=DISTRIBUTION)


def run(args: argparse.Namespace) -> int:
    """Print one line; returns the exit status."""
    try:
        number = version(args.distribution)
    except PackageNotFoundError:
        number = "(not installed)"
    print(f"{args.distribution} {number}, Python {platform.python_version()}")
    return 0
