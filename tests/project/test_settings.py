"""What operators may write in the environment and `.env`, and what they are told."""

from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError, env_example

ROOT = Path(__file__).parents[2]
KEYS = [str(field.validation_alias) for field in Settings.model_fields.values()]


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for key in KEYS:
        monkeypatch.delenv(key, raising=False)


def test_without_any_setting_the_defaults_hold() -> None:
    settings = Settings()
    assert settings.discord_token is None
    assert settings.database_url == "sqlite:///var/blup.sqlite3"
    assert settings.controller == "BLUP-sekretariatet"
    assert (settings.log_format, settings.log_level) == ("text", "INFO")


def test_the_environment_outranks_the_env_file_and_an_empty_value_counts_as_unset(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path(".env").write_text(
        "\ufeffBLUP_LOG_LEVEL=debug\nBLUP_GUILD_ID=12\nBLUP_LOG_FORMAT=\nPOSTGRES_PASSWORD=x\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("BLUP_GUILD_ID", "34")
    monkeypatch.setenv("BLUP_LOG_LEVEL", "")
    settings = Settings()
    assert (settings.guild_id, settings.log_level, settings.log_format) == (34, "DEBUG", "text")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///var/a.sqlite3", "sqlite+aiosqlite:///var/a.sqlite3"),
        ("sqlite:////data/a.sqlite3", "sqlite+aiosqlite:////data/a.sqlite3"),
        ("postgresql://u:p@h:5432/blup", "postgresql+psycopg://u:p@h:5432/blup"),
        ("postgres://u:p@h/blup", "postgresql+psycopg://u:p@h/blup"),
    ],
)
def test_a_database_address_gets_its_asynchronous_driver(url: str, expected: str) -> None:
    assert Settings(database_url=url).async_database_url == expected


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("DISCORD_TOKEN", "abc.def", "abc geheim def"),
        ("BLUP_DATABASE_URL", "sqlite:///a.db", "mysql://u:geheim@h/blup"),
        ("BLUP_DATABASE_URL", "postgresql://u@h:1/blup", "postgresql://u:geheim@h:port/blup"),
        ("BLUP_DATABASE_URL", "sqlite:////a.db", "sqlite://geheim/a.db"),
        ("BLUP_SMTP_URL", "smtps://u:p@mail.example:465", "https://u:geheim@mail.example"),
        ("BLUP_MAIL_FROM", "brev@blup.example", "geheim <brev@blup.example>"),
        ("BLUP_DATABASE_URL", "postgresql:///blup", "postgresql://u:geheim@h"),
        ("BLUP_GUILD_ID", "123456789012345678", "geheim"),
        ("BLUP_GUILD_ID", "1", "0"),
        ("BLUP_DISCORD_API", "http://127.0.0.1:9000/", "127.0.0.1:9000"),
        ("BLUP_DISCORD_API", "https://example.org", "https://example.org/api/v10"),
        ("BLUP_CONTENT_DIR", ".", "geheim"),
        ("BLUP_HELP_PHONE", "+45 12 34 56 78", "1234"),
        ("BLUP_PRIVACY_URL", "https://example.org/privat", "http://example.org"),
        ("BLUP_HTTP_PORT", "8080", "70000"),
        ("BLUP_PUBLIC_URL", "https://blup.example.dk/", "blup.geheim.dk"),
        ("BLUP_LOG_FORMAT", "json", "geheim"),
        ("BLUP_LOG_LEVEL", "warning", "geheim"),
    ],
)
def test_a_value_that_is_not_accepted_is_named_by_its_key_and_never_repeated(
    monkeypatch: pytest.MonkeyPatch, key: str, good: str, bad: str
) -> None:
    monkeypatch.setenv(key, good)
    Settings()
    monkeypatch.setenv(key, bad)
    with pytest.raises(SettingsError, match=rf"^{key} is not valid\. \w+") as caught:
        Settings()
    assert "geheim" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_every_fault_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLUP_GUILD_ID", "x")
    monkeypatch.setenv("BLUP_LOG_LEVEL", "x")
    with pytest.raises(SettingsError) as caught:
        Settings()
    assert [line.split()[0] for line in str(caught.value).splitlines()] == [
        "BLUP_GUILD_ID",
        "BLUP_LOG_LEVEL",
    ]


def test_required_settings_that_are_unset_are_named() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings(guild_id=1).require("DISCORD_TOKEN", "BLUP_GUILD_ID", "BLUP_HELP_PHONE")
    assert [line.split()[0] for line in str(caught.value).splitlines()] == [
        "DISCORD_TOKEN",
        "BLUP_HELP_PHONE",
    ]
    Settings(guild_id=1).require("BLUP_GUILD_ID")


def test_neither_token_nor_password_shows_in_the_settings_text() -> None:
    settings = Settings(discord_token="geheim", database_url="postgresql://u:geheim@h/blup")
    assert "geheim" not in repr(settings) + str(settings)


def test_the_example_file_is_the_one_generated_from_the_settings() -> None:
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == env_example()


def test_the_example_file_copied_unchanged_is_valid() -> None:
    defaults = Settings()
    Path(".env").write_text(env_example(), encoding="utf-8")
    assert Settings() == defaults


@pytest.mark.parametrize("key", KEYS)
def test_every_setting_is_documented_with_its_default(key: str) -> None:
    field = next(f for f in Settings.model_fields.values() if f.validation_alias == key)
    default = "" if field.default is None else f"`{field.default}`"
    rows = (ROOT / "docs/operations.md").read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in row.split("|")] for row in rows if f"| `{key}` |" in row]
    assert [row[2] for row in cells] == [default]
