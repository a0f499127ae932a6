-- Search over what was said. An index on chorus.utterances would make writing them eight times slower, so stretches of
-- some twenty utterances are indexed when a run ends. All of it is derived and in no dump: after a restore the next run
-- makes it again.

CREATE FUNCTION chorus.words_in(said tsvector[]) RETURNS tsvector
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    one   tsvector;
    words tsvector := '';
BEGIN
    FOREACH one IN ARRAY said LOOP
        words := words || strip(one);
    END LOOP;
    RETURN words;
END
$$;
COMMENT ON FUNCTION chorus.words_in(tsvector[]) IS 'All words of a stretch, without places: what the search index looks them up by';

-- Vectors are kept aside of their rows, which are so small that all rows with a common word are quickly read.
CREATE TABLE chorus.search_chunks (
    call_id    bigint      NOT NULL,
    first_seq  integer     NOT NULL,
    started_at timestamptz,
    config     text        NOT NULL,
    said       tsvector[]  NOT NULL,
    PRIMARY KEY (call_id, first_seq)
) WITH (toast_tuple_target = 128);
CREATE INDEX search_chunks_words  ON chorus.search_chunks USING gin (chorus.words_in(said));
CREATE INDEX search_chunks_config ON chorus.search_chunks (config);
COMMENT ON TABLE  chorus.search_chunks            IS 'The search index: stretches of what was said, about 2,000 bytes of text each. Search it with chorus_search()';
COMMENT ON COLUMN chorus.search_chunks.call_id    IS 'chorus.calls';
COMMENT ON COLUMN chorus.search_chunks.first_seq  IS 'chorus.utterances.seq of its first utterance; the others follow without a gap';
COMMENT ON COLUMN chorus.search_chunks.started_at IS 'Start of the call when it was indexed';
COMMENT ON COLUMN chorus.search_chunks.config     IS 'Text search configuration by the language of the call, such as english; simple where Chorus tells none that PostgreSQL knows';
COMMENT ON COLUMN chorus.search_chunks.said       IS 'The words of each utterance and their places';

CREATE SEQUENCE chorus.search_due_due_id_seq;
CREATE TABLE chorus.search_due (
    due_id  bigint NOT NULL DEFAULT nextval('chorus.search_due_due_id_seq') PRIMARY KEY,
    call_id bigint NOT NULL
);
COMMENT ON TABLE  chorus.search_due         IS 'Calls whose words are not in the search index yet; a run that ends takes them up';
COMMENT ON COLUMN chorus.search_due.due_id  IS 'In the order of writing';
COMMENT ON COLUMN chorus.search_due.call_id IS 'chorus.calls; may stand here more than once';

CREATE TABLE chorus.search_state (
    one         boolean     NOT NULL DEFAULT true PRIMARY KEY CHECK (one),
    begun_at    timestamptz NOT NULL
);
COMMENT ON TABLE  chorus.search_state          IS 'Has a row once everything that was said is in the search index or in search_due. Without it, as after a restore, the next run indexes all anew';
COMMENT ON COLUMN chorus.search_state.one      IS 'There is one row at most';
COMMENT ON COLUMN chorus.search_state.begun_at IS 'When a run began to index all';

CREATE FUNCTION chorus.search_config(language text) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce((
        SELECT c.cfgname::text
          FROM (SELECT lower(split_part(replace(btrim(language), '_', '-'), '-', 1)) AS named) l
               LEFT JOIN (VALUES
                   ('ar', 'arabic'), ('ca', 'catalan'), ('da', 'danish'), ('de', 'german'), ('el', 'greek'), ('en', 'english'),
                   ('es', 'spanish'), ('eu', 'basque'), ('fi', 'finnish'), ('fr', 'french'), ('ga', 'irish'), ('hi', 'hindi'),
                   ('hu', 'hungarian'), ('hy', 'armenian'), ('id', 'indonesian'), ('it', 'italian'), ('lt', 'lithuanian'),
                   ('nb', 'norwegian'), ('ne', 'nepali'), ('nl', 'dutch'), ('nn', 'norwegian'), ('no', 'norwegian'),
                   ('pt', 'portuguese'), ('ro', 'romanian'), ('ru', 'russian'), ('sr', 'serbian'), ('sv', 'swedish'),
                   ('ta', 'tamil'), ('tr', 'turkish'), ('yi', 'yiddish')) known(code, config) ON known.code = l.named
               JOIN pg_ts_config c ON c.cfgname = coalesce(known.config, l.named) AND c.cfgnamespace = 'pg_catalog'::regnamespace), 'simple')
$$;
COMMENT ON FUNCTION chorus.search_config(text) IS 'The text search configuration for a language as Chorus writes it (en, en-US, German); simple where there is none';

-- ts_headline takes memory and time by the square of the text and worse: some megabytes of text and a phrase of common
-- words would take a server down. So it is given a part of a long text, where the hit is.
CREATE FUNCTION chorus.excerpt(said text, config text, query tsquery) RETURNS text
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- Characters. What is behind the last was not indexed.
    at_once CONSTANT integer := 1000;
    apart   CONSTANT integer := 800;
    longest CONSTANT integer := 100000;
    wanted  tsquery := query;
    part    text := said;
BEGIN
    IF length(said) > at_once THEN
        FOR tried IN 1 .. 2 LOOP
            SELECT p.part INTO part
              FROM (SELECT n, CASE n WHEN 1 THEN substr(said, 1, at_once)
                                     ELSE regexp_replace(substr(said, n, at_once), '^\S{1,50}\s+', '') END AS part
                      FROM generate_series(1, least(length(said), longest), apart) n) p
             WHERE to_tsvector(config::regconfig, p.part) @@ wanted
             ORDER BY p.n LIMIT 1;
            EXIT WHEN part IS NOT NULL;
            -- Its words lie far apart: one of them will do.
            wanted := regexp_replace(querytree(query), '<(-|\d+)>|&', '|', 'g')::tsquery;
        END LOOP;
    END IF;
    RETURN ts_headline(config::regconfig, coalesce(part, left(said, at_once)), wanted, 'StartSel=**, StopSel=**, MinWords=20, MaxWords=40');
END
$$;
COMMENT ON FUNCTION chorus.excerpt(text, text, tsquery) IS 'What was said around a hit, with ** around the words that were found';

CREATE FUNCTION @extschema@.chorus_search(query text, since timestamptz DEFAULT NULL, max_results integer DEFAULT 20)
    RETURNS TABLE (call_id bigint, seq integer, said_at timestamptz, title text, speaker_name text, excerpt text, rank real)
    LANGUAGE plpgsql STABLE ROWS 20 SET search_path = pg_catalog, pg_temp
    SET client_min_messages = warning  -- of words that mean nothing in one of the languages
    SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
    -- Hits are ranked among the newest so many: a word that everybody uses would take minutes otherwise.
    ranked  CONSTANT integer := 500;
    wanted  integer := coalesce(max_results, 20);
    -- Deeper nested than this allows, a search would run into max_stack_depth.
    longest CONSTANT integer := 10000;
    from_on timestamptz := since;
    configs text[];
    parsed  tsquery[] := '{}';
    of_one  tsquery;
    must    text;
    any_of  tsquery;
    vague   boolean := false;
BEGIN
    IF query IS NULL OR query !~ '\S' THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'there is nothing to search for',
            HINT = 'SELECT * FROM chorus_search(''pricing "data processing agreement" -trial'');';
    END IF;
    IF length(query) > longest THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('a search may have at most %s characters, not %s', longest, length(query)),
            HINT = 'Search for the words that matter most, or for some of them at a time.';
    END IF;
    IF wanted NOT BETWEEN 1 AND 1000 THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('max_results must be from 1 to 1000, not %s', max_results),
            HINT = 'Name more words, or a later since, to get fewer and better hits.';
    END IF;
    -- The configurations in use, each found by one look into their index.
    WITH RECURSIVE used AS (
        SELECT min(s.config) AS config FROM chorus.search_chunks s
        UNION ALL
        SELECT (SELECT min(s.config) FROM chorus.search_chunks s WHERE s.config > used.config) FROM used WHERE used.config IS NOT NULL
    )
    SELECT array_agg(used.config) INTO configs
      FROM used JOIN pg_ts_config c ON c.cfgname = used.config AND c.cfgnamespace = 'pg_catalog'::regnamespace;
    -- A stretch can hold a hit if it has all the words that one must have, wherever.
    FOR i IN 1 .. coalesce(cardinality(configs), 0) LOOP
        of_one := websearch_to_tsquery(configs[i]::regconfig, query);
        must := querytree(of_one);
        IF must = 'T' THEN
            -- Nothing is left but what must not be there, as 'die' means nothing in German.
            vague := true;
            of_one := '';
        END IF;
        parsed := parsed || of_one;
        IF must NOT IN ('T', '') THEN
            must := regexp_replace(must, '<(-|\d+)>', '&', 'g');
            any_of := CASE WHEN any_of IS NULL THEN must::tsquery ELSE any_of || must::tsquery END;
        END IF;
    END LOOP;
    IF vague AND any_of IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'a search needs a word that is to be found',
            HINT = 'Words with a minus only take hits away, in each part between "or".';
    END IF;
    RETURN QUERY
    WITH hits AS MATERIALIZED (
        SELECT s.call_id, (s.first_seq + u.place - 1)::integer AS seq, k.started_at, k.title, s.config, q.query,
               ts_rank(u.words, q.query, 1) AS rank
          FROM (SELECT * FROM chorus.search_chunks
                 WHERE chorus.words_in(said) @@ any_of AND (from_on IS NULL OR started_at >= from_on)
                 ORDER BY started_at DESC NULLS LAST, call_id DESC, first_seq OFFSET 0) s
               JOIN LATERAL (SELECT * FROM chorus.calls WHERE call_id = s.call_id OFFSET 0) k
                    ON k.is_main_call AND k.removed_at IS NULL
               CROSS JOIN LATERAL (SELECT parsed[array_position(configs, s.config)] AS query) q
               CROSS JOIN LATERAL unnest(s.said) WITH ORDINALITY u(words, place)
         WHERE u.words @@ q.query
         LIMIT greatest(ranked, wanted)
    )
    SELECT h.call_id, h.seq, h.started_at + make_interval(secs => u.start_s), h.title,
           coalesce(p.name, p.email, 'Speaker ' || u.participant_no),
           chorus.excerpt(u.text, h.config, h.query), h.rank
      FROM (SELECT * FROM hits ORDER BY rank DESC, started_at DESC, call_id, seq LIMIT wanted) h
           CROSS JOIN LATERAL (SELECT * FROM chorus.utterances WHERE call_id = h.call_id AND seq = h.seq OFFSET 0) u
           LEFT JOIN chorus.participants p ON p.call_id = h.call_id AND p.participant_no = u.participant_no
     ORDER BY h.rank DESC, h.started_at DESC, h.call_id, h.seq;
END
$$;
COMMENT ON FUNCTION @extschema@.chorus_search(text, timestamptz, integer) IS
    'Searches what was said in main calls, in the way of web search: words, "a phrase", or, -not. A hit is an utterance that has all the words, in any form that the language of the call gives them; ** marks them. Best first, among the newest 500';

CREATE FUNCTION @extschema@.chorus_meeting_transcript(meeting_id bigint) RETURNS text
    LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    main bigint;
BEGIN
    SELECT c.call_id INTO main FROM chorus.calls c
     WHERE c.meeting_id = chorus_meeting_transcript.meeting_id AND c.is_main_call AND c.removed_at IS NULL;
    IF main IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_object',
            MESSAGE = format('there is no meeting %s', meeting_id),
            HINT = 'SELECT meeting_id, title, started_at FROM chorus.meetings ORDER BY started_at DESC;';
    END IF;
    RETURN @extschema@.chorus_transcript(main);
END
$$;
COMMENT ON FUNCTION @extschema@.chorus_meeting_transcript(bigint) IS
    'The transcript of a meeting, however many recorded it: that of its main call. NULL: there is none (yet)';
