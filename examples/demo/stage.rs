use crate::Step;

/// Keeps what was done, and tells each step as it is done.
pub(crate) struct Stage<P> {
    pub(crate) steps: Vec<Step>,
    pub(crate) progress: P,
}

impl<P: FnMut(&Step) + Send> Stage<P> {
    pub(crate) const fn new(progress: P) -> Self {
        Self {
            steps: Vec::new(),
            progress,
        }
    }

    pub(crate) fn done(&mut self, name: &'static str, ok: bool) {
        self.tell(Step {
            name,
            ok,
            problem: None,
        });
    }

    pub(crate) fn tell(&mut self, step: Step) {
        (self.progress)(&step);
        self.steps.push(step);
    }
}
