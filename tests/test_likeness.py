import matplotlib.pyplot as plt
import numpy as np
import pytest
from likeness import unlike, words

from churnlib.evidence.origin import PROJECT

FIGURES = PROJECT / "figures"


def changed(path, tmp_path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    copy = tmp_path / path.name
    copy.write_text(text.replace(old, new, 1), encoding="utf-8")
    return copy


def test_the_same_file_is_like_itself(tmp_path):
    for name in ("en/shares.png", "en/shares.svg", "source/shares.csv", "en/shares.pdf"):
        assert unlike(FIGURES / name, FIGURES / name) == ""


def test_a_picture_with_another_bar_is_unlike_and_one_smoothed_otherwise_is_not(tmp_path):
    kept = FIGURES / "en" / "shares.png"
    pixels = plt.imread(kept)[..., :3].copy()
    smoothed, spoilt = tmp_path / "smoothed.png", tmp_path / "spoilt.png"
    plt.imsave(
        smoothed, np.clip(pixels + 2 / 255 * (np.indices(pixels.shape).sum(axis=0) % 2), 0, 1)
    )
    pixels[300:340, 500:560] = (0.6, 0.8, 0.9)
    plt.imsave(spoilt, pixels)
    assert unlike(smoothed, kept) == ""
    assert "shares.png looks different by" in unlike(spoilt, kept)


def test_a_picture_of_another_size_is_unlike(tmp_path):
    plt.imsave(tmp_path / "small.png", np.ones((5, 5, 3)))
    assert "has (5, 5) pixels" in unlike(tmp_path / "small.png", FIGURES / "en" / "shares.png")


def test_a_changed_word_of_a_figure_is_named(tmp_path):
    kept = FIGURES / "en" / "shares.svg"
    assert "Bachelor" in words(kept)
    copy = changed(kept, tmp_path, "<!-- Bachelor -->", "<!-- Master -->")
    assert unlike(copy, kept) == "shares.svg says {'Master'} where it said {'Bachelor'}"
    assert unlike(changed(kept, tmp_path, "<path", "<path id='x'"), kept) == ""


@pytest.mark.parametrize(("new", "is_like"), [("0.120000001", True), ("0.125", False)])
def test_numbers_are_compared_to_five_digits(tmp_path, new, is_like):
    kept = FIGURES / "source" / "shares.csv"
    found = unlike(changed(kept, tmp_path, ",0.12\n", f",{new}\n"), kept)
    assert (found == "") is is_like
    assert is_like or "shares.csv has other numbers" in found


def test_a_changed_table_is_unlike(tmp_path):
    kept = FIGURES / "en" / "table_3_2.tex"
    assert unlike(changed(kept, tmp_path, "87", "88"), kept) == "table_3_2.tex has another text"


def test_a_file_that_was_not_made_is_named(tmp_path):
    kept = FIGURES / "en" / "shares.png"
    assert unlike(tmp_path / "shares.png", kept) == "shares.png was not made"
    assert unlike(kept, tmp_path / "shares.png") == "shares.png was not kept"
