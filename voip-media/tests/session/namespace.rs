//! A network of the test's own, whose addresses may come and go without harm to anybody.

use std::{env, io::Write, process::Command};

/// Runs `work` in a namespace that only the test of that name sees. Left out, loudly, where the system
/// doesn't let one be made.
pub(crate) fn alone(test: &str, work: impl Future<Output = ()>) {
    if env::var_os(INSIDE).is_some() {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        return runtime.block_on(work);
    }
    if !namespace("true").status().is_ok_and(|done| done.success()) {
        // Straight to the terminal: the test runner hides what passing tests print.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: no network namespaces (Debian: iproute2 and util-linux)"
        );
        return;
    }
    let mut inside = namespace(r#"exec "$0" --exact "$1" --nocapture"#);
    inside.arg(env::current_exe().expect("a test has a path"));
    inside.arg(test);
    let status = inside.env(INSIDE, "1").status().expect("it starts");
    assert!(status.success());
}

/// The only address goes away, and another is there instead.
pub(crate) fn change_address() {
    ip("address add 198.51.100.20/24 dev lo");
    ip("address del 192.0.2.10/24 dev lo");
}

/// A shell in a namespace with one address.
fn namespace(script: &str) -> Command {
    let mut command = Command::new("unshare");
    let first = "ip link set lo up && ip address add 192.0.2.10/24 dev lo";
    command.args(["--user", "--map-root-user", "--net", "sh", "-c"]);
    command.arg(format!("{first} && {script}"));
    command
}

fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status();
    assert!(status.expect("ip is there").success(), "{arguments}");
}

/// Set in the namespace.
const INSIDE: &str = "UC_TEST_IN_NAMESPACE";
