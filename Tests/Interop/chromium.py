"""A real browser without a window: Chromium, spoken to over a pipe in the DevTools protocol."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from select import select

SECONDS = 60


def program() -> str | None:
    """The Chromium of this machine, if there is one."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Chromium:
    """One browser with one page and a profile of its own."""

    def __init__(self, folder: Path) -> None:
        """Starts the browser; its profile lies in `folder`."""
        to_browser, self.write_end = os.pipe()
        self.read_end, from_browser = os.pipe()

        def pass_pipes() -> None:
            # Either may be 3 or 4 already.
            high = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (to_browser, from_browser)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.process = subprocess.Popen(
            [
                program() or "chromium",
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--remote-debugging-pipe",
                f"--user-data-dir={folder}",
                "about:blank",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=False,
            preexec_fn=pass_pipes,
            start_new_session=True,
        )
        os.close(to_browser)
        os.close(from_browser)
        self.buffer = b""
        self.last = 0
        self.session: str | None = None
        self.problems: list[str] = []
        pages = self.send("Target.getTargets")["targetInfos"]
        target = next(page["targetId"] for page in pages if page["type"] == "page")
        self.session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: object) -> dict:
        """Calls a method of the protocol and returns its result."""
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.last:
                assert "error" not in answer, answer
                return answer["result"]

    def receive(self) -> dict:
        """The next message; what the page complains about is kept."""
        while b"\0" not in self.buffer:
            assert select([self.read_end], [], [], SECONDS)[0], "the browser says nothing"
            chunk = os.read(self.read_end, 1 << 16)
            assert chunk, "the browser has ended"
            self.buffer += chunk
        text, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(text)
        if message.get("method") == "Log.entryAdded" and message["params"]["entry"]["level"] == "error":
            self.problems.append(message["params"]["entry"]["text"])
        if message.get("method") == "Runtime.exceptionThrown":
            self.problems.append(str(message["params"]["exceptionDetails"]))
        return message

    def run(self, script: str) -> object:
        """The value of an expression in the page."""
        return self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)["result"].get(
            "value"
        )

    def wait(self, condition: str) -> None:
        """Waits until an expression is true in the page."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            if self.run(f"document.readyState === 'complete' && Boolean({condition})") is True:
                return
            time.sleep(0.05)
        raise AssertionError(f"never: {condition}\n{self.run('document.body.innerText')}")

    def go(self, url: str) -> None:
        """Goes to a page and waits until it is there."""
        self.run("window.left = true")
        self.send("Page.navigate", url=url)
        self.wait("!window.left")

    def press(self, selector: str, answer: str = "!window.left") -> None:
        """Presses a button and waits for what it brings."""
        self.run("window.left = true")
        self.run(f"document.querySelector({json.dumps(selector)}).click()")
        self.wait(answer)

    def fill(self, selector: str, text: str) -> None:
        """Types into a field."""
        self.run(f"document.querySelector({json.dumps(selector)}).focus()")
        self.run(f"document.querySelector({json.dumps(selector)}).select()")
        self.send("Input.insertText", text=text)

    def look(self, theme: str, width: int = 1280, height: int = 860) -> None:
        """Chooses `light` or `dark` and the size of the window."""
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def picture(self, file: Path) -> None:
        """Saves what the window shows."""
        file.write_bytes(base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"]))

    def close(self) -> None:
        """Ends the browser."""
        self.process.kill()
        self.process.wait()
        os.close(self.write_end)
        os.close(self.read_end)
