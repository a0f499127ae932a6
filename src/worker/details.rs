//! Details and transcripts: several calls at once, written in batches as large as they come.

use super::run::Run;
use crate::error::Result;
use crate::offload::Sender;
use crate::settings;
use crate::store::details::{self, CONVERSATION, Due, Outcome, Rules};
use crate::store::problems::Problem;
use call_rows::{DetailContext, detail};
use chorus_client::{Client, Error as ClientError};
use futures_util::StreamExt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, mpsc};

/// How many due calls are looked up at a time, and how few may be left before the next look.
const CLAIMED_AT_ONCE: i64 = 256;
const CLAIM_BELOW: usize = 128;
/// How long a batch waits for more: a transaction for each call would cost more than its rows.
const LINGER: Duration = Duration::from_millis(25);
/// A batch is written when it is this large, or has waited long enough.
const BATCH_CALLS: usize = 64;
const BATCH_BYTES: usize = 2 * 1024 * 1024;
/// Rows that were made and not yet written, in KiB: what bounds the memory between network and disk.
const WAITING_KB: usize = 8 * 1024;
/// After so many calls in a row that cannot be reached, it is asked whether Chorus can.
const UNREACHABLE_IN_A_ROW: usize = 5;

/// What came back for one call. The permits give its memory back when it is written.
struct Answer {
    due: Due,
    outcome: std::result::Result<Outcome, ClientError>,
    size: usize,
    _permit: Option<tokio::sync::OwnedSemaphorePermit>,
}

impl Run {
    /// Reads the detail of every call that is due at this moment.
    pub fn read_details(&mut self) -> Result<()> {
        let connection_id = self.assignment.connection_id;
        let due_at = settings::now();
        let rules = Rules {
            keep_asking: settings::transcript_retry(),
            rereads: settings::detail_rereads(),
            unlisted: std::mem::take(&mut self.unlisted),
        };
        self.step("counting what is due", |_, after| {
            after.details_due = details::count_due(connection_id, due_at)?;
            Ok(())
        })?;

        let (wanted, queue) = mpsc::unbounded_channel::<Due>();
        let mut wanted = Some(wanted);
        let link = self.open_link();
        let client = link.client.clone();
        let workspace_domain = self.workspace_domain();
        let at_once = settings::max_concurrent_requests();
        let mut answers = link.offload.stream(2 * BATCH_CALLS, |sender| {
            read_all(client, queue, sender, workspace_domain, at_once)
        });

        let mut after = None;
        let mut under_way = 0;
        let mut unreachable = 0;
        let mut refused = None;
        loop {
            if under_way < CLAIM_BELOW
                && let Some(queue) = &wanted
            {
                let claimed = crate::transaction::transaction("looking for due calls", || {
                    details::due(connection_id, due_at, after, CLAIMED_AT_ONCE)
                })?;
                under_way += claimed.len();
                let all = claimed.is_empty();
                for due in claimed {
                    after = Some((due.due_at, due.call_id));
                    let _ = queue.send(due);
                }
                if all {
                    wanted = None;
                }
            }
            if under_way == 0 && wanted.is_none() {
                break;
            }
            let mut batch = Vec::new();
            let mut size = 0;
            let mut answer = self.next(&mut answers)?;
            let deadline = Instant::now() + LINGER;
            while let Some(next) = answer {
                under_way -= 1;
                size += next.size;
                match next.outcome {
                    Ok(outcome) => {
                        unreachable = 0;
                        batch.push((next.due, outcome, next._permit));
                    }
                    // The key or Chorus itself: nothing that the next call would do better with.
                    Err(error) => {
                        unreachable += 1;
                        let fatal = matches!(
                            error,
                            ClientError::InvalidCredentials { .. } | ClientError::Forbidden { .. }
                        );
                        let fatal = fatal
                            || (unreachable >= UNREACHABLE_IN_A_ROW && !self.still_answers()?);
                        if fatal {
                            refused = Some(error);
                        } else {
                            if unreachable >= UNREACHABLE_IN_A_ROW {
                                unreachable = 0;
                            }
                            let problem = unreadable(&next.due, &error);
                            batch.push((next.due, problem, None));
                        }
                    }
                }
                if refused.is_some() || batch.len() >= BATCH_CALLS || size >= BATCH_BYTES {
                    break;
                }
                answer = if under_way == 0 {
                    None
                } else {
                    self.open_link().offload.next_before(&mut answers, deadline)
                };
            }
            let written = batch.len();
            self.write_details(batch, &rules)?;
            self.recognise_some(written)?;
            if let Some(error) = refused {
                return Err(self.client_error(&error));
            }
        }
        self.step("counting what is not finished", |_, after| {
            after.transcripts_pending = details::count_waiting(connection_id)?;
            Ok(())
        })
    }

    /// Whether it is single calls that fail, and not Chorus as a whole.
    fn still_answers(&self) -> Result<bool> {
        let client = self.open_link().client.clone();
        let answer = self.ask(async move { client.me().await })?;
        Ok(answer.is_ok())
    }

    fn write_details(
        &mut self,
        batch: Vec<(Due, Outcome, Option<tokio::sync::OwnedSemaphorePermit>)>,
        rules: &Rules,
    ) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let connection_id = self.assignment.connection_id;
        let run_began = self.began;
        let read = batch.len() as i64;
        let mut permits = Vec::with_capacity(batch.len());
        let mut outcomes = Vec::with_capacity(batch.len());
        for (due, outcome, permit) in batch {
            permits.push(permit);
            outcomes.push((due, outcome));
        }
        self.step("writing transcripts", |run, after| {
            let now = settings::now();
            let written = details::write(
                connection_id,
                outcomes,
                &mut run.numbers,
                rules,
                now,
                run_began,
            )?;
            after.details_read += read;
            after.calls_updated += written.calls_updated;
            after.calls_removed += written.calls_removed;
            after.transcripts_added += written.transcripts_added;
            after.utterances_added += written.utterances_added;
            Ok(())
        })
    }
}

/// Asks for every call that comes through the queue, `at_once` at a time; runs on the network threads.
async fn read_all(
    client: Client,
    queue: mpsc::UnboundedReceiver<Due>,
    sender: Sender<Answer>,
    workspace_domain: Option<String>,
    at_once: usize,
) {
    let memory = Arc::new(Semaphore::new(WAITING_KB));
    let due = futures_util::stream::unfold(queue, |mut queue| async move {
        queue.recv().await.map(|due| (due, queue))
    });
    let mut answers = std::pin::pin!(
        due.map(|due| read_one(&client, due, workspace_domain.as_deref(), &memory))
            .buffer_unordered(at_once)
    );
    while let Some(answer) = answers.next().await {
        if !sender.send(answer).await {
            return;
        }
    }
}

async fn read_one(
    client: &Client,
    due: Due,
    workspace_domain: Option<&str>,
    memory: &Arc<Semaphore>,
) -> Answer {
    let read = client.conversation(&due.source_call_id).await;
    let outcome = match read {
        Ok(conversation)
            if due.is_settled()
                && due.detail_fingerprint == Some(conversation.fingerprint as i64) =>
        {
            Ok(Outcome::Unchanged)
        }
        Ok(conversation) => {
            let context = DetailContext {
                call_id: due.call_id,
                listed: due.listed.clone(),
                workspace_domain: workspace_domain.map(str::to_owned),
                has_text: due.has_text(),
                text_fingerprint: due.text_fingerprint,
            };
            Ok(Outcome::Read(Box::new(detail(conversation, &context))))
        }
        Err(ClientError::NotFound { .. }) => Ok(Outcome::Missing),
        Err(ClientError::NotYet { .. }) => Ok(Outcome::NotYet(
            "Chorus is not ready to hand it out".to_owned(),
        )),
        Err(
            error @ (ClientError::Unexpected { .. }
            | ClientError::BadRequest { .. }
            | ClientError::TooLarge { .. }
            | ClientError::NotACall { .. }),
        ) => Ok(unreadable(&due, &error)),
        Err(error) => Err(error),
    };
    let size = match &outcome {
        Ok(Outcome::Read(detail)) => detail.size(),
        _ => 0,
    };
    // One that is larger than the whole allowance takes all of it, and so waits until it is alone.
    let share = (size / 1024).clamp(1, WAITING_KB) as u32;
    let permit = memory.clone().acquire_many_owned(share).await.ok();
    Answer {
        due,
        outcome,
        size,
        _permit: permit,
    }
}

fn unreadable(due: &Due, error: &ClientError) -> Outcome {
    Outcome::Unreadable(Problem {
        route: CONVERSATION,
        source_call_id: Some(due.source_call_id.clone()),
        problem: error.to_string(),
    })
}
