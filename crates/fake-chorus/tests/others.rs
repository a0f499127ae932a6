//! Users, scorecards, e-mails, playlists; edits and the admin API.

mod support;

use std::collections::HashSet;

use fake_chorus::{ALWAYS, Call, QUIRKS};
use reqwest::Method;
use serde_json::{Value, json};
use support::desk;

#[tokio::test]
async fn users_are_bare_wrapped_or_incomplete() {
    let desk = desk(5).await;
    let all = desk.json("/v3/users").await.as_array().unwrap().len();
    assert_eq!(all, desk.server.tenant().users.len());
    desk.server.set_quirk("wrapped-users", json!(true));
    assert_eq!(
        desk.json("/v3/users").await["users"]
            .as_array()
            .unwrap()
            .len(),
        all
    );
    desk.server.set_quirk("wrapped-users", json!("data"));
    assert_eq!(
        desk.json("/v3/users").await["data"]
            .as_array()
            .unwrap()
            .len(),
        all
    );
    desk.server.clear_quirks();
    let owner = desk.server.tenant().calls[0].user_id;
    desk.server.set_quirk("missing-user", json!([owner]));
    assert!(
        desk.json("/v3/users")
            .await
            .as_array()
            .unwrap()
            .iter()
            .all(|user| user["id"] != owner)
    );
    assert_eq!(
        desk.json("/v3/engagements").await["engagements"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
}

#[tokio::test]
async fn scorecards_page_by_number() {
    let desk = desk(600).await;
    let walk = async |size: usize| {
        let (mut ids, mut number) = (Vec::new(), 0);
        loop {
            number += 1;
            let page = desk
                .json(&format!(
                    "/api/v1/scorecards?page[size]={size}&page[number]={number}"
                ))
                .await;
            let rows = page["data"].as_array().unwrap().clone();
            ids.extend(
                rows.iter()
                    .map(|row| row["id"].as_str().unwrap().to_owned()),
            );
            if rows.len() < size {
                return (ids, rows.len());
            }
        }
    };
    let truth = desk.server.tenant().scorecards.len();
    assert!(truth > 25, "{truth}");
    let (ids, _) = walk(10).await;
    assert_eq!(
        (ids.len(), ids.iter().collect::<HashSet<_>>().len()),
        (truth, truth)
    );
    desk.server
        .set_quirk("scorecard-pages", json!("full-last-page"));
    let (ids, last) = walk(10).await;
    assert_eq!((ids.len(), last), (truth / 10 * 10, 0));
    desk.server.set_quirk("scorecard-pages", json!("drift"));
    let (ids, _) = walk(10).await;
    assert!(ids.len() > ids.iter().collect::<HashSet<_>>().len());
    let reviewer = desk.server.tenant().scorecards[0].reviewer_id;
    let reviewed = desk
        .json(&format!(
            "/api/v1/scorecards?filter[reviewers]={reviewer}&page[size]=100"
        ))
        .await;
    assert!(
        reviewed["data"]
            .as_array()
            .unwrap()
            .iter()
            .all(|card| card["attributes"]["reviewer"]["user_id"] == reviewer)
    );
}

#[tokio::test]
async fn emails_page_by_cursor() {
    let desk = desk(600).await;
    let truth = desk
        .server
        .read(|tenant| tenant.calls.iter().filter(|call| call.is_email()).count());
    assert!(truth > 12);
    for way in [
        None,
        Some("short"),
        Some("empty"),
        Some("no-meta"),
        Some("empty-page-object"),
        Some("null-cursor"),
    ] {
        desk.server.clear_quirks();
        if let Some(way) = way {
            desk.server.set_quirk("email-pages", json!(way));
        }
        let (mut seen, mut empty, mut cursor) = (Vec::new(), 0, String::new());
        loop {
            let page = desk
                .json(&format!("/api/v1/emails?page[size]=5{cursor}"))
                .await;
            let rows = page["data"].as_array().unwrap();
            empty += usize::from(rows.is_empty());
            seen.extend(
                rows.iter()
                    .map(|row| row["id"].as_str().unwrap().to_owned()),
            );
            match page["meta"]["page"]["cursor"].as_str() {
                Some(next) => cursor = format!("&page[after]={next}"),
                None => break,
            }
        }
        assert_eq!(seen.len(), truth, "{way:?}");
        assert_eq!(empty > 0, way == Some("empty"), "{way:?}");
    }
}

#[tokio::test]
async fn playlists_come_with_and_without_meta() {
    let desk = desk(5).await;
    let page = desk.json("/api/v1/playlists?page[size]=2").await;
    assert_eq!(
        (
            page["data"].as_array().unwrap().len(),
            &page["meta"]["total_pages"]
        ),
        (2, &json!(3))
    );
    desk.server.set_quirk("playlists-without-meta", json!(true));
    assert!(desk.json("/api/v1/playlists").await.get("meta").is_none());
}

#[tokio::test]
async fn a_version_header_of_2_is_refused() {
    let desk = desk(1).await;
    let url = format!("{}/v3/users", desk.server.base_url());
    let request = reqwest::Client::new()
        .get(url)
        .header("Authorization", "demo-key")
        .header("x-al-version", "2");
    assert_eq!(request.send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn edits_show_at_once() {
    let desk = desk(30).await;
    let id = desk.recorded()[0].clone();
    desk.detail(&id).await;
    desk.server
        .edit(|tenant| tenant.call_mut(&id).unwrap().subject = "Another title".into());
    assert_eq!(desk.detail(&id).await["name"], "Another title");
    desk.server.edit(|tenant| {
        let newest = tenant.newest_first()[0].date_time;
        tenant.add_call(Call {
            engagement_id: "NEWCALL".into(),
            date_time: newest + 5.0,
            ..Call::default()
        });
        tenant
            .calls_mut()
            .for_each(|call| call.language = "de".into());
    });
    let rows = desk.walk("").await.concat();
    assert_eq!(
        (rows.len(), &rows[0]["engagement_id"], &rows[9]["language"]),
        (31, &json!("NEWCALL"), &json!("de"))
    );
    desk.server.edit(|tenant| tenant.remove_call("NEWCALL"));
    assert_eq!(desk.walk("").await.concat().len(), 30);
}

#[tokio::test]
async fn the_admin_api_does_the_same() {
    let desk = desk(30).await;
    let quirks: Vec<Value> = desk
        .admin(Method::GET, "quirks", &Value::Null)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(quirks.len(), QUIRKS.len());
    assert_eq!(
        desk.admin(Method::PUT, "quirks/slow", &json!(1))
            .await
            .status(),
        204
    );
    assert_eq!(
        desk.admin(Method::PUT, "quirks/no-such-quirk", &json!(1))
            .await
            .status(),
        404
    );
    let quirks: Vec<Value> = desk
        .admin(Method::GET, "quirks", &Value::Null)
        .await
        .json()
        .await
        .unwrap();
    let on: Vec<&Value> = quirks.iter().filter(|quirk| quirk["on"] == true).collect();
    assert_eq!(
        (on.len(), &on[0]["name"], &on[0]["set_to"]),
        (1, &json!("slow"), &json!(1))
    );
    assert_eq!(
        desk.admin(Method::DELETE, "quirks/slow", &Value::Null)
            .await
            .status(),
        204
    );
    assert_eq!(
        desk.admin(Method::DELETE, "quirks", &Value::Null)
            .await
            .status(),
        204
    );

    let added: Value = desk
        .admin(Method::POST, "calls", &json!({"subject": "By hand"}))
        .await
        .json()
        .await
        .unwrap();
    let id = added["engagement_id"].as_str().unwrap();
    assert_eq!(desk.walk("").await.concat()[0]["subject"], "By hand");
    desk.admin(
        Method::PATCH,
        &format!("calls/{id}"),
        &json!({"subject": "Changed"}),
    )
    .await;
    let tenant: Value = desk
        .admin(Method::GET, "tenant", &Value::Null)
        .await
        .json()
        .await
        .unwrap();
    assert!(
        tenant["calls"]
            .as_array()
            .unwrap()
            .iter()
            .any(|call| call["subject"] == "Changed")
    );
    assert_eq!(
        desk.admin(Method::DELETE, &format!("calls/{id}"), &Value::Null)
            .await
            .status(),
        204
    );
    assert_eq!(
        desk.admin(Method::PATCH, &format!("calls/{id}"), &json!({}))
            .await
            .status(),
        404
    );

    let seen: Value = desk
        .admin(Method::GET, "requests", &Value::Null)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        (&seen["routes"]["/v3/engagements"], &seen["non_get"]),
        (&json!(1), &json!(0))
    );
}

#[test]
fn every_item_of_the_reference_is_played() {
    let covered: HashSet<u8> = QUIRKS
        .iter()
        .flat_map(|quirk| quirk.items)
        .chain(ALWAYS.iter().flat_map(|(items, _)| *items))
        .copied()
        .collect();
    let missing: Vec<u8> = (1..=42).filter(|item| !covered.contains(item)).collect();
    assert_eq!(missing, Vec::<u8>::new());
    let names: HashSet<&str> = QUIRKS.iter().map(|quirk| quirk.name).collect();
    assert_eq!(names.len(), QUIRKS.len());
}

/// Set `UPDATE_README=1` to write the table into README.md.
#[test]
fn the_readme_lists_every_quirk() {
    let items = |items: &[u8]| {
        items
            .iter()
            .map(u8::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let cell = |text: &str| text.replace('|', "\\|").replace('<', "\\<");
    let mut table = String::from("| quirk | 14. | arguments | meaning |\n|---|---|---|---|\n");
    for quirk in QUIRKS {
        table.push_str(&format!(
            "| `{}` | {} | {} | {} |\n",
            quirk.name,
            items(quirk.items),
            cell(quirk.args),
            cell(quirk.meaning)
        ));
    }
    table.push_str("\nAlways, quirk or no quirk:\n\n| 14. | behaviour |\n|---|---|\n");
    for (numbers, meaning) in ALWAYS {
        table.push_str(&format!("| {} | {} |\n", items(numbers), cell(meaning)));
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let (before, rest) = readme
        .split_once("<!-- quirks -->\n")
        .expect("README.md marks where the table begins");
    let (written, after) = rest
        .split_once("<!-- end of quirks -->")
        .expect("README.md marks where the table ends");
    if std::env::var_os("UPDATE_README").is_some() {
        let whole = format!("{before}<!-- quirks -->\n{table}<!-- end of quirks -->{after}");
        std::fs::write(path, whole).unwrap();
        return;
    }
    assert_eq!(
        written, table,
        "UPDATE_README=1 cargo test -p fake-chorus --test others"
    );
}
