//! `chinwag chat`: one peer, and a person or a program that talks through it.

mod absent;
mod attempts;
mod completion;
mod ending;
mod guide;
mod identity;
mod input;
mod interrupts;
mod session;
mod terminal;

use std::io::IsTerminal as _;

use anyhow::anyhow;
use chinwag::Dialects;
use chinwag_mio::{MioDriver, Options, random_seed};

use crate::arguments::ChatArguments;
use crate::exit::Exit;
use crate::notice::Notice;
use crate::render::{Json, Palette, Render, Text};
use crate::screen::{Screen, Sink};
use completion::Names;
use ending::Ending;
use input::Prompt;
use interrupts::Interrupts;
use session::Session;
use terminal::Terminal;

/// Chats until the end of input, an interrupt, or as the command line says.
///
/// # Errors
/// What keeps it from starting, or from going on.
pub(crate) fn run(arguments: &ChatArguments) -> anyhow::Result<Exit> {
    let mut config = identity::config(arguments.name.as_ref());
    if arguments.classic {
        config.dialects = Dialects::Classic;
    }
    config.strategy = arguments.strategy.into();
    config.catch_up = arguments.history;
    let me = config.id.clone();
    let mut driver = MioDriver::new(config, random_seed(), Options::default())?;
    let handle = driver.handle();
    let wake = move || handle.wake();

    let names = Names::default();
    let terminal = if arguments.json { None } else { Terminal::found() };
    let prompt = terminal.as_ref().and_then(|_| Prompt::new(&me, names.clone()));
    let at_prompt = prompt.is_some();
    let (prompt, sink) = match prompt {
        Some((prompt, printer)) => (Some(prompt), Sink::AbovePrompt(printer)),
        None => (None, Sink::Stdout),
    };
    let render: Box<dyn Render + Send> = if arguments.json {
        Box::new(Json)
    } else {
        let palette = Palette::for_terminal(std::io::stdout().is_terminal());
        Box::new(Text::new(me, palette, terminal.is_none()))
    };
    let mut screen = Screen::start(render, sink, wake.clone())?;

    let interrupts = Interrupts::catch(terminal.clone(), wake.clone())?;
    if let Err(error) = start_listening(&mut driver, arguments, &mut screen) {
        if arguments.json {
            screen.tell(&Notice::Error(&format!("{error:#}")));
        }
        return Err(error);
    }
    let inbox = match prompt {
        Some(prompt) => input::from_prompt(prompt, wake)?,
        None => input::from_stdin(wake)?,
    };
    let ending = Ending::new(crate::clock::now(), arguments.join_timeout, arguments.linger);
    let session = Session::new(driver, screen, inbox, names, interrupts, ending);
    session.run(arguments.join.iter().cloned(), terminal.as_ref().filter(|_| at_prompt))
}

fn start_listening(
    driver: &mut MioDriver,
    arguments: &ChatArguments,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    let told = if arguments.no_listen {
        None
    } else {
        let told = driver.listen(&arguments.listen.to_string(), arguments.advertise.clone());
        // Its own words say all that the system's do.
        let advise = |error| anyhow!("{error} (--listen HOST:PORT chooses, --no-listen does without)");
        Some(told.map_err(advise)?)
    };
    screen.tell(&Notice::Listening(told.as_ref()));
    Ok(())
}
