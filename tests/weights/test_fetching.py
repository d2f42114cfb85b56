"""Fetching from localhost: good servers, and bad ones in every way that matters."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from explorer.weights.fetching import FetchError, FetchState, FetchStopped, Progress, Terms, fetch
from explorer.weights.published import Checksum
from tests.weights.fakes import fake_state, saved
from tests.weights.servers import CUT, Behaviour, checkpoint, serving

CONTENT = saved(fake_state("dla34"))
QUICK = Terms(patience=0.3, attempts=3, pause=0.01, spare=0)


def left(folder: Path) -> set[str]:
    """What a fetch leaves in the folder, besides its lock."""
    return {path.name for path in folder.iterdir() if path.suffix != ".lock"} if folder.exists() else set()


def test_a_file_arrives_whole_with_progress(tmp_path):
    with serving(Behaviour(CONTENT)) as url:
        seen: list[Progress] = []
        path = fetch(checkpoint(CONTENT, url), tmp_path / "cache", on_progress=seen.append, terms=QUICK)
    assert path.read_bytes() == CONTENT
    assert left(tmp_path / "cache") == {"test.pth"}
    states = [progress.state for progress in seen]
    assert states[0] is FetchState.CONNECTING
    assert states[-2:] == [FetchState.CHECKING, FetchState.DONE]
    received = [progress.received for progress in seen if progress.state is FetchState.RECEIVING]
    assert received == sorted(received)
    assert received[-1] == seen[-1].total == len(CONTENT)


def test_what_is_there_is_not_fetched_again(tmp_path):
    behaviour = Behaviour(CONTENT)
    with serving(behaviour) as url:
        fetch(checkpoint(CONTENT, url), tmp_path, terms=QUICK)
        fetch(checkpoint(CONTENT, url), tmp_path, terms=QUICK)
    assert len(behaviour.requests) == 1


def test_a_cut_connection_is_resumed_where_it_ended(tmp_path):
    behaviour = Behaviour(CONTENT, cuts=2)
    with serving(behaviour) as url:
        assert fetch(checkpoint(CONTENT, url), tmp_path, terms=QUICK).read_bytes() == CONTENT
    assert [request.get("Range") for request in behaviour.requests] == [
        None,
        f"bytes={CUT}-",
        f"bytes={2 * CUT}-",
    ]
    assert behaviour.requests[1]["If-Range"] == '"one"'


def test_a_fetch_goes_on_in_another_process_run(tmp_path):
    # The first run gives up; the second begins with what was kept, and its checksum covers those bytes too.
    behaviour = Behaviour(CONTENT, cuts=1)
    with serving(behaviour) as url:
        item = checkpoint(CONTENT, url)
        with pytest.raises(FetchError):
            fetch(item, tmp_path, terms=Terms(patience=0.3, attempts=1, spare=0))
        assert "test.pth.part" in left(tmp_path)
        assert fetch(item, tmp_path, terms=QUICK).read_bytes() == CONTENT
    assert behaviour.requests[1]["Range"] == f"bytes={CUT}-"
    assert left(tmp_path) == {"test.pth"}


def test_a_server_without_ranges_starts_over(tmp_path):
    with serving(Behaviour(CONTENT, cuts=1, ranges=False)) as url:
        assert fetch(checkpoint(CONTENT, url), tmp_path, terms=QUICK).read_bytes() == CONTENT


def test_another_version_is_not_glued_to_the_first(tmp_path):
    behaviour = Behaviour(bytes(len(CONTENT)), cuts=1)
    with serving(behaviour) as url:
        item = checkpoint(CONTENT, url, checksums=(), exact=False)
        with pytest.raises(FetchError):
            fetch(item, tmp_path, terms=Terms(patience=0.3, attempts=1, spare=0))
        behaviour.content, behaviour.etag = CONTENT, '"two"'
        assert fetch(item, tmp_path, terms=QUICK).read_bytes() == CONTENT


def test_without_validator_and_checksum_nothing_is_resumed(tmp_path):
    behaviour = Behaviour(CONTENT, cuts=1, etag="")
    with serving(behaviour) as url:
        fetch(checkpoint(CONTENT, url, checksums=()), tmp_path, terms=QUICK)
    assert [request.get("Range") for request in behaviour.requests] == [None, None]


def test_a_part_that_is_longer_than_the_file_starts_over(tmp_path):
    behaviour = Behaviour(CONTENT, cuts=1)
    with serving(behaviour) as url:
        item = checkpoint(CONTENT, url)
        with pytest.raises(FetchError):
            fetch(item, tmp_path, terms=Terms(patience=0.3, attempts=1, spare=0))
        (tmp_path / "test.pth.part").write_bytes(CONTENT + b"more")
        assert fetch(item, tmp_path, terms=QUICK).read_bytes() == CONTENT


def test_a_wrong_checksum_is_refused_and_thrown_away(tmp_path):
    wrong = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    with serving(Behaviour(wrong)) as url, pytest.raises(FetchError, match=r"SHA256 begins .* thrown away"):
        fetch(checkpoint(CONTENT, url), tmp_path, terms=QUICK)
    assert left(tmp_path) == set()


@pytest.mark.parametrize("prefix", [8, 64])
def test_a_checksum_of_which_only_the_beginning_is_known_holds(tmp_path, prefix):
    with serving(Behaviour(CONTENT)) as url:
        item = checkpoint(CONTENT, url)
        part = Checksum("sha256", item.checksums[0].digest[:prefix])
        assert part.whole == (prefix == 64)
        fetch(checkpoint(CONTENT, url, checksums=(part,)), tmp_path, terms=QUICK)
    assert left(tmp_path) == {"test.pth"}


def test_the_next_address_is_asked_where_the_first_fails(tmp_path):
    with serving(Behaviour(b"", status=404)) as bad, serving(Behaviour(CONTENT)) as good:
        item = checkpoint(CONTENT, good)
        path = fetch(item, tmp_path, (f"{bad}/test.pth", *item.urls), terms=QUICK)
    assert path.read_bytes() == CONTENT


def test_a_server_that_recovers_is_asked_again(tmp_path):
    with serving(Behaviour(CONTENT, failures=2)) as url:
        assert fetch(checkpoint(CONTENT, url), tmp_path, terms=QUICK).read_bytes() == CONTENT


def test_a_redirect_is_followed(tmp_path):
    with (
        serving(Behaviour(CONTENT)) as good,
        serving(Behaviour(b"", location=f"{good}/elsewhere.pth")) as first,
    ):
        assert fetch(checkpoint(CONTENT, first), tmp_path, terms=QUICK).read_bytes() == CONTENT


def test_an_endless_redirect_is_given_up(tmp_path):
    behaviour = Behaviour(b"", location="/again")
    with serving(behaviour) as url, pytest.raises(FetchError, match="redirects in a circle"):
        fetch(checkpoint(CONTENT, url), tmp_path, terms=QUICK)
    assert len(behaviour.requests) < 10


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x"])
def test_a_redirect_away_from_the_web_is_not_followed(tmp_path, location):
    with serving(Behaviour(b"", location=location)) as url, pytest.raises(FetchError, match="not followed"):
        fetch(checkpoint(CONTENT, url), tmp_path, terms=QUICK)
    assert left(tmp_path) == set()


@pytest.mark.parametrize("announced", [len(CONTENT) + 10**9, 10])
def test_a_size_that_was_not_published_is_refused_before_it_is_received(tmp_path, announced):
    with (
        serving(Behaviour(CONTENT, announced=announced)) as url,
        pytest.raises(FetchError, match="announced"),
    ):
        fetch(checkpoint(CONTENT, url), tmp_path, terms=QUICK)
    assert left(tmp_path) == set()


def test_fewer_bytes_than_announced_are_never_taken_for_the_file(tmp_path):
    half = CONTENT[: len(CONTENT) // 2]
    behaviour = Behaviour(half, announced=len(CONTENT), ranges=False)
    with serving(behaviour) as url, pytest.raises(FetchError, match=r"cut the connection|in time"):
        fetch(checkpoint(CONTENT, url), tmp_path, terms=QUICK)
    assert "test.pth" not in left(tmp_path)


def test_a_stream_without_a_length_is_cut_off_at_the_limit(tmp_path):
    endless = Behaviour(CONTENT + bytes(3 * 2**20), says_length=False)
    with serving(endless) as url, pytest.raises(FetchError, match="sent more than"):
        fetch(checkpoint(CONTENT, url), tmp_path, terms=QUICK)
    assert left(tmp_path) == set()


def test_a_stream_without_a_length_that_ends_early_fails_its_size(tmp_path):
    with (
        serving(Behaviour(CONTENT[:-9], says_length=False)) as url,
        pytest.raises(FetchError, match="were published"),
    ):
        fetch(checkpoint(CONTENT, url, checksums=()), tmp_path, terms=QUICK)
    assert left(tmp_path) == set()


@pytest.mark.parametrize(
    ("content", "kind"), [(b"<html>Sign in</html>", "text/html; charset=utf-8"), (b"x" * 99, "a/b")]
)
def test_what_is_no_checkpoint_is_not_kept(tmp_path, content, kind):
    with serving(Behaviour(content, kind=kind)) as url, pytest.raises(FetchError, match=r"web page|neither"):
        fetch(checkpoint(content, url), tmp_path, terms=QUICK)
    assert left(tmp_path) == set()


def test_a_full_disk_is_noticed_before_anything_is_received(tmp_path):
    with serving(Behaviour(CONTENT)) as url, pytest.raises(FetchError, match="free disk space"):
        fetch(checkpoint(CONTENT, url), tmp_path, terms=Terms(spare=10**18))
    assert left(tmp_path) == set()


def test_two_who_want_one_file_make_one_download(tmp_path):
    behaviour = Behaviour(CONTENT)
    with serving(behaviour) as url, ThreadPoolExecutor(4) as visitors:
        item = checkpoint(CONTENT, url)
        paths = list(visitors.map(lambda _: fetch(item, tmp_path, terms=QUICK), range(4)))
    assert len(behaviour.requests) == 1
    assert {path.read_bytes() for path in paths} == {CONTENT}


def test_a_slow_server_can_be_left_and_what_arrived_is_kept(tmp_path):
    behaviour = Behaviour(CONTENT, slow=True)
    stop = threading.Event()

    def watch(progress: Progress) -> None:
        if progress.state is FetchState.RECEIVING:
            stop.set()

    with serving(behaviour) as url:
        item = checkpoint(CONTENT, url)
        with pytest.raises(FetchStopped):
            fetch(item, tmp_path, on_progress=watch, stop=stop, terms=QUICK)
        assert (tmp_path / "test.pth.part").stat().st_size == CUT
        behaviour.slow = False
        assert fetch(item, tmp_path, terms=QUICK).read_bytes() == CONTENT
    assert behaviour.requests[-1]["Range"] == f"bytes={CUT}-"


def test_who_waits_for_another_can_stop_waiting(tmp_path):
    behaviour = Behaviour(CONTENT, slow=True)
    first_stop, second_stop, begun = threading.Event(), threading.Event(), threading.Event()
    with serving(behaviour) as url, ThreadPoolExecutor(1) as other:
        item = checkpoint(CONTENT, url)
        patient = Terms(patience=20, spare=0)
        first = other.submit(
            fetch, item, tmp_path, on_progress=lambda p: begun.set() if p.received else None,
            stop=first_stop, terms=patient,
        )  # fmt: skip
        assert begun.wait(20)

        def watch(progress: Progress) -> None:
            assert progress.state is FetchState.WAITING
            second_stop.set()

        with pytest.raises(FetchStopped, match="somebody else"):
            fetch(item, tmp_path, on_progress=watch, stop=second_stop, terms=patient)
        first_stop.set()
        behaviour.hold.set()
        with pytest.raises(FetchError):
            first.result(30)


def test_a_stalled_server_counts_as_cut(tmp_path):
    with (
        serving(Behaviour(CONTENT, slow=True, ranges=False)) as url,
        pytest.raises(FetchError, match="in time"),
    ):
        fetch(checkpoint(CONTENT, url), tmp_path, terms=Terms(patience=0.1, attempts=2, pause=0.01, spare=0))


def test_offline_is_one_sentence_that_says_how_to_bring_the_file(tmp_path):
    item = checkpoint(CONTENT, "http://nowhere.invalid")
    with pytest.raises(FetchError) as caught:
        fetch(item, tmp_path, terms=QUICK)
    message = str(caught.value)
    for part in ("nowhere.invalid", "offline", "save the file as test.pth", str(tmp_path), "upload"):
        assert part in message


def test_what_only_a_browser_gets_is_said_without_trying(tmp_path):
    item = checkpoint(CONTENT, "http://nowhere.invalid", urls=())
    with pytest.raises(FetchError, match=r"Open https://example\.org/page"):
        fetch(item, tmp_path / "cache", terms=QUICK)
    assert left(tmp_path) == set()


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with serving(Behaviour(CONTENT)) as url, pytest.raises(FetchError, match="cannot be written"):
        fetch(checkpoint(CONTENT, url), tmp_path / "file" / "cache", terms=QUICK)
