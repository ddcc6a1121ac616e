"""From decisions to cards: grouping, wording, indicator, sources, suggestions, override reasons (decisions, "Cards").

One card a group (options, missing data, information) and one for each critical or warning alert, at most five in all:
further alerts are folded, most severe first kept. The words of advice stand with the rows and the register; here is
only their layout, the same for every card.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from cds_service.cards.markdown import Section, detail, escaped
from cds_service.cards.suggestions import PROMPT_PROPOSAL, Desk, Ids, Proposer
from cds_service.guideline import knowledge, pathway
from cds_service.guideline.citations import CITATIONS, SourceKind, Status, ordered
from cds_service.guideline.decide import Occasion
from cds_service.guideline.disagreements import DISAGREEMENTS
from cds_service.guideline.draft_order_checks import CHECKS, ORDER_FACTS, families
from cds_service.guideline.information import ARTICLE_HEADING, INFORMATION, Information, information_for
from cds_service.guideline.judgements import JUDGEMENTS
from cds_service.guideline.register import REGISTER
from cds_service.guideline.rule import Because, Decided, Decision, Kind, Scope, Severity, Strength
from cds_service.protocol.response import (
    SUMMARY_LIMIT,
    Answer,
    Card,
    Coding,
    Indicator,
    Link,
    SelectionBehavior,
    Source,
    Suggestion,
)
from cds_service.site import Site
from fhir_mappings.features.course import MAY_BE_CERVICAL
from fhir_mappings.features.fields import FEATURES, RecurrenceFeatures
from fhir_mappings.findings import Evidence
from fhir_mappings.history import Gap, History, Unreadable
from fhir_mappings.value_sets import expanded

MAX_CARDS: Final = 5
MAX_DIFFERENCES: Final = 2
EXTENSION: Final = "org.recurrence-cds.decisions"
SINGLE_OPTION: Final = "org.recurrence-cds.single-option-reason"
"""Extension of a card with one option: why there is no other (TR-22)."""
ADVICE_SYSTEM: Final = "http://recurrence-cds.org/fhir/CodeSystem/advice"
OVERRIDE_SYSTEM: Final = "http://recurrence-cds.org/fhir/CodeSystem/override-reasons"
NON_ADHERENCE_SYSTEM: Final = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
_NAMESPACE: Final = uuid.UUID("6f1d7c1e-0d2b-5a4e-9b0c-3f0a5c9d2e71")

OVERRIDE_REASONS: Final = (
    Coding("cds-not-applicable", NON_ADHERENCE_SYSTEM, "Does not apply to this patient"),
    Coding("recipient-disagrees-evidence", NON_ADHERENCE_SYSTEM, "Disagree with the evidence"),
    Coding("patient-contraindication", NON_ADHERENCE_SYSTEM, "Contraindicated for this patient"),
    Coding("does-not-align-preferences", NON_ADHERENCE_SYSTEM, "Patient prefers otherwise"),
    Coding("action-completed", NON_ADHERENCE_SYSTEM, "Already done"),
    Coding("tumour-board-decision", OVERRIDE_SYSTEM, "Tumour board decided otherwise"),
    Coding("record-wrong-or-outdated", OVERRIDE_SYSTEM, "The record is wrong or out of date"),
)
"""HL7's non-adherence codes in our words, then our own."""

DATA_WORDS: Final = {
    "patient": "patient data",
    "conditions": "diagnoses",
    "procedures": "procedures",
    "medicationStatements": "medication statements",
    "medicationRequests": "medication orders",
    "medicationAdministrations": "medications given",
    "medications": "details of a medication",
    "observations": "observations and laboratory results",
    "diagnosticReports": "reports",
    "serviceRequests": "open requests",
    "allergyIntolerances": "allergies",
    "questionnaireResponses": "questionnaires",
}
"""Prefetch key -> what it holds."""
GAP_EFFECT: Final = {
    "conditions": "diagnoses, sites of recurrence and events may be missing from this advice",
    "procedures": "earlier radiotherapy and surgery may be missing; neither is taken as absent",
    "medicationStatements": "earlier systemic treatment may be missing; none is taken as absent",
    "medicationRequests": "orders on record may be missing",
    "medicationAdministrations": "doses given may be missing; the last bevacizumab dose may be later than shown",
    "medications": "a drug may be unrecognised",
    "observations": "laboratory results, performance status and staging may be missing",
    "diagnosticReports": "imaging and pathology may be missing",
    "serviceRequests": "planned operations may be missing",
    "allergyIntolerances": "severe reactions may be missing",
}
"""Prefetch key -> which answers the gap may change."""

_STRENGTH_WORDS: Final = {
    Strength.RECOMMENDED: "recommended by current sources",
    Strength.CONSIDER: "may be considered",
    Strength.ALTERNATIVE: "an alternative",
    Strength.CONDITIONAL: "only if missing facts allow it",
}
_FOOTER: Final = (
    "For clinicians treating recurrent cervical squamous cell carcinoma; it informs and does not replace judgement. "
    "Not looked at: images, scanned documents, free text{}."
)
_NOT_EXPANDED: Final = ", codes below the listed SNOMED CT codes"
"""Without a terminology server's answer SNOMED CT matches exactly, and that is said."""
_ARTICLE: Final = "Source article (26 December 2025, pending human review)"


def label(name: str) -> str:
    """The words of a feature, judgement or order fact."""
    if name in FEATURES:
        return FEATURES[name].label
    return JUDGEMENTS.get(name) or ORDER_FACTS[name]


def _decision_record(decision: Decision) -> dict[str, Any]:
    """One object of the decisions extension; nothing empty in it (GEN-04)."""
    record = {
        "code": decision.code,
        "kind": decision.kind.value,
        "strength": decision.strength.value if decision.strength else None,
        "severity": decision.severity.value,
        "row": decision.row,
        "version": knowledge.VERSION,
        "because": [_because_record(because) for because in decision.because],
        "missing": list(decision.missing),
        "sources": list(decision.sources),
    }
    return {name: value for name, value in record.items() if value}


def _because_record(because: Because) -> dict[str, Any]:
    evidence = list(dict.fromkeys(each.reference for each in because.evidence if each.reference))
    return {"feature": because.feature, "value": because.value} | ({"evidence": evidence} if evidence else {})


def _shown(evidence: Evidence) -> str:
    where = ", ".join(filter(None, (str(evidence.date) if evidence.date else "", evidence.reference)))
    return f"{escaped(evidence.text)} ({escaped(where)})" if where else escaped(evidence.text)


def _facts(decisions: Iterable[Decision]) -> Section:
    """Each fact once: label, value, and the records behind it with date and reference (TR-26)."""
    merged: dict[tuple[str, str], Because] = {}
    for decision in decisions:
        for because in decision.because:
            told = merged.setdefault((because.feature, because.value), because)
            if told.evidence != because.evidence:
                every = tuple(dict.fromkeys((*told.evidence, *because.evidence)))
                merged[because.feature, because.value] = replace(told, evidence=every)
    entries = []
    for because in merged.values():
        feature, value, evidence, note = because.feature, because.value, because.evidence, because.note
        records = "; ".join(_shown(each) for each in evidence[:2])
        if len(evidence) > 2:
            records += f"; and {len(evidence) - 2} more"
        text = f"{label(feature)}: {escaped(value)}"
        entries.append(f"{text} – {records}" if records else f"{text} ({escaped(note)})" if note else text)
    return Section("Why: facts on record", tuple(entries), spare=2)


def _missing(decisions: Iterable[Decision]) -> Section:
    names = dict.fromkeys(name for decision in decisions for name in decision.missing)
    return Section("Not known", tuple(label(name) for name in names), spare=3)


def _unchecked(decisions: Iterable[Decision]) -> Section:
    names = dict.fromkeys(name for decision in decisions for name in decision.unchecked)
    if not names:
        return Section("", ())
    text = f"Not recorded either way: {', '.join(label(name) for name in names)}."
    return Section("Confirm before treating", (text,), listed=False, spare=4)


def _date(date: str) -> str:
    return f", {date}" if date else ""


def _mark(status: Status) -> str:
    return "" if status is Status.VERIFIED else f", {status.value}"


_SOURCE_LINES: Final = {
    each.id: f"{each.label}{_date(each.date)} [{each.id}]{_mark(each.status)}"
    for each in CITATIONS.values()
    if each.kind not in (SourceKind.SOURCE_ARTICLE, SourceKind.COMPARISON)
}
"""How each source is listed; the source article's statements share a line, comparisons have a section."""


def _sources(decisions: Iterable[Decision]) -> Section:
    """Newer standard first, the source article last, each with date and verified mark; then where they differ."""
    ids = tuple(dict.fromkeys(source for decision in decisions for source in decision.sources))
    cited = ordered(source for source in ids if source in CITATIONS)
    entries = [_SOURCE_LINES[each.id] for each in cited if each.id in _SOURCE_LINES]
    article = sorted(each.id for each in cited if each.kind is SourceKind.SOURCE_ARTICLE)
    if article:
        entries.append(f"{_ARTICLE}: {', '.join(article)}")
    return Section("Sources, newest standard first", tuple(entries), spare=1, keeps_last=bool(article))


def _differences(decisions: Iterable[Decision]) -> Section:
    """Two blocks for each difference between current standard and source article (evidence, section 5)."""
    ids = dict.fromkeys(source for decision in decisions for source in decision.sources if source in DISAGREEMENTS)
    entries = []
    for each in (DISAGREEMENTS[source] for source in ids):
        current = " ".join(standard.line() for standard in each.current[:2])
        entries.append(f"**Current standard:** {current} **{_ARTICLE}:** {each.article} {each.why} [{each.id}]")
    return Section("Where sources differ", tuple(entries[:MAX_DIFFERENCES]), spare=5)


@dataclass(frozen=True, slots=True)
class _Press:
    """Everything that the cards of one call have in common."""

    desk: Desk
    history: History
    site: Site
    occasion: Occasion
    hook_instance: str

    def card(
        self,
        group: str,
        topic: str,
        summary: str,
        severity: Severity,
        sections: Sequence[Section],
        decisions: Sequence[Decision],
        suggestions: tuple[Suggestion, ...] = (),
        selection: SelectionBehavior = "any",
        more: Mapping[str, str] = MappingProxyType({}),
    ) -> Card:
        """One card with what every card carries; ``more`` stands in its extension beside the decisions."""
        indicator: Indicator = severity.value
        rows = ", ".join(dict.fromkeys(decision.row for decision in decisions))
        closing = _FOOTER.format("" if expanded() else _NOT_EXPANDED)
        closing += f"{f' Rows {rows}.' if rows else ''} Knowledge {knowledge.VERSION} of {knowledge.DATE}."
        if self.site.region_notice:
            closing += f" {self.site.region_notice}"
        return Card(
            summary=_fit(summary),
            indicator=indicator,
            source=self.source(topic, decisions),
            uuid=self.desk.ids.of(group),
            detail=detail([*sections, Section("", (closing,), listed=False)]),
            suggestions=suggestions,
            selection_behavior=("any" if self.site.profile == "epic" else selection) if suggestions else None,
            override_reasons=OVERRIDE_REASONS if decisions else (),
            links=self.links(decisions),
            extension={EXTENSION: [_decision_record(decision) for decision in decisions], **more}
            if decisions
            else None,
        )

    def links(self, decisions: Sequence[Decision]) -> tuple[Link, ...]:
        """The row that leads the card, in words, in the version that spoke (TR-03); and the app that shows the reasons.

        Nothing of the patient is in them: the app learns of the call by reference, from ``appContext`` (LNK-05).
        """
        if not decisions:
            return ()
        links = []
        if self.site.base_url:
            url = f"{self.site.base_url}/guideline/{knowledge.VERSION}#{decisions[0].row}"
            links.append(Link("How this row reads", url))
        if self.site.smart_launch:
            context = {"hook": self.occasion.value, "hookInstance": self.hook_instance}
            app_context = msgspec.json.encode(context).decode()
            links.append(Link("Open the reasons", self.site.smart_launch, "smart", app_context))
        return tuple(links)

    def source(self, topic: str, decisions: Sequence[Decision]) -> Source:
        """The leading source of the card's decisions, newest standard first."""
        ids = dict.fromkeys(source for decision in decisions for source in decision.sources)
        first = next(iter(ordered(source for source in ids if source in CITATIONS)), None)
        name = f"Recurrence CDS {knowledge.VERSION}"
        return Source(
            label=f"{name}: {first.label}{_date(first.date)}" if first else name,
            url=f"{self.site.base_url}/guideline" if self.site.base_url else None,
            topic=Coding(topic, ADVICE_SYSTEM),
        )


def _fit(summary: str) -> str:
    return summary if len(summary) < SUMMARY_LIMIT else f"{summary[: SUMMARY_LIMIT - 2].rstrip()}…"


def _severest(decisions: Iterable[Decision]) -> Severity:
    return max((decision.severity for decision in decisions), key=lambda severity: severity.rank)


_REGIMENS: Final = {
    code: f" {'; '.join(drug.line() for drug in entry.regimen)}." for code, entry in REGISTER.items() if entry.regimen
}
"""Option code -> its drugs with their doses."""


def _option_line(option: Decision) -> str:
    entry = REGISTER[option.code]
    strength = _STRENGTH_WORDS[option.strength or Strength.CONSIDER]
    note = f" *({option.note})*" if option.note else ""
    return f"**{entry.title}** – {strength}{note}. {entry.text}{_REGIMENS.get(option.code, '')}"


_ALONE_BECAUSE: Final = {
    **{gate.id: gate.words for gate in pathway.SCOPE_GATE},
    **{row.id: row.words for row in pathway.PATHWAY if row.stop and row.words},
}
"""Row after which no other is looked at -> why."""


def _single_option_reason(options: Sequence[Decision]) -> str:
    """Why a card has one option only (TR-22); empty for several."""
    if len(options) != 1:
        return ""
    row = options[0].row
    why = f" {_ALONE_BECAUSE[row]}" if row in _ALONE_BECAUSE else ""
    return f"One option only: of the rows that apply, {row} alone names one.{why}"


def _options_card(press: _Press, options: Sequence[Decision]) -> Card:
    firm = [option for option in options if option.strength is not Strength.CONDITIONAL]
    conditional = [option for option in options if option.strength is Strength.CONDITIONAL]
    first = REGISTER[(firm or conditional)[0].code].title
    more = f"; {len(options) - 1} more" if len(options) > 1 else ""
    lead = "Recurrent cervical cancer, option" if firm else "Recurrent cervical cancer, if missing facts allow"
    ranked = [*firm, *conditional]
    brief = [f"**{REGISTER[o.code].title}** – {_STRENGTH_WORDS[o.strength or Strength.CONSIDER]}" for o in options[4:]]
    sections = [
        Section("Options", tuple(_option_line(option) for option in ranked[:4]), numbered=True),
        Section("Further options", tuple(brief), spare=1),
        _facts(options),
        _missing(options),
        _unchecked(options),
        _sources(options),
        _differences(options[:2]),
    ]
    reason = _single_option_reason(ranked)
    if reason:
        sections.insert(1, Section("", (reason,), listed=False))
    return press.card(
        "options",
        "options",
        f"{lead}: {first}{more}",
        _severest(options),
        sections,
        ranked,
        press.desk.for_options(ranked),
        more={SINGLE_OPTION: reason} if reason else {},
    )


def _prompt_line(prompt: Decision) -> str:
    entry = REGISTER[prompt.code]
    note = f" ({prompt.note})" if prompt.note else ""
    line = f"**{entry.title}**{note} {entry.text}"
    if prompt.possible:
        line += f" May hold the answer: {'; '.join(_shown(each) for each in prompt.possible[:2])}."
    return line


def _gap_lines(gaps: Sequence[Gap], unreadable: Sequence[Unreadable]) -> tuple[str, ...]:
    lines_ = [
        f"{DATA_WORDS.get(gap.key, gap.key)}: {'incomplete' if gap.partial else 'not obtained'} ({gap.cause}); "
        f"{GAP_EFFECT.get(gap.key, 'the advice may lack facts')}"
        for gap in gaps
    ]
    lines_ += [f"{escaped(each.reference)} could not be used: {each.cause}" for each in unreadable]
    return tuple(lines_)


def _set_aside_line(history: History) -> tuple[str, ...]:
    aside = history.set_aside
    counts = (
        (aside.wrong_patient, "of another patient"),
        (aside.no_subject, "without a patient"),
        (aside.unknown_modifier, "with an unknown modifier"),
    )
    parts = [f"{count} {words}" for count, words in counts if count]
    return (f"records left out: {', '.join(parts)}",) if parts else ()


def _record_section(history: History) -> Section:
    entries = (*_gap_lines(history.gaps, history.unreadable), *_set_aside_line(history))
    return Section("What could not be read", entries, spare=1)


def _failed_section(failed: Sequence[str]) -> Section:
    text = f"Could not be evaluated: {', '.join(failed)}. Please report this to the operator of the service."
    return Section("Rules", (text,) if failed else (), listed=False)


def _missing_card(press: _Press, prompts: Sequence[Decision], failed: Sequence[str]) -> Card:
    count = f"{len(prompts)} facts are" if len(prompts) > 1 else "1 fact is"
    ordered_already = [
        f"{REGISTER[prompt.code].title} Already ordered: {escaped(reference)}."
        for prompt in prompts
        if (reference := press.desk.open_request(PROMPT_PROPOSAL[prompt.code]))
    ]
    sections = [
        Section("Missing, most decisive first", tuple(_prompt_line(prompt) for prompt in prompts), numbered=True),
        Section("Under way", tuple(ordered_already)),
        _record_section(press.history),
        _failed_section(failed),
        _sources(prompts),
    ]
    return press.card(
        "missing-data",
        "missing-data",
        f"{count} missing that would change the advice. First: {REGISTER[prompts[0].code].title}",
        _severest(prompts),
        sections,
        prompts,
        press.desk.for_prompts(prompts),
    )


def _gap_card(press: _Press, failed: Sequence[str]) -> Card:
    """Nothing to say but that something could not be read: never silence (TR-30)."""
    return press.card(
        "missing-data",
        "missing-data",
        "Part of the record could not be read; the advice for recurrent cervical cancer may be incomplete",
        Severity.INFO,
        [_record_section(press.history), _failed_section(failed)],
        (),
    )


def _information_lines(decision: Decision, options: Sequence[str]) -> tuple[str, ...]:
    """One entry for each setting: the newer figures, then the source article's, then why they differ."""
    entry = REGISTER[decision.code]
    if decision.kind is not Kind.INFORMATION:
        return (f"**{entry.title}.** {decision.text or entry.text}",)
    told = information_for(decision.code, options)
    return tuple(f"**{entry.title}.** {_FIGURES[each.code, each.setting]}" for each in told) or (
        f"**{entry.title}.** {entry.text}",
    )


def _figures(info: Information) -> str:
    parts = [f"{figure.line()}." for figure in info.current]
    if info.article:
        parts.append(f"**{ARTICLE_HEADING}:**")
        parts.extend(f"{figure.line()}." for figure in info.article)
    if info.remark:
        parts.append(info.remark)
    return " ".join(parts)


_FIGURES: Final = {(each.code, each.setting): _figures(each) for each in INFORMATION}
"""What each entry of the information table says, ready for a card."""


def _information_card(press: _Press, information: Sequence[Decision], options: Sequence[Decision]) -> Card:
    codes = [option.code for option in options]
    entries = tuple(line for decision in information for line in _information_lines(decision, codes))
    return press.card(
        "information",
        "information",
        f"For shared decision making: {_joined([REGISTER[each.code].title for each in information])}",
        Severity.INFO,
        [Section("", entries, spare=2), _facts(information), _sources(information)],
        information,
    )


def _joined(titles: Sequence[str]) -> str:
    shown = "; ".join(titles[:2])
    return f"{shown}; {len(titles) - 2} more" if len(titles) > 2 else shown


def _alert_card(press: _Press, alert: Decision) -> Card:
    entry = REGISTER[alert.code]
    suggestions = press.desk.for_alert(alert)
    sections = [
        Section("", (alert.text or entry.text,), listed=False),
        _facts([alert]),
        _missing([alert]),
        Section("", (f"Drafted order: {escaped(alert.order)}",) if alert.order else (), listed=False),
        _sources([alert]),
        _differences([alert]),
    ]
    return press.card(
        f"{alert.code} {alert.order}",
        alert.code,
        entry.title,
        alert.severity,
        sections,
        [alert],
        suggestions,
        "at-most-one",
    )


def _folded_card(press: _Press, alerts: Sequence[Decision]) -> Card:
    entries = tuple(f"**{REGISTER[a.code].title}** ({a.severity.value}). {a.text}" for a in alerts)
    return press.card(
        "further-alerts",
        "further-alerts",
        f"{len(alerts)} further alerts on these orders: {_joined([REGISTER[alert.code].title for alert in alerts])}",
        _severest(alerts),
        [Section("", entries), _facts(alerts), _sources(alerts)],
        alerts,
    )


def render(
    decided: Decided,
    features: RecurrenceFeatures,
    history: History,
    *,
    patient_id: str,
    proposals: Proposer,
    occasion: Occasion,
    hook_instance: str,
    site: Site,
) -> Answer:
    """The cards of one call.

    Args:
        decided: the guideline's answer.
        features: the patient's features.
        history: for gaps, drafts and open requests.
        patient_id: bare id.
        proposals: builder of resources in the caller's FHIR version.
        occasion: the hook.
        hook_instance: ids are derived from it, so that the same call gives the same ids (SAFE-09).
        site: profile and texts.

    Returns:
        At most five cards, alerts first by severity, then options, missing data, information.
    """
    ids = Ids(uuid.uuid5(_NAMESPACE, f"{knowledge.VERSION} {hook_instance}"))
    desk = Desk(proposals, patient_id, history, ids, site.recommend)
    press = _Press(desk, history, site, occasion, hook_instance)
    alerts = [d for d in decided.decisions if d.kind is Kind.ALERT and d.severity is not Severity.INFO]
    options = [d for d in decided.decisions if d.kind is Kind.OPTION]
    prompts = [d for d in decided.decisions if d.kind is Kind.PROMPT]
    information = [
        d
        for d in decided.decisions
        if d.kind is Kind.INFORMATION or (d.kind is Kind.ALERT and d.severity is Severity.INFO)
    ]
    groups = []
    if options:
        groups.append(_options_card(press, options))
    if prompts:
        groups.append(_missing_card(press, prompts, decided.failed))
    elif _must_tell(decided, features, history, occasion):
        groups.append(_gap_card(press, decided.failed))
    if information:
        groups.append(_information_card(press, information, options))
    places = MAX_CARDS - len(groups)
    if len(alerts) <= places:
        cards = [_alert_card(press, alert) for alert in alerts]
    else:
        cards = [_alert_card(press, alert) for alert in alerts[: places - 1]]
        cards.append(_folded_card(press, alerts[places - 1 :]))
    return Answer((*cards, *groups))


def _must_tell(decided: Decided, features: RecurrenceFeatures, history: History, occasion: Occasion) -> bool:
    """Whether gaps call for a card of their own although nothing else does.

    In scope always, in an order hook when an order is one that rules are about; silent otherwise only when what could
    not be read may hide the cancer itself, or the evidence of a cervix (scope rows G2 and G3).
    """
    if decided.failed:
        return True
    if decided.scope is Scope.SILENT:
        hidden = history.gap("conditions") is not None or any(
            u.resource_type == "Condition" and (not u.concepts or u.concepts & MAY_BE_CERVICAL)
            for u in history.unreadable
        )
        if decided.scope_row == "G3":
            return any(history.gap(key) is not None for key in ("procedures", "conditions", "observations"))
        return decided.scope_row == "G2" and not features.cervical_cancer.known and hidden
    if not history.gaps and not history.unreadable:
        return False
    asked = occasion is Occasion.PATIENT_VIEW or any(
        draft.selected and families(draft) & CHECKS.keys() for draft in history.drafts
    )
    return bool(decided.decisions) or (decided.scope is not Scope.SAFETY and asked)
