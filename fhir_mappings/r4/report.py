"""DiagnosticReport and ImagingStudy -> Report."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from fhir_mappings.history import Report
from fhir_mappings.partial_dates import PartialDate
from fhir_mappings.r4.elements import choice_of_date, concepts_over, references, span
from fhir_mappings.r4.meaning import words
from fhir_mappings.r4.source import Read, Reader, Source, status_word

_REPORT: Final[Mapping[str, bool | None]] = MappingProxyType(
    {
        "final": True,
        "amended": True,
        "corrected": True,
        "appended": True,
        "registered": False,
        "partial": False,
        "preliminary": False,
        "unknown": False,
        "cancelled": None,
    }
)
_STUDY: Final[Mapping[str, bool | None]] = MappingProxyType(
    {"available": True, "registered": False, "unknown": False, "cancelled": None}
)


def read_report(report: Any, source: Source) -> tuple[Read, ...]:
    """Read a diagnostic report; one that was cancelled says nothing. Its date is effective[x] only."""
    final = status_word(report.status, _REPORT)
    if final is None:
        return ()
    conclusions = concepts_over(report.conclusionCode)
    return (
        Report(
            **source.fact(words(conclusions), "final" if final else "not final"),
            final=final,
            date=span(*choice_of_date(report, "effective", source.birth)),
            conclusions=conclusions,
            results=tuple(sorted({source.lookup.local(each) for each in references(report.result) if each})),
            free_text=source.free_text,
        ),
    )


def read_study(study: Any, source: Source) -> tuple[Read, ...]:
    """Read an imaging study: that it was done, not what it showed."""
    final = status_word(study.status, _STUDY)
    if final is None:
        return ()
    return (
        Report(
            **source.fact("available" if final else "not available"),
            final=final,
            date=PartialDate.read(study.started),
        ),
    )


REPORT: Final = Reader(
    elements=("status", "code", "effectiveDateTime", "effectivePeriod", "conclusionCode", "result"),
    read=read_report,
    foreign=("codedDiagnosis",),
    free_text=("conclusion", "presentedForm"),
)
STUDY: Final = Reader(
    elements=("subject", "status", "started", "procedureCode", "description"), read=read_study, foreign=("procedure",)
)
