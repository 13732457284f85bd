"""What a process has learnt before bots are forked from it: the texts are compiled, the tables are known."""

from sqlalchemy.orm import configure_mappers

import bot.storage.models  # noqa: F401 - the tables
from bot.app import content_of
from bot.cli.checked import command_names, wanted_texts
from bot.content.check import check

content = content_of(None)
check(content, supplies=wanted_texts(content), commands=command_names(content), spelling=False)
configure_mappers()
