"""Fills a model from a source, and says in our words, with places, everything that does not fit."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeVar, cast, get_args

from msgspec import Struct
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

from agentctl.contract.form import Form, form_of
from agentctl.contract.source import (
    MAX_PROBLEMS,
    DataPath,
    JsonLike,
    RefusedSource,
    Source,
    parse_source,
    read_bytes,
)
from agentctl.contract.words import dotted, found, listed, nearest, one_of, shown
from agentctl.foundation.errors import InvalidInput, Place, Problem
from agentctl.foundation.visible import visible

Model = TypeVar("Model", bound=BaseModel)

_KNOWN: Final = frozenset(get_args(ErrorType))
_JUDGEMENTS: Final = frozenset({"value_error", "assertion_error"})
_KEY_MARK: Final = "[key]"
_MESSAGE_CAP: Final = 500
_EXPLAINED: Final = 10 * MAX_PROBLEMS  # of a file of mere errors, more would take seconds and help nobody

# Where the error knows more than the schema does.
_ACCEPTED: Final = {
    "decimal_max_digits": "a number of at most {max_digits} digits",
    "decimal_max_places": "a number with at most {decimal_places} digits after the point",
    "decimal_whole_digits": "a number with at most {whole_digits} digits before the point",
    "finite_number": "a finite number",
    "string_not_ascii": "text of ASCII characters",
}


def load(model: type[Model], source: Source) -> Model:
    """Return a source's data as a model.

    Raises:
        InvalidInput: the data does not fit; names every problem found, at most 100, in the order of the file.
    """
    try:
        return model.model_validate(source.data)
    except ValidationError as error:
        raise InvalidInput(problems_of(error, model, source)) from error


def load_file(model: type[Model], path: Path, shown_as: str | None = None) -> tuple[Model, Source]:
    """Return a YAML file as a model, with the place of every value. Nobody changes either: what is read again may be the same.

    Raises:
        InvalidInput: the file cannot be read, its YAML is refused, or it does not fit; names all of that in one go.
    """
    name = shown_as or str(path)
    document, source = _made_of(model, read_bytes(path, name), name)
    return cast("Model", document), source


@lru_cache(maxsize=256)
def _made_of(model: type[BaseModel], data: bytes, file: str) -> tuple[BaseModel, Source]:
    """Return what a file's bytes say. A check, a version and a run ask for the same files one after another."""
    try:
        source = parse_source(data, file)
    except RefusedSource as refused:
        raise InvalidInput(_with_what_does_not_fit(refused, model)) from refused
    return load(model, source), source


def _with_what_does_not_fit(refused: RefusedSource, model: type[BaseModel]) -> list[Problem]:
    """Return a refusal's problems and those the model has with the rest, in the order of the file."""
    told = {(problem.place.line, problem.place.column) for problem in refused.problems}
    others: tuple[Problem, ...] = ()
    if refused.readable is not None:
        try:
            model.model_validate(refused.readable.data)
        except ValidationError as error:
            others = problems_of(error, model, refused.readable)
    new = [item for item in others if (item.place.line, item.place.column) not in told]
    return sorted((*refused.problems, *new), key=lambda item: (item.place.line, item.place.column))


def problems_of(error: ValidationError, model: type[BaseModel], source: Source) -> tuple[Problem, ...]:
    """Return what a model said against a source, as problems in the order of the file.

    Where alternatives are possible, one problem is told: that of the only alternative of the right shape, otherwise
    what all of them together accept.
    """
    form = form_of(model)
    findings = [
        _finding(details, form, source.data) for details in error.errors(include_url=False)[:_EXPLAINED]
    ]
    problems = dict.fromkeys(_problem(item, source) for item in _without_echoes(findings))
    return _capped(sorted(problems, key=lambda item: (item.place.line, item.place.column, item.path)), source)


class _Finding(Struct, frozen=True):
    """One thing a model said, and where in the document that is.

    `holder` is the form of the mapping or list that holds the last part of `path`. `passed` are the places of
    alternatives on the way; `undecided` says that the way ends at one, because none could be singled out.
    """

    details: ErrorDetails
    path: DataPath
    value: JsonLike
    form: Form
    holder: Form
    passed: tuple[DataPath, ...] = ()
    on_key: bool = False
    undecided: bool = False

    @property
    def is_judgement(self) -> bool:
        """Whether a validator of ours, or a library's own, said it in its own words."""
        return self.details["type"] in _JUDGEMENTS or self.details["type"] not in _KNOWN


def _finding(details: ErrorDetails, form: Form, data: JsonLike) -> _Finding:
    """Follow an error's place through form and data; names of alternatives on the way are not part of the document."""
    at = _Finding(details, (), data, form, form)
    for index, part in enumerate(details["loc"]):
        is_last = index == len(details["loc"]) - 1
        if at.form.options:
            chosen = _chosen(at.form, str(part), at.value)
            if chosen is None or (is_last and not at.is_judgement):
                return _moved(at, undecided=True)
            at = _moved(at, form=chosen)
        elif is_last and part == _KEY_MARK and at.path[-1:] == (details["input"],):
            return _moved(at, on_key=True)
        else:
            at = _step(at, part)
    return at


def _moved(
    at: _Finding, *, form: Form | None = None, on_key: bool = False, undecided: bool = False
) -> _Finding:
    passed = at.passed if form is None else (*at.passed, at.path)
    return _Finding(
        at.details, at.path, at.value, form or at.form, at.holder, passed, on_key=on_key, undecided=undecided
    )


def _step(at: _Finding, part: str | int) -> _Finding:
    return _Finding(
        at.details, (*at.path, part), _part(at.value, part), at.form.part(part), at.form, at.passed
    )


def _chosen(form: Form, label: str, value: JsonLike) -> Form | None:
    """Return the alternative that was meant: the tagged one, or the only one of the value's shape."""
    if form.tag_key:
        return form.tagged(label) if label in form.tags else None
    fitting = [option for option in form.options if option.fits_shape(value)]
    return fitting[0] if len(fitting) == 1 else None


def _part(value: JsonLike, part: str | int) -> JsonLike:
    """Return a part of a value; nothing where there is none."""
    if isinstance(value, dict) and isinstance(part, str):
        return value.get(part)
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return value[part]
    return None


def _without_echoes(findings: list[_Finding]) -> list[_Finding]:
    """Leave out what other alternatives said where one was singled out, or where a validator gave its reason."""
    decided = {path for finding in findings for path in finding.passed}
    decided |= {finding.path for finding in findings if finding.undecided and finding.is_judgement}
    return [
        finding
        for finding in findings
        if not finding.undecided or finding.is_judgement or finding.path not in decided
    ]


def _problem(finding: _Finding, source: Source) -> Problem:
    if finding.is_judgement:
        return Problem(_place(finding, source), _judgement(finding.details), path=dotted(finding.path))
    if finding.undecided:
        return _unfit(finding, source)
    if finding.on_key:
        return _bad_key(finding, source)
    match finding.details["type"]:
        case "missing" if finding.path:
            return _missing(finding.path, finding.form.description, source)
        case "extra_forbidden" if finding.path:
            return _unknown_key(finding, source)
        case "union_tag_invalid" | "union_tag_not_found" if finding.form.tag_key:
            return _bad_tag(finding, finding.form.tag_key, source)
        case _:
            return _unfit(finding, source)


def _judgement(details: ErrorDetails) -> str:
    error = details.get("ctx", {}).get("error")
    message = str(error if details["type"] in _JUDGEMENTS and error is not None else details["msg"])
    return visible(message[:_MESSAGE_CAP]) or "this does not fit"


def _missing(path: DataPath, meaning: str, source: Source) -> Problem:
    key = shown(str(path[-1]))
    accepted = f"the key `{key}`" + (f" ({meaning.rstrip('.')})" if meaning else "")
    return Problem(source.place_of(path[:-1]), f"the key `{key}` is missing", accepted, dotted(path))


def _unknown_key(finding: _Finding, source: Source) -> Problem:
    known = finding.holder.keys
    key = str(finding.path[-1])
    return Problem(
        source.place_of(finding.path),
        f"an unknown key `{shown(key)}`",
        f"the keys {listed(known)}" if known else "no key at all",
        dotted(finding.path),
        nearest(key, known),
    )


def _bad_key(finding: _Finding, source: Source) -> Problem:
    return Problem(
        source.place_of(finding.path),
        f"the key `{shown(str(finding.path[-1]))}`",
        finding.holder.accepted_key(),
        dotted(finding.path),
    )


def _bad_tag(finding: _Finding, key: str, source: Source) -> Problem:
    path = (*finding.path, key)
    value, tags = _part(finding.value, key), finding.form.tags
    if value is None:
        return _missing(path, one_of(tags), source)
    near = nearest(value, tags) if isinstance(value, str) else ""
    return Problem(source.value_place_of(path), found(value), one_of(tags, value), dotted(path), near)


def _unfit(finding: _Finding, source: Source) -> Problem:
    value, form = finding.value, finding.form
    accepted = _accepted_by(finding.details) or form.accepted()
    near = nearest(value, form.choices) if isinstance(value, str) else ""
    here = found(value) if accepted else f"{found(value)}, which does not fit here"
    return Problem(_place(finding, source), here, accepted, dotted(finding.path), near)


def _accepted_by(details: ErrorDetails) -> str:
    return _ACCEPTED.get(details["type"], "").format_map(details.get("ctx", {}))


def _place(finding: _Finding, source: Source) -> Place:
    """Return where to look: at a scalar itself, at the key of what is longer than a line."""
    if isinstance(finding.value, dict | list):
        return source.place_of(finding.path)
    return source.value_place_of(finding.path)


def _capped(problems: Iterable[Problem], source: Source) -> tuple[Problem, ...]:
    shown_ones = tuple(problems)
    if len(shown_ones) <= MAX_PROBLEMS:
        return shown_ones
    rest = f"more than {MAX_PROBLEMS} problems; the others are not shown"
    return (*shown_ones[:MAX_PROBLEMS], Problem(Place(source.file), rest))
