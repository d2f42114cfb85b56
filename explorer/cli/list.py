"""List the networks that have a name, with their size and cost."""

import argparse

from explorer.cli import arguments
from explorer.ui import numbers
from explorer.ui.catalog import entries
from explorer.weights import shipped


def add_arguments(command: argparse.ArgumentParser) -> None:
    """``list`` takes no network."""
    arguments.add_json(command)


def run(options: argparse.Namespace) -> None:
    """Print every preset."""
    known = entries().values()
    if options.json:
        listed = [
            {
                "name": entry.name,
                "task": entry.config.task.value,
                "digest": entry.config.digest,
                "input": entry.config.default_input,
                "parameters": entry.parameters,
                "live_parameters": entry.live_parameters,
                "macs": entry.macs,
                "shipped_weights": shipped(entry.config) is not None,
            }
            for entry in known
        ]
        print(arguments.as_json(listed))
        return
    rows = [
        (
            entry.name,
            entry.config.task.value,
            numbers.shape(entry.config.default_input),
            numbers.count(entry.parameters),
            numbers.macs(entry.macs),
            "shipped" if shipped(entry.config) else "",
        )
        for entry in known
    ]
    header = ("name", "task", "input", "parameters", "cost", "weights")
    print(arguments.as_table(header, rows, right=(False, False, True, True, True, False)))
