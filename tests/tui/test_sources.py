"""Where the source of a thing is."""

from pathlib import Path

from meshdev.tui.sources import Source, code_of, definition_of, named_in


def test_a_definition_is_found_at_its_line(tmp_path: Path) -> None:
    """In the file, in what it includes, and the file itself where nothing is found."""
    main, more = tmp_path / "meshdev.toml", tmp_path / "more.toml"
    main.write_text(
        'include = ["more.toml"]\n\n[services.a]\ncommand = "x"\n\n[brokers.events]\nengine = "nats"\n'
    )
    more.write_text('# the others\n\n[services."b.c"]\ncommand = "x"\n\n[services.d]\ncommand = "x"\n')
    assert definition_of(main, "a") == Source(main, 3)
    assert definition_of(main, "brokers.events") == Source(main, 6)
    assert definition_of(main, "d") == Source(more, 6)
    assert definition_of(main, "nobody") == Source(main)
    assert definition_of(tmp_path / "none.toml", "a") == Source(tmp_path / "none.toml")


def test_the_code_of_a_service_is_guessed(tmp_path: Path) -> None:
    """Its package's main, a well-known name, else the folder."""
    assert code_of(tmp_path, "order-history") == Source(tmp_path)
    (tmp_path / "main.go").touch()
    assert code_of(tmp_path, "order-history") == Source(tmp_path / "main.go")
    (tmp_path / "order_history").mkdir()
    (tmp_path / "order_history" / "__main__.py").touch()
    assert code_of(tmp_path, "order-history") == Source(tmp_path / "order_history" / "__main__.py")


def test_a_line_names_a_file_that_is_there(tmp_path: Path) -> None:
    """Relative to where the service works, or absolute; one that isn't there is none."""
    (tmp_path / "saga.py").touch()
    assert named_in('  File "saga.py", line 48, in charge', tmp_path) == Source(tmp_path / "saga.py", 48)
    absolute = f'  File "{tmp_path}/saga.py", line 3, in charge'
    assert named_in(absolute, Path("/")) == Source(tmp_path / "saga.py", 3)
    assert named_in('  File "gone.py", line 48, in charge', tmp_path) is None
    assert named_in("nothing", tmp_path) is None
