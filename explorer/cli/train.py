"""Train one of the shipped networks on procedurally rendered scenes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.cli import arguments

if TYPE_CHECKING:
    from explorer.training.trainer import Progress


def add_arguments(command: argparse.ArgumentParser) -> None:
    """``train`` takes a recipe, and where and how to run it."""
    command.add_argument("recipe", metavar="RECIPE", help="the preset to train, see docs/training.md")
    command.add_argument(
        "--device", default="cpu", help="cpu (the default), cuda:0, or auto for the best one here"
    )
    command.add_argument(
        "--out", type=Path, metavar="FOLDER", help="where the run lives; runs/RECIPE by default"
    )
    command.add_argument("--restart", action="store_true", help="begin again instead of resuming")
    arguments.add_json(command)


def run(options: argparse.Namespace) -> None:
    """Train, with progress on standard error, and print where the weights are."""
    from explorer.runtime.device import resolve
    from explorer.training import train

    def show(progress: Progress) -> None:
        print(progress, file=sys.stderr, flush=True)

    file = train(
        options.recipe,
        device=resolve(options.device),
        out=options.out,
        resume=not options.restart,
        progress=show,
    )
    if options.json:
        print(arguments.as_json({"recipe": options.recipe, "weights": str(file)}))
    else:
        print(file)
