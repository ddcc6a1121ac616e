"""Suggestions: what a user may accept from a card (CDS Hooks 3.0, "Suggestion" and "Action").

Every action is a draft to be signed or a change to a draft of this very call; nothing is pre-selected unless the
client's entry asks for it (decisions, "Settled between the documents").
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from cds_service.guideline.missing_data import PROMPTS
from cds_service.guideline.rule import Decision, Strength
from cds_service.protocol.request import is_id
from cds_service.protocol.response import Action, Suggestion
from fhir_mappings.history import DraftOrder, History
from fhir_mappings.proposal import PROPOSALS
from fhir_mappings.value_sets import groups


class Proposer(Protocol):
    """Builds proposals and corrected drafts in the caller's FHIR version (``fhir_mappings.<version>.proposal``)."""

    def create(self, key: str, patient_id: str, *, intent: str = "proposal") -> dict[str, Any]:
        """A draft resource; see ``fhir_mappings.r4.proposal.create``."""

    def with_dose(self, draft: Mapping[str, Any], dose_mg: float) -> dict[str, Any] | None:
        """A corrected draft; see ``fhir_mappings.r4.proposal.with_dose``."""

    def with_start(self, draft: Mapping[str, Any], day: dt.date) -> dict[str, Any] | None:
        """A moved draft; see ``fhir_mappings.r4.proposal.with_start``."""


OPTION_PROPOSALS: Final[Mapping[str, str]] = {
    "pelvic-exenteration": "refer-exenteration-centre",
    "resection-then-systemic": "refer-tumour-board",
    "radical-hysterectomy-or-brachytherapy-small-central": "refer-tumour-board",
    "mdt-review": "refer-tumour-board",
    "oligometastatic-local-therapy": "refer-tumour-board",
    "sidewall-specialist-surgery": "refer-tumour-board",
    "suspected-recurrence-workup": "refer-tumour-board",
    "salvage-chemoradiation": "refer-radiation-oncology",
    "salvage-chemoradiation-cisplatin-ineligible": "refer-radiation-oncology",
    "extended-field-chemoradiation": "refer-radiation-oncology",
    "radiation-oncology-review": "refer-radiation-oncology",
    "reirradiation-specialist-review": "refer-radiation-oncology",
    "palliative-radiotherapy": "refer-radiation-oncology",
    "palliative-care-integration": "refer-palliative-care",
    "best-supportive-care": "refer-palliative-care",
    "clinical-trial": "refer-clinical-trial",
    "pregnancy-mdt-referral": "refer-pregnancy-team",
}
"""Option code -> the referral that takes it further."""

ALREADY_ORDERED: Final[Mapping[str, frozenset[str]]] = {
    "order-pet-ct": groups.IMAGING_PET,
    "order-pelvic-mri": groups.IMAGING_MRI_PELVIS,
    "order-biopsy": groups.BIOPSY,
}
"""Proposal -> concepts of an open request that makes it superfluous (SAFE-13: no card repeats what is ordered)."""

MAX_SUGGESTIONS: Final = 6
PROMPT_PROPOSAL: Final[Mapping[str, str]] = {prompt.code: prompt.suggestion for prompt in PROMPTS}
"""Prompt code -> what would fill the gap."""


class Ids:
    """Ids of one call's cards and suggestions: the same names in the same order give the same ids, and no id twice.

    Args:
        namespace: uuid under which they are derived.
    """

    def __init__(self, namespace: uuid.UUID) -> None:
        self._namespace = namespace
        self._given: Counter[str] = Counter()

    def of(self, name: str) -> str:
        """The id of a name, or of its next bearer: a client may send one draft twice."""
        self._given[name] += 1
        times = self._given[name]
        return str(uuid.uuid5(self._namespace, name if times == 1 else f"{name} {times}"))


@dataclass(frozen=True, slots=True)
class Desk:
    """What suggestions are made with for one call.

    Attributes:
        proposer: builder for the caller's FHIR version.
        patient_id: bare id.
        history: for drafts and open requests.
        ids: of cards and suggestions.
        recommend: whether a recommended option may be pre-selected.
    """

    proposer: Proposer
    patient_id: str
    history: History
    ids: Ids
    recommend: bool = False

    def _suggestion(self, name: str, label: str, action: Action, *, recommended: bool = False) -> Suggestion:
        return Suggestion(
            label=label,
            uuid=self.ids.of(name),
            is_recommended=True if recommended else None,
            actions=(action,),
        )

    def _create(self, key: str, *, recommended: bool = False) -> Suggestion:
        words = PROPOSALS[key].words
        resource = self.proposer.create(key, self.patient_id)
        return self._suggestion(
            key, words, Action("create", f"Draft: {words}", resource=resource), recommended=recommended
        )

    def open_request(self, key: str) -> str:
        """Reference of an open request that already asks for the proposal; empty for none."""
        concepts = ALREADY_ORDERED.get(key, frozenset())
        return next((plan.reference for plan in self.history.plans if plan.active and plan.concepts & concepts), "")

    def for_options(self, options: Iterable[Decision]) -> tuple[Suggestion, ...]:
        """Referrals for the options shown, each once; conditional options only bring the tumour board."""
        wanted: dict[str, bool] = {}
        for option in options:
            key = OPTION_PROPOSALS.get(option.code)
            if key is None or (option.strength is Strength.CONDITIONAL and key != "refer-tumour-board"):
                continue
            wanted.setdefault(key, self.recommend and option.strength is Strength.RECOMMENDED)
        return tuple(self._create(key, recommended=flag) for key, flag in list(wanted.items())[:MAX_SUGGESTIONS])

    def for_prompts(self, prompts: Iterable[Decision]) -> tuple[Suggestion, ...]:
        """What would fill each gap, unless it is ordered already; each once."""
        keys = dict.fromkeys(PROMPT_PROPOSAL[prompt.code] for prompt in prompts)
        return tuple(self._create(key) for key in keys if not self.open_request(key))[:MAX_SUGGESTIONS]

    def for_alert(self, alert: Decision) -> tuple[Suggestion, ...]:
        """The corrected draft where one can be made, and its withdrawal; they exclude one another."""
        draft = self._draft(alert.order)
        if draft is None or not alert.remedy:
            return ()
        details = dict(alert.details)
        found = []
        corrected: dict[str, Any] | None = None
        label = ""
        if "dose_mg" in details:
            corrected = self.proposer.with_dose(draft.resource, float(details["dose_mg"]))
            label = f"Correct the drafted dose to {details['dose_mg']} mg"
        elif "earliest_date" in details:
            corrected = self.proposer.with_start(draft.resource, dt.date.fromisoformat(details["earliest_date"]))
            label = f"Move the drafted order to {details['earliest_date']}"
        if corrected is not None:
            action = Action("update", label, resource=corrected)
            found.append(self._suggestion(f"{alert.code} {alert.order} update", label, action))
        if is_id(alert.order.rpartition("/")[2]):  # by any other name no client would find what to delete (ACT-05)
            withdraw = "Withdraw the drafted order"
            action = Action("delete", withdraw, resource_id=alert.order)
            found.append(self._suggestion(f"{alert.code} {alert.order} delete", withdraw, action))
        return tuple(found)

    def _draft(self, reference: str) -> DraftOrder | None:
        drafts: Sequence[DraftOrder] = self.history.drafts
        named = not reference.endswith(("/", "?"))
        return next((draft for draft in drafts if draft.reference == reference and named), None)
