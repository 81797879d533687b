"""The RunPod worker: takes jobs, answers with posture angles.

    python runpod_handler.py                   measures test_input.json and ends
    python runpod_handler.py --rp_serve_api    serves /run, /runsync and /status on this machine
    on RunPod                                  takes the endpoint's jobs until it is stopped

Its settings are in posture/worker/settings.py.
"""

import os
import sys

import posture
from posture import startup
from posture.models import metrics
from posture.worker import settings
from posture.worker.pool import open_pool

metrics.stop()
try:
    os.environ["RUNPOD_LOG_LEVEL"] = settings.log_level()  # which the SDK reads when it is imported
except settings.SettingsError as error:
    sys.exit(f"The worker cannot start: {error}")


# The model is loaded while the SDK is imported.
_opened_model = startup.ahead(open_pool) if __name__ == "__main__" else open_pool

with startup.lean("runpod"):
    import runpod
    from runpod.serverless.modules.rp_logger import RunPodLogger

from posture.worker import sdk
from posture.worker.worker import Worker

_worker = Worker(_opened_model, settings.read, RunPodLogger())
handler = _worker.handle
close = _worker.close


def main() -> None:
    """Loads the model, then works until the platform, or whoever started it, stops the worker."""
    try:
        told = settings.read()
        sdk.mend(_worker, told.landmarkers, told.grace)
        _worker.pool()  # before the SDK forks its heartbeat: nothing else may be at work then
        runpod.serverless.start({"handler": handler, "concurrency_modifier": lambda _current: told.concurrency})
    except (posture.ModelError, posture.NotInstalledError, settings.SettingsError) as error:
        sys.exit(f"The worker cannot start: {error}")
    finally:
        if _worker.hung:
            sdk.end(1)  # Python would wait for MediaPipe's threads
        close()


if __name__ == "__main__":
    main()
