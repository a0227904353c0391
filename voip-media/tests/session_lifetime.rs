//! What is left of sessions and engines: nothing. Alone in its process, for it counts descriptors and
//! threads.
#![cfg(target_os = "linux")]

#[path = "session/sound.rs"]
mod sound;

use std::{fs, time::Duration};

use sound::ToneBackend;
use voip_media::{AudioSession, Engine, SessionEvent};

async fn call(caller: &Engine, callee: &Engine) -> (AudioSession, AudioSession) {
    let (near, far) = (
        caller.open().expect("a session"),
        callee.open().expect("a session"),
    );
    let offer = near.offer().await.expect("an offer");
    let answer = far.accept_offer(&offer).await.expect("an answer");
    near.accept_answer(&answer).await.expect("accepted");
    for session in [&near, &far] {
        while session.next_event().await != Some(SessionEvent::Connected) {}
    }
    (near, far)
}

fn engine() -> Engine {
    Engine::builder(ToneBackend::new(440.0))
        .build()
        .expect("an engine")
}

fn sockets() -> usize {
    let links = fs::read_dir("/proc/self/fd").expect("a process").flatten();
    let links = links.filter_map(|entry| fs::read_link(entry.path()).ok());
    links
        .filter(|target| target.to_string_lossy().starts_with("socket:"))
        .count()
}

fn media_threads() -> usize {
    let tasks = fs::read_dir("/proc/self/task")
        .expect("a process")
        .flatten();
    let names = tasks.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|name| name.trim() == "voip-media").count()
}

fn tasks() -> usize {
    tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks()
}

/// Waits until it is so, for what ends by itself.
async fn becomes(what: &str, mut so: impl FnMut() -> bool) {
    for _ in 0..200 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!(
        "{what}: {} sockets, {} threads, {} tasks",
        sockets(),
        media_threads(),
        tasks()
    );
}

#[tokio::test]
async fn closing_and_dropping_leave_no_socket_task_or_thread() {
    let (sockets_before, idle) = (sockets(), tasks());
    let (near, far) = (engine(), engine());
    let tasks_before = tasks();
    assert_eq!(
        tasks_before,
        idle + 2,
        "each engine's watch over its devices"
    );
    for _ in 0..3 {
        let (caller, callee) = call(&near, &far).await;
        assert_eq!(sockets(), sockets_before + 2);
        caller.close().await;
        callee.close().await;
        assert_eq!(sockets(), sockets_before, "closed");
    }
    becomes("closed sessions leave tasks", || tasks() == tasks_before).await;

    for _ in 0..3 {
        drop(call(&near, &far).await);
    }
    becomes("dropped sessions leave something", || {
        sockets() == sockets_before && tasks() == tasks_before
    })
    .await;

    // A session that was only offered, and one whose ICE was restarted.
    let lonely = near.open().expect("a session");
    lonely.offer().await.expect("an offer");
    let (caller, callee) = call(&near, &far).await;
    let offer = caller.restart_ice().await.expect("an offer");
    let answer = callee.accept_offer(&offer).await.expect("an answer");
    caller.accept_answer(&answer).await.expect("accepted");
    becomes("old paths stay", || sockets() == sockets_before + 3).await;
    drop((lonely, caller, callee));
    becomes("dropped sessions leave something", || {
        sockets() == sockets_before && tasks() == tasks_before
    })
    .await;

    // A thread that was joined may be listed a moment longer.
    assert_eq!(media_threads(), 2);
    near.close().await;
    becomes("a closed engine leaves its thread", || media_threads() == 1).await;
    drop(far);
    becomes("a dropped engine leaves its thread", || {
        media_threads() == 0
    })
    .await;
    becomes("dropped engines leave tasks", || tasks() == idle).await;
}
