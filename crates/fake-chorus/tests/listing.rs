//! The list: order, pages, filters, and every way to end.

mod support;

use std::collections::HashSet;

use serde_json::{Value, json};
use support::{desk, ids};

#[tokio::test]
async fn pages_are_newest_first_and_complete() {
    let desk = desk(250).await;
    let pages = desk.walk("").await;
    assert_eq!(
        pages.iter().map(Vec::len).collect::<Vec<_>>(),
        [100, 100, 50]
    );
    assert_eq!(ids(&pages.concat()), desk.listed());
}

#[tokio::test]
async fn every_end_loses_nothing() {
    let desk = desk(250).await;
    let ends = [
        json!("T1"),
        json!("T2"),
        json!("T3"),
        json!("T4"),
        json!("T5"),
        json!({"end": "T5", "key": true}),
        json!("T6"),
        json!({"end": "T6", "which": "earlier"}),
        json!("T7"),
    ];
    for end in ends {
        for exact in [false, true] {
            desk.server.clear_quirks();
            desk.server.set_quirk("end-of-list", end.clone());
            if exact {
                desk.server.set_quirk("exact-pages", json!(true));
            }
            let rows = desk.walk("").await.concat();
            let seen: HashSet<String> = ids(&rows).into_iter().collect();
            assert_eq!(
                seen.len(),
                if exact { 200 } else { 250 },
                "{end}, exact: {exact}"
            );
        }
    }
}

#[tokio::test]
async fn the_last_answer_has_the_shape_that_was_asked_for() {
    let desk = desk(30).await;
    let mut last = Vec::new();
    for end in ["T1", "T2", "T3", "T4"] {
        desk.server.set_quirk("end-of-list", json!(end));
        last.push(
            desk.json("/v3/engagements")
                .await
                .get("continuation_key")
                .cloned(),
        );
    }
    assert_eq!(
        last,
        [Some(json!(" ")), Some(Value::Null), None, Some(json!(""))]
    );
    desk.server.set_quirk("end-of-list", json!("T5"));
    assert_eq!(
        desk.walk("").await.iter().map(Vec::len).collect::<Vec<_>>(),
        [30, 0]
    );
    desk.server.set_quirk("end-of-list", json!("T7"));
    let pages = desk.walk("").await;
    assert_eq!(pages.len(), 4, "the page comes again three times");
    assert!(pages.iter().all(|page| ids(page) == ids(&pages[0])));
}

#[tokio::test]
async fn filters_are_honoured_and_unknown_ones_ignored() {
    let desk = desk(90).await;
    let all = desk.listed();
    let calls = desk.server.read(|tenant| tenant.newest_first());
    let (newer, older) = (&calls[10], &calls[40]);
    let bound = |seconds: f64| {
        chrono::DateTime::from_timestamp_micros((seconds * 1e6).round() as i64)
            .unwrap()
            .to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
    };
    let window = format!(
        "min_date={}&max_date={}",
        bound(older.date_time),
        bound(newer.date_time)
    );
    assert_eq!(ids(&desk.walk(&window).await.concat()), all[10..=40]);
    desk.server.set_quirk("bounds-exclusive", json!(true));
    assert_eq!(ids(&desk.walk(&window).await.concat()), all[11..40]);
    desk.server.set_quirk("outside-window", json!(2));
    let rows = ids(&desk.walk(&window).await.concat());
    assert_eq!(rows.len(), 29 + 2);
    desk.server.clear_quirks();

    assert_eq!(
        desk.walk("mindate=2030-01-01T00:00:00Z")
            .await
            .concat()
            .len(),
        90
    );
    let two = format!("engagement_id={},{}", all[3], all[77]);
    assert_eq!(
        ids(&desk.walk(&two).await.concat()),
        [all[3].clone(), all[77].clone()]
    );
    for row in desk.walk("engagement_type=dialer").await.concat() {
        assert_eq!(row["engagement_type"], "dialer");
    }
    let owner = calls[0].user_id;
    assert!(
        desk.walk(&format!("user_id={owner}"))
            .await
            .concat()
            .iter()
            .all(|row| row["user_id"] == owner)
    );
    let email = calls[5].participants[1]
        .email
        .clone()
        .unwrap()
        .to_uppercase();
    let met = ids(&desk
        .walk(&format!("participants_email={email}"))
        .await
        .concat());
    assert!(met.contains(&all[5]) && met.len() < 90);
    let long = desk.walk("min_duration=200").await.concat();
    assert!(
        !long.is_empty()
            && long
                .iter()
                .all(|row| row["duration"].as_f64().unwrap() >= 200.0)
    );
    assert!(
        desk.walk("")
            .await
            .concat()
            .iter()
            .all(|row| row.get("tracker_matches").is_none())
    );
    assert!(
        desk.walk("with_trackers=true")
            .await
            .concat()
            .iter()
            .all(|row| row["tracker_matches"].is_array())
    );
}

#[tokio::test]
async fn keys_can_carry_filters_or_be_blank() {
    let desk = desk(250).await;
    let first = desk.json("/v3/engagements?engagement_type=meeting").await;
    let key = first["continuation_key"]
        .as_str()
        .unwrap()
        .replace(' ', "%20");
    let next = format!("/v3/engagements?continuation_key={key}");
    let types = |page: &Value| {
        let rows = page["engagements"].as_array().unwrap();
        rows.iter()
            .map(|row| row["engagement_type"].to_string())
            .collect::<HashSet<_>>()
            .len()
    };
    assert!(types(&desk.json(&next).await) > 1, "filters are lost");
    desk.server
        .set_quirk("key-without-filters", json!("remembered"));
    desk.json("/v3/engagements?engagement_type=meeting").await;
    assert_eq!(types(&desk.json(&next).await), 1, "filters are remembered");

    let blank = "/v3/engagements?continuation_key=%20";
    assert_eq!(desk.json(blank).await["engagements"], json!([]));
    desk.server.set_quirk("blank-key", json!("first-page"));
    assert_eq!(
        desk.json(blank).await["engagements"]
            .as_array()
            .unwrap()
            .len(),
        100
    );
    assert_eq!(
        desk.status("/v3/engagements?continuation_key=nonsense")
            .await,
        400
    );
}

#[tokio::test]
async fn equal_times_lie_across_every_border() {
    let desk = desk(350).await;
    desk.server.set_quirk("equal-times", json!(3));
    let pages = desk.walk("").await;
    let rows = pages.concat();
    assert_eq!(ids(&rows).into_iter().collect::<HashSet<_>>().len(), 350);
    for border in [100, 200, 300] {
        assert!(
            rows[border - 3..border + 3]
                .iter()
                .all(|row| row["date_time"] == rows[border]["date_time"])
        );
    }
}

#[tokio::test]
async fn the_tenant_changes_while_it_is_paged() {
    for (what, rows, distinct) in [
        ("row-added", 250, 250),
        ("row-removed", 249, 249),
        ("seen-twice", 251, 250),
        ("never-seen", 249, 249),
    ] {
        let desk = desk(250).await;
        desk.server.set_quirk("while-paging", json!(what));
        let seen = ids(&desk.walk("").await.concat());
        assert_eq!(seen.len(), rows, "{what}");
        assert_eq!(
            seen.iter().collect::<HashSet<_>>().len(),
            distinct,
            "{what}"
        );
        let now = if what == "row-added" {
            251
        } else if what == "row-removed" {
            249
        } else {
            250
        };
        assert_eq!(
            desk.walk("").await.concat().len(),
            now,
            "{what}: later walks see one state"
        );
    }
}

#[tokio::test]
async fn a_bad_page_is_bad_only_with_its_row() {
    let desk = desk(350).await;
    desk.server
        .set_quirk("bad-page", json!({"page": 2, "how": "500"}));
    let first = desk.json("/v3/engagements").await;
    let key = first["continuation_key"]
        .as_str()
        .unwrap()
        .replace(' ', "%20");
    for _ in 0..2 {
        assert_eq!(
            desk.status(&format!("/v3/engagements?continuation_key={key}"))
                .await,
            500
        );
    }
    let below = desk
        .server
        .read(|tenant| tenant.newest_first()[160].date_time) as i64;
    let below = chrono::DateTime::from_timestamp(below, 0)
        .unwrap()
        .to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    assert!(desk.walk(&format!("max_date={below}")).await.concat().len() > 150);
}

#[tokio::test]
async fn rows_can_be_bent() {
    let desk = desk(60).await;
    let bent = async |name: &str, args: Value| {
        desk.server.clear_quirks();
        desk.server.set_quirk(name, args);
        desk.json("/v3/engagements").await["engagements"]
            .as_array()
            .unwrap()
            .clone()
    };
    let rows = bent("number-formats", json!(true)).await;
    assert!(
        rows[0]["date_time"].is_i64() && rows[1]["date_time"].is_f64() && rows[1]["duration"] == 0
    );
    assert!(rows[2]["date_time"].to_string().ends_with(".254817"));
    let rows = bent(
        "members",
        json!({"null": ["subject"], "missing": ["duration"], "extra": true}),
    )
    .await;
    assert!(
        rows.iter()
            .all(|row| row["subject"].is_null() && row.get("duration").is_none())
    );
    assert!(rows[0].get("x_new_member").is_some());
    let rows = bent("members", json!("missing")).await;
    assert!(rows.iter().all(|row| row.as_object().unwrap().len() == 3));
    let rows = bent("members", json!(true)).await;
    assert!(rows.iter().all(|row| row["engagement_id"].is_string()));
    let rows = bent("new-words", json!({"every": 2})).await;
    assert!(rows[0]["engagement_type"] == "hologram" && rows[1]["engagement_type"] != "hologram");
    let rows = bent("bad-row", json!({"newest": 1})).await;
    assert!(rows[0]["engagement_id"].is_null() && rows[1]["engagement_id"].is_string());
    let rows = bent("odd-participants", json!(true)).await;
    assert_eq!(rows[0]["participants"], json!([]));
    assert!(
        rows[1]["participants"]
            .as_array()
            .unwrap()
            .iter()
            .all(|person| person["email"].is_null())
    );
    let twice = rows[2]["participants"].as_array().unwrap();
    assert_eq!(twice[0], twice[twice.len() - 1]);
    let rows = bent("summaries", json!(["missing", "empty-items"])).await;
    assert!(
        rows.iter()
            .all(|row| row.get("meeting_summary").is_none() && row["action_items"] == json!([]))
    );
    let rows = bent("summaries", json!("html")).await;
    assert!(
        rows[0]["meeting_summary"]
            .as_str()
            .unwrap()
            .contains("<br/>")
    );
    let rows = bent("placeholder-account", json!(true)).await;
    assert!(rows.iter().all(|row| row["account_id"] == ""));
    let rows = bent("future-rows", json!(2)).await;
    assert!(rows[1]["date_time"].as_f64().unwrap() > chrono::Utc::now().timestamp() as f64);
    desk.server.clear_quirks();
    desk.server.set_quirk("odd-trackers", json!(true));
    let page = desk.json("/v3/engagements?with_trackers=true").await;
    assert_eq!(
        page["engagements"][0]["tracker_matches"][3]["name"],
        page["engagements"][0]["tracker_matches"][4]["name"]
    );
}
