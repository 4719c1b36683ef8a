"""``moovitamix COMMAND``: the program. It can be stopped before it knows its commands, which takes a while to import."""

from conf.stopping import stoppable


def main() -> None:
    with stoppable():
        from cli.group import run

        run()


if __name__ == "__main__":
    main()
