use std::{
    fs,
    io::{IsTerminal, stdin},
    path::PathBuf,
};

use clap::Args;
use uc_model::Redacted;
use uc_session::{Client, ClientBuilder, SignInError, Trust, port::Certificate};

use crate::failure::Failure;

/// Where and as whom to sign in.
#[derive(Debug, Args)]
pub(crate) struct Account {
    /// The server: `name`, `name:port` or `[IPv6]:port`; without a port 8802.
    #[arg(long, global = true, env = "UC_SERVER", default_value = "127.0.0.1")]
    server: String,
    /// A second address of the same server, for use outside the office.
    #[arg(long, global = true, env = "UC_WAN")]
    wan: Option<String>,
    /// The user name: in practice the internal number.
    #[arg(long, global = true, env = "UC_USER", default_value = "")]
    user: String,
    /// A file whose first line is the password.
    #[arg(long, global = true)]
    password_file: Option<PathBuf>,
    /// SHA-256 fingerprint of the server's certificate, 64 hexadecimal digits.
    #[arg(long, global = true, env = "UC_PIN")]
    pin: Option<String>,
}

impl Account {
    /// Signs in without sound.
    pub(crate) async fn sign_in(&self) -> Result<Client, Failure> {
        self.sign_in_with(Ok).await
    }

    /// Signs in with what `prepare` adds; asks a person about an unknown certificate.
    pub(crate) async fn sign_in_with(
        &self,
        prepare: impl Fn(ClientBuilder) -> Result<ClientBuilder, Failure>,
    ) -> Result<Client, Failure> {
        let password = self.password()?;
        let trust = match &self.pin {
            Some(pin) => Trust::PinHex(pin.clone()),
            None => Trust::Ask,
        };
        let builder = prepare(self.builder(password.clone()).trust(trust))?;
        match builder.sign_in().await {
            Err(SignInError::UnknownCertificate {
                certificate,
                address,
            }) => {
                let error = SignInError::UnknownCertificate {
                    address,
                    certificate: certificate.clone(),
                };
                let sha256 = accept(&certificate).ok_or_else(|| refused(error, &certificate))?;
                let builder = prepare(self.builder(password).trust(Trust::Pin(sha256)))?;
                Ok(builder.sign_in().await?)
            }
            Err(SignInError::ChangedCertificate {
                certificate,
                address,
                expected,
            }) => {
                let shown = certificate.clone();
                Err(refused(
                    SignInError::ChangedCertificate {
                        address,
                        expected,
                        certificate,
                    },
                    &shown,
                ))
            }
            other => Ok(other?),
        }
    }

    fn builder(&self, password: Redacted<String>) -> ClientBuilder {
        let builder = Client::builder(&self.server, &self.user).password(password);
        match &self.wan {
            Some(wan) => builder.wan(wan),
            None => builder,
        }
    }

    /// From the file, the environment or the prompt, in this order.
    fn password(&self) -> Result<Redacted<String>, Failure> {
        if let Some(path) = &self.password_file {
            let text = fs::read_to_string(path).map_err(|_| Failure::PasswordFile(path.clone()))?;
            return Ok(Redacted::new(
                text.lines().next().unwrap_or_default().to_owned(),
            ));
        }
        if let Ok(password) = std::env::var("UC_PASSWORD") {
            return Ok(Redacted::new(password));
        }
        if !stdin().is_terminal() {
            return Err(Failure::NoPassword);
        }
        let password = rpassword::prompt_password("Password: ").map_err(|_| Failure::NoPassword)?;
        Ok(Redacted::new(password))
    }
}

/// Shows the certificate and asks; `None` when refused or when nobody is there.
fn accept(certificate: &Certificate) -> Option<[u8; 32]> {
    if !stdin().is_terminal() {
        return None;
    }
    eprintln!(
        "The server's certificate is not known yet:\n  {}",
        describe(certificate)
    );
    eprintln!("  SHA-256 {}", fingerprint(&certificate.sha256));
    eprint!("Is that the administrator's fingerprint? Accept it for this time [y/N] ");
    let mut line = String::new();
    stdin().read_line(&mut line).ok()?;
    matches!(line.trim(), "y" | "Y" | "yes").then_some(certificate.sha256)
}

fn refused(error: SignInError, certificate: &Certificate) -> Failure {
    Failure::Certificate {
        error: Box::new(error),
        certificate: describe(certificate),
        pin: fingerprint(&certificate.sha256),
    }
}

fn describe(certificate: &Certificate) -> String {
    format!("{} (issued by {})", certificate.subject, certificate.issuer)
}

/// As the server prints it, so that the two can be compared by eye.
fn fingerprint(sha256: &[u8; 32]) -> String {
    sha256.map(|byte| format!("{byte:02X}")).join(":")
}
