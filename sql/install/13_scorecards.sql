-- How calls were graded.

CREATE TABLE chorus.scorecards (
    connection_id     bigint      NOT NULL,
    scorecard_id      text        NOT NULL,
    source_call_id    text,
    call_id           bigint,
    template          text,
    template_id       bigint,
    reviewer          text,
    reviewer_user_id  bigint,
    recipient         text,
    recipient_user_id bigint,
    submitted_at      timestamptz,
    url               text,
    PRIMARY KEY (connection_id, scorecard_id)
);
CREATE INDEX scorecards_by_call ON chorus.scorecards (connection_id, source_call_id);
COMMENT ON TABLE  chorus.scorecards                   IS 'Scorecards that reviewers filled in for calls';
COMMENT ON COLUMN chorus.scorecards.connection_id     IS 'chorus.connections';
COMMENT ON COLUMN chorus.scorecards.scorecard_id      IS 'Id of the scorecard in Chorus';
COMMENT ON COLUMN chorus.scorecards.source_call_id    IS 'Engagement id of the graded call';
COMMENT ON COLUMN chorus.scorecards.call_id           IS 'The graded call; NULL until a run has listed it';
COMMENT ON COLUMN chorus.scorecards.template          IS 'Name of the scorecard template (Chorus: initiative)';
COMMENT ON COLUMN chorus.scorecards.template_id       IS 'Number of that template in Chorus';
COMMENT ON COLUMN chorus.scorecards.reviewer          IS 'Name of who graded';
COMMENT ON COLUMN chorus.scorecards.reviewer_user_id  IS 'user_id of who graded';
COMMENT ON COLUMN chorus.scorecards.recipient         IS 'Name of who was graded';
COMMENT ON COLUMN chorus.scorecards.recipient_user_id IS 'user_id of who was graded';
COMMENT ON COLUMN chorus.scorecards.submitted_at      IS 'When it was handed in';
COMMENT ON COLUMN chorus.scorecards.url               IS 'The scorecard in Chorus';

CREATE TABLE chorus.scorecard_scores (
    connection_id  bigint           NOT NULL,
    scorecard_id   text             NOT NULL,
    question_id    bigint           NOT NULL,
    question       text,
    score          double precision,
    comment        text,
    comment_time_s double precision,
    PRIMARY KEY (connection_id, scorecard_id, question_id)
);
COMMENT ON TABLE  chorus.scorecard_scores                IS 'Answers of a scorecard, a row per question';
COMMENT ON COLUMN chorus.scorecard_scores.connection_id  IS 'chorus.connections';
COMMENT ON COLUMN chorus.scorecard_scores.scorecard_id   IS 'chorus.scorecards';
COMMENT ON COLUMN chorus.scorecard_scores.question_id    IS 'Number of the question in Chorus';
COMMENT ON COLUMN chorus.scorecard_scores.question       IS 'Text of the question';
COMMENT ON COLUMN chorus.scorecard_scores.score          IS 'As Chorus sends it; it publishes no scale';
COMMENT ON COLUMN chorus.scorecard_scores.comment        IS 'What the reviewer wrote to it';
COMMENT ON COLUMN chorus.scorecard_scores.comment_time_s IS 'Seconds into the call that the comment points at';
