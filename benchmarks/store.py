"""Compares the index with DuckDB alone: taking journals in beside a bare `read_json`, and how long questions take.

Both sides read the same files into a database on disk; ours also checks every hash, and fills all tables. Figures are CPU
seconds of a process of its own each, the sides in turn. The questions are asked of an index over `--journals` journals.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from agentctl.trace.reading import Reader
from benchmarks.journals import write_journals
from benchmarks.results import Section

_SHAPES = ((1_000, 40), (40, 1_000))
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
    "stops": "SELECT meter, count(*) FROM spend WHERE meter IS NOT NULL GROUP BY ALL",
}
_OURS = "import sys; from pathlib import Path; from agentctl.trace.store import Index; Index(*map(Path, sys.argv[1:3])).ingest()"
_BARE = """\
import sys, duckdb
sql = "CREATE TABLE events AS SELECT * FROM read_json($files, format = 'newline_delimited', columns = COLUMNS)"
duckdb.connect(sys.argv[1]).execute(sql.replace("COLUMNS", sys.argv[3]), {"files": sys.argv[2] + "/*/*.jsonl"})
"""
_MEASURED = "\nimport resource as r; u = r.getrusage(r.RUSAGE_SELF); print('used', u.ru_utime + u.ru_stime, u.ru_maxrss // 1024)"


def main() -> None:
    """Measure, and write the section."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--journals", type=int, default=5_000)
    asked = options.parse_args()
    with Section("store", "The store", ("duckdb",)) as section, tempfile.TemporaryDirectory() as folder:
        for journals, records in _SHAPES:
            _compare(section, Path(folder), journals, records, asked.rounds)
        _ask(section, Path(folder), asked.journals, asked.rounds)


def _compare(section: Section, folder: Path, journals: int, records: int, rounds: int) -> None:
    corpus = folder / f"{journals}x{records}"
    written = write_journals(corpus, journals, records)
    figures: dict[str, list[float]] = {"bare read_json into a table": [], "our ingest": []}
    for number in range(rounds):
        for name, program in zip(figures, (_BARE, _OURS), strict=True):
            database = folder / f"{number}-{name.replace(' ', '-')}-{records}.duckdb"
            figures[name].append(_measured(program, database, corpus)[0])
    section.ratios(
        f"CPU seconds for {written:,} records in {journals:,} journals of about {records:,}", figures
    )


def _measured(program: str, database: Path, corpus: Path) -> tuple[float, int]:
    done = subprocess.run(
        [sys.executable, "-c", program + _MEASURED, str(database), str(corpus), _COLUMNS],
        check=True,
        capture_output=True,
        text=True,
    )
    # DuckDB draws a bar of its progress there too.
    seconds, megabytes = done.stdout.rpartition("used")[2].split()[:2]
    return float(seconds), int(megabytes)


def _ask(section: Section, folder: Path, journals: int, rounds: int) -> None:
    corpus, database = folder / "asked", folder / "asked.duckdb"
    records = write_journals(corpus, journals, 40)
    _, megabytes = _measured(_OURS, database, corpus)
    with Reader(database, corpus) as reader:
        spans = reader.rows("SELECT count(*) FROM spans")[0][0]
        rows = [(name, *_asked(reader, sql, rounds)) for name, sql in QUESTIONS.items()]
    section.say(
        f"Questions over {records:,} records, {spans:,} spans in {journals:,} journals, in milliseconds of wall time; taking "
        f"them in held {megabytes} MB at most, the file has {database.stat().st_size >> 20} MB."
    )
    section.table(("question", "min", "max"), rows)


def _asked(reader: Reader, sql: str, rounds: int) -> tuple[str, str]:
    took: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        reader.rows(sql)
        took.append((time.perf_counter() - began) * 1_000)
    return f"{min(took):.0f}", f"{max(took):.0f}"


if __name__ == "__main__":
    main()
