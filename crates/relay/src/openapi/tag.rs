//! The chapters of the document.

/// A chapter of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    Ofrep,
    Goff,
    OpenFeature,
    Streams,
    Administration,
    Monitoring,
}

impl Tag {
    /// Every chapter, in order.
    pub(super) const ALL: [Self; 6] = [
        Self::Ofrep,
        Self::Goff,
        Self::OpenFeature,
        Self::Streams,
        Self::Administration,
        Self::Monitoring,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ofrep => "OFREP",
            Self::Goff => "GO Feature Flag",
            Self::OpenFeature => "OpenFeature",
            Self::Streams => "Streams",
            Self::Administration => "Administration",
            Self::Monitoring => "Monitoring",
        }
    }

    pub(super) fn about(self) -> &'static str {
        match self {
            Self::Ofrep => "OpenFeature's remote evaluation protocol.",
            Self::Goff => "What GO Feature Flag's providers speak.",
            Self::OpenFeature => "For the OpenFeature command line.",
            Self::Streams => "Changes as they happen.",
            Self::Administration => "For administrators' keys.",
            Self::Monitoring => "For probes and scrapers; without a key.",
        }
    }
}
