"""Messages between an engine and its worker: a JSON header and raw bytes, both of bounded size.

Either side may be lied to by the other, so nothing is taken before its size is known to be allowed,
and nothing is ever unpickled.
"""

import json
import socket
import struct
import time
from collections.abc import Sequence
from typing import Any

_PREFIX = struct.Struct("<IQ")
MAX_HEADER_BYTES = 1 << 20

Header = dict[str, Any]


class ChannelBroken(Exception):
    """The other side is gone, or says what is no message."""


class OutOfTime(Exception):
    """The other side did not answer in time."""


def send(
    channel: socket.socket, header: Header, parts: Sequence[bytes] = (), *, deadline: float | None
) -> None:
    """Send one message.

    Args:
        channel: A stream socket.
        header: JSON members.
        parts: The bytes behind it.
        deadline: Moment of `time.monotonic` by which it must be taken; None waits for ever.

    Raises:
        ChannelBroken: The other side is gone.
        OutOfTime: It does not take the message.
    """
    text = json.dumps(header).encode()
    message = b"".join([_PREFIX.pack(len(text), sum(map(len, parts))), text, *parts])
    try:
        channel.settimeout(_left(deadline))
        channel.sendall(message)
    except TimeoutError as error:
        raise OutOfTime("The message is not taken.") from error
    except OSError as error:
        raise ChannelBroken("The other side is gone.") from error


def receive(
    channel: socket.socket, *, max_body: int, deadline: float | None
) -> tuple[Header, bytearray]:
    """Receive one message: its header and the bytes behind it.

    Raises:
        ChannelBroken: The other side is gone, or the message is larger than allowed or none.
        OutOfTime: It did not come in time.
    """
    header_size, body_size = _PREFIX.unpack(_receive_exactly(channel, _PREFIX.size, deadline))
    if header_size > MAX_HEADER_BYTES or body_size > max_body:
        raise ChannelBroken(f"A message of {header_size} and {body_size} bytes is too large.")
    text = _receive_exactly(channel, header_size, deadline)
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ChannelBroken("A message has no proper header.") from error
    if type(header) is not dict:
        raise ChannelBroken("A message has no proper header.")
    return header, _receive_exactly(channel, body_size, deadline)


def _receive_exactly(channel: socket.socket, size: int, deadline: float | None) -> bytearray:
    content = bytearray(size)
    view, filled = memoryview(content), 0
    while filled < size:
        try:
            channel.settimeout(_left(deadline))
            taken = channel.recv_into(view[filled:])
        except TimeoutError as error:
            raise OutOfTime("No answer came in time.") from error
        except OSError as error:
            raise ChannelBroken("The other side is gone.") from error
        if taken == 0:
            raise ChannelBroken("The other side is gone.")
        filled += taken
    return content


def _left(deadline: float | None) -> float | None:
    """Return the seconds until a deadline; a moment in the past leaves the least that waits."""
    return None if deadline is None else max(deadline - time.monotonic(), 1e-6)
