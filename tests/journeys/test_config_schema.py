"""The JSON Schema, the loader and the documentation say the same about a configuration."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/config.schema.json").read_text())
DOCUMENTATION = (ROOT / "docs/configuration.md").read_text()
ENVIRONMENT = {"MLFLOW_BASIC": "dXNlcjpwYXNz", "OIDC_CLIENT_SECRET": "a" * 40}
ENVIRONMENT |= {"SESSION_KEY": "b" * 44, "OLD_SESSION_KEY": "c" * 44}
APP = "apps: [{name: a, kind: mlflow, endpoint: 'http://127.0.0.1:5000'}]\n"
IDENTITY = "identity: {bearer: [{issuer: 'https://login.example.com', audience: signet}]}\n"
PROVIDER = "{name: corp, issuer: 'https://login.example.com', client_id: signet}"
BALANCER = (
    "{signer: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/a-b/50dc', "
    "client_id: alb, issuer: 'https://login.example.com'}"
)
PROXIES = "trusted_proxies: [10.0.0.0/8]\n"
ROLE = "arn:aws:iam::123456789012:role/"
SIGNED = """
apps:
  - name: a
    kind: sagemaker-app
    arn: arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-ABC
"""


class CoreLoader(yaml.SafeLoader):
    """YAML 1.2's core schema: no dates, no yes and no, no sexagesimals."""


CoreLoader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    CoreLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first)
    )


def binary() -> str:
    return os.environ.get("SIGNET_BIN", str(ROOT / "build/release/signet"))


def check(text: str, folder: Path) -> tuple[int, str]:
    """`signet check` of the text: its exit code and what it says."""
    file = folder / "signet.yaml"
    file.write_text(text)
    state = {"STATE_DIRECTORY": str(folder / "state")}
    done = subprocess.run(
        [binary(), "check", "--config", str(file)],
        env=os.environ | ENVIRONMENT | state,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in (0, 2), done
    assert (done.stdout == "ok\n") == (done.returncode == 0), done
    for line in done.stderr.splitlines():
        assert re.match(rf"(warning: )?{re.escape(str(file))}:[1-9][0-9]*:[1-9][0-9]*: .", line)
    return done.returncode, done.stderr


def schema_errors(text: str) -> list[str]:
    document = yaml.load(text, Loader=CoreLoader)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    return [error.message for error in validator.iter_errors(document)]


def leaves(schema: dict, path: str = "") -> dict[str, dict]:
    """{"limits.memory": its schema}, lists written as "apps[].name"."""
    found: dict[str, dict] = {}
    for key, value in schema.get("properties", {}).items():
        name = f"{path}.{key}" if path else key
        items = value.get("items", {})
        if "properties" in value:
            found |= leaves(value, name)
        elif "properties" in items:
            found |= leaves(items, f"{name}[]")
        else:
            found[name] = value
    return found


LEAVES = leaves(SCHEMA)
EXAMPLES = [
    example
    for name in ("configuration", "identity", "identity-providers")
    for text in [(ROOT / f"docs/{name}.md").read_text()]
    for example in re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
]
ROWS = dict(re.findall(r"^\| `([\w.\[\]]+)` \| (.*?) \|", DOCUMENTATION, re.MULTILINE))

# One good value for each key that is not of an app.
VALUES = {
    "public_url": "'https://mlflow.example.com'",
    "hosts": "['mlflow.internal:8443', other]",
    "listen[].address": "'127.0.0.1:0'",
    "admin.address": "'[::1]:9902'",
    "trusted_proxies": "[10.0.0.0/8, '2001:db8::/32', 127.0.0.1]",
    "workers": "3",
    "portal.title": "Some title",
    "embedding.frame_ancestors": "['https://*.example.com', 'http://a:81']",
    "outbound.ca": "/etc/ssl/certs/ca-certificates.crt",
    "outbound.proxy": "http://proxy.example.com:3128",
    "outbound.no_proxy": "[.internal, 10.0.0.0/8]",
    "state.sqlite": "/tmp/state.db",
    "state.max_stale": "1s",
    "spool.bytes": "1GiB",
    "log.format": "text",
    "log.level": "debug",
    "log.access": "off",
    "log.audit": "/tmp/audit.log",
    "limits.header_bytes": "100kB",
    "limits.header_count": "100",
    "limits.request_line": "1000B",
    "limits.body_bytes": "1TiB",
    "limits.inspect_bytes": "1MB",
    "limits.inspect_total": "1GB",
    "limits.memory": "64MiB",
    "limits.connections": "5000",
    "limits.connections_per_address": "10",
    "limits.exchanges": "100",
    "limits.origin_connections": "10",
    "limits.request_rate_per_person": "off",
    "limits.request_rate_per_address": "off",
    "identity.bearer[].issuer": "'https://login.example.com/tenant'",
    "identity.bearer[].audience": "[signet, 'https://mlflow.example.com']",
    "identity.bearer[].audience_claim": "client_id",
    "identity.bearer[].require": "{repository_owner: example-org, ref: [a, b]}",
    "identity.bearer[].claims.person": "email",
    "identity.bearer[].claims.name": "username",
    "identity.bearer[].claims.groups": "'cognito:groups'",
    "identity.bearer[].groups": "[ci]",
    "identity.same_people": "true",
    "identity.providers[].name": "0-corp",
    "identity.providers[].title": "Company login",
    "identity.providers[].issuer": "'http://127.0.0.1:9000/realm'",
    "identity.providers[].client_id": "'a b:c'",
    "identity.providers[].client_secret": "'${env:OIDC_CLIENT_SECRET}'",
    "identity.providers[].scopes": "[openid, offline_access, 'https://x/y.z']",
    "identity.providers[].require": "{hd: example.com, tid: [a, b]}",
    "identity.providers[].claims.person": "upn",
    "identity.providers[].claims.name": "display",
    "identity.providers[].claims.groups": "realm_access.roles",
    "identity.providers[].groups": "[staff]",
    "identity.providers[].unverified_email": "true",
    "identity.session.idle": "1m",
    "identity.session.lifetime": "30d",
    "identity.session.refresh": "5m",
    "identity.session.keys": "['${env:SESSION_KEY}', abcdefghijklmnopqrstuvwxyz012345]",
    "identity.tokens.max_lifetime": "366d",
    "identity.load_balancer.signer": "'arn:aws-us-gov:elasticloadbalancing:us-gov-west-1:"
    "123456789012:loadbalancer/app/a-b/50dc'",
    "identity.load_balancer.client_id": "alb",
    "identity.load_balancer.issuer": "'https://login.example.com/tenant'",
    "identity.load_balancer.require": "{hd: [example.com]}",
    "identity.load_balancer.claims.person": "upn",
    "identity.load_balancer.claims.name": "display",
    "identity.load_balancer.claims.groups": "'custom:groups'",
    "identity.load_balancer.groups": "behind-alb",
    "identity.load_balancer.unverified_email": "true",
    "identity.load_balancer.keys": "'https://keys.example.com/alb'",
    "identity.aws_roles[].arn": f"'{ROLE}train-*'",
    "identity.aws_roles[].groups": "[training]",
    "access.admins.people": "[ada@example.com]",
    "access.admins.groups": "[ml-platform]",
    "access.rules[].people": "ada@example.com",
    "access.rules[].groups": "[everyone]",
    "access.rules[].apps": "[a, '*']",
    "access.rules[].permission": "NO_PERMISSIONS",
    **{key: "250ms" for key in LEAVES if key.startswith("timeouts.")},
    "timeouts.drain": "0s",
}

GOOD = [
    APP,
    SIGNED,
    SIGNED + "    endpoint: http://127.0.0.1:5103\n",
    SIGNED + "    endpoint: 'http://[::1]:5103'\n    title: Some title\n    default: true\n",
    SIGNED + "    role_arn: arn:aws:iam::123456789012:role/a/b\n    external_id: abc\n",
    SIGNED + "    public_url: https://own.example.com/\n",
    SIGNED.replace("mlflow-app/app-ABC", "mlflow-tracking-server/a-b").replace(
        "sagemaker-app", "sagemaker-tracking-server"
    ),
    SIGNED.replace("arn:aws:", "arn:aws-us-gov:"),
    APP.replace("}]", ", authorization: 'Basic ${env:MLFLOW_BASIC}'}]"),
    APP.replace("5000'", "5000/base/path'"),
    APP + IDENTITY,
    APP + IDENTITY + "listen: [{address: '0.0.0.0:8080'}]\npublic_url: https://m.example.com\n",
    APP + "identity: {bearer: []}\n",
    APP + "identity: {providers: []}\n",
    APP + "identity: {providers: [" + PROVIDER + "]}\npublic_url: https://m.example.com\n",
    APP + PROXIES + "identity: {providers: [" + PROVIDER + "], load_balancer: " + BALANCER + "}\n",
    APP + "identity: {aws_roles: [{arn: '" + ROLE + "a_b'}]}\n",
    "a: &x 1\n".replace("a: &x 1", "workers: &x 2") + "limits: {exchanges: *x}\n" + APP,
]

BAD = [
    "apps: []\n",
    "workers: 2\n",
    "- a\n",
    "apps: 5\n",
    APP + "unknown: 1\n",
    APP.replace("name: a, ", ""),
    APP.replace("name: a", "name: A"),
    APP.replace("name: a", "name: 5"),
    APP.replace("name: a", "name: " + "a" * 64),
    APP.replace("kind: mlflow, ", ""),
    APP.replace("kind: mlflow", "kind: other"),
    APP.replace(", endpoint: 'http://127.0.0.1:5000'", ""),
    APP.replace("http://", "ftp://"),
    APP.replace("5000'", "5000?x'"),
    APP.replace("5000'", "5000/a//b'"),
    APP.replace("127.0.0.1", "user@127.0.0.1"),
    APP.replace("}]", ", arn: 'arn:aws:sagemaker:a:123456789012:mlflow-app/app-A'}]"),
    APP.replace("}]", ", role_arn: 'arn:aws:iam::123456789012:role/x'}]"),
    APP.replace("}]", ", workspaces: false}]"),
    APP.replace("}]", ", default: 'true'}]"),
    APP.replace("}]", ", title: ''}]"),
    APP.replace("}]", ", public_url: 'https://a/b'}]"),
    SIGNED.replace("    arn:", "    title:"),
    SIGNED.replace("app-ABC", "other"),
    SIGNED.replace("123456789012", "1"),
    SIGNED.replace("sagemaker-app", "sagemaker-tracking-server"),
    SIGNED + "    endpoint: http://mlflow.example.com\n",
    SIGNED + "    authorization: Bearer x\n",
    SIGNED + "    external_id: abc\n",
    SIGNED + "    role_arn: arn:aws:iam::123456789012:user/x\n",
    SIGNED + "    sessions: shared\n",
    *(
        APP + line + "\n"
        for line in (
            "discover: []",
            "identity: {}",
            "identity: {session: {idle: 5m}}",
            "identity: {providers: [{name: A, issuer: 'https://a', client_id: x}]}",
            "identity: {providers: [{issuer: 'https://a', client_id: x}]}",
            "identity: {providers: [{name: a, client_id: x}]}",
            "identity: {providers: [{name: a, issuer: 'https://a'}]}",
            "identity: {providers: [{name: a, issuer: 'http://a', client_id: x}]}",
            "identity: {providers: [{name: a, issuer: 'https://a', client_id: 'x\u00e9'}]}",
            "identity: {providers: [" + PROVIDER.replace("}", ", scopes: [email]}") + "]}",
            "identity: {providers: [" + PROVIDER.replace("}", ", scopes: a b}") + "]}",
            "identity: {bearer: [], session: {keys: []}}",
            "identity: {bearer: [], session: {idle: 60}}",
            "identity: {bearer: [], session: {keys: abc}}",
            "identity: {bearer: [], tokens: {max_lifetime: 90}}",
            PROXIES + "identity: {load_balancer: {}}",
            PROXIES + "identity: {load_balancer: " + BALANCER.replace("app/", "net/") + "}",
            PROXIES + "identity: {load_balancer: " + BALANCER.replace("issuer", "issuers") + "}",
            PROXIES + "identity: {load_balancer: " + BALANCER.replace("}", ", keys: 'http://a'}}"),
            "identity: {aws_roles: [{groups: [a]}]}",
            "identity: {aws_roles: [{arn: '" + ROLE + "*'}]}",
            "identity: {aws_roles: [{arn: '" + ROLE + "a*b'}]}",
            "identity: {aws_roles: [{arn: '" + ROLE + "path/a'}]}",
            "identity: {bearer: [{issuer: 'https://a'}]}",
            "identity: {bearer: [{issuer: 'http://a', audience: s}]}",
            "identity: {bearer: [{issuer: 'https://a', audience: []}]}",
            "identity: {bearer: [{issuer: 'https://a', audience: s, audience_claim: azp}]}",
            "identity: {bearer: [{issuer: 'https://a', audience: s, require: {a: 1}}]}",
            "access: {rules: []}",
            IDENTITY + "access: {rules: [{apps: [a], permission: READ}]}",
            IDENTITY + "access: {rules: [{groups: [a], permission: READ}]}",
            IDENTITY + "access: {rules: [{groups: [a], apps: [a]}]}",
            IDENTITY + "access: {rules: [{groups: [a], apps: [a], permission: read}]}",
            IDENTITY + "access: {rules: [{groups: [], apps: [a], permission: READ}]}",
            IDENTITY + "access: {admins: {person: [a]}}",
            IDENTITY + "access: {rules: [{groups: [a], apps: [a], permission: READ, models: [a]}]}",
            "state: {dynamodb: {table: t}}",
            "state: {max_stale: 15}",
            "outbound: {proxy: 'https://p:1'}",
            "outbound: {no_proxy: ['*']}",
            "embedding: {cors_origins: []}",
            "embedding: {frame_ancestors: ['*']}",
            "embedding: {frame_ancestors: ['https://a/b']}",
            "listen: [{address: '127.0.0.1:1', tls: {key: k}}]",
            "listen: [{address: '127.0.0.1:1', redirect_to_https: true}]",
            "listen: [{address: '0.0.0.0:8080'}]",
            "listen: [{address: '127.0.0.1'}]",
            "listen: [{}]",
            "listen: []",
            "listen: '127.0.0.1:8080'",
            "admin: {address: '10.0.0.1:9901'}",
            "admin: {port: 1}",
            "public_url: mlflow.example.com",
            "public_url: 5",
            "public_url:",
            "hosts: mlflow",
            "hosts: [a/b]",
            "trusted_proxies: [everyone]",
            "workers: 0",
            "workers: all",
            "workers: 1.5",
            "portal: {title: 5}",
            "portal:",
            "log: {format: xml}",
            "log: {level: loud}",
            "log: {access: stderr}",
            "log: {access: true}",
            "spool: {bytes: 20}",
            "limits: {header_bytes: 65536}",
            "limits: {header_bytes: 64 KiB}",
            "limits: {header_count: 128B}",
            "limits: {header_count: 7}",
            "limits: {connections: 0}",
            "limits: {request_rate_per_person: 100}",
            "limits: {request_rate_per_person: 0/s}",
            "limits: {request_rate_per_address: 100/s}",
            "limits: {memoryy: 1GiB}",
            "timeouts: {idle: 75}",
            "timeouts: {idle: 75sec}",
            "timeouts: {idle: 1.5s}",
            "timeouts: [idle]",
        )
    ),
]

# What a schema cannot say: the loader alone refuses these.
ONLY_THE_LOADER = [
    APP + "apps: []\n",
    APP + "limits: {header_bytes: 16KiB}\n",
    APP + "limits: {connections: 10, connections_per_address: 11}\n",
    APP + "timeouts: {idle: 2d}\n",
    APP + "trusted_proxies: [10.0.0.1/8]\n",
    APP + IDENTITY + "listen: [{address: '0.0.0.0:8080'}]\n",
    APP + IDENTITY + "access: {rules: [{groups: [a], apps: [other], permission: READ}]}\n",
    APP + "identity: {bearer: [{issuer: 'https://gitlab.com', audience: s}]}\n",
    APP + "identity: {bearer: [], session: {keys: [short]}}\n",
    APP + "identity: {bearer: [], session: {idle: 2h, lifetime: 1h}}\n",
    APP + "identity: {bearer: [], tokens: {max_lifetime: 367d}}\n",
    APP + "identity: {load_balancer: " + BALANCER + "}\n",
    APP + "identity: {providers: [" + PROVIDER + ", " + PROVIDER + "]}\n",
    APP + "identity: {providers: [" + PROVIDER + "]}\npublic_url: http://m.example.com\n",
    APP.replace("}]", ", public_url: 'https://own.example.com'}]")
    + "identity: {providers: ["
    + PROVIDER
    + "]}\n",
    APP + "state: {max_stale: 2d}\n",
    APP + "admin: {address: '127.0.0.1:8080'}\n",
    APP + "outbound: {ca: /no/such/file}\n",
    APP + "spool: {directory: /dev/shm/spool}\n",
    APP.replace("]", ", {name: a, kind: mlflow, endpoint: 'http://127.0.0.1:1'}]"),
    APP.replace("}]", ", authorization: '${env:SIGNET_TEST_UNSET}'}]"),
    APP.replace("}]", ", authorization: '${ssm:/a}'}]"),
    SIGNED.replace("arn:aws:", "arn:aws-cn:"),
]


# What must be there besides the key that is tried.
COMPANIONS = {
    "identity": {"bearer": "[{issuer: 'https://login.example.com', audience: signet}]"},
    "bearer[]": {"issuer": "'https://login.example.com'", "audience": "signet"},
    "providers[]": {
        "name": "corp",
        "issuer": "'https://login.example.com'",
        "client_id": "signet",
    },
    "load_balancer": dict(field.split(": ", 1) for field in BALANCER.strip("{}").split(", ")),
    "aws_roles[]": {"arn": f"'{ROLE}train'"},
    "rules[]": {"groups": "[everyone]", "apps": "[a]", "permission": "READ"},
}


def value_document(key: str, value: str) -> str:
    *folders, last = key.split(".")
    text = f"{last}: {value}"
    for folder in reversed(folders):
        tried = text.partition(":")[0]
        others = COMPANIONS.get(folder, {}).items()
        fields = ", ".join([f"{name}: {other}" for name, other in others if name != tried] + [text])
        is_list = folder.endswith("[]")
        text = f"{folder[:-2]}: [{{{fields}}}]" if is_list else f"{folder}: {{{fields}}}"
    before = IDENTITY if key.startswith("access") else ""
    before += PROXIES if key.startswith("identity.load_balancer") else ""
    return APP + before + text + "\n"


def numbered(texts: list[str]) -> list:
    return [pytest.param(text, id=str(number)) for number, text in enumerate(texts)]


@pytest.mark.parametrize("text", numbered(GOOD))
def test_both_accept(text: str, test_folder: Path) -> None:
    assert schema_errors(text) == []
    assert check(text, test_folder)[0] == 0


@pytest.mark.parametrize("text", numbered(BAD))
def test_both_refuse(text: str, test_folder: Path) -> None:
    assert schema_errors(text)
    assert check(text, test_folder)[0] == 2


@pytest.mark.parametrize("text", numbered(ONLY_THE_LOADER))
def test_the_loader_refuses_more(text: str, test_folder: Path) -> None:
    assert check(text, test_folder)[0] == 2


def test_every_key_has_a_value_to_try() -> None:
    others = {key for key in LEAVES if not key.startswith("apps[]")} - {"spool.directory"}
    assert set(VALUES) == others


@pytest.mark.parametrize(("key", "value"), VALUES.items(), ids=list(VALUES))
def test_every_key_is_accepted_by_both(key: str, value: str, test_folder: Path) -> None:
    text = value_document(key, value)
    assert schema_errors(text) == []
    code, problems = check(text, test_folder)
    assert code == 0, problems


def test_no_key_is_left_out_or_unknown(test_folder: Path) -> None:
    # The loader lists the keys it knows when a key is like none of them.
    for path in ["", *sorted({key.rpartition(".")[0] for key in LEAVES})]:
        known = {
            key[len(path) :].lstrip(".").partition(".")[0].removesuffix("[]")
            for key in LEAVES
            if key.startswith(path)
        }
        text = value_document(f"{path}.qqqqqqqqqqqqqqqqqqqq".lstrip("."), "1")
        if path == "apps[]":
            text = "apps: [{qqqqqqqqqqqqqqqqqqqq: 1}]\n"
        _, problems = check(text, test_folder)
        listed = re.search(r"known here are ([\w, ]+)", problems)
        assert listed, problems
        keys = set(listed[1].split(", "))
        later = {
            key for key in keys if schema_errors(value_document(f"{path}.{key}".lstrip("."), "x"))
        }
        assert known <= keys
        assert keys - known <= later, path


def test_the_documentation_names_every_key_and_its_default() -> None:
    assert set(ROWS) == set(LEAVES)
    for key, schema in LEAVES.items():
        default = schema.get("default")
        if isinstance(default, (str, int)) and not isinstance(default, bool):
            assert f"`{default}`" in ROWS[key], key


@pytest.mark.parametrize("text", numbered(EXAMPLES))
def test_the_documentations_examples_are_right(text: str, test_folder: Path) -> None:
    assert schema_errors(text) == []
    # Their folders are of an installed gateway.
    here = re.sub(r"/var/(lib|log)", str(test_folder), text)
    code, problems = check(here, test_folder)
    assert code == 0, problems


def test_the_documentation_has_examples() -> None:
    assert len(EXAMPLES) >= 6
