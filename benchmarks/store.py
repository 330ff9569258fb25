"""Compares the index with DuckDB alone: taking journals in beside a bare `read_json`, and how long questions take.

Both sides read the same files into a database on disk; ours also checks every hash, and fills all tables. Figures are those
of a process of its own each, the sides in turn. The questions are asked of an index over `--journals` journals, 84,000 of
which hold a million spans; `--corpus` keeps them for the next time.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agentctl.composition import open_project
from agentctl.events.base import Principal
from agentctl.events.control import RunLabelled
from agentctl.trace.index.reading import Reader
from benchmarks.journals import run_ids, write_journals
from benchmarks.results import Section

_SHAPES = ((1_000, 40), (40, 1_000))
_LABELS = 5_000
_COLUMNS = "{v:'BIGINT',run:'VARCHAR',seq:'BIGINT',epoch:'BIGINT',time:'TIMESTAMP',type:'VARCHAR',data:'JSON',prev:'VARCHAR',h:'VARCHAR'}"
QUESTIONS = {
    "newest runs": "SELECT * FROM runs ORDER BY started_at DESC LIMIT 20",
    "spend by agent": "SELECT gen_ai_agent_name, sum(cost_usd) FROM runs GROUP BY ALL",
    "spans by name": "SELECT name, count(*), avg(duration_ms) FROM spans GROUP BY ALL",
    "newest spans": "SELECT * FROM spans ORDER BY started_at DESC LIMIT 20",
    "outcomes of tools": "SELECT gen_ai_tool_name, outcome, count(*), avg(latency_ms) FROM tool_calls GROUP BY ALL",
    "refused calls": "SELECT * FROM tool_calls WHERE outcome = 'refused' LIMIT 50",
    "tokens by model": "SELECT gen_ai_request_model, sum(gen_ai_usage_input_tokens) FROM model_calls GROUP BY ALL",
    "answers of policies": "SELECT policy, answer, count(*) FROM decisions GROUP BY ALL",
    "answers of reviewers": "SELECT reviewer, answer, count(*) FROM approvals GROUP BY ALL",
    "who wrote what": "SELECT principal, gen_ai_tool_name, count(*) FROM writes WHERE attempts > 0 GROUP BY ALL",
    "newest messages": "SELECT * FROM messages ORDER BY time DESC LIMIT 20",
    "newest events": "SELECT * FROM events ORDER BY time DESC LIMIT 20",
    "newest decisions": "SELECT * FROM decisions ORDER BY time DESC LIMIT 20",
    "newest calls of a tool": "SELECT * FROM tool_calls WHERE gen_ai_tool_name = 'stripe.create_refund' ORDER BY proposed_at DESC LIMIT 20",
    "newest writes of an agent": "SELECT * FROM writes WHERE actor = 'agent:refund-assistant' ORDER BY time DESC LIMIT 20",
    "all of a run": "SELECT * FROM events WHERE run = '01KKNC2R00REFVND0000000042' ORDER BY seq",
    "stops": "SELECT meter, count(*) FROM spend WHERE meter IS NOT NULL GROUP BY ALL",
}
_OURS = "import sys; from pathlib import Path; from agentctl.trace.index.store import Index; Index(*map(Path, sys.argv[1:3])).ingest()"
_BARE = """\
import sys, duckdb
sql = "CREATE TABLE events AS SELECT * FROM read_json($files, format = 'newline_delimited', columns = COLUMNS)"
duckdb.connect(sys.argv[1]).execute(sql.replace("COLUMNS", sys.argv[3]), {"files": sys.argv[2] + "/*/*.jsonl"})
"""
_ASKED = "import sys; from benchmarks.store import ask; ask(sys.argv[1], sys.argv[2], int(sys.argv[3]))"
_MEASURED = "\nimport resource as r; u = r.getrusage(r.RUSAGE_SELF); print('used', u.ru_utime + u.ru_stime, u.ru_maxrss // 1024)"


@dataclass(frozen=True, slots=True)
class Used:
    """What a process used, in seconds and megabytes, and what it printed before that."""

    wall: float
    cpu: float
    megabytes: int = 0
    said: str = ""


def main() -> None:
    """Measure, and write the section."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--journals", type=int, default=5_000)
    options.add_argument("--corpus", type=Path, help="where the journals to ask are, or will be kept")
    asked = options.parse_args()
    with Section("store", "The store", ("duckdb",)) as section, tempfile.TemporaryDirectory() as folder:
        for journals, records in _SHAPES:
            _compare(section, Path(folder), journals, records, asked.rounds)
        _look(section, asked.corpus or Path(folder, "project"), asked.journals, asked.rounds)


def _compare(section: Section, folder: Path, journals: int, records: int, rounds: int) -> None:
    corpus = folder / f"{journals}x{records}"
    written = write_journals(corpus, journals, records)
    used: dict[str, list[Used]] = {"bare read_json into a table": [], "our ingest": []}
    for number in range(rounds):
        for name, program in zip(used, (_BARE, _OURS), strict=True):
            database = folder / f"{number}-{name.replace(' ', '-')}-{records}.duckdb"
            used[name].append(_measured(program, str(database), str(corpus), _COLUMNS))
    what = f"{written:,} records in {journals:,} journals of about {records:,}"
    _ratios(section, what, used)


def _ratios(section: Section, what: str, used: Mapping[str, Sequence[Used]]) -> None:
    section.ratios(f"CPU for {what}", {name: [one.cpu for one in each] for name, each in used.items()})
    section.ratios(f"Wall time for {what}", {name: [one.wall for one in each] for name, each in used.items()})


def _measured(program: str, *arguments: str) -> Used:
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", program + _MEASURED, *arguments], check=True, capture_output=True, text=True
    )
    wall = time.perf_counter() - began
    said, _, used = done.stdout.rpartition("used")  # DuckDB draws a bar of its progress there too
    cpu, megabytes = used.split()[:2]
    return Used(wall, float(cpu), int(megabytes), said)


def _look(section: Section, project: Path, journals: int, rounds: int) -> None:
    """Ask an index over many journals, and list the runs in it as a user does."""
    corpus, database = project / "traces" / "journal", project / "traces" / "agentctl.duckdb"
    _make(project, corpus, journals)
    for file in database.parent.glob(f"{database.name}*"):
        file.unlink()
    taken = _measured(_OURS, str(database), str(corpus))
    asked = _measured(_ASKED, str(database), str(corpus), str(rounds))
    told = json.loads(asked.said.splitlines()[-1])
    section.say(
        f"Questions over {told['records']:,} records, {told['spans']:,} spans in {journals:,} journals, in milliseconds of "
        f"wall time. Taking them in took {taken.cpu:.0f} s of CPU, {taken.wall:.0f} s of wall time, and held "
        f"{taken.megabytes} MB at most; whoever asks holds {asked.megabytes} MB; the file has "
        f"{database.stat().st_size >> 20} MB."
    )
    section.table(
        ("question", "min", "max"), [(name, *map(round, times)) for name, times in told["took"].items()]
    )
    _list(section, project, rounds)


def _make(project: Path, corpus: Path, journals: int) -> None:
    """Make a project with so many journals, unless it is there, and say something of the newest runs in it."""
    if corpus.exists():
        return
    corpus.mkdir(parents=True)
    (project / "agentctl.toml").touch()
    write_journals(corpus, journals, 40)
    os.environ["XDG_STATE_HOME"] = str(project / "state")
    by = Principal(id="olga", kind="user", assurance="asserted")
    with open_project(project).labels.writing() as labels:
        for run in run_ids(journals)[-_LABELS:]:
            labels.append(RunLabelled(run=run, label="good", by=by, reason="looked at it"))


def ask(database: str, corpus: str, rounds: int) -> None:
    """Ask every question so often, and print the least and the most milliseconds that each took."""
    with Reader(Path(database), Path(corpus)) as reader:
        told = {
            "records": reader.rows("SELECT count(*) FROM events")[0][0],
            "spans": reader.rows("SELECT count(*) FROM spans")[0][0],
            "took": {name: _took(reader, sql, rounds) for name, sql in QUESTIONS.items()},
        }
    print(f"\n{json.dumps(told)}")


def _took(reader: Reader, sql: str, rounds: int) -> tuple[float, float]:
    took: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        reader.rows(sql)
        took.append((time.perf_counter() - began) * 1_000)
    return min(took), max(took)


def _list(section: Section, project: Path, rounds: int) -> None:
    """Compare the list of runs with the help of the same command, which loads no index."""
    used: dict[str, list[Used]] = {"`agentctl runs list --help`": [], "`agentctl runs list`": []}
    for _ in range(rounds + 1):
        for name, each in used.items():
            each.append(_typed(project, name.strip("`").split()[1:]))
    _ratios(section, "the newest of them as a command", {name: each[1:] for name, each in used.items()})


def _typed(project: Path, arguments: list[str]) -> Used:
    command = [sys.executable, "-m", "agentctl", *arguments]
    began, before = time.perf_counter(), os.times()
    subprocess.run(
        command,
        check=True,
        capture_output=True,
        cwd=project,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "XDG_STATE_HOME": str(project / "state"),
        },
    )
    wall, after = time.perf_counter() - began, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Used(wall, cpu)


if __name__ == "__main__":
    main()
