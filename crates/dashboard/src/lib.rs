//! The operator's page: how a relay is doing, as HTML that works without scripts and is live with them.
//!
//! The relay fills a [`view::Relay`], plain data, and gets text back. Nothing here asks for the time, the network or the
//! relay, so that a page can be made of any view:
//!
//! ```
//! use std::time::SystemTime;
//!
//! use flagstaff_dashboard::{page, view};
//!
//! let relay = view::Relay::new("1.0.0", SystemTime::UNIX_EPOCH);
//! assert!(page(&relay).contains("Flagstaff"));
//! ```
//!
//! The page loads two files from beside it, [`ASSETS`], and nothing from elsewhere; [`CONTENT_SECURITY_POLICY`] says so to
//! browsers. Its script asks for [`fragment`] every other second and puts it in place of what is shown.

mod format;
mod page;
pub mod view;

pub use page::{fragment, page};

/// What the page may load and do: its own files, and ask its own server.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                                           img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A file that the page loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    /// Its path beside the page.
    pub path: &'static str,
    /// Its content type.
    pub content_type: &'static str,
    /// The file.
    pub text: &'static str,
}

/// The files that the page loads.
pub const ASSETS: &[Asset] = &[
    Asset {
        path: "page/style.css",
        content_type: "text/css; charset=utf-8",
        text: include_str!("../assets/style.css"),
    },
    Asset {
        path: "page/live.js",
        content_type: "application/javascript",
        text: include_str!("../assets/live.js"),
    },
    Asset {
        path: "page/icon.svg",
        content_type: "image/svg+xml",
        text: include_str!("../assets/icon.svg"),
    },
];
