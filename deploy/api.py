"""One request to RunPod and its answer.

REST v2 (api.runpod.io) describes endpoints; the queue (api.runpod.ai) takes jobs. Both want the key as a bearer token.
"""

import ipaddress
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import InvalidHeader, MaxRetryError, ReadTimeoutError
from urllib3.util import Retry

from deploy.errors import DeployError

API_URL = "https://api.runpod.io"
QUEUE_URL = "https://api.runpod.ai/v2"

# Seconds that are waited when RunPod asks for it. It counts requests by the minute, the hour and the day; nobody sits
# out the last two.
LONGEST_RETRY_AFTER = 120
_DAY = 24 * 60 * 60
RETRIES = 4
_TEXT_SHOWN = 60

Json = dict[str, Any]
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

    With `show` it is a dry run: every request is shown, only reads are sent, and the first other one raises DryRun.
    """

    def __init__(
        self, url: str, key: str | None, patience: Patience | None = None, show: Callable[[str], None] | None = None
    ) -> None:
        self.patience = patience or Patience()
        self.has_key = bool(key)
        self._url = _safe(url)
        self._key = _usable(key) if key else ""
        self._show = show
        self._session = requests.Session()
        self._session.auth = _Bearer(self._key)
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

    def send(self, request: Request, *needed: str) -> Json:
        """The JSON object that RunPod answers, an empty one when the answer has no body.

        Raises ApiError with RunPod's own title and detail, or why there was no answer, or which of the names that are
        `needed` the answer lacks; never with the key.
        """
        if self._show:
            self._show(self.shown(request))
            if request.method != "GET":
                raise DryRun
        if not self.has_key:
            raise DeployError("RUNPOD_API_KEY is not set: make a key in RunPod's console and export it.")
        try:
            response = self._session.request(
                request.method,
                self._url + request.path,
                json=request.body,
                timeout=(self.patience.connect, self.patience.read),
                allow_redirects=False,  # no answer of RunPod's is one, and the key is for this address
            )
        except requests.RequestException as error:
            raise ApiError(self._without_key(f"{self._named(request)}: {_reason(error)}")) from None
        if not 200 <= response.status_code < 300:
            raise ApiError(self._without_key(f"{self._named(request)}: {_problem(response)}"), response.status_code)
        try:
            answer = response.json() if response.content else {}
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise ApiError(f"{self._named(request)}: the answer is not a JSON object.", response.status_code)
        missing = [name for name in needed if answer.get(name) is None]
        if missing:
            raise ApiError(f"{self._named(request)}: the answer lacks {', '.join(missing)}.", response.status_code)
        return answer

    def shown(self, request: Request) -> str:
        """The request as text: method, address, and the body with long texts, such as photos, cut."""
        body = "" if request.body is None else "\n" + json.dumps(_cut(request.body), indent=2)
        return self._named(request) + body

    def _named(self, request: Request) -> str:
        return f"{request.method} {self._url}{request.path}"

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "[key]")


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
        except InvalidHeader:  # neither seconds nor a date; the backoff does without
            return None
        if seconds is not None and seconds > LONGEST_RETRY_AFTER:
            why = "its rate limit is used up" if response.status == 429 else f"HTTP {response.status}"
            raise ApiError(f"RunPod takes no requests now ({why}): try again in {seconds:.0f} s.", response.status)
        return seconds


def _safe(url: str) -> str:
    """The address without a slash at its end. Raises DeployError when the key would travel in the clear."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        return url.rstrip("/")
    raise DeployError(f"{url}: the key is sent by https only.")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _reason(error: requests.RequestException) -> str:
    cause: object = error.args[0] if error.args else error
    if isinstance(cause, MaxRetryError):  # says what every try ended with, wrapped twice
        cause = cause.reason
    if isinstance(error, requests.Timeout) or isinstance(cause, ReadTimeoutError):
        return "no answer in time."
    return f"no connection: {cause}"


def _problem(response: requests.Response) -> str:
    """The status with RunPod's `title`, `detail` and `errors` (RFC 9457) or its queue's `error`, where it says them."""
    try:
        problem = response.json()
    except ValueError:
        problem = None
    told = problem if isinstance(problem, dict) else {}
    if "title" in told:
        lines = [f"{told['title']}: {told.get('detail')}", *(told.get("errors") or [])]
    else:
        lines = [f"{response.reason}: {told['error']}" if told.get("error") else response.reason]
    return f"HTTP {response.status_code} " + "\n  ".join(map(str, lines)).rstrip()


def _cut(value: object) -> object:
    if isinstance(value, dict):
        return {name: _cut(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_cut(inner) for inner in value]
    if isinstance(value, str) and len(value) > 2 * _TEXT_SHOWN:
        return f"{value[:_TEXT_SHOWN]}... ({len(value)} characters)"
    return value
