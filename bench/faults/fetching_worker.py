"""The worker, with a host of photos on the loopback interface in the place of the internet.

    FETCH_PORT=... FETCH_AUTHORITY=ca.pem python -m bench.faults.fetching_worker

All names are resolved to one public address, which leads to that port; the authority is trusted. It is
runpod_handler.py in all else.
"""

import os
import ssl

import httpcore

import runpod_handler
from posture.worker import fetch

_PUBLIC = "93.184.215.14"
_PATIENT = 1000.0  # seconds: a host that hangs does so until the job is over


async def _resolve(_host: str, _port: int) -> list[str]:
    return [_PUBLIC]


async def _connect(address: str, _port: int) -> httpcore.AsyncNetworkStream:
    assert address == _PUBLIC
    return await fetch.connect("127.0.0.1", int(os.environ["FETCH_PORT"]))


def _trusted() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(os.environ["FETCH_AUTHORITY"])
    return context


_open = fetch.Fetcher


def _fetcher(room: int) -> fetch.Fetcher:
    return _open(room, _resolve, _connect, _trusted(), _PATIENT)


if __name__ == "__main__":
    vars(fetch)["Fetcher"] = _fetcher
    runpod_handler.main()
