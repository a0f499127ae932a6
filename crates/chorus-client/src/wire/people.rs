//! People of the tenant: the token's own user, its session, all users, teams (section 6 of the wire reference).

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use crate::BadRecord;
use crate::lenient::{self, record};
use crate::wire::document::resource_row;

record! {
    /// The user whose key this is (`GET /api/v1/users/me`). Only `domain` tells which workspace it belongs to.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Me {
        /// `data.id`, which is text on this route and a number elsewhere.
        pub user_id: Option<i64> = "data.id",
        pub person_id: Option<i64> = "person_id",
        pub name: Option<String> = "name",
        pub first_name: Option<String> = "first_name",
        pub last_name: Option<String> = "last_name",
        pub email: Option<String> = "email",
        /// The workspace's domain, as sent.
        pub domain: Option<String> = "domain",
        pub role: Option<String> = "role",
        pub license_type: Option<String> = "license_type",
        pub team_ids: Vec<i64> = "team_ids",
        pub primary_team: Option<i64> = "primary_team",
        pub manager_id: Option<i64> = "manager_id",
        pub invalidated: bool = "invalidated",
        pub created_on: Option<DateTime<Utc>> = "created_on",
    }
}

record! {
    /// The session behind the key (`GET /api/v1/sessions/current`). May not be usable with an API key.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Session {
        pub active: bool = "active",
        pub status: Option<String> = "status",
        /// The closest thing to a tenant id.
        pub customer_id: Option<i64> = "customer_id",
        pub person_id: Option<i64> = "person_id",
        pub user_id: Option<i64> = "user_id",
    }
}

record! {
    /// A user of the tenant (`GET /v3/users`, whose members are undocumented).
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct User {
        /// Always there: a row without it is a [`BadRecord`].
        pub id: i64 = "id",
        pub name: Option<String> = "name",
        pub first_name: Option<String> = "first_name",
        pub last_name: Option<String> = "last_name",
        pub email: Option<String> = "email",
        pub title: Option<String> = "title",
        pub role: Option<String> = "role",
        pub manager_id: Option<i64> = "manager_id",
        pub primary_team: Option<i64> = "primary_team",
        pub team_ids: Vec<i64> = "team_ids",
        pub active: Option<bool> = "active",
        pub created_on: Option<DateTime<Utc>> = "created_on",
        pub license_type: Option<String> = "license_type",
        ;
        /// Every other member, but for nulls.
        pub ..extra
    }
}

record! {
    /// A team of users (`GET /api/v1/teams`).
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Team {
        /// `data.id`; a row without it is a [`BadRecord`].
        pub id: String = "data.id",
        pub name: Option<String> = "name",
        pub language: Option<String> = "language",
        pub description: Option<String> = "description",
        /// User ids of the members.
        pub users: Vec<i64> = "users",
        pub is_default: bool = "default",
        pub include_descendant_teams: bool = "include_descendant_teams",
        /// User id.
        pub manager: Option<i64> = "manager",
        /// Team id.
        pub parent_team: Option<i64> = "parent_team",
    }
}

impl User {
    pub(crate) fn read(json: &RawValue) -> Result<User, BadRecord> {
        let bad = |problem: String| BadRecord { id: None, problem };
        record! {
            /// Just the id: 0 is what [`User`] makes of a missing one.
            #[derive(Default)]
            pub struct Id {
                pub id: Option<i64> = "id",
            }
        }
        let id: Id = lenient::from_json(json.get()).map_err(|error| bad(error.to_string()))?;
        if id.id.is_none() {
            return Err(bad("the row has no usable id".to_owned()));
        }
        lenient::from_json(json.get()).map_err(|error| bad(error.to_string()))
    }
}

impl Team {
    pub(crate) fn read(json: &RawValue) -> Result<Team, BadRecord> {
        resource_row(json, |id, team: Team| Team { id, ..team })
    }
}
