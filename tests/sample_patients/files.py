"""The files of ``cds_service/demo/patients``, as text: records, draft orders and the index."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cds_service.demo.sample_patients import DEMO_TODAY
from tests.sample_patients.chart import Json
from tests.sample_patients.stories import STORIES, Story, Try

_HEADER = """\
# Sample patients: what each stands for and which hook calls to try. Built by `python -m tests.sample_patients`.
"""


def files() -> Iterator[tuple[str, str]]:
    """Each file's path below the patients folder and its text."""
    index = [f"{_HEADER}\ntoday = {DEMO_TODAY.isoformat()}\n"]
    for story in STORIES:
        bundle = story.build(story.id).bundle()
        yield f"{story.id}.json", record_text(bundle)
        for trial in story.trials:
            for draft in trial.drafts:
                yield f"orders/{order_file(story, draft)}", json.dumps(draft, indent=2, ensure_ascii=False) + "\n"
        index.append(_entry(story, len(bundle["entry"])))
    yield "index.toml", "\n".join(index)


def record_text(bundle: Json) -> str:
    """The Bundle as JSON with one resource a line, so that a change shows as the lines it touches."""
    head = {name: value for name, value in bundle.items() if name != "entry"}
    lines = ",\n".join(_compact(entry) for entry in bundle["entry"])
    return f'{_compact(head)[:-1]},"entry":[\n{lines}\n]}}\n'


def order_file(story: Story, draft: Json) -> str:
    """The file name of a draft order."""
    return f"{story.id}-{draft['id'].removeprefix('draft-')}.json"


def _entry(story: Story, resources: int) -> str:
    lines = [
        "[[patient]]",
        f"id = {_toml(story.id)}",
        f"file = {_toml(f'{story.id}.json')}",
        f"title = {_toml(story.title)}",
        f"story = {_toml(story.story)}",
        f"rows = {_toml(list(story.rows))}",
        f"resources = {resources}",
    ]
    for trial in story.trials:
        lines += ["", *_trial(story, trial)]
    return "\n".join(lines) + "\n"


def _trial(story: Story, trial: Try) -> list[str]:
    return [
        "[[patient.try]]",
        f"hook = {_toml(trial.hook)}",
        f"what = {_toml(trial.what)}",
        f"orders = {_toml([order_file(story, draft) for draft in trial.drafts])}",
        f"expect = {_toml(list(trial.expect))}",
        f"never = {_toml(list(trial.never))}",
    ]


def _toml(value: Any) -> str:
    """A TOML string or array of strings; JSON's notation is valid TOML for both."""
    return json.dumps(value)


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
