"""simcord's table of routes, with rules of ours before some of them.

A part of `_private`: it alone knows how simcord keeps its routes.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from simcord.backend import Backend
from simcord.http import _helpers, router

from bot.demo._private import refuse

message_response = _helpers.message_response

Handler = Callable[[router.RequestContext], Any]
Rule = Callable[[router.RequestContext, Handler], Any]


@contextmanager
def routes_replaced(backend: Backend, rules: Mapping[tuple[str, str], Rule]) -> Iterator[None]:
    """Let `rules` stand before simcord's routes for one backend until the block is left.

    Raises `RuntimeError` when a route is not where it was.
    """
    originals: list[tuple[list[tuple[list[str], Handler]], int, tuple[list[str], Handler]]] = []
    missing: list[str] = []
    for (method, path), rule in rules.items():
        table = router._ROUTES.get(method, [])
        template = path.strip("/").split("/")
        index = next((i for i, (known, _) in enumerate(table) if known == template), None)
        if index is None:
            missing.append(f"route {method} {path}")
            continue
        originals.append((table, index, table[index]))
        table[index] = (template, _ruled(backend, rule, table[index][1]))
    try:
        refuse(missing)
        yield
    finally:
        for table, index, original in reversed(originals):
            table[index] = original


def _ruled(backend: Backend, rule: Rule, handler: Handler) -> Handler:
    def handle(ctx: router.RequestContext) -> Any:
        return rule(ctx, handler) if ctx.backend is backend else handler(ctx)

    return handle
