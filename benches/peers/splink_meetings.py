"""Recognises a made-up calendar with Splink 5 on DuckDB, beside meeting-match on the same data.

    cargo build --release -p fake-calendar --example export
    python3 -m venv venv && venv/bin/pip install splink==5.0.0
    venv/bin/python benches/peers/splink_meetings.py typical nasty

Splink gets links, calendar ids, titles and addresses as we read them, and what was said as the hashes that we keep. It is
helped where it can be: its m probabilities are counted from the truth of this very data (ours come from other calendars),
and of all thresholds the one with the best F1 counts.
"""

import argparse
import json
import logging
import pathlib
import resource
import subprocess
import tempfile
import time
import warnings
from collections import Counter

warnings.filterwarnings("ignore")

import splink.comparison_level_library as level  # noqa: E402
import splink.comparison_library as compare  # noqa: E402
from splink import DuckDBAPI, Linker, SettingsCreator, block_on  # noqa: E402

logging.getLogger("splink").setLevel(logging.ERROR)

TABLE = """
CREATE TABLE recordings AS
SELECT unique_id, source, started_s, started_s + duration_s AS ended_s, scheduled_s, title, string_split(title, ' ') AS title_words,
       host, list_distinct(emails || CASE WHEN host IS NULL THEN []::VARCHAR[] ELSE [host] END) AS people,
       room, room_is_personal, series, occurrence, words, words[1:16] AS word_keys, truth,
       floor(started_s / 3600) AS hour, floor(started_s / 3600 + 0.5) AS half_hour, floor(started_s / 86400) AS day
FROM read_json(?)
"""
EMPTY_IS_UNKNOWN = """
UPDATE recordings SET people = CASE WHEN len(people) > 0 THEN people END, words = CASE WHEN len(words) > 0 THEN words END
"""


def custom(name, *conditions):
    """A comparison by conditions on `l` and `r`; the first that names a column as unknown is the null level."""
    return compare.CustomComparison(
        output_column_name=name,
        comparison_levels=[level.NullLevel(name), *(level.CustomLevel(sql, label) for sql, label in conditions), level.ElseLevel()],
    )


def apart(column):
    return f"abs({column}_l - {column}_r)"


def titles_alike(share):
    common = "len(list_intersect(title_words_l, title_words_r))"
    return f"2.0 * {common} / (len(title_words_l) + len(title_words_r)) >= {share}"


def everybody(share):
    common = "len(list_intersect(people_l, people_r))"
    return f"{common} >= {share} * least(len(people_l), len(people_r)) AND {common}"


COMPARISONS = [
    custom(
        "started_s",
        (f"least({apart('started_s')}, abs(started_s_l - scheduled_s_r), abs(scheduled_s_l - started_s_r)) <= 120", "same"),
        (f"{apart('started_s')} <= 360", "near"),
        (f"{apart('started_s')} <= 960", "late"),
        ("least(ended_s_l, ended_s_r) - greatest(started_s_l, started_s_r) > 0.5 * least(ended_s_l - started_s_l, ended_s_r - started_s_r)", "overlapping"),
        (f"{apart('started_s')} >= 3300 AND abs({apart('started_s')} - 3600 * round({apart('started_s')} / 3600)) <= 300", "whole hours apart"),
    ),
    custom("ended_s", (f"{apart('ended_s')} <= 60", "same"), (f"{apart('ended_s')} <= 240", "near")),
    custom("scheduled_s", (f"{apart('scheduled_s')} <= 60", "same")),
    compare.CustomComparison(
        output_column_name="title",
        comparison_levels=[
            level.NullLevel("title"),
            level.ExactMatchLevel("title", term_frequency_adjustments=True),
            level.CustomLevel(titles_alike(0.7), "alike"),
            level.CustomLevel(titles_alike(0.35), "somewhat alike"),
            level.ElseLevel(),
        ],
    ),
    compare.ExactMatch("host").configure(term_frequency_adjustments=True),
    custom(
        "people",
        (everybody(1) + " >= 3", "all of three"),
        (everybody(1) + " >= 2", "all of two"),
        (everybody(1) + " >= 1", "the only one"),
        (everybody(0.5) + " >= 2", "half, two at least"),
        (everybody(0.5) + " >= 1", "half"),
        (everybody(0) + " >= 1", "somebody"),
    ),
    custom("room", ("room_l = room_r AND NOT room_is_personal_l", "same"), ("room_l = room_r", "same, personal")),
    custom(
        "series",
        ("series_l = series_r AND occurrence_l = occurrence_r", "same occurrence"),
        ("series_l = series_r AND coalesce(occurrence_l = occurrence_r, true) AND " + apart("started_s") + " <= 3600", "same entry"),
        ("series_l = series_r", "same series"),
    ),
    custom(
        "words",
        ("len(list_intersect(words_l, words_r)) >= 20", "same"),
        ("len(list_intersect(words_l, words_r)) >= 10", "alike"),
        ("len(list_intersect(words_l, words_r)) >= 5", "hardly alike"),
    ),
    compare.ExactMatch("source"),
]

BLOCKING = [
    block_on("people", "hour", arrays_to_explode=["people"]),
    block_on("people", "half_hour", arrays_to_explode=["people"]),
    block_on("title", "hour"),
    block_on("title", "half_hour"),
    block_on("room", "hour"),
    block_on("room", "half_hour"),
    block_on("series", "day"),
    block_on("word_keys", "day", arrays_to_explode=["word_keys"]),
]


def scores(truth, found):
    """Precision, recall and F1 over pairs of two groupings."""
    pairs = lambda sizes: sum(n * (n - 1) // 2 for n in sizes.values())  # noqa: E731
    right = pairs(Counter((truth[n], found[n]) for n in truth))
    precision = right / max(pairs(Counter(found.values())), 1)
    recall = right / max(pairs(Counter(truth.values())), 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def recognise(path):
    database = DuckDBAPI()
    connection = database.duckdb_con
    connection.execute("SET enable_progress_bar = false")
    connection.execute(TABLE, [str(path)])
    connection.execute(EMPTY_IS_UNKNOWN)
    truth = dict(connection.execute("SELECT unique_id, truth FROM recordings").fetchall())
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=COMPARISONS,
        blocking_rules_to_generate_predictions=BLOCKING,
        retain_matching_columns=False,
        probability_two_random_records_match=2e-5,
    )
    began = time.monotonic()
    linker = Linker(database.register("recordings"), settings, log_level=logging.ERROR)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e7, seed=1)
    linker.training.estimate_m_from_label_column("truth")
    trained = time.monotonic()
    predicted = linker.inference.predict(threshold_match_weight=-5)
    best = None
    seconds = None
    for threshold in range(-4, 25, 2):
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, threshold_match_weight=threshold)
        rows = connection.execute(f"SELECT unique_id, cluster_id FROM {clusters.physical_name}").fetchall()
        if seconds is None:
            seconds = time.monotonic() - trained
        result = (*scores(truth, dict(rows)), threshold)
        if best is None or result[2] > best[2]:
            best = result
    return best, trained - began, seconds, len(truth)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("noise", nargs="+", choices=["typical", "nasty"])
    parser.add_argument("--meetings", default="20000")
    parser.add_argument("--seed", default="101")
    options = parser.parse_args()
    export = pathlib.Path(__file__).parents[2] / "target/release/examples/export"
    for noise in options.noise:
        with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
            command = [export, noise, options.meetings, options.seed]
            ours = json.loads(subprocess.run(command, stdout=file, stderr=subprocess.PIPE, check=True).stderr)
            (precision, recall, f1, threshold), training, seconds, recordings = recognise(file.name)
        print(f"{noise}, {recordings} recordings")
        print(
            f"  meeting-match  precision {ours['precision']:.4f} recall {ours['recall']:.4f} F1 {ours['f1']:.4f}"
            f"  {ours['elapsed_s']:.2f} s"
        )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"  Splink 5       precision {precision:.4f} recall {recall:.4f} F1 {f1:.4f}"
            f"  {seconds:.2f} s, {training:.2f} s of training before; threshold {threshold} bits, {peak} MB"
        )


if __name__ == "__main__":
    main()
