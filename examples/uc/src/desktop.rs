//! What the desktop starts by itself (XDG Desktop Application Autostart Specification).

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use crate::failure::Failure;

/// Has `uc watch` started at log-in, in a terminal, or no more. `data` is where the settings are.
pub(crate) fn start_at_log_in(on: bool, data: &Path) -> Result<(), Failure> {
    let folder = autostart_folder().ok_or(Failure::NoAutostart)?;
    let file = folder.join(FILE);
    let done = match on {
        true => env::current_exe().and_then(|program| {
            fs::create_dir_all(&folder)?;
            fs::write(&file, entry(&program, &std::path::absolute(data)?)?)
        }),
        false => match fs::remove_file(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        },
    };
    done.map_err(|error| Failure::file(&file, error))
}

/// Where desktops look for what to start; `None` on other systems.
fn autostart_folder() -> Option<PathBuf> {
    if cfg!(any(windows, target_os = "macos")) {
        return None;
    }
    let from = |variable| env::var_os(variable).filter(|path| !path.is_empty());
    let base = from("XDG_CONFIG_HOME").map(PathBuf::from);
    let base = base.or_else(|| Some(PathBuf::from(from("HOME")?).join(".config")));
    base.map(|base| base.join("autostart"))
}

fn entry(program: &Path, data: &Path) -> io::Result<String> {
    let (program, data) = (argument(program)?, argument(data)?);
    Ok(format!(
        "[Desktop Entry]\nType=Application\nName=uc\nComment=Shows calls and messages\n\
         Terminal=true\nExec={program} --data {data} watch\n"
    ))
}

/// An argument of the key Exec (Desktop Entry Specification, The Exec key): quoted, and the
/// backslashes once more, since it stands in a string.
fn argument(path: &Path) -> io::Result<String> {
    let text = path.to_str().filter(|text| !text.contains(['\n', '\r']));
    let text = text.ok_or_else(|| io::Error::other("its name can't be written in a file"))?;
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '\\' => quoted.push_str("\\\\\\\\"),
            '"' | '`' | '$' => quoted.extend(["\\\\", &c.to_string()]),
            '%' => quoted.push_str("%%"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    Ok(quoted)
}

const FILE: &str = "uc.desktop";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_starts_the_program_whatever_its_path_is_like() {
        let written = entry(Path::new("/opt/a b/uc"), Path::new(r#"/home/x$"\%"#)).unwrap();
        let exec = written.lines().find(|line| line.starts_with("Exec="));
        assert_eq!(
            exec,
            Some(r#"Exec="/opt/a b/uc" --data "/home/x\\$\\"\\\\%%" watch"#)
        );
        assert!(written.starts_with("[Desktop Entry]\nType=Application\n"));
        assert!(argument(Path::new("/home/a\nExec=rm")).is_err());
    }
}
