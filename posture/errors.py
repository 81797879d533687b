"""Why a job is refused, in words for the person who holds the camera.

PostureError
  RequestError          the job does not hold two photos and known options
  ImageError            a photo cannot be read as a picture
  PoseNotDetectedError  the model found no person in a photo
  UnfitPhotoError       a photo shows somebody who cannot be measured well in it
  InternalError         a defect of the worker; whatever else is raised becomes this at its boundary
"""

from collections.abc import Sequence
from typing import ClassVar, Literal

View = Literal["front", "side"]
VIEWS: tuple[View, View] = ("front", "side")


class PostureError(Exception):
    """A job that is refused.

    `code` is stable and part of the interface. `problem` says what is wrong and `advice` what to do about it, each
    without a byte of the picture. `view` is the photo that it is about, or None when it is about the job.
    """

    phrase: ClassVar[str] = "Posture analysis failed"

    def __init__(self, code: str, problem: str, advice: str, view: View | None = None) -> None:
        super().__init__(code, problem, advice, view)
        self.code = code
        self.problem = problem
        self.advice = advice
        self.view = view

    def __str__(self) -> str:
        photo = f" for the {self.view} photo" if self.view else ""
        return f"{self.phrase}{photo}: {self.problem}"


class RequestError(PostureError):
    """The job does not hold what a job must hold."""

    phrase = "Invalid request"

    def __init__(self, problem: str, advice: str, view: View | None = None) -> None:
        super().__init__("invalid_request", problem, advice, view)


class ImageError(PostureError):
    """A photo cannot be read as a picture within the limits. Existing clients know its phrase."""

    phrase = "Image validation failed"


class PoseNotDetectedError(PostureError):
    """There is nobody in the photo whom the model can see. Existing clients know its phrase."""

    phrase = "Could not detect pose landmarks"

    def __init__(self) -> None:
        super().__init__(
            "no_person",
            "no person was found.",
            "Show one person standing, the whole body from head to feet in the picture, well lit.",
        )


class UnfitPhotoError(PostureError):
    """A photo shows a person, but not so that the angles could be trusted."""

    phrase = "Posture cannot be measured"


class InternalError(PostureError):
    """Something went wrong that is not the client's doing; what it was stands in the worker's log alone."""

    def __init__(self) -> None:
        super().__init__(
            "internal_error",
            "the worker failed.",
            "Send the job again; if it fails again, report it to the operator with the job's id.",
        )


def first(refusals: Sequence[PostureError]) -> PostureError:
    """What a job is answered whose photos are refused for these reasons, front before side: the first one.

    Its advice is for both photos where both are refused.
    """
    error = refusals[0]
    if len(refusals) > 1:
        error.advice = " ".join(f"{str(refusal.view).capitalize()} photo: {refusal.advice}" for refusal in refusals)
    return error
