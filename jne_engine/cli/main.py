"""The command line: everything that the dashboard shows can be made and asked here.

Commands lie in modules of their own, imported when they are asked for: `--help` loads click alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from jne_engine.core.errors import JneError
from jne_engine.core.version import VERSION

INTERRUPTED = "Interrupted. What is complete is kept: run the same command to go on from there."

COMMANDS = {
    "app": ("cli.app:app", "Serve the dashboard and open it in a browser."),
    "backup": ("cli.reading:backup", "Bring a copy of the folder of runs up to date."),
    "bench": ("bench.command:bench", "Measure speed as ratios on this machine."),
    "check": ("cli.imports:check", "Check that features fit responses."),
    "claims": ("cli.claims:claims", "Say which of the paper's findings hold."),
    "demo": ("cli.running:demo", "Make the SIMULATED subject and its run."),
    "doctor": ("cli.doctor:doctor", "Say what does not work here, and what to do."),
    "export": ("cli.export:export", "Write a run's maps for another tool."),
    "features": ("cli.features:features", "Compute features of pictures."),
    "import": ("cli.imports:import_data", "Turn a data set into a folder for `run`."),
    "info": ("cli.reading:info", "Say what a run found, in words."),
    "jobs": ("cli.jobs:jobs", "List, follow and change jobs."),
    "list": ("cli.reading:list_runs", "List runs, and what can be resumed."),
    "methods": ("cli.export:methods", "Say what was done, as text for a paper."),
    "run": ("cli.running:run", "Compute the run of a dataset."),
    "simulate": ("cli.simulate:simulate", "Test what JNE measures, on SIMULATED data."),
    "stability": ("cli.stability:stability", "Say how far runs of a study agree."),
    "story": ("cli.story:story", "Stories: pinned views in order, to present."),
    "study": ("cli.study:study", "Compute subjects × layers × seeds × encoders."),
    "surfaces": ("cli.surfaces:surfaces", "List the surfaces that can be drawn."),
}
"""Where each command lies in the package, and what it does in a line."""


class Commands(click.Group):
    """Commands that tell a :class:`JneError` in one line and leave with 2."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, importing its module."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(import_module(f"jne_engine.{module}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command's line without importing it."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, told) for name, (_, told) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; expected problems end without a traceback."""
        try:
            return super().invoke(ctx)
        except JneError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(2)
        except KeyboardInterrupt:
            click.echo(f"\n{INTERRUPTED}", err=True)
            ctx.exit(130)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="jne_engine")
def main() -> None:
    """Compute and inspect JNE: where, how strongly and for which stimuli BOLD is nonlinear."""
