"""Runs LocalStack without Docker, on this machine alone and with its files where we say.

LocalStack 4.13 outside its container has two habits that don't suit a developer's machine, and no setting for either:
it listens on all addresses whatever GATEWAY_LISTEN says, and it keeps objects in one folder that every LocalStack
on the machine shares. Both are put right here before it starts; all else is `python -m localstack.runtime.main`.
"""

import functools
import os

from localstack.runtime import main
from localstack.runtime.server import twisted
from localstack.services.s3 import provider as s3

host, _, _ = os.environ["GATEWAY_LISTEN"].rpartition(":")
twisted.endpoints.TCP4ServerEndpoint = functools.partial(
    twisted.endpoints.TCP4ServerEndpoint, interface=host
)

s3.DEFAULT_S3_TMP_DIR = os.path.join(os.environ["FILESYSTEM_ROOT"], "s3")
os.makedirs(s3.DEFAULT_S3_TMP_DIR, exist_ok=True)

main.main()
