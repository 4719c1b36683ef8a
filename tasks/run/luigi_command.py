"""What the command ``luigi --module tasks.daily …`` needs besides the tasks. Its program is Luigi's, with no line of ours around."""

from tasks import observe


def prepare() -> None:
    """Listen to the run that begins."""
    observe.install()
