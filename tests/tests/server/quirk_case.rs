//! One quirk of the fake tenant, what it changes of the truth, and whether the tables hold what was served.

use chorus_tests::fake_chorus::{Call, Generate, Tenant};
use chorus_tests::{Contents, Workspace, plan, truth};
use chrono::{DateTime, Utc};
use serde_json::Value;

pub struct Case {
    quirk: &'static str,
    args: Value,
    /// What is served instead of the truth.
    served: fn(&mut Tenant),
    /// What the tables hold instead of what is served, and what cannot be compared.
    stored: fn(&mut Contents),
    /// Rows in chorus.problems.
    problems: i64,
}

pub fn case(quirk: &'static str, args: Value) -> Case {
    Case {
        quirk,
        args,
        served: |_| {},
        stored: |_| {},
        problems: 0,
    }
}

impl Case {
    pub fn serves(self, served: fn(&mut Tenant)) -> Case {
        Case { served, ..self }
    }

    pub fn stores(self, stored: fn(&mut Contents)) -> Case {
        Case { stored, ..self }
    }

    pub fn with_problems(self, problems: i64) -> Case {
        Case { problems, ..self }
    }

    fn holds(&self, tenant: Tenant) -> Result<(), String> {
        let workspace = Workspace::of(tenant);
        workspace.tenant.set_quirk(self.quirk, self.args.clone());
        let ran = workspace.try_sync().map_err(|error| format!("{error:?}"))?;
        let mut served = workspace.tenant.tenant();
        (self.served)(&mut served);
        let mut expected = truth::expected(&served, DateTime::<Utc>::UNIX_EPOCH);
        (self.stored)(&mut expected);
        let mut stored = workspace.database.stored();
        (self.stored)(&mut stored);
        if let Some(difference) = expected.difference(&stored) {
            return Err(difference);
        }
        workspace.database.assert_sound();
        let problems = workspace.problems();
        if problems != self.problems {
            return Err(format!("{problems} problems instead of {}", self.problems));
        }
        if ran.state != "succeeded" {
            return Err(format!("{ran:?}"));
        }
        let again = workspace.try_sync().map_err(|error| format!("{error:?}"))?;
        if (
            again.calls_added,
            again.calls_updated,
            again.transcripts_added,
        ) != (0, 0, 0)
        {
            return Err(format!("the second run found something new: {again:?}"));
        }
        Ok(())
    }
}

/// Runs all cases and shows all that do not hold.
#[track_caller]
pub fn all_hold(tenant: &Generate, cases: impl IntoIterator<Item = Case>) {
    let broken: Vec<String> = cases
        .into_iter()
        .filter_map(|case| {
            let why = case.holds(Tenant::generate(tenant)).err()?;
            Some(format!("{} {}: {why}", case.quirk, case.args))
        })
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Recorded calls only.
pub fn calls(count: usize) -> Generate {
    Generate {
        only_calls: true,
        ..plan(count)
    }
}

/// Changes calls by their place in the list, from 0.
pub fn each(tenant: &mut Tenant, mut change: impl FnMut(usize, &mut Call)) {
    for (rank, call) in tenant.newest_first().iter().enumerate() {
        change(rank, tenant.call_mut(&call.engagement_id).unwrap());
    }
}
