"""What the documentation of settings says is true, and the deployment hands every setting on."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = set(re.findall(r'env\.\w+\(\s*"([A-Z0-9_]+)"', (ROOT / "smsplatform/settings.py").read_text()))
# The quick start's own, and what the containers are not asked about: they know their servers, vault and proxy.
INSIDE = {"DEMO", "HANDSETS_URL", "RUN_DIR"}
FIXED = {"ALLOWED_HOSTS", "CONN_MAX_AGE", "LIMITS_URL", "OWNER_DATABASE_URL", "VAULT"}
FIXED |= {"VAULT_PKCS11_MODULE", "VAULT_PKCS11_TOKEN", "VAULT_PKCS11_PIN"}


def test_every_setting_is_explained() -> None:
    text = (ROOT / "docs/operate.md").read_text()

    assert {name for name in SETTINGS - INSIDE if f"`{name}`" not in text} == set()


def test_containers_are_given_every_setting_that_the_operator_may_make() -> None:
    environment = yaml.safe_load((ROOT / "deploy/docker-compose.yml").read_text())["x-app"]["environment"]

    assert SETTINGS - INSIDE - FIXED - set(environment) == set()
    assert {name for name in environment if name not in SETTINGS} == set()


def test_the_example_of_the_environment_names_nothing_that_nobody_reads() -> None:
    compose = (ROOT / "deploy/docker-compose.yml").read_text()
    named = set(re.findall(r"^([A-Z_]+)=", (ROOT / "deploy/.env.example").read_text(), re.MULTILINE))

    assert {name for name in named if name not in compose} == set()
