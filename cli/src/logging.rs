//! What the program says about its own work, on standard error.

use std::io::{self, IsTerminal as _, Write as _};

use tracing_subscriber::EnvFilter;

/// Starts logging: as the variable `CHINWAG_LOG` says, else by how often `-v` was given.
pub(crate) fn start(verbose: u8) {
    let level = match verbose {
        0 => "off",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    // Line editing logs every key: of no use to anybody here, and a record of what was typed.
    let by_flags = || EnvFilter::new(format!("{level},rustyline=off"));
    let filter = match std::env::var("CHINWAG_LOG") {
        Ok(directives) => EnvFilter::try_new(&directives).unwrap_or_else(|error| {
            // Nothing is left to be done if standard error is closed.
            let _ =
                writeln!(io::stderr(), "chinwag: CHINWAG_LOG={directives}: {error}; try CHINWAG_LOG=debug");
            by_flags()
        }),
        Err(_) => by_flags(),
    };
    let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(colour)
        .try_init();
    if started.is_err() {
        tracing::warn!("logging had been started before");
    }
}
