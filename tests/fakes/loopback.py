"""An ASGI application served over real HTTP on a free port of this machine, for one test."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import uvicorn

START_SECONDS_MAX: Final = 10.0


@contextmanager
def serving(app: Callable[..., Any]) -> Iterator[str]:
    """Serve `app` in a thread and yield its address."""
    # asyncio turns Nagle's delay off only where the protocol is named; without it every answer takes 40 ms
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="critical", access_log=False, ws="none", timeout_graceful_shutdown=2)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            deadline = time.monotonic() + START_SECONDS_MAX
            while not server.started:
                if time.monotonic() > deadline or not thread.is_alive():
                    message = "the server did not start"
                    raise RuntimeError(message)
                time.sleep(0.005)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(START_SECONDS_MAX)
