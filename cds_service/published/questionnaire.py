"""The Questionnaire ``recurrence-staging``: one screen that asks for exactly the facts of our own codes.

``linkId`` is a code of ``recurrence-findings``; a question about one body site adds the concept of the site after a
colon (``tumour-at-site:site-vaginal-cuff``). ``fhir_mappings.r4.questionnaire_response`` reads answers by these links,
so a link never changes its meaning. An answer counts for the day on which the form is completed, hence "now" in the
questions about what passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from cds_service.guideline import thresholds as t
from cds_service.guideline.missing_data import prompt_for
from cds_service.published.canonical import FHIR_VERSION, OWN_COPYRIGHT, Resource, canonical, head
from fhir_mappings.proposal import STAGING_QUESTIONNAIRE
from fhir_mappings.value_sets import CONCEPTS
from fhir_mappings.value_sets.systems import RECURRENCE_FINDINGS, RECURRENCE_SITES

ID: Final = STAGING_QUESTIONNAIRE.rpartition("/")[2]
BODY_SITE_ID: Final = "question-body-site"
BODY_SITE_EXTENSION: Final = canonical("StructureDefinition", BODY_SITE_ID)
TUMOUR: Final = "tumour-at-site"
WHOLE_BODY: Final = "site-whole-body"

_HIGHEST_GRADE: Final = 5
_EXTENSION: Final = "http://hl7.org/fhir/StructureDefinition/"
_DISPLAYED: Final = frozenset({RECURRENCE_FINDINGS, RECURRENCE_SITES})
"""Systems whose displays are ours to state."""


@dataclass(frozen=True, slots=True)
class Question:
    """One fact that is asked for.

    Attributes:
        code: of CodeSystem recurrence-findings; also the linkId.
        ask: the question.
        features: features of the guideline that the answer fills.
        kind: FHIR type of the answer, ``boolean`` or ``integer``.
        why: which advice depends on it; empty where the prompt for the first feature says so.
        low: smallest integer.
        high: largest integer; None for no limit.
        unless_no: link of a question whose answer no (or 0) makes this one superfluous.
    """

    code: str
    ask: str
    features: tuple[str, ...]
    kind: str = "boolean"
    why: str = ""
    low: int = 0
    high: int | None = None
    unless_no: str = ""

    def reason(self) -> str:
        """Why it is asked; raises ValueError when neither the question nor a prompt says so."""
        prompt = prompt_for(self.features[0])
        if self.why or prompt is None:
            if not self.why:
                raise ValueError(f"nothing says why {self.code} is asked")
            return self.why
        return prompt.changes


@dataclass(frozen=True, slots=True)
class Site:
    """One body site of ``tumour-at-site``.

    Attributes:
        concept: of the value sets; the part of the linkId behind the colon.
        code: the one code of the concept that names the place as a whole.
        why: which advice depends on it.
        words: as asked; empty for the title of the concept.
    """

    concept: str
    code: str
    why: str
    words: str = ""

    @property
    def link(self) -> str:
        """Its linkId."""
        return f"{TUMOUR}:{self.concept}"

    def shown(self) -> str:
        """The place in plain words."""
        return self.words or CONCEPTS[self.concept].title

    def coding(self) -> dict[str, str]:
        """The Coding of the place; StopIteration when the concept does not have the code."""
        row = next(row for row in CONCEPTS[self.concept].rows if row.code == self.code)
        display = {"display": row.display} if row.system in _DISPLAYED else {}
        return {"system": row.system, "code": row.code, **display}


def _grade(code: str, ask: str, feature: str, why: str) -> Question:
    return Question(code, ask, (feature,), "integer", why, high=_HIGHEST_GRADE)


_CENTRAL: Final = "Disease confined to the centre of the pelvis decides between exenteration and salvage radiotherapy."
_SIDEWALL: Final = "Side wall disease rules exenteration out; other local options remain."
_NODES: Final = "Pelvic nodes change the local options and the radiotherapy field."
_PARAAORTIC: Final = "Para-aortic disease moves the plan to an extended field or to systemic treatment."
_DISTANT: Final = "Distant disease moves the plan from curative local treatment to systemic treatment."

SITES: Final[tuple[Site, ...]] = (
    Site("site-vaginal-cuff", "438074005", _CENTRAL),
    Site("site-vagina", "76784001", _CENTRAL),
    Site("site-cervix", "71252005", _CENTRAL),
    Site("site-uterus", "35039007", _CENTRAL),
    Site("site-bladder", "89837001", _CENTRAL),
    Site("site-rectum", "34402009", _CENTRAL),
    Site("site-parametrium", "45682005", f"{_CENTRAL} It may reach the side wall: answer that question as well."),
    Site("site-pelvic-sidewall", "pelvic-sidewall", _SIDEWALL),
    Site("site-pelvic-lymph-nodes", "54268001", _NODES),
    Site("site-paraaortic-lymph-nodes", "35783009", _PARAAORTIC),
    Site("site-lung", "39607008", f"{_DISTANT} Disease of the chest alone has its own figures."),
    Site("site-mediastinum", "72410000", f"{_DISTANT} Disease of the chest alone has its own figures."),
    Site("site-liver", "10200004", _DISTANT),
    Site("site-bone-other", "272673000", _DISTANT),
    Site("site-brain-head", "12738006", _DISTANT, "brain"),
    Site("site-abdomen", "113345001", _DISTANT, "peritoneum or abdomen, outside the organs asked for elsewhere"),
    Site("site-supraclavicular-lymph-nodes", "76838003", _DISTANT),
    Site("site-inguinal-lymph-nodes", "8928004", _DISTANT),
    Site("site-skin", "39937001", _DISTANT),
)
"""The sites asked for one by one, from the centre of the pelvis outwards."""

_WHOLE_BODY: Final = Site(
    WHOLE_BODY,
    "38266002",
    "No means that staging of the whole body showed no tumour; then no site needs an answer of its own. Leave it empty "
    "when only a part of the body was examined.",
    "anywhere, after staging of the whole body",
)

RECURRENCE: Final[tuple[Question, ...]] = (
    Question(
        "suspected-recurrence",
        "Is a recurrence suspected that is not proven yet?",
        ("recurrence_suspected",),
        why="A suspicion calls for a work-up; treatment options are named once a recurrence is proven.",
    ),
    Question("biopsy-malignant", "Has a biopsy of this recurrence shown cancer?", ("biopsy_proof",)),
    Question(
        "recurrence-number",
        "Which recurrence is this: 1 for the first, 2 for one after curative treatment of the first?",
        ("recurrence_number",),
        "integer",
        "A further curative operation for a repeated recurrence is a matter for the tumour board.",
        low=1,
    ),
)
EXTENT: Final[tuple[Question, ...]] = (
    Question(
        "pelvic-node-count",
        "How many pelvic lymph nodes are involved?",
        ("pelvic_node_count",),
        "integer",
        "Several involved nodes make early palliative care worth considering.",
        unless_no=f"{TUMOUR}:site-pelvic-lymph-nodes",
    ),
    Question(
        "distant-lesion-count",
        "How many distant lesions are there?",
        ("n_distant_lesions",),
        "integer",
        "Local treatment of each lesion is an option for few distant lesions.",
    ),
    Question(
        "all-lesions-amenable-to-local-therapy",
        "Can every lesion be treated locally (resection, stereotactic radiotherapy or ablation)?",
        ("lesions_all_treatable",),
        why="Local treatment of few metastases is an option only if every one of them can be treated.",
        unless_no="distant-lesion-count",
    ),
    Question(
        "unresectable",
        "Has the tumour been judged unresectable by a tumour board or surgeon?",
        ("unresectable",),
        why="Unresectable disease in an irradiated pelvis is treated systemically.",
    ),
    Question(
        "metastasis-pain",
        "Is a metastasis painful now?",
        ("metastasis_symptoms",),
        why="Palliative radiotherapy is an option for a painful or bleeding metastasis.",
    ),
    Question(
        "metastasis-bleeding",
        "Is a metastasis bleeding now?",
        ("metastasis_symptoms",),
        why="Palliative radiotherapy is an option for a painful or bleeding metastasis.",
    ),
)
EARLIER_TREATMENT: Final[tuple[Question, ...]] = (
    Question(
        "prior-pelvic-radiotherapy",
        "Has the pelvis ever been irradiated, by external beam or brachytherapy?",
        ("prior_pelvic_rt",),
    ),
    Question(
        "prior-vaginal-brachytherapy-only",
        "Was vaginal brachytherapy the only radiotherapy of the pelvis?",
        ("vaginal_brachy_only",),
        why="Whole-pelvis radiotherapy may then still be possible.",
        unless_no="prior-pelvic-radiotherapy",
    ),
    Question(
        "prior-paraaortic-radiotherapy",
        "Has the para-aortic region ever been irradiated?",
        ("prior_paraaortic_rt",),
        why="Extended-field chemoradiation is an option for para-aortic recurrence only in a region never irradiated.",
    ),
    Question(
        "systemic-lines-recurrent",
        "How many lines of systemic treatment have been given for recurrent or metastatic disease? Chemoradiation, "
        "neoadjuvant, adjuvant and maintenance treatment do not count.",
        ("systemic_lines",),
        "integer",
    ),
    Question(
        "progressed-after-systemic",
        "Has the disease progressed on or after such a line?",
        ("progressed_on_after_systemic",),
        why="Second-line options are for disease that progressed on or after a counted line.",
        unless_no="systemic-lines-recurrent",
    ),
    Question(
        "prior-platinum",
        "Has cisplatin or carboplatin ever been given, chemoradiation included?",
        ("prior_platinum",),
        why="Without earlier platinum cisplatin is preferred; after it carboplatin is an alternative.",
    ),
    Question(
        "prior-bevacizumab",
        "Has bevacizumab ever been given, other than for the eye?",
        ("prior_bev",),
        why="It tells a first dose from a later one, and bears on operations after bevacizumab.",
    ),
    Question(
        "prior-immune-checkpoint-inhibitor",
        "Has an immune checkpoint inhibitor ever been given, first treatment included?",
        ("prior_ici",),
        why="Checkpoint inhibitors are options of the trials only if none was used before.",
    ),
    Question(
        "prior-tisotumab-vedotin",
        "Has tisotumab vedotin ever been given?",
        ("prior_tv",),
        why="Tisotumab vedotin is a second-line option unless it was given before.",
    ),
)
MARKERS: Final[tuple[Question, ...]] = (
    Question(
        "pdl1-cps",
        "What is the PD-L1 combined positive score (CPS), 0 to 100, on any tumour sample?",
        ("pdl1_cps",),
        "integer",
        high=100,
    ),
)
SAFETY: Final[tuple[Question, ...]] = (
    Question(
        "surgical-wound-healed",
        "Has the wound of the last operation healed?",
        ("wound_healed",),
        why="The label advises withholding bevacizumab until a surgical wound has healed.",
    ),
    _grade(
        "fistula-grade",
        "Fistula of an internal organ now: which CTCAE grade (0 for none)?",
        "fistula_active",
        "A fistula bears on bevacizumab and on further pelvic radiotherapy.",
    ),
    _grade(
        "haemorrhage-grade",
        "Haemorrhage now: which CTCAE grade (0 for none)? An earlier one is recorded as a condition with its date.",
        "severe_haemorrhage",
        "The labels of bevacizumab and tisotumab vedotin ask for it; the day of this form counts as its date.",
    ),
    _grade(
        "thromboembolism-grade",
        "Venous thromboembolism at any time: which was the highest CTCAE grade (0 for none)?",
        "vte_grade",
        "The label of bevacizumab rules it out after the severest grade.",
    ),
    _grade(
        "neuropathy-grade",
        "Peripheral neuropathy now: which CTCAE grade (0 for none)?",
        "neuropathy_grade",
        "It bears on cisplatin, paclitaxel and tisotumab vedotin.",
    ),
    _grade(
        "hearing-loss-grade",
        "Hearing loss now: which CTCAE grade (0 for none)?",
        "hearing_loss_grade",
        "It bears on cisplatin.",
    ),
    Question(
        "slit-lamp-examination",
        "Has an eye examination with a slit lamp been done on the day of this form?",
        ("eye_exam_date",),
    ),
    Question(
        "menopausal",
        "Is the patient past the menopause?",
        ("pregnant",),
        why="Pregnancy, which changes every option, need not be asked about after the menopause.",
    ),
    Question(
        "hospice",
        "Is the patient in hospice or comfort-only care?",
        ("hospice",),
        why="A comfort-only plan is respected: options directed at the disease are not shown.",
    ),
)
QUESTIONS: Final[Mapping[str, Question]] = MappingProxyType(
    {each.code: each for each in (*RECURRENCE, *EXTENT, *EARLIER_TREATMENT, *MARKERS, *SAFETY)}
)
"""Every question but those by body site, by code, in the order of the form."""


def coding(code: str) -> dict[str, str]:
    """The Coding of an own code; KeyError for one that the value sets do not have."""
    (row,) = CONCEPTS[f"own-{code}"].rows
    return {"system": row.system, "code": row.code, "display": row.display}


def _help(link: str, why: str) -> Resource:
    control = {"system": "http://hl7.org/fhir/questionnaire-item-control", "code": "help"}
    return {
        "extension": [
            {"url": f"{_EXTENSION}questionnaire-itemControl", "valueCodeableConcept": {"coding": [control]}},
        ],
        "linkId": f"{link}.why",
        "text": f"Why: {why}",
        "type": "display",
    }


def _unless_no(link: str) -> Resource:
    """Shown while the other question is open or answered with yes (or a number above 0)."""
    other = QUESTIONS.get(link)
    counted = other is not None and other.kind == "integer"
    yes = {"operator": ">", "answerInteger": 0} if counted else {"operator": "=", "answerBoolean": True}
    return {
        "enableWhen": [
            {"question": link, "operator": "exists", "answerBoolean": False},
            {"question": link, **yes},
        ],
        "enableBehavior": "any",
    }


def _limits(question: Question) -> list[Resource]:
    limits = [("minValue", question.low)] + ([("maxValue", question.high)] if question.high is not None else [])
    return [{"url": f"{_EXTENSION}{name}", "valueInteger": value} for name, value in limits]


def _question(question: Question) -> Resource:
    return {
        **({"extension": _limits(question)} if question.kind == "integer" else {}),
        "linkId": question.code,
        "code": [coding(question.code)],
        "text": question.ask,
        "type": question.kind,
        **(_unless_no(question.unless_no) if question.unless_no else {}),
        "item": [_help(question.code, question.reason())],
    }


def _site(site: Site) -> Resource:
    return {
        "extension": [{"url": BODY_SITE_EXTENSION, "valueCodeableConcept": {"coding": [site.coding()]}}],
        "linkId": site.link,
        "code": [coding(TUMOUR)],
        "text": f"Tumour: {site.shown()}?",
        "type": "boolean",
        "item": [_help(site.link, site.why)],
    }


def _group(link: str, text: str, items: Iterable[Resource]) -> Resource:
    return {"linkId": link, "text": text, "type": "group", "item": list(items)}


def _where() -> list[Resource]:
    lead = {
        "linkId": "sites.lead",
        "type": "display",
        "text": "Answer for each place that was examined. A no at one place in the centre of the pelvis (vaginal cuff "
        "to parametrium) counts for the whole centre unless another place there is answered yes.",
    }
    one_by_one = _group("sites", "Site by site", [lead, *map(_site, SITES)]) | _unless_no(_WHOLE_BODY.link)
    return [_site(_WHOLE_BODY), one_by_one, *map(_question, EXTENT)]


def questionnaire() -> Resource:
    """The Questionnaire."""
    staged = f"by imaging or examination of the last {t.STAGING_DAYS.show()}"
    lead: Resource = {
        "linkId": "lead",
        "type": "display",
        "text": "Leave a question empty when the answer is not known: empty never means no. Answers count for the day "
        "on which the form is completed.",
    }
    return {
        **head(
            "Questionnaire",
            ID,
            "Recurrent cervical cancer: staging and earlier treatment",
            "The facts that advice on recurrent cervical squamous cell carcinoma depends on and that no standard code "
            "carries. Each may be recorded as an Observation with the same code instead.",
        ),
        "purpose": "To answer by one form what the record leaves open.",
        "copyright": OWN_COPYRIGHT,
        "subjectType": ["Patient"],
        "item": [
            lead,
            _group("recurrence", "The recurrence", map(_question, RECURRENCE)),
            _group("extent", f"Where the disease is, {staged}", _where()),
            _group("earlier-treatment", "Earlier treatment", map(_question, EARLIER_TREATMENT)),
            _group("markers", "Tumour markers", map(_question, MARKERS)),
            _group("safety", "Before treatment", map(_question, SAFETY)),
        ],
    }


def body_site_extension() -> Resource:
    """The StructureDefinition of the extension that names the body site of a question."""
    elements: list[dict[str, Any]] = [
        {
            "id": "Extension",
            "path": "Extension",
            "short": "Body site that the question asks about",
            "definition": "The bodySite that an Observation with the same code and answer would carry.",
            "min": 0,
            "max": "1",
        },
        {"id": "Extension.extension", "path": "Extension.extension", "max": "0"},
        {"id": "Extension.url", "path": "Extension.url", "fixedUri": BODY_SITE_EXTENSION},
        {
            "id": "Extension.value[x]",
            "path": "Extension.value[x]",
            "min": 1,
            "type": [{"code": "CodeableConcept"}],
        },
    ]
    return {
        **head(
            "StructureDefinition", BODY_SITE_ID, "Body site of a question", "Body site that a question is asked about."
        ),
        "fhirVersion": FHIR_VERSION,
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "element", "expression": "Questionnaire.item"}],
        "type": "Extension",
        "baseDefinition": f"{_EXTENSION}Extension",
        "derivation": "constraint",
        "differential": {"element": elements},
    }
