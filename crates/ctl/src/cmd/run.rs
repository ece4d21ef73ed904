//! `run`
use crate::Answer;
#[derive(clap::Args)]
pub(crate) struct Args {}
pub(crate) fn run(_: &Args) -> anyhow::Result<Answer> {
    Ok(Answer::Yes)
}
