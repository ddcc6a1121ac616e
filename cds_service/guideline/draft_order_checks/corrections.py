"""Values for the suggestions of a check: the dose that the rule would accept, the first day that it would accept.

Each correction reads the facts of the order and gives pairs of name and value, none when a value is not known:
``dose_mg`` (mg; whole from 20 mg), ``dose_mg_per_kg`` or ``dose_mg_per_m2``, and ``earliest_date`` (YYYY-MM-DD, the
first day on which the order, or for an operation the operation, is far enough away).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from cds_service.guideline import thresholds as t
from cds_service.guideline.conditions import Facts
from cds_service.guideline.thresholds import Threshold
from fhir_mappings.findings import Amount, Finding, Moment

Details = tuple[tuple[str, str], ...]
"""Name and value of each detail."""

_WHOLE_MG: Final = 20
"""Doses from here are told in whole mg, smaller ones to a hundredth."""

Correction = Callable[[Facts], Details]
"""From the facts of an order to its details."""


def earliest(moment: str, wait: Threshold, *, beyond: bool = False) -> Correction:
    """The first day at least ``wait`` days after a date; of a partial date the latest possible day counts.

    Args:
        moment: name of the fact that holds the date.
        wait: days.
        beyond: whether ``wait`` days are still too few, so that the day after is the first.
    """

    def correction(facts: Facts) -> Details:
        found = facts[moment]
        if not isinstance(found, Moment) or found.date is None:
            return ()
        day = found.date.latest + dt.timedelta(days=wait.value + beyond)
        return (("earliest_date", day.isoformat()),)

    return correction


def _mg(value: float) -> tuple[str, str]:
    return ("dose_mg", f"{value:.0f}" if value >= _WHOLE_MG else f"{round(value, 2):g}")


def by_size(dose: Threshold, size: str, most: Threshold | None = None) -> Correction:
    """A dose per kg or m2 times the patient's weight or surface, in whole mg, at most ``most``.

    Args:
        dose: per kg or per m2.
        size: name of the feature with the weight or surface.
        most: upper limit in mg, if any.
    """

    def correction(facts: Facts) -> Details:
        found = facts[size]
        if not isinstance(found, Amount) or found.value is None:
            return ()
        mg = dose.value * found.value
        if most is not None:
            mg = min(mg, most.value)
        return (_mg(mg), (f"dose_{dose.unit.replace('/', '_per_')}", f"{dose.value:g}"))

    return correction


def _cisplatin(facts: Facts) -> Details:
    """The dose of the schedule ordered; none when no schedule is stated."""
    weekly = facts["weekly_schedule"]
    if not isinstance(weekly, Finding) or not weekly.known:
        return ()
    return _CISPLATIN_WEEKLY(facts) if weekly.is_yes else _CISPLATIN_CYCLE(facts)


def _calvert(facts: Facts) -> Details:
    """The dose by the formula, where the order names its AUC and the result is a single value within AUC 6."""
    found = facts["calvert_dose_mg"]
    if not facts["dose_auc"].known:
        return ()  # the default AUC 5 would be 2.5 times a weekly AUC 2
    if not isinstance(found, Amount) or found.value is None or found.value > t.CARBOPLATIN_DOSE_MAX_MG.value:
        return ()
    return (_mg(found.value),)


def _flat(dose: Threshold, long: Threshold | None = None) -> Correction:
    """The flat dose of the interval ordered (``long`` for six weeks), when the dose ordered is another one."""

    def correction(facts: Facts) -> Details:
        ordered, interval = facts["dose_mg"], facts["interval_days"]
        if not isinstance(ordered, Amount) or not isinstance(interval, Amount) or ordered.value is None:
            return ()
        wanted = long if long is not None and interval.value == t.ICI_LONG_CYCLE_DAYS.value else dose
        return () if ordered.value == wanted.value else (_mg(wanted.value),)

    return correction


_CISPLATIN_WEEKLY: Final = by_size(t.CISPLATIN_WEEKLY_DOSE, "bsa_m2", t.CISPLATIN_WEEKLY_MAX_MG)
_CISPLATIN_CYCLE: Final = by_size(t.CISPLATIN_CYCLE_DOSE, "bsa_m2")
_TOPOTECAN: Final = by_size(t.TOPOTECAN_DOSE, "bsa_m2", t.TOPOTECAN_DOSE_MAX_MG)
_TISOTUMAB: Final = by_size(t.TISOTUMAB_DOSE, "weight_kg", t.TISOTUMAB_DOSE_MAX_MG)

CORRECTIONS: Final[Mapping[str, Correction]] = MappingProxyType(
    {
        "BEV-01": earliest("next_operation_date", t.BEV_AFTER_SURGERY_DAYS),
        "BEV-05": earliest("last_operation_date", t.BEV_AFTER_SURGERY_DAYS),
        "BEV-31": by_size(t.BEV_DOSE, "weight_kg"),
        "BEV-32": earliest("last_dose_date", t.BEV_CYCLE_DAYS),
        "CAR-03": _calvert,
        "CAR-04": _calvert,
        "CIS-12": _cisplatin,
        "CIS-13": _CISPLATIN_WEEKLY,
        "CIS-14": _CISPLATIN_CYCLE,
        "EXE-16": earliest("bev_before_surgery_date", t.BEV_SURGERY_HOLD_DAYS),
        "EXE-17": earliest("bev_before_surgery_date", t.BEV_SURGERY_HOLD_DAYS),
        "ICI-09": _flat(t.PEMBROLIZUMAB_DOSE_3_WEEKS, t.PEMBROLIZUMAB_DOSE_6_WEEKS),
        "ICI-10": _flat(t.CEMIPLIMAB_DOSE),
        "ICI-11": _flat(t.ATEZOLIZUMAB_DOSE),
        "PAC-08": by_size(t.PACLITAXEL_DOSE, "bsa_m2"),
        "PAC-09": by_size(t.PACLITAXEL_LONG_DOSE, "bsa_m2"),
        "PRT-08": earliest("last_bev_date", t.RT_BEVACIZUMAB_DAYS, beyond=True),
        "SUR-01": earliest("bev_before_surgery_date", t.BEV_SURGERY_HOLD_DAYS),
        "SUR-02": earliest("bev_before_surgery_date", t.BEV_SURGERY_HOLD_DAYS),
        "TOP-07": _TOPOTECAN,
        "TOP-08": _TOPOTECAN,
        "TV-05": _TISOTUMAB,
        "TV-06": _TISOTUMAB,
    }
)
"""Row id -> its correction."""
