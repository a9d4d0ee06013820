//! Lines from standard input, read by a thread of its own.

use std::io::{self, BufRead};
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};

use anyhow::Context as _;
use chinwag::PeerId;
use rustyline::error::ReadlineError;
use rustyline::history::MemHistory;
use rustyline::{CompletionType, Editor, ExternalPrinter};

use super::completion::{Completion, Names};

/// The longest line that is read, in bytes: longer than any message may be.
const LONGEST: usize = 1 << 20;

/// How many lines wait to be dealt with before the reader waits too.
const QUEUE: usize = 64;

/// What comes from standard input.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Typed {
    /// A line, without its end.
    Line(String),
    /// A line that cannot be used, and why.
    Unusable(String),
    /// There will be no more.
    End,
    /// Ctrl-C at the prompt.
    Interrupt,
}

/// Where the session finds what was typed.
#[derive(Debug)]
pub(crate) struct Inbox {
    lines: Receiver<Typed>,
    /// At a prompt, the next line is asked for when this one has been dealt with.
    go_on: Option<SyncSender<()>>,
    ended: bool,
}

impl Inbox {
    /// The next line, if there is one.
    pub(crate) fn next(&mut self) -> Option<Typed> {
        if self.ended {
            return None;
        }
        match self.lines.try_recv() {
            Ok(typed) => {
                self.ended = typed == Typed::End;
                Some(typed)
            }
            Err(TryRecvError::Empty) => None,
            // The reader cannot go on: the same as no more input.
            Err(TryRecvError::Disconnected) => {
                self.ended = true;
                Some(Typed::End)
            }
        }
    }

    /// Whether a person types at a prompt.
    pub(crate) const fn is_prompt(&self) -> bool {
        self.go_on.is_some()
    }

    /// The last line has been dealt with: show the prompt again, if there is one.
    pub(crate) fn go_on(&self) {
        if let Some(go_on) = &self.go_on {
            // A full queue means that the reader has been told already.
            let _ = go_on.try_send(());
        }
    }
}

/// A prompt on a terminal, not yet shown.
pub(crate) struct Prompt {
    editor: Editor<Completion, MemHistory>,
    text: String,
}

impl std::fmt::Debug for Prompt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prompt").field("text", &self.text).finish_non_exhaustive()
    }
}

impl Prompt {
    /// A prompt for `me`, and what prints above it; `None` if the terminal is not up to it.
    pub(crate) fn new(me: &PeerId, names: Names) -> Option<(Self, Box<dyn ExternalPrinter + Send>)> {
        let config = rustyline::Config::builder()
            .auto_add_history(true)
            .history_ignore_space(true)
            .completion_type(CompletionType::List)
            .bracketed_paste(true)
            .build();
        let history = MemHistory::with_config(&config);
        let mut editor = Editor::with_history(config, history).ok()?;
        editor.set_helper(Some(Completion::new(names)));
        let printer = editor.create_external_printer().ok()?;
        let text = format!("{}> ", crate::sanitize::name(me.as_str()));
        Some((Self { editor, text }, Box::new(printer)))
    }
}

/// Reads from a prompt. `wake` is called after every line.
///
/// # Errors
/// When the system has no room for a thread.
pub(crate) fn from_prompt(mut prompt: Prompt, wake: impl Fn() + Send + 'static) -> anyhow::Result<Inbox> {
    let (to_session, lines) = sync_channel(QUEUE);
    let (go_on, may_go_on) = sync_channel(1);
    spawn(move || {
        // The first prompt comes when the session is ready for it.
        while may_go_on.recv().is_ok() {
            let typed = match prompt.editor.readline(&prompt.text) {
                Ok(line) => Typed::Line(line),
                Err(ReadlineError::Interrupted) => Typed::Interrupt,
                Err(ReadlineError::Eof) => Typed::End,
                Err(error) => {
                    tracing::warn!(%error, "the terminal cannot be read");
                    Typed::End
                }
            };
            if hand_over(typed, &to_session, &wake).is_break() {
                return;
            }
        }
    })?;
    Ok(Inbox { lines, go_on: Some(go_on), ended: false })
}

/// Reads lines as they are. `wake` is called after every line.
///
/// # Errors
/// When the system has no room for a thread.
pub(crate) fn from_stdin(wake: impl Fn() + Send + 'static) -> anyhow::Result<Inbox> {
    let (to_session, lines) = sync_channel(QUEUE);
    spawn(move || {
        let mut stdin = io::stdin().lock();
        loop {
            let typed = next_line(&mut stdin).unwrap_or_else(|error| {
                tracing::warn!(%error, "standard input cannot be read");
                Typed::End
            });
            if hand_over(typed, &to_session, &wake).is_break() {
                return;
            }
        }
    })?;
    Ok(Inbox { lines, go_on: None, ended: false })
}

/// Gives the session what was typed; the reader stops at the end of input, or when nobody reads what it gives.
fn hand_over(typed: Typed, to_session: &SyncSender<Typed>, wake: &impl Fn()) -> ControlFlow<()> {
    let last = typed == Typed::End;
    let gone = to_session.send(typed).is_err();
    wake();
    if last || gone { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

fn spawn(reader: impl FnOnce() + Send + 'static) -> anyhow::Result<()> {
    std::thread::Builder::new()
        .name("input".to_owned())
        .spawn(reader)
        .context("the system gives no thread to read the input")?;
    Ok(())
}

/// One line, at most [`LONGEST`] bytes of which are kept in memory.
fn next_line(reader: &mut impl BufRead) -> io::Result<Typed> {
    let mut line = Vec::new();
    let mut too_long = false;
    loop {
        let available = match reader.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let at_end = available.is_empty();
        let (taken, ended) = match available.iter().position(|byte| *byte == b'\n') {
            Some(at) => (at.saturating_add(1), true),
            None => (available.len(), at_end),
        };
        if at_end && line.is_empty() && !too_long {
            return Ok(Typed::End);
        }
        too_long |= line.len().saturating_add(taken) > LONGEST;
        if too_long {
            line = Vec::new();
        } else {
            line.extend(available.iter().take(taken));
        }
        reader.consume(taken);
        if ended {
            break;
        }
    }
    if too_long {
        return Ok(Typed::Unusable(format!("a line of more than {LONGEST} bytes was not sent: split it")));
    }
    Ok(match String::from_utf8(line) {
        Ok(line) => Typed::Line(line.trim_end_matches(['\n', '\r']).to_owned()),
        Err(_) => Typed::Unusable("a line that is not UTF-8 was not sent".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Vec<Typed> {
        let mut reader = io::BufReader::with_capacity(3, bytes);
        let mut typed = Vec::new();
        while typed.last() != Some(&Typed::End) {
            typed.push(next_line(&mut reader).unwrap());
        }
        typed
    }

    #[test]
    fn lines_are_cut_at_their_ends() {
        let line = |text: &str| Typed::Line(text.into());
        assert_eq!(all(b""), [Typed::End]);
        assert_eq!(
            all(b"one\r\n\n two\nlast"),
            [line("one"), line(""), line(" two"), line("last"), Typed::End]
        );
    }

    #[test]
    fn a_line_without_end_and_one_that_is_no_text_cost_only_themselves() {
        let mut bytes = vec![b'x'; LONGEST + 10];
        bytes.extend(b"\nafter\n\xff\xfe\nend\n");
        let typed = all(&bytes);
        assert!(matches!(typed[0], Typed::Unusable(_)));
        assert_eq!(typed[1], Typed::Line("after".into()));
        assert!(matches!(typed[2], Typed::Unusable(_)));
        assert_eq!(typed[3], Typed::Line("end".into()));
        assert_eq!(typed[4], Typed::End);
    }
}
