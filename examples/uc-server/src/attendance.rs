use std::sync::Weak;

use crate::switchboard::Switchboard;

/// Who is there; see [`RunningServer::attendance`](crate::RunningServer::attendance).
#[derive(Debug, Clone)]
pub struct Attendance(pub(crate) Weak<Switchboard>);

impl Attendance {
    /// With how many clients the user is signed in; 0 once the server has ended.
    pub fn clients_of(&self, user: &str) -> usize {
        let board = self.0.upgrade();
        board.map_or(0, |board| {
            board.look(|exchange, now| exchange.clients_of(user, now))
        })
    }
}
