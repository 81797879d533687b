"""Which pairs a CSV file or a folder names, however it was made."""

import os
from pathlib import Path

import pytest

from posture.cli.failures import UnfitError
from posture.cli.pairs import MOST_BYTES, Pair, content, read
from posture.errors import Finding


def table(folder: Path, text: str | bytes) -> Path:
    file = folder / "pairs.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def two(folder: Path) -> list[Pair]:
    return [
        Pair("1", {"front": folder / "a.jpg", "side": folder / "b.jpg"}),
        Pair("2", {"front": folder / "c.jpg", "side": folder / "d.jpg"}),
    ]


PLAIN = "id,front,side\n1,a.jpg,b.jpg\n2,c.jpg,d.jpg\n"


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        PLAIN.rstrip(),
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t"),
        "sep=;\r\n" + PLAIN.replace(",", ";"),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        "side,ID , Front,note\nb.jpg,1,a.jpg,\nd.jpg,2,c.jpg,left early\n",
        '"id","front","side"\n"1","a.jpg","b.jpg"\n"2","c.jpg","d.jpg"\n',
        "id,front,side\n\n1, a.jpg ,b.jpg\n,,\n  ,,\n2,c.jpg,d.jpg\n\n",
    ],
)
def test_a_table_is_read_however_a_spreadsheet_wrote_it(tmp_path: Path, text: str | bytes) -> None:
    assert read(table(tmp_path, text)) == two(tmp_path)


def test_paths_are_taken_from_the_folder_of_the_table(tmp_path: Path) -> None:
    (pair,) = read(table(tmp_path, f"front,side\nin/a.jpg,{tmp_path}/elsewhere/b.jpg\n"))
    assert pair == Pair("in/a.jpg", {"front": tmp_path / "in/a.jpg", "side": tmp_path / "elsewhere/b.jpg"})


def test_a_name_may_hold_the_delimiter_and_quotes(tmp_path: Path) -> None:
    (pair,) = read(table(tmp_path, 'front,side\n"a, ""the first"".jpg",b.jpg\n'))
    assert pair.photos["front"] == tmp_path / 'a, "the first".jpg'


def test_a_table_in_the_encoding_of_a_german_spreadsheet_is_read(tmp_path: Path) -> None:
    (pair,) = read(table(tmp_path, "id;front;side\nMüller;vorn_ä.jpg;b.jpg\n".encode("cp1252")))
    assert (pair.name, pair.photos["front"]) == ("Müller", tmp_path / "vorn_ä.jpg")


@pytest.mark.parametrize(
    ("row", "view", "problem"),
    [
        ("1,a.jpg,", "side", "no file is named."),
        ("1,a.jpg", "side", "no file is named."),
        ("1,,b.jpg", "front", "no file is named."),
        ("1,a,b.jpg,c", "front", "line 2 has more cells than the first."),
    ],
)
def test_a_row_that_lacks_something_is_the_pairs_own_trouble(tmp_path: Path, row: str, view: str, problem: str) -> None:
    broken, whole = read(table(tmp_path, f"id,front,side\n{row}\n2,c.jpg,d.jpg\n"))
    found = broken.photos[view]
    assert isinstance(found, Finding)
    assert (broken.name, found.code, found.problem) == ("1", "invalid_request", problem)
    assert whole == two(tmp_path)[1]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "has no column front and no column side; its first line must name the columns id,front,side"),
        ("id,front\n1,a.jpg\n", "has no column side; its first line"),
        ("1,a.jpg,b.jpg\n", "has no column front and no column side"),
        ("id,front,side\n", "names no pairs."),
        ("id,front,side\n1,a,b\n2,c,d\n1,e,f\n", "has the id '1' more than once: ids must differ."),
        ("front,side\na,b\na,c\n", "has the id 'a' more than once"),
        ('id,front,side\n"1\n2",a,b\n', r"has the id '1\n2', which does not fit into a line"),
        ('id,front,side\n1,"a,b\n', "line 2: unexpected end of data."),
        (b"\xff\xfe\x00", "has no column front"),
    ],
)
def test_a_table_without_pairs_is_told_before_anything_is_measured(
    tmp_path: Path, text: str | bytes, told: str
) -> None:
    file = table(tmp_path, text)
    with pytest.raises(UnfitError) as caught:
        read(file)
    assert caught.value.message.startswith(str(file))
    assert told in caught.value.message


def test_a_folder_holds_pairs_by_their_names(tmp_path: Path) -> None:
    for name in (
        "b_front.jpg", "b_SIDE.JPG", "a_x_front.png", "a_x_side.jpeg", "notes.txt", "front.jpg", "_side.jpg",
        "b_front_overlay.jpg", "b_front.xmp", "._b_front.jpg",
    ):  # fmt: skip
        (tmp_path / name).touch()
    assert read(tmp_path) == [
        Pair("a_x", {"front": tmp_path / "a_x_front.png", "side": tmp_path / "a_x_side.jpeg"}),
        Pair("b", {"front": tmp_path / "b_front.jpg", "side": tmp_path / "b_SIDE.JPG"}),
    ]


def test_a_photo_that_a_folder_lacks_or_has_twice_is_the_pairs_own_trouble(tmp_path: Path) -> None:
    for name in ("a_front.jpg", "b_front.jpg", "b_side.jpg", "b_side.png", "c_side.heic"):
        (tmp_path / name).touch()
    problems = [
        (pair.name, view, photo.problem)
        for pair in read(tmp_path)
        for view, photo in pair.photos.items()
        if isinstance(photo, Finding)
    ]
    assert problems == [
        ("a", "side", "there is no a_side."),
        ("b", "side", "b_side is there 2 times."),
        ("c", "front", "there is no c_front."),
    ]


def test_a_folder_without_pairs_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnfitError, match=r"holds no pairs: no files <id>_front\.\* and <id>_side\.\*\.$"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("missing.jpg", "there is no file {}."),
        ("folder", "there is no file {}."),
        ("pipe", "there is no file {}."),
        ("x" * 300, "{} cannot be read: File name too long."),
    ],
)
def test_what_is_no_file_is_told_and_not_waited_for(tmp_path: Path, name: str, problem: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    found = content(tmp_path / name)
    assert isinstance(found, Finding)
    assert (found.code, found.problem) == ("invalid_request", problem.format(tmp_path / name))


def test_a_file_that_no_photo_is_as_large_as_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "large.jpg"
    with file.open("wb") as large:
        large.truncate(MOST_BYTES + 1)  # takes no room on the disk
    found = content(file)
    assert isinstance(found, Finding)
    assert (found.code, found.problem) == ("image_too_large", "its file has more than 100,000,000 bytes.")


@pytest.mark.parametrize(("name", "shown"), [("a\nb", r"a\nb'."), ("a\0b", r"a\x00b'."), ("a\udcffb", r"a\udcffb'.")])
def test_a_name_that_is_no_line_of_text_is_told_in_one(tmp_path: Path, name: str, shown: str) -> None:
    found = content(tmp_path / name)
    assert isinstance(found, Finding)
    assert found.problem.endswith(shown)
