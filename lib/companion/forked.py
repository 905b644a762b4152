"""A kernel forked from a process that has imported what notebooks import, in place of one that begins with imports of its own."""

from __future__ import annotations

import atexit
import json
import os
import signal
import threading
import traceback
from importlib.metadata import EntryPoint
from typing import NoReturn

from ipykernel.kernelapp import launch_new_instance
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

NAME = "forked-provisioner"


class Standby:
    """A kernel's process, forked ahead and waiting for its arguments: as much of `subprocess.Popen` as jupyter_client asks for."""

    stdin = stdout = stderr = None

    def __init__(self) -> None:
        arguments, self._pipe = os.pipe()
        self.returncode: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._pipe)
            _become_kernel(arguments)
        os.close(arguments)

    def begin(self, arguments: list[str], folder: str, environment: dict[str, str]) -> None:
        """Let it run as a kernel with these arguments."""
        with os.fdopen(self._pipe, "w", encoding="utf-8") as pipe:
            json.dump({"arguments": arguments, "folder": folder, "environment": environment}, pipe)

    def poll(self) -> int | None:
        """Its exit status, or None while it runs."""
        return self._status(os.WNOHANG)

    def wait(self) -> int:
        """Its exit status, once it has ended."""
        return self._status(0)

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def _status(self, options: int) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, options)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode


class Provisioner(LocalProvisioner):
    """Takes the kernel that stands by where jupyter_client would start a command."""

    standby: Standby

    async def launch_kernel(self, cmd: list[str], **kwargs) -> dict:
        """Let the kernel run with the command's arguments; the connection to it."""
        self.process, self.cwd = self.standby, kwargs.get("cwd") or os.getcwd()
        self.process.begin(cmd[cmd.index("-f") :], self.cwd, kwargs["env"])
        self.pid = self.pgid = self.process.pid
        return self.connection_info


def stand_by() -> None:
    """Fork the kernel of the one notebook that this process will execute; to be called before it has a second thread, which no fork takes along."""
    Provisioner.standby = Standby()
    factory = KernelProvisionerFactory.instance()
    factory.provisioners[NAME] = EntryPoint(NAME, f"{__name__}:{Provisioner.__name__}", factory.GROUP_NAME)
    factory.default_provisioner_name = NAME


def _become_kernel(pipe: int) -> NoReturn:
    """Run as a kernel once arguments come, and end as an interpreter does. Where none come, the worker has ended."""
    status, parent = 1, os.getppid()
    try:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        with os.fdopen(pipe, encoding="utf-8") as given:
            said = given.read()
        if said:
            _run(json.loads(said), parent)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _run(order: dict, parent: int) -> None:
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    launch_new_instance([*order["arguments"], f"--IPKernelApp.parent_handle={parent}"])
    threading._shutdown()
    atexit._run_exitfuncs()
