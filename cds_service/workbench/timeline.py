"""A history as a picture: lanes of what happened over a time axis, laid out for a given width.

The last half year decides most questions, so that it gets more than half of the width when the record is much longer.
All numbers are pixels of the drawing, ready for SVG.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from fhir_mappings.history import (
    Diagnosis,
    Drug,
    Exposure,
    Fact,
    History,
    Observed,
    Occurrence,
    Treatment,
    Verification,
)
from fhir_mappings.partial_dates import PartialDate
from fhir_mappings.value_sets import groups, title_of

Tone = Literal["disease", "good", "surgery", "radiotherapy", "drug", "look", "event", "draft"]
"""What a mark stands for; the style sheet gives it a colour."""
Certainty = Literal["done", "planned", "possible"]
"""Planned and possible marks are drawn hollow."""

WIDE: Final = 1080
NARROW: Final = 340
_RECENT_DAYS: Final = 183
_RECENT_SHARE: Final = 0.56
_LONG_DAYS: Final = 420
_GAP_DAYS: Final = 75
"""Doses of one drug further apart than this are drawn as separate courses."""
_MARGIN_DAYS: Final = 14
_ROW: Final = 21
_LANE_GAP: Final = 9
_TITLE: Final = 17
_AXIS: Final = 30
_SERIES: Final = 32
_LETTER: Final = 6.15
_PAD: Final = 9
_MARK: Final = 10
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_CANCER: Final = groups.CERVICAL_CANCER | groups.METASTASIS | groups.RECURRENCE_STATED
_QUIET: Final = groups.CERVICAL_PRECANCER | groups.HYPERTENSION
"""Conditions that would only fill the picture."""
_GOOD: Final = groups.DISEASE_FREE | {"disease-status-improved", "disease-status-partial-remission"}
_SERIES_OF: Final = (
    ("ecog-performance-status", "ECOG", ""),
    ("haemoglobin", "Haemoglobin", "g/dL"),
    ("creatinine-serum", "Creatinine", "mg/dL"),
    ("neutrophil-count", "Neutrophils", "10³/µL"),
    ("platelet-count", "Platelets", "10³/µL"),
    ("own-pdl1-cps", "PD-L1 CPS", ""),
)
"""Concept, short name and unit shown of the values drawn as lines."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, before it has a place.

    Attributes:
        label: short words beside the mark.
        full: the whole fact for the list and the tooltip, with date.
        start: first day.
        end: last day; equals ``start`` for a point.
        tone: what it stands for.
        certainty: done, planned or possible.
        reference: of the record behind it; of the first of several.
    """

    label: str
    full: str
    start: dt.date
    end: dt.date
    tone: Tone
    certainty: Certainty = "done"
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """An entry with its place: a bar from ``x`` over ``width``, or a point when it is of one day.

    ``label`` is the entry's, cut where there is no room for all of it.
    """

    entry: Entry
    label: str
    x: float
    y: float
    width: float
    point: bool
    label_x: float
    label_left: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """A named band of marks."""

    title: str
    y: float
    height: float
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Dot:
    """One value of a series: its place, and its words."""

    x: float
    y: float
    words: str


@dataclass(frozen=True, slots=True)
class Series:
    """A laboratory value or score over time.

    Attributes:
        title: short name.
        last: newest value with unit.
        last_x: where its words begin.
        last_left: whether they stand left of the last dot.
        dots: oldest first.
        line: the dots as points of an SVG polyline.
    """

    title: str
    y: float
    last: str
    last_x: float
    last_left: bool
    dots: tuple[Dot, ...]
    line: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the time axis with its words."""

    x: float
    label: str
    major: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """The picture, laid out.

    Attributes:
        width: of the drawing.
        height: of the drawing.
        left: where the plot begins; titles stand before it when there is room.
        ticks: of the axis.
        today_x: place of today.
        stretch_x: where the stretched last half year begins; None when the scale is even.
        lanes: bands of marks, empty ones left out.
        series: values as lines.
        entries: everything drawn and everything without a date, oldest first, for the list in words.
        undated: entries that carry no date, in words.
        first: first day drawn.
    """

    width: int
    height: float
    left: float
    ticks: tuple[Tick, ...]
    today_x: float
    stretch_x: float | None
    lanes: tuple[Lane, ...]
    series: tuple[Series, ...]
    entries: tuple[Entry, ...]
    undated: tuple[str, ...]
    first: dt.date


@dataclass(frozen=True, slots=True)
class _Found:
    """Entries of one lane, and the words of those without a date."""

    title: str
    entries: tuple[Entry, ...]
    undated: tuple[str, ...]


def _words(text: str) -> str:
    return text[:1].upper() + text[1:]


def _titles(concepts: Iterable[str]) -> list[str]:
    return sorted({title_of(each) for each in concepts})


def _entry(
    fact: Fact,
    label: str,
    tone: Tone,
    start: PartialDate | None,
    end: PartialDate | None = None,
    certainty: Certainty = "done",
) -> Entry | str:
    """The entry, or its words when it has no date."""
    full = _words(fact.text or label)
    if start is None:
        return full
    last = end or start
    when = str(start) if last == start else f"{start} to {last}"
    first_day = start.earliest
    last_day = max(last.latest if start.exact else last.earliest, first_day)
    return Entry(_words(label), f"{when}: {full}", first_day, last_day, tone, certainty, fact.reference)


def _split(title: str, found: Iterable[Entry | str]) -> _Found:
    entries: dict[tuple[str, dt.date, str], Entry] = {}
    undated: dict[str, None] = {}
    for each in found:
        if isinstance(each, str):
            undated[each] = None
        else:
            entries.setdefault((each.label, each.start, each.certainty), each)
    return _Found(title, tuple(sorted(entries.values(), key=lambda e: (e.start, e.end, e.label))), tuple(undated))


def _verified(diagnosis: Diagnosis) -> Certainty:
    return "done" if diagnosis.verification is Verification.CONFIRMED else "possible"


def _disease(history: History) -> Iterator[Entry | str]:
    for each in history.diagnoses:
        if each.concepts & _CANCER and not each.disowned:
            named = each.concepts & (groups.METASTASIS | groups.LOCAL_RECURRENCE | groups.CERVICAL_CANCER_BY_TYPE)
            label = ", ".join(_titles(named or each.concepts & _CANCER))
            if each.concepts & groups.LOCAL_RECURRENCE:
                sites = _titles(each.body_sites)
                label = "local recurrence" + (f", {sites[0]}" if sites else "")
            yield _entry(each, label, "disease", each.date, certainty=_verified(each))
    yield from _statuses(history)


def _statuses(history: History) -> Iterator[Entry | str]:
    """Disease statuses; the same one found again and again is one bar from the first time to the last."""
    found = [each for each in history.observed if each.concepts & groups.DISEASE_STATUS and each.value.concepts]
    for status in found:
        if status.date is None:
            yield _words(status.text)
    dated = sorted((each for each in found if each.date is not None), key=lambda each: (_on(each), each.reference))
    for words, alike in itertools.groupby(dated, key=lambda each: ", ".join(_titles(each.value.concepts))):
        several = list(alike)
        tone = _tone(several[0])
        first, last = _on(several[0]), _on(several[-1])
        if len(several) == 1:
            yield _entry(several[0], words, tone, several[0].date)
        else:
            full = f"{first} to {last}: {_words(words)}, found {len(several)} times"
            yield Entry(f"{_words(words)} × {len(several)}", full, first, last, tone, "done", several[0].reference)


def _tone(status: Observed) -> Tone:
    if status.value.concepts & _GOOD:
        return "good"
    return "disease" if status.value.concepts & groups.DISEASE_WORSENED else "look"


def _on(observed: Observed) -> dt.date:
    return observed.date.earliest if observed.date is not None else dt.date.min


def _happened(treatment: Treatment) -> Certainty | None:
    certainty: dict[Occurrence, Certainty | None] = {
        Occurrence.NOT_DONE: None,
        Occurrence.PLANNED: "planned",
        Occurrence.UNKNOWN: "possible",
    }
    return certainty.get(treatment.occurrence, "done")


def _surgery(history: History) -> Iterator[Entry | str]:
    for each in history.treatments:
        certainty = _happened(each)
        if each.concepts & groups.SURGERY and certainty:
            label = ", ".join(_titles(each.concepts & groups.SURGERY))
            yield _entry(each, label, "surgery", each.start, each.end, certainty)
    for plan in history.plans:
        if plan.active and plan.concepts & groups.SURGERY:
            label = ", ".join(_titles(plan.concepts & groups.SURGERY))
            yield _entry(plan, f"planned: {label}", "surgery", plan.date, certainty="planned")
    for diagnosis in history.diagnoses:
        if diagnosis.concepts & groups.HYSTERECTOMY_HISTORY and not diagnosis.disowned:
            yield _entry(diagnosis, "past hysterectomy", "surgery", diagnosis.date, certainty="possible")


def course_label(course: Treatment) -> str:
    """A radiotherapy course in a few words: dose, kind and the fields treated."""
    about = course.concepts | course.qualifiers
    kind = (
        "brachytherapy"
        if about & groups.RADIOTHERAPY_BRACHYTHERAPY
        else "stereotactic radiotherapy"
        if about & groups.RADIOTHERAPY_STEREOTACTIC
        else "external beam radiotherapy"
        if about & groups.RADIOTHERAPY_EXTERNAL_BEAM
        else "radiotherapy"
    )
    precise = course.body_sites - groups.SITE_PELVIC_PART_UNSPECIFIED
    fields = _titles(precise or course.body_sites)
    dose = f"{course.dose_gy:g} Gy " if course.dose_gy else ""
    return f"{dose}{kind}: {', '.join(fields)}" if fields else f"{dose}{kind}, field not stated"


def _radiotherapy(history: History) -> Iterator[Entry | str]:
    for each in history.treatments:
        certainty = _happened(each)
        if (each.concepts | each.qualifiers) & groups.RADIOTHERAPY and certainty:
            yield _entry(each, course_label(each), "radiotherapy", each.start, each.end, certainty)
    for diagnosis in history.diagnoses:
        if diagnosis.concepts & groups.RADIOTHERAPY_SITE_UNSPECIFIED and not diagnosis.disowned:
            label = "past radiotherapy, field not stated"
            yield _entry(diagnosis, label, "radiotherapy", diagnosis.date, certainty="possible")
    for plan in history.plans:
        if plan.active and plan.concepts & groups.RADIOTHERAPY:
            yield _entry(plan, "planned radiotherapy", "radiotherapy", plan.date, certainty="planned")


def _drug_certainty(drug: Drug) -> Certainty | None:
    certainty: dict[Exposure, Certainty | None] = {
        Exposure.GIVEN: "done",
        Exposure.POSSIBLE: "possible",
        Exposure.PLANNED: "planned",
        Exposure.NOT_TAKEN: None,
    }
    return certainty[drug.exposure]


def _courses(history: History) -> Iterator[Entry | str]:
    """Doses of one drug joined to courses; statements and orders with a period count as the course they tell of."""
    found: dict[tuple[str, Certainty], list[Drug]] = {}
    for drug in history.drugs:
        certainty = _drug_certainty(drug)
        named = drug.concepts & groups.SYSTEMIC_ANTINEOPLASTICS
        if named and certainty:
            found.setdefault((", ".join(_titles(named)), certainty), []).append(drug)
    for (name, certainty), drugs in found.items():
        dated = sorted((d for d in drugs if d.start is not None), key=lambda d: (_first(d), d.reference))
        for group in _joined(dated):
            yield _course(name, certainty, group)
        for drug in drugs:
            if drug.start is None:
                yield _words(drug.text)


def _first(drug: Drug) -> dt.date:
    return drug.start.earliest if drug.start is not None else dt.date.min


def _last(drug: Drug) -> dt.date:
    return max((drug.end or drug.start or PartialDate.on(dt.date.min)).latest, _first(drug))


def _joined(drugs: Sequence[Drug]) -> Iterator[list[Drug]]:
    group: list[Drug] = []
    reach = dt.date.min
    for drug in drugs:
        if group and (_first(drug) - reach).days > _GAP_DAYS:
            yield group
            group = []
        reach = max(_last(drug), reach) if group else _last(drug)
        group.append(drug)
    if group:
        yield group


def _course(name: str, certainty: Certainty, drugs: Sequence[Drug]) -> Entry:
    start, end = min(map(_first, drugs)), max(map(_last, drugs))
    doses = {_first(drug) for drug in drugs}
    count = f" × {len(doses)}" if len(doses) > 1 else ""
    when = f"{start}" if start == end else f"{start} to {end}"
    records = f"{len(drugs)} records" if len(drugs) > 1 else drugs[0].text
    label = _words(f"planned: {name}" if certainty == "planned" else name)
    return Entry(
        f"{label}{count}", f"{when}: {_words(name)}, {records}", start, end, "drug", certainty, drugs[0].reference
    )


def _looks(history: History) -> Iterator[Entry | str]:
    for each in history.treatments:
        if each.concepts & groups.BIOPSY and _happened(each):
            sites = _titles(each.body_sites - groups.SITE_CHEST | each.body_sites & groups.SITE_LUNG)
            yield _entry(each, f"biopsy, {sites[0]}" if sites else "biopsy", "look", each.start, each.end)
    for report in history.reports:
        if report.concepts & groups.IMAGING:
            yield _entry(report, ", ".join(_titles(report.concepts & groups.IMAGING)), "look", report.date)
    for plan in history.plans:
        if plan.active and plan.concepts & (groups.IMAGING | groups.BIOPSY):
            label = ", ".join(_titles(plan.concepts & (groups.IMAGING | groups.BIOPSY)))
            yield _entry(plan, f"requested: {label}", "look", plan.date, certainty="planned")


def _events(history: History) -> Iterator[Entry | str]:
    told = _CANCER | _QUIET | groups.RADIOTHERAPY_SITE_UNSPECIFIED | groups.HYSTERECTOMY_HISTORY
    for each in history.diagnoses:
        if each.concepts and not each.disowned and not each.concepts & told:
            yield _entry(each, ", ".join(_titles(each.concepts)), "event", each.date, certainty=_verified(each))


def _drafts(history: History) -> Iterator[Entry | str]:
    for each in history.drafts:
        label = ", ".join(_titles(each.concepts)) or each.text or each.resource_type
        yield _entry(each, f"draft: {label}", "draft", each.start, certainty="planned")


_LANES: Final[tuple[tuple[str, Callable[[History], Iterator[Entry | str]]], ...]] = (
    ("Disease", _disease),
    ("Surgery", _surgery),
    ("Radiotherapy", _radiotherapy),
    ("Systemic treatment", _courses),
    ("Biopsy and imaging", _looks),
    ("Events", _events),
    ("Draft orders", _drafts),
)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Days to pixels: even, or with the last half year stretched."""

    first: dt.date
    knee: dt.date | None
    last: dt.date
    left: float
    knee_x: float
    right: float

    def x(self, day: dt.date) -> float:
        if self.knee is not None and day < self.knee:
            share = (day - self.first).days / max((self.knee - self.first).days, 1)
            return round(self.left + share * (self.knee_x - self.left), 1)
        begin, begin_x = (self.first, self.left) if self.knee is None else (self.knee, self.knee_x)
        share = (day - begin).days / max((self.last - begin).days, 1)
        return round(begin_x + share * (self.right - begin_x), 1)


def _scale(days: Sequence[dt.date], today: dt.date, left: float, right: float) -> _Scale:
    first = min([*days, today]) - dt.timedelta(days=_MARGIN_DAYS)
    last = max([*days, today + dt.timedelta(days=30)]) + dt.timedelta(days=_MARGIN_DAYS)
    knee = today - dt.timedelta(days=_RECENT_DAYS)
    if (today - first).days < _LONG_DAYS:
        return _Scale(first, None, last, left, left, right)
    return _Scale(first, knee, last, left, left + (right - left) * (1 - _RECENT_SHARE), right)


def _months(begin: dt.date, end: dt.date) -> Iterator[dt.date]:
    year, month = begin.year, begin.month
    while (day := dt.date(year, month, 1)) <= end:
        if day >= begin:
            yield day
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)


def _ticks(scale: _Scale, room: float) -> tuple[Tick, ...]:
    """Years, and months where they have room; a label is left out rather than laid over another."""
    ticks: list[Tick] = []
    reach = -room
    for day in _months(scale.first, scale.last):
        x = scale.x(day)
        recent = scale.knee is None or day >= scale.knee
        if day.month != 1 and not recent:
            continue
        label = str(day.year) if day.month == 1 else _MONTHS[day.month - 1]
        shown = x - reach >= room and x + room <= scale.right + 8
        reach = x if shown else reach
        ticks.append(Tick(x, label if shown else "", day.month == 1))
    return tuple(ticks)


def _place(entries: Sequence[Entry], scale: _Scale, top: float, limit: float) -> tuple[tuple[Mark, ...], float]:
    """Marks in as few rows as their words allow; the height used comes with them."""
    taken: list[list[tuple[float, float]]] = []
    marks = []
    for entry in entries:
        start, end = scale.x(entry.start), scale.x(entry.end)
        point = end - start < _MARK
        begin, stop = (start - _MARK / 2, start + _MARK / 2) if point else (start, end)
        label, left = _fitted(entry.label, begin, limit - stop)
        words = len(label) * _LETTER + _PAD
        span = (begin - words, stop) if left else (begin, stop + words)
        row = next((i for i, spans in enumerate(taken) if _free(spans, span)), len(taken))
        if row == len(taken):
            taken.append([])
        taken[row].append(span)
        y = top + row * _ROW + _ROW / 2
        marks.append(
            Mark(
                entry=entry,
                label=label,
                x=round(begin, 1),
                y=y,
                width=round(stop - begin, 1),
                point=point,
                label_x=round(begin - 5 if left else stop + 5, 1),
                label_left=left,
            )
        )
    return tuple(marks), max(len(taken), 1) * _ROW


def _fitted(label: str, before: float, after: float) -> tuple[str, bool]:
    """The label, cut to the larger side when neither has room for it, and whether it stands left of its mark."""
    words = len(label) * _LETTER + _PAD
    if words <= after:
        return label, False
    if words <= before:
        return label, True
    room = int((max(before, after) - _PAD) / _LETTER) - 1
    return f"{label[: max(room, 1)].rstrip(' ,:')}…", before > after


def _free(spans: Iterable[tuple[float, float]], span: tuple[float, float]) -> bool:
    return all(span[1] <= begin or end <= span[0] for begin, end in spans)


def _values(history: History, concept: str) -> list[tuple[dt.date, float, Observed]]:
    found = {
        (each.date.earliest, each.value.number): each
        for each in history.observed
        if concept in each.concepts and each.final and each.date is not None and each.value.number is not None
    }
    return [(day, number, each) for (day, number), each in sorted(found.items(), key=lambda item: item[0])]


def _series(
    history: History, scale: _Scale, top: float, limit: float, today_x: float
) -> tuple[tuple[Series, ...], float]:
    drawn: list[Series] = []
    for concept, title, unit in _SERIES_OF:
        values = _values(history, concept)
        if not values:
            continue
        y = top + len(drawn) * _SERIES
        numbers = [number for _, number, _ in values]
        low, high = min(numbers), max(numbers)
        dots = tuple(
            Dot(scale.x(day), round(y + 23 - 13 * (number - low) / ((high - low) or 1), 1), f"{day}: {each.text}")
            for day, number, each in values
        )
        last = f"{numbers[-1]:g} {unit}".strip()
        after = max(dots[-1].x, today_x if today_x - dots[-1].x < _PAD * 3 else 0)
        left = after + len(last) * _LETTER + _PAD > limit
        drawn.append(
            Series(
                title,
                y,
                last,
                round(dots[-1].x - 8 if left else after + 8, 1),
                left,
                dots,
                " ".join(f"{dot.x},{dot.y}" for dot in dots),
            )
        )
    return tuple(drawn), len(drawn) * _SERIES


def timeline(history: History, today: dt.date, *, width: int = WIDE) -> Timeline:
    """Lay the history out.

    Args:
        history: as read, drafts included.
        today: where the line of today stands.
        width: of the drawing; lane titles stand beside the lanes when it is wide, above them when it is narrow.
    """
    found = [_split(title, draw(history)) for title, draw in _LANES]
    wide = width >= WIDE / 2
    left, right = (142.0 if wide else 8.0), width - 8.0
    days = [day for lane in found for entry in lane.entries for day in (entry.start, entry.end)]
    scale = _scale(days, today, left, right)
    y = float(_AXIS)
    lanes = []
    for lane in found:
        if not lane.entries:
            continue
        top = y if wide else y + _TITLE
        marks, height = _place(lane.entries, scale, top, width)
        lanes.append(Lane(lane.title, y, height + (top - y), marks))
        y = top + height + _LANE_GAP
    series, height = _series(history, scale, y, width, scale.x(today))
    entries = sorted((entry for lane in found for entry in lane.entries), key=lambda e: (e.start, e.full))
    return Timeline(
        width=width,
        height=round(y + height + 4, 1),
        left=left,
        ticks=_ticks(scale, 36),
        today_x=scale.x(today),
        stretch_x=scale.knee_x if scale.knee is not None else None,
        lanes=tuple(lanes),
        series=series,
        entries=tuple(entries),
        undated=tuple(words for lane in found for words in lane.undated),
        first=scale.first,
    )
