"""``python -m meshdev``: a thin shell around the command line."""


def main() -> None:
    """Run the command line; imports wait until here so that nothing is paid for by ``import meshdev``."""
    from meshdev.cli.app import main as cli_main

    cli_main()


if __name__ == "__main__":
    main()
