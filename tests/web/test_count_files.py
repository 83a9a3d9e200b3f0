"""The files of counts: neither a folder that is gone nor a full disk fails whoever counts."""

import resource
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client.mmap_dict import MmapedDict

from service.web.process.count_files import SIZE, CountFile

KEYS = [f"counter number {number}" for number in range(SIZE // 32)]


@pytest.fixture
def full() -> Iterator[None]:
    """A disk on which no file may grow beyond its first size."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SIZE, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def total(counts: CountFile) -> float:
    """Count every key once, and add up what is found."""
    for key in KEYS:
        counts.write_value(key, 1.0, 0.0)
    return sum(counts.read_value(key)[0] for key in KEYS)


def test_counts_are_in_the_file_for_whoever_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "counter_worker-0.db"

    with closing(CountFile(str(file))) as counts:
        for number, key in enumerate(KEYS):
            counts.write_value(key, float(number), 0.0)

    read = {key.strip(): value for key, value, *_ in MmapedDict.read_all_values_from_file(str(file))}
    assert read == {key: float(number) for number, key in enumerate(KEYS)}
    assert file.stat().st_blocks * 512 >= file.stat().st_size > SIZE


def test_a_folder_that_was_deleted_is_made_again(tmp_path: Path) -> None:
    file = tmp_path / "gone" / "counter_worker-0.db"

    with closing(CountFile(str(file))) as counts:
        counts.write_value("calls", 3.0, 0.0)

    with closing(CountFile(str(file))) as again:
        assert again.read_value("calls")[0] == 3.0


def test_without_a_place_for_the_file_the_counts_are_in_memory(tmp_path: Path, logged: list[dict]) -> None:
    (tmp_path / "file").touch()

    with closing(CountFile(str(tmp_path / "file" / "counter_worker-0.db"))) as counts:
        assert total(counts) == len(KEYS)

    assert [(line["log_level"], line["why"]) for line in logged] == [("error", "EEXIST")]


def test_a_file_that_cannot_grow_goes_on_in_memory(tmp_path: Path, full: None, logged: list[dict]) -> None:
    with closing(CountFile(str(tmp_path / "counter_worker-0.db"))) as counts:
        assert total(counts) == len(KEYS)

    assert [line["why"] for line in logged] == ["EFBIG"]


def test_where_there_is_no_room_no_file_is_left(tmp_path: Path, full: None, logged: list[dict]) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (SIZE - 1, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))

    with closing(CountFile(str(tmp_path / "counter_worker-0.db"))) as counts:
        assert total(counts) == len(KEYS)

    assert [line["why"] for line in logged] == ["EFBIG"]
    assert not list(tmp_path.iterdir())
