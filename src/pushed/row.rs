//! One row in a trigger: read by column, changed in place, given back to PostgreSQL.

use crate::error::{Error, Result};
use crate::kept::kept_by_query;
use pgrx::{FromDatum, IntoDatum, is_a, pg_sys};
use std::ffi::CString;

// Of commands/trigger.h.
const INSERT: u32 = 0;
const DELETE: u32 = 1;
const OPERATION: u32 = 3;

pub struct RowTrigger {
    fcinfo: pg_sys::FunctionCallInfo,
    call: *mut pg_sys::TriggerData,
}

/// What happens to the row.
pub enum Event {
    Insert { new: Row },
    Update { old: Row, new: Row },
    Delete { old: Row },
}

/// `39P01` for whoever calls a trigger function by hand.
pub unsafe fn require_trigger(
    fcinfo: pg_sys::FunctionCallInfo,
) -> Result<*mut pg_sys::TriggerData> {
    unsafe {
        let context = (*fcinfo).context;
        if context.is_null() || !is_a(context, pg_sys::NodeTag::T_TriggerData) {
            return Err(Error::new(
                "39P01",
                "this function is for triggers of chorus_sync only",
                "Insert into chorus.calls and chorus.participants; it is called by itself.",
            ));
        }
        Ok(context.cast())
    }
}

impl RowTrigger {
    pub unsafe fn of(fcinfo: pg_sys::FunctionCallInfo) -> Result<Self> {
        let call = unsafe { require_trigger(fcinfo)? };
        Ok(RowTrigger { fcinfo, call })
    }

    pub fn event(&self) -> Event {
        unsafe {
            let call = &*self.call;
            let row = |tuple| Row::new(tuple, (*call.tg_relation).rd_att);
            match call.tg_event & OPERATION {
                INSERT => Event::Insert {
                    new: row(call.tg_trigtuple),
                },
                DELETE => Event::Delete {
                    old: row(call.tg_trigtuple),
                },
                _ => Event::Update {
                    old: row(call.tg_trigtuple),
                    new: row(call.tg_newtuple),
                },
            }
        }
    }

    /// A value that is made once for all rows of the statement.
    pub fn for_statement<T>(
        &mut self,
        make: impl FnOnce(pg_sys::TupleDesc) -> Result<T>,
    ) -> Result<&'static mut T> {
        // SAFETY: each trigger function makes one type.
        unsafe { kept_by_query(self.fcinfo, || make((*(*self.call).tg_relation).rd_att)) }
    }
}

pub struct Row {
    tuple: pg_sys::HeapTuple,
    columns: pg_sys::TupleDesc,
    values: Vec<pg_sys::Datum>,
    nulls: Vec<bool>,
    /// Which columns were set.
    changed: Vec<bool>,
}

impl Row {
    unsafe fn new(tuple: pg_sys::HeapTuple, columns: pg_sys::TupleDesc) -> Self {
        let width = unsafe { (*columns).natts } as usize;
        let (mut values, mut nulls) = (vec![pg_sys::Datum::from(0); width], vec![true; width]);
        unsafe {
            pg_sys::heap_deform_tuple(tuple, columns, values.as_mut_ptr(), nulls.as_mut_ptr())
        };
        Row {
            tuple,
            columns,
            values,
            nulls,
            changed: Vec::new(),
        }
    }

    /// `column` is its place, from [`place`]; `T` must be its type.
    pub fn get<T: FromDatum>(&self, column: usize) -> Option<T> {
        unsafe { T::from_datum(self.values[column], self.nulls[column]) }
    }

    /// As [`Row::get`], without a copy where the value is small.
    pub fn text(&self, column: usize) -> Option<&str> {
        self.get(column)
    }

    pub fn set<T: IntoDatum>(&mut self, column: usize, value: Option<T>) {
        let value = value.and_then(IntoDatum::into_datum);
        self.changed.resize(self.values.len(), false);
        self.changed[column] = true;
        self.nulls[column] = value.is_none();
        self.values[column] = value.unwrap_or(pg_sys::Datum::from(0));
    }

    pub fn set_text(&mut self, column: usize, value: Option<&str>) {
        if self.text(column) != value {
            self.set(column, value);
        }
    }

    /// Leaves a column as it was.
    pub fn keep(&mut self, column: usize, old: &Row) {
        if self.nulls[column] && old.nulls[column] {
            return;
        }
        self.changed.resize(self.values.len(), false);
        self.changed[column] = true;
        self.nulls[column] = old.nulls[column];
        self.values[column] = old.values[column];
    }

    /// What a BEFORE trigger returns.
    pub fn into_tuple(mut self) -> pg_sys::HeapTuple {
        if self.changed.is_empty() {
            return self.tuple;
        }
        unsafe {
            pg_sys::heap_modify_tuple(
                self.tuple,
                self.columns,
                self.values.as_mut_ptr(),
                self.nulls.as_mut_ptr(),
                self.changed.as_mut_ptr(),
            )
        }
    }
}

/// The place of a column in a [`Row`].
pub fn place(columns: pg_sys::TupleDesc, name: &str) -> usize {
    let text = CString::new(name).expect("a name without NUL");
    let number = unsafe { pg_sys::SPI_fnumber(columns, text.as_ptr()) };
    assert!(number > 0, "the table has no column {name}");
    number as usize - 1
}

/// A struct that holds the places of the columns of these names.
macro_rules! places {
    ($name:ident: $($column:ident),+ $(,)?) => {
        struct $name { $($column: usize),+ }
        impl $name {
            fn of(columns: pgrx::pg_sys::TupleDesc) -> Self {
                $name { $($column: $crate::pushed::row::place(columns, stringify!($column))),+ }
            }
        }
    };
}
pub(crate) use places;
