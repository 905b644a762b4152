"""`make env`: builds the locked environment. Needs nothing but Python's standard library.

    python3 lib/companion/environment.py [EXTRA]
    python3 lib/companion/environment.py --add EXTRA ...

`.venv` gets the packages of requirements.lock, by uv where that is installed, else by pip. With the name of an extra
(`bench`, `dev`, ...) `.venv-EXTRA` gets these and the extra's own, by pip, whose settings say where torch comes from.
With `--add`, `.venv` itself gets the extras beside the locked packages, and keeps them when it is built anew.

An environment is ready when it holds a stamp named by the lock, the interpreter and the folder; an added extra has a
stamp of its own. A stamp is removed before anything is touched and written last, so what was interrupted is done anew.
Where the stamps are there, nothing is done and no network is needed.
"""

import compileall
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
PIP = ("-m", "pip", "install", "-qq", "--no-compile", "--disable-pip-version-check", "--no-input")
LAYOUT = "2"  # to be changed with `finish`: environments of another layout are built anew
SCRIPT = """#!{python}
import sys

from stalegrad.cli import main

if __name__ == "__main__":
    sys.exit(main())
"""


def main(arguments, root):
    """Build what is missing; the exit status."""
    if sys.version_info < OLDEST:
        found = "{}.{}".format(*sys.version_info)
        print(f"error: Python 3.11 or newer is needed, and this one is {found}; try: make PYTHON=python3.12", file=sys.stderr)
        return 1
    try:
        if arguments[:1] == ["--add"]:
            add(root, arguments[1:])
        else:
            prepare(root, arguments[0] if arguments else "")
    except (ValueError, OSError, subprocess.CalledProcessError) as error:
        print(f"error: the environment is not ready: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the next run builds the environment anew", file=sys.stderr)
        return 130
    return 0


def prepare(root, extra="", run=subprocess.check_call):
    """Make the environment in `root` ready, and return its folder. `run` carries out an installer's command."""
    requirements = requirements_of(root, extra)
    folder = root / (f".venv-{extra}" if extra else ".venv")
    stamp = folder / f"ready-{key(root, folder, requirements)}"
    if stamp.exists():
        return folder
    with alone(root / f"{folder.name}.lock"):
        if not stamp.exists():  # another process may have built it meanwhile
            kept = added(folder)
            build(root, folder, requirements, run)
            for name in kept:
                install_extra(root, folder, name, run)
            stamp.touch()
    return folder


def add(root, names, run=subprocess.check_call):
    """Make `.venv` ready and give it the extras `names`, those that it lacks; the folder."""
    wanted = {name: extra_stamp(root, root / ".venv", name) for name in names}  # an unknown extra is refused before anything is built
    folder = prepare(root, run=run)
    with alone(root / f"{folder.name}.lock"):
        for name, stamp in wanted.items():
            if not stamp.exists():
                install_extra(root, folder, name, run)
    return folder


def added(folder):
    """Names of the extras that `.venv` has been given."""
    return sorted(stamp.name.split("-")[1] for stamp in folder.glob("extra-*"))


def extra_stamp(root, folder, name):
    """The stamp of an extra, named by what the extra requires."""
    digest = hashlib.sha256("\0".join(requirements_of(root, name)).encode()).hexdigest()[:16]
    return folder / f"extra-{name}-{digest}"


def install_extra(root, folder, name, run):
    """Install the requirements of an extra beside what the environment holds."""
    requirements, python = requirements_of(root, name), str(folder / "bin" / "python")
    print(f"adding the extra {name} to {folder.name}: {', '.join(requirements)}", file=sys.stderr, flush=True)
    if not any(folder.glob("lib/python*/site-packages/pip")):  # uv leaves it out
        run([python, "-m", "ensurepip"])
    run([python, *PIP, *requirements])
    compile_packages(folder)
    extra_stamp(root, folder, name).touch()


def requirements_of(root, extra):
    """The requirements of an extra, as pyproject.toml states them; none for no extra."""
    if not extra:
        return []
    import tomllib

    extras = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    if extra not in extras:
        raise ValueError(f"no extra {extra!r} in pyproject.toml; it has: {', '.join(extras)}")
    return extras[extra]


def key(root, folder, requirements):
    """What an environment was built from: lock, extra's requirements, interpreter, and its place, which its scripts name."""
    parts = [(root / "requirements.lock").read_bytes()]
    parts += [text.encode() for text in (LAYOUT, *requirements, sys.version, str(folder))]
    return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:16]


def alone(path):
    """An open file that holds the lock on `path` for as long as it is open: one build at a time."""
    import fcntl

    handle = path.open("w")
    fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def build(root, folder, requirements, run):
    """Create the environment from nothing."""
    for stamp in folder.glob("ready-*"):
        stamp.unlink()
    shutil.rmtree(folder, ignore_errors=True)
    import venv

    uv, python = shutil.which("uv"), folder / "bin" / "python"
    print(f"building {folder.name} with {'uv' if uv else 'pip; this takes a minute or two'}", file=sys.stderr, flush=True)
    venv.create(folder, symlinks=True, with_pip=not uv or bool(requirements))
    pip = [str(python), *PIP]
    install = [uv, "pip", "install", "--quiet", "--python", str(python)] if uv else pip
    run([*install, "--require-hashes", "--no-deps", "--requirement", str(root / "requirements.lock")])
    if requirements:
        run([*pip, *requirements])
    compile_packages(folder)
    finish(root, folder)


def compile_packages(folder):
    """Bytecode of all packages but for their tests, by all processors: pip would use one, and uv leaves it to the first imports."""
    for packages in folder.glob("lib/python*/site-packages"):
        compileall.compile_dir(packages, quiet=2, workers=0, rx=re.compile(r"site-packages[\\/].*[\\/]tests?[\\/]"))


def finish(root, folder):
    """Make the project importable in the environment, and give it the command `stalegrad`."""
    version = "python{}.{}".format(*sys.version_info)
    (folder / "lib" / version / "site-packages" / "stalegrad.pth").write_text(f"{root / 'lib'}\n", encoding="utf-8")
    script = folder / "bin" / "stalegrad"
    script.write_text(SCRIPT.format(python=folder / "bin" / "python"), encoding="utf-8")
    script.chmod(0o755)


if __name__ == "__main__":
    # The interpreter of an active environment is a stand-in: what is built must outlive that environment.
    base = getattr(sys, "_base_executable", sys.executable)
    if sys.prefix != sys.base_prefix and os.path.exists(base) and base != sys.executable:
        os.execv(base, [base, *sys.argv])
    sys.exit(main(sys.argv[1:], Path(__file__).resolve().parents[2]))
