"""Networks derived from the published model: the same landmarks for less arithmetic.

A .task file is an archive of two networks. MediaPipe runs the first over the whole picture and the second over the
square around each person that the first has found:

    pose_detector.tflite             picture -> boxes, scores
    pose_landmarks_detector.tflite   square  -> 195 landmarks      Identity
                                             -> 1 is it a person   Identity_1
                                             -> 256x256 mask       Identity_2   <- nobody reads it
                                             -> 64x64x39 heatmaps  Identity_3
                                             -> 117 in metres      Identity_4

A worker never asks for the segmentation mask, and MediaPipe computes it all the same, at a fifth of the time of a look.
In the `lean` file the mask is a constant of the same shape, and the operators that only the mask needed are left out.
MediaPipe sees the same inputs and outputs as before, and finds every landmark in the same place, bit for bit.

The `marker` is for closer looks (posture.models.closer). There the square is known, and the detector is a constant too:
whatever it is shown, it says that one person stands upright and fills the picture. So `detect` of a picture of 256x256
pixels is one run of the landmark network, with all that MediaPipe makes of it.

The networks are rewritten with MediaPipe's own copy of TensorFlow Lite's schema, which it does not promise to keep. So
it is done where models are fetched, never in a worker, and only a result with the known digest is kept
(posture.models.files). Where there is none, the published file gives the same numbers.
"""

import importlib.util
import io
import zipfile
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import flatbuffers
import numpy as np
from numpy.typing import NDArray

KNOWN = "1.2.2"  # the MediaPipe whose copy of the schema is known
_SCHEMA = "tasks/metadata/schema_py_generated.py"

_DETECTOR, _LANDMARKS = "pose_detector.tflite", "pose_landmarks_detector.tflite"
_MASK = {"Identity_2": np.zeros((256, 256), np.float32)}

# The detector's 2254 boxes, each with 12 numbers in 1/224 of the picture: middle, size, four points. Of the points two
# count: the hips' middle, and one above it whose distance is half of the square's side over 1.25.
_BOXES, _GRID, _SPAN = 2254, 28, 224
_FIRST_ANCHOR = 0.5 / _GRID
_POINTS = ((0.5, 0.5), (1, 1), (0.5, 0.5), (0.5, 0.1), (0.5, 0.5), (0.5, 0.5))
_SURE = 100.0
_UNSEEN = 8  # pixels of the side of the picture that the detector is shown, since it does not look at it
_ALIGNED = 64  # bytes in the archive; without, TensorFlow Lite copies the weights, and says so
_EXTRA = b"\x35\xd9"  # the kind of filling that Android's zipalign writes


class NotDerivedError(RuntimeError):
    """A network cannot be derived here; the text says why."""


def lean(published: bytes) -> bytes:
    """The file without what only the segmentation mask needs, from the published one's bytes; the same bytes each time.

    It takes about 0.1 s. Raises NotDerivedError.
    """
    detector, landmarks = _networks(published)
    return _archive({_DETECTOR: detector, _LANDMARKS: with_constants(landmarks, _MASK)})


def marker(published: bytes) -> bytes:
    """The file that takes its picture for the square of a person, as `lean` does. Raises NotDerivedError."""
    detector, landmarks = _networks(published)
    boxes, scores = np.zeros((_BOXES, 12), np.float32), np.full(_BOXES, -_SURE, np.float32)
    points = np.array(_POINTS)
    points[[0, 2, 3, 4, 5]] -= _FIRST_ANCHOR
    boxes[0], scores[0] = _SPAN * points.ravel(), _SURE
    blind = with_constants(detector, {"Identity": boxes, "Identity_1": scores}, side=_UNSEEN)
    return _archive({_DETECTOR: blind, _LANDMARKS: with_constants(landmarks, _MASK)})


def _networks(published: bytes) -> tuple[bytes, bytes]:
    with zipfile.ZipFile(io.BytesIO(published)) as archive:
        return archive.read(_DETECTOR), archive.read(_LANDMARKS)


@cache
def _schema() -> ModuleType:
    """MediaPipe's copy of TensorFlow Lite's schema, without the rest of MediaPipe, which needs system libraries."""
    if version("mediapipe") != KNOWN:
        raise NotDerivedError(f"it is known how for MediaPipe {KNOWN} alone, and this is {version('mediapipe')}")
    package = importlib.util.find_spec("mediapipe")
    places = package.submodule_search_locations if package else None
    spec = importlib.util.spec_from_file_location("tflite_schema", Path(places[0], _SCHEMA)) if places else None
    if spec is None or spec.loader is None:
        raise NotDerivedError("MediaPipe is not installed")
    schema = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(schema)
    return schema


def with_constants(network: bytes, outputs: Mapping[str, NDArray[np.float32]], side: int | None = None) -> bytes:
    """The network with these outputs, by name, constant, and without what only they needed.

    `side`: of the picture that it takes, in pixels, where it does not look at it any more. Raises NotDerivedError.
    """
    schema = _schema()
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(network, 0))
    (graph,) = model.subgraphs
    named = {graph.tensors[index].name.decode(): int(index) for index in graph.outputs}
    replaced = [_constant(schema, model, graph, named[name], values) for name, values in outputs.items()]
    constant = {named[name] for name in outputs}
    needed, kept = {int(index) for index in graph.outputs}, []
    for operator in reversed([*(each for each in graph.operators if not constant & set(each.outputs)), *replaced]):
        if needed & set(operator.outputs):
            kept.append(operator)
            needed |= {int(index) for index in operator.inputs}
    graph.operators = kept[::-1]
    used = {graph.tensors[index].buffer for index in needed if index >= 0} | {each.buffer for each in model.metadata}
    for index, buffer in enumerate(model.buffers):
        if index not in used:
            buffer.data = None
    if side is not None:
        graph.tensors[graph.inputs[0]].shape = np.array([1, side, side, 3], np.int32)
    builder = flatbuffers.Builder(len(network))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _constant(schema: Any, model: Any, graph: Any, output: int, values: NDArray[np.float32]) -> Any:  # noqa: ANN401
    """The operator that gives an output: a constant, brought to the output's shape."""
    shape = np.asarray(graph.tensors[output].shape, np.int32)
    operator, options = schema.OperatorT(), schema.ReshapeOptionsT()
    operator.opcodeIndex = [code.builtinCode for code in model.operatorCodes].index(schema.BuiltinOperator.RESHAPE)
    operator.inputs = np.array(
        [
            _tensor(schema, model, graph, values.ravel(), schema.TensorType.FLOAT32),
            _tensor(schema, model, graph, shape, schema.TensorType.INT32),
        ],
        np.int32,
    )
    operator.outputs = np.array([output], np.int32)
    options.newShape = shape
    operator.builtinOptionsType, operator.builtinOptions = schema.BuiltinOptions.ReshapeOptions, options
    return operator


def _tensor(schema: Any, model: Any, graph: Any, values: NDArray[Any], kind: int) -> int:  # noqa: ANN401
    """Adds a constant tensor, and returns its number."""
    buffer, tensor = schema.BufferT(), schema.TensorT()
    buffer.data = np.frombuffer(values.tobytes(), np.uint8)
    model.buffers.append(buffer)
    tensor.name, tensor.type, tensor.buffer = b"constant", kind, len(model.buffers) - 1
    tensor.shape = np.array(values.shape, np.int32)
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1


def _archive(members: Mapping[str, bytes]) -> bytes:
    """A .task file: a zip archive, not compressed, its members aligned."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            member = zipfile.ZipInfo(name)
            filling = -(file.tell() + 30 + len(name) + 4) % _ALIGNED
            member.extra = _EXTRA + filling.to_bytes(2, "little") + bytes(filling)
            archive.writestr(member, data)
    return file.getvalue()
