"""`journeys playbook …`: journeys as data (剧本)."""

import typer

from starter.playbook.check import check
from starter.playbook.diff import diff
from starter.playbook.dry_run import dry_run
from starter.playbook.migrate import list_moves, migrate
from starter.playbook.preview import preview
from starter.playbook.publish import publish
from starter.playbook.published import list_playbooks, show_playbook, versions
from starter.playbook.what_if import what_if

app = typer.Typer(
    no_args_is_help=True, help="Playbooks (剧本): check, preview, publish, compare, move customers over."
)
app.command()(check)
app.command()(diff)
app.command()(migrate)
app.command(name="moves")(list_moves)
app.command()(preview)
app.command()(publish)
app.command(name="list")(list_playbooks)
app.command(name="show")(show_playbook)
app.command()(versions)
app.command(name="dry-run")(dry_run)
app.command(name="what-if")(what_if)
