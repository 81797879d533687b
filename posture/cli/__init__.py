"""The command line: photos on this machine to tables, pictures and files. Its door is posture/__main__.py.

Importing it loads click alone, so that its help is quick; what measures is imported by the commands that do.
"""

import base64
import errno
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

import posture
from posture.cli import terminal
from posture.cli.failures import DEFECT, INTERRUPTED, MEASURED, REFUSED, USAGE, InterruptedByUserError, UnfitError, told
from posture.models import metrics

if TYPE_CHECKING:
    from posture.analysis import Model
    from posture.cli.pairs import Pair
    from posture.errors import Finding
    from posture.wire.request import RequestOptions

Opener: TypeAlias = "Callable[[int | None], AbstractContextManager[Model]]"

_STATUS = f"""\b
Exit status:
  {MEASURED:3}  measured
  {REFUSED:3}  a photo was refused
  {USAGE:3}  it cannot be done as asked: arguments, files, the model
  {DEFECT:3}  a defect of the program
  {INTERRUPTED:3}  interrupted; a batch goes on where it stopped
"""


def run() -> None:
    """Runs the command line for the process, and ends it."""
    metrics.stop()
    terminal.tolerate()
    with terminal.quiet():
        commands.main(prog_name="posture")


class _Commands(click.Group):
    """The boundary: whatever a command raises is told in a sentence."""

    def invoke(self, ctx: click.Context) -> object:
        """Runs the command that is asked for."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except KeyboardInterrupt:
            raise InterruptedByUserError("interrupted.") from None
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise  # the reader has seen enough; click ends quietly
            raise told(error) from error


class _Asking(click.Command):
    """A command that takes options of a request beside its own. They are looked up when they are needed."""

    def __init__(self, *arguments: Any, asks: Mapping[str, str] | None = None, **more: Any) -> None:  # noqa: ANN401
        """`asks`: their names, and what they mean here; all if not given. The others: as click has them."""
        super().__init__(*arguments, **more)
        self._asks = asks

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Its own parameters, then the options of a request, then --help."""
        from posture.cli.flags import flags  # noqa: PLC0415

        *own, help_option = super().get_params(ctx)
        return [*own, *flags(self._asks), help_option]


def _colors() -> bool | None:
    """None: where there is a terminal. NO_COLOR turns them off (https://no-color.org)."""
    return False if os.environ.get("NO_COLOR") else None


@click.group(cls=_Commands, epilog=_STATUS, context_settings={"color": _colors()})
@click.version_option(posture.__version__, prog_name="posture")
def commands() -> None:
    """Posture angles from photos of a standing person, one from the front and one from the side.

    Nothing leaves this machine, unless --endpoint says where photos are to be sent. The angles are for screening and
    for following a person over time; they are no diagnosis.
    """


_PHOTO = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)

_ENDPOINT = click.option(
    "--endpoint", metavar="ID", help="Send the photos to the endpoint of this id, whose key RUNPOD_API_KEY holds."
)

_MEASURE = """\b
Examples:
  posture measure front.jpg side.jpg
  posture measure front.jpg side.jpg --mode precise --overlay pictures
  posture measure front.jpg side.jpg --camera-roll front=2.5 --mirrored front
  posture measure front.jpg side.jpg --camera side.pitch=-3 --no-strict
  posture measure front.jpg side.jpg --json --include measures > a.json
  posture measure front.jpg side.jpg --report june.html --label June
  posture measure front.jpg side.jpg --endpoint ab12cd34
"""


@commands.command(cls=_Asking, epilog=_MEASURE)
@click.argument("front", type=_PHOTO)
@click.argument("side", type=_PHOTO)
@click.option("--json", "as_json", is_flag=True, help="Print the worker's answer, details included, not a table.")
@click.option("--overlay", "overlays", type=_FOLDER, metavar="DIR", help="Draw what was measured on copies there.")
@click.option("--report", "page", type=_FILE, metavar="FILE", help="Write a page to print, as HTML.")
@click.option("--label", default="", help="What the page calls the visit, its date for instance.")
@_ENDPOINT
@click.pass_context
def measure(  # noqa: PLR0913  each is a flag
    ctx: click.Context,
    /,
    *,
    front: Path,
    side: Path,
    as_json: bool,
    overlays: Path | None,
    page: Path | None,
    label: str,
    endpoint: str | None,
    **said: Any,  # noqa: ANN401  by the option's name, what its flag holds
) -> None:
    """Measure the person in two photos.

    Prints a table with words. FRONT and SIDE are JPEG or PNG files; HEIC too, where pillow-heif is installed.
    """
    from posture.cli import flags, tables  # noqa: PLC0415
    from posture.cli.pairs import content  # noqa: PLC0415
    from posture.wire.answer import failure  # noqa: PLC0415

    if label and not page:
        raise click.UsageError("--label is what a --report calls the visit, and none is asked for.")
    photos = {"front": front, "side": side}
    drawn = _drawn(photos, overlays) if overlays else {}
    _spare(photos.values(), [*drawn.values(), *([page] if page else [])])
    pictured = {"overlay"} if overlays or page else set[str]()
    options = flags.chosen(said, include=sorted({"details", *pictured, *said["include"]}))
    read = {view: content(photo) for view, photo in photos.items()}
    try:
        answer = _measured(ctx, read, options, endpoint)
    except posture.PostureError as refusal:
        if as_json:
            _print_json(failure(refusal))
        else:
            _print_lines(tables.refused(refusal.problems, tables.width(sys.stderr)), err=True)
        ctx.exit(REFUSED)
    for view, place in drawn.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(base64.b64decode(answer["data"]["details"][f"{view}_view"]["overlay"]["data"]))
    if page:
        _write_page([(label, answer)], options.language, page)
    if as_json:
        _print_json(answer)
    else:
        _print_lines(tables.measured(answer, {view: str(photo) for view, photo in photos.items()}, tables.width()))


def _measured(
    ctx: click.Context, files: "dict[str, bytes | Finding]", options: "RequestOptions", endpoint: str | None
) -> dict[str, Any]:
    """What is answered to two photos, here or by an endpoint. Raises PostureError."""
    if endpoint:
        from posture.cli.endpoint import measured  # noqa: PLC0415

        return measured(files, options, endpoint)
    from posture import analysis  # noqa: PLC0415
    from posture.cli.heic import readable  # noqa: PLC0415
    from posture.wire.answer import asked_for  # noqa: PLC0415

    with _open_model(ctx, len(files)) as model:
        readable_files, told = readable(files, options)
        return asked_for(analysis.measure(readable_files, told, model), told, model.map)


def _open_model(ctx: click.Context, landmarkers: int | None = None) -> "AbstractContextManager[Model]":
    """The models, or what a test gives in their place."""
    opener: Opener = ctx.obj or posture.open_model
    return opener(landmarkers)


def _drawn(photos: Mapping[str, Path], folder: Path) -> dict[str, Path]:
    """Where the picture of each view goes: named after the photo, and after the view too where both would be one."""
    alike = len({photo.stem for photo in photos.values()}) < len(photos)
    return {view: folder / f"{photo.stem}{f'_{view}' if alike else ''}_overlay.jpg" for view, photo in photos.items()}


def _spare(read: Iterable[Path], written: Iterable[Path]) -> None:
    """Raises UnfitError when a file to be written is one of those that are read."""
    kept = {file.resolve() for file in read}
    for place in written:
        if place.resolve() in kept:
            raise UnfitError(f"{place} is read, and would be written over.")


def _print_json(answer: Mapping[str, Any]) -> None:
    click.echo(json.dumps(answer, indent=2))


def _print_lines(lines: Iterable[str], *, err: bool = False) -> None:
    for line in lines:
        click.echo(line, err=err)


_BATCH = """\b
Examples:
  posture batch pairs.csv --out results.csv
  posture batch photos --out results.jsonl --mode precise

PAIRS is a CSV file with the columns id,front,side, whose paths are taken from its own folder and whose id may be left
out; or a folder of photos named <id>_front.* and <id>_side.*. A pair that cannot be measured gets a line that says why,
and the status is then 1. What was stopped goes on where it stopped when it is run again: the ids in FILE are done.
"""


@commands.command(cls=_Asking, epilog=_BATCH)
@click.argument("pairs", type=click.Path(exists=True, path_type=Path))
@click.option("--out", required=True, type=_FILE, metavar="FILE", help="Where the results go: .csv, or .jsonl.")
@_ENDPOINT
@click.pass_context
def batch(ctx: click.Context, /, *, pairs: Path, out: Path, endpoint: str | None, **said: Any) -> None:  # noqa: ANN401
    """Measure many pairs of photos into a file."""
    from tqdm import tqdm  # noqa: PLC0415

    from posture.cli import flags  # noqa: PLC0415
    from posture.cli import pairs as listed  # noqa: PLC0415
    from posture.cli.results import Results  # noqa: PLC0415

    options = flags.chosen(said, include=sorted({"details", *said["include"]}))
    everything = listed.read(pairs)
    with Results(out, options, None if endpoint else posture.__version__) as results:
        left = [pair for pair in everything if pair.name not in results.done]
        codes = Counter(results.done[pair.name].code for pair in everything if pair.name in results.done)
        before = codes.total()
        try:
            with (
                closing(_answered(ctx, left, options, endpoint)) as coming,
                tqdm(total=len(everything), initial=before, unit="pair", disable=None, dynamic_ncols=True) as bar,
            ):
                for pair, answer in coming:
                    results.add(pair.name, answer)
                    codes[answer.get("code")] += 1
                    bar.update()
        finally:
            click.echo(_summary(codes, len(everything), before, out), err=True)
    if codes.keys() - {None}:
        ctx.exit(REFUSED)


def _answered(
    ctx: click.Context, pairs: "Sequence[Pair]", options: "RequestOptions", endpoint: str | None
) -> "Generator[tuple[Pair, Mapping[str, Any]], None, None]":
    """Each pair and what it is answered; where there is none, no model is opened."""
    if not pairs:
        return
    if endpoint:
        from posture.cli.batch import answers_by_endpoint  # noqa: PLC0415

        yield from answers_by_endpoint(pairs, options, endpoint)
        return
    import cv2  # noqa: PLC0415

    from posture import cores  # noqa: PLC0415
    from posture.cli.batch import answers  # noqa: PLC0415

    cv2.setNumThreads(1)  # every core has its landmarker: OpenCV's own threads, one a core of the host, only disturb
    with _open_model(ctx) as model:
        yield from answers(pairs, options, model, cores.available())


def _summary(codes: Mapping[str | None, int], of: int, before: int, out: Path) -> str:
    """What became of the pairs: how many by code, None for those that were measured."""
    refused = {code: count for code, count in codes.items() if code}
    counts = ", ".join(f"{code} {count}" for code, count in sorted(refused.items()))
    told = sum(codes.values())
    return (
        f"{told} of {of} pairs are in {out}{f', {before} from before' if before else ''}: "
        f"{told - sum(refused.values())} measured, {sum(refused.values())} refused{f' ({counts})' if counts else ''}."
        f"{'' if told == of else ' The same command goes on from here.'}"
    )


_VISITS = click.argument("answers", nargs=-1, required=True, metavar="ANSWER...")

_COMPARE = """\b
Examples:
  posture compare march.json june.json
  posture compare 2025-03-01=a.json 2025-06-01=b.json

An ANSWER is a file that `posture measure --json` or the worker has written, or the result of a job on the platform;
before it may stand what the visit is called. Each is compared with the first.
"""


@commands.command(epilog=_COMPARE)
@_VISITS
def compare(answers: Sequence[str]) -> None:
    """Compare visits of one person.

    Tells which differences are more than two photos of the same stance would show.
    """
    from posture.cli import tables, visits  # noqa: PLC0415

    if len(answers) < 2:
        raise click.UsageError("There must be at least two answers.")
    read = visits.read(answers)
    labels = [visit.label or visit.file.stem for visit in read]
    try:
        compared = posture.compare([visit.answer for visit in read], labels)
    except ValueError as error:  # a file that is no answer, or a label that cannot be printed
        raise UnfitError(str(error)) from None
    _print_lines(tables.compared(compared, tables.width()))


_REPORT = """\b
Examples:
  posture report june.json --out june.html
  posture report 2025-03-01=a.json 2025-06-01=b.json --out report.html

An ANSWER is a file as in `posture compare`, best with overlays: measured with --include overlay. They are its pictures.
"""


@commands.command(cls=_Asking, asks={"language": "The language of the page."}, epilog=_REPORT)
@_VISITS
@click.option("--out", required=True, type=_FILE, metavar="FILE", help="Where the page goes, as HTML.")
def report(answers: Sequence[str], out: Path, **said: Any) -> None:  # noqa: ANN401  as in `measure`
    """Write visits of a person as a page to print."""
    from posture.cli import flags, visits  # noqa: PLC0415

    read = visits.read(answers)
    _spare([visit.file for visit in read], [out])
    _write_page([(visit.label, visit.answer) for visit in read], flags.chosen(said).language, out)


def _write_page(visits: Iterable[tuple[str, Any]], language: str, out: Path) -> None:
    """Writes the report on visits, each a label and an answer."""
    from posture import report as pages  # noqa: PLC0415

    try:
        page = pages.page([pages.Visit(label, answer) for label, answer in visits], language)
    except ValueError as error:  # as in `compare`
        raise UnfitError(str(error)) from None
    out.write_text(page, encoding="utf-8")


_SERVE = """\b
Examples:
  posture serve
  posture serve --endpoint ab12cd34
  posture serve --host 0.0.0.0 --certificate cert.pem --key key.pem

Answers at /v2/local/runsync, /run, /status/ID, /cancel/ID and /health, and logs a line for each request and each job,
without a word of either. POSTURE_SERVE_KEY is the key that callers must send; where others in the network can reach the
server, one is made if there is none.
"""

_PEM = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@commands.command(epilog=_SERVE)
@click.option("--host", default="127.0.0.1", show_default=True, help="The name or address to listen at.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 for any that is free.")
@click.option("--certificate", type=_PEM, metavar="FILE", help="For https, which a phone's camera needs: PEM.")
@click.option("--key", type=_PEM, metavar="FILE", help="The certificate's private key, if it is in a file of its own.")
@click.option(
    "--endpoint", metavar="ID", help="Pass requests on to this deployed endpoint, with the key in RUNPOD_API_KEY."
)
@click.pass_context
def serve(  # noqa: PLR0913  each is a flag
    ctx: click.Context,
    /,
    *,
    host: str,
    port: int,
    certificate: Path | None,
    key: Path | None,
    endpoint: str | None,
) -> None:
    """Answer on this machine as an endpoint of RunPod's does."""
    try:
        from posture.web import server  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith("posture") and error.name != "posture.web":
            raise  # a defect; an image has no posture/web
        raise UnfitError(
            f"Serving needs {error.name}, which is not installed. Run: pip install 'posture-measurement[web]'"
        ) from None
    try:
        ctx.exit(server.serve(server.Place(host, port, certificate, key), endpoint, tell=click.echo))
    except server.ServeError as error:
        raise UnfitError(str(error)) from None
