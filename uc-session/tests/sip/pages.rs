//! Calls with a browser, by way of the server.

use tokio::time::timeout;
use uc_model::{ConnectionState, FailureCause};

use crate::{
    browser::BrowserPhone,
    ear::hears,
    kamailio::Kamailio,
    person::{PATIENCE, Person, becomes},
};

const ROSA_HZ: f64 = 440.0;
const CLARA_HZ: f64 = 700.0;
const BROWSER_HZ: f64 = 1_000.0;

async fn hear_each_other(person: &Person, hertz: f64, browser: &BrowserPhone) {
    hears(&person.sound, BROWSER_HZ).await;
    browser.hears(hertz).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_called_and_calls() {
    let Some(server) = Kamailio::start("") else {
        return;
    };
    let Some(browser) = BrowserPhone::register(&server, "101", BROWSER_HZ).await else {
        return;
    };
    let rosa = Person::new(&server, "tls", "100", ROSA_HZ).await;

    let mine = rosa.client.call("101").await.unwrap();
    timeout(PATIENCE, mine.connected()).await.unwrap().unwrap();
    hear_each_other(&rosa, ROSA_HZ, &browser).await;
    mine.hold().await.unwrap();
    browser.hears_nothing().await;
    mine.retrieve().await.unwrap();
    hear_each_other(&rosa, ROSA_HZ, &browser).await;
    mine.hang_up().await.unwrap();
    browser.talks(0).await;

    browser.call("100").await;
    let mine = rosa.rings().await;
    mine.answer().await.unwrap();
    hear_each_other(&rosa, ROSA_HZ, &browser).await;
    browser.hold(true).await;
    becomes(&mine, |call| call.remote.state == ConnectionState::Hold).await;
    browser.hold(false).await;
    becomes(&mine, |call| {
        call.remote.state == ConnectionState::Connected
    })
    .await;
    hear_each_other(&rosa, ROSA_HZ, &browser).await;
    browser.hang_up().await;
    let ended = timeout(PATIENCE, mine.ended()).await.unwrap();
    assert_eq!(ended, Some(FailureCause::Normal));
    browser.unregister().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_handed_over_and_hands_over() {
    let Some(server) = Kamailio::start("") else {
        return;
    };
    let Some(browser) = BrowserPhone::register(&server, "101", BROWSER_HZ).await else {
        return;
    };
    let rosa = Person::new(&server, "wss", "100", ROSA_HZ).await;
    let clara = Person::new(&server, "udp", "102", CLARA_HZ).await;

    // Not announced, by us and by the browser.
    let mine = rosa.client.call("101").await.unwrap();
    timeout(PATIENCE, mine.connected()).await.unwrap().unwrap();
    hear_each_other(&rosa, ROSA_HZ, &browser).await;
    mine.transfer_to("102").await.unwrap();
    let third = clara.rings().await;
    third.answer().await.unwrap();
    hear_each_other(&clara, CLARA_HZ, &browser).await;
    browser.hand_over("100").await;
    let mine = rosa.rings().await;
    mine.answer().await.unwrap();
    hears(&rosa.sound, CLARA_HZ).await;
    hears(&clara.sound, ROSA_HZ).await;
    mine.hang_up().await.unwrap();
    browser.talks(0).await;

    // Announced by us: the browser's call is taken over by Clara's.
    let first = rosa.client.call("101").await.unwrap();
    timeout(PATIENCE, first.connected()).await.unwrap().unwrap();
    let second = first.consult("102").await.unwrap();
    clara.rings().await.answer().await.unwrap();
    timeout(PATIENCE, second.connected())
        .await
        .unwrap()
        .unwrap();
    second.transfer(&first).await.unwrap();
    hear_each_other(&clara, CLARA_HZ, &browser).await;

    // Announced by the browser, which has called Rosa in the meantime.
    browser.call("100").await;
    rosa.rings().await.answer().await.unwrap();
    browser.talks(2).await;
    browser.hand_over_announced().await;
    hears(&rosa.sound, CLARA_HZ).await;
    hears(&clara.sound, ROSA_HZ).await;
    browser.talks(0).await;
    browser.unregister().await;
}
