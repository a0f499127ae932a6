-- Recognising recordings of one meeting: what is due, what recordings are compared by, and what came of it. docs/matching.md
-- says how.

CREATE SEQUENCE chorus.match_due_due_id_seq;
CREATE TABLE chorus.match_due (
    due_id  bigint NOT NULL DEFAULT nextval('chorus.match_due_due_id_seq') PRIMARY KEY,
    call_id bigint NOT NULL,
    words   bytea
);
ALTER TABLE chorus.match_due ALTER words SET STORAGE EXTERNAL;
COMMENT ON TABLE  chorus.match_due         IS 'Calls whose facts may have changed since they were compared with others. Rows are only added, so that no mark is lost to a reader that came before its commit';
COMMENT ON COLUMN chorus.match_due.due_id  IS 'In the order of marking';
COMMENT ON COLUMN chorus.match_due.call_id IS 'chorus.calls';
COMMENT ON COLUMN chorus.match_due.words   IS 'The new sketch of its transcript: chorus.match_facts.words; empty: there is no text any more; NULL: as it was';

CREATE TABLE chorus.match_facts (
    call_id   bigint      NOT NULL PRIMARY KEY,
    begins_at timestamptz,
    fact      bytea       NOT NULL,
    words     bytea
);
ALTER TABLE chorus.match_facts ALTER fact SET STORAGE EXTERNAL, ALTER words SET STORAGE EXTERNAL;
CREATE INDEX match_facts_by_time ON chorus.match_facts (begins_at, call_id);
COMMENT ON TABLE  chorus.match_facts           IS 'What recordings are compared by, made small: hashes, times, a sketch of what was said';
COMMENT ON COLUMN chorus.match_facts.call_id   IS 'chorus.calls';
COMMENT ON COLUMN chorus.match_facts.begins_at IS 'When it began by the recorder, or else by the calendar';
COMMENT ON COLUMN chorus.match_facts.fact      IS 'Everything but the words, in a format of its own';
COMMENT ON COLUMN chorus.match_facts.words     IS 'Sketch of the transcript: the number of its runs of three words and the smallest of their hashes';

CREATE TABLE chorus.match_counts (
    thing bigint NOT NULL PRIMARY KEY,
    count bigint NOT NULL,
    calls bigint[]
);
COMMENT ON TABLE  chorus.match_counts       IS 'In how many recordings a person, a title or a room is: what is rare says more';
COMMENT ON COLUMN chorus.match_counts.thing IS 'Hash of the person, title or room';
COMMENT ON COLUMN chorus.match_counts.count IS 'Number of recordings that have it';
COMMENT ON COLUMN chorus.match_counts.calls IS 'Which recordings; NULL: too many to list';

CREATE TABLE chorus.match_progress (
    one         boolean     NOT NULL DEFAULT true PRIMARY KEY CHECK (one),
    stage       text        NOT NULL CHECK (stage IN ('facts', 'scores')),
    made_to     bigint,
    scored_to   timestamptz,
    scored_call bigint
);
COMMENT ON TABLE  chorus.match_progress             IS 'Has a row only while everything is compared anew: how far that is, so that it goes on after a crash';
COMMENT ON COLUMN chorus.match_progress.one         IS 'There is one row at most';
COMMENT ON COLUMN chorus.match_progress.stage       IS 'facts: facts are made, counts do not hold; scores: pairs are compared in the order of time';
COMMENT ON COLUMN chorus.match_progress.made_to     IS 'Up to this call facts were made; NULL: marks with sketches are still taken';
COMMENT ON COLUMN chorus.match_progress.scored_to   IS 'Up to here pairs were compared';
COMMENT ON COLUMN chorus.match_progress.scored_call IS 'The last call of that moment that was';

CREATE TABLE chorus.match_scores (
    call_a   bigint           NOT NULL,
    call_b   bigint           NOT NULL CHECK (call_a < call_b),
    score    double precision NOT NULL,
    verdict  text             NOT NULL CHECK (verdict IN ('same', 'possible')),
    evidence jsonb            NOT NULL,
    PRIMARY KEY (call_a, call_b)
);
CREATE INDEX match_scores_by_b ON chorus.match_scores (call_b);
CREATE INDEX match_scores_possible ON chorus.match_scores (score) WHERE verdict = 'possible';
COMMENT ON TABLE  chorus.match_scores          IS 'Pairs of recordings that are one meeting, or may be';
COMMENT ON COLUMN chorus.match_scores.call_a   IS 'The smaller call_id';
COMMENT ON COLUMN chorus.match_scores.call_b   IS 'The larger call_id';
COMMENT ON COLUMN chorus.match_scores.score    IS 'Sum of the evidence, in bits: from 2.5 on the pair is the same, from -1.5 on doubtful';
COMMENT ON COLUMN chorus.match_scores.verdict  IS 'same: they are in one meeting; possible: they may be one, but are in two, whatever the score or a person says, as what else is known of their meetings keeps them apart';
COMMENT ON COLUMN chorus.match_scores.evidence IS 'What each feature says, in bits; chorus_explain_match shows it with the values compared';

CREATE TABLE chorus.match_decisions (
    call_a     bigint      NOT NULL,
    call_b     bigint      NOT NULL CHECK (call_a < call_b),
    decision   text        NOT NULL CHECK (decision IN ('same', 'different')),
    note       text,
    decided_by text        NOT NULL,
    decided_at timestamptz NOT NULL,
    PRIMARY KEY (call_a, call_b)
);
CREATE INDEX match_decisions_by_b ON chorus.match_decisions (call_b);
COMMENT ON TABLE  chorus.match_decisions            IS 'What people decided about pairs of recordings (chorus_merge, chorus_separate): it always wins';
COMMENT ON COLUMN chorus.match_decisions.call_a     IS 'The smaller call_id';
COMMENT ON COLUMN chorus.match_decisions.call_b     IS 'The larger call_id';
COMMENT ON COLUMN chorus.match_decisions.decision   IS 'same or different';
COMMENT ON COLUMN chorus.match_decisions.note       IS 'Why, in their words';
COMMENT ON COLUMN chorus.match_decisions.decided_by IS 'Role that called the function';
COMMENT ON COLUMN chorus.match_decisions.decided_at IS 'When';
