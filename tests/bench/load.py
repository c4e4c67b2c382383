"""The load: wrk with one thread, which checks every answer and says what it saw."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

LOAD_CORE = 1
_PASS_SECONDS = 60

_SCRIPT = """
local ffi = require("ffi")
ffi.cdef("int getpid(void); int kill(int pid, int number);")
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
%(headers)s
wrk.body = %(body)s
right = {%(answers)s}
limit = %(limit)d
wrong, answered, requests, at = 0, 0, {}, 0

local main
function setup(thread) main = thread end

function response(status, headers, body)
  answered = answered + 1
  if status ~= 200 or not right[body] then wrong = wrong + 1 end
  -- Interrupted, wrk ends its window before the time and reports as ever.
  if answered == limit then ffi.C.kill(ffi.C.getpid(), 2) end
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    'FIGURES {"requests":%%d,"wrong":%%d,"errors":%%d,"seconds":%%f,"p50_us":%%d,"p99_us":%%d}\\n',
    summary.requests, main:get("wrong"), e.connect + e.read + e.write + e.timeout,
    summary.duration / 1e6, latency:percentile(50), latency:percentile(99)))
end
"""
_MANY_TOKENS = """
function init()
  for token in io.lines("%s") do
    requests[#requests + 1] = wrk.format(nil, "%s", {
      ["Content-Type"] = "application/json", ["Host"] = "127.0.0.1",
      ["Authorization"] = "Bearer " .. token})
  end
end

function request()
  at = at %% #requests + 1
  return requests[at]
end
"""


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked again and again, and the right answers (200, byte for byte).

    Attributes:
        path: Request target.
        body: JSON text, or JSON with binary tensors behind it.
        answers: Bodies of the right answers: one, or one a version.
        headers: Besides the content type.
        tokens: Where there are any, each request bears the next of them, round and round.
    """

    path: str
    body: str | bytes
    answers: Sequence[str | bytes]
    headers: Mapping[str, str]
    tokens: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """What wrk saw in one window; latencies in microseconds."""

    requests: int
    wrong: int
    errors: int
    seconds: float
    p50_us: int
    p99_us: int

    @property
    def is_void(self) -> bool:
        """Whether the window does not count."""
        return self.wrong > 0 or self.errors > 0 or self.requests == 0


class Runs(Protocol):
    """A load that can be run."""

    def run(self, connections: int, seconds: int) -> Seen:
        """Load for some seconds."""
        ...


class Load:
    """A prepared load on one address."""

    def __init__(self, folder: Path, name: str, url: str, call: Call) -> None:
        """Write the script.

        Args:
            folder: Where scripts and tokens may be written.
            name: Of the files there.
            url: Scheme, host and port.
            call: What to ask.
        """
        self._url = url + call.path
        self._script = folder / f"{name}.lua"
        self._pass_script = folder / f"{name}-pass.lua"
        more = ""
        if call.tokens:
            tokens = folder / f"{name}.tokens"
            tokens.write_text("".join(f"{token}\n" for token in call.tokens))
            more = _MANY_TOKENS % (tokens, call.path)
        headers = "\n".join(f'wrk.headers["{key}"] = "{at}"' for key, at in call.headers.items())
        answers = ", ".join(f"[{_lua(answer)}] = true" for answer in call.answers)
        fields = {"headers": headers, "body": _lua(call.body), "answers": answers}
        self._script.write_text(_SCRIPT % {**fields, "limit": 0} + more)
        self._pass_script.write_text(_SCRIPT % {**fields, "limit": len(call.tokens)} + more)

    def run(self, connections: int, seconds: int) -> Seen:
        """Load for some seconds."""
        return self._wrk(self._script, connections, seconds)

    def run_through(self, connections: int) -> Seen:
        """Use every token once."""
        return self._wrk(self._pass_script, connections, _PASS_SECONDS)

    def _wrk(self, script: Path, connections: int, seconds: int) -> Seen:
        command = [
            *("taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{connections}"),
            *(f"-d{seconds}s", "-s", str(script), self._url),
        ]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        _, found, figures = output.partition("FIGURES ")
        if not found:
            raise SystemExit(f"wrk said nothing:\n{output}")
        return Seen(**json.loads(figures))


def _lua(text: str | bytes) -> str:
    """Write a string of any bytes as a Lua literal."""
    content = text.encode() if isinstance(text, str) else text
    return '"' + "".join(f"\\{byte:03d}" for byte in content) + '"'
