"""The worker's endpoint on RunPod, from the command line.

    python -m deploy deploy --image REGISTRY/NAME:TAG    make the endpoint as runpod_config.json describes it
    python -m deploy status                              what runs, and whether it is as described
    python -m deploy call                                measure the demo photos there, and check the angles
    python -m deploy call --front F --side S             measure photos of your own there, and print the answer
    python -m deploy rollback                            go back to the image before
    python -m deploy delete --yes                        delete the endpoint, its queue and its workers

The key is read from RUNPOD_API_KEY and never shown. Ends with 1 when something is not as it should be, and with 2 when
the command cannot be understood.

With --dry-run every request is shown up to the first that changes something, which is not sent. The reads before it are
sent with the key; without it nothing is.
"""

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy import answers, demo, endpoint, jobs, rehearsal
from deploy import config as description
from deploy.api import API_URL, QUEUE_URL, Client, DryRun, Patience
from deploy.config import Config
from deploy.errors import DeployError
from deploy.secrets import Discreet
from posture.wire import arguments

# Characters of an error that are shown: what it says comes from elsewhere.
_ERROR_SHOWN = 4000
# Seconds: RunPod drops a job that no worker has taken after a day.
_LONGEST_WAIT = 24 * 60 * 60


def main(words: Sequence[str] | None = None, patience: Patience | None = None) -> int:
    """The command line; returns the exit status."""
    options = _parser().parse_args(words)
    key = os.environ.get("RUNPOD_API_KEY", "")
    with contextlib.redirect_stdout(Discreet(sys.stdout, key)), contextlib.redirect_stderr(Discreet(sys.stderr, key)):
        try:
            return _run(options, key, patience)
        except DryRun:
            print("dry run: nothing was changed")
            return 0
        except DeployError as error:
            print(f"error: {error}"[:_ERROR_SHOWN], file=sys.stderr)
            return 1


def _run(options: argparse.Namespace, key: str, patience: Patience | None) -> int:
    command: Callable[[argparse.Namespace, Config, Client, Client], int] = options.command
    config = description.load(options.config, getattr(options, "image", None))
    show, known = (print, rehearsal.stand_ins(config)) if options.dry_run else (None, None)
    # RunPod's SDK knows the second variable by the same name.
    api = Client(os.environ.get("RUNPOD_API_URL") or API_URL, key, patience, show, known)
    queue = Client(os.environ.get("RUNPOD_ENDPOINT_BASE_URL") or QUEUE_URL, key, patience, show, known)
    if options.dry_run and not key:
        print(f"RUNPOD_API_KEY is not set: nothing is looked up, and {rehearsal.NAMES} stand for what RunPod knows")
    with api, queue:
        return command(options, config, api, queue)


def deploy(options: argparse.Namespace, config: Config, api: Client, _queue: Client) -> int:
    """Creates the endpoint or changes what differs, waits for the release, and reads back what came."""
    description.require_pinned(config.endpoint.image)
    endpoint.check_catalogue(api, config)
    current = endpoint.find(api, config.endpoint.name)
    if not api.has_key:
        print(f"if there is no {config.endpoint.name} yet, this makes it; else what differs is changed by a PATCH:")
        current = None
    if current is None:
        came = endpoint.create(api, config.endpoint, options.wait)
        print(f"{came['name']} ({came['id']}) is created")
    elif changes := endpoint.changes(config.endpoint, current):
        print(f"{current['name']} ({current['id']}) differs:")
        _list(changes)
        settings = {change.name: change.asked for change in changes}
        came = endpoint.update(api, current, settings, options.wait)
    else:
        print(f"{current['name']} ({current['id']}) is as described: nothing to change")
        came = current
    found = endpoint.faults(config, came)
    if found:
        raise DeployError(
            f"RunPod did not give what was asked for; endpoint {came['id']}:\n  "
            + "\n  ".join(found)
            + "\nNothing was undone. python -m deploy delete --yes deletes the endpoint."
        )
    _describe(came)
    return 0


def status(_options: argparse.Namespace, config: Config, api: Client, _queue: Client) -> int:
    """Shows what runs; returns 1 when it is not as described."""
    came = endpoint.read(api, _existing(config, api)["id"])
    counts = endpoint.workers(api, came["id"])["summary"]
    history = endpoint.releases(api, came["id"])
    if not api.has_key:
        raise DryRun
    _describe(came)
    print(f"workers   {endpoint.in_words(counts)}")
    if history["rollout"]["inProgress"]:
        print(f"rollout   {history['rollout']['percentOnLatest']} % of the workers run the newest release")
    for release in history["releases"][:5]:
        fields = ", ".join(change["field"] for change in release["diff"]) or "no setting"
        print(f"release   {release['createdAt']}  {release['id']}  changed {fields}")
    found = endpoint.faults(config, came)
    if found:
        print("not as runpod_config.json describes it:")
        _list(found)
    return 1 if found else 0


def call(options: argparse.Namespace, config: Config, api: Client, queue: Client) -> int:
    """Measures two photos of your own and prints the answer. Without them measures the first demo pair, and returns 1
    when an angle is off by more than its margin; the margins are those of a request without options.
    """
    own = arguments.photos(options.parser, options)
    asked = arguments.options(options.parser, options)
    truth = demo.truth()
    pair = truth["pairs"][0]
    done = jobs.run(queue, _existing(config, api)["id"], {**(own or demo.photos(pair)), **asked}, options.wait)
    output = done.get("output")
    waited = f"waited {done.get('delayTime', '?')} ms for a worker, measured in {done.get('executionTime', '?')} ms"
    if own:
        print(json.dumps(output, indent=2))
        print(waited, file=sys.stderr)
        return 0 if isinstance(output, dict) and output.get("status") == "success" else 1
    lines, off = demo.compare(pair, truth["margins"], output)
    print("\n".join(lines))
    print(waited)
    print("all as expected" if not off else f"{off} not as expected")
    return 1 if off else 0


def rollback(options: argparse.Namespace, config: Config, api: Client, _queue: Client) -> int:
    """Gives the endpoint the image that its present one replaced; a second rollback takes the first one back."""
    current = endpoint.read(api, _existing(config, api)["id"])
    image = endpoint.image_before(endpoint.releases(api, current["id"]), current.get("image"))
    came = endpoint.update(api, current, {"image": image}, options.wait)
    found = endpoint.differences({"image": image}, came)
    if found:
        raise DeployError(f"RunPod did not take the image; {found[0]}")
    print(f"rolled back from {current.get('image')}")
    _describe(came)
    return 0


def delete(options: argparse.Namespace, config: Config, api: Client, _queue: Client) -> int:
    """Deletes the endpoint with its queue and its workers."""
    current = _existing(config, api)
    if not (options.yes or options.dry_run):
        raise DeployError(
            f"{current['name']} ({current['id']}), its workers and the jobs in its queue would be deleted for good: "
            "say --yes to do so."
        )
    endpoint.delete(api, current["id"])
    print(f"{current['name']} ({current['id']}) is deleted")
    return 0


def _existing(config: Config, api: Client) -> answers.Endpoint:
    found = endpoint.find(api, config.endpoint.name)
    if found is None:
        raise DeployError(f"There is no endpoint named {config.endpoint.name}: python -m deploy deploy makes it.")
    return found


def _describe(came: answers.Endpoint) -> None:
    machines = [f"{cpu['id']} with {cpu['vcpuCount']} vCPUs and {cpu['memory']} GB" for cpu in came.get("cpu", [])]
    limits = came["workers"]
    print(f"endpoint  {came['name']} ({came['id']})")
    print(f"image     {came.get('image')}")
    print(f"machines  {' or '.join(machines) or 'GPU'}")
    print(f"scaling   {limits['min']} to {limits['max']} workers, FlashBoot {came['flashboot']}")
    if "run" in came.get("requestUrls", {}):
        print(f"jobs      {came['requestUrls']['run']}")


def _list(items: Sequence[object]) -> None:
    for item in items:
        print(f"  {item}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deploy", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, default=description.PATH, help="another runpod_config.json")
    common.add_argument("--dry-run", action="store_true", help="show every request; send none that changes anything")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def add(name: str, command: Callable[..., int], help_text: str) -> argparse.ArgumentParser:
        subparser = commands.add_parser(name, parents=[common], help=help_text, description=command.__doc__)
        subparser.set_defaults(command=command)
        return subparser

    deploying = add("deploy", deploy, "make the endpoint as runpod_config.json describes it")
    deploying.add_argument("--image", help="the image to run, instead of the one in runpod_config.json")
    add("status", status, "show what runs, and whether it is as described")
    calling = add("call", call, "measure photos there: your own, or the demo's, whose angles are checked")
    arguments.add(calling)
    calling.set_defaults(parser=calling)
    rolling = add("rollback", rollback, "go back to the image before")
    add("delete", delete, "delete the endpoint").add_argument("--yes", action="store_true", help="really do it")
    for waiting in (deploying, calling, rolling):
        waiting.add_argument("--wait", type=_seconds, default=600, metavar="SECONDS", help="how long (default 600)")
    return parser


def _seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 <= float(text) <= _LONGEST_WAIT:
            return float(text)
    raise argparse.ArgumentTypeError(f"it takes seconds, from 0 to {_LONGEST_WAIT}")


if __name__ == "__main__":
    sys.exit(main())
