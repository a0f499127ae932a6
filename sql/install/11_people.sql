-- Who works in the workspace.

CREATE TABLE chorus.users (
    connection_id bigint  NOT NULL,
    user_id       bigint  NOT NULL,
    name          text,
    email         text,
    title         text,
    role          text,
    manager       bigint,
    active        boolean,
    primary_team  text,
    license_type  text,
    created_on    timestamptz,
    source_data   jsonb   NOT NULL DEFAULT '{}',
    PRIMARY KEY (connection_id, user_id)
);
COMMENT ON TABLE  chorus.users               IS 'Users of the Chorus workspace';
COMMENT ON COLUMN chorus.users.connection_id IS 'chorus.connections';
COMMENT ON COLUMN chorus.users.user_id       IS 'Number of the user in Chorus';
COMMENT ON COLUMN chorus.users.name          IS 'Full name';
COMMENT ON COLUMN chorus.users.email         IS 'Lower case, trimmed';
COMMENT ON COLUMN chorus.users.title         IS 'Job title';
COMMENT ON COLUMN chorus.users.role          IS 'Role in Chorus, in its own words';
COMMENT ON COLUMN chorus.users.manager       IS 'user_id of the manager';
COMMENT ON COLUMN chorus.users.active        IS 'False also for a user that Chorus no longer lists';
COMMENT ON COLUMN chorus.users.primary_team  IS 'team_id';
COMMENT ON COLUMN chorus.users.license_type  IS 'As Chorus writes it, such as RECORDER';
COMMENT ON COLUMN chorus.users.created_on    IS 'When Chorus made the user';
COMMENT ON COLUMN chorus.users.source_data   IS 'What else Chorus sent';

CREATE TABLE chorus.teams (
    connection_id bigint  NOT NULL,
    team_id       text    NOT NULL,
    name          text,
    description   text,
    manager       bigint,
    parent_team   text,
    is_default    boolean,
    PRIMARY KEY (connection_id, team_id)
);
COMMENT ON TABLE  chorus.teams               IS 'Teams of the Chorus workspace';
COMMENT ON COLUMN chorus.teams.connection_id IS 'chorus.connections';
COMMENT ON COLUMN chorus.teams.team_id       IS 'Id of the team in Chorus';
COMMENT ON COLUMN chorus.teams.name          IS 'Name of the team';
COMMENT ON COLUMN chorus.teams.description   IS 'As written in Chorus';
COMMENT ON COLUMN chorus.teams.manager       IS 'user_id of the manager';
COMMENT ON COLUMN chorus.teams.parent_team   IS 'team_id of the team above';
COMMENT ON COLUMN chorus.teams.is_default    IS 'The default team, as Chorus says';

CREATE TABLE chorus.team_members (
    connection_id bigint NOT NULL,
    team_id       text   NOT NULL,
    user_id       bigint NOT NULL,
    PRIMARY KEY (connection_id, team_id, user_id)
);
COMMENT ON TABLE  chorus.team_members               IS 'Which user belongs to which team';
COMMENT ON COLUMN chorus.team_members.connection_id IS 'chorus.connections';
COMMENT ON COLUMN chorus.team_members.team_id       IS 'chorus.teams';
COMMENT ON COLUMN chorus.team_members.user_id       IS 'chorus.users';
