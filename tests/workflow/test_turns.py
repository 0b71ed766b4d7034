"""Who runs when several could: no more at a time than asked, the first in order first."""

import threading

import pytest

from churnlib.workflow.turns import Turns

NAMES = [f"{place:02}" for place in range(8)]


def run_all(jobs: int, *, failing: str = "") -> tuple[list[str], int]:
    """All tasks wait before the first begins; the order of their turns and the most at a time."""
    begun: list[str] = []
    at_work: set[str] = set()
    most = 0
    everybody = threading.Barrier(len(NAMES))
    turns = Turns(NAMES, jobs, lambda: everybody.wait() and None)
    noting = threading.Lock()

    def work(name: str) -> None:
        nonlocal most
        try:
            with turns.turn(name):
                with noting:
                    begun.append(name)
                    at_work.add(name)
                    most = max(most, len(at_work))
                if jobs > 1:  # until another has had the time to begin, if it may
                    threading.Event().wait(0.02)
                with noting:
                    at_work.remove(name)
                if name == failing:
                    raise RuntimeError
        except RuntimeError:
            assert name == failing

    threads = [threading.Thread(target=work, args=[name]) for name in reversed(NAMES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    return begun, most


@pytest.mark.parametrize("failing", ["", "03"])
def test_one_at_a_time_they_run_in_order_also_after_a_failure(failing):
    assert run_all(1, failing=failing) == (NAMES, 1)


def test_one_that_fails_before_its_turn_keeps_nobody_waiting():
    def ready() -> None:
        if threading.current_thread() is threading.main_thread():
            raise OSError("too many open files")

    turns = Turns(NAMES, 1, ready)
    with pytest.raises(OSError, match="too many"), turns.turn(NAMES[0]):
        raise AssertionError("it has no turn")
    done = threading.Event()

    def work() -> None:
        with turns.turn(NAMES[1]):
            done.set()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert done.wait(timeout=10)


@pytest.mark.parametrize("jobs", [2, 3])
def test_no_more_than_asked_run_side_by_side_and_nobody_is_left_out(jobs):
    begun, most = run_all(jobs)
    assert most <= jobs
    assert sorted(begun) == NAMES
    assert set(begun[:jobs]) == set(NAMES[:jobs])
