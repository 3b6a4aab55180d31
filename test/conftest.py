import pathlib
import signal
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
sys.path.insert(0, str(pathlib.Path(__file__).parent))

import house  # noqa: E402

# A test that hangs is a failure with a place, not a build that never ends.
SECONDS = 240


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    def expired(_signal, _frame):
        raise TimeoutError(f"{item.name} took more than {SECONDS} s")

    before = signal.signal(signal.SIGALRM, expired)
    signal.alarm(SECONDS)
    try:
        return (yield)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def pytest_sessionfinish(session, exitstatus):
    if exitstatus == 0:
        house.clean_up()
    else:
        print(f"\nlogs of this run: {house.WORK}")


@pytest.fixture
def started():
    """Remembers what a test starts, and stops it when the test ends, however it ends."""
    programs = []
    yield programs
    for program in reversed(programs):
        program.stop()


@pytest.fixture
def mock(started):
    mock = house.Mock()
    started.append(mock)
    return mock


@pytest.fixture
def start(started):
    """start(house.Baton, ...): made, remembered, stopped."""

    def begin(kind, *arguments, **options):
        program = kind(*arguments, **options)
        started.append(program)
        return program

    return begin


@pytest.fixture
def baton(mock, start):
    """Baton with one worker of the OpenAI dialect behind it."""
    return start(house.Baton, [house.worker("one", mock)])
