//! `chinwag sim replay`, `diff` and `explain`: what to do with traces.

use std::path::PathBuf;

use clap::Args;

/// `chinwag sim replay`
#[derive(Args, Clone, Debug)]
pub(crate) struct ReplayArguments {
    /// The file that was given to --trace
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// `chinwag sim diff`
#[derive(Args, Clone, Debug)]
pub(crate) struct DiffArguments {
    /// The one trace
    #[arg(value_name = "A")]
    pub(crate) one: PathBuf,
    /// The other one
    #[arg(value_name = "B")]
    pub(crate) other: PathBuf,
}

/// `chinwag sim explain`
#[derive(Args, Clone, Debug)]
pub(crate) struct ExplainArguments {
    /// The file that was given to --trace
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Which message: `n5/3`, the third of what n5 said; `author/epoch/number` if the author said it in one of several lives
    #[arg(short, long, value_name = "ID")]
    pub(crate) message: String,
    /// Which node: its name (`n417`) or its number (`417`)
    #[arg(short, long, value_name = "N")]
    pub(crate) node: String,
}

#[cfg(test)]
mod tests {
    use crate::arguments::parsed_simulation;

    #[test]
    fn a_trace_is_asked_one_thing_at_a_time() {
        for good in [
            "--nodes 9 --trace file",
            "run single --trace file",
            "replay file",
            "diff one other",
            "explain file --message n5/3 --node n4",
            "explain file -m n5/3 -n 4",
        ] {
            assert!(parsed_simulation(good).is_ok(), "{good}");
        }
        for bad in [
            "replay",
            "diff one",
            "explain file --node 4",
            "explain file --message n5/3",
            "run --show single --trace file",
            "--trace file replay file",
        ] {
            assert_eq!(parsed_simulation(bad).unwrap_err().exit_code(), 2, "{bad}");
        }
    }
}
