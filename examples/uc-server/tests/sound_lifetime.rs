//! What is left of the server's own sound: nothing. Alone in its process, for it counts descriptors and
//! threads.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

mod callers;

use std::{fs, time::Duration};

use callers::{Caller, sounds};
use uc_server::{EndpointRole, PhoneVoice};

fn sockets() -> usize {
    let links = fs::read_dir("/proc/self/fd").unwrap().flatten();
    let links = links.filter_map(|entry| fs::read_link(entry.path()).ok());
    links
        .filter(|target| target.to_string_lossy().starts_with("socket:"))
        .count()
}

fn media_threads() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
    let names = tasks.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|name| name.trim() == "voip-media").count()
}

fn tasks() -> usize {
    tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks()
}

fn resources() -> (usize, usize, usize) {
    (sockets(), media_threads(), tasks())
}

/// Waits until these are all, for what ends by itself.
async fn come_back(to: (usize, usize, usize), after: &str) {
    for _ in 0..500 {
        if resources() == to {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{after}: {:?} instead of {to:?}", resources());
}

#[tokio::test]
async fn closing_and_dropping_leave_no_socket_thread_or_task_and_opening_anew_works() {
    let idle = resources();
    for round in 0..3 {
        let sounds = sounds();
        let roles = [
            EndpointRole::Conference("a".into()),
            EndpointRole::Conference("a".into()),
            EndpointRole::MusicOnHold,
            EndpointRole::Phone(PhoneVoice::Tone(1_200)),
        ];
        let mut callers = Vec::new();
        for (index, role) in roles.into_iter().enumerate() {
            let (leg, hertz) = (index.to_string(), 500.0 + 200.0 * index as f64);
            callers.push(Caller::calls(&sounds, &leg, role, hertz).await);
        }
        callers[0].hears_tone(700.0).await;
        callers[3].hears_tone(1_200.0).await;
        assert_eq!(media_threads(), idle.1 + 4 + 1, "one for all endpoints");
        for caller in &callers {
            caller.hangs_up().await;
        }
        drop(callers);
        match round {
            0 => drop(sounds),
            1 => sounds.close_all().await,
            _ => {
                for leg in 0..4 {
                    sounds.close(&leg.to_string()).await;
                }
                assert!(sounds.is_empty() && sounds.conferences() == 0);
                sounds.close_all().await;
                sounds
                    .open("again", EndpointRole::MusicOnHold)
                    .await
                    .unwrap();
                sounds.close_all().await;
            }
        }
        come_back(idle, &format!("after round {round}")).await;
    }
}
