"""The table of corpora: what a counts file says of dropped traces is shown where there were any."""

from micota.results.tables.corpora import columns, corpus_row
from tests.corpus_rows import each_kept, passed, rows_of


def test_a_reason_of_few_corpora_is_shown_where_it_dropped_something() -> None:
    _, counted = passed(each_kept(rows_of([(1, 10)])))
    counted.dropped["special_tokens"] += 1
    counts = counted.as_record()
    row = corpus_row(counts, {})
    assert row["dropped_special_tokens"] == 1
    shown = [column.key for column in columns([row])]
    assert "dropped_special_tokens" in shown and "dropped_truncated" in shown
    assert "dropped_special_tokens" not in [column.key for column in columns([row | {"dropped_special_tokens": 0}])]
