"""Show a network's configuration as YAML."""

import argparse

from explorer.cli import arguments


def add_arguments(command: argparse.ArgumentParser) -> None:
    """``show`` takes a network."""
    arguments.add_network(command)
    arguments.add_json(command)


def run(options: argparse.Namespace) -> None:
    """Print the configuration, validated."""
    config = arguments.network(options.network)
    if options.json:
        shown = {
            "title": config.title,
            "task": config.task.value,
            "digest": config.digest,
            "input": config.default_input,
            "config": config.model_dump(mode="json"),
        }
        print(arguments.as_json(shown))
    else:
        print(config.to_yaml(), end="")
