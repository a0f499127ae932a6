//! The list of all quirks: name, the items of section 14 it plays, its arguments and what it means.

/// Where a quirk works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// On the data, before anything is rendered: list and detail agree.
    Stage,
    /// On rendered rows of the list.
    Row,
    /// On rendered details.
    Detail,
    /// On paging and parameters.
    Paging,
    /// On whole answers.
    Answer,
}

#[derive(Debug)]
pub struct Quirk {
    pub name: &'static str,
    /// Items of section 14 of the reference's README.
    pub items: &'static [u8],
    pub place: Place,
    /// May be on several times, for different routes.
    pub per_route: bool,
    pub args: &'static str,
    pub meaning: &'static str,
}

const fn quirk(
    name: &'static str,
    items: &'static [u8],
    place: Place,
    args: &'static str,
    meaning: &'static str,
) -> Quirk {
    Quirk {
        name,
        items,
        place,
        per_route: matches!(place, Place::Answer),
        args,
        meaning,
    }
}

/// A quirk of answers that is not bound to routes.
const fn global(
    name: &'static str,
    items: &'static [u8],
    args: &'static str,
    meaning: &'static str,
) -> Quirk {
    Quirk {
        name,
        items,
        place: Place::Answer,
        per_route: false,
        args,
        meaning,
    }
}

pub fn find(name: &str) -> Option<&'static Quirk> {
    QUIRKS.iter().find(|quirk| quirk.name == name)
}

/// What the tenant does always, quirk or no quirk, with the items it covers.
pub const ALWAYS: &[(&[u8], &str)] = &[
    (
        &[1],
        "The raw token is accepted, `Bearer <token>` is not; none or a wrong one gets F3",
    ),
    (&[3], "`GET /api/v1/conversations` answers F5"),
    (
        &[4],
        "Paths outside the API get the web app's page (F12); invented routes under `/api` and `/v3` get F7",
    ),
    (
        &[5],
        "100 rows a page, newest first, key `<float> <id>`, end T1",
    ),
    (
        &[10],
        "Unknown parameters are ignored, so a misspelt filter returns every row",
    ),
    (
        &[13],
        "`tracker_matches` is missing without `with_trackers=true`",
    ),
    (
        &[14, 18],
        "Some rows are unmatched, no-shows, e-mails, content views or unrecorded (see `Generate`)",
    ),
    (
        &[24],
        "`meeting` holds only `id` without `include_meeting_metadata=true`, all four members with it",
    ),
    (&[38], "`x-al-version: 2` is refused with 400"),
    (&[39], "A page of scorecards past the end is empty"),
    (
        &[42],
        "`page[size]` or `page[number]` out of range, and moments without a range of at most 365 days, get F1",
    ),
];

use Place::{Answer, Detail, Paging, Row, Stage};

/// `<which>` stands for `true` (all), `["id", …]`, `{"ids": […]}`, `{"every": n}`, `{"newest": n}`, `{"oldest": n}` or
/// `{"share": 0.5}`; `route` is a prefix of paths or a route as the reference writes it, missing means every route.
pub const QUIRKS: &[Quirk] = &[
    global(
        "auth",
        &[1],
        "\"bearer-only\", \"bearer-too\", \"zi0001\", \"empty401\", or a list of them",
        "Which form of the token is accepted; whether a refusal is F3 (empty401) or F4 (zi0001)",
    ),
    global(
        "revoke-after",
        &[2],
        "n",
        "The token works for n requests, then every answer is 401",
    ),
    global(
        "forbid",
        &[2],
        "\"/api/v1\", {\"prefix\": …} or a list",
        "F5 on every path with this prefix",
    ),
    global(
        "web-app",
        &[4],
        "true",
        "Every path answers with the web app's page (F12)",
    ),
    quirk(
        "end-of-list",
        &[5],
        Paging,
        "\"T1\" … \"T7\"; {\"end\": \"T5\", \"key\": true}, {\"end\": \"T6\", \"which\": \"earlier\"}, {\"end\": \"T7\", \"repeats\": 3}",
        "How the list ends. T5 with `key`: the empty page has a key too; T7: the last page comes again with fresh keys, `repeats` times",
    ),
    quirk(
        "exact-pages",
        &[5],
        Stage,
        "true",
        "The oldest rows are left out so that the list has exactly 100 x n rows; with end-of-list T5 an empty page follows",
    ),
    quirk(
        "blank-key",
        &[6],
        Paging,
        "\"empty\" (as without the quirk), \"first-page\"",
        "What a blank key that is sent back gets",
    ),
    quirk(
        "key-without-filters",
        &[7],
        Paging,
        "\"lost\" (as without the quirk), \"remembered\"",
        "Whether a key alone carries the filters of its walk",
    ),
    quirk(
        "equal-times",
        &[8],
        Stage,
        "true or rows on either side of a border (2)",
        "Equal `date_time` on both sides of every page border",
    ),
    quirk(
        "while-paging",
        &[9],
        Paging,
        "\"row-added\", \"row-removed\", \"seen-twice\", \"never-seen\"; {\"what\": …, \"page\": 1}",
        "Changes the tenant once, right after this page was served: a new row on top; the next page's first row removed; the page's last row moved down by a page; the next page's first row moved to the top",
    ),
    quirk(
        "odd-trackers",
        &[13],
        Stage,
        "<which>",
        "Tracker names with quotes, slashes, emoji, and one name twice",
    ),
    quirk(
        "number-formats",
        &[11],
        Row,
        "true or \"int\", \"zero\", \"fraction\"",
        "`date_time` as 1748876464, 1748876464.0 or 1748876464.254817, `duration` int, fraction or 0; true takes turns",
    ),
    quirk(
        "bounds-exclusive",
        &[12],
        Paging,
        "true",
        "Rows exactly on `min_date` or `max_date` are left out",
    ),
    quirk(
        "outside-window",
        &[12],
        Paging,
        "rows a page (3)",
        "Rows outside the window of dates are slipped into each page",
    ),
    quirk(
        "placeholder-account",
        &[14],
        Stage,
        "<which>",
        "The call is not matched (yet): empty `account_id`, \"<owner> Meetings\"",
    ),
    quirk(
        "members",
        &[15],
        Row,
        "\"null\", \"missing\", \"extra\"; {\"null\": [\"subject\"], \"missing\": [\"duration\"], \"extra\": true, \"every\": 1}",
        "Members of rows null, missing, or joined by unknown ones. Without names all but the first three members, taking turns",
    ),
    quirk(
        "new-words",
        &[15],
        Row,
        "<which>",
        "Unknown `engagement_type`, `processing_state` and participant `type`",
    ),
    quirk(
        "bad-row",
        &[15],
        Row,
        "<which>; {\"ids\": […], \"what\": \"id\", \"date\", \"not-an-object\"}",
        "Rows that cannot be read: a number or null where text must be, text where a number must be",
    ),
    quirk(
        "bad-page",
        &[31, 32],
        Paging,
        "page (2); {\"page\": 2, \"how\": \"json\", \"500\", \"html\", \"missing-array\"}; {\"id\": …}",
        "Any answer that holds one certain row is unreadable however often it is asked for; a window without that row is fine",
    ),
    quirk(
        "odd-participants",
        &[16],
        Row,
        "true or \"none\", \"no-email\", \"twice\", \"other-case\", \"no-user-id\", \"insiders\"",
        "Participants as they should not be; true takes turns",
    ),
    quirk(
        "summaries",
        &[17],
        Row,
        "\"null\", \"empty\", \"missing\", \"html\", \"no-items\", \"empty-items\"",
        "`meeting_summary` and `action_items` of rows; \"null\" and then cleared is a summary that was filled later",
    ),
    quirk(
        "future-rows",
        &[18],
        Stage,
        "n (3); {\"rows\": n, \"from\": \"2026-03-02T12:00:00Z\"}",
        "n meetings of the days after `from` (now) on top of the list, `scheduled` and without a transcript",
    ),
    quirk(
        "private-rows",
        &[18, 22, 28],
        Stage,
        "\"listed\", \"404\"; {\"ids\": […], \"how\": \"left-out\", \"listed\", \"404\"}",
        "Private calls: left out (as without the quirk), listed with `private: true` in the detail, or listed with a 404. `ids` makes calls private",
    ),
    quirk(
        "shuffled-utterances",
        &[19],
        Detail,
        "<which>",
        "Utterances in another order",
    ),
    quirk(
        "odd-utterances",
        &[19],
        Detail,
        "true or \"gaps\", \"repeated-index\", \"equal-times\", \"zero-length\", \"empty-text\"",
        "Utterances as they should not be; true does all to different ones",
    ),
    quirk(
        "long-transcript",
        &[19],
        Stage,
        "n (5000); {\"utterances\": n, \"newest\": 1}",
        "The transcript is repeated until it has n utterances",
    ),
    quirk(
        "null-speakers",
        &[20],
        Detail,
        "<which>",
        "`speaker_id`, `speaker_name` and `speaker_type` null",
    ),
    quirk(
        "stranger-speakers",
        &[20],
        Detail,
        "<which>",
        "`participant` of some utterances is nobody in `participants`",
    ),
    quirk(
        "contradicting-speakers",
        &[20],
        Detail,
        "<which>",
        "`speaker_type`, participant `type`, `is_my_team` and cluster `type` contradict each other",
    ),
    quirk(
        "processing",
        &[21],
        Stage,
        "<which>; {\"ids\": […], \"utterances\": \"none\", \"some\", \"reads\": n, \"answer\": \"200\", \"404\"}",
        "The detail is `processing` (or 404) until n reads were made or the quirk is cleared. The row says `processing` as well, but with `reads` it says `done`",
    ),
    quirk(
        "no-transcript",
        &[21],
        Stage,
        "<which>",
        "`done` without utterances",
    ),
    quirk(
        "expired",
        &[22],
        Detail,
        "<which>",
        "Retention: utterances `expired` with emptied text",
    ),
    quirk(
        "odd-account",
        &[23],
        Detail,
        "true or \"missing\", \"empty-deal\", \"no-amount\", \"huge-numbers\"",
        "`account` missing, `deal` {}, amount -1.0 and size 0, numbers beyond 32 bits; true takes turns",
    ),
    quirk(
        "meeting-metadata",
        &[24],
        Detail,
        "\"null\", \"always\", \"ical-always\"",
        "`meeting` null, complete without the flag, or with `ical_uid` without the flag",
    ),
    quirk(
        "time-formats",
        &[25],
        Detail,
        "true",
        "Times with 0, 3 and 6 decimals, `Z` and `+00:00`, taking turns",
    ),
    quirk(
        "fields",
        &[26],
        Paging,
        "\"honoured\" (as without the quirk), \"ignored\", \"strict\"",
        "What `fields` does; strict answers 400 to unknown names",
    ),
    quirk(
        "summary-generation",
        &[27],
        Detail,
        "ms of the first read (1000); {\"ms\": n, \"error\": true}",
        "The first read of a call is slow unless `skip_summary_generation=true`; with `error`, `summary` is null and `summary_error` set",
    ),
    quirk(
        "email-detail",
        &[28],
        Paging,
        "\"email\" (as without the quirk), \"404\"",
        "What the detail of an e-mail answers",
    ),
    quirk(
        "not-found",
        &[28, 35],
        Paging,
        "<which>",
        "Listed, but 404 on detail",
    ),
    quirk(
        "nul-and-surrogates",
        &[29],
        Stage,
        "<which>",
        "Utterances with `\\u0000`, lone surrogates, right-to-left marks, 4-byte characters and a very long line",
    ),
    global(
        "rate-limit",
        &[30],
        "per minute; {\"per_minute\": n, \"window_ms\": 60000, \"retry_after\": \"none\", \"seconds\", \"date\", \"absurd\", \"seconds\": 2, \"status\": 429}",
        "F8 after n requests in a window, or F9 with `Retry-After`",
    ),
    quirk(
        "fail",
        &[31, 32],
        Answer,
        "status; {\"route\": …, \"status\": 500, \"times\": 2, \"after\": 0, \"page\": 3, \"from_page\": 3, \"body\": \"empty\", \"html\", \"envelope\", \"retry_after\": \"5\"}",
        "Answers this status, `times` times (or for ever), after letting `after` requests through, on that page or from that page on",
    ),
    quirk(
        "errors-in-200",
        &[31],
        Answer,
        "true; {\"route\": …, \"status\": \"500\", \"times\": n}",
        "F13: status 200 with `errors` and no data",
    ),
    quirk(
        "missing-array",
        &[31],
        Answer,
        "true; {\"route\": …, \"times\": n}",
        "F14, F15: `engagements` or `data` is missing",
    ),
    quirk(
        "hang",
        &[31],
        Answer,
        "seconds; {\"route\": …, \"seconds\": 600, \"times\": n}",
        "Answers nothing until the quirk is cleared or the time is up, then goes on as usual",
    ),
    quirk(
        "slow",
        &[31],
        Answer,
        "ms; {\"route\": …, \"ms\": 200}",
        "Waits before the first byte",
    ),
    quirk(
        "latency",
        &[31],
        Answer,
        "ms; {\"route\": …, \"min_ms\": 20, \"max_ms\": 80}",
        "Waits a varying time before the first byte",
    ),
    quirk(
        "drip",
        &[31],
        Answer,
        "bytes; {\"route\": …, \"bytes\": 1024, \"ms\": 10}",
        "Sends the body in small pieces with a pause between them",
    ),
    quirk(
        "chunked",
        &[31],
        Answer,
        "bytes (1000); {\"route\": …, \"bytes\": n}",
        "Sends the body in chunks, without a length",
    ),
    quirk(
        "truncate",
        &[31],
        Answer,
        "bytes; {\"route\": …, \"at\": 500, \"times\": n, \"length\": true}",
        "Closes the connection after that many bytes of the body; with `length: false` as if the body ended there",
    ),
    quirk(
        "reset",
        &[31],
        Answer,
        "true; {\"route\": …, \"times\": n}",
        "Closes the connection without any answer",
    ),
    quirk(
        "gzip",
        &[31],
        Answer,
        "true; {\"route\": …}",
        "Compresses bodies whether or not the client asked for it",
    ),
    quirk(
        "big",
        &[31],
        Answer,
        "MB; {\"route\": …, \"mb\": 10, \"times\": n}",
        "Pads the answer with blanks, which JSON allows, by so many megabytes",
    ),
    quirk(
        "redirect",
        &[31],
        Answer,
        "URL; {\"route\": …, \"to\": \"http://elsewhere.example\", \"status\": 302}",
        "F19: sends the client to another host",
    ),
    quirk(
        "date-corrected",
        &[33],
        Stage,
        "<which> and {\"by_seconds\": -86400}",
        "The `date_time` of calls was corrected",
    ),
    quirk(
        "vanish",
        &[33, 35],
        Stage,
        "<which>",
        "Calls are gone from the list and 404 on detail while the quirk is on. Clearing it makes them arrive late; {\"share\": 0.5} is an access cut",
    ),
    quirk(
        "edited",
        &[34],
        Detail,
        "<which>; {\"ids\": […], \"what\": [\"speaker\", \"account\", \"trackers\"]}",
        "Edits that only the detail shows: speaker renamed, account changed, tracker added, `_modified_at` moved",
    ),
    quirk(
        "reprocessed",
        &[36],
        Stage,
        "<which>",
        "The same call transcribed again: other text, new utterance ids and indexes, a later `_modified_at`",
    ),
    quirk(
        "recorded-twice",
        &[37],
        Stage,
        "<which>",
        "A second recording of the same meeting, by another owner, with the same `ical_uid`",
    ),
    quirk(
        "bare-users",
        &[38],
        Paging,
        "true",
        "`/v3/users` is a bare array (as without any quirk); wins over wrapped-users",
    ),
    quirk(
        "wrapped-users",
        &[38],
        Paging,
        "true or the member's name (\"users\")",
        "`/v3/users` is an object with one array",
    ),
    quirk(
        "missing-user",
        &[38],
        Paging,
        "true (the last one hired) or [ids]",
        "Users that calls name and the list lacks",
    ),
    quirk(
        "scorecard-pages",
        &[39],
        Paging,
        "\"full-last-page\", \"drift\"",
        "The last page is full; or rows moved down by one while paging, so that one comes twice",
    ),
    quirk(
        "email-pages",
        &[40],
        Paging,
        "\"short\", \"empty\", \"no-meta\", \"empty-page-object\", \"null-cursor\" (as without the quirk)",
        "Short pages with a cursor, empty pages with a cursor; how `meta` says the end",
    ),
    quirk(
        "playlists-without-meta",
        &[41],
        Paging,
        "true",
        "Playlists come without `meta`",
    ),
];
