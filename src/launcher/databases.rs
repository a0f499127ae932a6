//! The databases of the cluster, as the launcher sees them without being connected to any.

use crate::error::Result;
use crate::settings;
use crate::transaction::transaction;
use pgrx::pg_sys;
use std::ffi::CStr;

/// `datconnlimit` of a database whose DROP was interrupted.
const BROKEN: i32 = -2;

pub struct FoundDatabase {
    pub oid: u32,
    pub name: String,
    pub template: bool,
    pub connectable: bool,
}

impl FoundDatabase {
    pub fn is_wanted(&self) -> bool {
        is_wanted(&self.name, self.template)
    }
}

/// Whether connections of a database of this name are scheduled.
pub fn is_wanted(name: &str, template: bool) -> bool {
    let wanted = settings::databases();
    if wanted.is_empty() {
        !template
    } else {
        wanted.iter().any(|wanted| wanted == name)
    }
}

/// All databases at this moment, in a transaction of its own that only reads `pg_database`.
pub fn all() -> Result<Vec<FoundDatabase>> {
    transaction("looking for databases", || unsafe {
        let mut found = Vec::new();
        let lock = pg_sys::AccessShareLock as pg_sys::LOCKMODE;
        let relation = pg_sys::table_open(pg_sys::DatabaseRelationId, lock);
        let scan = pg_sys::table_beginscan_catalog(relation, 0, std::ptr::null_mut());
        loop {
            let tuple = pg_sys::heap_getnext(scan, pg_sys::ScanDirection::ForwardScanDirection);
            if tuple.is_null() {
                break;
            }
            let row = &*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_database>();
            if row.datconnlimit == BROKEN {
                continue;
            }
            let name = CStr::from_ptr(row.datname.data.as_ptr());
            found.push(FoundDatabase {
                oid: row.oid.to_u32(),
                name: name.to_string_lossy().into_owned(),
                template: row.datistemplate,
                connectable: row.datallowconn,
            });
        }
        pg_sys::table_endscan(scan);
        pg_sys::table_close(relation, lock);
        Ok(found)
    })
}
