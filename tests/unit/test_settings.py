"""Settings: an empty file starts, a typo names file, line and key, the environment wins."""

from pathlib import Path

import pytest
import yaml

from watchkeeper.domain.errors import ConfigurationError
from watchkeeper.settings import Settings, flatten, load

ROOT = Path(__file__).parents[2]


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    return path


def test_an_empty_file_starts_offline_and_dry(tmp_path: Path) -> None:
    settings = load(write(tmp_path, ""), {})
    assert settings == Settings()
    assert settings.llm.provider == "offline"
    assert settings.remediation.dry_run


def test_a_typo_names_file_line_and_key_and_the_nearest_word(tmp_path: Path) -> None:
    path = write(tmp_path, "llm:\n  provider: offline\nremediation:\n  dry_rum: true\n")
    with pytest.raises(ConfigurationError) as caught:
        load(path, {})
    assert str(caught.value) == f"{path}:4: unknown key remediation.dry_rum (did you mean dry_run?)"


def test_a_wrong_value_names_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, "remediation:\n\n  auto_approve_threshold: often\n")
    with pytest.raises(ConfigurationError, match=r"config\.yaml:3: remediation\.auto_approve_threshold: .*number"):
        load(path, {})


def test_broken_yaml_names_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"config\.yaml:2: not valid YAML"):
        load(write(tmp_path, "llm: {\nprovider: ]"), {})


def test_a_list_at_the_top_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="expected keys and values, found list"):
        load(write(tmp_path, "- a\n"), {})


def test_a_missing_file_that_was_named_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(tmp_path / "absent.yaml", {})


def test_the_environment_wins(tmp_path: Path) -> None:
    path = write(tmp_path, "sources:\n  prometheus:\n    url: http://file\n")
    environ = {"PROMETHEUS_URL": "http://environment", "WATCHKEEPER_REMEDIATION__DRY_RUN": "false"}
    settings = load(path, environ)
    assert settings.sources.prometheus.url == "http://environment"
    assert not settings.remediation.dry_run


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="environment variable WATCHKEEPER_SERVER__PROT: unknown key"):
        load(write(tmp_path, ""), {"WATCHKEEPER_SERVER__PROT": "1"})


def test_the_specifications_own_block_loads() -> None:
    settings = load(ROOT / "tests/fixtures/config/specification.yaml", {})
    assert settings.llm.provider == "azure_openai"
    assert settings.llm.model == "gpt-4"
    assert settings.anomaly_detection.model_type == "isolation_forest"
    assert settings.remediation.auto_approve_threshold == 0.85
    assert settings.remediation.require_human_approval == ({"severity": "critical"}, {"environment": "production"})


def test_the_shipped_file_loads_and_says_our_defaults() -> None:
    assert load(ROOT / "config.yaml", {}) == Settings()


def test_the_shipped_file_shows_every_key_of_the_specification() -> None:
    shipped = yaml.safe_load((ROOT / "config.yaml").read_text())
    specified = yaml.safe_load((ROOT / "tests/fixtures/config/specification.yaml").read_text())
    for section, keys in specified.items():
        assert set(keys) <= set(shipped[section])


def test_secrets_are_not_shown() -> None:
    rows = {key: default for key, _, default, _ in flatten()}
    assert rows["llm.api_key"] == "(secret)"
    assert rows["remediation.dry_run"] == "true"
