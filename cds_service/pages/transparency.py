"""What the service says about itself: source attributes, purpose, limits, risks, regulation (TR-01 to TR-12, TR-31).

The sentences stand in ``statements.toml``. The answers on the use of personal data are compared with what the readers
really read: :func:`contradictions` names every attribute that is declared unused but read, or the other way round.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from cds_service.guideline import knowledge
from cds_service.guideline.citations import Citation
from cds_service.pages.elements import PERSONAL, elements, extensions, read_of
from cds_service.pages.inputs import rests_on
from cds_service.pages.measured import measured
from cds_service.pages.tables import RowView, Table, tables
from cds_service.protocol.discovery import Service
from fhir_mappings.features.fields import FEATURES

REVIEW_EVERY_DAYS: Final = 183
"""Stated interval of the clinical review; the page says so when it is exceeded."""
NOT_USED: Final = "not used"
ORDER_TABLES: Final = "orders-"
EXTENSION: Final = "org.recurrence-cds.knowledge"
"""Member of ``extension`` in discovery that names version, content hash and page."""


@dataclass(frozen=True, slots=True)
class Use:
    """The answer to one of the attributes (5) to (13): whether it is used, for what, and by which features."""

    used: bool
    words: str
    features: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Risk:
    """One risk: which of the eight words it belongs to, what may go wrong, its control, and the tests that hold it."""

    word: str
    risk: str
    control: str
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """The file of statements.

    Attributes:
        about: developer, funding, regulation and the like.
        statements: what TR-06 asks of every service.
        predictive: the 31 attributes of a predictive intervention by group, answered where an answer makes sense.
        risks: public summary of intervention risk management (TR-11).
    """

    about: Mapping[str, str]
    statements: Mapping[str, str]
    predictive: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    risks: tuple[Risk, ...]


@cache
def words() -> Words:
    """The statements as packaged."""
    told = tomllib.loads(resources.files(__package__).joinpath("statements.toml").read_text(encoding="utf-8"))
    about, statements = told["about"], told["statements"]

    def answer(entry: Mapping[str, str]) -> str:
        if "about" in entry:
            return str(about[entry["about"]])
        return str(statements[entry["statement"]] if "statement" in entry else entry["answer"])

    return Words(
        about,
        statements,
        tuple(
            (group["group"], tuple((entry["attribute"], answer(entry)) for entry in group["answers"]))
            for group in told["predictive"]
        ),
        tuple(Risk(each["word"], each["risk"], each["control"], tuple(each["tests"])) for each in told["risk"]),
    )


def uses() -> Mapping[str, Use]:
    """Attribute -> our answer. Features that change with sex and date of birth are those that a run has found."""
    patient = measured().patient
    unused = Use(used=False, words=NOT_USED)
    return {
        **{personal.key: unused for personal in PERSONAL},
        "useOfSex": Use(
            used=True,
            words="Sex for clinical use, else birth sex, else administrative gender, for one thing: the record of a "
            "male patient without evidence of a cervix is taken for a data conflict (row G3). A missing or male value "
            "does not by itself hide advice where a cervical cancer and a cervix are on record. The estimate of kidney "
            "function has the factor for women, whatever sex is recorded.",
            features=frozenset(patient["sex"]),
        ),
        "useOfDateOfBirth": Use(
            used=True,
            words="Age, for the estimate of kidney function and for the question of pregnancy (asked from 12 to 55 "
            "years, taken as no from 56), and to turn an age into a date where a record dates an event by age. No "
            "option is offered or withheld for age.",
            features=frozenset(patient["birthDate"]),
        ),
        "useOfHealthStatusAssessments": Use(
            used=True,
            words="ECOG performance status, or Karnofsky translated to it; pregnancy. Smoking and scores reported by "
            "patients are not used.",
            features=frozenset({"ecog", "pregnant", "gestation_weeks"}),
        ),
    }


def contradictions() -> tuple[str, ...]:
    """Attributes whose answer does not fit what is read (TR-05); empty when all do."""
    answers = uses()
    found = []
    for personal in PERSONAL:
        read = read_of(personal)
        if read and not answers[personal.key].used:
            found.append(f"{personal.words} is declared unused, but read: {', '.join(read)}")
        if not read and answers[personal.key].used:
            found.append(f"{personal.words} is declared used, but nothing of it is read")
    return tuple(found)


def cited(source: Citation) -> str:
    """A source as a bibliography has it."""
    return f"{source.label}. {source.locator}{f' ({source.date})' if source.date else ''} [{source.id}]"


def _dates(sources: Iterable[Citation]) -> str:
    dated = ", ".join(f"{each.id} {each.date or 'undated'}" for each in sources)
    text = (
        f"knowledge {knowledge.VERSION} of {knowledge.DATE}; last clinical review: {knowledge.REVIEWED or 'none yet'}"
    )
    return f"{text}; sources: {dated}" if dated else text


def _of_rule(use: Use, read: frozenset[str]) -> str:
    behind = [FEATURES[name].label for name in FEATURES if name in use.features & read]
    return f"used through: {', '.join(behind)}" if behind else NOT_USED


def rule_attributes(row: RowView) -> dict[str, str]:
    """The 13 attributes of one row."""
    read = frozenset(each for name, _ in row.reads for each in rests_on(name))
    about = words().about
    return {
        "bibliographicCitation": "; ".join(map(cited, row.sources)) or "this project: which records are in scope",
        "developer": about["developer"],
        "fundingSource": about["funding"],
        "releaseAndRevisionDates": _dates(row.sources),
        **{key: _of_rule(use, read) for key, use in uses().items()},
    }


def service_attributes() -> dict[str, str]:
    """The 13 attributes of each service."""
    about = words().about
    return {
        "bibliographicCitation": "Source article on recurrent cervical squamous cell carcinoma (26 December 2025, "
        "pending human review), and the guidelines, labels and trials listed with each row and under Sources",
        "developer": about["developer"],
        "fundingSource": about["funding"],
        "releaseAndRevisionDates": _dates(()),
        **{key: use.words for key, use in uses().items()},
    }


def review_state(today: dt.date) -> str:
    """Where the clinical review of the knowledge stands."""
    if not knowledge.REVIEWED:
        return "not reviewed by a clinical lead yet"
    due = dt.date.fromisoformat(knowledge.REVIEWED) + dt.timedelta(days=REVIEW_EVERY_DAYS)
    return f"review overdue since {due}" if today > due else f"reviewed on {knowledge.REVIEWED}; next by {due}"


def tables_of(service: Service) -> tuple[Table, ...]:
    """The tables that a service runs through."""
    if service.drafts == "none":
        return tuple(table for table in tables() if not table.anchor.startswith(ORDER_TABLES))
    return tuple(table for table in tables() if table.anchor.startswith((ORDER_TABLES, "scope", "prompts")))


def discovery_extension(base_url: str) -> dict[str, Any]:
    """``extension`` of each service in discovery (TR-02): version, content hash and page of the knowledge."""
    url = f"{base_url}/guideline/{knowledge.VERSION}"
    return {EXTENSION: {"version": knowledge.VERSION, "contentHash": knowledge.content_hash(), "url": url}}


def document(
    services: Iterable[Service], *, base_url: str, notice: str, today: dt.date, site: Mapping[str, str]
) -> dict[str, Any]:
    """The whole of ``/transparency`` as JSON.

    Args:
        services: as published.
        base_url: public base of this service, without trailing slash.
        notice: the site's notice on the region (TR-31).
        today: day of generation.
        site: the site's own statements, shown beside ours (TR-10).
    """
    listed = list(services)
    told = words()
    hooks: dict[str, list[str]] = {}
    for service in listed:
        for table in tables_of(service):
            for row in table.rows:
                hooks.setdefault(row.anchor, []).append(service.hook)
    page = f"{base_url}/guideline/{knowledge.VERSION}"
    return {
        "title": "Recurrence CDS: what it is, what it uses, who is behind it",
        "generated": today.isoformat(),
        "notice": notice or "none",
        "knowledge": {
            "version": knowledge.VERSION,
            "date": knowledge.DATE,
            "contentHash": knowledge.content_hash(),
            "url": page,
            "lastClinicalReview": knowledge.REVIEWED or "none yet",
            "reviewState": review_state(today),
        },
        "services": [
            {
                "id": service.id,
                "hook": service.hook,
                "title": service.title,
                "kind": "evidence-based decision support intervention",
                "attributes": service_attributes(),
                "statements": dict(told.statements),
                "rules": [row.anchor for table in tables_of(service) for row in table.rows],
            }
            for service in listed
        ],
        "rules": [
            {
                "id": row.anchor,
                "url": f"{page}#{row.anchor}",
                "hooks": hooks.get(row.anchor, []),
                "attributes": rule_attributes(row),
            }
            for table in tables()
            for row in table.rows
        ],
        "predictive": {
            "answer": told.about["predictive"],
            "attributes": [
                {"group": group, "answers": [{"attribute": name, "answer": answer} for name, answer in answers]}
                for group, answers in told.predictive
            ],
        },
        "read": {"elements": list(elements()), "extensions": list(extensions())},
        "riskManagement": [
            {"word": risk.word, "risk": risk.risk, "control": risk.control, "tests": list(risk.tests)}
            for risk in told.risks
        ],
        "regulation": {key: told.about[key] for key in ("unitedStates", "europeanUnion")},
        "stored": told.about["stored"],
        "silence": told.about["silence"],
        **({"site": {"statedBy": "the site that runs this service", "statements": dict(site)}} if site else {}),
    }
