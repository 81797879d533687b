"""Photos as iPhones save them, for this machine's own models, which know JPEG and PNG."""

from collections.abc import Mapping

import msgspec

from posture.camera import Told
from posture.errors import Finding
from posture.wire.request import RequestOptions

Files = dict[str, bytes | Finding]


def readable(files: Mapping[str, bytes | Finding], options: RequestOptions) -> tuple[Files, RequestOptions]:
    """The files with each HEIC as a JPEG, or why it cannot be one, and the options with what it says of its camera."""
    if not any(isinstance(file, bytes) and file[4:8] == b"ftyp" for file in files.values()):
        return dict(files), options
    from posture.client.photos import UnfitError, fit, is_heif, told  # noqa: PLC0415  it loads an HTTP library too

    read, cameras = dict(files), dict(options.camera)
    for view, file in files.items():
        if isinstance(file, Finding) or not is_heif(file):
            continue
        try:
            fitted = fit(file)
        except UnfitError as error:
            read[view] = Finding(error.code, error.problem, error.advice)
            continue
        read[view] = fitted.file
        if camera := told(fitted.said, view, msgspec.to_builtins(options)):
            cameras[view] = msgspec.convert(camera, Told)
    return read, msgspec.structs.replace(options, camera=cameras)
