"""Networks derived from the published model: the same landmarks, bit for bit, for less arithmetic.

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
MediaPipe sees the same inputs and outputs as before.

The networks are rewritten with MediaPipe's own copy of TensorFlow Lite's schema, which it does not promise to keep. So
it is done where models are fetched, never in a worker, and only a result with the known digest is kept
(posture.models.files). Where there is none, the published file gives the same numbers.
"""

import importlib.util
import io
import zipfile
from collections.abc import Mapping
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
_ALIGNED = 64  # bytes in the archive; without, TensorFlow Lite copies the weights, and says so
_EXTRA = b"\x35\xd9"  # the kind of filling that Android's zipalign writes


class NotDerivedError(RuntimeError):
    """A network cannot be derived here; the text says why."""


def lean(published: bytes) -> bytes:
    """The file without what only the segmentation mask needs, from the published one's bytes; the same bytes each time.

    It takes about 0.1 s. Raises NotDerivedError.
    """
    with zipfile.ZipFile(io.BytesIO(published)) as archive:
        detector, landmarks = archive.read(_DETECTOR), archive.read(_LANDMARKS)
    return _archive({_DETECTOR: detector, _LANDMARKS: _with_constants(_schema(), landmarks, _MASK)})


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


def _with_constants(schema: Any, network: bytes, outputs: Mapping[str, NDArray[np.float32]]) -> bytes:  # noqa: ANN401
    """The network with these outputs, by name, constant, and without what only they needed."""
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
