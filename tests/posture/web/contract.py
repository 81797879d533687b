"""What is answered, held against the OpenAPI document."""

import json
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from posture.wire import openapi

COMPONENTS = openapi.document()["components"]


def fits(name: str, instance: object) -> bool:
    """Whether it keeps to a schema of the document."""
    return not [*faults(name, instance)]


def faults(name: str, instance: object) -> Iterator[str]:
    """Where it does not."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": COMPONENTS}
    for error in Draft202012Validator(schema).iter_errors(instance):
        yield f"{error.json_path}: {error.message[:200]}"


def held(name: str, body: bytes | str) -> Any:
    """The JSON of an answer. Fails where it does not keep to its schema."""
    content = json.loads(body)
    assert [*faults(name, content)] == []
    return content
