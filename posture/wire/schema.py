"""JSON Schema (2020-12) of a job's input and of the answer, made from the tables that the worker itself reads."""

from typing import Any, get_args

import msgspec

from posture.angles import of_plane, variants_of
from posture.camera import Source
from posture.errors import CODES
from posture.evidence import TRUST
from posture.images import MAX_PIXELS, MIN_SIDE
from posture.landmarks import NAMES
from posture.options import LARGEST_OVERLAY, Calibration, Level, Mode
from posture.views import VIEWS, View
from posture.wire.address import MAX_LENGTH
from posture.wire.base64_text import MAX_ENCODED_LENGTH
from posture.wire.request import OF_OVERLAYS, SPELLINGS, RequestOptions

Schema = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NUMBER: Schema = {"type": "number"}
_TEXT: Schema = {"type": "string", "minLength": 1}
_SIDE: Schema = {"enum": ["left", "right"]}
_POINT: Schema = {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2}


def input_schema() -> Schema:
    """Of what stands in a job's `input`."""
    return {
        "$schema": _DIALECT,
        "title": "The input of a job",
        "description": "Two photos of one standing person, under either spelling of their names, and options.",
        "type": "object",
        "properties": {**_photos(), **options()},
        "additionalProperties": False,
        "oneOf": [
            {
                "required": list(names),
                "properties": {name: False for other in SPELLINGS for name in other if other != names},
            }
            for names in SPELLINGS
        ],
        "dependentSchemas": {
            name: {"required": ["include"], "properties": {"include": {"contains": {"const": "overlay"}}}}
            for name in OF_OVERLAYS
        },
        "$defs": {
            "photo": {
                "description": f"Base64 of a JPEG or PNG file of at least {MIN_SIDE}x{MIN_SIDE} pixels and at most "
                f"{MAX_PIXELS // 1_000_000} megapixels: standard or URL-safe, with or without padding, line breaks and "
                f"a data: prefix. Or its https:// address, of at most {MAX_LENGTH:,} characters, where the operator "
                "allows the host.",
                "type": "string",
                "pattern": r"\S",
                "maxLength": MAX_ENCODED_LENGTH,
            }
        },
    }


def _photos() -> Schema:
    properties: Schema = {}
    for names in SPELLINGS:
        for name, first, view in zip(names, SPELLINGS[0], VIEWS, strict=True):
            told = f"The person {view.seen}, {view.pose}." if name == first else f"The same as `{first}`."
            properties[name] = {"$ref": "#/$defs/photo", "description": told}
    return properties


def options() -> Schema:
    """Of each option by name, with its default."""
    found: Schema = {}
    for field in msgspec.structs.fields(RequestOptions):
        schema = msgspec.json.schema(field.type)
        schema.pop("uniqueItems", None)  # a word that is asked for twice is taken once
        named = schema.pop("$defs", {})
        if isinstance(of_each := schema.get("additionalProperties"), dict):
            of_each = named.get(of_each.get("$ref", "").rpartition("/")[2], of_each)
            # msgspec does not say which keys are taken: the names of the views
            schema |= {"properties": {view.name: of_each for view in VIEWS}, "additionalProperties": False}
        default = msgspec.to_builtins(getattr(RequestOptions(), field.name))
        found[field.name] = {**schema, "default": default}
    return found


def output_schema() -> Schema:
    """Of the handler's answer."""
    return {
        "$schema": _DIALECT,
        "title": "The handler's answer",
        "description": "On RunPod the `error` of a refusal stands at the top of the job's result, and the rest in "
        "`output`.",
        "oneOf": [{"$ref": "#/$defs/success"}, {"$ref": "#/$defs/refusal"}],
        "$defs": {
            "success": _success(),
            "refusal": _refusal(),
            "problem": _object({"view": _view(), "code": _codes(), "problem": _TEXT, "advice": _TEXT}),
            "degrees": {"type": "number", "minimum": -180, "maximum": 180},
            "reading": _reading(),
            "details": _details(),
        },
    }


def _object(required: Schema, optional: Schema | None = None, description: str = "") -> Schema:
    """An object with these fields and no others."""
    told = {"description": description} if description else {}
    properties = {**required, **(optional or {})}
    return {
        **told,
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _success() -> Schema:
    details = _object(
        {
            **{view.key: {"$ref": "#/$defs/details"} for view in VIEWS},
            "mode": {"description": "The looks at each photo.", "enum": [*get_args(Mode)]},
            "calibration": {"description": "What the values are from.", "enum": [*get_args(Calibration)]},
            "level": {"description": "What tilt of the camera was taken off.", "enum": [*get_args(Level)]},
            "model": _TEXT,
            "version": _TEXT,
        },
        description="Only where `include` or `strict: false` asks for it.",
    )
    return _object(
        {
            "status": {"const": "success"},
            "data": _object({view.key: _angles(view) for view in VIEWS}, {"details": details}),
            "message": {"const": "Posture analysis completed successfully"},
        }
    )


def _angles(view: View) -> Schema:
    angles = {
        measure.name: {"$ref": "#/$defs/degrees", "description": measure.meaning}
        for measure in of_plane(view.plane)
        if measure.core
    }
    return _object(angles, description=f"Angles in the {view.plane.name} plane; positive: {view.plane.positive}.")


def _refusal() -> Schema:
    return _object(
        {
            "status": {"const": "error"},
            "code": _codes() | {"description": "Of the first problem. Stable; the README says what each one means."},
            "view": _view(),
            "message": _TEXT | {"description": "What to do about it; where several photos are refused, about each."},
            "error": _TEXT | {"description": "What is wrong."},
        },
        {
            "problems": {
                "description": "Every reason for each photo, in the order of the views. "
                "Absent for `internal_error` and `timeout`.",
                "type": "array",
                "minItems": 1,
                "items": {"$ref": "#/$defs/problem"},
            }
        },
    )


def _codes() -> Schema:
    return {"enum": [code.name for code in CODES.values() if code.error]}


def _view() -> Schema:
    return {"description": "Whose photo it is about; null: the job.", "enum": [*(view.name for view in VIEWS), None]}


def _reading() -> Schema:
    return _object(
        {
            "value": _NUMBER,
            "uncalibrated": _NUMBER | {"description": "From the model's own landmarks."},
            "unit": _TEXT,
            "uncertainty": _NUMBER | {"description": "Expanded, k = 1.96: holds 95 % of retakes.", "minimum": 0},
            "repeatability_limit": _NUMBER
            | {"description": "Holds 95 % of the differences between two photos of the same stance.", "minimum": 0},
            "published_mdc": {
                "description": "The minimal detectable change of standing anew, by a study of this angle.",
                "oneOf": [_object({"value": _NUMBER | {"minimum": 0}, "source": _TEXT}), {"type": "null"}],
            },
            "validity": _validity(),
            "trust": {"description": "By uncertainty and validity.", "enum": [row.name for row in TRUST]},
            "meaning": _TEXT,
            "sentence": _TEXT | {"description": "What the value means, for people, in the language asked for."},
            "line": {
                "description": "The points it was read from, in pixels of the upright photo as it was sent.",
                "type": "array",
                "items": _POINT,
                "minItems": 2,
                "maxItems": 3,
            },
            "reference": {
                "description": "What the line is compared with: from its first point, as long as the line.",
                "type": "array",
                "items": _POINT,
                "minItems": 2,
                "maxItems": 2,
            },
        },
        {
            "source": {
                "description": "What it was read from, where a measure has several sources.",
                "enum": list(
                    dict.fromkeys(row.source for view in VIEWS for row in variants_of(view.plane) if row.source)
                ),
            }
        },
    )


def _validity() -> Schema:
    return _object(
        {
            "figures": {"type": "integer", "minimum": 2},
            "mean_error": _NUMBER,
            "sd_of_error": _NUMBER | {"minimum": 0},
            "slope": _NUMBER,
            "correlation": _NUMBER | {"minimum": -1, "maximum": 1},
            "note": _TEXT,
        },
        description="How values like this one, with the same calibration, compared with the truth on figures.",
    )


def _camera() -> Schema:
    row = {"type": "array", "items": _NUMBER, "minItems": 3, "maxItems": 3}
    return _object(
        {
            "roll": _NUMBER | {"description": "Taken off, in degrees; positive: the content was turned clockwise."},
            "pitch": _NUMBER | {"description": "Taken off, in degrees; negative: the camera looked down."},
            "focal_35mm": {"description": "In mm of 35 mm film; null: not known.", "type": ["number", "null"]},
            "mirrored": {"type": "boolean"},
            "source": {"description": "Who told the direction of gravity.", "enum": [*get_args(Source)]},
            "homography": {
                "description": "Three rows: from pixels of the upright photo as it was sent to the level picture.",
                "type": "array",
                "items": row,
                "minItems": 3,
                "maxItems": 3,
            },
        },
        {
            "estimated_roll": _object(
                {"value": _NUMBER, "uncertainty": _NUMBER | {"minimum": 0}},
                description="By the room's upright edges, in degrees, where nobody told it.",
            ),
            "note": _TEXT,
        },
    )


def _overlay() -> Schema:
    side = {"type": "integer", "minimum": 1, "maximum": LARGEST_OVERLAY}
    return _object(
        {
            "media_type": {"const": "image/jpeg"},
            "width": side,
            "height": side,
            "data": _TEXT | {"description": "The file in base64.", "contentEncoding": "base64"},
        },
        description="The photo, levelled, with what was measured in it drawn over.",
    )


def _details() -> Schema:
    readings = {"type": "object", "additionalProperties": {"$ref": "#/$defs/reading"}}
    landmark = _object(
        {
            "name": {"enum": list(NAMES)},
            "x": _NUMBER,
            "y": _NUMBER,
            "presence": _NUMBER,
            "visibility": _NUMBER,
            "spread": _NUMBER | {"minimum": 0},
        }
    )
    warning = _object({"code": {"enum": list(CODES)}, "message": _TEXT, "advice": _TEXT})
    orientation = {"type": "integer", "minimum": 1, "maximum": 8}
    return _object(
        {
            "angles": readings,
            "quality": {
                "description": "The figures that the judgement of the photo rests on.",
                "type": "object",
                "properties": {
                    "looks": {"description": "Those that found the person.", "type": "integer", "minimum": 1}
                },
                "additionalProperties": _NUMBER,
            },
            "warnings": {"type": "array", "items": warning},
            "image": _object({"width": {"type": "integer"}, "height": {"type": "integer"}, "orientation": orientation}),
            "camera": _camera(),
        },
        {
            "measures": readings,
            "landmarks": {"type": "array", "minItems": len(NAMES), "maxItems": len(NAMES), "items": landmark},
            "overlay": _overlay(),
            "near_side": _SIDE,
            "facing": _SIDE,
        },
    )
