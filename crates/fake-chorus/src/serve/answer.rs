//! An answer before it goes out.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use serde_json::Value;

use crate::quirk::text;
use crate::wire::errors;

pub const JSON: &str = "application/json";
pub const JSON_API: &str = "application/vnd.api+json";
pub const HTML: &str = "text/html; charset=utf-8";

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub content_type: &'static str,
    pub headers: Vec<(HeaderName, String)>,
    pub body: Bytes,
}

impl Answer {
    pub fn bytes(content_type: &'static str, body: Bytes) -> Answer {
        Answer {
            status: 200,
            content_type,
            headers: Vec::new(),
            body,
        }
    }

    pub fn json(content_type: &'static str, value: &Value) -> Answer {
        Answer::bytes(content_type, text::encode(value))
    }

    pub fn error(status: u16, envelope: &Value) -> Answer {
        Answer {
            status,
            ..Answer::json(JSON_API, envelope)
        }
    }

    pub fn empty(status: u16) -> Answer {
        Answer {
            status,
            ..Answer::bytes(JSON, Bytes::new())
        }
    }

    pub fn not_found() -> Answer {
        Answer::error(404, &errors::not_found())
    }

    pub fn bad_parameter(parameter: &str) -> Answer {
        Answer::error(400, &errors::bad_parameter(parameter, "Invalid value."))
    }

    /// F12: the web app's page.
    pub fn web_app() -> Answer {
        Answer::bytes(
            HTML,
            Bytes::from_static(
                b"<!doctype html><html><head><title>Chorus by ZoomInfo</title></head><body><div id=\"app\"></div></body></html>",
            ),
        )
    }

    /// F11: what a gateway says.
    pub fn gateway_page(status: u16) -> Answer {
        let body = format!(
            "<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center></body></html>"
        );
        Answer {
            status,
            ..Answer::bytes(HTML, body.into())
        }
    }

    pub fn with(mut self, name: HeaderName, value: impl Into<String>) -> Answer {
        self.headers.push((name, value.into()));
        self
    }

    /// The answer with this body in place of its own.
    pub fn respond(self, body: Body) -> Response<Body> {
        let mut response = Response::new(body);
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(self.content_type),
        );
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}
