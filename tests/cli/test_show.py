"""``show`` of whatever stands in a file: the configuration, or one sentence and exit status 2."""

import json

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explorer.cli import main
from explorer.config import ModelConfig
from explorer.errors import ConfigError
from tests.networks.any_configuration import ANY_CONFIGURATION

SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much]


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(data=ANY_CONFIGURATION)
def test_any_configuration_is_shown_or_refused(data, tmp_path, capsys):
    file = tmp_path / "any.yaml"
    file.write_text(yaml.safe_dump(json.loads(json.dumps(data))))
    status = main(["show", str(file)])
    said = capsys.readouterr()
    try:
        expected = ModelConfig.from_plain(json.loads(json.dumps(data)))
    except ConfigError:
        assert status == 2
        assert len(said.err.strip().splitlines()) == 1
    else:
        assert status == 0
        assert ModelConfig.from_yaml(said.out) == expected


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_file_is_answered_in_one_sentence(content, tmp_path, capsys):
    file = tmp_path / "any.yaml"
    file.write_bytes(content)
    assert main(["show", str(file)]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
