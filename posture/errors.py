"""Why a photo or a job is refused, in words for the person who holds the camera.

PostureError
  RequestError          the job does not hold the photos and known options
  ImageError            a photo cannot be had, or read as a picture
  PoseNotDetectedError  the model found no person in a photo
  UnfitPhotoError       a photo shows somebody who cannot be measured well in it
  InternalError         the worker failed: a defect, as which all else that is raised comes out, or a job took too long

Everything that is wrong with a photo is a Finding: those that refuse it are raised in one of these, the others are
warnings. To add a code, add a row to CODES and raise it or name it in posture/judge.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a photo or a job.

    `code`: stable, one of CODES. `problem`: what is wrong, and `advice`: what to do about it, each a sentence without a
    byte of the picture. `view`: the name of the view whose photo it is about, None where it is about the job.

    Raises ValueError when the code is not in the table.
    """

    code: str
    problem: str
    advice: str
    view: str | None = None

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"{self.code} is not in posture.errors.CODES")


class PostureError(Exception):
    """A job that is refused. `problems`: every reason for it, at least one, the first the one to report."""

    phrase: ClassVar[str] = "Posture analysis failed"

    def __init__(self, *problems: Finding) -> None:
        super().__init__(*problems)
        self.problems = problems

    @property
    def code(self) -> str:
        """The code of the first problem; stable."""
        return self.problems[0].code

    @property
    def view(self) -> str | None:
        """The view of the first problem's photo, None where it is about the job."""
        return self.problems[0].view

    @property
    def advice(self) -> str:
        """What to do about the first problem; where several photos are refused, about the first problem of each."""
        first = self.problems[0]
        if first.view is None:
            return first.advice
        by_view = {problem.view: problem.advice for problem in reversed(self.problems)}
        if len(by_view) == 1:
            return first.advice
        views = dict.fromkeys(problem.view for problem in self.problems)
        return " ".join(f"{str(view).capitalize()} photo: {by_view[view]}" for view in views)

    def __str__(self) -> str:
        photo = f" for the {self.view} photo" if self.view else ""
        return f"{self.phrase}{photo}: {self.problems[0].problem}"


class RequestError(PostureError):
    """The job does not hold what a job must hold."""

    phrase = "Invalid request"


class ImageError(PostureError):
    """A photo cannot be had, or read as a picture within the limits. Existing clients know its phrase."""

    phrase = "Image validation failed"


class PoseNotDetectedError(PostureError):
    """There is nobody in the photo whom the model can see. Existing clients know its phrase."""

    phrase = "Could not detect pose landmarks"


class UnfitPhotoError(PostureError):
    """A photo shows a person, but not so that the angles could be trusted."""

    phrase = "Posture cannot be measured"


class InternalError(PostureError):
    """Something went wrong that is not the client's doing; what it was stands in the worker's log alone."""


class NotInstalledError(ImportError):
    """A part of the package was asked for without the libraries it needs; the text has the command."""


@dataclass(frozen=True)
class Code:
    """A code that clients can rely on.

    `error`: what is raised with it, None for a code that only ever warns. `meaning`: what is wrong, for the documents.
    """

    name: str
    error: type[PostureError] | None
    meaning: str


_TABLE = (
    Code("invalid_request", RequestError, "a photo is missing, empty or no text; names are unknown or mixed"),
    Code("image_too_large", ImageError, "the base64 text is longer than the limit"),
    Code("invalid_base64", ImageError, "the text is not base64, or spaces stand in it where `+` was"),
    Code("url_not_allowed", ImageError,
         "an address instead of a photo, where the operator allows none, or not this one"),
    Code("fetch_failed", ImageError, "the photo could not be fetched from its address"),
    Code("unsupported_format", ImageError,
         "the file is neither JPEG nor PNG, judged by its content, or a JPEG of a rare kind: arithmetic, lossless, "
         "hierarchical, of more than 8 bits or without its height"),
    Code("corrupt_image", ImageError,
         "the file is cut off or damaged; a few wrong bytes inside of a JPEG, which has no checksums, cannot always be "
         "told"),
    Code("image_too_small", ImageError,
         "less than 100 pixels wide or high, or a strip more than ten times as long as wide"),
    Code("too_many_pixels", ImageError,
         "more than 50 megapixels, or a file that takes too long to decode: see the limits"),
    Code("no_person", PoseNotDetectedError, "the model found nobody"),
    Code("several_people", UnfitPhotoError,
         "more than one person of comparable size; people of less than about 0.7 of the size are often not seen at "
         "all"),
    Code("person_cropped", UnfitPhotoError, "head, shoulders, hips, knees or feet are not in the picture"),
    Code("person_too_small", UnfitPhotoError, "fewer than about 70 pixels from head to feet"),
    Code("not_upright", UnfitPhotoError,
         "lying, bent, sitting, kneeling, or a photo turned by 90 or 180 degrees"),
    Code("back_view", UnfitPhotoError, "seen from behind"),
    Code("wrong_view", UnfitPhotoError, "a side photo sent as the front photo, or the reverse"),
    Code("views_swapped", UnfitPhotoError, "both of these: the photos are exchanged"),
    Code("oblique_view", UnfitPhotoError, "turned too far out of the front or the side view"),
    Code("low_confidence", UnfitPhotoError,
         "the looks at the photo disagree (not in `fast`), or something hides the feet in a side photo"),
    Code("internal_error", InternalError,
         "a defect of the worker; the client is told nothing of it, its traceback is in the log"),
    Code("timeout", InternalError, "the worker did not get it done in time; send it again"),
    Code("person_in_background", None, "a smaller person in the picture was not measured"),
    Code("camera_tilted", None, "the room's upright edges show a roll of the camera of which nobody has told"),
    Code("maybe_mirrored", None,
         "a front camera took the photo, and nobody has said whether it shows left and right exchanged"),
    Code("part_hidden", None, "a box, a bag or a long skirt seems to hide hips, knees or feet"),
    Code("ear_hidden", None,
         "in a side photo hair seems to cover the ear, which makes `neck_tilt` read wrong, or the head is turned"),
    Code("photo_blurred", None, "the photo is blurred or shaken: its angles are less certain, see `uncertainty`"),
    Code("photo_grainy", None, "the same of a grainy photo"),
    Code("photo_dark", None, "the same of a photo in which the person hardly stands out"),
    Code("photo_compressed", None, "the same of a JPEG in which blocks show"),
)  # fmt: skip
CODES = {code.name: code for code in _TABLE}

# By code, the drawings of the photo guide (docs/photos) that show what it is about.
DRAWINGS = {
    "no_person": ("front", "side"),
    "several_people": ("people",),
    "person_cropped": ("cropped",),
    "person_too_small": ("far",),
    "not_upright": ("sideways",),
    "back_view": ("back",),
    "wrong_view": ("front", "side"),
    "views_swapped": ("front", "side"),
    "oblique_view": ("turned",),
    "low_confidence": ("backlit", "hidden"),
    "person_in_background": ("people",),
    "camera_tilted": ("tilted",),
    "part_hidden": ("hidden",),
    "ear_hidden": ("hair",),
    "photo_blurred": ("blurred",),
    "photo_dark": ("backlit",),
}


def refusal(problems: Sequence[Finding]) -> PostureError:
    """The error to raise for these problems, at least one, the one to report first. ValueError if that only warns."""
    error = CODES[problems[0].code].error
    if error is None:
        raise ValueError(f"{problems[0].code} does not refuse a photo")
    return error(*problems)
