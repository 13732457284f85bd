"""Fill a template and say in one way what is wrong with it: every failure is a TemplateFault with a line.

It knows nothing of files, letters or Discord.
"""

import traceback
from collections.abc import Mapping
from functools import lru_cache

from jinja2 import Environment, StrictUndefined, Template, TemplateError, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import SandboxedEnvironment

_OWN_FRAME = "<template>"
_MANY = 8192  # templates kept: all texts and letters of a few programmes, and what people write
# Letters are given dates as text already, so they need none of the filters of the other texts.
LETTERS: Environment = SandboxedEnvironment(
    undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
)
_FAILURES = (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class TemplateFault(Exception):
    """A template cannot be read or filled; `line` is 1-based inside the template."""

    def __init__(self, problem: str, line: int = 1) -> None:
        self.problem, self.line = problem, line
        super().__init__(f"line {line}: {problem}")


def fill(template: str, values: Mapping[str, object], env: Environment = LETTERS) -> str:
    """Fill a template. Raises TemplateFault."""
    if "{" not in template:
        return template
    try:
        return compiled(template, env).render(values)
    except TemplateSyntaxError as error:
        raise TemplateFault(str(error.message), error.lineno) from error
    except _FAILURES as error:
        raise TemplateFault(_message(error), _line(error)) from error


@lru_cache(maxsize=_MANY)
def placeholders(template: str, env: Environment = LETTERS) -> frozenset[str]:
    """Return the names a template takes from outside. Raises TemplateFault."""
    return frozenset(meta.find_undeclared_variables(parse(template, env)))


@lru_cache(maxsize=_MANY)
def filtered_by(template: str, filters: frozenset[str], env: Environment) -> frozenset[str]:
    """Return the names a template passes straight through one of these filters. Raises TemplateFault."""
    found = parse(template, env).find_all(nodes.Filter)
    return frozenset(f.node.name for f in found if f.name in filters and isinstance(f.node, nodes.Name))


@lru_cache(maxsize=_MANY)
def alternatives(template: str, env: Environment) -> Mapping[str, tuple[object, ...]]:
    """Return values that lead through every branch of a template, for the names its branches turn on.

    A name that is only asked for is nothing or something (None stands for "any value"); a name that
    is compared takes values on both sides; a name that is looped over is three things.
    """
    tree, found = parse(template, env), dict[str, tuple[object, ...]]()
    tests = [*(n.test for n in tree.find_all(nodes.If)), *(n.test for n in tree.find_all(nodes.CondExpr))]
    for test in tests:
        asked = test.node if isinstance(test, nodes.Not) else test
        if isinstance(asked, nodes.Name):
            found[asked.name] = ("", None)
    for loop in tree.find_all(nodes.For):
        if isinstance(loop.iter, nodes.Name):
            found[loop.iter.name] = ([None] * 3,)
    for compared in tree.find_all(nodes.Compare):
        other = compared.ops[0].expr
        if isinstance(compared.expr, nodes.Name) and isinstance(other, nodes.Const):
            whole = isinstance(other.value, int)
            near = (other.value - 1, other.value, other.value + 1) if whole else (other.value, None)
            found[compared.expr.name] = near
    return found


def parse(template: str, env: Environment) -> nodes.Template:
    """Parse and compile a template. Raises TemplateFault."""
    try:
        return _read(template, env)[0]
    except TemplateSyntaxError as error:
        raise TemplateFault(str(error.message), error.lineno) from error


def compiled(template: str, env: Environment) -> Template:
    """Return a template ready to be filled. Raises TemplateSyntaxError."""
    return _read(template, env)[1]


@lru_cache(maxsize=_MANY)
def _read(template: str, env: Environment) -> tuple[nodes.Template, Template]:
    """Parse once, and compile what was parsed: only compiling finds unknown filters."""
    tree = env.parse(template)
    return tree, env.from_string(tree)


def _message(error: Exception) -> str:
    text = error.args[0] if error.args else type(error).__name__
    return str(text).split("\n", 1)[0]


def _line(error: Exception) -> int:
    """Return the template's own line from the traceback, which Jinja2 rewrites for this purpose."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == _OWN_FRAME]
    return lines[-1] or 1 if lines else 1
