"""What an operator decides, from the environment and `.env`.

Nothing is read at import: constructing `Settings` reads. Each field's description says what it is
for and what is accepted, once, for error messages and `.env.example`. Knows no other module.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PositiveInt,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

_ASYNC_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
}


class SettingsError(Exception):
    """A setting is missing or not valid; the text names the key and never the value."""


def _database_url(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in _ASYNC_DRIVERS or "/" not in rest or rest.endswith("/"):
        raise ValueError
    if scheme == "sqlite":
        if not rest.startswith("/"):  # a host has no meaning here: it is a forgotten third slash
            raise ValueError
    else:
        _ = urlsplit(url).port  # raises ValueError when it is no number
    return url


def async_address(url: str) -> str:
    """Return a database's address with its asynchronous driver, as SQLAlchemy wants it. Raises ValueError."""
    scheme, _, rest = _database_url(url).partition("://")
    return f"{_ASYNC_DRIVERS[scheme]}://{rest}"


def _base_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError
    _ = parts.port
    return url.rstrip("/")


def _https_link(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or re.search(r"\s", url):
        raise ValueError
    return url


def _phone(number: str) -> str:
    if not re.fullmatch(r"\+?[0-9]( ?[0-9]){7,14}", number):
        raise ValueError
    return number


def _mail_server(url: SecretStr) -> SecretStr:
    parts = urlsplit(url.get_secret_value())
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.path.strip("/"):
        raise ValueError
    _ = parts.port
    return url


def _mail_address(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]{2,}", text, re.ASCII):
        raise ValueError
    return text


def _token(token: SecretStr) -> SecretStr:
    if re.search(r"\s", token.get_secret_value()):
        raise ValueError
    return token


def _keys(keys: SecretStr) -> SecretStr:
    for key in keys.get_secret_value().split(","):
        if not re.fullmatch(r"[\w-]{43}=", key.strip(), re.ASCII):
            raise ValueError
    return keys


def _existing_folder(path: Path) -> Path:
    if not path.is_dir():
        raise ValueError
    return path


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


class Settings(BaseSettings):
    """All settings; constructing it reads the environment first, then `.env`.

    Raises `SettingsError` when a value is not valid. An empty value counts as unset.
    """

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8-sig",  # Notepad begins a file with a byte order mark
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    discord_token: Annotated[SecretStr, AfterValidator(_token)] | None = Field(
        None,
        validation_alias="DISCORD_TOKEN",
        description="The bot's token from the Discord Developer Portal. `blup run` needs it.",
    )
    database_url: Annotated[str, AfterValidator(_database_url)] = Field(
        "sqlite:///var/blup.sqlite3",
        validation_alias="BLUP_DATABASE_URL",
        repr=False,  # it may hold a password
        description="The programme database: sqlite:///path (sqlite:////path when absolute) or "
        "postgresql://user:password@host:port/name.",
    )
    guild_id: PositiveInt | None = Field(
        None,
        validation_alias="BLUP_GUILD_ID",
        description="The id of the Discord server, a whole number. "
        "Not needed while the bot is in one server only.",
    )
    discord_api: Annotated[str, AfterValidator(_base_address)] | None = Field(
        None,
        validation_alias="BLUP_DISCORD_API",
        description="Base address of a Discord-compatible server without a path, such as "
        "http://127.0.0.1:9000. Unset: Discord itself.",
    )
    content_dir: Annotated[Path, AfterValidator(_existing_folder)] | None = Field(
        None,
        validation_alias="BLUP_CONTENT_DIR",
        description="An existing folder with another programme's content. Unset: the content that "
        "comes with the bot.",
    )
    help_phone: Annotated[str, AfterValidator(_phone)] | None = Field(
        None,
        validation_alias="BLUP_HELP_PHONE",
        description="The phone number villagers can ring: 8 to 15 digits, single spaces and a "
        "leading + allowed.",
    )
    controller: str = Field(
        "BLUP-sekretariatet",
        validation_alias="BLUP_CONTROLLER",
        description="Who is responsible for the personal data, as villagers will read it.",
    )
    privacy_url: Annotated[str, AfterValidator(_https_link)] | None = Field(
        None,
        validation_alias="BLUP_PRIVACY_URL",
        description="An https:// link to the privacy policy, shown beside the privacy text.",
    )
    smtp_url: Annotated[SecretStr, AfterValidator(_mail_server)] | None = Field(
        None,
        validation_alias="BLUP_SMTP_URL",
        description="The mail server for letters by e-mail: smtps://name:password@host:465, or smtp://host:587, "
        "which is encrypted as soon as the server can. Unset: no mail is sent and no address taken in.",
    )
    mail_from: Annotated[str, AfterValidator(_mail_address)] | None = Field(
        None,
        validation_alias="BLUP_MAIL_FROM",
        description="The address that letters by e-mail come from; needed with BLUP_SMTP_URL.",
    )
    private_key: Annotated[SecretStr, AfterValidator(_keys)] | None = Field(
        None,
        validation_alias="BLUP_PRIVATE_KEY",
        description="The key that e-mail addresses are sealed with in the database; `blup db key` makes one. "
        "The newest first, older ones after commas. Unset with SQLite: a file beside the database; PostgreSQL "
        "needs it with BLUP_SMTP_URL.",
    )
    http_port: Annotated[int, Field(ge=1, le=65535)] | None = Field(
        None,
        validation_alias="BLUP_HTTP_PORT",
        description="The port of the bot's own web server, for calendars to subscribe to. Unset: none is started.",
    )
    http_host: str = Field(
        "127.0.0.1",
        validation_alias="BLUP_HTTP_HOST",
        description="The address the web server listens on: 127.0.0.1 behind a proxy on the same machine, "
        "0.0.0.0 in a container.",
    )
    public_url: Annotated[str, AfterValidator(_base_address)] | None = Field(
        None,
        validation_alias="BLUP_PUBLIC_URL",
        description="How people reach the web server, an address without a path, such as "
        "https://blup.example.dk. Unset: no link to it is offered.",
    )
    log_format: Literal["text", "json"] = Field(
        "text",
        validation_alias="BLUP_LOG_FORMAT",
        description="How log lines look: text or json.",
    )
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(_upper)
    ] = Field(
        "INFO",
        validation_alias="BLUP_LOG_LEVEL",
        description="From which level on: DEBUG, INFO, WARNING, ERROR or CRITICAL.",
    )

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            # `from None`: the original holds the values, a token or a password among them
            raise SettingsError("\n".join(_faults(error))) from None
        except UnicodeDecodeError:
            raise SettingsError(".env is not written in UTF-8; save it as UTF-8 and try again") from None

    @field_validator("*", mode="before")
    @classmethod
    def _strip(cls, value: object) -> object:
        return value.strip() if isinstance(value, str) else value

    @property
    def async_database_url(self) -> str:
        """The database address with its asynchronous driver, as SQLAlchemy wants it."""
        return async_address(self.database_url)

    def require(self, *names: str) -> None:
        """Raise `SettingsError` that says which of these keys, such as DISCORD_TOKEN, are unset."""
        fields = {_key(name): name for name in type(self).model_fields}
        missing = [name for name in names if getattr(self, fields[name]) is None]
        if missing:
            raise SettingsError(
                "\n".join(f"{key} is not set. {_description(fields[key])}" for key in missing)
            )


def env_example() -> str:
    """Return the text of `.env.example`: every setting, its meaning and its default."""
    blocks = ["# Copy to .env and fill in. An empty value counts as unset.\n"]
    for name, field in Settings.model_fields.items():
        value = "" if field.default is None else field.default
        # a default stays commented out, so that a later default or the image's own still counts
        mark = "" if field.default is None else "# "
        blocks.append(f"# {_description(name)}\n{mark}{_key(name)}={value}\n")
    return "\n".join(blocks)


def _faults(error: ValidationError) -> list[str]:
    keys = {_key(name): name for name in Settings.model_fields}
    # the error names the alias, or the field where a caller set it by name
    names = [keys.get(str(fault["loc"][0]), str(fault["loc"][0])) for fault in error.errors()]
    return [f"{_key(name)} is not valid. {_description(name)}" for name in dict.fromkeys(names)]


def _key(name: str) -> str:
    return str(Settings.model_fields[name].validation_alias)


def _description(name: str) -> str:
    return Settings.model_fields[name].description or ""
