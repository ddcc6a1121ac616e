from __future__ import annotations

import datetime as dt

import msgspec
import pytest
from msgspec.structs import replace

from cds_service.cards import (
    ADVICE_SYSTEM,
    EXTENSION,
    MAX_CARDS,
    OVERRIDE_REASONS,
    SINGLE_OPTION,
    label,
    render,
)
from cds_service.guideline import knowledge
from cds_service.guideline.decide import Occasion
from cds_service.guideline.register import REGISTER
from cds_service.guideline.rule import Because, Decided, Decision, Kind, Scope, Severity, Strength
from cds_service.protocol.response import Answer, Card, encode, faults
from cds_service.site import Site
from fhir_mappings.features.fields import RecurrenceFeatures
from fhir_mappings.findings import Evidence, Finding
from fhir_mappings.history import DraftOrder, Gap, History, Plan, SetAside, Unreadable
from fhir_mappings.kleene import Tri
from fhir_mappings.partial_dates import PartialDate
from fhir_mappings.r4 import proposal

DRAFT = DraftOrder(
    reference="MedicationRequest/m1",
    resource_type="MedicationRequest",
    resource={
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {"text": "Bevacizumab"},
        "subject": {"reference": "Patient/p"},
        "dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": 7.5, "unit": "mg/kg"}}]}],
        "note": [{"text": "keep me"}],
    },
)
BECAUSE = (
    Because(
        "prior_pelvic_rt",
        "yes",
        (Evidence("Procedure/rt", "external beam radiotherapy, pelvis, 45 Gy", PartialDate.on(dt.date(2024, 10, 14))),),
    ),
)
OPTION = Decision(
    code="pelvic-exenteration",
    kind=Kind.OPTION,
    row="P3",
    strength=Strength.RECOMMENDED,
    because=BECAUSE,
    sources=("S02", "E21", "D13"),
    unchecked=("prior_exenteration",),
)
PROMPT = Decision(code="missing-pet-ct", kind=Kind.PROMPT, row="P3", missing=("site_distant",), sources=("E25",))
INFORMATION = Decision(code="info-expected-outcomes", kind=Kind.INFORMATION, row="P3", sources=("E21",))


def alert(code: str = "bevacizumab-dose", severity: Severity = Severity.WARNING, **more: object) -> Decision:
    base = Decision(
        code=code,
        kind=Kind.ALERT,
        row="BEV-31",
        severity=severity,
        text="The dose is more than 10% away from 15 mg/kg.",
        because=BECAUSE,
        sources=("L1",),
        order=DRAFT.reference,
        remedy="dose",
        details=(("dose_mg", "900"),),
    )
    return replace(base, **more)


def cards(
    *decisions: Decision,
    history: History | None = None,
    site: Site | None = None,
    scope: Scope = Scope.FULL,
    row: str = "G8",
    failed: tuple[str, ...] = (),
    features: RecurrenceFeatures | None = None,
) -> tuple[Card, ...]:
    answer = render(
        Decided(scope=scope, scope_row=row, decisions=decisions, failed=failed),
        features or RecurrenceFeatures(),
        history if history is not None else History(drafts=(DRAFT,)),
        patient_id="p",
        proposals=proposal,
        occasion=Occasion.ORDER_SIGN,
        hook_instance="instance",
        site=site or Site(),
    )
    assert faults(encode(answer)) == []
    return answer.cards


def test_nothing_decided_is_no_card() -> None:
    assert cards() == ()


def test_groups_stand_in_their_order_after_the_alerts() -> None:
    topics = [card.source.topic for card in cards(alert(), OPTION, PROMPT, INFORMATION)]
    assert [topic.code for topic in topics if topic] == ["bevacizumab-dose", "options", "missing-data", "information"]
    assert {topic.system for topic in topics if topic} == {ADVICE_SYSTEM}


def test_the_decisions_extension_says_everything_and_nothing_empty() -> None:
    (card,) = cards(OPTION)
    assert card.extension == {
        EXTENSION: [
            {
                "code": "pelvic-exenteration",
                "kind": "option",
                "strength": "recommended",
                "severity": "info",
                "row": "P3",
                "version": knowledge.VERSION,
                "because": [{"feature": "prior_pelvic_rt", "value": "yes", "evidence": ["Procedure/rt"]}],
                "sources": ["S02", "E21", "D13"],
            }
        ],
        SINGLE_OPTION: "One option only: of the rows that apply, P3 alone names one.",
    }


def test_tr_22_a_card_with_one_option_says_why_there_is_no_other() -> None:
    (one,) = cards(replace(OPTION, code="mdt-review", row="P2"))
    reason = (
        "One option only: of the rows that apply, P2 alone names one. No treatment is named before it is known where"
    )
    assert (one.extension or {})[SINGLE_OPTION].startswith(reason)
    assert reason in (one.detail or "")
    (bare,) = cards(replace(OPTION, row="PRT-02"))
    assert (bare.extension or {})[SINGLE_OPTION] == "One option only: of the rows that apply, PRT-02 alone names one."
    (two,) = cards(OPTION, replace(OPTION, code="mdt-review"))
    assert SINGLE_OPTION not in (two.extension or {})
    assert "One option only" not in (two.detail or "")


def test_an_option_says_why_from_which_record_what_to_confirm_and_whose_advice_it_is() -> None:
    (card,) = cards(OPTION)
    detail = card.detail or ""
    for part in (
        REGISTER["pelvic-exenteration"].title,
        "earlier pelvic radiotherapy: yes – external beam radiotherapy, pelvis, 45 Gy (2024-10-14, Procedure/rt)",
        "Not recorded either way: earlier pelvic exenteration.",
        "Source article (26 December 2025, pending human review): S02",
        "**Current standard:**",
        "Rows P3. Knowledge",
    ):
        assert part in detail
    assert detail.index("[E21]") < detail.index("pending human review): S02"), "the newer standard stands first"


def test_tr_03_a_card_links_to_its_leading_row_in_this_version() -> None:
    site = Site(base_url="https://cds.example.org/base")
    option, missing = cards(OPTION, PROMPT, site=site)
    (link,) = option.links
    assert (link.label, link.type) == ("How this row reads", "absolute")
    assert link.url == f"https://cds.example.org/base/guideline/{knowledge.VERSION}#P3"
    assert missing.links[0].url.endswith("#P3")
    assert option.source.url == "https://cds.example.org/base/guideline"


def test_lnk_05_where_the_app_is_registered_a_link_opens_it_with_the_call_by_reference() -> None:
    site = Site(base_url="https://cds.example.org", smart_launch="https://cds.example.org/launch")
    for card in cards(OPTION, PROMPT, alert(), site=site):
        _, link = card.links
        assert (link.label, link.type, link.url) == ("Open the reasons", "smart", "https://cds.example.org/launch")
        context = msgspec.json.decode(link.app_context or "")
        assert context == {"hook": "order-sign", "hookInstance": "instance"}
    gap = History(gaps=(Gap(key="conditions", cause="not sent"),))
    (told,) = cards(history=gap, row="G2", scope=Scope.SILENT, site=site)
    assert told.links == ()


def test_without_a_public_address_or_a_row_there_is_no_link() -> None:
    (card,) = cards(OPTION)
    assert (card.links, card.source.url) == ((), None)
    gap = History(gaps=(Gap(key="conditions", cause="not sent"),))
    (told,) = cards(history=gap, row="G2", scope=Scope.SILENT, site=Site(base_url="https://cds.example.org"))
    assert told.links == ()


def test_the_region_notice_ends_each_detail() -> None:
    notice = "Not for clinical use here."
    assert all((card.detail or "").endswith(notice) for card in cards(alert(), PROMPT, site=Site(region_notice=notice)))


def test_an_alert_offers_the_corrected_draft_or_its_withdrawal() -> None:
    (card,) = cards(alert())
    update, delete = card.suggestions
    assert card.selection_behavior == "at-most-one"
    assert update.actions[0].type == "update"
    corrected = update.actions[0].resource
    assert corrected["dosageInstruction"] == [
        {
            "doseAndRate": [
                {"doseQuantity": {"value": 900, "unit": "mg", "system": proposal.UCUM, "code": "mg"}}
            ]
        }
    ]  # fmt: skip
    assert corrected["note"] == [{"text": "keep me"}]
    assert (delete.actions[0].type, delete.actions[0].resource_id) == ("delete", "MedicationRequest/m1")


@pytest.mark.parametrize("name", ["m_1", "m 1", "x" * 257, ".."])
def test_a_draft_whose_id_is_none_of_fhir_can_be_corrected_but_not_deleted(name: str) -> None:
    draft = replace(DRAFT, reference=f"MedicationRequest/{name}")
    (card,) = cards(alert(order=draft.reference), history=History(drafts=(draft,)))
    assert [each.actions[0].type for each in card.suggestions] == ["update"]


def test_a_moved_date_is_offered_where_there_is_an_earliest_day() -> None:
    (card,) = cards(alert(details=(("earliest_date", "2026-12-30"),), remedy="date"))
    assert card.suggestions[0].label == "Move the drafted order to 2026-12-30"
    assert card.suggestions[0].actions[0].resource["dosageInstruction"][0]["timing"] == {"event": ["2026-12-30"]}


def test_an_alert_without_a_draft_to_change_offers_nothing() -> None:
    for odd in (alert(order="MedicationRequest/other"), alert(remedy=""), alert(order="")):
        (card,) = cards(odd)
        assert card.suggestions == ()
        assert card.selection_behavior is None


def test_epic_takes_any_selection_and_one_action_each() -> None:
    (card,) = cards(alert(), site=Site(profile="epic"))
    assert card.selection_behavior == "any"
    assert all(len(suggestion.actions) == 1 for suggestion in card.suggestions)


def test_nothing_is_pre_selected_unless_the_client_asks_for_it() -> None:
    def recommended(site: Site) -> list[bool | None]:
        (card,) = cards(OPTION, site=site)
        return [suggestion.is_recommended for suggestion in card.suggestions]

    assert recommended(Site()) == [None]
    assert recommended(Site(recommend=True)) == [True]


def test_a_prompt_offers_what_would_fill_it_unless_it_is_ordered_already() -> None:
    (card,) = cards(PROMPT)
    assert [s.actions[0].resource["resourceType"] for s in card.suggestions] == ["ServiceRequest"]
    asked = Plan(reference="ServiceRequest/s", concepts=frozenset({"imaging-pet-ct"}))
    (card,) = cards(PROMPT, history=History(plans=(asked,)))
    assert card.suggestions == ()
    assert "Already ordered: ServiceRequest/s." in (card.detail or "")


def test_prompts_name_the_records_that_may_hold_the_answer() -> None:
    may = Evidence(
        "DiagnosticReport/d", "PET/CT, final: its conclusion is free text", PartialDate.on(dt.date(2026, 2, 20))
    )
    (card,) = cards(replace(PROMPT, possible=(may,)))
    assert "May hold the answer: PET/CT, final: its conclusion is free text (2026-02-20, DiagnosticReport/d)" in (
        card.detail or ""
    )


def test_there_are_at_most_five_cards_and_no_alert_is_lost() -> None:
    codes = [code for code, entry in REGISTER.items() if entry.kind is Kind.ALERT][:9]
    alerts = [
        alert(code, Severity.CRITICAL if place < 2 else Severity.WARNING, text=f"text {place}")
        for place, code in enumerate(codes)
    ]
    shown = cards(*alerts, OPTION, PROMPT, INFORMATION)
    assert len(shown) == MAX_CARDS
    assert [card.indicator for card in shown[:2]] == ["critical", "critical"]
    listed = [item["code"] for card in shown[:2] for item in (card.extension or {})[EXTENSION]]
    assert listed == codes
    assert all(f"text {place}" in (shown[1].detail or "") for place in range(1, 9))


def test_information_alerts_join_the_information_card() -> None:
    (card,) = cards(alert("pet-ct-recent", Severity.INFO, order="", remedy="", text="A PET/CT is recent."))
    assert card.indicator == "info"
    assert card.source.topic is not None
    assert card.source.topic.code == "information"


def test_every_card_with_advice_offers_override_reasons_with_display() -> None:
    for card in cards(alert(), OPTION, PROMPT, INFORMATION):
        assert card.override_reasons == OVERRIDE_REASONS
        assert all(reason.display for reason in card.override_reasons)


def test_the_same_call_gives_the_same_ids_and_another_call_others() -> None:
    def ids(instance: str) -> list[str | None]:
        answer: Answer = render(
            Decided(scope=Scope.FULL, scope_row="G8", decisions=(alert(), OPTION)),
            RecurrenceFeatures(),
            History(drafts=(DRAFT,)),
            patient_id="p",
            proposals=proposal,
            occasion=Occasion.ORDER_SIGN,
            hook_instance=instance,
            site=Site(),
        )
        return [uuid for card in answer.cards for uuid in (card.uuid, *(s.uuid for s in card.suggestions))]

    assert ids("one") == ids("one")
    assert not set(ids("one")) & set(ids("two"))


GAP = Gap(key="procedures", cause="the FHIR server did not answer in time")


def test_a_gap_is_seen_on_the_missing_card_or_on_one_of_its_own() -> None:
    text = "procedures: not obtained (the FHIR server did not answer in time)"
    (with_prompt,) = cards(PROMPT, history=History(gaps=(GAP,)))
    assert text in (with_prompt.detail or "")
    own = cards(alert(), history=History(gaps=(GAP,), drafts=(DRAFT,)))[-1]
    assert text in (own.detail or "")
    assert own.extension is None
    assert own.override_reasons == ()


def test_what_was_set_aside_or_unreadable_is_counted_without_content() -> None:
    history = History(
        unreadable=(Unreadable(reference="Procedure/x", resource_type="Procedure", cause="it is not valid FHIR R4"),),
        set_aside=SetAside(wrong_patient=2, no_subject=1, unknown_modifier=3),
    )
    (card,) = cards(PROMPT, history=history)
    detail = card.detail or ""
    assert "Procedure/x could not be used: it is not valid FHIR R4" in detail
    assert "records left out: 2 of another patient, 1 without a patient, 3 with an unknown modifier" in detail


@pytest.mark.parametrize(
    ("features", "row", "seen"),
    [
        (RecurrenceFeatures(), "G2", True),
        (RecurrenceFeatures(cervical_cancer=Finding(Tri.NO)), "G2", False),
        (RecurrenceFeatures(), "G0", False),
    ],
)
def test_out_of_scope_is_silent_unless_the_cancer_itself_may_be_hidden(
    features: RecurrenceFeatures, row: str, seen: bool
) -> None:
    gap = Gap(key="conditions", cause="there were more pages than are read", partial=True)
    shown = cards(history=History(gaps=(gap,)), scope=Scope.SILENT, row=row, features=features)
    assert bool(shown) is seen


def test_a_rule_that_could_not_be_evaluated_is_said() -> None:
    (card,) = cards(failed=("BEV-07",))
    assert "Could not be evaluated: BEV-07." in (card.detail or "")


def test_text_of_the_record_cannot_act_as_markup() -> None:
    evil = Evidence("Procedure/rt", "<script>x</script> [a](javascript:b) \u202e", None)
    (card,) = cards(replace(OPTION, because=(Because("prior_pelvic_rt", "yes", (evil,)),)))
    detail = card.detail or ""
    assert "<script>" not in detail
    assert "](javascript" not in detail
    assert "\u202e" not in detail


def test_labels_exist_for_features_judgements_and_order_facts() -> None:
    assert label("prior_pelvic_rt") == "earlier pelvic radiotherapy"
    assert label("bev_contraindicated") == "bevacizumab contraindicated"
    assert label("dose_mg")
    with pytest.raises(KeyError):
        label("nowhere")


def test_cards_encode_as_the_specification_wants() -> None:
    (card,) = cards(OPTION)
    assert set(msgspec.to_builtins(card)) == {
        "uuid", "summary", "indicator", "source", "detail", "suggestions", "selectionBehavior", "overrideReasons",
        "extension",
    }  # fmt: skip
