"""MediaPipe tells Google how it is used; this has it tell nobody.

MediaPipe 1.2.2 posts the number, kind and duration of its calls, and no picture, to play.googleapis.com: once a minute
and when it is closed, from a thread of each landmarker, by a libcurl inside its own library. It has no option against
it. That libcurl looks up proxies in the environment of C, and gives a post up, before it asks for any name, where the
proxy's scheme is one that it does not know.
"""

import os

_PROXY, _SCHEME = "https_proxy", "none://"
_EXCEPTIONS = ("no_proxy", "NO_PROXY")


def stop() -> None:
    """Stops the posts of this process, to be called at its start, before there are other threads.

    What Python itself posts is not touched: os.environ stays as it is, with the proxies that it may name. But programs
    started without an environment of their own find that proxy in theirs. So only whoever owns the process calls this.
    """
    os.putenv(_PROXY, _SCHEME)  # unlike os.environ, for C alone
    for name in _EXCEPTIONS:
        os.unsetenv(name)
