//! Every way in which a list can end, and none in which it goes on for ever or loses rows.

use chorus_client::{Client, ContinuationKey, EngagementFilter, Error, ScorecardFilter};
use chrono::DateTime;
use futures_util::StreamExt;

use crate::server::{Reply, Server, page};

/// The ids that a walk delivers, or the error it ends with.
async fn walk(client: &Client) -> Result<Vec<String>, Error> {
    let mut pages = client.engagements(EngagementFilter::default(), None);
    let mut ids = Vec::new();
    while let Some(page) = pages.next().await {
        ids.extend(page?.rows.into_iter().map(|row| row.unwrap().id));
    }
    Ok(ids)
}

/// Walks a list whose pages are `pages` (the last one again and again) and checks how many are asked for.
async fn check(pages: Vec<String>, ids: &[&str], requests: usize) {
    let server = Server::replying(pages.into_iter().map(Reply::json).collect()).await;
    assert_eq!(walk(&server.client()).await.unwrap(), ids);
    assert_eq!(server.requests().len(), requests);
}

#[tokio::test]
async fn t1_to_t4_a_blank_null_missing_or_empty_key_ends_the_list_after_its_rows() {
    for key in [r#"" ""#, "null", "", r#""""#] {
        check(
            vec![page([1, 2], r#""k1""#), page([3], key)],
            &["E1", "E2", "E3"],
            2,
        )
        .await;
    }
}

#[tokio::test]
async fn t5_an_empty_page_ends_the_list_with_or_without_a_key() {
    for key in [r#""k2""#, "null", ""] {
        check(
            vec![page([1, 2], r#""k1""#), page([], key)],
            &["E1", "E2"],
            2,
        )
        .await;
    }
}

#[tokio::test]
async fn t6_a_key_that_was_used_before_ends_the_list() {
    check(
        vec![page([1], r#""k1""#), page([2], r#""k1""#)],
        &["E1", "E2"],
        2,
    )
    .await;
    let circle = vec![
        page([1], r#""k1""#),
        page([2], r#""k2""#),
        page([3], r#""k1""#),
    ];
    check(circle, &["E1", "E2", "E3"], 3).await;
}

#[tokio::test]
async fn t7_a_page_with_nothing_new_ends_the_list() {
    let server = Server::start(|n, _| {
        let ids = [[1, 2], [3, 4], [1, 2]][n.min(2)];
        Reply::json(page(ids, &format!(r#""fresh {n}""#)))
    })
    .await;
    assert_eq!(
        walk(&server.client()).await.unwrap(),
        ["E1", "E2", "E3", "E4", "E1", "E2"]
    );
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_row_seen_twice_at_a_border_does_not_end_the_list() {
    let pages = vec![
        page([1, 2], r#""k1""#),
        page([2, 3], r#""k2""#),
        page([4], "null"),
    ];
    check(pages, &["E1", "E2", "E2", "E3", "E4"], 3).await;
}

#[tokio::test]
async fn a_missing_list_is_an_error_and_never_an_empty_last_page() {
    for body in [
        "{}",
        r#"{"continuation_key":" "}"#,
        r#"{"engagements":null}"#,
        r#"{"engagements":{}}"#,
        "[]",
        "null",
        "5",
    ] {
        let server = Server::replying(vec![Reply::json(body)]).await;
        let error = walk(&server.client()).await.unwrap_err();
        assert!(
            matches!(
                error,
                Error::Unexpected {
                    route: "/v3/engagements",
                    ..
                }
            ),
            "{body} {error:?}"
        );
    }
}

#[tokio::test]
async fn the_stream_ends_after_an_error() {
    let server =
        Server::replying(vec![Reply::json(page([1], r#""k1""#)), Reply::new(401, "")]).await;
    let mut pages = server
        .client()
        .engagements(EngagementFilter::default(), None);
    assert!(pages.next().await.unwrap().is_ok());
    assert!(pages.next().await.unwrap().is_err());
    assert!(pages.next().await.is_none());
}

#[tokio::test]
async fn every_page_is_asked_for_with_the_same_filter_and_the_key_byte_for_byte() {
    let server = Server::replying(vec![
        Reply::json(page([1], r#""1591110020.0 20C7+/=""#)),
        Reply::json(page([2], "null")),
    ])
    .await;
    let filter = EngagementFilter {
        min_date: DateTime::from_timestamp(1_748_736_000, 0),
        max_date: DateTime::from_timestamp(1_748_822_400, 250_000_000),
        engagement_type: Some("meeting".to_owned()),
        with_trackers: true,
        ..EngagementFilter::default()
    };
    let pages = server
        .client()
        .engagements(filter, None)
        .collect::<Vec<_>>()
        .await;
    assert_eq!(pages.len(), 2);
    let first = "/v3/engagements?min_date=2025-06-01T00%3A00%3A00Z&max_date=2025-06-02T00%3A00%3A00.250Z&engagement_type=meeting&with_trackers=true";
    let targets: Vec<_> = server
        .requests()
        .into_iter()
        .map(|request| request.target)
        .collect();
    assert_eq!(
        targets,
        [
            first.to_owned(),
            format!("{first}&continuation_key=1591110020.0%2020C7%2B%2F%3D")
        ]
    );
}

#[tokio::test]
async fn a_walk_goes_on_from_a_stored_key() {
    let server = Server::replying(vec![Reply::json(page([3], r#""k1""#))]).await;
    let stored: ContinuationKey = "k1".parse().unwrap();
    let pages: Vec<_> = server
        .client()
        .engagements(EngagementFilter::default(), Some(stored))
        .collect()
        .await;
    assert_eq!(pages.len(), 1, "the server gives the same key again");
    assert!(
        server.requests()[0]
            .target
            .ends_with("?continuation_key=k1")
    );
    assert!(
        " ".parse::<ContinuationKey>().is_err(),
        "a blank key is never sent"
    );
}

#[tokio::test]
async fn one_unreadable_row_costs_that_row_only() {
    let body = r#"{"continuation_key":null,"engagements":[
        {"engagement_id":"E1","date_time":"soon"}, {"date_time":5}, null, 7, {"engagement_id":"E2","date_time":1748876464.254817}]}"#;
    let server = Server::replying(vec![Reply::json(body)]).await;
    let page = server
        .client()
        .engagements_page(&EngagementFilter::default(), None)
        .await
        .unwrap();
    let bad: Vec<_> = page
        .rows
        .iter()
        .filter_map(|row| row.as_ref().err())
        .collect();
    assert_eq!((page.rows.len(), bad.len()), (5, 4));
    assert_eq!(bad[0].id.as_deref(), Some("E1"));
    let good = page.rows[4].as_ref().unwrap();
    assert_eq!(good.date_time.timestamp_micros(), 1_748_876_464_254_817);
}

fn scorecards(ids: impl IntoIterator<Item = u32>) -> Reply {
    let rows: Vec<String> = ids
        .into_iter()
        .map(|id| {
            format!(r#"{{"id":"{id}","type":"scorecard","attributes":{{"engagement":"E{id}"}}}}"#)
        })
        .collect();
    Reply::json(format!(r#"{{"data":[{}]}}"#, rows.join(",")))
}

/// The number of scorecards that the walk delivers and of requests it takes.
async fn count_scorecards(replies: Vec<Reply>) -> (usize, usize) {
    let server = Server::replying(replies).await;
    let mut pages = server.client().scorecards(ScorecardFilter::default());
    let mut count = 0;
    while let Some(page) = pages.next().await {
        count += page.unwrap().rows.len();
    }
    (count, server.requests().len())
}

#[tokio::test]
async fn scorecards_go_on_while_pages_are_full_and_come_once_each() {
    assert_eq!(count_scorecards(vec![scorecards(0..7)]).await, (7, 1));
    assert_eq!(
        count_scorecards(vec![scorecards(0..100), scorecards([])]).await,
        (100, 2)
    );
    assert_eq!(
        count_scorecards(vec![scorecards(0..100), scorecards(98..150)]).await,
        (150, 2)
    );
    assert_eq!(
        count_scorecards(vec![scorecards(0..100)]).await,
        (100, 2),
        "page numbers are ignored"
    );
}

#[tokio::test]
async fn scorecards_are_asked_for_by_page_and_from_a_date() {
    let server = Server::replying(vec![scorecards(0..100), scorecards([])]).await;
    let filter = ScorecardFilter {
        submitted_from: DateTime::from_timestamp(1_748_736_000, 0),
    };
    let _ = server.client().scorecards(filter).collect::<Vec<_>>().await;
    let first = "/api/v1/scorecards?filter%5Bsubmitted%5D=2025-06-01T00%3A00%3A00Z%3A%2A&page%5Bsize%5D=100&page%5Bnumber%5D=";
    let targets: Vec<_> = server
        .requests()
        .into_iter()
        .map(|request| request.target)
        .collect();
    assert_eq!(targets, [format!("{first}1"), format!("{first}2")]);
}
