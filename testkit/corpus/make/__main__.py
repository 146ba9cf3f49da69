"""Makes the corpus anew, or the groups that are named: `python3 testkit/corpus/make [images ...]`. Run by hand.

It needs Debian 12 with the packages of `packages.txt`, and Python with those of `requirements.txt`; npm's of
`package.json` are installed where CORPUS_NODE says. What can't be made is said; the other files are made all the same.
"""

import importlib
import shutil
import sys

sys.dont_write_bytecode = True
import record  # noqa: E402

GROUPS = ["images", "media", "archives", "programs", "texts", "office", "documents", "others", "disguises"]

for group in sys.argv[1:] or GROUPS:
    importlib.import_module(group)
record.save()
shutil.rmtree(record.WORK)
sys.exit(bool(record.failures))
