"""How a command is declared: its help always ends with examples.

Owns the look of `--help`. Plain text on purpose: it costs a quarter of the time of the rich one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

F = TypeVar("F", bound=Callable[..., Any])


class _AsGiven:
    """Takes a value that has its type already as it is. Everything else goes Typer's way, through Pydantic.

    Loading Pydantic takes longer than all the rest of a command's start.
    """

    def __init__(self, parameter: Any) -> None:
        self._others = parameter.get_runtime_param
        described = parameter.type_descriptor
        self._type = described.annotation if described.parameter_info.parser is None else None

    def itself(self) -> _AsGiven:
        """For where a parameter asks for what takes its values."""
        return self

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value as the command gets it. Raises Typer's BadParameter."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        if self._type in (str, int, bool) and type(value) is self._type:
            return value
        return self._others().coerce(value, param=param, ctx=ctx)


class QuickStart:
    """A command or group that loads Pydantic only for a value that needs it. Stands before Typer's class."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, ready to take plain texts and defaults as they are."""
        found: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for each in found:
            if hasattr(each, "get_runtime_param") and "get_runtime_param" not in vars(each):
                each.get_runtime_param = _AsGiven(each).itself
        return found


class Group(QuickStart, TyperGroup):
    """A group of commands."""


def group_with_default(name: str) -> type[Group]:
    """A kind of group whose command `name` need not be named: `evidence ADDRESS` is `evidence pack ADDRESS`."""

    class GroupWithDefault(Group):
        def resolve_command(self, ctx: Any, args: list[str]) -> Any:
            if args and args[0] not in self.commands:
                args = [name, *args]
            return super().resolve_command(ctx, args)

        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            # Options of the command may stand before its argument, as everywhere else.
            if args and args[0].startswith("-") and args[0] not in ("-h", "--help"):
                args = [name, *args]
            parsed: list[str] = super().parse_args(ctx, args)
            return parsed

    return GroupWithDefault


class ExampleCommand(QuickStart, TyperCommand):
    """A command whose epilog, a list of examples, is printed line by line as written."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        if self.epilog:
            formatter.write_paragraph()
            formatter.write("Examples:\n")
            for line in self.epilog.splitlines():
                formatter.write(f"  {line}\n")


class Later(TyperCommand):
    """A command or group that is made when it is called; until then its name and the beginning of its help are known.

    Args:
        make: makes it of the word and the file.
    """

    def __init__(self, word: str, text: str, make: Callable[[str, str], Any], file: str) -> None:
        super().__init__(word, help=text)
        self._make = make
        self._file = file

    @cached_property
    def real(self) -> Any:
        """What it stands for."""
        return self._make(str(self.name), self._file)

    def make_context(self, *given: Any, **more: Any) -> Any:
        """That of the real one, which then is the context's command."""
        return self.real.make_context(*given, **more)


def group(text: str, cls: type[TyperGroup] = Group) -> typer.Typer:
    """A group of commands under one word."""
    return typer.Typer(
        cls=cls,
        help=text,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def command(app: typer.Typer, name: str, examples: Sequence[str]) -> Callable[[F], F]:
    """Declare a command with its examples (each a line a user could paste)."""
    return app.command(name, cls=ExampleCommand, epilog="\n".join(examples))
