"""The command line: `twitch-cds serve`, `assess`, and what explains and looks after the service.

Exit codes: 0 all is well; 1 `codes` does not know the code; 2 the input, a setting or the
database is not what it should be, with one line that says what to do.
"""

from __future__ import annotations

import click

from service import __version__
from service.cli.assess import assess_bundle
from service.cli.reference import codes, knowledge
from service.cli.rulebook import rules
from service.cli.serve import serve
from service.cli.store import audit, feedback, purge


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="twitch-cds")
def main() -> None:
    """Muscle twitching: which warning signs are on record, and what to do next."""


for command in (serve, assess_bundle, rules, knowledge, codes, feedback, audit, purge):
    main.add_command(command)
