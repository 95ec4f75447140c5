"""The people on call of the acts of abuse, as the replay talks to them: orders to their process, one a line."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from answerable.demo.replay import Replay


class Panel:
    """The reviewers' process: people on call who judge through the commands, an order at a time."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._process = replay.stack.child("reviewers")
        self._lock = threading.Lock()
        self.violating: set[int] = set()

    def turn(self, *names: str, within_minutes: float = 20, duties: bool = True) -> int:
        """Have each of these people do what waits for them and is due soon; how much it was."""
        done = 0
        for name in names:
            order = {
                "person": name,
                "violating": sorted(self.violating),
                "duties": duties,
                "within_minutes": within_minutes,
            }
            answer = self._order(order)
            done += answer["judged"] + answer["kept"]
        return done

    def _order(self, order: dict[str, Any]) -> dict[str, int]:
        with self._lock:
            stdin, stdout = self._process.stdin, self._process.stdout
            if stdin is None or stdout is None:
                raise ConnectionError("The reviewers' process can't be talked to.")
            stdin.write(json.dumps(order) + "\n")
            stdin.flush()
            line = stdout.readline()
        if not line:
            raise ConnectionError("The reviewers' process ended: its messages are in serve.log.")
        answer: dict[str, int] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(20)

    @contextmanager
    def on_call(self, *names: str, pause_seconds: float = 1.0) -> Iterator[None]:
        """People on call who take turns all the while. Raises what went wrong with them at the end."""
        stop, wrong = threading.Event(), []

        def take_turns() -> None:
            try:
                while not stop.wait(pause_seconds):
                    self.turn(*names)
            except Exception as error:  # noqa: BLE001  raised again when the watch ends
                wrong.append(error)

        watch = threading.Thread(target=take_turns)
        watch.start()
        try:
            yield
        finally:
            stop.set()
            watch.join()
        if wrong:
            raise wrong[0]
