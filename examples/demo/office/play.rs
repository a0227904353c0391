//! The scenes in their order.

use super::{
    ConferenceReport, Office, basics, conference, error::SceneError, handover, routing, waiting,
};
use crate::{Options, Step, stage::Stage};

impl<P: FnMut(&Step) + Send> Stage<P> {
    /// Plays a scene; afterwards nobody may be left in a call.
    async fn scene<T>(
        &mut self,
        office: &Office,
        name: &'static str,
        play: impl Future<Output = Result<T, SceneError>>,
    ) -> Option<T> {
        let mut outcome = play.await;
        if let (true, Err(error)) = (outcome.is_ok(), office.rest().await) {
            outcome = Err(error);
        }
        let problem = outcome.as_ref().err().map(ToString::to_string);
        if problem.is_some() {
            office.tidy_up().await;
        }
        let ok = problem.is_none();
        self.tell(Step { name, ok, problem });
        outcome.ok()
    }

    pub(super) async fn play_basics(&mut self, office: &Office) {
        let [rosa, bruno, clara, dieter, ..] = &office.people;
        self.scene(
            office,
            "called, answered, heard each other; the caller hung up",
            basics::talk(rosa, bruno, true),
        )
        .await;
        self.scene(
            office,
            "called again by redial; the one called hung up",
            basics::redial(rosa, bruno),
        )
        .await;
        self.scene(
            office,
            "rejected, and the caller was told",
            basics::reject(clara, dieter),
        )
        .await;
        self.scene(
            office,
            "given up: it stopped ringing",
            basics::give_up(clara, dieter),
        )
        .await;
        self.scene(
            office,
            "held: silence; retrieved: heard again",
            basics::hold(rosa, clara),
        )
        .await;
        self.scene(
            office,
            "muted: not heard; keys arrived all the same",
            basics::mute_and_press(bruno, dieter),
        )
        .await;
        self.scene(
            office,
            "a second call waited, was taken, and the first went on",
            waiting::call_waiting(rosa, bruno, clara),
        )
        .await;
        self.scene(
            office,
            "answered at one of two clients: the other stopped ringing",
            waiting::answered_elsewhere(&office.server, rosa, bruno),
        )
        .await;
    }

    pub(super) async fn play_routing(&mut self, office: &Office) {
        let [rosa, bruno, clara, .., greta, jorg, ida, karl] = &office.people;
        self.scene(
            office,
            "no such number, and nobody signed in there: the caller was told",
            routing::nobody(rosa),
        )
        .await;
        self.scene(
            office,
            "do not disturb: refused",
            routing::do_not_disturb(rosa, bruno),
        )
        .await;
        self.scene(
            office,
            "eight calls at once: busy for the ninth",
            routing::busy(rosa, bruno, clara),
        )
        .await;
        self.scene(
            office,
            "out for lunch: the mailbox said so",
            routing::mailbox(rosa, karl),
        )
        .await;
        self.scene(
            office,
            "a group rang at all: one answered, the others stopped",
            routing::group_at_once(rosa, [jorg, ida, karl]),
        )
        .await;
        self.scene(
            office,
            "a group rang in turn: the first refused, the next answered",
            routing::group_in_turn(rosa, greta, jorg),
        )
        .await;
        self.scene(
            office,
            "a ringing call was passed on",
            routing::deflect(rosa, bruno, clara),
        )
        .await;
        self.scene(
            office,
            "a colleague's ringing call was picked up",
            routing::pick_up(rosa, bruno, clara),
        )
        .await;
    }

    pub(super) async fn play_handover(&mut self, office: &Office) {
        let [rosa, bruno, clara, dieter, ..] = &office.people;
        self.scene(
            office,
            "consulted, alternated, came back",
            handover::consult(rosa, bruno, clara),
        )
        .await;
        self.scene(
            office,
            "transferred after asking: the two others heard each other",
            handover::announced(bruno, clara, dieter),
        )
        .await;
        self.scene(
            office,
            "transferred while it still rang",
            handover::while_it_rings(clara, dieter, rosa),
        )
        .await;
        self.scene(
            office,
            "transferred without asking",
            handover::blind(dieter, rosa, bruno),
        )
        .await;
    }

    pub(super) async fn play_conference(
        &mut self,
        office: &Office,
        options: &Options,
    ) -> Option<ConferenceReport> {
        self.scene(
            office,
            "a conference of eight: each recording holds the seven others, and not its own voice",
            conference::of_eight(&office.people, options),
        )
        .await
    }
}
