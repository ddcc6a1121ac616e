"""Clinical concepts as lists of codes, read once from the TOML files of this folder.

Add a code: one line in the file of its topic, with a source. Add a concept: one table there, and, where it belongs
together with others, its name in :mod:`~fhir_mappings.value_sets.groups`.

This material contains content from LOINC (http://loinc.org). LOINC is copyright Regenstrief Institute, Inc. and the
LOINC Committee and is available at no cost under the license at http://loinc.org/license. CPT codes are listed without
descriptors and can be switched off; SNOMED CT codes need the site's SNOMED International licence; ICD-10 and ICD-O-3
are copyright WHO; ATC is copyright WHO Collaborating Centre for Drug Statistics Methodology.
"""

from fhir_mappings.value_sets import groups, systems
from fhir_mappings.value_sets.broader import most_specific
from fhir_mappings.value_sets.concepts import (
    CONCEPTS,
    TOPICS,
    Coding,
    Concept,
    Match,
    Row,
    Topic,
    ValueSetError,
    codes_of,
    concept_of,
    concepts_of,
    conflicting,
    expanded,
    kind_of,
    title_of,
    use_cpt,
    use_expansions,
)
from fhir_mappings.value_sets.drug_names import concepts_by_name
from fhir_mappings.value_sets.groups import GROUPS, Group
from fhir_mappings.value_sets.systems import SYSTEM_ALIASES, normalise

__all__ = [
    "CONCEPTS",
    "GROUPS",
    "SYSTEM_ALIASES",
    "TOPICS",
    "Coding",
    "Concept",
    "Group",
    "Match",
    "Row",
    "Topic",
    "ValueSetError",
    "codes_of",
    "concept_of",
    "concepts_by_name",
    "concepts_of",
    "conflicting",
    "expanded",
    "groups",
    "kind_of",
    "most_specific",
    "normalise",
    "systems",
    "title_of",
    "use_cpt",
    "use_expansions",
]
