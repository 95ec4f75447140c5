"""What is installed with Answerable may be used by anybody: no GPL, in packages or in what they bundle."""

import re
from importlib.metadata import Distribution, distributions
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
LESSER = {"psycopg", "psycopg-binary", "pi-heif"}  # docs/decisions/0005
GPL = re.compile(r"(?<![L-])\bA?GPL|(?<!lesser )(?<!library )general public licen[cs]e", re.IGNORECASE)
LGPL = re.compile(r"\bLGPL|(lesser|library) general public licen[cs]e", re.IGNORECASE)
# Libraries inside wheels that come under the GPL: a wheel with one of these is another licence than it says.
GPL_LIBRARIES = re.compile(r"lib(x264|x265|postproc|xvid|rubberband|fftw3)[-.\w]*\.so", re.IGNORECASE)


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required() -> set[str]:
    """Names of what `requirements/run.txt` installs."""
    text = (REPOSITORY / "requirements" / "run.txt").read_text()
    return {normalised(name) for name in re.findall(r"^([A-Za-z0-9_.-]+)==", text, re.MULTILINE)}


def installed() -> list[Distribution]:
    names = required()
    return [found for found in distributions() if normalised(found.metadata["Name"]) in names]


def stated_licence(distribution: Distribution) -> str:
    """What its metadata say: an expression, classifiers, or a first line."""
    metadata = distribution.metadata
    classifiers = [line for line in metadata.get_all("Classifier") or [] if line.startswith("License")]
    return " / ".join(
        [metadata.get("License-Expression") or "", *classifiers, (metadata.get("License") or "")[:200]]
    )


def test_most_of_what_is_required_is_installed():
    assert len(installed()) > 40


def test_no_package_is_under_the_gpl():
    assert [d.metadata["Name"] for d in installed() if GPL.search(stated_licence(d))] == []


def test_only_the_packages_that_we_decided_on_are_under_the_lgpl():
    assert {normalised(d.metadata["Name"]) for d in installed() if LGPL.search(stated_licence(d))} == LESSER


def test_every_package_states_a_licence():
    silent = [d.metadata["Name"] for d in installed() if not stated_licence(d).strip(" /") and not _file(d)]
    assert silent == []


def test_no_wheel_bundles_a_library_under_the_gpl():
    bundled = {
        d.metadata["Name"]: [str(file) for file in d.files or [] if GPL_LIBRARIES.search(file.name)]
        for d in installed()
    }
    assert {name: files for name, files in bundled.items() if files} == {}


def _file(distribution: Distribution) -> bool:
    return any(
        "licen" in file.name.lower() or "copying" in file.name.lower() for file in distribution.files or []
    )
