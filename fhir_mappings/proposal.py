"""What the service may propose to create, in no FHIR version: referrals, examinations, tests and forms.

One row a proposal, found by the key that prompts and options name. Codes are rows of the value sets that were seen in a
public source with their meaning; where none was verified the order carries plain words only, and the site maps them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
FINDINGS = "http://recurrence-cds.org/fhir/CodeSystem/recurrence-findings"
STAGING_QUESTIONNAIRE = "http://recurrence-cds.org/fhir/Questionnaire/recurrence-staging"


@dataclass(frozen=True, slots=True)
class Proposal:
    """One draft resource to propose.

    Attributes:
        key: name used by prompts and options.
        kind: ``order`` becomes a ServiceRequest, ``task`` a Task for the care team.
        words: what is proposed, as the order's or task's text.
        coding: (system, code, display) of the order; None for words only.
        form: canonical of the Questionnaire that a task asks to fill in; empty for none.
    """

    key: str
    kind: str
    words: str
    coding: tuple[str, str, str] | None = None
    form: str = ""


def _order(key: str, words: str, coding: tuple[str, str, str] | None = None) -> Proposal:
    return Proposal(key, "order", words, coding)


PROPOSALS: Mapping[str, Proposal] = {
    each.key: each
    for each in (
        _order("order-pet-ct", "PET/CT for restaging", (SNOMED, "443271005", "FDG PET with CT")),
        _order("order-pelvic-mri", "MRI of the pelvis", (LOINC, "24867-4", "MRI of the pelvis")),
        _order("order-biopsy", "Biopsy of the suspected recurrence with pathology", (SNOMED, "86273004", "Biopsy")),
        _order("order-pathology-review", "Pathology review of the histological type"),
        _order(
            "order-pdl1", "PD-L1 22C3 with combined positive score (CPS)", (LOINC, "83052-1", "PD-L1 by antibody 22C3")
        ),
        _order("order-creatinine", "Creatinine in serum or plasma", (LOINC, "2160-0", "creatinine in serum or plasma")),
        _order("order-blood-count", "Complete blood count with differential"),
        _order("order-liver-panel", "Liver panel: bilirubin, AST, ALT"),
        _order(
            "order-urine-protein", "Urine protein to creatinine ratio", (LOINC, "2890-2", "urine protein/creatinine")
        ),
        _order("order-pregnancy-test", "Pregnancy test (hCG)", (LOINC, "2118-8", "pregnancy test in serum or plasma")),
        _order(
            "refer-eye-exam",
            "Ophthalmic examination with slit lamp",
            (FINDINGS, "slit-lamp-examination", "Slit lamp examination"),
        ),
        _order("record-blood-pressure", "Blood pressure measurement", (LOINC, "85354-9", "blood pressure panel")),
        _order("record-weight", "Body weight measurement", (LOINC, "29463-7", "body weight")),
        _order("refer-tumour-board", "Tumour board review, gynaecological oncology"),
        _order("refer-exenteration-centre", "Assessment for pelvic exenteration at a specialised centre"),
        _order("refer-radiation-oncology", "Radiation oncology consultation"),
        _order("refer-palliative-care", "Palliative care consultation"),
        _order("refer-clinical-trial", "Clinical trial search for recurrent cervical cancer"),
        _order("refer-pregnancy-team", "Multidisciplinary review of cancer in pregnancy"),
        Proposal(
            "request-treatment-summary",
            "task",
            "Obtain the earlier treatment summary: radiotherapy sites, dose, dates; systemic therapy",
            None,
            STAGING_QUESTIONNAIRE,
        ),
        Proposal("staging-form", "task", "Record the restaging result by site", None, STAGING_QUESTIONNAIRE),
        Proposal(
            "record-ecog",
            "task",
            "Record the ECOG performance status",
            (LOINC, "89247-1", "ECOG performance status score"),
        ),
        Proposal("ask-surgery-date", "task", "Record the exact date of the operation"),
    )
}
"""Every proposal by key."""
