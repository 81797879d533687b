"""The worker's endpoint on RunPod, from the command line.

    python -m deploy deploy --image REGISTRY/NAME:TAG    make the endpoint as runpod_config.json describes it
    python -m deploy status                              what runs, and whether it is as described
    python -m deploy call                                measure the demo photos there, and check the angles
    python -m deploy rollback                            go back to the image before
    python -m deploy delete --yes                        delete the endpoint, its queue and its workers

The key is read from RUNPOD_API_KEY and never shown. Ends with 1 when something is not as it should be.
"""

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy import answers, demo, endpoint
from deploy import config as description
from deploy.api import API_URL, QUEUE_URL, Client, DryRun, Patience
from deploy.config import Config
from deploy.errors import DeployError
from deploy.secrets import Discreet

# Characters of an error that are shown: what it says comes from elsewhere.
_ERROR_SHOWN = 4000


def main(arguments: Sequence[str] | None = None, patience: Patience | None = None) -> int:
    """The command line; returns the exit status."""
    options = _parser().parse_args(arguments)
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
    show = print if options.dry_run else None
    # RunPod's SDK knows the second variable by the same name.
    api = Client(os.environ.get("RUNPOD_API_URL") or API_URL, key, patience, show)
    queue = Client(os.environ.get("RUNPOD_ENDPOINT_BASE_URL") or QUEUE_URL, key, patience, show)
    with api, queue:
        return command(options, config, api, queue)


def deploy(options: argparse.Namespace, config: Config, api: Client, _queue: Client) -> int:
    """Creates the endpoint or changes what differs, waits for the release, and reads back what came."""
    description.require_pinned(config.endpoint.image)
    current = None
    if api.has_key or not options.dry_run:
        endpoint.check_catalogue(api, config)
        current = endpoint.find(api, config.endpoint.name)
    else:
        print("RUNPOD_API_KEY is not set, so that nothing can be looked up; this would make a new endpoint:")
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
    _describe(came)
    print(f"workers   {endpoint.in_words(endpoint.workers(api, came['id'])['summary'])}")
    history = endpoint.releases(api, came["id"])
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
    """Sends the first demo pair; returns 1 when an angle is off by more than its margin."""
    truth = demo.truth()
    pair = truth["pairs"][0]
    done = demo.run(queue, _existing(config, api)["id"], demo.job(pair), options.wait)
    lines, off = demo.compare(pair, truth["margins"], done.get("output"))
    print("\n".join(lines))
    print(f"waited {done.get('delayTime', '?')} ms for a worker, measured in {done.get('executionTime', '?')} ms")
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
    calling = add("call", call, "measure the demo photos there, and check the angles")
    rolling = add("rollback", rollback, "go back to the image before")
    add("delete", delete, "delete the endpoint").add_argument("--yes", action="store_true", help="really do it")
    for waiting in (deploying, calling, rolling):
        waiting.add_argument("--wait", type=float, default=600, metavar="SECONDS", help="how long (default 600)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
