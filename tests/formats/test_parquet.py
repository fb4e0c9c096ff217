from __future__ import annotations

import datetime as dt
import decimal
import sys

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changetalk.errors import FormatError, MissingPackageError, OutputError
from changetalk.formats import open_sink, open_source

NOW = dt.datetime(2024, 5, 6, 7, 8, 9, 123456)
BIG = 2**53 + 1
COLUMNS = {
    "text": pa.array(["a", None, "\u05e9"], pa.string()),
    "large": pa.array(["a", "b", None], pa.large_string()),
    "small": pa.array([1, None, -3], pa.int8()),
    "whole": pa.array([BIG, None, -BIG], pa.int64()),
    "unsigned": pa.array([2**64 - 1, 0, None], pa.uint64()),
    "half": pa.array([0.5, None, 1.5], pa.float32()),
    "nan": pa.array([float("nan"), None, 1.0], pa.float64()),
    "flag": pa.array([True, None, False]),
    "none": pa.nulls(3),
    "bytes": pa.array([b"\xff", None, b""], pa.binary()),
    "money": pa.array([decimal.Decimal("1.10"), None, decimal.Decimal("-2.00")], pa.decimal128(10, 2)),
    "day": pa.array([dt.date(1800, 1, 1), None, dt.date(2024, 2, 29)], pa.date32()),
    **{f"ts_{u}": pa.array([1, None, -1], pa.timestamp(u)) for u in ("s", "ms", "us", "ns")},
    "ts_far": pa.array([2**50, None, 0], pa.timestamp("s")),
    "ts_tz": pa.array([NOW, None, NOW], pa.timestamp("us", "Europe/Berlin")),
    **{f"dur_{u}": pa.array([1, None, -1], pa.duration(u)) for u in ("s", "us", "ns")},
    "time_us": pa.array([1, None, 2], pa.time64("us")),
    "time_ns": pa.array([1, None, 2_000_000_001], pa.time64("ns")),
    "list": pa.array([[1, None], None, []], pa.list_(pa.int16())),
    "struct": pa.array([{"a": 1, "b": ["x"]}, None, {"a": None, "b": None}]),
    "map": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int32())),
    "dict": pa.array(["x", None, "y"]).dictionary_encode(),
}


@pytest.fixture
def table(tmp_path):
    def table(columns, name="in.parquet", **options):
        made = columns if isinstance(columns, pa.Table) else pa.table(columns)
        pq.write_table(made, tmp_path / name, **options)
        return tmp_path / name

    return table


def test_every_type_comes_back(table, resend, tmp_path) -> None:
    path = table(COLUMNS)
    old = pq.read_table(path)
    new = pq.read_table(
        resend(
            path, tmp_path / "out.parquet", {"ct_label": ["a", None, "b"], "ct_p_change": [0.1, None, 1 / 3]}
        )
    )
    assert new.select(old.column_names).schema.equals(old.schema)
    for name in old.column_names:
        same = old[name].combine_chunks(), new[name].combine_chunks()
        assert str(same[0]) == str(same[1]), name
        assert name == "nan" or same[0].equals(same[1]), name
    assert new["ct_label"].to_pylist() == ["a", None, "b"]
    assert new["ct_p_change"].type == pa.float64()
    assert new["ct_p_change"].to_pylist() == [0.1, None, 1 / 3]


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.xlsx"])
def test_every_type_has_a_form_elsewhere(table, resend, read, tmp_path, name) -> None:
    columns, rows = read(resend(table(COLUMNS), tmp_path / name))
    assert columns == tuple(COLUMNS)
    assert len(rows) == 3
    assert "00:00:02.000000001" in str(rows[2][columns.index("time_ns")])


def test_rows_are_python_objects(table, read) -> None:
    columns, rows = read(
        table({"text": ["a"], "n": [1], "when": [NOW], "c": pa.array(["x"]).dictionary_encode()})
    )
    assert columns == ("text", "n", "when", "c")
    assert rows == [["a", 1, NOW, "x"]]


def test_pandas_index_and_categories(resend, tmp_path) -> None:
    frame = pd.DataFrame(
        {
            "text": ["a", "b", "c"],
            "stage": pd.Categorical(["late", "early", "late"], ["early", "middle", "late"], ordered=True),
        },
        index=pd.Index([7, 3, 5], name="row"),
    )
    frame.to_parquet(tmp_path / "in.parquet")
    old = pd.read_parquet(tmp_path / "in.parquet")
    out = resend(tmp_path / "in.parquet", tmp_path / "out.parquet", {"ct_label": ["x", None, "y"]})
    new = pd.read_parquet(out)
    pd.testing.assert_frame_equal(new.drop(columns="ct_label"), old)
    assert new["stage"].cat.ordered


def test_dictionaries_that_differ_between_row_groups(table, resend, tmp_path) -> None:
    path = table(
        {"c": pa.array([f"k{i % 7 + i // 50}" for i in range(200)]).dictionary_encode()}, row_group_size=50
    )
    new = pq.read_table(resend(path, tmp_path / "out.parquet"))
    assert new["c"].to_pylist() == pq.read_table(path)["c"].to_pylist()
    assert pa.types.is_dictionary(new["c"].type)


def test_metadata_and_empty_tables(table, resend, tmp_path) -> None:
    made = pa.table({"a": pa.array([], pa.int32())}).replace_schema_metadata({"study": "one"})
    new = pq.read_table(resend(table(made), tmp_path / "out.parquet", {"ct_label": [], "ct_p_change": []}))
    assert new.schema.metadata == {b"study": b"one"}
    assert new.schema.field("a").type == pa.int32()
    assert new.schema.field("ct_p_change").type == pa.float64()


def test_types_of_other_sources_are_guessed(put, resend, tmp_path) -> None:
    path = put("in.jsonl", '{"n": 1, "x": 1.10, "m": "a", "k": true}\n{"n": 2, "x": 3, "m": 4}\n')
    new = pq.read_table(resend(path, tmp_path / "out.parquet"))
    assert new.to_pylist() == [
        {"n": 1, "x": 1.1, "m": "a", "k": True},
        {"n": 2, "x": 3.0, "m": "4", "k": None},
    ]
    path = put("in.csv", "id,text\n007,NA\n")
    assert pq.read_table(resend(path, tmp_path / "b.parquet")).to_pylist() == [{"id": "007", "text": "NA"}]


def test_added_numbers_may_start_late(put, resend, tmp_path) -> None:
    path = put("in.csv", "text\n" + "a\n" * 10_001)
    added = {"ct_label": [None] * 10_000 + ["x"], "ct_p_change": [None] * 10_000 + [0.5]}
    new = pq.read_table(resend(path, tmp_path / "out.parquet", added))
    assert new["ct_p_change"].type == pa.float64()
    assert new.slice(10_000).to_pylist() == [{"text": "a", "ct_label": "x", "ct_p_change": 0.5}]


def test_a_late_value_of_another_type_is_an_error(put, resend, tmp_path) -> None:
    path = put("in.jsonl", '{"n": 1}\n' * 10_000 + '{"n": "secret"}\n')
    with pytest.raises(
        OutputError, match=r"'n' has a value in rows 10,001 to 10,001 that is not int64"
    ) as caught:
        resend(path, tmp_path / "out.parquet")
    assert "secret" not in str(caught.value)
    assert not (tmp_path / "out.parquet").exists()


def test_damaged_files(table, put, read) -> None:
    whole = table({"text": ["secret talk"] * 50}).read_bytes()
    for content in (whole[:-5], whole[:40], b"PAR1", b"PAR1" + b"\0" * 50 + b"PAR1"):
        with pytest.raises(FormatError, match="damaged or cut off"):
            read(put("bad.parquet", content))
    with pytest.raises(FormatError, match="looks like text"):
        read(put("bad.parquet", "speaker,text\n"))


def test_double_names(table, read) -> None:
    with pytest.raises(FormatError, match="same name"):
        read(table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])))


def test_without_pyarrow(table, monkeypatch) -> None:
    path = table({"a": [1]})
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingPackageError, match=r'pip install "changetalk\[parquet\]"'):
        open_source(path)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.tuples(st.text(max_size=10), st.none() | st.text(max_size=10)), min_size=1, max_size=5)
)
def test_round_trip_of_any_text(folder, rows) -> None:
    path = folder / "a.parquet"
    with open_sink(path, None, ["x", "y"]) as sink:
        sink.write(rows)
    expected = [
        [c if c is None else c.encode("utf-8", "backslashreplace").decode() for c in row] for row in rows
    ]
    with open_source(path) as source:
        assert list(source.rows()) == expected
