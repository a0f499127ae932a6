//! Details, and the quirks that bend them.

mod support;

use serde_json::{Value, json};
use support::{Desk, desk, ids};

async fn bent(desk: &Desk, id: &str, name: &str, args: Value) -> Value {
    desk.server.clear_quirks();
    desk.server.set_quirk(name, args);
    desk.detail(id).await
}

fn said(attributes: &Value) -> &Vec<Value> {
    attributes["recording"]["utterances"].as_array().unwrap()
}

#[tokio::test]
async fn a_detail_holds_the_truth() {
    let desk = desk(60).await;
    let id = desk.recorded()[3].clone();
    let detail = desk.detail(&id).await;
    let tenant = desk.server.tenant();
    let call = tenant.call(&id).unwrap();
    assert_eq!(detail["name"], call.subject);
    assert_eq!(detail["recording"]["duration"], call.duration);
    assert_eq!(said(&detail).len(), call.utterances.len());
    for (sent, true_one) in said(&detail).iter().zip(&call.utterances) {
        assert_eq!(sent["snippet"], true_one.text);
        assert_eq!(sent["snippet_time"], true_one.start_s);
        assert_eq!(sent["participant"], true_one.person_id);
    }
    assert_eq!(detail["meeting"]["ical_uid"], json!(call.ical_uid));
    let plain = desk.json(&format!("/api/v1/conversations/{id}")).await;
    assert_eq!(
        plain["data"]["attributes"]["meeting"]
            .as_object()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn utterances_can_be_odd() {
    let desk = desk(60).await;
    let id = desk.recorded()[0].clone();
    let plain = desk.detail(&id).await;
    let index = |detail: &Value| {
        said(detail)
            .iter()
            .map(|said| said["index"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };

    let shuffled = bent(&desk, &id, "shuffled-utterances", json!(true)).await;
    let mut sorted = index(&shuffled);
    assert_ne!(sorted, index(&plain));
    sorted.sort_unstable();
    assert_eq!(sorted, index(&plain));

    let odd = bent(&desk, &id, "odd-utterances", json!(true)).await;
    assert_eq!(index(&odd)[0], index(&odd)[1]);
    assert!(said(&odd).iter().any(|said| said["snippet_length"] == 0));
    assert!(said(&odd).iter().any(|said| said["snippet"] == ""));
    let gaps = bent(&desk, &id, "odd-utterances", json!("gaps")).await;
    assert_eq!(index(&gaps)[..3], [1, 3, 5]);

    let none = bent(&desk, &id, "null-speakers", json!([id])).await;
    assert!(
        said(&none)
            .iter()
            .all(|said| said["speaker_name"].is_null() && said["speaker_type"].is_null())
    );
    let strange = bent(&desk, &id, "stranger-speakers", json!(true)).await;
    let people = strange["participants"].as_array().unwrap();
    assert!(
        people
            .iter()
            .all(|person| person["person_id"] != said(&strange)[0]["participant"])
    );
    let contradicting = bent(&desk, &id, "contradicting-speakers", json!(true)).await;
    assert_ne!(
        said(&contradicting)[0]["speaker_type"],
        said(&plain)[0]["speaker_type"]
    );

    let expired = bent(&desk, &id, "expired", json!([id])).await;
    assert!(
        said(&expired)
            .iter()
            .all(|said| said["expired"] == true && said["snippet"] == "")
    );
    let long = bent(
        &desk,
        &id,
        "long-transcript",
        json!({"utterances": 3000, "ids": [id]}),
    )
    .await;
    assert_eq!(said(&long).len(), 3000);
    let again = bent(&desk, &id, "reprocessed", json!([id])).await;
    assert!(said(&again).iter().all(|new| {
        said(&plain)
            .iter()
            .all(|old| old["id"] != new["id"] && old["snippet"] != new["snippet"])
    }));
}

#[tokio::test]
async fn text_can_be_what_a_database_refuses() {
    let desk = desk(20).await;
    let id = desk.recorded()[0].clone();
    desk.server.set_quirk("nul-and-surrogates", json!([id]));
    let text = desk
        .ask(&format!("/api/v1/conversations/{id}"))
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    for odd in [
        r"before\u0000after",
        r"lone \ud83d high",
        r"\ude00 low",
        "𝄞",
        "\u{202E}",
    ] {
        assert!(text.contains(odd), "{odd}");
    }
    assert!(text.len() > 100_000);
}

#[tokio::test]
async fn processing_ends_after_reads_or_when_cleared() {
    let desk = desk(20).await;
    let id = desk.recorded()[0].clone();
    desk.server.set_quirk(
        "processing",
        json!({"ids": [id], "reads": 2, "utterances": "some"}),
    );
    for share in [2, 2, 1] {
        let detail = desk.detail(&id).await;
        assert_eq!(said(&detail).len(), 14 / share);
        assert_eq!(
            detail["status"],
            if share == 2 { "processing" } else { "done" }
        );
    }
    desk.server
        .set_quirk("processing", json!({"ids": [id], "answer": "404"}));
    assert_eq!(
        desk.status(&format!("/api/v1/conversations/{id}")).await,
        404
    );
    desk.server.set_quirk("processing", json!([id]));
    assert_eq!(said(&desk.detail(&id).await).len(), 0);
    let row = &desk
        .json(&format!("/v3/engagements?engagement_id={id}"))
        .await["engagements"][0];
    assert_eq!(row["processing_state"], "processing");
    desk.server.clear_quirk("processing");
    assert_eq!(said(&desk.detail(&id).await).len(), 14);
    let silent = bent(&desk, &id, "no-transcript", json!([id])).await;
    assert_eq!(
        (said(&silent).len(), &silent["status"]),
        (0, &json!("done"))
    );
}

#[tokio::test]
async fn members_of_details_can_be_odd() {
    let desk = desk(40).await;
    let id = desk.recorded()[0].clone();
    assert!(
        bent(&desk, &id, "odd-account", json!("missing"))
            .await
            .get("account")
            .is_none()
    );
    assert_eq!(
        bent(&desk, &id, "odd-account", json!("empty-deal")).await["deal"],
        json!({})
    );
    assert_eq!(
        bent(&desk, &id, "odd-account", json!("no-amount")).await["deal"]["initial_amount"],
        -1.0
    );
    let huge = bent(&desk, &id, "odd-account", json!("huge-numbers")).await;
    assert!(huge["account"]["id"].as_i64().unwrap() > i64::from(i32::MAX));
    assert!(bent(&desk, &id, "meeting-metadata", json!("null")).await["meeting"].is_null());
    desk.server
        .set_quirk("meeting-metadata", json!("ical-always"));
    let plain = desk.json(&format!("/api/v1/conversations/{id}")).await;
    assert_eq!(
        plain["data"]["attributes"]["meeting"]
            .as_object()
            .unwrap()
            .len(),
        2
    );
    let times = bent(&desk, &id, "time-formats", json!(true)).await;
    let sent: Vec<&str> = said(&times)
        .iter()
        .map(|said| said["date_time"].as_str().unwrap())
        .collect();
    assert!(
        sent.iter().any(|time| time.ends_with('Z'))
            && sent.iter().any(|time| time.ends_with("+00:00"))
    );
    assert!(
        sent.iter()
            .all(|time| chrono::DateTime::parse_from_rfc3339(time).is_ok())
    );

    desk.server.clear_quirks();
    let row = desk
        .json(&format!("/v3/engagements?engagement_id={id}"))
        .await;
    let before = desk.detail(&id).await;
    let edited = bent(&desk, &id, "edited", json!([id])).await;
    assert_ne!(edited["_modified_at"], before["_modified_at"]);
    assert_eq!(edited["account"]["name"], "Edited Account");
    assert_eq!(said(&edited)[0]["speaker_name"], "Renamed Speaker");
    assert_eq!(
        desk.json(&format!("/v3/engagements?engagement_id={id}"))
            .await,
        row
    );
}

#[tokio::test]
async fn fields_are_honoured_ignored_or_refused() {
    let desk = desk(20).await;
    let path = format!(
        "/api/v1/conversations/{}?fields=name,invented",
        desk.recorded()[0]
    );
    assert_eq!(
        desk.json(&path).await["data"]["attributes"]
            .as_object()
            .unwrap()
            .len(),
        1
    );
    desk.server.set_quirk("fields", json!("ignored"));
    assert!(
        desk.json(&path).await["data"]["attributes"]
            .as_object()
            .unwrap()
            .len()
            > 10
    );
    desk.server.set_quirk("fields", json!("strict"));
    assert_eq!(desk.status(&path).await, 400);
}

#[tokio::test]
async fn summaries_are_generated_slowly() {
    let desk = desk(20).await;
    let id = desk.recorded()[0].clone();
    desk.server
        .set_quirk("summary-generation", json!({"ms": 300, "error": true}));
    let path = format!("/api/v1/conversations/{id}");
    for (query, slow) in [
        ("?skip_summary_generation=true", false),
        ("", true),
        ("", false),
    ] {
        let started = std::time::Instant::now();
        let answer = desk.json(&format!("{path}{query}")).await;
        assert_eq!(started.elapsed().as_millis() >= 300, slow);
        assert!(answer["data"]["attributes"]["summary_error"].is_string());
    }
}

#[tokio::test]
async fn calls_vanish_move_and_become_private() {
    let desk = desk(100).await;
    let all = desk.listed();
    let id = desk.recorded()[5].clone();
    let path = format!("/api/v1/conversations/{id}");
    let listed = async || {
        ids(desk.json("/v3/engagements").await["engagements"]
            .as_array()
            .unwrap())
    };

    desk.server.set_quirk("not-found", json!([id]));
    assert_eq!(
        (desk.status(&path).await, listed().await.contains(&id)),
        (404, true)
    );
    desk.server.clear_quirks();
    desk.server.set_quirk("vanish", json!([id]));
    assert_eq!(
        (desk.status(&path).await, listed().await.contains(&id)),
        (404, false)
    );
    desk.server.set_quirk("vanish", json!({"share": 0.5}));
    assert_eq!(listed().await.len(), 50);
    desk.server.clear_quirk("vanish");
    assert_eq!(listed().await, all);

    desk.server.set_quirk("private-rows", json!({"ids": [id]}));
    assert_eq!(
        (desk.status(&path).await, listed().await.contains(&id)),
        (404, false)
    );
    desk.server
        .set_quirk("private-rows", json!({"ids": [id], "how": "404"}));
    assert_eq!(
        (desk.status(&path).await, listed().await.contains(&id)),
        (404, true)
    );
    desk.server
        .set_quirk("private-rows", json!({"ids": [id], "how": "listed"}));
    assert_eq!(
        (
            &desk.detail(&id).await["private"],
            listed().await.contains(&id)
        ),
        (&json!(true), true)
    );
    desk.server.clear_quirks();

    desk.server.set_quirk(
        "date-corrected",
        json!({"ids": [all[0]], "by_seconds": -8_640_000}),
    );
    assert_eq!(listed().await[99], all[0]);
    desk.server.clear_quirks();
    desk.server.set_quirk("recorded-twice", json!([id]));
    let rows = desk.walk("").await.concat();
    assert_eq!(rows.len(), 101);
    let twin = format!("TWIN{}", &id[4..]);
    assert_eq!(
        desk.detail(&twin).await["meeting"]["ical_uid"],
        desk.detail(&id).await["meeting"]["ical_uid"]
    );
    assert_ne!(
        desk.detail(&twin).await["owner"],
        desk.detail(&id).await["owner"]
    );
}

#[tokio::test]
async fn an_email_has_a_detail_or_not() {
    let desk = desk(100).await;
    let id = desk.walk("engagement_type=email").await.concat()[0]["engagement_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/api/v1/conversations/{id}");
    assert_eq!(desk.json(&path).await["data"]["type"], "email");
    desk.server.set_quirk("email-detail", json!("404"));
    assert_eq!(desk.status(&path).await, 404);
}
