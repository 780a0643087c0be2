"""What requirements/ pins agrees with what setup.cfg asks for, each by hash, from nowhere named."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from configparser import ConfigParser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent.parent
USES = {"demo": [], "test": ["test"], "check": ["test", "check"], "bench": ["bench"]}
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def setup() -> ConfigParser:
    parser = ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def asked_for(extras: list[str]) -> list[Requirement]:
    """Return what setup.cfg asks for with some extras, and pyproject.toml to build."""
    parser = setup()
    lines = parser["options"]["install_requires"].splitlines()
    for extra in extras:
        lines += parser["options.extras_require"][extra].splitlines()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    lines += project["build-system"]["requires"]
    return [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]


def pins(use: str) -> dict[str, tuple[Requirement, list[str]]]:
    """Return each pin by name: what it says and its hashes."""
    text = (ROOT / "requirements" / f"{use}.txt").read_text("utf-8")
    found: dict[str, tuple[Requirement, list[str]]] = {}
    for block in text.replace("\\\n", " ").splitlines():
        if block.strip() and not block.lstrip().startswith("#"):
            requirement, *hashes = re.split(r"\s+(?=--hash)", block.strip())
            pin = Requirement(requirement)
            assert canonicalize_name(pin.name) not in found, "one version on every platform"
            found[canonicalize_name(pin.name)] = (pin, hashes)
    return found


def test_every_extra_is_pinned_and_nothing_else() -> None:
    files = {path.stem for path in (ROOT / "requirements").iterdir()}
    assert files == set(USES)
    assert {extra for extras in USES.values() for extra in extras} == set(
        setup()["options.extras_require"]
    )


@pytest.mark.parametrize("use", USES)
def test_every_pin_is_of_one_version_and_has_hashes(use: str) -> None:
    found = pins(use)
    assert len(found) > 40
    for pin, hashes in found.values():
        (version,) = pin.specifier
        assert version.operator == "==" and "*" not in version.version, pin
        assert pin.url is None, pin
        assert hashes and all(HASH.fullmatch(one) for one in hashes), pin


@pytest.mark.parametrize(("use", "extras"), USES.items())
def test_what_is_asked_for_is_pinned_within_its_range(use: str, extras: list[str]) -> None:
    found = pins(use)
    wrong = [
        str(requirement)
        for requirement in asked_for(extras)
        if requirement.name.lower() not in found
        or not requirement.specifier.contains(
            next(iter(found[canonicalize_name(requirement.name)][0].specifier)).version
        )
    ]
    assert wrong == [], "run make lock"


def test_all_files_pin_the_same_versions_by_the_same_hashes() -> None:
    together: dict[str, tuple[str, list[str]]] = {}
    for use in USES:
        for name, (pin, hashes) in pins(use).items():
            here = (str(pin.specifier), hashes)
            assert together.setdefault(name, here) == here, f"{name} in {use}"


@pytest.mark.parametrize("use", USES)
def test_no_place_of_any_machine_is_named(use: str) -> None:
    text = (ROOT / "requirements" / f"{use}.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    options = [line for line in lines if line.startswith("-") or " @ " in line or "://" in line]
    paths = [line for line in lines if "/" in line]
    assert options == paths == []


def test_an_extra_that_would_be_pinned_nowhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "setup.cfg").write_text("[options.extras_require]\ntest =\nnew =\n")
    done = subprocess.run(
        [sys.executable, str(ROOT / ".ci/lock"), "no-uv-is-asked"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "new" in done.stderr
    assert list(tmp_path.iterdir()) == [tmp_path / "setup.cfg"]
