"""Builds the native cores (`native/`): everything else about the package stands in pyproject.toml."""

from pathlib import Path

import nanobind
from setuptools import Extension, setup

NANOBIND = Path(nanobind.__file__).parent
SOURCES = sorted(str(path) for path in Path("native").glob("*.cpp"))

setup(
    ext_modules=[
        Extension(
            "answerable._native",
            sources=SOURCES,
            depends=sorted(str(path) for path in Path("native").glob("*.h")),
            include_dirs=[
                str(NANOBIND / "src"),
                str(NANOBIND / "include"),
                str(NANOBIND / "ext" / "robin_map" / "include"),
            ],
            language="c++",
            # Wider instructions are chosen at run time, function by function: one build serves every machine.
            extra_compile_args=[
                "-std=c++20",
                "-O3",
                "-fvisibility=hidden",
                "-fno-strict-aliasing",
                "-ffp-contract=off",
                "-g0",
            ],
            extra_link_args=["-s"],
        )
    ]
)
