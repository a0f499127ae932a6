//! Scorecards that were submitted within the run's window, and those that runs before it did not get to.

use super::run::Run;
use crate::error::Result;
use crate::settings;
use crate::store::problems::{self, Problem};
use crate::store::scorecards::{find_calls, since, write_page};
use crate::transaction::transaction;
use chorus_client::{Error as ClientError, ScorecardFilter};
use futures_util::StreamExt;

const ROUTE: &str = "/api/v1/scorecards";
const PAGES_AHEAD: usize = 2;

impl Run {
    pub fn read_scorecards(&mut self) -> Result<()> {
        let connection_id = self.assignment.connection_id;
        let window_from = self.assignment.window_from;
        let since = transaction("looking how far scorecards were read", || {
            since(connection_id, ROUTE, window_from)
        })?;
        let filter = ScorecardFilter {
            submitted_from: Some(since),
        };
        let link = self.open_link();
        let client = link.client.clone();
        let mut pages = link.offload.stream(PAGES_AHEAD, |sender| async move {
            let mut pages = std::pin::pin!(client.scorecards(filter));
            while let Some(page) = pages.next().await {
                if !sender.send(page).await {
                    return;
                }
            }
        });
        while let Some(page) = self.next(&mut pages)? {
            let mut problems = Vec::new();
            let mut problem = |id, problem: String| {
                problems.push(Problem {
                    route: ROUTE,
                    source_call_id: id,
                    problem,
                });
            };
            let mut scorecards = Vec::new();
            match page {
                Ok(page) => {
                    for row in page.rows {
                        match row {
                            Ok(row) => scorecards.push(row),
                            Err(bad) => problem(
                                bad.id,
                                format!("a scorecard cannot be read: {}", bad.problem),
                            ),
                        }
                    }
                }
                Err(
                    error @ (ClientError::Forbidden { .. }
                    | ClientError::NotFound { .. }
                    | ClientError::BadRequest { .. }
                    | ClientError::Unexpected { .. }
                    | ClientError::TooLarge { .. }),
                ) => problem(None, error.to_string()),
                Err(error) => return Err(self.client_error(&error)),
            }
            self.step("writing scorecards", |_, _| {
                write_page(connection_id, &scorecards)?;
                problems::record(connection_id, &problems, settings::now())
            })?;
        }
        let began = self.began;
        self.step("writing scorecards", |_, _| {
            problems::not_met_since(connection_id, ROUTE, began)?;
            find_calls(connection_id)
        })
    }
}
