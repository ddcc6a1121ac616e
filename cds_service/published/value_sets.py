"""Our value sets as FHIR ValueSets: one for each concept, one for each group of concepts, one for override reasons.

A row with descendants becomes the code and an ``is-a`` filter; what lies below it and belongs to another concept is
excluded, since the most specific row wins. Our plain words stand as designations, never as a system's own display,
except for our own systems; CPT codes have none. Where each code was seen stands in its comment.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cds_service.cards import OVERRIDE_REASONS, OVERRIDE_SYSTEM
from cds_service.published.canonical import OWN_COPYRIGHT, Resource, canonical, head, versioned
from fhir_mappings.value_sets import CONCEPTS, GROUPS, TOPICS, Concept, Group, Row, systems
from fhir_mappings.value_sets.concepts import concept_of

GROUP_PREFIX: Final = "group-"
OFFERED_REASONS: Final = "offered-override-reasons"
_COMMENT: Final = "http://hl7.org/fhir/StructureDefinition/valueset-concept-comments"
_OWN: Final = frozenset({systems.RECURRENCE_FINDINGS, systems.RECURRENCE_SITES, OVERRIDE_SYSTEM})
_PCS_LENGTH: Final = 7

_WHO: Final = "Copyright World Health Organization."
_HL7: Final = "Copyright Health Level Seven International."
_MII: Final = "Medical Informatics Initiative of Germany, oncology module."
COPYRIGHTS: Final = {
    systems.SNOMED: "SNOMED CT: copyright SNOMED International; use needs its licence. Listed by code; the words "
    "beside a code are this project's own, not SNOMED CT descriptions.",
    systems.LOINC: "This material contains content from LOINC (http://loinc.org). LOINC is copyright Regenstrief "
    "Institute, Inc. and the LOINC Committee and is available at no cost under the license at "
    "http://loinc.org/license.",
    systems.CPT: "CPT: copyright American Medical Association; use needs its licence. Listed without descriptors.",
    systems.ICD10: f"ICD-10: {_WHO}",
    systems.ICD10CM: f"ICD-10-CM: United States edition of ICD-10 by the National Center for Health Statistics. {_WHO}",
    systems.ICD10GM: f"ICD-10-GM: German edition of ICD-10 by the BfArM. {_WHO}",
    systems.OPS: "OPS: procedure codes of the German BfArM.",
    systems.MII_INTENTION: _MII,
    systems.MII_THERAPY: _MII,
    systems.ICD9CM: f"ICD-9-CM: United States edition of ICD-9. {_WHO}",
    systems.ICDO3: f"ICD-O-3: {_WHO}",
    systems.ICD10PCS: "ICD-10-PCS: Centers for Medicare & Medicaid Services, in the public domain.",
    systems.HCPCS: "HCPCS Level II: Centers for Medicare & Medicaid Services.",
    systems.RXNORM: "RxNorm: courtesy of the United States National Library of Medicine.",
    systems.ATC: "ATC: copyright WHO Collaborating Centre for Drug Statistics Methodology.",
    systems.NCIT: "NCI Thesaurus: National Cancer Institute of the United States.",
    systems.HGNC: "HGNC: HUGO Gene Nomenclature Committee.",
    systems.CONDITION_CLINICAL: _HL7,
    systems.CONDITION_VERIFICATION: _HL7,
    systems.ACT_PRIORITY: _HL7,
    systems.RECURRENCE_FINDINGS: OWN_COPYRIGHT,
    systems.RECURRENCE_SITES: OWN_COPYRIGHT,
}
"""Code system -> what its owner asks to be said."""

_MATCHING: Final = (
    "The service itself matches SNOMED CT codes exactly: codes below a listed one count only where a terminology "
    "server was asked for them."
)


def _is_stem(row: Row) -> bool:
    """Whether the row is the beginning of ICD-10-PCS codes, which is no code itself."""
    return row.system == systems.ICD10PCS and len(row.code) < _PCS_LENGTH


def _comment(row: Row) -> str:
    return f"Seen in: {row.source}" if row.verified else f"Not verified: {row.source}"


def _entry(row: Row) -> Resource:
    entry: Resource = {"extension": [{"url": _COMMENT, "valueString": _comment(row)}], "code": row.code}
    if row.system in _OWN:
        entry["display"] = row.display
    elif row.display:
        entry["designation"] = [{"language": "en", "value": row.display}]
    return entry


def _below(row: Row) -> Resource:
    if _is_stem(row):
        wanted = {"property": "code", "op": "regex", "value": f"{row.code}.*"}
    else:
        wanted = {"property": "concept", "op": "is-a", "value": row.code}
    return {"system": row.system, "filter": [wanted]}


def _listed(rows: Iterable[Row]) -> list[Resource]:
    """One include for the codes of each system."""
    by_system: dict[str, list[Row]] = {}
    for row in rows:
        by_system.setdefault(row.system, []).append(row)
    return [{"system": system, "concept": [_entry(row) for row in found]} for system, found in by_system.items()]


_HIERARCHICAL: Final = tuple(
    row for concept in CONCEPTS.values() for row in concept.rows if row.system in systems.PREFIX_SYSTEMS
)


def _others(concept: Concept) -> list[Row]:
    """The rows below those of the concept that mean something else."""
    stems = [
        (row.system, row.code)
        for row in concept.rows
        if row.includes_descendants and row.system in systems.PREFIX_SYSTEMS
    ]
    found: dict[tuple[str, str], Row] = {}
    for row in _HIERARCHICAL if stems else ():
        if any(row.system == system and row.code != code and row.code.startswith(code) for system, code in stems):
            match = concept_of(row.system, row.code)
            if match is not None and concept.name not in match.concepts:
                found[row.system, row.code] = row
    return list(found.values())


def _compose(concept: Concept, rows: Iterable[Row]) -> Resource:
    usable = list(rows)
    below = [_below(row) for row in usable if row.includes_descendants]
    others = _others(concept)
    excluded = [{"system": row.system, "concept": [{"code": row.code}]} for row in others if not _is_stem(row)]
    excluded += [_below(row) for row in others if row.includes_descendants]
    return {
        "include": [*_listed(row for row in usable if not _is_stem(row)), *below],
        **({"exclude": excluded} if excluded else {}),
    }


def of_concept(concept: Concept, *, with_cpt: bool) -> Resource | None:
    """The ValueSet of a concept; None when nothing is left of it without CPT."""
    rows = [row for row in concept.rows if with_cpt or row.system != systems.CPT]
    if not rows:
        return None
    topic = TOPICS[concept.topic]
    description = f"{concept.title} ({concept.kind}). From: {topic.title}. {topic.purpose}"
    if any(row.system == systems.SNOMED for row in rows):
        description += f" {_MATCHING}"
    copyrights = dict.fromkeys(COPYRIGHTS[row.system] for row in rows)
    return {
        **head("ValueSet", concept.name, concept.title, description),
        "copyright": "\n\n".join(copyrights),
        "compose": _compose(concept, rows),
    }


def group_id(name: str) -> str:
    """The id of a group's ValueSet: ``SITE_LUNG`` is ``group-site-lung``."""
    return GROUP_PREFIX + name.lower().replace("_", "-")


def of_group(name: str, group: Group, published: frozenset[str]) -> Resource:
    """The ValueSet that unites the ValueSets of a group's concepts.

    Args:
        name: of the group in ``fhir_mappings.value_sets.groups``.
        group: its concepts.
        published: ids of the concepts that have a ValueSet.
    """
    members = [{"valueSet": [versioned(canonical("ValueSet", each))]} for each in sorted(group & published)]
    title = name.replace("_", " ").capitalize()
    return {**head("ValueSet", group_id(name), title, group.meaning), "compose": {"include": members}}


def _offered_reasons() -> Resource:
    by_system: dict[str, list[Resource]] = {}
    for reason in OVERRIDE_REASONS:
        own = {"display": reason.display} if reason.system in _OWN else {}
        words = {} if own else {"designation": [{"language": "en", "value": reason.display}]}
        by_system.setdefault(reason.system, []).append({"code": reason.code, **own, **words})
    return {
        **head("ValueSet", OFFERED_REASONS, "Override reasons offered on cards", "What a user may choose from."),
        "copyright": f"{_HL7}\n\n{OWN_COPYRIGHT}",
        "compose": {"include": [{"system": system, "concept": found} for system, found in by_system.items()]},
    }


def value_sets(*, with_cpt: bool) -> tuple[Resource, ...]:
    """Every ValueSet: concepts, then groups, then override reasons.

    Args:
        with_cpt: whether CPT codes are listed.
    """
    concepts = [found for each in CONCEPTS.values() if (found := of_concept(each, with_cpt=with_cpt)) is not None]
    published = frozenset(found["id"] for found in concepts)
    groups = [of_group(name, group, published) for name, group in GROUPS.items() if group & published]
    return (*concepts, *groups, _offered_reasons())
