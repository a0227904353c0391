use super::*;

fn order(addresses: &[&str]) -> Vec<String> {
    let parsed = addresses.iter().map(|a| a.parse().unwrap()).collect();
    alternate(parsed).iter().map(ToString::to_string).collect()
}

#[test]
fn families_alternate_from_the_first_on() {
    let found = ["[::1]:1", "[::2]:1", "[::3]:1", "10.0.0.1:1"];
    let tried = ["[::1]:1", "10.0.0.1:1", "[::2]:1", "[::3]:1"];
    assert_eq!(order(&found), tried);
    assert_eq!(order(&["10.0.0.1:1", "[::1]:1"]), ["10.0.0.1:1", "[::1]:1"]);
}

#[test]
fn only_so_many_addresses_are_tried() {
    assert_eq!(order(&["10.0.0.1:1"; 100]).len(), MAX_ADDRESSES);
}

#[tokio::test]
async fn a_dead_address_does_not_hide_a_live_one() {
    let live = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addresses = [dead.local_addr().unwrap(), live.local_addr().unwrap()];
    drop(dead);
    let stream = race(addresses.to_vec()).await.unwrap();
    assert_eq!(stream.peer_addr().unwrap(), addresses[1]);
}

#[tokio::test]
async fn no_address_at_all_is_an_unknown_name() {
    assert_eq!(race(Vec::new()).await.unwrap_err(), DialError::NameNotFound);
}

#[test]
fn a_broken_off_hello_of_tls_1_1_is_recognised() {
    assert!(old_server_hello(
        b"\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02"
    ));
    assert!(!old_server_hello(
        b"\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03"
    ));
    assert!(!old_server_hello(b"\x16\x03"));
}
