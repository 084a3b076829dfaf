# SPDX-License-Identifier: BSD-2-Clause
"""A headless Chromium in a machine of the lab, driven over its debugging pipe: JSON messages that end with
a zero octet, on descriptors 3 and 4. Its network is that of the machine."""
import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage", "--remote-debugging-pipe"]
ANSWER_S = 60  # a browser that starts on a busy machine
# Chromium's answers to a script whose page is replaced, for example by a refresh, before the script ends.
PAGE_GONE = ("Execution context was destroyed", "Cannot find default execution context", "Inspected target navigated",
             "Cannot find context with specified id")

# The checks of an accessibility checker that can be computed: contrast by WCAG 2.1, order of headings, a
# language, names of pictures and links, no duplicate ids.
AUDIT = """(() => {
  const found = [];
  const light = c => { const v = c / 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
  const lum = c => 0.2126 * light(c[0]) + 0.7152 * light(c[1]) + 0.0722 * light(c[2]);
  const parse = s => { const m = s.match(/[\\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
  const back = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c[3] > 0) return c; } return [255, 255, 255, 1]; };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n = walker.nextNode(); n; n = walker.nextNode()) {
    const e = n.parentElement, style = getComputedStyle(e);
    if (!n.textContent.trim() || ["SCRIPT", "STYLE"].includes(e.tagName) || !e.getClientRects().length) continue;
    const a = lum(parse(style.color)), b = lum(back(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) found.push("contrast " + ratio.toFixed(2) + ": " + n.textContent.trim().slice(0, 40));
  }
  let level = 0;
  for (const h of document.querySelectorAll("h1,h2,h3,h4,h5,h6")) {
    const now = Number(h.tagName[1]);
    if (now > level + 1) found.push("heading " + h.tagName + " after H" + level);
    if (!h.textContent.trim()) found.push("an empty heading");
    level = now;
  }
  if (document.querySelectorAll("h1").length !== 1) found.push("not one h1");
  if (!document.documentElement.lang) found.push("no language");
  if (!document.title) found.push("no title");
  if (!document.querySelector("main")) found.push("no main");
  for (const e of document.querySelectorAll("img")) if (!e.alt) found.push("an img without alt");
  for (const e of document.querySelectorAll("svg")) if (!e.getAttribute("aria-label")) found.push("an svg without a name");
  for (const e of document.querySelectorAll("a,button")) if (!e.textContent.trim()) found.push("a link without text");
  for (const e of document.querySelectorAll("section")) if (!document.getElementById(e.getAttribute("aria-labelledby")))
    found.push("a section without a name");
  const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
  for (const id of new Set(ids)) if (ids.filter(x => x === id).length > 1) found.push("twice the id " + id);
  return found;
})()"""


class Browser:
    """One tab. `said` has the log of its page and the errors of its scripts."""

    def __init__(self, machine):
        self.home = tempfile.mkdtemp(prefix="chromium-", dir=machine.directory)
        (to_read, self.to), (self.from_, to_write) = self._pipe(), self._pipe()
        # A shell moves the pipes to the descriptors of Chromium. bash accepts numbers of two digits.
        self.process = machine.popen(
            ["bash", "-c", f"exec chromium \"$@\" 3<&{to_read} 4>&{to_write}", "bash", *FLAGS,
             f"--user-data-dir={self.home}", "about:blank"], env={"HOME": self.home},
            pass_fds=(to_read, to_write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.number, self.buffer, self.said = 0, b"", []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = None
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(domain + ".enable")

    session = None

    @staticmethod
    def _pipe():
        """A pipe whose descriptors are not the numbers to which the shell moves them."""
        ends = os.pipe()
        moved = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends)
        for end in ends:
            os.close(end)
        return moved

    def _message(self, until):
        while b"\0" not in self.buffer:
            if not select.select([self.from_], [], [], max(0, until - time.monotonic()))[0]:
                raise TimeoutError("Chromium does not answer")
            part = os.read(self.from_, 1 << 20)
            if not part:
                raise ConnectionError("Chromium has ended")
            self.buffer += part
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **params):
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.to, json.dumps(request).encode() + b"\0")
        until = time.monotonic() + ANSWER_S
        while True:
            message = self._message(until)
            if message.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled",
                                         "Page.javascriptDialogOpening"):
                self.said.append(json.dumps(message["params"]))
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]

    def evaluate(self, script):
        """The value of the script. If the page is replaced before the script ends, the script is run again."""
        until = time.monotonic() + ANSWER_S
        while True:
            try:
                answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
                break
            except RuntimeError as error:
                if not any(text in str(error) for text in PAGE_GONE) or time.monotonic() > until:
                    raise
                time.sleep(0.05)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def size(self, width, height=900):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=width < 600)

    def scheme(self, name):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def open(self, url):
        """Returns when the page is loaded. The page before has a mark, so that it is not taken for the new one."""
        until = time.monotonic() + ANSWER_S
        self.evaluate("window.isOld = true")
        failed = self.call("Page.navigate", url=url).get("errorText")
        while failed or not self.evaluate("!window.isOld && document.readyState === 'complete'"):
            if time.monotonic() > until:
                raise TimeoutError(f"{url} does not load: {failed}")
            time.sleep(0.05)
            if failed:  # by a refresh of the page before, for example
                failed = self.call("Page.navigate", url=url).get("errorText")

    def audit(self):
        return self.evaluate(AUDIT)

    def screenshot(self, path):
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
        with open(path, "wb") as f:
            f.write(base64.b64decode(data))

    def close(self):
        os.close(self.to)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.from_)
        shutil.rmtree(self.home, ignore_errors=True)
