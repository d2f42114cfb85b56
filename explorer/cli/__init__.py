"""The command line: the same functions as the pages, one file per command.

Results go to standard output, progress and errors to standard error. The exit status is 0, or 2 with one sentence
for a request that cannot be met. Only the commands that need torch import it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from explorer import __version__
from explorer.cli import connectivity, fetch, graph, layers, predict, show, train
from explorer.cli import list as list_command
from explorer.errors import ExplorerError

FAILED = 2
INTERRUPTED = 130
"""What shells report for a command that was stopped with Ctrl-C."""

COMMANDS = (list_command, show, graph, layers, connectivity, predict, train, fetch)


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence."""

    def error(self, message: str) -> NoReturn:
        self.exit(FAILED, f"{self.prog}: {message} (see {self.prog} --help).\n")


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = _Parser(prog="python -m explorer", description=sys.modules["explorer"].__doc__)
    top.add_argument("--version", action="version", version=__version__)
    commands = top.add_subparsers(metavar="command", required=True, parser_class=_Parser)
    for module in COMMANDS:
        summary = (module.__doc__ or "").partition("\n")[0]
        name = module.__name__.rpartition(".")[2]
        command = commands.add_parser(name, help=summary, description=summary)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command (``sys.argv`` by default) and return its exit status."""
    options = parser().parse_args(arguments)
    try:
        options.run(options)
        sys.stdout.flush()
    except ExplorerError as error:
        print(error, file=sys.stderr)
        return FAILED
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            # The reader (head, less) has seen enough. Nothing may be flushed into the closed pipe at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        print(f"{error.filename}: {error.strerror}." if error.filename else f"{error}.", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return INTERRUPTED
    return 0
