"""Code systems: their FHIR URIs, what else they are called in the wild, and how a code is written in each.

Sources: the terminology notes of this project for the URIs and most aliases, public sample records for others; the OIDs
of LOINC, WHO ICD-10, ICD-9-CM, ICD-10-PCS, CPT, RxNorm, ATC, NCIt and HGNC are general knowledge.
"""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType
from typing import Final

SNOMED: Final = "http://snomed.info/sct"
LOINC: Final = "http://loinc.org"
ICD10CM: Final = "http://hl7.org/fhir/sid/icd-10-cm"
ICD10: Final = "http://hl7.org/fhir/sid/icd-10"
"""WHO ICD-10."""
ICD10GM: Final = "http://fhir.de/CodeSystem/bfarm/icd-10-gm"
"""German edition: what it does not list apart means what it means in WHO ICD-10 (see :data:`FALLBACKS`)."""
ICD9CM: Final = "http://hl7.org/fhir/sid/icd-9-cm"
ICDO3: Final = "http://terminology.hl7.org/CodeSystem/icd-o-3"
ICD10PCS: Final = "http://www.cms.gov/Medicare/Coding/ICD10"
CPT: Final = "http://www.ama-assn.org/go/cpt"
HCPCS: Final = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC: Final = "http://www.whocc.no/atc"
NCIT: Final = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
HGNC: Final = "http://www.genenames.org"
OPS: Final = "http://fhir.de/CodeSystem/bfarm/ops"
"""German procedure codes."""
MII_INTENTION: Final = (
    "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/CodeSystem/mii-cs-onko-intention"
)
MII_THERAPY: Final = (
    "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/CodeSystem/mii-cs-onko-therapie-typ"
)
CONDITION_CLINICAL: Final = "http://terminology.hl7.org/CodeSystem/condition-clinical"
CONDITION_VERIFICATION: Final = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
ACT_PRIORITY: Final = "http://terminology.hl7.org/CodeSystem/v3-ActPriority"
RECURRENCE_FINDINGS: Final = "http://recurrence-cds.org/fhir/CodeSystem/recurrence-findings"
"""Our own code system for facts without a verified standard code."""
RECURRENCE_SITES: Final = "http://recurrence-cds.org/fhir/CodeSystem/recurrence-sites"
"""Our own code system for the pelvic side wall."""

SYSTEM_NAMES: Final = MappingProxyType(
    {
        "snomed": SNOMED,
        "loinc": LOINC,
        "icd-10-cm": ICD10CM,
        "icd-10": ICD10,
        "icd-10-gm": ICD10GM,
        "icd-9-cm": ICD9CM,
        "icd-o-3": ICDO3,
        "icd-10-pcs": ICD10PCS,
        "cpt": CPT,
        "hcpcs": HCPCS,
        "rxnorm": RXNORM,
        "atc": ATC,
        "ncit": NCIT,
        "hgnc": HGNC,
        "ops": OPS,
        "mii-intention": MII_INTENTION,
        "mii-therapy": MII_THERAPY,
        "condition-clinical": CONDITION_CLINICAL,
        "condition-ver-status": CONDITION_VERIFICATION,
        "act-priority": ACT_PRIORITY,
        "recurrence-findings": RECURRENCE_FINDINGS,
        "recurrence-sites": RECURRENCE_SITES,
    }
)
"""Short name used in the TOML files -> URI."""

SYSTEM_ALIASES: Final = MappingProxyType(
    {
        "urn:oid:2.16.840.1.113883.6.96": SNOMED,
        "urn:oid:2.16.840.1.113883.6.1": LOINC,
        "http://loinc.org/la": LOINC,
        "urn:oid:2.16.840.1.113883.6.90": ICD10CM,
        "urn:oid:2.16.840.1.113883.6.3": ICD10,
        "http://fhir.de/CodeSystem/dimdi/icd-10-gm": ICD10GM,
        "http://fhir.de/CodeSystem/dimdi/ops": OPS,
        "http://fhir.de/CodeSystem/bfarm/atc": ATC,
        "http://fhir.de/CodeSystem/dimdi/atc": ATC,
        "urn:oid:2.16.840.1.113883.6.103": ICD9CM,
        "http://hl7.org/fhir/sid/icd-9-cm/diagnosis": ICD9CM,
        "urn:oid:2.16.840.1.113883.6.43.1": ICDO3,
        "http://hl7.org/fhir/sid/icd-10-pcs": ICD10PCS,
        "urn:oid:2.16.840.1.113883.6.4": ICD10PCS,
        "urn:oid:2.16.840.1.113883.6.12": CPT,
        "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets": HCPCS,
        "urn:oid:2.16.840.1.113883.6.285": HCPCS,
        "https://bluebutton.cms.gov/resources/codesystem/hcpcs": HCPCS,
        "urn:oid:2.16.840.1.113883.6.88": RXNORM,
        "urn:oid:2.16.840.1.113883.6.73": ATC,
        "urn:oid:2.16.840.1.113883.3.26.1.1": NCIT,
        "https://ncit.nci.nih.gov": NCIT,
        "http://www.genenames.org/geneId": HGNC,
        "urn:oid:2.16.840.1.113883.6.281": HGNC,
        "http://hl7.org/fhir/condition-clinical": CONDITION_CLINICAL,
        "http://hl7.org/fhir/condition-ver-status": CONDITION_VERIFICATION,
    }
)
"""URI seen in records -> the URI that the value sets use."""

PREFIX_SYSTEMS: Final = frozenset({ICD10CM, ICD10, ICD10GM, ICD9CM, ICD10PCS, ATC, OPS})
"""Where a longer code is a kind of the shorter one. SNOMED CT is not among them: its descendants need a server."""

FALLBACKS: Final = MappingProxyType({ICD10GM: ICD10})
"""System -> the one whose rows hold for its codes as well. The German edition only divides WHO codes further: of our
181 rows of WHO ICD-10, 180 have the same wording in the ICD-10-GM of 2020 (the other, Z97.4, it does not have)."""

_DOTTED: Final = frozenset({ICD10CM, ICD10, ICD10GM, ICD9CM})
_UPPER: Final = frozenset({ICD10CM, ICD10, ICD10GM, ICD9CM, ICDO3, ICD10PCS, ATC, HCPCS})


@lru_cache(maxsize=256)
def _known_system(system: str) -> str:
    system = system.strip()
    if system in SYSTEM_ALIASES:
        return SYSTEM_ALIASES[system]
    bare = system.rstrip("/")
    return SYSTEM_ALIASES.get(bare, bare)


def normalise(system: str, code: str) -> tuple[str, str]:
    """The pair as the value sets write it.

    Args:
        system: Coding.system as received; an alias becomes the usual URI, an unknown URI stays.
        code: Coding.code as received. Spaces around it go; ICD codes get upper case and their dot (``c539`` becomes
            ``C53.9``); leading zeros stay.

    Returns:
        (system, code).
    """
    system, code = _known_system(system), code.strip()
    if system in _UPPER:
        code = code.upper()
    topography = system == ICDO3 and code[:1] == "C"
    if (system in _DOTTED or topography) and "." not in code:
        head = 4 if system == ICD9CM and code[:1] == "E" else 3
        if len(code) > head:
            code = f"{code[:head]}.{code[head:]}"
    return system, code
