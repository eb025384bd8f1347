//! Where lines go: to the paper, or to one side of it.

use std::convert::Infallible;
use std::marker::PhantomData;

use crate::paper::{Line, Paper, Run, TablePart};

/// Takes the lines of a text in turn.
pub(super) trait Lines<'t> {
    type Error;

    fn line(&mut self, runs: &[Run<'t>]) -> Result<(), Self::Error>;

    /// Says what the next lines are in a table.
    fn table(&mut self, _part: TablePart) {}
}

/// Lines that go to the paper at once.
pub(super) struct ToPaper<'p, P>(pub &'p mut P);

impl<'t, P: Paper> Lines<'t> for ToPaper<'_, P> {
    type Error = P::Error;

    fn line(&mut self, runs: &[Run<'t>]) -> Result<(), P::Error> {
        self.0.line(&Line { runs })
    }

    fn table(&mut self, part: TablePart) {
        self.0.table(part);
    }
}

/// Lines kept until those beside them are known.
pub(super) struct Kept<'t, E = Infallible> {
    runs: Vec<Run<'t>>,
    ends: Vec<usize>,
    error: PhantomData<E>,
}

impl<'t, E> Kept<'t, E> {
    pub fn new() -> Self {
        Self { runs: Vec::new(), ends: Vec::new(), error: PhantomData }
    }

    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// The runs of a line; none below the last.
    pub fn runs(&self, line: usize) -> &[Run<'t>] {
        let end = self.ends.get(line).copied().unwrap_or(0);
        let start = line.checked_sub(1).and_then(|above| self.ends.get(above)).copied().unwrap_or(0);
        self.runs.get(start..end).unwrap_or(&[])
    }
}

impl<'t, E> Lines<'t> for Kept<'t, E> {
    type Error = E;

    fn line(&mut self, runs: &[Run<'t>]) -> Result<(), E> {
        self.runs.extend_from_slice(runs);
        self.ends.push(self.runs.len());
        Ok(())
    }
}
