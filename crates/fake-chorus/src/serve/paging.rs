//! `while-paging`: what happens in the tenant between two pages of a walk.

use super::house::House;
use super::listing::{PAGE, Page};
use super::shown::Shown;
use crate::tenant::Call;

/// Changes the truth once, after the page that the quirk names was served.
pub fn after_page(house: &House, shown: &Shown, page: &Page) {
    let Some(quirk) = shown.quirks.get("while-paging") else {
        return;
    };
    let when = quirk
        .extra("page")
        .and_then(|page| page.as_u64())
        .unwrap_or(1);
    if page.number as u64 != when || !page.has_more() || quirk.used() > 0 {
        return;
    }
    let calls = &shown.tenant.calls;
    let Some(last) = page.rows.last().copied() else {
        return;
    };
    let newest = calls[0].date_time;
    let (last_id, next_id) = (&calls[last].engagement_id, &calls[last + 1].engagement_id);
    house.edit(|tenant| match quirk.text("what").unwrap_or("row-added") {
        "row-removed" => {
            tenant.remove_call(next_id);
        }
        "seen-twice" => {
            let below = calls[(last + PAGE).min(calls.len() - 1)].date_time;
            if let Some(call) = tenant.call_mut(last_id) {
                call.date_time = below - 0.5;
            }
        }
        "never-seen" => {
            if let Some(call) = tenant.call_mut(next_id) {
                call.date_time = newest + 1.0;
            }
        }
        _ => {
            let added = Call {
                engagement_id: format!("ADDED{}", &last_id[last_id.len().min(5)..]),
                date_time: newest + 1.0,
                ..Call::clone(&calls[last])
            };
            tenant.add_call(added);
        }
    });
}
