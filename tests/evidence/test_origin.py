import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlib import Origin, derived
from churnlib.evidence.origin import PROJECT, require_evidence, resources, update_checksums


@given(st.lists(st.sampled_from(Origin), min_size=1))
def test_a_result_is_never_firmer_than_its_weakest_ingredient(origins):
    result = derived(*origins)
    assert result in origins
    assert all(result >= origin for origin in origins)


def test_a_result_without_ingredients_has_no_origin():
    with pytest.raises(ValueError, match="at least one ingredient"):
        derived()


def test_every_badge_is_in_both_languages():
    for origin in Origin:
        english, chinese = origin.badge.split(" · ")
        assert english == origin.name
        assert all("\u4e00" <= character <= "\u9fff" for character in chinese)


def test_the_order_of_gravity_is_that_of_the_readme():
    names = [origin.name for origin in Origin]
    assert names == ["PUBLISHED", "EXTERNAL", "OBSERVED", "HYPOTHETICAL", "SYNTHETIC"]


@pytest.mark.parametrize("origin", [Origin.HYPOTHETICAL, Origin.SYNTHETIC])
def test_what_is_assumed_or_simulated_is_refused_as_evidence(origin):
    for firm in (Origin.PUBLISHED, Origin.EXTERNAL, Origin.OBSERVED):
        require_evidence(firm, "statement 25")
    with pytest.raises(ValueError, match=f"refuted with {origin.name} data"):
        require_evidence(origin, "statement 25")


def test_a_missing_data_package_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"datapackage\.json is missing"):
        resources(tmp_path)


@pytest.mark.parametrize("spoiled", ["{", '{"resources": [{"name": "x"}]}', '{"resources": 3}'])
def test_a_malformed_data_package_is_named(tmp_path, spoiled):
    (tmp_path / "datapackage.json").write_text(spoiled)
    with pytest.raises(ValueError, match=r"datapackage\.json is not a data package"):
        resources(tmp_path)


def test_sealing_writes_the_checksum_of_the_edited_file_alone(data):
    assert update_checksums(data) == []
    (data / "codebook.toml").write_text("# edited\n")
    assert not resources(data)["codebook"].is_intact()
    assert update_checksums(data) == ["codebook"]
    assert all(resource.is_intact() for resource in resources(data).values())


def test_sealing_keeps_the_committed_package_byte_for_byte(data):
    update_checksums(data)
    committed = (PROJECT / "data" / "datapackage.json").read_bytes()
    assert (data / "datapackage.json").read_bytes() == committed
    assert json.loads(committed)["resources"]
