"""Logs: search by meaning, list statements, boil gigabytes down to templates."""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table

from watchkeeper.cli._shown import plain
from watchkeeper.detect.log_summary import LogSummary, TemplateRow
from watchkeeper.domain.errors import InvalidInput
from watchkeeper.telemetry.log_files import STDIN, chunks

Files = Annotated[list[Path] | None, typer.Argument(help="Files or folders; none: the running server's log source.")]
Limit = Annotated[int, typer.Option(help="How many.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Service = Annotated[str, typer.Option(help="Only this service; of files: those whose name contains it.")]
Level = Annotated[str, typer.Option(help="Only this level, such as error.")]
Start = Annotated[str, typer.Option(help="From this moment on (RFC 3339); server only.")]
End = Annotated[str, typer.Option(help="Until this moment (RFC 3339); server only.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Search logs by meaning; summarize log files.", no_args_is_help=True)
    group.command("search")(search)
    group.command("templates")(templates)
    group.command("summarize")(summarize)
    app.add_typer(group, name="logs")


def search(
    words: Annotated[str, typer.Argument(help="A plain question, in quotes.")],
    files: Files = None, service: Service = "", level: Level = "", start: Start = "", end: End = "",
    limit: Limit = 10, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Statements that answer a question such as "why can nobody log in"."""
    if not files:
        _from_server(
            "/api/v1/logs/search", as_json, q=words, service=service, level=level, start=start, end=end, limit=limit
        )
        return
    from watchkeeper.recall.search import Document, SearchIndex

    rows = _of_level(_summary(_listed(files, service)).rows(), level)
    index = SearchIndex([Document(str(n), r.template, r.example[:300]) for n, r in enumerate(rows)])
    found = [{**asdict(rows[int(h.id)]), "score": h.score, "because": h.because} for h in index.search(words, limit)]
    _print_rows(found, as_json, "nothing there answers that")


def templates(
    files: Files = None, service: Service = "", level: Level = "", start: Start = "", end: End = "",
    limit: Limit = 50, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Every statement with its count, the most frequent first."""
    if not files:
        _from_server("/api/v1/logs/templates", as_json, service=service, level=level, start=start, end=end, limit=limit)
        return
    rows = _of_level(_summary(_listed(files, service)).rows(), level)
    _print_rows([asdict(r) for r in rows[:limit]], as_json, "no lines")


def summarize(
    files: Annotated[list[Path], typer.Argument(help="Plain, gzip or zstd files; - is standard input.")],
    baseline: Annotated[Path | None, typer.Option(help="A file of a time in which all was well.")] = None,
    new: Annotated[bool, typer.Option("--new", help="Only what the baseline does not have.")] = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Gigabytes to templates: counts, first and last, what is new; in bounded memory."""
    if new and baseline is None:
        raise InvalidInput("--new needs --baseline")
    summary = _summary(_listed(files, ""), _listed([baseline], "") if baseline else [])
    rows = summary.rows()
    fresh = [r for r in rows if r.new]
    # What is new stands first: it is what one looks for.
    shown = fresh if new else fresh + [r for r in rows if not r.new]
    if as_json:
        whole = {"lines": summary.lines, "templates": len(rows), "new": len(fresh) if baseline else None}
        typer.echo(json.dumps({**whole, "items": [asdict(r) for r in shown[:limit]]}, indent=1))
        return
    _print_rows([asdict(r) for r in shown[:limit]], False, "nothing new" if new else "no lines")
    said = f"{summary.lines:,} lines, {len(rows):,} templates"
    typer.echo(said + (f", {len(fresh):,} of them new" if baseline else ""))


def _listed(paths: list[Path], part: str) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(p for p in path.rglob("*") if p.is_file())
        elif path == STDIN or path.exists():
            found.append(path)
        else:
            raise InvalidInput(f"{path} does not exist")
    found = [p for p in found if part in p.name]
    if not found:
        raise InvalidInput("no file to read")
    return found


def _summary(files: list[Path], baseline: list[Path] | None = None) -> LogSummary:
    summary = LogSummary()
    columns = ("{task.description}", BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True, console=Console(stderr=True)) as bar:
        for lines in _read(bar, "baseline", baseline or []):
            summary.add_baseline(lines)
        for lines in _read(bar, "logs", files):
            summary.add(lines)
    return summary


def _read(bar: Progress, words: str, files: list[Path]) -> Iterator[list[str]]:
    if not files:
        return
    sizes = [p.stat().st_size for p in files if p != STDIN]
    task = bar.add_task(words, total=sum(sizes) if len(sizes) == len(files) else None)
    before = 0
    for path in files:
        taken = 0
        for lines, taken in chunks(path):
            bar.update(task, completed=before + taken)
            yield lines
        before += taken


def _of_level(rows: list[TemplateRow], level: str) -> list[TemplateRow]:
    if not level:
        return rows
    wanted = re.compile(rf"\b{re.escape(level)}(?:ing|or)?\b", re.IGNORECASE)
    return [r for r in rows if wanted.search(r.example[:200])]


def _print_rows(rows: list[dict[str, Any]], as_json: bool, nothing: str) -> None:
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    table = Table("count", "first", "last", "template")
    for row in rows:
        mark = "NEW " if row.get("new") else ""
        times = [plain(row[k] or f"line {row[f'{k}_line']:,}") for k in ("first", "last")]
        table.add_row(f"{row['count']:,}", *times, mark + plain(row["template"]))
    Console(highlight=False, markup=False).print(table if rows else nothing)


def _from_server(path: str, as_json: bool, **asked: Any) -> None:
    from watchkeeper.cli._client import call

    answer = call("GET", path, params={k: v for k, v in asked.items() if v not in ("", None)})
    if as_json:
        typer.echo(json.dumps(answer, indent=1))
        return
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for item in answer["items"]:
        head = f"{item['count']:,} × {item['service']}  {item['first_seen']} … {item['last_seen']}"
        console.print(plain(head), style="bold")
        console.print(f"  {plain(item['template'])}")
        for row in item.get("rows", []):
            console.print(f"    {row['at']}  {plain(row['message'])}", style="dim")
        console.print(f"  {plain(item['logql'])}")
    if not answer["items"]:
        console.print("nothing there answers that" if "question" in answer else "no lines")
    console.print(f"{answer['lines']:,} lines read, {answer['templates']:,} templates")
    for words in answer["could_not_see"]:
        console.print(f"could not see {plain(words)}", style="yellow")
