"""The measures on nominal codes: published examples, other libraries, and what must always hold."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, confusion_matrix, f1_score
from statsmodels.stats import inter_rater

from changetalk.errors import InputError
from changetalk.reliability.nominal import (
    cohen_kappa,
    encode,
    f1_of,
    fleiss_kappa,
    fleiss_of,
    gwet_ac1,
    kappa_by_code,
    krippendorff_alpha,
    percent_agreement,
    tables,
)

# Of several coders; each takes a table of codes, a row a unit.
MEASURES = [percent_agreement, fleiss_kappa, gwet_ac1, krippendorff_alpha]

# Krippendorff (2011), "Computing Krippendorff's alpha-reliability", section C: 4 observers, 12 units.
KRIPPENDORFF_4_BY_12 = [
    [1, 1, None, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4],
    [4, 4, 4, 4], [1, 1, 2, 1], [2, 2, 2, 2], [None, 5, 5, 5], [None, None, 1, 1], [None, None, 3, None],
]  # fmt: skip


def from_confusion(confusion):
    """Return the two coders' codes that give a confusion table."""
    q = len(confusion)
    return [[a, b] for a in range(q) for b in range(q) for _ in range(confusion[a][b])]


def test_cohen_1960_table_2():
    """Cohen (1960), "A coefficient of agreement for nominal scales", Table 2: kappa = .492, N = 200."""
    codes = np.array(from_confusion([[88, 14, 18], [10, 40, 10], [2, 6, 12]]))
    assert cohen_kappa(codes[:, 0], codes[:, 1]) == pytest.approx(0.492, abs=0.0005)
    assert percent_agreement(codes) == pytest.approx(0.70)


# Fleiss (1971), Table 1: 30 patients, each diagnosed by 6 psychiatrists: how many chose depression,
# personality disorder, schizophrenia, neurosis, other.
FLEISS = """
    00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031
    00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006
"""


def test_fleiss_1971_table_1():
    """Fleiss (1971), "Measuring nominal scale agreement among many raters": kappa = .430."""
    codes = [[k for k, count in enumerate(row) for _ in range(int(count))] for row in FLEISS.split()]
    assert fleiss_kappa(codes) == pytest.approx(0.430, abs=0.0005)
    votes, _ = encode(codes, range(5))
    kappa, by_code = fleiss_of(tables(votes, 5))
    assert kappa[0] == pytest.approx(0.430, abs=0.0005)
    # His Table 2 gives the kappa of each diagnosis.
    assert by_code[0] == pytest.approx([0.245, 0.245, 0.520, 0.471, 0.566], abs=0.001)


def test_krippendorff_2011_section_b():
    """Nominal data, two observers, no missing data: alpha = .692."""
    ben, gerry = "aabbdcccedda", "babbbccceddd"
    assert krippendorff_alpha(list(zip(ben, gerry, strict=True))) == pytest.approx(0.692, abs=0.0005)


def test_krippendorff_2011_section_c():
    """Nominal data, any number of observers, missing data: alpha = .743."""
    assert krippendorff_alpha(KRIPPENDORFF_4_BY_12) == pytest.approx(0.743, abs=0.0005)


def test_krippendorffs_three_coders_by_fifteen_units():
    """The computational example of Wikipedia's "Krippendorff's alpha": nominal alpha = .691."""
    units = zip("*****34121133*3", "1*213343*******", "**21344*21133*4", strict=True)
    codes = [[None if c == "*" else c for c in unit] for unit in units]
    assert len(codes) == 15
    assert krippendorff_alpha(codes) == pytest.approx(0.691, abs=0.0005)


def test_gwet_2014_four_raters_with_missing_ratings():
    """Gwet (2014), "Handbook of inter-rater reliability": AC1 = .77544, agreement .81818.

    As printed in the vignette of his R package irrCAC, data set cac.raw4raters.
    """
    assert gwet_ac1(KRIPPENDORFF_4_BY_12) == pytest.approx(0.77544, abs=5e-6)
    assert percent_agreement(KRIPPENDORFF_4_BY_12) == pytest.approx(0.81818, abs=5e-6)


def test_gwet_2014_two_abstractors():
    """The same vignette, data set cont3x3abstractors: 100 pregnant women, two abstractors."""
    codes = np.array(from_confusion([[13, 0, 0], [0, 20, 7], [0, 4, 56]]))
    assert percent_agreement(codes) == pytest.approx(0.89)
    assert cohen_kappa(codes[:, 0], codes[:, 1]) == pytest.approx(0.7964094, abs=5e-8)
    assert fleiss_kappa(codes) == pytest.approx(0.7962397, abs=5e-8)  # Scott's pi, of two raters
    assert gwet_ac1(codes) == pytest.approx(0.8493305, abs=5e-8)
    assert krippendorff_alpha(codes) == pytest.approx(0.7972585, abs=5e-8)


def test_ac1_depends_on_the_codes_that_could_have_been_given():
    codes = [["R+", "R+"], ["FN", "R+"], ["FN", "FN"]]
    assert gwet_ac1(codes, categories=["R+", "FN", "C-"]) > gwet_ac1(codes)
    assert gwet_ac1([["FN", "FN"]] * 3, categories=["FN", "R+"]) == 1


codes_of_two = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=2, max_size=60)


@given(codes_of_two)
def test_equal_to_scikit_learn_and_statsmodels(codes):
    first, second = (list(column) for column in zip(*codes, strict=True))
    kappa = cohen_kappa(first, second)
    if math.isnan(kappa):
        assert len(set(first) | set(second)) == 1
        return
    assert kappa == pytest.approx(cohen_kappa_score(first, second))
    table = confusion_matrix(first, second, labels=list("abc"))
    assert kappa == pytest.approx(inter_rater.cohens_kappa(table, return_results=False))
    seen = sorted(set(first) | set(second))
    votes, found = encode(codes, seen)
    f1 = f1_of(tables(votes, len(found)).confusions[0, 0])
    assert f1 == pytest.approx(f1_score(first, second, labels=seen, average=None))
    for code, value in kappa_by_code(first, second).items():
        alone = [c == code for c in first], [c == code for c in second]
        assert value == pytest.approx(cohen_kappa_score(*alone))


tables_of_codes = st.integers(2, 5).flatmap(
    lambda coders: st.lists(
        st.lists(st.sampled_from("abc"), min_size=coders, max_size=coders), min_size=2, max_size=40
    )
)
with_missing = st.integers(2, 5).flatmap(
    lambda coders: st.lists(
        st.lists(st.sampled_from(["a", "b", "c", None]), min_size=coders, max_size=coders),
        min_size=2,
        max_size=40,
    )
)


@given(tables_of_codes)
def test_fleiss_equals_statsmodels(codes):
    kappa = fleiss_kappa(codes)
    if math.isnan(kappa):
        assert len({code for unit in codes for code in unit}) == 1
    else:
        counts, _ = inter_rater.aggregate_raters(np.array(codes))
        assert kappa == pytest.approx(inter_rater.fleiss_kappa(counts))


def by_pairs(codes):
    """Krippendorff's alpha from every pair of values, by its definition: 1 - D_o / D_e."""
    units = [[c for c in unit if c is not None] for unit in codes]
    units = [unit for unit in units if len(unit) > 1]
    values = [code for unit in units for code in unit]
    n = len(values)
    observed = sum(sum(a != b for a in unit for b in unit) / (len(unit) - 1) for unit in units) / max(n, 1)
    expected = sum(a != b for a in values for b in values) / max(n * (n - 1), 1)
    return 1 - observed / expected if expected else math.nan


@given(with_missing)
def test_alpha_equals_its_definition(codes):
    assert krippendorff_alpha(codes) == pytest.approx(by_pairs(codes), nan_ok=True)


@pytest.mark.parametrize("measure", MEASURES)
@given(codes=with_missing, data=st.data())
def test_order_and_names_do_not_matter(measure, codes, data):
    value = measure(codes)
    assert math.isnan(value) or value <= 1 + 1e-12
    units = data.draw(st.permutations(codes))
    order = data.draw(st.permutations(range(len(codes[0]))))
    other = {"a": "R+", "b": "C-", "c": 7, None: math.nan}
    changed = [[other[unit[k]] for k in order] for unit in units]
    assert measure(changed) == pytest.approx(value, nan_ok=True)


@pytest.mark.parametrize("measure", MEASURES)
@given(codes=st.lists(st.sampled_from("abc"), min_size=2, max_size=30), coders=st.integers(2, 6))
def test_identical_coders_agree_fully(measure, codes, coders):
    value = measure([[code] * coders for code in codes])
    # Where one code alone was given there is nothing that chance could get wrong.
    assert value == 1 or (math.isnan(value) and len(set(codes)) == 1)


@given(codes_of_two)
def test_kappa_is_symmetric_and_bounded(codes):
    first, second = (list(column) for column in zip(*codes, strict=True))
    kappa = cohen_kappa(first, second)
    assert cohen_kappa(second, first) == pytest.approx(kappa, nan_ok=True)
    assert math.isnan(kappa) or -1 - 1e-12 <= kappa <= 1


@given(with_missing)
def test_units_with_one_code_or_none_change_only_the_chance_of_ac1(codes):
    more = [*codes, ["a", *[None] * (len(codes[0]) - 1)], [None] * len(codes[0])]
    for measure in (percent_agreement, fleiss_kappa, krippendorff_alpha):
        assert measure(more) == pytest.approx(measure(codes), nan_ok=True)


@pytest.mark.parametrize("measure", MEASURES)
def test_nothing_to_compare_is_nan(measure):
    assert math.isnan(measure([["a", None], [None, "b"]]))


def test_tables_are_sums_over_groups():
    """What a bootstrap rests on: sums over groups, weighted, are the sums of the rows drawn."""
    rng = np.random.default_rng(0)
    votes, groups = rng.integers(-1, 3, (60, 3)), np.arange(60) % 4
    weights = np.array([[2.0, 0.0, 1.0, 1.0]])
    drawn = np.concatenate([np.flatnonzero(groups == g) for g in (0, 0, 2, 3)])
    for ours, rows in zip(tables(votes, 3, groups).weighted(weights), tables(votes[drawn], 3), strict=True):
        np.testing.assert_allclose(ours, rows)


@pytest.mark.parametrize(
    "missing", [None, math.nan, np.nan, pd.NA, pd.NaT], ids=["None", "nan", "np.nan", "NA", "NaT"]
)
def test_what_is_missing(missing):
    assert cohen_kappa(["a", "b", "a", missing], ["a", "b", "b", "a"]) == pytest.approx(0.4)


def test_frames_are_taken_too():
    frame = pd.DataFrame({"ann": ["a", "b", None], "ben": ["a", "a", "b"]})
    assert percent_agreement(frame) == 0.5


@pytest.mark.parametrize("codes", [[], ["a", "b"], [["a"], ["b"]], [[["a", "b"]]]])
def test_one_coder_is_refused(codes):
    with pytest.raises(InputError, match="two coders or more"):
        percent_agreement(codes)


def test_coders_of_different_length_are_refused():
    with pytest.raises(InputError, match=r"shapes \(2,\) and \(3,\)"):
        cohen_kappa(["a", "b"], ["a", "b", "c"])


def test_a_code_that_could_not_have_been_given_is_refused_and_not_quoted():
    with pytest.raises(InputError, match="1 of 4 are not among the 2 categories") as error:
        gwet_ac1([["a", "b"], ["secret", "a"]], categories=["a", "b"])
    assert "secret" not in str(error.value)
