"""The command line ``recurrence-cds``: one module a command, found by the table below.

A command's module has ``add_arguments(parser)`` and ``run(args) -> int`` (the exit status); it is imported
only when its command is the one asked for.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from types import MappingProxyType
from typing import Final

COMMANDS: Final = MappingProxyType(
    {
        "serve": "start the service with the settings of the environment",
        "demo": "start the service together with a FHIR server that holds the sample patients",
        "evaluate": "read patients from files and print features, decisions and cards",
        "client": "write and check entries of the file of trusted clients",
        "keys": "make a test key pair and a signed test call",
        "feedback": "report, export and purge what users did with the cards",
        "doctor": "try every prefetch query against a FHIR server and say what will be unknown for it",
        "terminology": "fetch from a terminology server what lies below our codes, or show what was fetched",
        "version": "print the versions of the product and of Python",
    }
)
"""Name of each command, which is its module's name as well, and what it does."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(
        prog="recurrence-cds", description="Decision support for recurrent cervical squamous cell carcinoma."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, purpose in COMMANDS.items():
        command = commands.add_parser(name, help=purpose, description=purpose)
        if arguments[:1] == [name]:
            gc.disable()  # what is imported stays: to look for garbage in it again and again takes a tenth of the start
            module = import_module(f"{__name__}.{name}")
            gc.freeze()
            gc.enable()
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    args = parser.parse_args(arguments)
    status: int = args.run(args)
    return status
