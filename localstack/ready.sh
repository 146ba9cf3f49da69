#!/bin/sh
# What LocalStack's container runs when it is up (see docker-compose.yml). A shell script, because LocalStack
# executes a Python one inside its own process, where it isn't `__main__`.
exec python3 /opt/sluice/provision.py --endpoint http://127.0.0.1:4566
