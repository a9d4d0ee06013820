//! A command line as words again, so that it can be kept and given once more.

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args as _, Command};

use super::SimArguments;

/// The options of a simulation that were given, in the order in which `--help` lists them, and the seed in any case.
/// What to do with the result is not in it.
pub(super) fn of_simulation(given: &ArgMatches) -> Vec<String> {
    let command = SimArguments::augment_args(Command::new("sim"));
    command.get_arguments().flat_map(|option| words_of(option, given)).collect()
}

fn words_of(option: &Arg, given: &ArgMatches) -> Vec<String> {
    let id = option.get_id().as_str();
    let source = given.value_source(id);
    let is_said = source == Some(ValueSource::CommandLine) || (id == "seed" && source.is_some());
    let Some(long) = option.get_long().filter(|_| is_said) else { return Vec::new() };
    let values: Vec<_> =
        given.get_raw(id).into_iter().flatten().map(|value| value.to_string_lossy()).collect();
    let value = values.join(",");
    if !option.get_action().takes_values() || value.is_empty() {
        vec![format!("--{long}")]
    } else if option.is_require_equals_set() {
        vec![format!("--{long}={value}")]
    } else {
        vec![format!("--{long}"), value]
    }
}

#[cfg(test)]
mod tests {
    use crate::arguments::parsed_simulation;

    #[test]
    fn words_say_again_what_was_said() {
        for (line, words) in [
            ("", "--seed 1"),
            ("-s 7 -n 9 --format json -o kept -m 3", "--nodes 9 --rounds 3 --seed 7"),
            (
                "--loss-from-start --joiner --history 5",
                "--loss-from-start --joiner=first --history 5 --seed 1",
            ),
            (
                "--rounds 4 --kill 0.5 --kill-at-broadcast",
                "--rounds 4 --kill 0.5 --kill-at-broadcast --seed 1",
            ),
            (
                "--rounds 4 --kill 0.5 --kill-at-broadcast=2",
                "--rounds 4 --kill 0.5 --kill-at-broadcast=2 --seed 1",
            ),
            ("--kill-sweep 0.1,0.5", "--kill-sweep 0.1,0.5 --seed 1"),
        ] {
            let said = parsed_simulation(line).unwrap();
            assert_eq!(said.words.join(" "), words, "{line}");
            let again = parsed_simulation(words).unwrap();
            assert_eq!(again.words, said.words);
            assert_eq!(again.simulation, said.simulation, "{line}");
        }
    }
}
