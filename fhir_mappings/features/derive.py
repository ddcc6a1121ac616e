"""A history -> RecurrenceFeatures: every feature of the decision model's section 2, with its evidence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from fhir_mappings.features.disease import derive_disease
from fhir_mappings.features.events import derive_events
from fhir_mappings.features.fields import Purpose, RecurrenceFeatures, Windows
from fhir_mappings.features.fitness import derive_fitness
from fhir_mappings.features.radiotherapy import courses, derive_radiotherapy
from fhir_mappings.features.sites import derive_sites
from fhir_mappings.features.treatment import derive_treatment, past_operations, planned_operations
from fhir_mappings.findings import Feature
from fhir_mappings.history import History


def derive(history: History, *, today: dt.date, purpose: Purpose, windows: Windows) -> RecurrenceFeatures:
    """Answer every question that the guideline asks.

    Args:
        history: what was read of the patient.
        today: the day of the call; later facts are plans, not history.
        purpose: overview or order; some freshness windows differ.
        windows: how old data may be, and limits of what counts.

    Returns:
        The features; each is unknown unless a record says otherwise. Equal histories in any order of their facts give
        equal features.
    """
    every = courses(history, today, windows)
    radiotherapy = derive_radiotherapy(history, today, every)
    disease, timeline = derive_disease(
        history, today, windows, courses=every, prior_pelvic_rt=radiotherapy["prior_pelvic_rt"]
    )
    parts: tuple[Mapping[str, Feature], ...] = (
        radiotherapy,
        disease,
        derive_sites(history, today, windows, timeline=timeline),
        derive_treatment(history, today, courses=every, timeline=timeline),
        derive_fitness(history, today=today, purpose=purpose, windows=windows),
        derive_events(history, today=today, windows=windows),
    )
    features: dict[str, Feature] = {}
    for part in parts:
        features.update(part)
    return RecurrenceFeatures(
        **features,  # type: ignore[arg-type]  # a test checks that every name carries its kind
        planned_operations=planned_operations(history, today),
        past_operations=past_operations(history, today),
    )
