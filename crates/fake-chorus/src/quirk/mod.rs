//! Everything the tenant can do that makes a client's life hard, each switchable by name.
//!
//! `catalogue` is the list, `set` says which are on. The rest apply them, each at its place: `staging` to
//! the data before anything is rendered, `rows` and `details` to rendered JSON, `faults` to whole answers.

pub mod catalogue;
pub mod choice;
pub mod details;
pub mod faults;
pub mod rows;
pub mod set;
pub mod staging;
pub mod text;
