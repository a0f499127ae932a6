//! Bulk writes: rows in COPY's binary format go from memory into a table, as `COPY … FROM` would take them from a file.
//!
//! The rows are made by the crate `call-rows`, most of them on network threads, so that the main thread only writes.

use call_rows::Rows;
use pgrx::{pg_guard, pg_sys};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::ffi::{CString, c_int, c_void};

thread_local! {
    /// What [`read_more`] hands out next, as address and length. COPY's callback carries no pointer of ours.
    static SOURCE: RefCell<VecDeque<(*const u8, usize)>> = const { RefCell::new(VecDeque::new()) };
}

/// Appends `rows` to `chorus.<table>`; the columns are those that the rows were made for. Errors are PostgreSQL's.
pub fn copy_into(rows: &Rows) {
    copy_all(std::slice::from_ref(rows));
}

/// Appends all of these rows, which are for one target, as one COPY.
pub fn copy_all(parts: &[Rows]) {
    let Some(first) = parts.iter().find(|rows| !rows.is_empty()) else {
        return;
    };
    SOURCE.with_borrow_mut(|source| {
        source.clear();
        let bodies = parts.iter().map(Rows::body);
        for bytes in std::iter::once(Rows::SIGNATURE)
            .chain(bodies)
            .chain([Rows::TRAILER])
        {
            source.push_back((bytes.as_ptr(), bytes.len()));
        }
    });
    unsafe {
        let relation = open(first.table());
        let state = pg_sys::make_parsestate(std::ptr::null_mut());
        // COPY finds the table it writes to in the range table.
        pg_sys::addRangeTableEntryForRelation(
            state,
            relation,
            pg_sys::RowExclusiveLock as c_int,
            std::ptr::null_mut(),
            false,
            false,
        );
        let mut columns: *mut pg_sys::List = std::ptr::null_mut();
        for column in first.columns() {
            columns = pg_sys::lappend(columns, string_node(column).cast());
        }
        let binary = pg_sys::makeDefElem(palloc_text("format"), string_node("binary").cast(), -1);
        let options = pg_sys::lappend(std::ptr::null_mut(), binary.cast());
        let copy = pg_sys::BeginCopyFrom(
            state,
            relation,
            std::ptr::null_mut(),
            std::ptr::null(),
            false,
            Some(read_more),
            columns,
            options,
        );
        pg_sys::CopyFrom(copy);
        pg_sys::EndCopyFrom(copy);
        pg_sys::free_parsestate(state);
        pg_sys::table_close(relation, pg_sys::NoLock as c_int);
        pg_sys::CommandCounterIncrement();
    }
}

unsafe fn open(table: &str) -> pg_sys::Relation {
    unsafe {
        let name = pg_sys::makeRangeVar(palloc_text("chorus"), palloc_text(table), -1);
        pg_sys::table_openrv(name, pg_sys::RowExclusiveLock as c_int)
    }
}

unsafe fn palloc_text(text: &str) -> *mut std::ffi::c_char {
    let text = CString::new(text).expect("a name without NUL");
    unsafe { pg_sys::pstrdup(text.as_ptr()) }
}

unsafe fn string_node(text: &str) -> *mut pg_sys::String {
    unsafe { pg_sys::makeString(palloc_text(text)) }
}

/// COPY takes at most `max_bytes` at a time; 0 ends the data.
#[pg_guard]
unsafe extern "C-unwind" fn read_more(
    target: *mut c_void,
    _min_bytes: c_int,
    max_bytes: c_int,
) -> c_int {
    SOURCE.with_borrow_mut(|source| {
        let mut target = target.cast::<u8>();
        let mut room = max_bytes as usize;
        while let Some((from, left)) = source.front_mut()
            && room > 0
        {
            let taken = (*left).min(room);
            unsafe {
                std::ptr::copy_nonoverlapping(*from, target, taken);
                target = target.add(taken);
                *from = from.add(taken);
            }
            *left -= taken;
            room -= taken;
            if *left == 0 {
                source.pop_front();
            }
        }
        max_bytes - room as c_int
    })
}
