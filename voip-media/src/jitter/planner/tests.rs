use super::*;

fn planner() -> DelayPlanner {
    DelayPlanner::new(6.0, 0.0, 1_000.0)
}

fn arrival(ms: i64) -> Arrival {
    Arrival {
        transit: ms * 1_000,
        duration: 20.0,
        overtaken: false,
        recovers: false,
    }
}

#[test]
fn steady_arrivals_need_no_delay() {
    let mut planner = planner();
    for _ in 0..500 {
        planner.observe(arrival(50));
    }
    assert_eq!(planner.target(), 50_000);
    assert_eq!(planner.floor(), 50_000);
}

#[test]
fn frequent_jitter_is_waited_for() {
    let mut planner = planner();
    for index in 0..1_000 {
        planner.observe(arrival(if index % 3 == 0 { 90 } else { 50 }));
    }
    assert!(
        (80_000..=95_000).contains(&planner.target()),
        "{}",
        planner.target()
    );
}

#[test]
fn rare_spikes_are_not_waited_for() {
    let mut planner = planner();
    for index in 0..3_000 {
        planner.observe(arrival(if index % 1_500 == 0 { 400 } else { 50 }));
    }
    assert!(planner.target() <= 70_000, "{}", planner.target());
}

#[test]
fn a_higher_level_is_followed_within_two_seconds_and_a_lower_one_at_once() {
    let mut planner = planner();
    for _ in 0..500 {
        planner.observe(arrival(50));
    }
    for _ in 0..100 {
        planner.observe(arrival(130));
    }
    assert!(
        (130_000..=170_000).contains(&planner.target()),
        "{}",
        planner.target()
    );
    for _ in 0..5 {
        planner.observe(arrival(50));
    }
    assert!(planner.target() <= 165_000, "{}", planner.target());
}

#[test]
fn the_usual_transit_is_a_high_quantile() {
    let mut planner = planner();
    for index in 0..5_000 {
        planner.observe(arrival(50 + index % 10));
    }
    assert!(
        (57_000..=60_000).contains(&planner.usual()),
        "{}",
        planner.usual()
    );
}

#[test]
fn configured_bounds_hold() {
    let mut planner = DelayPlanner::new(6.0, 30.0, 40.0);
    for index in 0..1_000 {
        planner.observe(arrival(50));
        assert!(planner.target() >= 80_000, "packet {index}");
    }
    for index in 0..1_000 {
        planner.observe(arrival(if index % 3 == 0 { 190 } else { 50 }));
    }
    assert!(planner.target() <= 90_000);
}
