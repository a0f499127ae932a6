-- chorus_admin writes calls and participants of other sources; the triggers of 35_pushed_rows.sql refuse those of Chorus.
-- Which meeting a call belongs to is chorus_sync's to say, and so is what became of it.

GRANT EXECUTE ON FUNCTION chorus.is_pushed() TO chorus_reader;
GRANT USAGE ON SEQUENCE chorus.calls_call_id_seq TO chorus_admin;
GRANT DELETE,
      INSERT (call_id, source, source_call_id, call_type, title, started_at, duration_s, scheduled_start, scheduled_end,
              owner_user_id, host_email, account_id, account_name, opportunity_id, opportunity_name, language, url,
              meeting_url, ical_uid, processing_state, no_show, private, summary, action_items, source_data),
      UPDATE (source, source_call_id, call_type, title, started_at, duration_s, scheduled_start, scheduled_end,
              owner_user_id, host_email, account_id, account_name, opportunity_id, opportunity_name, language, url,
              meeting_url, ical_uid, processing_state, no_show, private, summary, action_items, source_data)
   ON chorus.calls TO chorus_admin;
GRANT INSERT, UPDATE, DELETE ON chorus.participants TO chorus_admin;
