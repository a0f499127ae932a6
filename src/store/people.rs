//! Users and teams: small lists that come whole, so that what is not in them is gone.

use crate::error::Result;
use crate::sql;
use chorus_client::{Team, User};
use meeting_match::email;
use serde_json::{Value, json};

/// Writes the users that changed. With `complete`, a user that is not among them is no longer active.
pub fn write_users(connection_id: i64, users: &[User], complete: bool) -> Result<()> {
    let rows: Vec<Value> = users
        .iter()
        .map(|user| {
            let full_name = [user.first_name.as_deref(), user.last_name.as_deref()]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" ");
            let name = user.name.clone().or_else(|| Some(full_name).filter(|name| !name.is_empty()));
            let mut rest = user.extra.clone();
            rest.remove("picture");
            json!({
                "user_id": user.id, "name": name, "email": user.email.as_deref().and_then(email),
                "title": user.title, "role": user.role, "manager": user.manager_id, "active": user.active,
                "primary_team": user.primary_team.map(|team| team.to_string()),
                "license_type": user.license_type, "created_on": user.created_on, "source_data": rest,
            })
        })
        .collect();
    sql::execute(
        "INSERT INTO chorus.users AS known (connection_id, user_id, name, email, title, role, manager, active,
                                            primary_team, license_type, created_on, source_data)
         SELECT DISTINCT ON (n.user_id) $1, n.*
           FROM json_to_recordset($2::json) AS n(user_id bigint, name text, email text, title text, role text, manager bigint,
                active boolean, primary_team text, license_type text, created_on timestamptz, source_data jsonb)
         ON CONFLICT (connection_id, user_id) DO UPDATE
         SET name = excluded.name, email = excluded.email, title = excluded.title, role = excluded.role,
             manager = excluded.manager, active = excluded.active, primary_team = excluded.primary_team,
             license_type = excluded.license_type, created_on = excluded.created_on, source_data = excluded.source_data
         WHERE (known.*) IS DISTINCT FROM (excluded.*)",
        &[sql::int8(connection_id), sql::json(&rows)],
    )?;
    if complete && !users.is_empty() {
        sql::execute(
            "UPDATE chorus.users SET active = false
              WHERE connection_id = $1 AND active IS DISTINCT FROM false AND user_id <> ALL ($2)",
            &[
                sql::int8(connection_id),
                sql::int8s(users.iter().map(|user| user.id).collect()),
            ],
        )?;
    }
    Ok(())
}

/// Writes the teams that changed and who belongs to them. With `complete`, other teams and members are deleted.
pub fn write_teams(connection_id: i64, teams: &[Team], complete: bool) -> Result<()> {
    let rows: Vec<Value> = teams
        .iter()
        .map(|team| {
            json!({
                "team_id": team.id, "name": team.name, "description": team.description,
                "manager": team.manager, "parent_team": team.parent_team.map(|team| team.to_string()),
                "is_default": team.is_default, "users": team.users,
            })
        })
        .collect();
    let arguments = || [sql::int8(connection_id), sql::json(&rows)];
    sql::execute(
        "INSERT INTO chorus.teams AS known (connection_id, team_id, name, description, manager, parent_team, is_default)
         SELECT DISTINCT ON (n.team_id) $1, n.*
           FROM json_to_recordset($2::json) AS n(team_id text, name text, description text, manager bigint,
                                            parent_team text, is_default boolean)
         ON CONFLICT (connection_id, team_id) DO UPDATE
         SET name = excluded.name, description = excluded.description, manager = excluded.manager,
             parent_team = excluded.parent_team, is_default = excluded.is_default
         WHERE (known.*) IS DISTINCT FROM (excluded.*)",
        &arguments(),
    )?;
    sql::execute(
        "INSERT INTO chorus.team_members (connection_id, team_id, user_id)
         SELECT $1, n.team_id, u::bigint
           FROM json_to_recordset($2::json) AS n(team_id text, users jsonb), jsonb_array_elements_text(n.users) u
         ON CONFLICT DO NOTHING",
        &arguments(),
    )?;
    if complete {
        sql::execute(
            "DELETE FROM chorus.team_members m
              WHERE m.connection_id = $1
                AND NOT EXISTS (SELECT 1 FROM json_to_recordset($2::json) AS n(team_id text, users jsonb)
                                 WHERE n.team_id = m.team_id AND n.users @> to_jsonb(m.user_id))",
            &arguments(),
        )?;
        sql::execute(
            "DELETE FROM chorus.teams t
              WHERE t.connection_id = $1
                AND NOT EXISTS (SELECT 1 FROM json_to_recordset($2::json) AS n(team_id text) WHERE n.team_id = t.team_id)",
            &arguments(),
        )?;
    }
    Ok(())
}
