//! Which route of the reference a path is.

use percent_encoding::percent_decode_str;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    Engagements,
    /// With the id.
    Conversation(String),
    /// Routed, but refused without a special right.
    ConversationList,
    Users,
    Me,
    Session,
    Teams,
    Scorecards,
    Emails,
    Playlists,
    Moments,
    /// Below `/api` or `/v3`, but no route of the reference.
    Invented,
    /// Not the API: the web app.
    Outside,
}

impl Route {
    pub fn of(path: &str) -> Route {
        if let Some(id) = path.strip_prefix("/api/v1/conversations/")
            && !id.is_empty()
            && !id.contains('/')
        {
            return Route::Conversation(percent_decode_str(id).decode_utf8_lossy().into_owned());
        }
        match path {
            "/v3/engagements" => Route::Engagements,
            "/v3/users" => Route::Users,
            "/api/v1/conversations" => Route::ConversationList,
            "/api/v1/users/me" => Route::Me,
            "/api/v1/sessions/current" => Route::Session,
            "/api/v1/teams" => Route::Teams,
            "/api/v1/scorecards" => Route::Scorecards,
            "/api/v1/emails" => Route::Emails,
            "/api/v1/playlists" => Route::Playlists,
            "/api/v1/moments" => Route::Moments,
            path if path.starts_with("/api/") || path.starts_with("/v3/") => Route::Invented,
            _ => Route::Outside,
        }
    }

    /// As the reference writes it.
    pub fn template(&self) -> &'static str {
        match self {
            Route::Engagements => "/v3/engagements",
            Route::Conversation(_) => "/api/v1/conversations/{id}",
            Route::ConversationList => "/api/v1/conversations",
            Route::Users => "/v3/users",
            Route::Me => "/api/v1/users/me",
            Route::Session => "/api/v1/sessions/current",
            Route::Teams => "/api/v1/teams",
            Route::Scorecards => "/api/v1/scorecards",
            Route::Emails => "/api/v1/emails",
            Route::Playlists => "/api/v1/playlists",
            Route::Moments => "/api/v1/moments",
            Route::Invented => "(invented)",
            Route::Outside => "(outside)",
        }
    }
}
