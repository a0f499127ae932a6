//! `chorus.flush_commits`: what a reader of the change feed was given survives a crash.

use pgrx::prelude::*;

/// Waits until everything that was committed so far is on disk. Nothing to do on a standby, which replays what is.
#[pg_extern]
fn flush_commits() {
    unsafe {
        if !pg_sys::RecoveryInProgress() {
            pg_sys::XLogFlush(end_of_written(
                pg_sys::GetXLogInsertRecPtr(),
                pg_sys::wal_segment_size as u64,
            ));
        }
    }
}

/// The end of the last record, given where the next one begins. At the top of a page that is behind the page's header,
/// which is not written yet: asking for it would be asking for what does not exist.
fn end_of_written(next: u64, segment_size: u64) -> u64 {
    const PAGE: u64 = pg_sys::XLOG_BLCKSZ as u64;
    // MAXALIGN of XLogPageHeaderData, and of XLogLongPageHeaderData, with which a segment begins.
    const HEADER: u64 = 24;
    const LONG_HEADER: u64 = 40;
    let header = if next % segment_size < PAGE {
        LONG_HEADER
    } else {
        HEADER
    };
    if next % PAGE == header {
        next - header
    } else {
        next
    }
}
