from conf.settings import parse, read_given
from conf.settings.origins import known


def sources(flags=None):
    given = read_given()
    values = {section: {name: one.text for name, one in of.items()} for section, of in given.items()}
    for section, of in (flags or {}).items():
        values.setdefault(section, {}).update(of)
    return {f"{row.section}.{row.key}": row for row in known(parse(values), given, flags or {})}


def test_a_value_comes_from_a_flag_a_file_or_the_default(folder):
    (folder / "luigi.cfg").write_text("[als]\nrank = 7\nalpha = 2\n")
    found = sources({"als": {"rank": "9"}})
    assert [(found[key].value, found[key].source) for key in ("als.rank", "als.alpha", "als.reg")] == [
        ("9", "--als-rank"),
        ("2.0", "luigi.cfg:3"),
        ("3.0", "default"),
    ]


def test_a_secret_comes_from_its_variable_or_a_file_and_is_not_shown(folder, monkeypatch):
    (folder / "luigi.cfg").write_text("[api]\ntoken = hunter1\n")
    (folder / "luigi.cfg").chmod(0o600)
    (folder / "token").write_text("hunter2")
    seen = [sources()["api.token"]]
    monkeypatch.setenv("MOOVITAMIX_API_TOKEN_FILE", "token")
    seen.append(sources()["api.token"])
    monkeypatch.setenv("MOOVITAMIX_API_TOKEN", "hunter3")
    seen.append(sources()["api.token"])
    assert [row.source for row in seen] == ["luigi.cfg:2", "MOOVITAMIX_API_TOKEN_FILE=token", "MOOVITAMIX_API_TOKEN"]
    assert {(row.value, row.flag, row.variable) for row in seen} == {("(not shown)", "", "MOOVITAMIX_API_TOKEN")}


def test_a_url_is_shown_where_it_holds_no_password(folder):
    for url, shown in [
        ("postgresql://me@host/db", "postgresql://me@host/db"),
        ("postgresql://a:b@host/d", "(not shown)"),
    ]:
        (folder / "luigi.cfg").write_text(f"[postgres]\nurl = {url}\n")
        (folder / "luigi.cfg").chmod(0o600)
        assert sources()["postgres.url"].value == shown
