"""Compares docker-compose.yml with what ./dev runs, where the two can't read the same file.

The containers were never started on the machines this is developed on, which have no Docker engine; what does run there
is ./dev. So every value that both have must be the same. Called by `./dev check` with the output of `./dev settings`.
"""

import re
import sys
from pathlib import Path

from ruamel.yaml import YAML

# Where things are: each has its own, and must have it.
ADDRESSES = {
    "SLUICE_API_LISTEN",
    "SLUICE_WORKER_LISTEN",
    "SLUICE_DATABASE_URL",
    "SLUICE_S3_ENDPOINT",
    "SLUICE_S3_PUBLIC_ENDPOINT",
    "SLUICE_SQS_ENDPOINT",
    "SLUICE_SQS_QUEUE_URL",
    "SLUICE_SQS_DLQ_URL",
    "SLUICE_POLICIES",
}


def main():
    complaints = list(complain(Path(sys.argv[1]).read_text()))
    for complaint in complaints:
        print(complaint)
    if not complaints:
        print("docker-compose.yml and Dockerfile agree with ./dev.")
    sys.exit(bool(complaints))


def complain(settings_of_dev):
    services = YAML(typ="safe").load(Path("docker-compose.yml"))["services"]
    dev = environment(settings_of_dev)
    dev_script = Path("dev").read_text()

    pinned = find(r"^localstack-core==(.+)$", Path("localstack/requirements.txt").read_text())
    image = services["localstack"]["image"]
    if image != f"localstack/localstack:{pinned}":
        yield f"LocalStack is {pinned} in requirements.txt, and {image} in docker-compose.yml."

    if "localstack/localstack.env" not in env_files(services["localstack"]):
        yield "localstack doesn't read localstack/localstack.env."

    oldest = int(find(r"POSTGRES_OLDEST=(\d+)", dev_script))
    postgres = int(find(r"^postgres:(\d+)", services["postgres"]["image"]))
    if postgres < oldest:
        yield f"Postgres is {postgres} in docker-compose.yml, and at least {oldest} in ./dev."

    for name in ("api", "worker"):
        yield from complain_of(name, services[name], dev)

    worker_stop = int(find(r"WORKER_STOP_SECONDS=(\d+)", dev_script))
    grace = services["worker"]["stop_grace_period"]
    if grace != f"{worker_stop}s":
        yield f"The worker may take {worker_stop} s to stop under ./dev, and {grace} in docker-compose.yml."

    rust = find(r'^rust-version = "(.+)"', Path("Cargo.toml").read_text())
    builder = find(r"^FROM rust:([\d.]+)", Path("Dockerfile").read_text())
    if builder != rust:
        yield f"Rust is {rust} in Cargo.toml, and {builder} in the Dockerfile."


def complain_of(name, service, dev):
    """The settings of one of our two processes: all that ./dev sets, from the same file, and the same where it isn't an address."""
    if "localstack/sluice.env" not in env_files(service):
        yield f"{name} doesn't read localstack/sluice.env."
    shared = environment(Path("localstack/sluice.env").read_text())
    own = service["environment"]
    # Each listens for itself.
    other = {"api": "SLUICE_WORKER_LISTEN", "worker": "SLUICE_API_LISTEN"}[name]
    for setting, value in dev.items():
        if setting == other:
            continue
        if setting in ADDRESSES:
            if setting not in own:
                yield f"{name} has no {setting}, which ./dev sets."
        elif {**shared, **own}.get(setting) != value:
            yield f"{name} has {setting}={own.get(setting)}, and ./dev {value}."
    for setting in own:
        if setting not in dev:
            yield f"{name} has {setting}, which ./dev doesn't set."
    # The addresses differ in the host and the port; a queue is the same queue.
    for setting in ("SLUICE_SQS_QUEUE_URL", "SLUICE_SQS_DLQ_URL"):
        queues = [url.partition("/queue/")[2] for url in (own.get(setting, ""), dev[setting])]
        if queues[0] != queues[1]:
            yield f"{name} has the queue {queues[0]} as {setting}, and ./dev {queues[1]}."
    policies = Path(dev["SLUICE_POLICIES"]).name
    mounted = [volume for volume in service.get("volumes", []) if f"/{policies}:" in volume]
    if not mounted or own.get("SLUICE_POLICIES") != mounted[0].split(":")[1]:
        yield f"{name} doesn't read localstack/{policies}, as under ./dev."


def environment(text):
    lines = (line for line in text.splitlines() if re.match(r"[A-Z]", line))
    return dict(line.split("=", 1) for line in lines)


def env_files(service):
    files = service.get("env_file", [])
    return [files] if isinstance(files, str) else files


def find(pattern, text):
    found = re.search(pattern, text, re.MULTILINE)
    if not found:
        sys.exit(f"compose_agrees.py finds nothing that looks like {pattern}: bring it up to date.")
    return found.group(1)


if __name__ == "__main__":
    main()
