import pytest
from runpod.serverless.modules import rp_logger

from posture import cores
from posture.worker import settings
from posture.worker.settings import JOBS_PER_LANDMARKER, VARIABLES, SettingsError, read


def test_without_any_a_landmarker_a_core_and_places_for_what_they_do_in_a_second() -> None:
    assert read({}) == settings.Settings(cores.available(), JOBS_PER_LANDMARKER * cores.available(), "none")


def test_landmarkers_and_places_come_from_the_environment() -> None:
    assert read({"POSTURE_LANDMARKERS": "3"}).landmarkers == 3
    assert read({"POSTURE_LANDMARKERS": "3"}).concurrency == 3 * JOBS_PER_LANDMARKER
    assert read({"POSTURE_LANDMARKERS": "3", "POSTURE_CONCURRENCY": "5"}).concurrency == 5
    assert read({"POSTURE_CALIBRATION": "anatomical"}).calibration == "anatomical"


def test_times_come_from_the_environment_and_are_those_of_the_documents_without_it() -> None:
    for environment, times in (
        ({}, (60, 30)),
        ({"POSTURE_JOB_TIMEOUT": "7"}, (7, 30)),
        ({"POSTURE_GRACE": "7"}, (60, 7)),
    ):
        told = read({**environment, "POSTURE_LANDMARKERS": "1"})
        assert (told.job_timeout, told.grace) == times
    defaults = {variable.name: variable.default for variable in VARIABLES}
    assert (defaults["POSTURE_JOB_TIMEOUT"], defaults["POSTURE_GRACE"]) == ("60", "30")


def test_the_log_levels_are_the_sdks() -> None:
    assert list(settings.LOG_LEVELS) == rp_logger.LOG_LEVELS


@pytest.mark.parametrize("name", ["POSTURE_LANDMARKERS", "POSTURE_CONCURRENCY", "POSTURE_JOB_TIMEOUT", "POSTURE_GRACE"])
@pytest.mark.parametrize("text", ["0", "-1", "2.5", "many", "", "²"])
def test_what_is_no_positive_number_is_told_in_a_sentence(name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} must be a positive whole number"):
        read({name: text})


@pytest.mark.parametrize("text", ["", "None", "some"])
def test_a_calibration_that_there_is_not_is_told_in_a_sentence(text: str) -> None:
    with pytest.raises(SettingsError, match="POSTURE_CALIBRATION must be one of none, anatomical, not"):
        read({"POSTURE_CALIBRATION": text})


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("", set()),
        (" ", set()),
        ("bucket.s3.eu-central-1.amazonaws.com", {("bucket.s3.eu-central-1.amazonaws.com", 443)}),
        ("a.example, B.example:8443 ,a.example", {("a.example", 443), ("b.example", 8443)}),
    ],
)
def test_hosts_of_photos_are_exact_names_and_ports(text: str, hosts: set[tuple[str, int]]) -> None:
    assert read({"POSTURE_URL_HOSTS": text}).url_hosts == hosts
    assert read({}).url_hosts == set()


@pytest.mark.parametrize(
    "text", ["*", "*.example.com", "a.example,", "a.example b.example", "https://a.example", "10.0.0.1"]
)
def test_hosts_of_photos_that_are_no_exact_names_are_told_in_a_sentence(text: str) -> None:
    with pytest.raises(
        SettingsError, match="POSTURE_URL_HOSTS must be exact names of hosts separated by commas, such as"
    ):
        read({"POSTURE_URL_HOSTS": text})


def test_the_hubs_defaults_and_ends_are_taken() -> None:
    for variable in VARIABLES:
        for value in (*(variable.numbers or ()), *variable.choices.values()):
            read({variable.name: str(value)})
    offered = {variable.name: variable.numbers for variable in VARIABLES if variable.numbers}
    landmarkers, concurrency = (offered[name] for name in ("POSTURE_LANDMARKERS", "POSTURE_CONCURRENCY"))
    assert landmarkers is not None
    assert concurrency is not None
    assert read({"POSTURE_LANDMARKERS": str(landmarkers[2])}).concurrency == concurrency[2]
