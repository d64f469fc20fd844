"""What is installed with the packages may be used, changed and passed on by anyone who uses them."""

from __future__ import annotations

import importlib.metadata
import re
from importlib.metadata import Distribution

import pytest

FREE = (
    "MIT|MIT-0|Apache|BSD|ISC|PSF|Python Software Foundation|CNRI|Zlib|0BSD|Unlicense|Public Domain|AFL-2|HPND|Artistic"
)
WEAK = r"MPL|Mozilla|LGPL|Lesser General Public"
"""Those who only use such a library owe nothing; its own changes stay open."""
STRONG = r"(?<![LA-Z])A?GPL|(?<!Lesser )General Public License|Affero|SSPL|BUSL|Commons Clause|Proprietary"

CHOICE = {"text-unidecode": "Artistic"}
"""Those that may be had under a licence of one's choice, and which one is taken; dbt brings it by way of agate."""

INSTALLED = sorted(importlib.metadata.distributions(), key=lambda each: str(each.name))


def licence(distribution: Distribution) -> str:
    """What a distribution says of its licence: the expression, else the first line of the text and the classifiers."""
    said = distribution.metadata
    if distribution.name in CHOICE and CHOICE[distribution.name] in str(said["License"]):
        return CHOICE[distribution.name]
    if "License-Expression" in said:
        return str(said["License-Expression"])
    names = [str(each) for each in said.get_all("Classifier") or () if str(each).startswith("License ::")]
    first = str(said["License"]).partition("\n")[0] if "License" in said else ""
    return " / ".join([first[:100], *names])


@pytest.mark.parametrize("distribution", INSTALLED, ids=[str(each.name) for each in INSTALLED])
def test_its_licence_is_one_that_asks_for_nothing_of_users(distribution: Distribution) -> None:
    said = licence(distribution)
    assert re.search(f"{FREE}|{WEAK}", said), said
    assert not re.search(STRONG, said.replace("Lesser General Public License", "")), said


def test_a_licence_that_asks_for_more_would_be_seen() -> None:
    assert re.search(STRONG, "GPL-3.0-only")
    assert re.search(STRONG, "License :: OSI Approved :: GNU General Public License v3 (GPLv3)")
    assert re.search(STRONG, "AGPL-3.0-or-later")
    assert not re.search(STRONG, "LGPL-3.0-only")
