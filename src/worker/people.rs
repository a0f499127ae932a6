//! Users and teams.

use super::run::Run;
use crate::error::Result;
use crate::settings;
use crate::store::people::{write_teams, write_users};
use crate::store::problems::{self, Problem};
use chorus_client::{BadRecord, Error as ClientError};

/// The routes, as `chorus.problems` names them.
const USERS: &str = "/v3/users";
const TEAMS: &str = "/api/v1/teams";

impl Run {
    /// Reads users and teams. A role that may not read them loses these lists only: that is a recorded problem.
    pub fn read_people(&mut self) -> Result<()> {
        let client = self.open_link().client.clone();
        let (users, teams) =
            self.ask(async move { tokio::join!(client.users(), client.teams()) })?;
        let mut problems = Vec::new();
        let users = self.sort_out(USERS, users, &mut problems)?;
        let teams = self.sort_out(TEAMS, teams, &mut problems)?;
        let connection_id = self.assignment.connection_id;
        let began = self.began;
        self.step("writing users and teams", |_, _| {
            if let Some((users, complete)) = &users {
                write_users(connection_id, users, *complete)?;
            }
            if let Some((teams, complete)) = &teams {
                write_teams(connection_id, teams, *complete)?;
            }
            for (route, complete) in [
                (USERS, users.as_ref().is_some_and(|(_, complete)| *complete)),
                (TEAMS, teams.as_ref().is_some_and(|(_, complete)| *complete)),
            ] {
                if complete {
                    problems::not_met_since(connection_id, route, began)?;
                }
            }
            problems::record(connection_id, &problems, settings::now())
        })
    }

    /// The rows that could be read, and whether these are all; None if the whole list cannot be read.
    fn sort_out<T>(
        &self,
        route: &'static str,
        answer: std::result::Result<Vec<std::result::Result<T, BadRecord>>, ClientError>,
        problems: &mut Vec<Problem>,
    ) -> Result<Option<(Vec<T>, bool)>> {
        let mut problem = |problem: String| {
            problems.push(Problem {
                route,
                source_call_id: None,
                problem,
            });
        };
        let rows = match answer {
            Ok(rows) => rows,
            Err(
                error @ (ClientError::Forbidden { .. }
                | ClientError::NotFound { .. }
                | ClientError::BadRequest { .. }
                | ClientError::Unexpected { .. }
                | ClientError::TooLarge { .. }),
            ) => {
                problem(error.to_string());
                return Ok(None);
            }
            Err(error) => return Err(self.client_error(&error)),
        };
        let mut good = Vec::with_capacity(rows.len());
        let mut bad = 0;
        for row in rows {
            match row {
                Ok(row) => good.push(row),
                Err(record) => {
                    bad += 1;
                    problem(format!("a row cannot be read: {}", record.problem));
                }
            }
        }
        Ok(Some((good, bad == 0)))
    }
}
