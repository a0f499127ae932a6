//! Roles of one test.

use std::fmt;

use postgres::Client;

use crate::database::Database;

/// A role that may log in. It goes when this is dropped, with all that it owns in its database.
pub struct Role<'a> {
    database: &'a Database<'a>,
    name: String,
}

impl Database<'_> {
    /// A role of this name here; on the server it has another one. `attributes` are those of CREATE ROLE.
    pub fn role(&self, name: &str, attributes: &str) -> Role<'_> {
        let name = format!("{}_{name}", self.name());
        self.sql(&format!("CREATE ROLE {name} LOGIN {attributes}"));
        Role {
            database: self,
            name,
        }
    }
}

impl Role<'_> {
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn session(&self) -> Client {
        self.database.connect_as(&self.name)
    }
}

impl fmt::Display for Role<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Drop for Role<'_> {
    fn drop(&mut self) {
        let drop = format!("DROP OWNED BY {0} CASCADE; DROP ROLE {0}", self.name);
        let _ = self.database.connect().batch_execute(&drop);
    }
}
