-- Calls and what was said in them. Every table here carries call_id in its key, so that it can be
-- distributed by it, and none has a foreign key: deletes cascade in code.

CREATE TABLE chorus.sources (
    source        text NOT NULL PRIMARY KEY CHECK (source = lower(btrim(source)) AND source <> ''),
    relation      text,
    mapping       jsonb,
    registered_by text,
    read_to       timestamptz,
    read_at       timestamptz,
    read_whole_at timestamptz,
    problem       text
);
COMMENT ON TABLE  chorus.sources               IS 'Where recordings come from: chorus, and every other source';
COMMENT ON COLUMN chorus.sources.source        IS 'Name of the source, lower case';
COMMENT ON COLUMN chorus.sources.relation      IS 'Qualified name of the table or view that a registered source is read from';
COMMENT ON COLUMN chorus.sources.mapping       IS 'Which of its columns is what: chorus_add_source';
COMMENT ON COLUMN chorus.sources.registered_by IS 'Role that registered it; the relation is read with the rights of that role';
COMMENT ON COLUMN chorus.sources.read_to       IS 'Newest updated_at that was read; what changed since is read next';
COMMENT ON COLUMN chorus.sources.read_at       IS 'When it was last read to its end';
COMMENT ON COLUMN chorus.sources.read_whole_at IS 'When all of its rows were last compared, whatever their updated_at says: once a day';
COMMENT ON COLUMN chorus.sources.problem       IS 'Why it cannot be read, or which rows were left out; NULL: all is well';
INSERT INTO chorus.sources (source) VALUES ('chorus');

CREATE SEQUENCE chorus.calls_call_id_seq;
CREATE TABLE chorus.calls (
    call_id          bigint           NOT NULL DEFAULT nextval('chorus.calls_call_id_seq') PRIMARY KEY,
    source           text             NOT NULL,
    connection_id    bigint,
    source_call_id   text             NOT NULL,
    call_type        text,
    title            text,
    started_at       timestamptz,
    duration_s       double precision,
    scheduled_start  timestamptz,
    scheduled_end    timestamptz,
    owner_user_id    bigint,
    host_email       text,
    account_id       text,
    account_name     text,
    opportunity_id   text,
    opportunity_name text,
    language         text,
    url              text,
    meeting_url      text,
    ical_uid         text,
    processing_state text,
    no_show          boolean          NOT NULL DEFAULT false,
    private          boolean          NOT NULL DEFAULT false,
    summary          text,
    action_items     text[]           NOT NULL DEFAULT '{}',
    meeting_id       bigint,
    is_main_call     boolean          NOT NULL DEFAULT true,
    party_id         bigint,
    removed_at       timestamptz,
    missing_since    timestamptz,
    listed_past      timestamptz,
    first_seen_at    timestamptz,
    updated_at       timestamptz,
    source_data      jsonb            NOT NULL DEFAULT '{}',
    UNIQUE NULLS NOT DISTINCT (source, connection_id, source_call_id)
);
CREATE INDEX calls_by_start   ON chorus.calls (started_at);
CREATE INDEX calls_missing    ON chorus.calls (connection_id) WHERE missing_since IS NOT NULL;
CREATE INDEX calls_late       ON chorus.calls (connection_id, first_seen_at) WHERE listed_past IS NOT NULL;
COMMENT ON TABLE  chorus.calls                  IS 'One recording by one source. Views show a physical meeting once: chorus.meetings';
COMMENT ON COLUMN chorus.calls.call_id          IS 'Our number of the call';
COMMENT ON COLUMN chorus.calls.source           IS 'chorus, or another source';
COMMENT ON COLUMN chorus.calls.connection_id    IS 'Which Chorus workspace; NULL for other sources';
COMMENT ON COLUMN chorus.calls.source_call_id   IS 'Id at the source; for Chorus the engagement id';
COMMENT ON COLUMN chorus.calls.call_type        IS 'meeting, dialer, unrecorded_meeting, or a type that is new to us';
COMMENT ON COLUMN chorus.calls.title            IS 'Subject as Chorus shows it';
COMMENT ON COLUMN chorus.calls.started_at       IS 'Time of the meeting';
COMMENT ON COLUMN chorus.calls.duration_s       IS 'Length of the recording in seconds';
COMMENT ON COLUMN chorus.calls.scheduled_start  IS 'Start by the calendar';
COMMENT ON COLUMN chorus.calls.scheduled_end    IS 'End by the calendar';
COMMENT ON COLUMN chorus.calls.owner_user_id    IS 'user_id of the owner of the recording';
COMMENT ON COLUMN chorus.calls.host_email       IS 'Address of the owner, lower case';
COMMENT ON COLUMN chorus.calls.account_id       IS 'CRM id of the account that Chorus associates; NULL for the placeholder "<owner> Meetings"';
COMMENT ON COLUMN chorus.calls.account_name     IS 'Name of that account; of the placeholder too';
COMMENT ON COLUMN chorus.calls.opportunity_id   IS 'CRM id of the opportunity';
COMMENT ON COLUMN chorus.calls.opportunity_name IS 'Name of that opportunity';
COMMENT ON COLUMN chorus.calls.language         IS 'Language as Chorus writes it, such as en';
COMMENT ON COLUMN chorus.calls.url              IS 'The call in Chorus';
COMMENT ON COLUMN chorus.calls.meeting_url      IS 'Conference link';
COMMENT ON COLUMN chorus.calls.ical_uid         IS 'Calendar identity; a series may share one';
COMMENT ON COLUMN chorus.calls.processing_state IS 'How far Chorus is, in its own words: scheduled, live, processing, done, …';
COMMENT ON COLUMN chorus.calls.no_show          IS 'Nobody came';
COMMENT ON COLUMN chorus.calls.private          IS 'Turned private in Chorus: what was said is not kept';
COMMENT ON COLUMN chorus.calls.summary          IS 'Summary by Chorus, as plain text';
COMMENT ON COLUMN chorus.calls.action_items     IS 'Action items by Chorus';
COMMENT ON COLUMN chorus.calls.meeting_id       IS 'The physical meeting: the smallest call_id of its calls';
COMMENT ON COLUMN chorus.calls.is_main_call     IS 'The call whose title, summary and transcript stand for the meeting';
COMMENT ON COLUMN chorus.calls.party_id         IS 'Who met, as far as customers are concerned: chorus.parties; NULL where nobody is known';
COMMENT ON COLUMN chorus.calls.removed_at       IS 'When it was found to be gone in Chorus; no view shows it from then on';
COMMENT ON COLUMN chorus.calls.missing_since    IS 'Not listed any more since then, but not removed: too many were missing at once (chorus_accept_removals)';
COMMENT ON COLUMN chorus.calls.listed_past      IS 'For a call that came late: how far the list had been read when it appeared behind that';
COMMENT ON COLUMN chorus.calls.first_seen_at    IS 'When a run first listed it';
COMMENT ON COLUMN chorus.calls.updated_at       IS 'When a stored fact about it last changed';
COMMENT ON COLUMN chorus.calls.source_data      IS 'What else Chorus sent, by route: engagement (the list row) and conversation (the detail)';

CREATE TABLE chorus.participants (
    call_id        bigint  NOT NULL,
    participant_no integer NOT NULL CHECK (participant_no > 0),
    name           text,
    email          text,
    email_domain   text,
    title          text,
    company        text,
    side           text    NOT NULL DEFAULT 'unknown' CHECK (side IN ('internal', 'external', 'unknown')),
    listed         boolean NOT NULL DEFAULT true,
    person_id      bigint,
    user_id        bigint,
    PRIMARY KEY (call_id, participant_no)
);
COMMENT ON TABLE  chorus.participants                IS 'Who was invited to or heard in a call';
COMMENT ON COLUMN chorus.participants.call_id        IS 'chorus.calls';
COMMENT ON COLUMN chorus.participants.participant_no IS 'Counts from 1 within the call';
COMMENT ON COLUMN chorus.participants.name           IS 'NULL for a voice that was only told apart';
COMMENT ON COLUMN chorus.participants.email          IS 'Lower case, trimmed';
COMMENT ON COLUMN chorus.participants.email_domain   IS 'Registrable domain of the address';
COMMENT ON COLUMN chorus.participants.title          IS 'Job title';
COMMENT ON COLUMN chorus.participants.company        IS 'Company as Chorus knows it';
COMMENT ON COLUMN chorus.participants.side           IS 'internal (own team), external, or unknown';
COMMENT ON COLUMN chorus.participants.listed         IS 'True: on the attendee list; false: only heard';
COMMENT ON COLUMN chorus.participants.person_id      IS 'Number of the person in Chorus';
COMMENT ON COLUMN chorus.participants.user_id        IS 'user_id, for users of the workspace';

CREATE TABLE chorus.transcripts (
    call_id            bigint      NOT NULL PRIMARY KEY,
    state              text        NOT NULL CHECK (state IN ('pending', 'processing', 'ready', 'empty', 'not_recorded', 'unavailable', 'failed')),
    attempts           integer     NOT NULL DEFAULT 0,
    next_attempt_at    timestamptz,
    fetched_at         timestamptz,
    lag                interval,
    utterance_count    integer     NOT NULL DEFAULT 0,
    word_count         bigint      NOT NULL DEFAULT 0,
    problem            text,
    list_fingerprint   bigint,
    detail_fingerprint bigint,
    text_fingerprint   bigint
);
CREATE INDEX transcripts_due ON chorus.transcripts (next_attempt_at, call_id) WHERE next_attempt_at IS NOT NULL;
COMMENT ON TABLE  chorus.transcripts                    IS 'How far the transcript of each call is: one row per call';
COMMENT ON COLUMN chorus.transcripts.call_id            IS 'chorus.calls';
COMMENT ON COLUMN chorus.transcripts.state              IS 'pending (not asked yet), processing (Chorus is not done), ready (has utterances), empty (nothing said or recognised), not_recorded, unavailable (private, deleted or out of reach), failed (gave up)';
COMMENT ON COLUMN chorus.transcripts.attempts           IS 'How often Chorus was asked without getting a finished transcript';
COMMENT ON COLUMN chorus.transcripts.next_attempt_at    IS 'When the detail of the call is read next: again while Chorus is not done, later at the ages of chorus_sync.detail_rereads; NULL: not before its list row changes';
COMMENT ON COLUMN chorus.transcripts.fetched_at         IS 'When the text was read';
COMMENT ON COLUMN chorus.transcripts.lag                IS 'From the end of the meeting to the moment the text was first read';
COMMENT ON COLUMN chorus.transcripts.utterance_count    IS 'Number of utterances stored';
COMMENT ON COLUMN chorus.transcripts.word_count         IS 'Number of words in them';
COMMENT ON COLUMN chorus.transcripts.problem            IS 'Why there is no text';
COMMENT ON COLUMN chorus.transcripts.list_fingerprint   IS 'Of the list row last read; another one means that something changed';
COMMENT ON COLUMN chorus.transcripts.detail_fingerprint IS 'Of the detail last read';
COMMENT ON COLUMN chorus.transcripts.text_fingerprint   IS 'Of the utterances stored';

CREATE TABLE chorus.utterances (
    call_id        bigint           NOT NULL,
    seq            integer          NOT NULL,
    participant_no integer          NOT NULL,
    start_s        double precision NOT NULL,
    end_s          double precision NOT NULL,
    text           text             NOT NULL,
    PRIMARY KEY (call_id, seq)
);
COMMENT ON TABLE  chorus.utterances                IS 'What was said, in order';
COMMENT ON COLUMN chorus.utterances.call_id        IS 'chorus.calls';
COMMENT ON COLUMN chorus.utterances.seq            IS 'Counts from 1 within the call';
COMMENT ON COLUMN chorus.utterances.participant_no IS 'Who said it: chorus.participants';
COMMENT ON COLUMN chorus.utterances.start_s        IS 'Seconds from the start of the recording';
COMMENT ON COLUMN chorus.utterances.end_s          IS 'Seconds from the start of the recording';
COMMENT ON COLUMN chorus.utterances.text           IS 'What was said';

CREATE SEQUENCE chorus.trackers_tracker_id_seq;
CREATE TABLE chorus.trackers (
    tracker_id    bigint NOT NULL DEFAULT nextval('chorus.trackers_tracker_id_seq') PRIMARY KEY,
    connection_id bigint NOT NULL,
    kind          text   NOT NULL CHECK (kind IN ('topic', 'tracker')),
    name          text   NOT NULL,
    chorus_types  text[] NOT NULL DEFAULT '{}',
    chorus_ids    text[] NOT NULL DEFAULT '{}',
    UNIQUE (connection_id, kind, name)
);
COMMENT ON TABLE  chorus.trackers               IS 'Topics and trackers that Chorus listens for';
COMMENT ON COLUMN chorus.trackers.tracker_id    IS 'Our number of the tracker';
COMMENT ON COLUMN chorus.trackers.connection_id IS 'chorus.connections';
COMMENT ON COLUMN chorus.trackers.kind          IS 'topic (Chorus types topics, autotopics) or tracker';
COMMENT ON COLUMN chorus.trackers.name          IS 'As it is named in Chorus';
COMMENT ON COLUMN chorus.trackers.chorus_types  IS 'Types under which Chorus sent it; the call list says only chorus';
COMMENT ON COLUMN chorus.trackers.chorus_ids    IS 'Ids under which Chorus sent it in call details';

CREATE TABLE chorus.call_trackers (
    call_id    bigint NOT NULL,
    tracker_id bigint NOT NULL,
    count      bigint NOT NULL,
    PRIMARY KEY (call_id, tracker_id)
);
COMMENT ON TABLE  chorus.call_trackers            IS 'How often a topic or tracker came up in a call';
COMMENT ON COLUMN chorus.call_trackers.call_id    IS 'chorus.calls';
COMMENT ON COLUMN chorus.call_trackers.tracker_id IS 'chorus.trackers';
COMMENT ON COLUMN chorus.call_trackers.count      IS 'Number of mentions, as Chorus counts them';

CREATE TABLE chorus.tracker_mentions (
    call_id    bigint  NOT NULL,
    tracker_id bigint  NOT NULL,
    mention_no integer NOT NULL,
    seq        integer,
    "offset"   bigint,
    PRIMARY KEY (call_id, tracker_id, mention_no)
);
COMMENT ON TABLE  chorus.tracker_mentions            IS 'At which utterance a topic or tracker came up';
COMMENT ON COLUMN chorus.tracker_mentions.call_id    IS 'chorus.calls';
COMMENT ON COLUMN chorus.tracker_mentions.tracker_id IS 'chorus.trackers';
COMMENT ON COLUMN chorus.tracker_mentions.mention_no IS 'Counts from 1 within call and tracker';
COMMENT ON COLUMN chorus.tracker_mentions.seq        IS 'chorus.utterances.seq; NULL where Chorus names an utterance that it did not send';
COMMENT ON COLUMN chorus.tracker_mentions."offset"   IS 'Offset within the utterance; Chorus does not say in what unit';

CREATE TABLE chorus.call_metrics (
    call_id bigint           NOT NULL,
    name    text             NOT NULL,
    value   double precision NOT NULL,
    PRIMARY KEY (call_id, name)
);
COMMENT ON TABLE  chorus.call_metrics         IS 'Measures by Chorus, under its own names; it publishes no units';
COMMENT ON COLUMN chorus.call_metrics.call_id IS 'chorus.calls';
COMMENT ON COLUMN chorus.call_metrics.name    IS 'As Chorus names it';
COMMENT ON COLUMN chorus.call_metrics.value   IS 'As Chorus sends it';
