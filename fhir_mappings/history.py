"""The patient's history free of any FHIR version: what was recorded, and what could not be read.

Readers of every FHIR version build these values; features are derived from them and from nothing else. A value here
records what a resource says; it does not conclude. ``concepts`` are concept ids of the value sets that the resource's
codings match (all of them, after normalisation); a resource without any matching code usually never gets here.

Left out by the readers, and only counted: resources of another patient or without a subject, entered-in-error,
``doNotPerform``, unknown modifier extensions (these become :class:`Unreadable`).
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from fhir_mappings.kleene import Tri
from fhir_mappings.partial_dates import PartialDate

Concepts = frozenset[str]
"""Concept ids of the value sets."""

NONE: Concepts = frozenset()

UNVERIFIED = "-unverified"
"""Ending of concepts whose codes were seen in no public source: a record with one is possible, never yes."""


class Verification(enum.Enum):
    """How sure the author of a condition or allergy is."""

    CONFIRMED = "confirmed"
    POSSIBLE = "possible"
    """unconfirmed, provisional or differential: can make a feature possible, never yes."""


class ClinicalStatus(enum.Enum):
    """FHIR's condition-clinical codes; UNKNOWN when absent or not among them."""

    ACTIVE = "active"
    RECURRENCE = "recurrence"
    RELAPSE = "relapse"
    INACTIVE = "inactive"
    REMISSION = "remission"
    RESOLVED = "resolved"
    UNKNOWN = "unknown"


class Occurrence(enum.Enum):
    """Whether a procedure happened (decision model, rule 4)."""

    DONE = "done"
    UNDER_WAY = "under way"
    STOPPED = "stopped"
    """Given in part."""
    PLANNED = "planned"
    """preparation or on-hold."""
    NOT_DONE = "not done"
    UNKNOWN = "unknown"


class Exposure(enum.Enum):
    """Whether a drug reached the patient (decision model, rule 4)."""

    GIVEN = "given"
    POSSIBLE = "possible"
    """An order or a statement of unknown status: may have been given."""
    PLANNED = "planned"
    NOT_TAKEN = "not taken"


class Intent(enum.Enum):
    """Treatment intent."""

    CURATIVE = "curative"
    PALLIATIVE = "palliative"
    UNKNOWN = "unknown"


class Route(enum.Enum):
    """How a drug is given, as far as our rules care."""

    SYSTEMIC = "systemic"
    OPHTHALMIC = "ophthalmic"
    OTHER = "other local"
    UNKNOWN = "unknown"


class Laterality(enum.Enum):
    """Side of a paired body part."""

    ONE_SIDE = "one side"
    BOTH_SIDES = "both sides"
    UNKNOWN = "unknown"


class Priority(enum.Enum):
    """Elective or urgent; anything else, FHIR's ``routine`` included, says neither."""

    ELECTIVE = "elective"
    URGENT = "urgent"
    UNSPECIFIED = "unspecified"


class Fact(Struct, frozen=True, kw_only=True, gc=False):
    """What every fact has.

    Attributes:
        reference: ``Type/id`` of the resource, or ``Type?`` when it has no id.
        concepts: what its code matches.
        text: the fact in a few plain words of ours or, where no code matched, of the record; not yet escaped.
        by_name: the concepts come from an exact word match on text, not from a coding.
        text_only: no coding at all: text never decides (record representation, "Text").
        conflict: two codings of the one code lead to different concepts; never decides alone.
    """

    reference: str
    concepts: Concepts = NONE
    text: str = ""
    by_name: bool = False
    text_only: bool = False
    conflict: bool = False


class Patient(Struct, frozen=True, kw_only=True, gc=False):
    """The Patient resource.

    Attributes:
        deceased: yes when deceasedBoolean is true or a date is given; no when deceasedBoolean is false.
        gender: administrative gender code or empty.
        birth_sex: us-core-birthsex code (``F``, ``M``, ``UNK`` ...) or empty.
        sex_for_clinical_use: code of the patient-sexParameterForClinicalUse extension (``female-typical``) or empty.
    """

    reference: str
    birth: PartialDate | None = None
    deceased: Tri = Tri.UNKNOWN
    gender: str = ""
    birth_sex: str = ""
    sex_for_clinical_use: str = ""


class Diagnosis(Fact, frozen=True, kw_only=True, gc=False):
    """A Condition: cancer, comorbidity or adverse event.

    Attributes:
        disowned: verificationStatus refuted or entered-in-error: kept only so that scope row G1 can tell.
        onset: onset date or, if only an age is given, the years it can be.
        recorded: when the diagnosis was asserted, else recordedDate.
        abatement: when it ended.
        body_sites: concepts of bodySite (and of mCODE body location extensions).
        morphology: concepts of the mCODE histology-morphology-behavior extension.
        grade: CTCAE grade 0-5 if severity or a grade extension says so.
    """

    verification: Verification = Verification.CONFIRMED
    disowned: bool = False
    clinical: ClinicalStatus = ClinicalStatus.UNKNOWN
    onset: PartialDate | None = None
    recorded: PartialDate | None = None
    abatement: PartialDate | None = None
    body_sites: Concepts = NONE
    morphology: Concepts = NONE
    laterality: Laterality = Laterality.UNKNOWN
    grade: int | None = None

    @property
    def date(self) -> PartialDate | None:
        """When it began as far as recorded: onset, else recorded."""
        return self.onset or self.recorded


class Treatment(Fact, frozen=True, kw_only=True, gc=False):
    """A Procedure: surgery, radiotherapy, chemotherapy recorded as procedure, imaging, biopsy, eye examination.

    Attributes:
        start: first possible moment of performed[x].
        end: last moment of performed[x]; equals ``start`` for a single day.
        body_sites: concepts of bodySite and of treated volumes.
        qualifiers: concepts of modality, technique and other coded extensions.
        drugs: medication concepts of what was used (usedReference, usedCode, parts).
        dose_gy: delivered dose in Gy where recorded (course summary; highest volume).
        recorded_site: whether any body site was recorded at all, matched or not.
        reasons: concepts of reasonCode.
    """

    occurrence: Occurrence = Occurrence.UNKNOWN
    start: PartialDate | None = None
    end: PartialDate | None = None
    body_sites: Concepts = NONE
    recorded_site: bool = False
    qualifiers: Concepts = NONE
    drugs: Concepts = NONE
    reasons: Concepts = NONE
    dose_gy: float | None = None
    intent: Intent = Intent.UNKNOWN
    priority: Priority = Priority.UNSPECIFIED


class DrugRecord(enum.Enum):
    """Which kind of record tells of a drug."""

    STATEMENT = "statement"
    ADMINISTRATION = "administration"
    REQUEST = "request"


class Dose(Struct, frozen=True, kw_only=True, gc=False):
    """A dose as ordered or given: number and UCUM code (``mg``, ``mg/kg``, ``mg/m2``, ``{AUC}`` ...), per dose."""

    value: float
    unit: str


class Drug(Fact, frozen=True, kw_only=True, gc=False):
    """A MedicationStatement, MedicationAdministration or MedicationRequest on record (never a draft).

    Attributes:
        start: first day of effective[x] (or authoredOn of a request).
        end: last day; None when open or unknown.
        current: whether it is said to be taken now (statement active, administration in progress).
    """

    kind: DrugRecord
    exposure: Exposure
    start: PartialDate | None = None
    end: PartialDate | None = None
    current: Tri = Tri.UNKNOWN
    route: Route = Route.UNKNOWN
    dose: Dose | None = None
    intent: Intent = Intent.UNKNOWN
    reasons: Concepts = NONE


class Value(Struct, frozen=True, kw_only=True, gc=False):
    """The value of an observation or of one of its components; only what was sent is filled.

    Attributes:
        number: decimal value.
        comparator: ``<``, ``<=``, ``>`` or ``>=`` when the number is a bound.
        unit: UCUM code (Quantity.code), else Quantity.unit as written, else empty; ``valueInteger`` has none.
        truth: valueBoolean.
        concepts: what a coded value matches.
        codes: the coded value's (system, code) pairs.
        token: a short text value, stripped and lower case (``positive``, ``rm0``, ``combined positive score (cps) 5``).
        reference_high: upper limit of the reference range in the same unit.
        interpretation: codes of interpretation (``H``, ``POS`` ...).
        absent: dataAbsentReason given: not obtained.
    """

    number: float | None = None
    comparator: str = ""
    unit: str = ""
    truth: bool | None = None
    concepts: Concepts = NONE
    codes: frozenset[tuple[str, str]] = frozenset()
    token: str = ""
    reference_high: float | None = None
    interpretation: frozenset[str] = frozenset()
    absent: bool = False


class Observed(Fact, frozen=True, kw_only=True, gc=False):
    """An Observation, or one answer of a QuestionnaireResponse to the recurrence-staging Questionnaire.

    Attributes:
        final: status final, amended or corrected; false for preliminary and registered.
        components: concepts of the component's code -> value.
        focus: ``Type/id`` references of focus and specimen.
    """

    final: bool = True
    date: PartialDate | None = None
    value: Value = msgspec.field(default_factory=Value)
    components: tuple[tuple[Concepts, Value], ...] = ()
    body_sites: Concepts = NONE
    methods: Concepts = NONE
    focus: tuple[str, ...] = ()


class Report(Fact, frozen=True, kw_only=True, gc=False):
    """A DiagnosticReport or ImagingStudy.

    Attributes:
        final: status final, amended, corrected or appended (ImagingStudy: available).
        conclusions: concepts of conclusionCode.
        results: ``Observation/id`` listed in ``result``.
        free_text: it has a conclusion, presented form or narrative that only a person can read.
    """

    final: bool = True
    date: PartialDate | None = None
    conclusions: Concepts = NONE
    results: tuple[str, ...] = ()
    free_text: bool = False


class Plan(Fact, frozen=True, kw_only=True, gc=False):
    """Something requested but not done: active ServiceRequest, booked Appointment, Procedure in preparation.

    Attributes:
        date: occurrence or start; None when not said.
        active: status active (or on hold); false for completed, revoked and unknown.
    """

    date: PartialDate | None = None
    active: bool = True
    priority: Priority = Priority.UNSPECIFIED
    body_sites: Concepts = NONE
    intent: Intent = Intent.UNKNOWN


class Allergy(Fact, frozen=True, kw_only=True, gc=False):
    """An AllergyIntolerance that is not refuted or entered-in-error.

    Attributes:
        severe: yes when a reaction is severe or criticality is high; no when every reaction is mild or moderate and
            criticality is low; unknown otherwise.
        active: clinicalStatus active (or not given).
    """

    verification: Verification = Verification.CONFIRMED
    severe: Tri = Tri.UNKNOWN
    active: bool = True
    date: PartialDate | None = None


class Unreadable(Struct, frozen=True, kw_only=True, gc=False):
    """A resource that mattered by its code or type and could not be read.

    Attributes:
        reference: ``Type/id`` as far as known.
        resource_type: FHIR type name.
        concepts: what its code seemed to say, as far as the screen could tell.
        cause: plain words fit for a card; never a value of the record.
    """

    reference: str
    resource_type: str
    cause: str
    concepts: Concepts = NONE


class Gap(Struct, frozen=True, kw_only=True, gc=False):
    """One kind of data that was not (wholly) obtained.

    Attributes:
        key: the prefetch key.
        cause: plain words fit for a card.
        partial: some entries came, others may be missing.
    """

    key: str
    cause: str
    partial: bool = False


class SetAside(Struct, frozen=True, kw_only=True, gc=False):
    """How many resources were left out, by reason; shown as counts, never with content."""

    wrong_patient: int = 0
    no_subject: int = 0
    entered_in_error: int = 0
    unknown_modifier: int = 0


class DraftOrder(Fact, frozen=True, kw_only=True, gc=False):
    """One order of ``context.draftOrders``: a MedicationRequest, ServiceRequest, Procedure-like or other draft.

    Attributes:
        resource_type: FHIR type name of the draft.
        resource: the draft as received (decoded JSON), for a whole ``update``.
        selected: whether the hook asks about this one (order-select: named in selections; order-sign: all).
        start: requested start or occurrence; None when not said.
        authored: authoredOn.
        end: end of the requested period.
        doses: each dose instruction's dose.
        interval_days: days between doses (timing.repeat, cycle length) where said.
        infusion_hours: duration of one infusion in hours where said.
        technique: concepts of requested modality or technique.
        reasons: concepts of reasonCode.
        unread: a medicationReference that could not be resolved, with no usable display.
    """

    resource_type: str
    resource: Mapping[str, Any] = msgspec.field(default_factory=dict)
    selected: bool = True
    start: PartialDate | None = None
    authored: PartialDate | None = None
    end: PartialDate | None = None
    doses: tuple[Dose, ...] = ()
    interval_days: int | None = None
    infusion_hours: float | None = None
    route: Route = Route.UNKNOWN
    body_sites: Concepts = NONE
    recorded_site: bool = False
    technique: Concepts = NONE
    intent: Intent = Intent.UNKNOWN
    priority: Priority = Priority.UNSPECIFIED
    reasons: Concepts = NONE
    unread: bool = False


AnyFact = TypeVar("AnyFact", bound=Fact)


def _own(fact: Fact) -> Iterable[str]:
    return fact.concepts


def _of_observed(observed: Observed) -> Iterable[str]:
    spoken = observed.concepts | observed.value.concepts
    return spoken.union(*(concepts for concepts, _ in observed.components)) if observed.components else spoken


class _Index(Generic[AnyFact]):
    """Facts of one kind by concept: a history is asked some hundred times about a few concepts each."""

    __slots__ = ("_by_concept",)

    def __init__(self, facts: tuple[AnyFact, ...], concepts_of: Callable[[AnyFact], Iterable[str]]) -> None:
        self._by_concept: dict[str, dict[int, AnyFact]] = {}
        """Concept -> place among the facts -> fact."""
        for place, fact in enumerate(facts):
            for concept in concepts_of(fact):
                self._by_concept.setdefault(concept, {})[place] = fact
                if concept.endswith(UNVERIFIED):
                    self._by_concept.setdefault(concept.removesuffix(UNVERIFIED), {})[place] = fact

    def about(self, concepts: Concepts) -> tuple[AnyFact, ...]:
        if self._by_concept.keys().isdisjoint(concepts):
            return ()
        spoken = self._by_concept.keys() & concepts
        found = self._by_concept[spoken.pop()]
        if not spoken:
            return tuple(found.values())
        for concept in spoken:
            found = found | self._by_concept[concept]
        return tuple(found[place] for place in sorted(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Everything read of one patient for one call.

    ``diagnoses_about`` and its like give the facts of a kind, in their order, that can speak about one of the concepts:
    by their code, its unverified counterpart or, of observations, by a component or a coded value. Whether one does,
    and how surely, is for the caller to judge.
    """

    patient: Patient | None = None
    diagnoses: tuple[Diagnosis, ...] = ()
    treatments: tuple[Treatment, ...] = ()
    drugs: tuple[Drug, ...] = ()
    observed: tuple[Observed, ...] = ()
    reports: tuple[Report, ...] = ()
    plans: tuple[Plan, ...] = ()
    allergies: tuple[Allergy, ...] = ()
    drafts: tuple[DraftOrder, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    gaps: tuple[Gap, ...] = ()
    set_aside: SetAside = field(default_factory=SetAside)
    _indexes: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def diagnoses_about(self, concepts: Concepts) -> tuple[Diagnosis, ...]:
        """Conditions that can speak about one of the concepts."""
        return self._index("diagnoses", self.diagnoses, _own).about(concepts)

    def treatments_about(self, concepts: Concepts) -> tuple[Treatment, ...]:
        """Procedures that can speak about one of the concepts."""
        return self._index("treatments", self.treatments, _own).about(concepts)

    def drugs_about(self, concepts: Concepts) -> tuple[Drug, ...]:
        """Records of drugs that can speak about one of the concepts."""
        return self._index("drugs", self.drugs, _own).about(concepts)

    def observed_about(self, concepts: Concepts) -> tuple[Observed, ...]:
        """Observations that can speak about one of the concepts."""
        return self._index("observed", self.observed, _of_observed).about(concepts)

    def _index(
        self, kind: str, facts: tuple[AnyFact, ...], concepts_of: Callable[[AnyFact], Iterable[str]]
    ) -> _Index[AnyFact]:
        index: _Index[AnyFact] | None = self._indexes.get(kind)
        if index is None:
            index = self._indexes[kind] = _Index(facts, concepts_of)
        return index

    def gap(self, *keys: str) -> Gap | None:
        """The first gap among the prefetch keys; a feature drawing on them can be yes or unknown then, not no."""
        return next((gap for gap in self.gaps if gap.key in keys), None)
