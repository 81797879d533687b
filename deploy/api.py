"""One request to RunPod and its answer.

REST v2 (api.runpod.io) describes endpoints; the queue (api.runpod.ai) takes jobs. Both want the key as a bearer token.
"""

import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, TypeVar, cast

import requests
from pydantic import TypeAdapter, ValidationError
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.exceptions import ChunkedEncodingError, ContentDecodingError
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError, InvalidHeader, MaxRetryError, ReadTimeoutError
from urllib3.util import Retry

from deploy.errors import DeployError, found
from deploy.secrets import hide

API_URL = "https://api.runpod.io"
QUEUE_URL = "https://api.runpod.ai/v2"

# Seconds that are waited when RunPod asks for it. It counts requests by the minute, the hour and the day; nobody sits
# out the last two.
LONGEST_RETRY_AFTER = 120
_DAY = 24 * 60 * 60
RETRIES = 4
# Bytes of an answer that are read, unpacked: some thousand endpoints, or a hundred answers of jobs with landmarks.
LARGEST_ANSWER = 8_000_000
_TEXT_SHOWN = 60
# Characters below which a value of the environment is no secret, and as a word of RunPod's stands for something else.
_SHORTEST_SECRET = 4
# No name, password or query, which may be secrets, and nothing that two readers could take for two hosts.
_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(\[(?P<v6>[0-9A-Fa-f:]+)\]|(?P<host>[A-Za-z0-9.-]+))(:[0-9]+)?(/[\w./~-]*)?"
)

Json = dict[str, Any]
Answer = TypeVar("Answer")
Method = Literal["GET", "POST", "PATCH", "DELETE"]


@dataclass(frozen=True)
class Request:
    """A method, a path below one of the two addresses, and a JSON body."""

    method: Method
    path: str
    body: Json | None = None


class ApiError(DeployError):
    """RunPod refused a request or could not be reached; `status` is HTTP's, or None when there was no answer."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status


class DryRun(Exception):  # noqa: N818  it is how a dry run ends, not an error
    """A dry run has come to the request that would change something, and has shown it."""


@dataclass(frozen=True)
class Patience:
    """How long is waited, in seconds: `connect` and `read` for one request, which is tried again after `backoff`,
    twice and four times that; `between` two looks at something that takes its time.
    """

    connect: float = 10
    read: float = 30
    backoff: float = 0.5
    between: float = 5


class Client:
    """Sends requests to one of RunPod's addresses.

    A read, a change that sets values and a deletion are tried again after 5xx and lost connections. A POST may have
    been carried out by then, so it is tried again only after 429, or when it was never sent.

    The key goes to the address alone: no redirection is followed, and what is on this machine is asked without a proxy,
    which would read the key. With https a proxy sees only where a request goes.

    With `show` it is a dry run: every request is shown, only reads are sent, and the first other one raises DryRun.
    Without a key nothing is sent, and reads are answered by `stand_ins`, an answer for each shape.
    """

    def __init__(
        self,
        url: str,
        key: str | None,
        patience: Patience | None = None,
        show: Callable[[str], None] | None = None,
        stand_ins: Mapping[Any, Json] | None = None,
    ) -> None:
        self.patience = patience or Patience()
        self.has_key = bool(key)
        self._url, on_this_machine = _safe(url)
        self._key = _usable(key) if key else ""
        self._show = show
        self._stand_ins = stand_ins or {}
        self._session = requests.Session()
        self._session.auth = _Bearer(self._key)
        self._session.trust_env = not on_this_machine
        retry = _Retry(
            total=RETRIES,
            status_forcelist=(500, 502, 503, 504),
            allowed_methods=("GET", "PATCH", "DELETE"),
            backoff_factor=self.patience.backoff,
            raise_on_status=False,
            retry_after_max=_DAY,
        )
        self._session.mount(self._url, HTTPAdapter(max_retries=retry))

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        self._session.close()

    def send(self, request: Request, shape: type[Answer]) -> Answer:
        """The JSON object that RunPod answers, an empty one when the answer has no body.

        Raises ApiError with RunPod's own title and detail, or why there was no answer, or what of the answer is not of
        the `shape`; never with the key or a value of the environment.
        """
        if self._show:
            self._show(self.shown(request))
            if request.method != "GET":
                raise DryRun
            if not self.has_key:
                return self.checked(request, self._stand_ins[shape], shape)
        if not self.has_key:
            raise DeployError("RUNPOD_API_KEY is not set: make a key in RunPod's console and export it.")
        try:
            with self._session.request(
                request.method,
                self._url + request.path,
                json=request.body,
                timeout=(self.patience.connect, self.patience.read),
                allow_redirects=False,  # no answer of RunPod's is one, and the key is for this address
                stream=True,
            ) as response:
                status, reason, body = response.status_code, response.reason, _read(response)
        except (requests.RequestException, HTTPError) as error:
            raise self._error(request, _reason(error)) from None
        if len(body) > LARGEST_ANSWER:
            raise self._error(request, f"the answer has more than {LARGEST_ANSWER:,} bytes.", status)
        answer = _parsed(body) if body else {}
        if not 200 <= status < 300:
            raise self._error(request, _problem(status, reason, answer), status)
        return self.checked(request, answer, shape, status)

    def checked(self, request: Request, answer: object, shape: type[Answer], status: int | None = None) -> Answer:
        """The answer to a request, or a part of it, if it has the shape. Raises ApiError."""
        if not isinstance(answer, dict):
            raise self._error(request, "the answer is not a JSON object.", status)
        try:
            TypeAdapter(shape).validate_python(answer, strict=True)
        except ValidationError as error:
            raise self._error(request, f"the answer is not as RunPod documents it:{found(error)}", status) from None
        return cast("Answer", answer)

    def _error(self, request: Request, text: str, status: int | None = None) -> ApiError:
        """About a request, in a text that may repeat what was sent."""
        text = hide(f"{self._named(request)}: {text}", self._key, "[key]")
        for name, value in (request.body or {}).get("env", {}).items():
            if len(value) >= _SHORTEST_SECRET:
                text = hide(text, value, f"[{name}]")
        return ApiError(text, status)

    def shown(self, request: Request) -> str:
        """The request as text: method, address, and the body without the values of the environment, which may be
        secrets, and with long texts, such as photos, cut.
        """
        if request.body is None:
            return self._named(request)
        body = dict(request.body)
        if "env" in body:
            body["env"] = dict.fromkeys(body["env"], "[hidden]")
        return f"{self._named(request)}\n{json.dumps(_cut(body), indent=2)}"

    def _named(self, request: Request) -> str:
        return f"{request.method} {self._url}{request.path}"


def _usable(key: str) -> str:
    """The key, if it can stand in a header; what cannot would be shown in the library's error. Raises DeployError."""
    if not re.fullmatch(r"[!-~]+", key):
        raise DeployError("RUNPOD_API_KEY holds a blank, a line break or another character that no key has.")
    return key


class _Bearer(AuthBase):
    """The key as a header; set this way, an entry in ~/.netrc does not take its place."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


class _Retry(Retry):
    """What was refused for its rate was not carried out, so every method may be sent again after 429."""

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:  # noqa: FBT001, FBT002
        return status_code == 429 or super().is_retry(method, status_code, has_retry_after)

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        try:
            seconds = super().get_retry_after(response)
        except (InvalidHeader, ValueError, OverflowError):  # neither seconds nor a date; the backoff does without
            return None
        if seconds is not None and seconds > LONGEST_RETRY_AFTER:
            why = "its rate limit is used up" if response.status == 429 else f"HTTP {response.status}"
            raise ApiError(f"RunPod takes no requests now ({why}): try again in {seconds:.0f} s.", response.status)
        return seconds


def _safe(url: str) -> tuple[str, bool]:
    """The address without a slash at its end, and whether it is this machine's.

    Raises DeployError, which does not show it, when the key would travel in the clear.
    """
    parts = _ADDRESS.fullmatch(url)
    on_this_machine = parts is not None and _is_loopback(parts["v6"] or parts["host"])
    if parts and (parts["scheme"] == "https" or on_this_machine):
        return url.rstrip("/"), on_this_machine
    raise DeployError(
        "RUNPOD_API_URL or RUNPOD_ENDPOINT_BASE_URL is not like https://HOST/PATH, without name, password or query: "
        "the key is sent by https only, to this machine also by http."
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read(response: requests.Response) -> bytes:
    """The body; of one that is too large, little more than may be read."""
    body = bytearray()
    for piece in response.iter_content(65_536):
        body += piece
        if len(body) > LARGEST_ANSWER:
            break
    return bytes(body)


def _parsed(body: bytes) -> object:
    """What a text says as JSON; None where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _reason(error: requests.RequestException | HTTPError) -> str:
    """Why there is no answer."""
    if isinstance(error, ChunkedEncodingError):
        return "the answer broke off."
    if isinstance(error, ContentDecodingError):
        return "the answer cannot be unpacked."
    cause: object = error.args[0] if error.args else error
    if isinstance(cause, MaxRetryError):  # says what every try ended with, wrapped twice
        cause = cause.reason
    if isinstance(error, requests.Timeout) or isinstance(cause, ReadTimeoutError):
        return "no answer in time."
    return f"no connection: {cause}"


def _problem(status: int, reason: str | None, answer: object) -> str:
    """The status with RunPod's `title`, `detail` and `errors` (RFC 9457) or its queue's `error`, where it says them."""
    told = answer if isinstance(answer, dict) else {}
    errors = told.get("errors")
    if "title" in told:
        lines = [f"{told['title']}: {told.get('detail')}", *(errors if isinstance(errors, list) else [])]
    else:
        lines = [f"{reason}: {told['error']}" if told.get("error") else reason or ""]
    return f"HTTP {status} " + "\n  ".join(map(str, lines)).rstrip()


def _cut(value: object) -> object:
    if isinstance(value, dict):
        return {name: _cut(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_cut(inner) for inner in value]
    if isinstance(value, str) and len(value) > 2 * _TEXT_SHOWN:
        return f"{value[:_TEXT_SHOWN]}... ({len(value)} characters)"
    return value
