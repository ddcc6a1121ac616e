"""Drug names for medications without a coding: whole words, any case, longest name first.

Which name led to a fact is the reader's to flag ("by name"); the route of bevacizumab is the reader's to read.
Sources: decision model (bevacizumab brands), RxNorm ingredient and brand names; the brands
that are in neither (mostly European ones) are general knowledge, not checked against a register.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

LONGEST_TEXT: Final = 2000
"""Characters of a text that are searched; a medication is named at its beginning."""

_BY_CONCEPT: Final[Mapping[str, tuple[str, ...]]] = {
    "bevacizumab": (
        "bevacizumab",
        "avastin",
        "aybintio",
        "onbevzi",
        "oyavas",
        "abevmy",
        "equidacent",
        "lextemy",
    ),
    "bevacizumab-awwb": ("bevacizumab awwb", "mvasi"),
    "bevacizumab-bvzr": ("bevacizumab bvzr", "zirabev"),
    "bevacizumab-maly": ("bevacizumab maly", "alymsys"),
    "bevacizumab-adcd": ("bevacizumab adcd", "vegzelma"),
    "bevacizumab-tnjn": ("bevacizumab tnjn", "avzivi"),
    "bevacizumab-nwgd": ("bevacizumab nwgd", "jobevne"),
    "bevacizumab-ophthalmic": ("bevacizumab vikg", "bevacizumab gamma", "lytenava"),
    "cisplatin": ("cisplatin", "cisplatinum", "platinol"),
    "carboplatin": ("carboplatin", "paraplatin", "kyxata"),
    "paclitaxel-formulation-unspecified": ("paclitaxel",),
    "paclitaxel-conventional": ("taxol",),
    "paclitaxel-protein-bound": (
        "nab paclitaxel",
        "abraxane",
        "pazenir",
        "paclitaxel protein bound",
        "protein bound paclitaxel",
        "paclitaxel albumin bound",
        "paclitaxel albumin",
        "albumin bound paclitaxel",
    ),
    "docetaxel": ("docetaxel", "taxotere", "docivyx", "beizray"),
    "topotecan": ("topotecan", "hycamtin"),
    "pembrolizumab": ("pembrolizumab", "keytruda"),
    "pembrolizumab-berahyaluronidase": (
        "keytruda qlex",
        "pembrolizumab pmph",
        "pembrolizumab berahyaluronidase",
        "pembrolizumab and berahyaluronidase",
        "berahyaluronidase alfa pembrolizumab",
    ),
    "cemiplimab": ("cemiplimab", "libtayo"),
    "atezolizumab": ("atezolizumab", "tecentriq"),
    "atezolizumab-hyaluronidase": (
        "tecentriq hybreza",
        "atezolizumab hyaluronidase",
        "atezolizumab and hyaluronidase",
    ),
    "nivolumab": ("nivolumab", "opdivo"),
    "nivolumab-hyaluronidase": (
        "opdivo qvantig",
        "nivolumab nvhy",
        "nivolumab hyaluronidase",
        "nivolumab and hyaluronidase",
    ),
    "nivolumab-relatlimab": ("opdualag", "nivolumab relatlimab", "nivolumab and relatlimab"),
    "tisotumab-vedotin": ("tisotumab vedotin", "tisotumab", "tivdak"),
    "trastuzumab-deruxtecan": ("trastuzumab deruxtecan", "enhertu", "t dxd"),
    "trastuzumab-emtansine": ("trastuzumab emtansine", "kadcyla", "t dm1"),
    "trastuzumab-ingredient-ambiguous": ("trastuzumab",),
    "datopotamab-deruxtecan": ("datopotamab deruxtecan", "datroway"),
    "fluorouracil-route-unspecified": ("fluorouracil", "5 fluorouracil", "5 fu"),
    "fluorouracil-injection": ("adrucil",),
    "fluorouracil-topical": ("efudex", "carac", "fluoroplex", "tolak"),
    "gemcitabine": ("gemcitabine", "gemzar", "infugem", "avgemsi"),
    "gemcitabine-intravesical": ("inlexzo",),
    "ifosfamide": ("ifosfamide", "ifex"),
    "irinotecan": ("irinotecan", "camptosar"),
    "irinotecan-liposomal": ("liposomal irinotecan", "irinotecan liposome", "irinotecan liposomal", "onivyde"),
    "pemetrexed": ("pemetrexed", "alimta", "pemfexy", "axtle"),
    "vinorelbine": ("vinorelbine", "navelbine"),
    "selpercatinib": ("selpercatinib", "retevmo", "retsevmo"),
    "larotrectinib": ("larotrectinib", "vitrakvi"),
    "entrectinib": ("entrectinib", "rozlytrek"),
    "repotrectinib": ("repotrectinib", "augtyro"),
    "apixaban": ("apixaban", "eliquis"),
    "dabigatran": ("dabigatran", "pradaxa"),
    "dalteparin": ("dalteparin", "fragmin"),
    "edoxaban": ("edoxaban", "savaysa", "lixiana"),
    "enoxaparin": ("enoxaparin", "lovenox", "clexane"),
    "fondaparinux": ("fondaparinux", "arixtra"),
    "heparin-unfractionated": ("heparin",),
    "rivaroxaban": ("rivaroxaban", "xarelto"),
    "warfarin": ("warfarin", "coumadin", "jantoven"),
    "nsaid-route-unspecified": (
        "celecoxib",
        "diclofenac",
        "etodolac",
        "flurbiprofen",
        "ibuprofen",
        "indomethacin",
        "indometacin",
        "ketoprofen",
        "ketorolac",
        "meloxicam",
        "nabumetone",
        "naproxen",
        "oxaprozin",
        "piroxicam",
        "sulindac",
    ),
    "amikacin-route-unspecified": ("amikacin",),
    "gentamicin-route-unspecified": ("gentamicin",),
    "plazomicin-route-unspecified": ("plazomicin",),
    "streptomycin-route-unspecified": ("streptomycin",),
    "tobramycin-route-unspecified": ("tobramycin",),
}

DRUG_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {name: concept for concept, names in _BY_CONCEPT.items() for name in names}
)
"""Name in lower case with single spaces -> concept. A space stands for any of space, hyphen, comma, bracket, slash."""

_GAP: Final = r"[\s,()/+-]+"
_NAMES: Final = re.compile(
    r"(?<![^\W_])(?:"
    + "|".join(_GAP.join(map(re.escape, name.split())) for name in sorted(DRUG_NAMES, key=len, reverse=True))
    + r")(?![^\W_])",
    re.IGNORECASE,
)
_BETWEEN: Final = re.compile(_GAP)


@lru_cache(maxsize=2048)
def _named(text: str) -> frozenset[str]:
    return frozenset(DRUG_NAMES[_BETWEEN.sub(" ", found.group()).lower()] for found in _NAMES.finditer(text))


def concepts_by_name(text: str) -> frozenset[str]:
    """Medication concepts named in a text.

    Args:
        text: name or description of a medication as the record has it.

    Returns:
        Concept ids; a longer name takes its words with it (Keytruda Qlex is not Keytruda, nab-paclitaxel not
        paclitaxel). Empty when nothing is known by that name.
    """
    return _named(text[:LONGEST_TEXT])
