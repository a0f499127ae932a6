//! `make bench ONLY=customers`: what a backend asks about customers, with a million meetings.

use std::time::{Duration, Instant};

use crate::Result;
use crate::server::Server;

pub const NAME: &str = "customers";

const MEETINGS: &str = include_str!("../sql/customers.sql");

const ASKED: [(&str, &str); 6] = [
    (
        "page of a usual customer",
        "SELECT * FROM chorus.customer_meetings WHERE customer_id = 'c777' ORDER BY started_at DESC LIMIT 50",
    ),
    (
        "page of one with 102,000 meetings",
        "SELECT * FROM chorus.customer_meetings WHERE customer_id = 'c1' ORDER BY started_at DESC LIMIT 50",
    ),
    (
        "newest meetings",
        "SELECT * FROM chorus.meetings ORDER BY started_at DESC LIMIT 50",
    ),
    (
        "newest unattached meetings",
        "SELECT * FROM chorus.unattached_meetings ORDER BY started_at DESC LIMIT 50",
    ),
    (
        "unattached meetings, counted",
        "SELECT count(*) FROM chorus.unattached_meetings",
    ),
    (
        "customers of a meeting",
        "SELECT * FROM chorus.meeting_customers WHERE meeting_id = 4711",
    ),
];

/// Makes the meetings once, and asks each question some times in one session.
pub fn run(server: &Server) -> Result<()> {
    const TIMES: usize = 9;
    let database = server.database();
    eprintln!("{NAME}: making a million meetings");
    let mut session = database.connect();
    session.batch_execute(MEETINGS)?;
    session.batch_execute("RESET ALL")?;
    session.batch_execute("VACUUM ANALYZE")?;
    session.batch_execute("SET ROLE chorus_reader")?;
    println!("\n| {NAME} | first ms | median ms | min … max |\n|---|---:|---:|---:|");
    for (what, question) in ASKED {
        let mut took = Vec::new();
        for _ in 0..TIMES {
            let began = Instant::now();
            session.simple_query(question)?;
            took.push(began.elapsed());
        }
        let first = took.remove(0);
        took.sort_unstable();
        let ms = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1000.0);
        println!(
            "| {what} | {} | {} | {} … {} |",
            ms(first),
            ms(took[took.len() / 2]),
            ms(took[0]),
            ms(took[took.len() - 1])
        );
    }
    Ok(())
}
