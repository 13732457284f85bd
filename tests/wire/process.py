"""`blup` in a process of its own: as the installed command, or forked from one that has imported it already.

Importing the bot takes seconds of the processor; a fork of a warm process takes none, and runs the same code.
"""

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

BLUP = Path(sys.executable).with_name("blup")
_FORKS = multiprocessing.get_context("forkserver") if sys.platform != "win32" else None
if _FORKS is not None:
    _FORKS.set_forkserver_preload(["bot.cli", "tests.wire.warm", __name__])


@dataclass
class Finished:
    """How a process ended, and what it said."""

    code: int
    out: str
    err: str


@dataclass
class Running:
    """A process that runs, or has run; both of its outputs go to files."""

    process: "subprocess.Popen[bytes] | multiprocessing.process.BaseProcess"
    folder: Path

    def stop(self, by: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal: SIGTERM asks, SIGKILL does not."""
        assert self.process.pid is not None
        os.kill(self.process.pid, by)

    async def ended(self, seconds: float = 10.0) -> Finished:
        """Wait for its end. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while (code := self.code()) is None:  # noqa: ASYNC110 - a process has no event of ours
                await asyncio.sleep(0.02)
        return Finished(code, self.said("out"), self.said("err"))

    def code(self) -> int | None:
        """Return its exit code, once it has ended."""
        process = self.process
        return process.poll() if isinstance(process, subprocess.Popen) else process.exitcode

    def said(self, stream: str) -> str:
        """Return what it has written so far."""
        return (self.folder / stream).read_text("utf-8")

    def bury(self) -> None:
        """End it whatever it does."""
        if self.code() is None:
            self.stop(signal.SIGKILL)
        if isinstance(self.process, subprocess.Popen):
            self.process.wait()
        else:
            self.process.join()
            self.process.close()


@dataclass
class Machine:
    """A machine with one folder, where `blup` is run with these settings."""

    home: Path
    env: Mapping[str, str]
    _begun: list[Running] = field(default_factory=list)

    def start(
        self, *args: str, installed: bool = False, settings: Mapping[str, str] | None = None
    ) -> Running:
        """Begin a command; `installed` takes the true command instead of a warm copy."""
        folder = self.home / f"run-{len(self._begun)}"
        folder.mkdir()
        env = {"HOME": str(self.home), "PATH": os.environ["PATH"], **self.env, **(settings or {})}
        running = Running(_installed(args, env, folder) if installed else _forked(args, env, folder), folder)
        self._begun.append(running)
        return running

    async def blup(self, *args: str, settings: Mapping[str, str] | None = None) -> Finished:
        """Run a command to its end. Raises TimeoutError."""
        return await self.start(*args, settings=settings).ended(60)

    def close(self) -> str:
        """End what still runs. Returns everything that was ever said, for a look at what must not be."""
        said = ""
        for running in self._begun:
            running.bury()
            said += running.said("out") + running.said("err")
        return said


def _installed(args: tuple[str, ...], env: dict[str, str], folder: Path) -> "subprocess.Popen[bytes]":
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        return subprocess.Popen(
            [str(BLUP), *args], env=env, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err
        )


def _forked(
    args: tuple[str, ...], env: dict[str, str], folder: Path
) -> "multiprocessing.process.BaseProcess":
    assert _FORKS is not None
    for stream in ("out", "err"):
        (folder / stream).touch()
    process = _FORKS.Process(target=_be_blup, args=(args, env, folder), daemon=True)
    process.start()
    return process


def _be_blup(args: tuple[str, ...], env: dict[str, str], folder: Path) -> None:
    """Become `blup`, in the forked process."""
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    for number, stream in ((1, "out"), (2, "err")):
        os.dup2(os.open(folder / stream, os.O_WRONLY | os.O_APPEND), number)
    sys.stdout = open(1, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
    sys.argv = ["blup", *args]
    from bot.cli import main

    main()
