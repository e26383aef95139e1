//! What a schedule can wait for besides times.

/// Something that happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The daemon starts.
    Startup,
    /// The daemon starts for the first time since the machine did.
    Boot,
    /// The machine wakes from sleep.
    Resume,
    /// The configuration was read again.
    Reload,
    /// A run of another task ends.
    After {
        /// The other task.
        task: String,
        /// How its run has to end.
        end: AfterEnd,
    },
}

/// How a run has to end that another one follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AfterEnd {
    /// Well, perhaps with warnings.
    #[default]
    Ok,
    /// Any other way.
    Fail,
    /// Some way.
    Any,
}

impl AfterEnd {
    const NAMES: [(&str, Self); 3] = [("ok", Self::Ok), ("fail", Self::Fail), ("any", Self::Any)];

    /// Returns what a word in lower case means.
    pub(super) fn named(word: &str) -> Option<Self> {
        Self::NAMES.into_iter().find(|(name, _)| word == *name).map(|(_, end)| end)
    }
}
