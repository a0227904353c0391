use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{Action, CallControlDevice, Calls, DeviceError, DeviceEvent, Lamps, Moment};

/// A headset without hardware: a [`Script`] presses its buttons and looks at its lamps.
#[derive(Debug)]
pub struct ScriptedHeadset {
    model: Box<str>,
    state: Arc<Mutex<State>>,
}

/// The hand at a [`ScriptedHeadset`].
#[derive(Debug, Clone)]
pub struct Script {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    pressed: VecDeque<Action>,
    calls: Calls,
    shown: Vec<Lamps>,
    error: Option<DeviceError>,
}

impl ScriptedHeadset {
    /// A headset of that model name, and the hand that works it.
    pub fn new(model: &str) -> (Self, Script) {
        let state = Arc::new(Mutex::new(State::default()));
        (
            Self {
                model: model.into(),
                state: Arc::clone(&state),
            },
            Script { state },
        )
    }

    fn healthy(&self) -> Result<MutexGuard<'_, State>, DeviceError> {
        let state = lock(&self.state);
        match &state.error {
            Some(error) => Err(error.clone()),
            None => Ok(state),
        }
    }
}

impl Script {
    /// Presses a button. As with a real headset, nothing comes of it if the calls don't allow the
    /// action by the time it is polled.
    pub fn press(&self, action: Action) {
        lock(&self.state).pressed.push_back(action);
    }

    /// What the headset was told last.
    pub fn calls(&self) -> Calls {
        lock(&self.state).calls
    }

    /// What the headset shows now.
    pub fn lamps(&self) -> Lamps {
        Lamps::of(&self.calls())
    }

    /// Every change of the lamps so far, oldest first.
    pub fn shown(&self) -> Vec<Lamps> {
        lock(&self.state).shown.clone()
    }

    /// Makes every further call give this error, until [`Script::mend`].
    pub fn fail(&self, error: DeviceError) {
        lock(&self.state).error = Some(error);
    }

    /// Ends a failure. What was pressed meanwhile is still there.
    pub fn mend(&self) {
        lock(&self.state).error = None;
    }
}

impl CallControlDevice for ScriptedHeadset {
    fn model(&self) -> &str {
        &self.model
    }

    /// Never waits.
    fn wait(&mut self, _timeout: Duration) -> Result<(), DeviceError> {
        self.healthy().map(drop)
    }

    fn poll(&mut self, _now: Moment) -> Result<Option<DeviceEvent>, DeviceError> {
        let mut state = self.healthy()?;
        while let Some(action) = state.pressed.pop_front() {
            if state.calls.allow(action) {
                return Ok(Some(DeviceEvent::Request(action)));
            }
        }
        Ok(None)
    }

    fn set_calls(&mut self, _now: Moment, calls: Calls) -> Result<(), DeviceError> {
        let mut state = self.healthy()?;
        let (before, after) = (Lamps::of(&state.calls), Lamps::of(&calls));
        state.calls = calls;
        if before != after {
            state.shown.push(after);
        }
        Ok(())
    }
}

/// A panic elsewhere leaves a plain value behind: it is still good.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
