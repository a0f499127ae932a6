//! What tests of the extension stand on: real PostgreSQL servers of the staged copy, each thrown away afterwards.
//!
//! A test takes a database of the shared server (`Cluster::shared().database()`), or a server of its own when it
//! stops, crashes or reconfigures it (`Cluster::start`). It waits on conditions with [`wait_until`], never on time.
//! No server outlives the process that started it, however that process ends.

mod attendance;
mod cluster;
mod contents;
mod database;
mod keeper;
pub mod least;
pub mod life;
mod role;
mod scheduled;
mod server_user;
mod sessions;
mod standby;
mod stored;
pub mod truth;
mod under_way;
mod wait;
mod workspace;

pub use cluster::{Cluster, ClusterOptions, run_to_end};
pub use contents::Contents;
pub use database::{Database, expect_error};
pub use fake_chorus;
pub use postgres;
pub use role::Role;
pub use scheduled::IN_TIME;
pub use sessions::{Notices, answer, refused, rows, session_with_notices};
pub use under_way::{Running, SOON};
pub use wait::wait_until;
pub use workspace::{LOOKBACK_DAYS, Ran, Workspace, plan, real_meetings, small_tenant};
