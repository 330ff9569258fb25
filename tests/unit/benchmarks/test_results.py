"""RESULTS.md: each benchmark rewrites its own section, and its ratios are those of one round."""

from pathlib import Path

import pytest

from benchmarks.results import Section, document, sections_of, spread


def test_a_ratio_is_taken_within_its_round() -> None:
    """A way that always takes twice the floor has the ratio 2, however the machine's speed wandered meanwhile."""
    assert spread([2.0, 20.0, 200.0], [1.0, 10.0, 100.0]) == (2.0, 2.0, 2.0)
    assert spread([1.0, 4.0, 9.0], [1.0, 2.0, 3.0]) == (1.0, 2.0, 3.0)


def test_ways_that_were_not_measured_equally_often_are_no_ratio() -> None:
    """A missing figure is an error, never a ratio of different rounds."""
    with pytest.raises(ValueError, match="zip"):
        spread([1.0], [1.0, 2.0])


def test_a_section_takes_only_its_own_place(tmp_path: Path) -> None:
    """Written again, a section replaces itself; the others keep every byte, and the order stays."""
    path = tmp_path / "RESULTS.md"
    for name, text in (("start", "cold"), ("runs", "first"), ("zebra", "unknown"), ("runs", "second")):
        section = Section(name, name.title(), ("pytest",))
        section.say(text)
        section.write(path)
    found = sections_of(path.read_text())
    assert list(found) == ["runs", "start", "zebra"]
    assert "second" in found["runs"]
    assert "first" not in found["runs"]
    assert f"pytest {pytest.__version__}" in found["start"]
    assert document(found) == path.read_text()


def test_a_table_says_min_median_and_max(tmp_path: Path) -> None:
    """Beside the ratios stands the median, in the unit that was asked for."""
    section = Section("runs", "Runs")
    section.ratios("Time over the floor's", {"floor": [0.001, 0.002], "ours": [0.003, 0.004]})
    section.write(tmp_path / "RESULTS.md")
    text = (tmp_path / "RESULTS.md").read_text()
    assert "| ours | 2.00 | 2.50 | 3.00 | 3.5 |" in text
    assert "Time over the floor's:" in text


def test_a_benchmark_that_failed_writes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What was measured before stays when a script breaks on its way."""
    monkeypatch.setattr(Section, "write", lambda _: (tmp_path / "written").touch())
    with pytest.raises(RuntimeError), Section("runs", "Runs"):
        raise RuntimeError
    assert not (tmp_path / "written").exists()
    with Section("runs", "Runs"):
        pass
    assert (tmp_path / "written").exists()
