//! The encoder: what is put into a row is what PostgreSQL reads out of it.

use crate::copy_format::{bool, column, float8, int4, int8, jsonb, text, texts, time_us};
use call_rows::{Rows, Target};
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};

static ALL_TYPES: Target = Target {
    table: "all_types",
    columns: &["i8", "i4", "f8", "b", "t", "ts", "j", "a"],
};

struct Values<'a> {
    i8: Option<i64>,
    i4: i32,
    f8: Option<f64>,
    b: bool,
    t: Option<&'a str>,
    ts: Option<DateTime<Utc>>,
    j: &'a Value,
    a: &'a [String],
}

const PLAIN: Values = Values {
    i8: None,
    i4: 0,
    f8: None,
    b: false,
    t: None,
    ts: None,
    j: &Value::Null,
    a: &[],
};

fn put(rows: &mut Rows, values: &Values) {
    rows.row()
        .int8(values.i8)
        .int4(values.i4)
        .float8(values.f8)
        .bool(values.b)
        .text(values.t)
        .time(values.ts)
        .json(values.j)
        .texts(values.a);
}

fn one(values: &Values) -> Rows {
    let mut rows = Rows::new(&ALL_TYPES);
    put(&mut rows, values);
    rows
}

#[test]
fn no_rows_are_an_empty_body() {
    let rows = Rows::new(&ALL_TYPES);
    assert!(rows.is_empty());
    assert_eq!((rows.body(), rows.size(), rows.len()), (&[][..], 0, 0));
    assert_eq!(rows.table(), "all_types");
}

#[test]
fn null_is_not_an_empty_value() {
    let mut rows = one(&PLAIN);
    put(
        &mut rows,
        &Values {
            i8: Some(0),
            f8: Some(0.0),
            t: Some(""),
            ..PLAIN
        },
    );
    assert_eq!(column(&rows, "i8", int8), [None, Some(0)]);
    assert_eq!(column(&rows, "f8", float8), [None, Some(0.0)]);
    assert_eq!(column(&rows, "t", text), [None, Some(String::new())]);
    assert_eq!(column(&rows, "ts", time_us), [None, None]);
    assert_eq!(
        column(&rows, "a", texts),
        [Some(Vec::new()), Some(Vec::new())]
    );
}

#[test]
fn moments_count_from_2000_in_both_directions() {
    for (moment, micros) in [
        ("2000-01-01T00:00:00Z", 0),
        ("1999-12-31T23:59:59.999999Z", -1),
        ("1970-01-01T00:00:00Z", -946_684_800_000_000),
        ("2025-06-02T15:01:04.254817Z", 802_191_664_254_817),
        ("2200-12-31T23:59:59Z", 6_342_969_599_000_000),
        ("9999-12-31T23:59:59Z", 252_455_615_999_000_000),
    ] {
        let rows = one(&Values {
            ts: Some(moment.parse().unwrap()),
            ..PLAIN
        });
        assert_eq!(column(&rows, "ts", time_us), [Some(micros)], "{moment}");
    }
}

#[test]
fn nul_characters_are_left_out_of_texts() {
    let rows = one(&Values {
        t: Some("\0a\0b\0"),
        a: &["\0".to_owned(), "x\0y".to_owned()],
        ..PLAIN
    });
    assert_eq!(column(&rows, "t", text), [Some("ab".to_owned())]);
    assert_eq!(
        column(&rows, "a", texts),
        [Some(vec![String::new(), "xy".to_owned()])]
    );
}

#[test]
fn a_number_that_is_none_is_null() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let rows = one(&Values {
            f8: Some(value),
            ..PLAIN
        });
        assert_eq!(column(&rows, "f8", float8), [None]);
    }
}

#[test]
fn text_of_twenty_million_bytes_is_whole() {
    let long = "schön ".repeat(3_000_000);
    let json = json!({ "long": long });
    let rows = one(&Values {
        t: Some(&long),
        j: &json,
        ..PLAIN
    });
    assert_eq!(column(&rows, "t", text)[0].as_ref(), Some(&long));
    assert_eq!(column(&rows, "j", jsonb)[0].as_ref(), Some(&json));
}

#[test]
#[should_panic(expected = "columns were not set")]
#[cfg(debug_assertions)]
fn a_row_that_lacks_columns_is_a_mistake_of_ours() {
    Rows::new(&ALL_TYPES).row().int8(1);
}

#[test]
#[should_panic]
#[cfg(debug_assertions)]
fn so_is_one_with_too_many() {
    one(&PLAIN)
        .row()
        .int8(1)
        .int8(1)
        .int8(1)
        .int8(1)
        .int8(1)
        .int8(1)
        .int8(1)
        .int8(1)
        .int8(1);
}

prop_compose! {
    fn any_moment()(micros in -210_000_000_000_000_000_i64..8_000_000_000_000_000_000) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(micros).unwrap_or_default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_goes_in_comes_out(
        i8 in any::<Option<i64>>(), i4: i32, f8 in prop::option::of(-1e300..1e300), b: bool,
        t in prop::option::of("\\PC{0,40}"), ts in prop::option::of(any_moment()), a in prop::collection::vec("\\PC{0,9}", 0..4),
    ) {
        let j = json!({"t": t, "a": a, "i8": i8});
        let mut rows = one(&PLAIN);
        put(&mut rows, &Values { i8, i4, f8, b, t: t.as_deref(), ts, j: &j, a: &a });
        prop_assert_eq!(column(&rows, "i8", int8)[1], i8);
        prop_assert_eq!(column(&rows, "i4", int4)[1], Some(i4));
        prop_assert_eq!(column(&rows, "f8", float8)[1], f8);
        prop_assert_eq!(column(&rows, "b", bool)[1], Some(b));
        prop_assert_eq!(&column(&rows, "t", text)[1], &t);
        prop_assert_eq!(column(&rows, "ts", time_us)[1], ts.map(|ts| ts.timestamp_micros() - 946_684_800_000_000));
        prop_assert_eq!(column(&rows, "j", jsonb).remove(1), Some(j));
        prop_assert_eq!(column(&rows, "a", texts).remove(1), Some(a));
    }
}
