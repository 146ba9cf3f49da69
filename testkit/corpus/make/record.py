"""Runs a program, keeps the file that it makes, and notes where the file came from."""

import importlib.metadata
import inspect
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CORPUS = HERE.parent
# The seeds that programs are given, and whatever they leave behind.
WORK = Path(tempfile.mkdtemp(prefix="corpus-"))
OWN = "MIT OR Apache-2.0"
# An npm project with the packages that office.py and documents.py name.
NODE = Path(os.environ.get("CORPUS_NODE", HERE))

files, disguised, failures = [], [], []


def version(program):
    """`ffmpeg` is a command of a Debian package, `py:openpyxl` a Python package, `npm:docx` one of npm."""
    kind, _, name = program.rpartition(":")
    if kind == "py":
        return f"{name} {importlib.metadata.version(name)}"
    if kind == "npm":
        return f"{name} {json.loads((NODE / 'node_modules' / name / 'package.json').read_text())['version']}"
    if program in ("python", "node"):
        tool = sys.executable if program == "python" else "node"
        return f"{program} {run(f'{tool} --version').split()[-1].lstrip('v')}"
    command = Path(shutil.which(program)).resolve()
    package = run(f"dpkg -S {command} 2>/dev/null || dpkg -S {str(command).removeprefix('/usr')}").split(":")[0]
    return f"{package} " + run(f"dpkg-query -W -f '${{Version}}' {package}")


def run(command, **more):
    ran = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=WORK, capture_output=True, timeout=300, **more)
    if ran.returncode != 0:
        raise RuntimeError((ran.stderr or ran.stdout).decode(errors="replace")[-400:])
    return ran.stdout.decode(errors="replace").strip()


def made(path, media_type, program, how, licence=OWN):
    """A file made by a shell command that writes `$out`, or by a function that is given the path."""
    try:
        target = CORPUS / path
        target.parent.mkdir(parents=True, exist_ok=True)
        new = WORK / ("out" + "".join(Path(path).suffixes[-1:]))
        new.unlink(missing_ok=True)
        if callable(how):
            how(new)
            steps = f"make/{inspect.getsourcefile(how).rpartition('/')[2]}"
        else:
            run(how, env={**os.environ, "out": str(new), "LC_ALL": "C.UTF-8"})
            steps = how
        if not new.stat().st_size:
            raise RuntimeError("it is empty")
        shutil.copyfile(new, target)
        files.append((path, media_type, f"{version(program)}: {' '.join(steps.split())}", licence))
    except Exception as error:  # One missing program must not cost the rest of the corpus.
        failures.append(f"{path}: {error}")


def node(path, media_type, package, script):
    """A file made by a script that is given `lib`, the package, and `out`, the path."""
    def run_it(out):
        (WORK / "s.js").write_text(
            f"const lib = require('{NODE}/node_modules/{package}'), out = process.argv[2], fs = require('fs');\n{script}\n")
        run(f"node s.js {out}")
    made(path, media_type, f"npm:{package}", run_it)


def written(path, media_type, content, licence=OWN):
    """A file whose bytes are given."""
    target = CORPUS / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content.encode() if isinstance(content, str) else content)
    files.append((path, media_type, "written by hand", licence))


def hostile(path, claims, really, reason, content, origin="written by hand"):
    """A file that is declared as what it is not: bytes, a function that writes them, or a file of the corpus."""
    try:
        target = CORPUS / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if callable(content):
            content(target)
        elif isinstance(content, Path):
            target.write_bytes(content.read_bytes())
        else:
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        disguised.append((path, claims, really, reason, origin))
    except Exception as error:
        failures.append(f"{path}: {error}")


def of(path):
    """The bytes of a file of the corpus."""
    return (CORPUS / path).read_bytes()


def save():
    """Writes the two lists; what another run made stays in them."""
    for name, head, rows in (
        ("manifest.tsv", "path\tmedia type\torigin\tlicence", files),
        ("disguised.tsv", "path\tdeclared as\twhat it is\treason\torigin", disguised),
    ):
        path = CORPUS / name
        old = [line.split("\t") for line in path.read_text().splitlines()[1:]] if path.exists() else []
        key = (lambda row: row[0]) if name == "manifest.tsv" else (lambda row: (row[0], row[1]))
        merged = {key(row): list(row) for row in old if (CORPUS / row[0]).exists()}
        merged.update({key(row): list(row) for row in rows})
        path.write_text("\n".join([head, *("\t".join(merged[k]) for k in sorted(merged))]) + "\n")
    print(f"{len(files)} files, {len(disguised)} disguises, {len(failures)} failures")
    for failure in failures:
        print("failed:", failure)
