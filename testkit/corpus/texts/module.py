"""A module."""

import os


def two():
    return 2
