"""The OpenAPI document: valid, and in step with the worker's own schemas and tables."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from posture.errors import CODES
from posture.wire import openapi
from posture.wire.job import WAIT
from posture.wire.schema import input_schema, output_schema
from testing import TOP
from testing.builders import FRONT_PHOTO, SIDE_PHOTO
from tests.posture.web.contract import fits

DOCUMENT = openapi.document()
SCHEMAS = DOCUMENT["components"]["schemas"]


def references(value: object) -> set[str]:
    if isinstance(value, list):
        return set[str]().union(*map(references, value))
    if isinstance(value, dict):
        found = set[str]().union(*map(references, value.values()))
        return found | ({value["$ref"]} if isinstance(value.get("$ref"), str) else set())
    return set()


def test_it_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()
    assert DOCUMENT["openapi"].startswith("3.1.")


def test_every_part_of_it_is_used_and_there() -> None:
    parts = {
        f"#/components/{kind}/{name}"
        for kind, of in DOCUMENT["components"].items()
        for name in of
        if kind != "securitySchemes"
    }
    assert references(DOCUMENT) == parts


def test_it_has_the_five_addresses_behind_a_key() -> None:
    addresses = {(path, method) for path, of in DOCUMENT["paths"].items() for method in of if method != "parameters"}
    assert addresses == {
        ("/runsync", "post"), ("/run", "post"), ("/status/{id}", "get"), ("/cancel/{id}", "post"), ("/health", "get")
    }  # fmt: skip
    assert DOCUMENT["security"] == [{"key": []}]
    assert DOCUMENT["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    (wait,) = DOCUMENT["paths"]["/runsync"]["post"]["parameters"]
    assert (wait["schema"]["minimum"], wait["schema"]["maximum"]) == (WAIT[0], WAIT[-1]) == (1000, 300_000)


@pytest.mark.parametrize("code", CODES.values(), ids=lambda code: code.name)
def test_every_code_stands_in_it_with_its_meaning(code: Any) -> None:
    line = f"- `{code.name}`: {code.meaning}"
    for name, has in (("Code", bool(code.error)), ("WarningCode", True)):
        assert (line in SCHEMAS[name]["description"].splitlines()) == has
        assert (code.name in SCHEMAS[name]["enum"]) == has


@pytest.mark.parametrize("beside", [{}, {"mode": "precise"}, {"mode": "wrong"}, {"camera": {"back": {}}}, {"new": 1}])
@pytest.mark.parametrize(
    "photos",
    [
        {"front": FRONT_PHOTO, "side": SIDE_PHOTO},
        {"front_image": FRONT_PHOTO, "side_image": SIDE_PHOTO},
        {"front": FRONT_PHOTO, "side_image": SIDE_PHOTO},
        {"front": " ", "side": SIDE_PHOTO},
        {},
    ],
)
def test_it_takes_the_input_that_the_workers_own_schema_takes(
    photos: dict[str, str], beside: dict[str, object]
) -> None:
    sent = {**photos, **beside}
    assert (
        fits("Input", sent)
        == fits("JobRequest", {"input": sent})
        == Draft202012Validator(input_schema()).is_valid(sent)
    )


def test_a_failed_jobs_output_is_a_refusal_without_its_error() -> None:
    refusal = output_schema()["$defs"]["refusal"]
    assert SCHEMAS["Refusal"]["properties"].keys() == refusal["properties"].keys() - {"error"}
    assert SCHEMAS["Refusal"]["required"] == [name for name in refusal["required"] if name != "error"]
    assert "error" in SCHEMAS["FailedJob"]["required"]


def test_what_is_kept_in_docs_is_what_it_is_now() -> None:
    assert json.loads((TOP / "docs" / "openapi.json").read_text()) == DOCUMENT
