"""The file of the registered clients, and what keeps the service from starting with it."""

import json
import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from textwrap import dedent

import pytest

from service.auth import Client, Clients
from service.auth.clients import KEYS
from service.errors import SettingsInvalid
from tests.auth.conftest import JWKS, RSA_KEY, jwk

GUIDE = Path(__file__).parents[2] / "deploy" / "README.md"
WHOLE = """
[[client]]
issuer = "https://ehr.example"
jku = "https://ehr.example/jwks.json"
algorithms = ["ES384", "RS384"]
tenants = ["hospital-a"]
fhir_servers = ["https://ehr.example/fhir"]
private_network = false
profile = "2.0"
pathway = "early-referral"
silent = false
"""
SHORT = '[[client]]\nissuer = "https://ehr.example"\njku = "https://ehr.example/jwks.json"\n'
Written = Callable[[str], Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(text: str) -> Path:
        file = tmp_path / "clients.toml"
        file.write_text(text)
        return file

    return write


def problems(path: Path, **more: object) -> tuple[str, ...]:
    with pytest.raises(SettingsInvalid) as caught:
        Clients.read(path, **more)  # type: ignore[arg-type]
    assert str(path) in str(caught.value)
    assert all(problem in str(caught.value) for problem in caught.value.problems)
    return caught.value.problems


def test_every_member_is_read(written: Written) -> None:
    clients = Clients.read(written(WHOLE), pathways=("early-referral", "nice-ng127"))

    assert clients.anonymous is None
    assert clients.registered == {
        "https://ehr.example": Client(
            issuer="https://ehr.example",
            jku="https://ehr.example/jwks.json",
            algorithms=("ES384", "RS384"),
            tenants=("hospital-a",),
            fhir_servers=("https://ehr.example/fhir",),
            private_network=False,
            dialect="2.0",
            pathway="early-referral",
            silent=False,
        )
    }


def test_what_is_left_out_has_the_safe_value(written: Written) -> None:
    [client] = Clients.read(written(SHORT)).registered.values()

    assert client.algorithms == ("ES384", "RS384")
    assert (client.tenants, client.fhir_servers) == ((), ())
    assert (client.private_network, client.silent) == (False, False)
    assert (client.dialect, client.pathway) == ("2.0", None)


def test_a_key_file_lies_beside_the_clients_file(written: Written, tmp_path: Path) -> None:
    (tmp_path / "ehr-keys.json").write_text(json.dumps(JWKS))

    [client] = Clients.read(
        written('[[client]]\nissuer = "ehr"\njwks_file = "ehr-keys.json"')
    ).registered.values()

    assert client.jwks_file == tmp_path / "ehr-keys.json"


def test_a_slash_at_the_end_of_a_fhir_server_makes_no_difference(written: Written) -> None:
    [client] = Clients.read(
        written(SHORT + 'fhir_servers = ["https://ehr.example/fhir/"]')
    ).registered.values()

    assert client.fhir_servers == ("https://ehr.example/fhir",)


def test_a_private_network_allows_http_and_loopback(written: Written) -> None:
    text = SHORT.replace("https://ehr.example/jwks", "http://10.1.2.3:8080/jwks")

    (client,) = Clients.read(
        written(text + 'private_network = true\nfhir_servers = ["http://localhost:8080/fhir"]')
    ).registered.values()

    assert client.jku == "http://10.1.2.3:8080/jwks.json"
    assert client.fhir_servers == ("http://localhost:8080/fhir",)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no client"),
        ("client = []", "no client"),
        ("client = 7", "no client"),
        ("client = [7]", "not a table"),
        ("[client", "not TOML"),
        (SHORT + "[other]", "other is unknown"),
        (SHORT + 'isuer = "x"', "isuer is unknown"),
        (SHORT + 'tenant = "x"', "tenant is unknown"),
        (SHORT + "jti = 7", "jti is unknown"),
        (SHORT + SHORT, "registered 2 times"),
        (SHORT + 'silent = "yes"', "silent must be true or false"),
        (SHORT + "private_network = 1", "private_network must be true or false"),
        (SHORT + 'tenants = "hospital-a"', "tenants must be a list"),
        (SHORT + "tenants = []", "tenants must be a list"),
        (SHORT + "tenants = [7]", "tenants must be a list"),
        (SHORT + "algorithms = []", "algorithms must be a list"),
        (SHORT + 'algorithms = ["none"]', "algorithms must be of"),
        (SHORT + 'algorithms = ["ES384", "HS256"]', "algorithms must be of"),
        (SHORT + 'profile = "3.0"', "profile must be one of"),
        (SHORT + 'dialect = "2.0"', "dialect is unknown"),
        (SHORT + 'search = "text"', "search must be one of code, category"),
        (SHORT + 'ask_about_words = "no"', "ask_about_words must be true or false"),
        (SHORT + "known_mnd_card = 1", "known_mnd_card must be true or false"),
        (SHORT + "profile = 2.0", "profile must be a text"),
        (SHORT + 'pathway = "unknown"', "pathway must be one of early-referral"),
        (SHORT + f'tenants = ["{"x" * 256}"]', "at most 255"),
        (SHORT + 'fhir_servers = ["http://ehr.example/fhir"]', "must be an https address"),
        (SHORT + 'fhir_servers = ["https://10.0.0.1/fhir"]', "must be an https address"),
        (SHORT + 'fhir_servers = ["https://169.254.169.254/"]', "must be an https address"),
        (SHORT + 'fhir_servers = ["file:///etc"]', "must be an https address"),
        (SHORT + 'fhir_servers = ["https://user:secret@ehr.example"]', "must be an https address"),
        (SHORT + 'fhir_servers = ["https://ehr.example/#a"]', "no #fragment"),
        (SHORT + 'fhir_servers = ["https://ehr.example:port"]', "must be an https address"),
        (
            SHORT + 'private_network = true\nfhir_servers = ["https://169.254.169.254/"]',
            "must be an https or",
        ),
        ('[[client]]\njku = "https://ehr.example/jwks.json"', "issuer is missing"),
        ('[[client]]\nissuer = "https://ehr.example"', "jku or jwks_file is missing"),
        ('[[client]]\nissuer = "x"\njku = "http://ehr.example/jwks.json"', "jku http://ehr.example"),
        ('[[client]]\nissuer = "x"\njku = "http://169.254.169.254/"\nprivate_network = true', "jku"),
        ('[[client]]\nissuer = "x"\njku = "file:///etc/passwd"\nprivate_network = true', "jku file:"),
        ('[[client]]\nissuer = "x"\njku = "/jwks.json"', "jku"),
        ('[[client]]\nissuer = "x"\njku = "https://"', "jku"),
        ('[[client]]\nissuer = "x"\njku = ""', "jku must be a text"),
        ('[[client]]\nissuer = "x"\njwks_file = "none.json"', "cannot be read"),
        ('[[client]]\nissuer = "x"\njwks_file = "clients.toml"', "not JSON"),
        (SHORT.replace("https://ehr.example", "https://sandbox.cds-hooks.org"), "anybody can sign"),
    ],
)
def test_a_file_that_cannot_be_followed_stops_the_start(written: Written, text: str, problem: str) -> None:
    found = problems(written(text), pathways=("early-referral",))

    assert len(found) == 1
    assert problem in found[0]


def test_every_problem_of_every_client_is_listed_at_once(written: Written) -> None:
    text = """
    [[client]]
    jku = "http://ehr.example/jwks.json"
    silent = "no"
    [[client]]
    issuer = "https://b.example"
    algorithms = ["none"]
    profile = "9"
    fhir_servers = ["file:///etc", "http://x.example"]
    colour = "red"
    """

    found = problems(written(text))

    assert [problem.split(":")[0] for problem in found].count("client 1") == 3
    assert sum(problem.startswith("client 2 (https://b.example)") for problem in found) == 6
    assert len(found) == 9


@pytest.mark.conformance("66")
def test_the_sandbox_is_registered_only_as_what_it_is(written: Written) -> None:
    text = SHORT.replace("https://ehr.example", "https://sandbox.cds-hooks.org") + 'profile = "sandbox"'

    assert "https://sandbox.cds-hooks.org" in Clients.read(written(text)).registered


@pytest.mark.parametrize(
    "keys", [[], [{**jwk(RSA_KEY, "r"), "d": "AAAA"}], [{**jwk(RSA_KEY, "r"), "use": "enc"}]]
)
def test_a_key_file_without_a_usable_public_key_stops_the_start(
    written: Written, tmp_path: Path, keys: list[object]
) -> None:
    (tmp_path / "keys.json").write_text(json.dumps({"keys": keys}))

    [problem] = problems(written('[[client]]\nissuer = "x"\njwks_file = "keys.json"'))

    assert "no public key" in problem


def test_a_file_that_is_not_there_or_not_text_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")

    assert "cannot be read" in problems(tmp_path / "none.toml")[0]
    assert "not TOML" in problems(tmp_path / "binary.toml")[0]
    assert "cannot be read" in problems(tmp_path)[0]


def test_the_open_mode_checks_its_fhir_servers() -> None:
    assert Clients.open().anonymous == Client(issuer="", private_network=True)
    with pytest.raises(SettingsInvalid, match="TWITCH_CDS_FHIR_SERVERS") as caught:
        Clients.open(["http://localhost:8080/fhir", "file:///etc", "http://169.254.169.254"])

    assert len(caught.value.problems) == 2


def test_the_example_in_the_guide_for_a_hospital_is_taken_as_it_stands(written: Written) -> None:
    example = dedent(GUIDE.read_text("utf-8").split("```toml\n")[1].split("```")[0])

    (client,) = Clients.read(written(example), pathways={"nice-ng127"}).registered.values()

    told = re.findall(r"^(\w+) =", example, re.MULTILINE)
    keys = {attribute: key for key, attribute in KEYS.items()}
    assert {*told, "jwks_file"} == {keys.get(f.name, f.name) for f in fields(Client) if f.compare}
    assert client.silent


def test_what_a_client_chooses_of_searches_and_cards_is_read(written: Written) -> None:
    more = 'search = "category"\nask_about_words = false\nknown_mnd_card = true\n'

    [plain] = Clients.read(written(SHORT)).registered.values()
    [chosen] = Clients.read(written(SHORT + more)).registered.values()

    assert (plain.search, plain.ask_about_words, plain.known_mnd_card) == ("code", True, False)
    assert (chosen.search, chosen.ask_about_words, chosen.known_mnd_card) == ("category", False, True)
