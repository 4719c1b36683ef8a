import logging

from jobs.runtime.progress import part, progress


def test_progress_within_a_part_is_a_share_of_the_whole(caplog):
    with caplog.at_level(logging.INFO, "progress"):
        progress(0.1, "reading")
        with part(0.2, 0.8):
            progress(0.5, "fitting")
            with part(0.5, 1.0):
                progress(1, "deeper")
        progress(2, "writing")
    assert caplog.messages == ["10 reading", "50 fitting", "80 deeper", "100 writing"]
