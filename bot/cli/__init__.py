"""The `blup` command: every way to start or inspect the bot, and the only place that sets up logging."""

import gc
import sys

import typer

from bot.cli import (
    bench,
    calendar,
    content,
    database,
    decisions,
    deliveries,
    demo,
    doctor,
    provisioning,
    run,
    villages,
)

app = typer.Typer(
    name="blup",
    help="The chat companion that carries villages through BLUP.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("run")(run.run)
app.command("demo")(demo.demo)
app.command("calendar")(calendar.calendar)
app.command("provision")(provisioning.provision)
app.command("doctor")(doctor.doctor)
app.add_typer(bench.app, name="bench")
app.add_typer(content.app, name="content")
app.add_typer(database.app, name="db")
app.add_typer(decisions.app, name="decisions")
app.add_typer(deliveries.app, name="deliveries")
app.add_typer(villages.app, name="villages")


_SELDOM = (100_000, 20, 50)  # what we load and plan stays alive: looking for dead objects often is wasted


def main() -> None:
    """Run the command that was asked for. Faults an operator can mend end with code 2 and plain words."""
    from bot.cli.faults import expected

    collect_seldom()
    with expected():
        app()
    sys.exit(0)


def collect_seldom() -> None:
    """Look for dead objects seldom, which starts the bot about a tenth sooner."""
    gc.set_threshold(*_SELDOM)
