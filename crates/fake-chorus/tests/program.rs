//! The program: what it prints, and that a signal ends it in order.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

#[tokio::test]
async fn it_announces_itself_and_ends_on_a_signal() {
    for signal in ["TERM", "INT"] {
        let port_file =
            std::env::temp_dir().join(format!("fake-chorus-port-{}-{signal}", std::process::id()));
        let mut program = Command::new(env!("CARGO_BIN_EXE_fake-chorus"))
            .args([
                "--calls",
                "7",
                "--utterances",
                "3",
                "--quirk",
                "end-of-list=T3",
                "--quirk",
                "wrapped-users",
            ])
            .args([
                "--api-key",
                "secret",
                "--port-file",
                port_file.to_str().unwrap(),
            ])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(program.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let port = std::fs::read_to_string(&port_file).unwrap();
        std::fs::remove_file(&port_file).unwrap();
        let url = format!("http://127.0.0.1:{}", port.trim());
        assert_eq!(
            line,
            format!("fake Chorus tenant at {url} (7 calls, key secret)\n")
        );
        let client = reqwest::Client::new();
        let page = client
            .get(format!("{url}/v3/engagements"))
            .header("Authorization", "secret")
            .send()
            .await
            .unwrap();
        let page: serde_json::Value = page.json().await.unwrap();
        assert_eq!(
            (
                page["engagements"].as_array().unwrap().len(),
                page.get("continuation_key")
            ),
            (7, None)
        );
        let users = client
            .get(format!("{url}/v3/users"))
            .header("Authorization", "secret")
            .send()
            .await
            .unwrap();
        assert!(users.json::<serde_json::Value>().await.unwrap()["users"].is_array());
        let pid = program.id().to_string();
        assert!(
            Command::new("kill")
                .args([&format!("-{signal}"), &pid])
                .status()
                .unwrap()
                .success()
        );
        assert!(program.wait().unwrap().success());
    }
}

#[test]
fn it_refuses_quirks_that_it_does_not_have() {
    let output = Command::new(env!("CARGO_BIN_EXE_fake-chorus"))
        .args(["--quirk", "no-such"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("no-such"));
    let list = Command::new(env!("CARGO_BIN_EXE_fake-chorus"))
        .arg("--list-quirks")
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&list.stdout).contains("end-of-list"));
}
