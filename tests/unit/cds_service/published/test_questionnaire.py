from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from cds_service import published
from cds_service.guideline.thresholds import STAGING_DAYS, WINDOWS
from cds_service.published.questionnaire import BODY_SITE_EXTENSION, QUESTIONS, SITES, Question, questionnaire
from fhir_mappings.features.derive import derive
from fhir_mappings.features.fields import FEATURES, Purpose, RecurrenceFeatures
from fhir_mappings.findings import Finding
from fhir_mappings.history import Observed
from fhir_mappings.proposal import STAGING_QUESTIONNAIRE
from fhir_mappings.value_sets import CONCEPTS, concept_of
from fhir_mappings.value_sets.systems import RECURRENCE_FINDINGS
from tests.fhir_builders import SUBJECT, a_condition, read

Json = dict[str, Any]

FORM = questionnaire()
TODAY = dt.date(2026, 11, 24)


def items(parts: list[Json]) -> Iterator[Json]:
    for part in parts:
        yield part
        yield from items(part.get("item", []))


ALL = list(items(FORM["item"]))
ASKED = {each["linkId"]: each for each in ALL if each["type"] in {"boolean", "integer"}}


def filled(parts: list[Json], answers: Mapping[str, bool | int]) -> list[Json]:
    """The items of a response: groups as in the form, answered questions only."""
    found = []
    for part in parts:
        link = part["linkId"]
        if part["type"] == "group" and (inner := filled(part["item"], answers)):
            found.append({"linkId": link, "text": part["text"], "item": inner})
        elif link in answers:
            value = {f"value{part['type'].capitalize()}": answers[link]}
            found.append({"linkId": link, "text": part["text"], "answer": [value]})
    return found


def a_response(answers: Mapping[str, bool | int]) -> Json:
    response = {
        "resourceType": "QuestionnaireResponse",
        "id": "form",
        "questionnaire": f"{FORM['url']}|{FORM['version']}",
        "status": "completed",
        "subject": SUBJECT,
        "authored": TODAY.isoformat(),
        "item": filled(FORM["item"], answers),
    }
    get_fhir_model_class("QuestionnaireResponse").model_validate(response)
    return response


def features(answers: Mapping[str, bool | int]) -> RecurrenceFeatures:
    cancer = a_condition("cervical-squamous-cell-carcinoma")
    return derive(read(cancer, a_response(answers)), today=TODAY, purpose=Purpose.OVERVIEW, windows=WINDOWS)


def test_it_is_the_form_that_proposals_name_and_that_is_read() -> None:
    assert FORM["url"] == STAGING_QUESTIONNAIRE
    assert published.catalogue(with_cpt=True)["Questionnaire"]["recurrence-staging"].resource == FORM


def test_it_asks_for_exactly_the_own_codes() -> None:
    own = {row.code for each in CONCEPTS.values() for row in each.rows if row.system == RECURRENCE_FINDINGS}
    asked = [code["code"] for each in ASKED.values() for code in each["code"]]
    assert set(asked) == own
    assert own == set(QUESTIONS) | {"tumour-at-site"}
    assert asked.count("tumour-at-site") == len(SITES) + 1


def test_links_are_unique_and_begin_with_the_code() -> None:
    links = [each["linkId"] for each in ALL]
    assert len(links) == len(set(links))
    for link, each in ASKED.items():
        assert link.partition(":")[0] == each["code"][0]["code"]


def test_links_never_change() -> None:
    """Responses on record carry them: a link may be added here, none renamed."""
    assert set(ASKED) >= {
        "tumour-at-site:site-whole-body",
        "tumour-at-site:site-vaginal-cuff",
        "tumour-at-site:site-pelvic-sidewall",
        "tumour-at-site:site-lung",
        "prior-pelvic-radiotherapy",
        "systemic-lines-recurrent",
        "pdl1-cps",
        "hospice",
    }


def test_every_question_says_why() -> None:
    for each in ASKED.values():
        (why,) = each["item"]
        assert why["type"] == "display"
        assert why["text"].startswith("Why: ")
        assert len(why["text"]) > 20


def test_a_question_without_a_reason_is_a_fault() -> None:
    with pytest.raises(ValueError, match="nothing says why hospice is asked"):
        Question("hospice", "Hospice?", ("hospice",)).reason()


def test_each_question_fills_a_feature() -> None:
    assert {name for each in QUESTIONS.values() for name in each.features} <= set(FEATURES)


def test_conditions_name_earlier_questions_with_answers_of_their_kind() -> None:
    links = [each["linkId"] for each in ALL]
    conditions = [(each["linkId"], when) for each in ALL for when in each.get("enableWhen", ())]
    assert conditions
    for link, when in conditions:
        assert links.index(when["question"]) < links.index(link)
        if when["operator"] != "exists":
            assert f"answer{ASKED[when['question']]['type'].capitalize()}" in when
    assert {each["enableBehavior"] for each in ALL if "enableWhen" in each} == {"any"}


def test_integers_have_limits() -> None:
    limits = {
        link: {each["url"].rpartition("/")[2]: each["valueInteger"] for each in item["extension"]}
        for link, item in ASKED.items()
        if item["type"] == "integer"
    }
    assert limits["pdl1-cps"] == {"minValue": 0, "maxValue": 100}
    assert limits["fistula-grade"] == {"minValue": 0, "maxValue": 5}
    assert limits["recurrence-number"] == {"minValue": 1}
    assert all("minValue" in each for each in limits.values())


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.concept)
def test_the_coding_of_a_site_means_the_site_of_its_link(site: Any) -> None:
    (extension,) = ASKED[site.link]["extension"]
    (coding,) = extension["valueCodeableConcept"]["coding"]
    match = concept_of(coding["system"], coding["code"])
    assert extension["url"] == BODY_SITE_EXTENSION
    assert match is not None
    assert site.concept in match.concepts


def test_the_window_of_staging_is_said() -> None:
    (extent,) = [each for each in FORM["item"] if each["linkId"] == "extent"]
    assert f"{STAGING_DAYS.value:g} days" in extent["text"]


@pytest.mark.parametrize("link", ASKED)
def test_the_answer_to_every_question_is_read(link: str) -> None:
    integer = ASKED[link]["type"] == "integer"
    (observed,) = read(a_response({link: 2 if integer else True})).observed
    code, _, site = link.partition(":")
    assert observed.concepts == {f"own-{code}"}
    assert observed.body_sites == ({site} if site else frozenset())
    assert (observed.value.truth, observed.value.number) == ((None, 2.0) if integer else (True, None))
    assert observed.final
    assert (observed.date and observed.date.earliest) == TODAY


def test_a_whole_form_is_read_whole() -> None:
    answers: dict[str, bool | int] = {link: 1 if each["type"] == "integer" else False for link, each in ASKED.items()}
    observed: tuple[Observed, ...] = read(a_response(answers)).observed
    assert len(observed) == len(ASKED)


def test_staging_of_the_whole_body_without_tumour_clears_every_site() -> None:
    found = features({"tumour-at-site:site-whole-body": False})
    for site in ("central_pelvic", "pelvic_sidewall", "pelvic_nodal", "paraaortic", "lung", "liver", "distant"):
        finding = getattr(found, f"site_{site}")
        assert isinstance(finding, Finding)
        assert finding.is_no, site


def test_answers_become_features() -> None:
    found = features(
        {
            "tumour-at-site:site-lung": True,
            "tumour-at-site:site-liver": False,
            "prior-pelvic-radiotherapy": True,
            "prior-immune-checkpoint-inhibitor": False,
            "systemic-lines-recurrent": 1,
            "pdl1-cps": 5,
            "neuropathy-grade": 2,
            "menopausal": True,
            "hospice": False,
        }
    )
    assert found.site_lung.is_yes
    assert found.site_liver.is_no
    assert found.prior_pelvic_rt.is_yes
    assert found.prior_ici.is_no
    assert found.pregnant.is_no
    assert found.hospice.is_no
    assert (found.systemic_lines.value, found.pdl1_cps.value, found.neuropathy_grade.value) == (1, 5, 2)
    assert not found.site_central_pelvic.known


def test_what_is_left_empty_stays_unknown() -> None:
    found = features({"pdl1-cps": 5})
    assert not found.prior_pelvic_rt.known
    assert not found.prior_platinum.known
